"""Keys that are given."""

import json
from pathlib import Path
from typing import Any

import pytest

from asgi_jwks.errors import ConfigurationError, InvalidToken, Reason
from asgi_jwks.keys.static import SharedSecret, StaticJWKSet
from asgi_jwks.testing import SigningKey

KEY = SigningKey.generate("ES256")
JWKS: dict[str, Any] = {"keys": [KEY.public_jwk()]}
TEXT = json.dumps(JWKS)
RANDOM = bytes.fromhex(
    "9f1c27a4e05db3886a412fd790c5be13774e0a9b62d8f53115ce8a60b92f7d44"
    "03e7516bac98d20f4476e1b83d5a2c9f6087fb1294ead35c1f70a8964be2d51a"
)


def passes() -> None:
    """A screen that nothing fails."""


@pytest.mark.parametrize(
    "jwks",
    [JWKS, TEXT, f"\n {TEXT}", TEXT.encode()],
    ids=["a mapping", "text", "text after white space", "bytes"],
)
@pytest.mark.anyio
async def test_a_set_is_given_as_a_mapping_text_or_bytes(jwks: Any) -> None:
    keys = StaticJWKSet(jwks)
    assert keys.at_hand().key_ids == (KEY.kid,)
    found = await keys.find(KEY.kid, "ES256", passes)
    assert found.kid == KEY.kid
    with pytest.raises(InvalidToken) as refused:
        await keys.find("another", "ES256", passes)
    assert refused.value.reason is Reason.UNKNOWN_KEY


@pytest.mark.parametrize("kind", [str, Path])
def test_a_set_is_given_as_a_path(tmp_path: Path, kind: type[str] | type[Path]) -> None:
    path = tmp_path / "jwks.json"
    path.write_text(TEXT)
    assert StaticJWKSet(kind(path)).at_hand().key_ids == (KEY.kid,)


@pytest.mark.parametrize(
    ("jwks", "why"),
    [
        ("/no/such/file", "cannot be read"),
        ("a\0b", "cannot be read"),
        ("\ud800", "cannot be read"),
        ("[]", "cannot be read"),
        ("", "cannot be read"),
        ({}, "no 'keys' array"),
        ({"keys": []}, "no key"),
        ("{", "Give the document as a dict"),
        (b"\xff", "Give the document as a dict"),
        (None, "takes a dict"),
        ([], "takes a dict"),
    ],
)
def test_what_is_no_usable_set_is_a_configuration_error(jwks: Any, why: str) -> None:
    """F14."""
    with pytest.raises(ConfigurationError, match=why):
        StaticJWKSet(jwks)


@pytest.mark.anyio
async def test_given_keys_need_nothing_done() -> None:
    keys = StaticJWKSet(JWKS)
    await keys.warm()
    await keys.keep_fresh()
    await keys.aclose()
    found = await keys.find(KEY.kid, "ES256", passes)
    await keys.replacement_for(found, "ES256")
    assert not keys.can_replace(found)
    assert keys.same_source(StaticJWKSet(TEXT))
    assert not keys.same_source(SharedSecret(RANDOM[:32]))
    assert not keys.can_find_more()


@pytest.mark.parametrize(
    ("secret", "algorithm"),
    [(RANDOM[:32], "HS256"), (RANDOM.hex()[:48], "HS384"), (RANDOM, "HS512")],
    ids=["HS256", "HS384 as text", "HS512"],
)
@pytest.mark.anyio
async def test_a_shared_secret_serves_its_one_algorithm(
    secret: bytes | str, algorithm: str
) -> None:
    """D4."""
    keys = SharedSecret(secret, algorithm=algorithm)
    assert keys.algorithms == {algorithm}
    assert (await keys.find(None, algorithm, passes)).kty == "oct"
    with pytest.raises(InvalidToken):
        await keys.find(None, "RS256", passes)


@pytest.mark.parametrize(
    ("secret", "algorithm"),
    [
        (b"short", "HS256"),
        (RANDOM[:32], "HS512"),
        (RANDOM[:32], "RS256"),
        ("\ud800" * 32, "HS256"),
        (KEY.public_pem(), "HS256"),
    ],
    ids=["short", "short for HS512", "not an HMAC algorithm", "lone surrogates", "a public key"],
)
def test_a_bad_secret_is_a_configuration_error(secret: bytes | str, algorithm: str) -> None:
    """F14: RFC 7518, section 3.2."""
    with pytest.raises(ConfigurationError, match=r"secrets\.token_bytes"):
        SharedSecret(secret, algorithm=algorithm)
