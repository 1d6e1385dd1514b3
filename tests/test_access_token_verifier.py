"""The verifier that takes options: one shape for issuers, and a life in one block."""

import ssl
from collections.abc import Iterator
from typing import Any

import anyio
import httpx
import pytest
from tests.support.trusted import ISSUER, OTHER, trusted

from asgi_jwks import (
    AccessTokenVerifier,
    ConfigurationError,
    KeySetUnavailable,
    RemoteJWKSet,
    StaticJWKSet,
    TrustedIssuer,
)
from asgi_jwks.fetching import client
from asgi_jwks.testing import MockIssuer

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    "verifier",
    [
        AccessTokenVerifier(trusted()),
        AccessTokenVerifier([trusted()]),
        AccessTokenVerifier((trusted(),)),
        AccessTokenVerifier(trusted(), trusted(OTHER)),
        AccessTokenVerifier([trusted(), trusted(OTHER)]),
        AccessTokenVerifier(
            issuer=ISSUER.issuer, audience=ISSUER.audience, keys=StaticJWKSet(ISSUER.jwk_set())
        ),
    ],
    ids=["one", "a list", "a tuple", "two", "a list of two", "the options of one"],
)
async def test_issuers_are_given_in_any_of_these_shapes(verifier: AccessTokenVerifier) -> None:
    assert (await verifier.verify(ISSUER.access_token())).issuer == ISSUER.issuer


@pytest.mark.parametrize(
    ("issuers", "options", "sentence"),
    [
        ([trusted()], {"issuer": "https://x.example/"}, "Give either TrustedIssuer objects or"),
        (["https://x.example/"], {}, "Issuers are TrustedIssuer objects; got 'https://x"),
        ([TrustedIssuer], {}, "Issuers are TrustedIssuer objects; got"),
        ([None], {}, "Issuers are TrustedIssuer objects; got None"),
        ([], {}, "No issuer is trusted"),
        ([], {"issuers": [trusted()]}, "has no option issuers. Did you mean issuer?"),
        ([], {"issuer": "https://x.example/", "audiance": "x"}, "Did you mean audience?"),
        ([trusted(), trusted()], {}, "the same issuer identifier"),
        ([trusted()], {"resolver": "x"}, "resolver must be a callable"),
        ([trusted()], {"clock": 1.0}, "clock must be a function"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_wrong_shape_is_refused_with_a_sentence(
    issuers: list[Any], options: dict[str, Any], sentence: str
) -> None:
    """A11, F14"""
    with pytest.raises(ConfigurationError) as refusal:
        AccessTokenVerifier(*issuers, **options)
    assert sentence in str(refusal.value)


@pytest.mark.parametrize("token", [None, 1, ["x"], bytearray(b"x")], ids=repr)
async def test_a_token_is_text_or_bytes(token: Any) -> None:
    """A11"""
    with pytest.raises(ConfigurationError, match="a token is a string or bytes"):
        await AccessTokenVerifier(trusted()).verify(token)


def remote(issuer: MockIssuer) -> AccessTokenVerifier:
    return AccessTokenVerifier(
        issuer=issuer.issuer,
        audience=issuer.audience,
        keys=RemoteJWKSet(issuer=issuer.issuer, http_client=issuer.http_client()),
    )


class TestRunning:
    async def test_the_keys_are_at_hand_in_the_block(self) -> None:
        """C4"""
        verifier = remote(MockIssuer())
        assert verifier.issuers[0].keys.at_hand() is None
        async with verifier.running() as running:
            assert running is verifier
            assert verifier.issuers[0].keys.at_hand() is not None

    async def test_keys_that_are_unavailable_are_logged_or_demanded(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        """C4"""
        issuer = MockIssuer()
        issuer.jwks.fail(500)
        async with remote(issuer).running():
            pass
        assert "starting without the issuer's keys" in caplog.text
        with pytest.raises(KeySetUnavailable):
            async with remote(issuer).running(require_keys=True):
                raise AssertionError("not reached")

    async def test_an_error_of_the_block_comes_out_as_it_is(self) -> None:
        with pytest.raises(ZeroDivisionError):
            async with remote(MockIssuer()).running():
                raise ZeroDivisionError

    async def test_a_block_that_is_cancelled_ends(self) -> None:
        """C4"""
        with anyio.CancelScope() as scope:
            async with remote(MockIssuer()).running():
                scope.cancel()
                await anyio.sleep_forever()
        assert scope.cancelled_caught

    async def test_a_source_whose_refresh_breaks_down_takes_nothing_with_it(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        """C4, B9"""

        class Broken(StaticJWKSet):
            async def keep_fresh(self) -> None:
                raise ZeroDivisionError

        verifier = AccessTokenVerifier(
            issuer=ISSUER.issuer, audience=ISSUER.audience, keys=Broken(ISSUER.jwk_set())
        )
        async with verifier.running():
            await verifier.verify(ISSUER.access_token())
        assert "the keys are no longer refreshed without requests" in caplog.text


@pytest.fixture
def contexts(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[ssl.SSLContext]]:
    """The TLS contexts that are built, in a process that has built none."""
    built: list[ssl.SSLContext] = []
    build = httpx.create_ssl_context

    def create(*args: Any, **options: Any) -> ssl.SSLContext:
        built.append(build(*args, **options))
        return built[-1]

    monkeypatch.setattr(httpx, "create_ssl_context", create)
    for cached in (client._tls_context, client.prepare_exchanges):
        cached.cache_clear()
    yield built
    for cached in (client._tls_context, client.prepare_exchanges):
        cached.cache_clear()


async def test_with_a_resolver_the_tls_context_is_built_before_any_request(
    contexts: list[ssl.SSLContext],
) -> None:
    """F21: the issuers that it names make their key sets during a request."""

    async def resolver(name: str) -> TrustedIssuer | None:
        if not name.startswith("https://127.0.0.1:9/"):
            return None
        return TrustedIssuer(issuer=name, audience=ISSUER.audience, grants=["read"])

    verifier = AccessTokenVerifier(resolver=resolver)
    assert len(contexts) == 1
    tenant = MockIssuer(issuer="https://127.0.0.1:9/tenant")
    # Nobody listens there.
    with pytest.raises(KeySetUnavailable):
        await verifier.verify(tenant.access_token())
    assert len(contexts) == 1


async def test_without_one_nothing_is_built_that_is_not_needed(
    contexts: list[ssl.SSLContext],
) -> None:
    """F21: keys that are given need no TLS."""
    await AccessTokenVerifier(trusted()).verify(ISSUER.access_token())
    assert contexts == []
