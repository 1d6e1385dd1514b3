from collections.abc import Iterator

import httpx
import pytest

from asgi_jwks.cli.faults import ENDPOINTS, FAULTS, fault_of, mend
from asgi_jwks.cli.no_tls import no_tls
from asgi_jwks.errors import ConfigurationError
from asgi_jwks.testing import MockIssuer


@pytest.fixture(scope="module")
def issuer() -> Iterator[MockIssuer]:
    issuer = MockIssuer(algorithm="ES256")
    with issuer.serve():
        yield issuer


def healthy(url: str, *, patience: float) -> bool:
    """Whether the endpoint answers as it should, within `patience` seconds."""
    try:
        with (
            httpx.Client(trust_env=False, verify=no_tls(), timeout=patience) as client,
            client.stream("GET", url) as it,
        ):
            if it.status_code != 200:
                return False
            body = b""
            for chunk in it.iter_raw():
                body += chunk
                if len(body) > 100_000 or body.endswith(b"    "):
                    return False
    except httpx.HTTPError:
        return False
    return bool(b'"kid"' in body or b'"jwks_uri"' in body)


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_can_be_put_by_its_name_and_mended(
    name: str, endpoint: str, issuer: MockIssuer
) -> None:
    """Issue 15: the mock issuer with faults by option."""
    url = issuer.jwks_uri if endpoint == "jwks" else f"{issuer.url}.well-known/openid-configuration"
    fault = fault_of(f"{endpoint}:{name}")
    fault.put(issuer)
    assert not healthy(url, patience=0.05)
    mend(issuer, endpoint)
    assert healthy(url, patience=10)
    assert fault_of(str(fault)) == fault
    assert FAULTS[name].meaning


def test_a_fault_has_its_number(issuer: MockIssuer) -> None:
    fault = fault_of("jwks:fail:503")
    assert (fault.endpoint, fault.name, fault.number) == ("jwks", "fail", 503)
    fault.put(issuer)
    assert httpx.get(issuer.jwks_uri, trust_env=False).status_code == 503
    mend(issuer, "jwks")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "jwks",
        "jwks:nonsense",
        "token:fail",
        "jwks:fail:x",
        "jwks:fail:200",
        "jwks:fail:nan",
        "jwks:hang:3",
        "jwks:delay:-1",
        "jwks:oversize:1e12",
    ],
)
def test_any_other_text_is_not_a_fault(text: str) -> None:
    """A11: with a sentence that says what to write."""
    with pytest.raises(ConfigurationError, match="fault"):
        fault_of(text)
