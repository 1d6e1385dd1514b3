"""The edges of this room: the last value that passes, and the first that does not."""

import pytest

from asgi_jwks.errors import InvalidToken
from asgi_jwks.jose.encoding import EncodingError, json_object
from asgi_jwks.jose.jws import MAX_TOKEN_BYTES, parse_compact, split_compact


def nested(depth: int) -> bytes:
    return b'{"a":' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"


def test_json_is_read_to_a_depth_of_sixteen() -> None:
    """A7, D10: a bound on recursion."""
    assert json_object(nested(16))["a"]
    with pytest.raises(EncodingError, match="nested too deeply"):
        json_object(nested(17))


def test_nothing_but_white_space_may_stand_around_an_object() -> None:
    """D1: RFC 8259, section 2 has four characters of white space; there is no trailing data."""
    accepted = set()
    for octet in map(bytes, zip(range(256), strict=True)):
        for document in (octet + b"{}", b"{}" + octet):
            try:
                json_object(document)
            except EncodingError:
                continue
            accepted.add(octet)
    assert accepted == {b" ", b"\t", b"\n", b"\r"}


def test_a_token_is_read_up_to_sixteen_kibibytes() -> None:
    """A7: the number that SECURITY.md promises."""
    assert MAX_TOKEN_BYTES == 16384


@pytest.mark.parametrize("token", [b"{}", b"[]", b" {}", b"\n[1]"])
def test_the_json_serialization_is_recognised_with_or_without_white_space(token: bytes) -> None:
    """D8: and the operator's log says so."""
    for read in (parse_compact, split_compact):
        with pytest.raises(InvalidToken) as caught:
            read(token)
        assert "JSON serialization" in (caught.value.detail or "")
