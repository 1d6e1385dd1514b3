"""Each finding about an issuer: the mistake that makes it appear, and the issuer without it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import count
from typing import Any

import anyio
import pytest

from asgi_jwks.cli.doctor.command import diagnosis_of
from asgi_jwks.cli.doctor.findings import CLAUSES, Condition, DoctorFinding
from asgi_jwks.cli.doctor.probe import Probe, Secured
from asgi_jwks.errors import KeySetUnavailable
from asgi_jwks.fetching.client import default_fetch
from asgi_jwks.fetching.response import FetchResponse
from asgi_jwks.testing import MockIssuer, SigningKey

NOW = 1_800_000_000.0
DATE = "Fri, 15 Jan 2027 08:00:00 GMT"
ISSUER = "https://idp.example/tenant"
OPENID = "https://idp.example/tenant/.well-known/openid-configuration"
OAUTH = "https://idp.example/.well-known/oauth-authorization-server/tenant"
JWKS = "https://idp.example/tenant/keys"

KEY = SigningKey.generate("RS256", kid="a")
ELLIPTIC = SigningKey.generate("ES256", kid="b")

Web = dict[str, FetchResponse | Exception]
Change = Callable[[Web], object]

FIELDS = {
    "date": DATE,
    "content-type": "application/json",
    "cache-control": "max-age=300",
    "etag": '"a"',
}


def response(body: object, *, status: int = 200, **fields: str | None) -> FetchResponse:
    changed = {name.replace("_", "-"): value for name, value in fields.items()}
    every = {**FIELDS, **changed}
    headers = {name: value for name, value in every.items() if value is not None}
    octets = body if isinstance(body, bytes) else json.dumps(body).encode()
    return FetchResponse(status, headers, octets)


def metadata(**changes: object) -> dict[str, object]:
    return {"issuer": ISSUER, "jwks_uri": JWKS, **changes}


def keys(*jwks: Mapping[str, object]) -> dict[str, object]:
    return {"keys": list(jwks)}


def healthy() -> Web:
    return {
        OPENID: response(metadata()),
        OAUTH: response(metadata()),
        JWKS: response(keys(KEY.public_jwk())),
    }


class Looking(Probe):
    """A probe whose web and whose TLS are values."""

    def __init__(
        self,
        web: Web,
        secured: Secured | str,
        now: float,
        timer: Callable[[], float] = lambda: 0.0,
    ) -> None:
        async def fetch(url: str, headers: Mapping[str, str]) -> FetchResponse:
            assert "authorization" not in headers
            answer = web.get(url, FetchResponse(404, {"date": DATE}, b""))
            if isinstance(answer, Exception):
                raise answer
            return answer

        super().__init__(timeout=5, fetch=fetch, clock=lambda: now, timer=timer)
        self._secured = secured

    async def connect(self, url: str) -> float | None:
        return 0.05

    async def tls(self, url: str) -> Secured | str:
        return self._secured


SECURED = Secured("TLSv1.3", NOW + 90 * 86_400)


def found(
    change: Change = lambda web: None,
    *,
    issuer: str = ISSUER,
    secured: Secured | str = SECURED,
    now: float = NOW,
) -> dict[str, DoctorFinding]:
    web = healthy()
    change(web)
    diagnosis = anyio.run(diagnosis_of, issuer, None, Looking(web, secured, now))
    return {finding.check: finding for finding in diagnosis.findings}


def at(*urls: str, **changes: object) -> Change:
    """Other members in the metadata at these URLs."""

    def change(web: Web) -> None:
        for url in urls:
            web[url] = response(metadata(**changes))

    return change


def having(url: str, answer: FetchResponse | Exception) -> Change:
    def change(web: Web) -> None:
        web[url] = answer

    return change


def both(answer: FetchResponse | Exception) -> Change:
    def change(web: Web) -> None:
        web[OPENID] = web[OAUTH] = answer

    return change


def test_a_healthy_issuer_has_every_check_and_all_of_them_are_well() -> None:
    """O5: each finding with its clause, and none of them where nothing is wrong."""
    findings = found()
    assert set(findings) == {
        name for name in CLAUSES if not name.startswith(("api", "res", "auth"))
    }
    for finding in findings.values():
        assert finding.condition is Condition.OK, finding
        assert finding.clause == CLAUSES[finding.check]
        assert finding.remedy is None


PRIVATE = {**KEY.public_jwk(), "d": "AQAB", "kid": "private"}
SMALL = {"kty": "RSA", "n": "AQAB", "e": "AQAB", "kid": "small"}
WITHOUT_KID = {name: value for name, value in KEY.public_jwk().items() if name != "kid"}
SAME_KID = SigningKey.generate("RS256", kid="a").public_jwk()
PROBLEM, NOTE, UNCLEAR = Condition.PROBLEM, Condition.NOTE, Condition.CANNOT_TELL


@pytest.mark.parametrize(
    ("change", "check", "condition", "words"),
    [
        pytest.param(both(response(b"", status=404)), "metadata", PROBLEM, "404", id="no-metadata"),
        pytest.param(both(response(b"<html>")), "metadata", PROBLEM, "not a JSON", id="html"),
        pytest.param(
            both(response(b"", status=302, location="/login")),
            "metadata",
            PROBLEM,
            "302, a redirect to '/login'",
            id="redirect",
        ),
        pytest.param(
            both(KeySetUnavailable("no route")), "metadata", UNCLEAR, "no route", id="down"
        ),
        pytest.param(both(OSError("boom")), "metadata", UNCLEAR, "OSError: boom", id="any-error"),
        pytest.param(both(TimeoutError()), "metadata", UNCLEAR, "no answer within 5 s", id="hang"),
        pytest.param(
            at(OPENID, OAUTH, issuer=f"{ISSUER}/"),
            "metadata_issuer",
            PROBLEM,
            "tenant/'",
            id="slash",
        ),
        pytest.param(
            having(OAUTH, response(b"", status=404)),
            "metadata_forms",
            NOTE,
            OAUTH,
            id="one-form-alone",
        ),
        pytest.param(
            at(OAUTH, jwks_uri="https://idp.example/other"),
            "metadata_forms",
            PROBLEM,
            "different",
            id="forms-differ",
        ),
        pytest.param(
            at(OPENID, OAUTH, jwks_uri=None), "jwks_uri", PROBLEM, "names no jwks_uri", id="none"
        ),
        pytest.param(
            at(OPENID, OAUTH, jwks_uri="http://idp.example/keys"),
            "jwks_uri",
            PROBLEM,
            "not https",
            id="http-keys",
        ),
        pytest.param(
            at(OPENID, OAUTH, jwks_uri="http://127.0.0.1/keys"),
            "jwks_uri",
            PROBLEM,
            "not https",
            id="loopback-keys-of-https",
        ),
        pytest.param(having(JWKS, OSError("x")), "jwks", UNCLEAR, "OSError", id="keys-down"),
        pytest.param(
            having(JWKS, response(b"", status=500)), "jwks", PROBLEM, "500", id="keys-500"
        ),
        pytest.param(having(JWKS, response(b"<html>")), "jwks", PROBLEM, "JSON", id="keys-html"),
        pytest.param(having(JWKS, response(keys())), "jwks", PROBLEM, "empty", id="no-keys"),
        pytest.param(
            having(JWKS, response(keys(KEY.public_jwk(), SMALL))),
            "jwks_skipped",
            NOTE,
            "1 x rsa_modulus_too_small",
            id="skipped",
        ),
        pytest.param(
            having(JWKS, response(keys(KEY.public_jwk(), PRIVATE))),
            "jwks_private",
            PROBLEM,
            "1 keys are published",
            id="private",
        ),
        pytest.param(
            having(JWKS, response(keys(PRIVATE))),
            "jwks_private",
            PROBLEM,
            "1 keys",
            id="private-alone",
        ),
        pytest.param(
            having(JWKS, response(keys(ELLIPTIC.public_jwk(), WITHOUT_KID))),
            "jwks_kid",
            PROBLEM,
            "1 of 2 keys have no kid",
            id="no-kid",
        ),
        pytest.param(
            having(JWKS, response(keys(KEY.public_jwk(), SAME_KID))),
            "jwks_kid",
            PROBLEM,
            "the kid a",
            id="same-kid",
        ),
        pytest.param(
            having(JWKS, response(keys(ELLIPTIC.public_jwk()))),
            "jwks_algorithms",
            NOTE,
            "none for RS256",
            id="no-rs256",
        ),
        pytest.param(
            having(JWKS, response(keys(KEY.public_jwk()), content_type="text/plain")),
            "jwks_type",
            NOTE,
            "text/plain",
            id="type",
        ),
        pytest.param(
            having(JWKS, response(keys(KEY.public_jwk()), content_type=None)),
            "jwks_type",
            NOTE,
            "none",
            id="no-type",
        ),
        *(
            pytest.param(
                having(JWKS, response(keys(KEY.public_jwk()), cache_control=value)),
                "jwks_cache",
                NOTE,
                words,
                id=f"cache-{value}",
            )
            for value, words in (
                (None, "does not say"),
                ("public", "does not say"),
                ("no-store", "for 0 s"),
                ("max-age=15", "for 15 s"),
                ("max-age=3888000", "3.888e+06 s"),
            )
        ),
        pytest.param(
            having(JWKS, response(keys(KEY.public_jwk()), etag=None)),
            "jwks_etag",
            NOTE,
            "no ETag",
            id="no-etag",
        ),
        *(
            pytest.param(
                both(response(metadata(), date=date)), "issuer_clock", condition, words, id=name
            )
            for name, date, condition, words in (
                ("no-date", None, UNCLEAR, "no Date"),
                ("illegible-date", "yesterday", UNCLEAR, "no Date"),
                ("ten-behind", "Fri, 15 Jan 2027 08:00:10 GMT", NOTE, "10 s behind"),
                ("ten-ahead", "Fri, 15 Jan 2027 07:59:49 GMT", NOTE, "10 s ahead"),
                ("hour-behind", "Fri, 15 Jan 2027 09:00:00 GMT", PROBLEM, "3600 s behind"),
            )
        ),
    ],
)
def test_a_mistake_of_the_issuer_is_found_with_its_remedy(
    change: Change, check: str, condition: Condition, words: str
) -> None:
    """O5: the oracle is the healthy issuer, with one mistake."""
    finding = found(change)[check]
    assert finding.condition is condition
    assert words in finding.found
    assert finding.remedy is not None
    assert len(finding.remedy) > 20


@pytest.mark.parametrize(
    ("issuer", "words"),
    [
        ("http://idp.example/", "https"),
        ("https://idp.example/?a=b", "query"),
        ("idp.example", "absolute https URL"),
    ],
)
def test_an_identifier_that_cannot_be_discovered_is_the_only_finding(
    issuer: str, words: str
) -> None:
    (finding,) = found(issuer=issuer).values()
    assert (finding.check, finding.condition) == ("issuer_url", PROBLEM)
    assert words in finding.found


@pytest.mark.parametrize(
    ("secured", "condition", "words"),
    [
        (Secured("TLSv1.1", NOW + 90 * 86_400), PROBLEM, "TLSv1.1"),
        (Secured("TLSv1.2", NOW + 3 * 86_400), NOTE, "ends in 3 days"),
        ("certificate verify failed", UNCLEAR, "verify failed"),
    ],
)
def test_tls_is_looked_at(secured: Secured | str, condition: Condition, words: str) -> None:
    """O5: TLS."""
    finding = found(secured=secured)["issuer_tls"]
    assert finding.condition is condition
    assert words in finding.found


def test_an_rsa_key_without_alg_serves_rs256() -> None:
    jwk = {name: value for name, value in KEY.public_jwk().items() if name != "alg"}
    assert found(having(JWKS, response(keys(jwk))))["jwks_algorithms"].condition is Condition.OK


def test_the_same_key_twice_is_one_key() -> None:
    twice = having(JWKS, response(keys(KEY.public_jwk(), KEY.public_jwk())))
    assert found(twice)["jwks_kid"].condition is Condition.OK


@pytest.mark.parametrize(
    ("break_it", "check", "condition"),
    [
        pytest.param(lambda it: it.jwks.fail(503), "jwks", PROBLEM, id="fail"),
        pytest.param(lambda it: it.jwks.hang(), "jwks", UNCLEAR, id="hang"),
        pytest.param(lambda it: it.jwks.drip(every=0.01), "jwks", UNCLEAR, id="drip"),
        pytest.param(lambda it: it.jwks.garbage(), "jwks", PROBLEM, id="garbage"),
        pytest.param(lambda it: it.jwks.truncate(), "jwks", UNCLEAR, id="truncate"),
        pytest.param(lambda it: it.jwks.oversize(), "jwks", UNCLEAR, id="oversize"),
        pytest.param(lambda it: it.jwks.empty(), "jwks", PROBLEM, id="empty"),
        pytest.param(lambda it: it.jwks.redirect(), "jwks", PROBLEM, id="redirect"),
        pytest.param(lambda it: it.jwks.delay(0.01), "jwks", Condition.OK, id="delay"),
        pytest.param(lambda it: it.discovery.fail(500), "metadata", PROBLEM, id="metadata-fails"),
        pytest.param(lambda it: it.discovery.hang(), "metadata", UNCLEAR, id="metadata-hangs"),
        pytest.param(lambda it: it.discovery.garbage(), "metadata", PROBLEM, id="metadata-garbage"),
        pytest.param(lambda it: it.discovery.redirect(), "metadata", PROBLEM, id="metadata-moved"),
    ],
)
def test_each_fault_of_the_mock_issuer_is_found_over_sockets(
    break_it: Callable[[MockIssuer], object], check: str, condition: Condition
) -> None:
    """O5: against the mock issuer with each of its faults."""
    issuer = MockIssuer(key=KEY)
    fetch = default_fetch()

    async def impatient(url: str, headers: Mapping[str, str]) -> FetchResponse:
        # A busy machine is slow; an endpoint that hangs is never there.
        is_asked = url.endswith("jwks.json") is (check == "jwks")
        with anyio.fail_after(0.3 if is_asked and condition is UNCLEAR else 30):
            return await fetch(url, headers)

    with issuer.serve() as url:
        break_it(issuer)
        diagnosis = anyio.run(diagnosis_of, url, None, Probe(timeout=30, fetch=impatient))
    findings = {finding.check: finding for finding in diagnosis.findings}
    assert findings[check].condition is condition, findings[check]
    # Of a loopback issuer nobody asks for https.
    if "issuer_tls" in findings:
        assert findings["issuer_tls"].condition is NOTE


def test_a_slow_answer_is_noted_beside_the_timeout() -> None:
    """O5: the times of the key endpoint and of the metadata."""

    class Slow(Looking):
        def __init__(self) -> None:
            # Each look at the timer is 1.5 s after the one before.
            super().__init__(healthy(), SECURED, NOW, timer=count(0, 1.5).__next__)

    diagnosis = anyio.run(diagnosis_of, ISSUER, None, Slow())
    findings = {finding.check: finding for finding in diagnosis.findings}
    for check, url in (("jwks_time", JWKS), ("metadata_time", OPENID)):
        finding = findings[check]
        assert finding.condition is NOTE
        words = f"{url} answered within 1.50 s; a connection alone takes 0.05 s."
        assert finding.found == f"{words} The timeout is 5 s."
        assert "max_wait" in (finding.remedy or "")


def test_a_finding_is_a_value() -> None:
    finding: Any = found()["jwks"]
    assert replace(finding, found="x").check == "jwks"
