"""The memory of verified tokens: bounded, by digest, and nothing but accepted ones."""

import json
from secrets import token_bytes
from typing import Any

import pytest

from asgi_jwks.errors import InvalidToken, Reason
from asgi_jwks.jose.encoding import b64url_encode
from asgi_jwks.jose.jwk_set import JWKSet
from asgi_jwks.jose.key import symmetric_key
from asgi_jwks.tokens.header_cache import Signer
from asgi_jwks.tokens.header_rules import JOSEHeader
from asgi_jwks.tokens.principal import DEFAULT_READING
from asgi_jwks.tokens.token_cache import CachedToken, TokenCache

KEY = symmetric_key(token_bytes(32), "HS256")
CLAIMS = {"iss": "a", "exp": 20, "list": [1]}
TOKEN = f"header.{b64url_encode(json.dumps(CLAIMS).encode())}.signature".encode()


def entry() -> CachedToken:
    issuer: Any = None
    signer = Signer(JOSEHeader("HS256", None, None), issuer, JWKSet((KEY,)), KEY)
    return CachedToken(signer, DEFAULT_READING, 10.0, 20.0)


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
