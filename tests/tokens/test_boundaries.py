"""The edges of this room that no rule names: sizes of memories, values that stay as they are."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from asgi_jwks import StaticJWKSet, TrustedIssuer
from asgi_jwks.errors import ConfigurationError, KeySetUnavailable
from asgi_jwks.jose.key import VerificationKey
from asgi_jwks.testing import MockIssuer
from asgi_jwks.tokens.claim_rules import TokenRules
from asgi_jwks.tokens.header_rules import JOSEHeader
from asgi_jwks.tokens.issuers import Check, KeySource
from asgi_jwks.tokens.near_misses import NearMisses
from asgi_jwks.tokens.resolver import ResolvedIssuers
from asgi_jwks.tokens.verifier import VERIFIED_TOKENS, AccessTokenVerifier

RULES = TokenRules(
    issuer="https://issuer.example/",
    audiences=frozenset({"api"}),
    algorithms=frozenset({"RS256"}),
    leeway=5.0,
    profile="default",
    audience_claim="aud",
    required_claims=(),
    gateway_proves_binding=False,
)


KEYS = StaticJWKSet(MockIssuer().jwk_set())


@dataclass
class Tenant:
    """An Issuer that an application made itself."""

    keys: KeySource
    checks: Sequence[Check]
    rules: TokenRules = RULES


@pytest.mark.parametrize(
    "value", [JOSEHeader("RS256", "k1", "jwt"), RULES], ids=lambda value: type(value).__name__
)
def test_a_value_of_this_room_stays_what_it_is(value: object) -> None:
    """Shared between requests and threads: nothing is changed, and nothing is added."""
    for name in (*type(value).__annotations__, "another"):
        with pytest.raises((AttributeError, TypeError)):
            setattr(value, name, None)
    assert not hasattr(value, "__dict__")


@pytest.mark.parametrize("option", ["max_token_bytes", "verified_tokens"])
@pytest.mark.parametrize("number", [-1, 1.5, True, "1", None])
def test_a_size_that_is_none_is_named(option: str, number: Any) -> None:
    """F14: the sentence says which option to look at."""
    with pytest.raises(ConfigurationError, match=f"^{option} must be a whole number"):
        AccessTokenVerifier([Tenant(KEYS, ())], **{option: number})


def test_rules_are_given_by_name() -> None:
    """Two strings and two sets beside each other are too easily swapped."""
    positional: Any = TokenRules
    with pytest.raises(TypeError):
        positional(*(getattr(RULES, name) for name in TokenRules.__annotations__))


def test_ten_thousand_tokens_are_remembered() -> None:
    """H2: the number that the documentation gives."""
    assert VERIFIED_TOKENS == 10_000


@pytest.mark.anyio
async def test_the_older_half_of_the_memory_is_asked_too(checked: list[bytes]) -> None:
    """H2: a token that was remembered is not verified again."""
    issuer = MockIssuer()
    verifier = AccessTokenVerifier(
        [
            TrustedIssuer(
                issuer=issuer.issuer, audience=issuer.audience, keys=StaticJWKSet(issuer.jwk_set())
            )
        ],
        verified_tokens=2,
    )
    tokens = [issuer.access_token(scopes=scope) for scope in ("a", "b")]
    for token in [*tokens, *tokens]:
        await verifier.verify(token)
    assert len(checked) == 2


class Waiting(StaticJWKSet):
    """Keys that are never at hand: each must be waited for."""

    waited = 0

    def at_hand(self) -> Any:
        """Nothing: None, which the base class never answers."""

    async def key_for(
        self, kid: str | None, algorithm: str, screen: Callable[[], object], /
    ) -> VerificationKey:
        """The key, once more."""
        self.waited += 1
        return await super().key_for(kid, algorithm, screen)


@pytest.mark.anyio
async def test_a_remembered_token_is_not_trusted_while_no_keys_are_at_hand() -> None:
    """H3: a lapsed trust period takes effect on the next request."""
    issuer = MockIssuer()
    keys = Waiting(issuer.jwk_set())
    verifier = AccessTokenVerifier(
        [TrustedIssuer(issuer=issuer.issuer, audience=issuer.audience, keys=keys)]
    )
    token = issuer.access_token()
    for waited in (1, 2, 3):
        await verifier.verify(token)
        assert keys.waited == waited


def test_a_value_that_differs_by_more_than_slashes_is_no_near_miss(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """G5: the hint is for what people overlook, so that it can be believed."""
    NearMisses("iss").look("https://issuer.exampleX", ["https://issuer.example/"])
    assert not caplog.records


@pytest.mark.anyio
async def test_a_failing_resolver_is_logged_where_operators_look(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """B7: the logger's name is what a logging configuration is written for."""

    async def resolver(name: str) -> None:
        raise ConnectionError

    with pytest.raises(KeySetUnavailable):
        await ResolvedIssuers(resolver).resolve("https://tenant.example/")
    [record] = caplog.records
    assert record.name == "asgi_jwks.tokens"


@pytest.mark.anyio
async def test_the_last_answer_serves_for_seventy_minutes() -> None:
    """F6: as long as keys do by default, and not a moment longer."""
    now, answers = [0.0], iter([Tenant(KEYS, ())])

    async def resolver(name: str) -> Tenant:
        # The only answer; after it, this fails with RuntimeError.
        return next(answers)

    issuers = ResolvedIssuers(resolver, clock=lambda: now[0])
    await issuers.resolve(RULES.issuer)
    now[0] = 4199.0
    assert await issuers.resolve(RULES.issuer)
    now[0] = 4200.0
    with pytest.raises(KeySetUnavailable):
        await issuers.resolve(RULES.issuer)


@pytest.mark.anyio
@pytest.mark.parametrize("kinds", [(list, tuple), (tuple, list)])
async def test_the_same_checks_are_the_same_in_any_sequence(kinds: tuple[type, type]) -> None:
    """A tenant that is made anew with the same checks keeps the keys that are at hand."""
    checks = [lambda token: True]
    tenants = [Tenant(KEYS, kind(checks)) for kind in kinds]
    asked = iter(tenants)
    now = [0.0]

    async def resolver(name: str) -> Tenant:
        return next(asked)

    issuers = ResolvedIssuers(resolver, clock=lambda: now[0])
    first = await issuers.resolve(RULES.issuer)
    now[0] = 300.0
    assert await issuers.resolve(RULES.issuer) is first is tenants[0]
