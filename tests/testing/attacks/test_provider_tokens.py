"""Mock issuers that stand in for those of presets: their tokens look as the provider's do."""

from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from tests.support.examples import only_in_ci

from asgi_jwks import AccessTokenVerifier, InvalidToken, JWTBearerMiddleware, KindRule
from asgi_jwks.cli.preset_words import issuers_of, presets, with_placeholders
from asgi_jwks.providers import (
    AllOf,
    AnyOf,
    ClaimIsList,
    ClaimIsObject,
    HasClaim,
    HeaderTypeIs,
    NoClaim,
    ProviderIssuer,
)
from asgi_jwks.testing import SigningKey
from asgi_jwks.testing.attacks import own_middleware
from asgi_jwks.testing.attacks.own_middleware import stand_in
from asgi_jwks.testing.attacks.run import run_attacks
from asgi_jwks.testing.provider.mock_issuer import MockIssuer

KEYS = {name: SigningKey.generate(name) for name in ("RS256", "ES256")}

# A check of theirs names repositories, which no rule tells.
CHECKED: dict[str, dict[str, object]] = {
    "github_actions": {"repository": "example/repository"},
    "gitlab": {"project_path": "example/project"},
}
# Dex cannot tell its ID tokens from access tokens, as its preset says.
GOT_THROUGH = {"dex": {"id_token_for_the_api", "id_token_with_at_hash", "id_token_with_nonce"}}
# A provider that signs with ES256 is not asked for it by an attacker.
ES256 = {"kanidm", "spiffe", "supabase"}


@pytest.fixture(autouse=True)
def _known_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys that are made once: some forty issuers follow."""

    def mock_issuer(*, issuer: str, audience: str, algorithm: str) -> MockIssuer:
        return MockIssuer(issuer=issuer, audience=audience, key=KEYS[algorithm])

    monkeypatch.setattr(own_middleware, "MockIssuer", mock_issuer)


def trusted(name: str) -> tuple[ProviderIssuer, ...]:
    publishes_none = {"simplejwt", "flask_jwt_extended"}
    further: Any = {"jwks_uri": "https://a.example/jwks"} if name in publishes_none else {}
    return issuers_of(name, with_placeholders(name, {}), **further)


@pytest.mark.anyio
@pytest.mark.parametrize("name", presets())
async def test_the_tokens_of_a_stand_in_are_the_provider_s_access_tokens(name: str) -> None:
    """M5, P3: an application with a preset is tested as it is configured."""
    verifier = AccessTokenVerifier(*trusted(name))
    checked: Any = CHECKED.get(name, {})
    with stand_in(verifier, claims={"scope": "read:messages", **checked}).trusted() as target:
        mint = target.issuer
        for token in (
            mint.access_token(scopes="read:messages", **checked),
            mint.client_token(scopes="read:messages", **checked),
            target.token(),
        ):
            granted = await verifier.verify(token)
            # Firebase has no scopes.
            assert "read:messages" in granted.scopes or name == "firebase"
        with pytest.raises(InvalidToken):
            await verifier.verify(target.token(aud="https://other.example"))


@only_in_ci()
@pytest.mark.parametrize("name", presets())
def test_the_corpus_runs_against_an_application_with_a_preset(name: str) -> None:
    """M6, P3: and finds nothing that the preset does not say of itself."""

    async def endpoint(_request: object) -> PlainTextResponse:
        return PlainTextResponse("")

    app = JWTBearerMiddleware(Starlette(routes=[Route("/", endpoint)]), *trusted(name))
    with stand_in(app.verifier, claims=CHECKED.get(name)).trusted() as target:
        report = run_attacks(app, target)
    expected = GOT_THROUGH.get(name, set()) | ({"unasked_es256"} if name in ES256 else set())
    assert {found.attack.name for found in report.got_through} == expected


def test_an_example_has_the_least_that_proves_its_kind() -> None:
    """P3: and nothing for a proof of the caller's own."""

    class Own:
        def holds(self, *_: object) -> bool:
            return True

    proof = AllOf(
        HasClaim("nbf"),
        AnyOf(HeaderTypeIs("at+jwt"), HasClaim("never")),
        ClaimIsObject("o"),
        ClaimIsList("l"),
        NoClaim("azp"),
        Own(),
    )
    made = KindRule(proof=proof).example()
    assert (made.header, made.absent) == ({"typ": "at+jwt"}, {"azp"})
    assert made.claims == {"nbf": 1, "o": {}, "l": ["x"]}
    assert KindRule(header_types=frozenset({None, "at+jwt"})).example().header == {"typ": "at+jwt"}
    assert KindRule().example().claims == {}
