"""The memory of verified tokens: bounded, by digest, and nothing but accepted ones."""

import json
import tracemalloc
from typing import Any

import pytest

from asgi_jwks import AccessTokenVerifier, StaticJWKSet
from asgi_jwks.errors import InvalidToken, Reason
from asgi_jwks.jose.encoding import json_object
from asgi_jwks.jose.jwk_set import JWKSet
from asgi_jwks.jose.key import symmetric_key
from asgi_jwks.jose.read_only import KeptObject, ReadOnlyDict
from asgi_jwks.testing import MockIssuer
from asgi_jwks.tokens import token_cache
from asgi_jwks.tokens.header_cache import Signer
from asgi_jwks.tokens.header_rules import JOSEHeader
from asgi_jwks.tokens.principal import DEFAULT_BASIS
from asgi_jwks.tokens.token_cache import CachedToken, TokenCache, memory_of

pytestmark = pytest.mark.anyio

KEY = symmetric_key(bytes(range(32)), "HS256")


def entry() -> CachedToken:
    issuer: Any = None
    signer = Signer(JOSEHeader("HS256", None, None), issuer, JWKSet((KEY,)), KEY, DEFAULT_BASIS)
    return CachedToken(signer, 10.0, 20.0)


def digest(number: int) -> bytes:
    return number.to_bytes(32)


def test_what_was_put_is_there() -> None:
    tokens, verified = TokenCache(10), entry()
    assert tokens.get(digest(1)) is None
    tokens.put(digest(1), verified)
    assert tokens.get(digest(1)) is verified
    assert len(tokens) == 1


@pytest.mark.parametrize("size", [0, 1])
def test_a_memory_without_room_remembers_nothing(size: int) -> None:
    tokens = TokenCache(size)
    tokens.put(digest(1), entry())
    assert len(tokens) == 0
    assert tokens.get(digest(1)) is None


@pytest.mark.parametrize("size", [2, 3, 4, 10])
def test_it_never_holds_more_than_its_size(size: int) -> None:
    """H2, H4"""
    tokens = TokenCache(size)
    for number in range(100):
        tokens.put(digest(number), entry())
        assert len(tokens) <= size
    assert len(tokens) >= size // 2


def test_the_newest_half_of_the_size_is_always_there() -> None:
    tokens = TokenCache(8)
    for number in range(50):
        tokens.put(digest(number), entry())
        assert all(tokens.get(digest(n)) for n in range(max(0, number - 3), number + 1))


def test_what_is_asked_for_stays() -> None:
    tokens, kept = TokenCache(4), entry()
    tokens.put(digest(0), kept)
    for number in range(1, 50):
        tokens.put(digest(number), entry())
        assert tokens.get(digest(0)) is kept
    assert tokens.get(digest(40)) is None


def test_a_hit_in_the_older_half_is_not_dropped_with_it() -> None:
    tokens = TokenCache(4)
    for number in (0, 1, 2):
        tokens.put(digest(number), entry())
    assert tokens.get(digest(0)) is not None
    tokens.put(digest(3), entry())
    assert tokens.get(digest(0)) is not None
    assert tokens.get(digest(1)) is None


def test_the_same_token_again_takes_no_more_room() -> None:
    tokens = TokenCache(10)
    for _ in range(3):
        tokens.put(digest(1), entry())
    assert len(tokens) == 1


@pytest.mark.parametrize(
    ("now", "reason"),
    [(20.0, Reason.EXPIRED), (21.0, Reason.EXPIRED), (9.9, Reason.NOT_YET_VALID)],
)
def test_why_a_token_is_not_valid_now(now: float, reason: Reason) -> None:
    """G2, G3"""
    with pytest.raises(InvalidToken) as refusal:
        entry().check_time(now)
    assert refusal.value.reason is reason


class TestMemory:
    """H5: the cache is bounded in bytes as well as in entries."""

    def test_large_claims_are_not_kept(self) -> None:
        tokens, verified = TokenCache(10), entry()
        tokens.put(digest(1), verified)
        tokens.keep_claims(verified, ReadOnlyDict({"a": ["x"] * 10_000}))
        assert verified.claims is None
        tokens.keep_claims(verified, ReadOnlyDict({"a": ["x"] * 1000}))
        assert verified.claims is not None

    def test_many_claims_push_the_older_ones_out(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(token_cache, "MAX_CLAIMS_BYTES", 20_000)
        tokens = TokenCache(1000)
        for number in range(200):
            verified = entry()
            tokens.put(digest(number), verified)
            tokens.keep_claims(verified, ReadOnlyDict({"a": ["x"] * 10}))
            # One that is asked for again moves to the younger ones, with its claims.
            tokens.get(digest(max(0, number - 5)))
            kept = [*tokens._young.values(), *tokens._old.values()]
            assert sum(one.size for one in kept) <= 21_000
        assert 2 <= len(tokens) < 40

    @pytest.mark.parametrize(
        "claims",
        [
            {"groups": [f"{number:032x}" for number in range(300)]},
            {f"claim {number}": number for number in range(400)},
            {"a": [[] for _ in range(250)]},
            {"a": [{"b": {"c": []}} for _ in range(80)]},
            {"a": list(range(1000, 2000))},
            {"a": "x" * 12_000},
        ],
        ids=["groups", "members", "arrays", "objects", "numbers", "one string"],
    )
    def test_what_is_counted_is_what_claims_take(self, claims: dict[str, Any]) -> None:
        """H5: within a third, as tracemalloc sees it."""
        octets = json.dumps(claims).encode()
        counted = memory_of(json_object(octets))
        tracemalloc.start()
        try:
            before, _ = tracemalloc.get_traced_memory()
            # Several, beside which the interpreter's spare lists count little.
            kept = [KeptObject(json_object(octets)) for _ in range(10)]
            after, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert after - before < 1.34 * len(kept) * counted

    @pytest.mark.parametrize("anyio_backend", ["asyncio"])
    async def test_ten_thousand_hostile_tokens_take_less_than_64_mib(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """H5: of a scale of one to 100: 100 signed tokens of the most costly shapes."""
        scale = 100
        monkeypatch.setattr(token_cache, "MAX_CLAIMS_BYTES", token_cache.MAX_CLAIMS_BYTES // scale)
        issuer = MockIssuer(algorithm="ES256")
        verifier = AccessTokenVerifier(
            issuer=issuer.issuer,
            audience=issuer.audience,
            algorithms="ES256",
            keys=StaticJWKSet(issuer.jwk_set()),
            verified_tokens=10_000 // scale,
        )
        hostile: list[dict[str, Any]] = [
            {"a": [[] for _ in range(240)]},
            {f"{number}": number + 0.5 for number in range(100)},
            {"a": [f"{number:x}" for number in range(1000)]},
            {"a": list(range(300, 1300))},
        ]
        tokens = [
            issuer.access_token(jti=str(number), **hostile[number % 4]).encode()
            for number in range(10_000 // scale)
        ]
        await verifier.verify(tokens[0])
        tracemalloc.start()
        try:
            for token in tokens:
                # Claims are kept from the second time on.
                await verifier.verify(token)
                await verifier.verify(token)
            taken, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert taken < 64 * 1024 * 1024 // scale
