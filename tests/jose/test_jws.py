"""A token comes apart in exactly one way, or is malformed."""

import json
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.support.examples import examples

from asgi_jwks.errors import InvalidToken, Reason
from asgi_jwks.jose.encoding import b64url_encode
from asgi_jwks.jose.jws import (
    MAX_HEADER_BYTES,
    MAX_SEARCHED_CLAIMS_BYTES,
    MAX_TOKEN_BYTES,
    claimed_issuer,
    decode_claims,
    decode_header,
    decode_unverified,
    parse_compact,
    segments_of,
)

HEADER = b'{"alg":"RS256","kid":"a"}'
PAYLOAD = b'{"iss":"https://issuer.example/","aud":["a","b"]}'

few = examples(150)


def compact(header: bytes = HEADER, payload: bytes = PAYLOAD, signature: bytes = b"sig") -> bytes:
    return ".".join(map(b64url_encode, (header, payload, signature))).encode()


def detail_of(token: bytes, **options: Any) -> str:
    with pytest.raises(InvalidToken) as caught:
        parse_compact(token, **options)
    assert caught.value.reason is Reason.MALFORMED
    assert caught.value.detail is not None
    return caught.value.detail


def test_a_token_is_taken_apart() -> None:
    token = parse_compact(compact())
    assert token.header == {"alg": "RS256", "kid": "a"}
    assert token.claims == {"iss": "https://issuer.example/", "aud": ["a", "b"]}
    assert token.signing_input == compact().rpartition(b".")[0]
    assert token.signature == b"sig"


def test_header_and_claims_are_read_only() -> None:
    token = parse_compact(compact())
    with pytest.raises(TypeError):
        token.claims["iss"] = "other"
    with pytest.raises(TypeError):
        token.header["alg"] = "none"


def test_unknown_header_parameters_are_kept_for_others_to_judge() -> None:
    """D11: what is not understood is ignored here, also `ver`, `cat` and `nonce`."""
    header = b'{"alg":"none","ver":"2","cat":"cl_1","nonce":"n","crit":["b64"]}'
    assert parse_compact(compact(header)).header["ver"] == "2"


def test_the_repr_of_a_token_gives_nothing_away() -> None:
    """H1: no token in a traceback or a log."""
    assert repr(parse_compact(compact())) == "SignedToken(...)"


@pytest.mark.parametrize("token", [b"e30.e30", b"e30", b"", b"e30..e30.e30", b"e30.e30.e30.e30"])
def test_a_jws_has_exactly_three_parts_whatever_is_in_them(token: bytes) -> None:
    """D1: three parts."""
    with pytest.raises(InvalidToken) as caught:
        segments_of(token)
    assert caught.value.reason is Reason.MALFORMED


@pytest.mark.parametrize("token", [b"a.b.c", b"..", b".b.", b"a..c"])
def test_the_parts_are_what_the_dots_divide(token: bytes) -> None:
    """D1: and the signing input is all but the last part and its dot."""
    header, payload, signature, signing_input = segments_of(token)
    assert b".".join((header, payload, signature)) == token
    assert signing_input == b".".join((header, payload))


MALFORMED = {
    "nothing": (b"", "not three parts but 1"),
    "one part": (b"abcd", "not three parts but 1"),
    "two parts": (b"e30.e30", "not three parts but 2"),
    "four parts": (b"e30.e30.e30.e30", "not three parts but 4"),
    "five parts": (b"e30.e30.e30.e30.e30", "JWE"),
    "five parts, an empty key": (b"e30..e30.e30.e30", "JWE"),
    "a thousand parts": (b"." * 1000, "not three parts but 1001"),
    "JSON serialization": (b'{"payload":"e30","signature":"e30"}', "JSON serialization"),
    "JSON serialization with dots": (b' {"payload":"e30.e30.e30"}', "in the header: not base64url"),
    "a JSON list": (b'["e30.e30.e30"]', "in the header: not"),
    "no signature": (b"e30.e30.", "empty"),
    "no header": (b".e30.e30", "in the header: not JSON"),
    "no payload": (b"e30..e30", "in the payload: not JSON"),
    "dots alone": (b"..", "in the header: not JSON"),
    "padding in the header": (b"e30=.e30.e30", "in the header: not base64url"),
    "padding in the payload": (b"e30.e30=.e30", "in the payload: not base64url"),
    "padding in the signature": (b"e30.e30.Zg==", "in the signature: not base64url"),
    "a space before": (b" e30.e30.e30", "in the header: not base64url"),
    "a line feed at the end": (b"e30.e30.e30\n", "in the signature: not base64url"),
    "not ASCII": ("e30.e30.é30".encode(), "in the signature: not base64url"),
    "a null byte": (b"e30.e3\x00.e30", "in the payload: not canonical"),
    "trailing bits in the signature": (b"e30.e30.Zh", "in the signature: not canonical"),
    "a header that is a list": (compact(b"[]"), "in the header: not a JSON object"),
    "a header with a BOM": (compact(b"\xef\xbb\xbf{}"), "in the header: not JSON"),
    "a header in UTF-16": (compact("{}".encode("utf-16")), "in the header: not UTF-8"),
    "trailing data": (compact(b"{}{}"), "in the header: data after"),
    "duplicates in the header": (compact(b'{"a":1,"a":1}'), "in the header: a member name"),
    "duplicates in the payload": (compact(payload=b'{"a":1,"a":1}'), "in the payload: a member"),
    "text as payload": (compact(payload=b"text"), "in the payload: not JSON"),
    "a nested token": (compact(payload=compact()), "in the payload: not JSON"),
    "NaN": (compact(payload=b'{"exp":NaN}'), "in the payload: NaN"),
    "a deep header": (compact(b'{"a":' + b"[" * 16 + b"]" * 16 + b"}"), "in the header: nested"),
    "a deep payload": (compact(payload=b"[" * 200), "in the payload: nested"),
    "a payload of brackets": (compact(payload=b"[" * 9000), "in the payload: too many objects"),
    "a header of many members": (
        compact(json.dumps({f"m{n}": n for n in range(33)}).encode()),
        "in the header: too many members",
    ),
    "a large header": (compact(b"{}" + b" " * 8000), "the header is larger than 8192 bytes"),
    "a payload of many members": (
        compact(payload=json.dumps({f"m{n}": n for n in range(577)}).encode()),
        "in the payload: too many members",
    ),
}


@pytest.mark.parametrize(("token", "detail"), MALFORMED.values(), ids=MALFORMED)
def test_everything_else_is_malformed(token: bytes, detail: str) -> None:
    """D1, D2, D8, D10, D12: and the detail says what was wrong."""
    assert detail in detail_of(token)


def test_a_header_is_read_up_to_its_limits() -> None:
    """W2: 8 KiB as it is sent, and 32 members."""
    header = json.dumps({f"m{n}": n for n in range(32)}).encode()
    padded = header + b" " * (MAX_HEADER_BYTES * 3 // 4 - len(header))
    segment = b64url_encode(padded).encode()
    assert len(segment) == MAX_HEADER_BYTES
    assert len(decode_header(segment)) == 32


def test_claims_are_read_up_to_their_limits() -> None:
    """W2: 512 members, and the payload may be as large as the token."""
    claims = json.dumps({f"m{n}": "x" * 12 for n in range(512)}).encode()
    assert len(decode_claims(b64url_encode(claims).encode())) == 512


def test_no_byte_of_the_token_is_in_the_error() -> None:
    """B5, H1."""
    for token in (b"secret", compact(b"secret"), compact(payload=b'{"secret"'), b"e30.e30.se?cret"):
        assert "cret" not in detail_of(token)


segments = st.sampled_from([HEADER, PAYLOAD, b"{}", b"[]", b"", b'{"a":1,"a":2}', b"\xff"]).map(
    lambda data: b64url_encode(data).encode()
)
tokens = (
    st.binary(max_size=120)
    | st.text(alphabet="eyJ.30=-_ {}", max_size=40).map(str.encode)
    | st.lists(segments | st.binary(max_size=8), max_size=6).map(b".".join)
)


@few
@given(tokens)
@example(b"e30.e30.e30")
def test_any_bytes_are_a_token_or_malformed(token: bytes) -> None:
    """A8: garbage in: accepted or our error, never another exception."""
    try:
        signed = parse_compact(token)
    except InvalidToken as refused:
        reason = refused.reason
    else:
        rebuilt = signed.signing_input + b"." + b64url_encode(signed.signature).encode()
        assert rebuilt == token
        return
    assert reason is Reason.MALFORMED


@few
@given(tokens)
@example(compact())
@example(compact(payload=b"\xef\xbb\xbf{}"))
def test_whatever_pyjwt_calls_malformed_is_malformed_here(token: bytes) -> None:
    try:
        signed = parse_compact(token)
    except InvalidToken:
        return
    # PyJWT also has rules for what the header says, which this room leaves to others.
    if signed.header.get("alg") == "RS256":
        theirs = jwt.decode_complete(token, options={"verify_signature": False})
        assert theirs["payload"] == signed.claims
        assert theirs["header"] == signed.header
        assert theirs["signature"] == signed.signature


def test_a_token_that_pyjwt_signs_is_read(sign: Callable[..., bytes]) -> None:
    token = parse_compact(sign("RS256", {"sub": "a", "n": 1.5}, kid="k"))
    assert token.claims == {"sub": "a", "n": 1.5}
    assert token.header == {"alg": "RS256", "typ": "JWT", "kid": "k"}


def test_a_header_is_read_up_to_eight_kibibytes() -> None:
    """W2: the number that SECURITY.md promises."""
    assert MAX_HEADER_BYTES == 8192


def test_a_token_is_read_up_to_sixteen_kibibytes() -> None:
    """A7: the number that SECURITY.md promises."""
    assert MAX_TOKEN_BYTES == 16384


@pytest.mark.parametrize(
    "token",
    [b"{}", b"[]", b" {}", b"\n[1]"],
    ids=["an object", "an array", "a space before", "a line feed before"],
)
def test_the_json_serialization_is_recognised_with_or_without_white_space(token: bytes) -> None:
    """D8: and the operator's log says so."""
    assert "JSON serialization" in detail_of(token)


def test_claims_without_a_signature_are_read_if_they_are_few() -> None:
    """W3: 4 KiB and 64 members; larger ones are not read, nor are they malformed."""
    few = {f"n{number}": number for number in range(64)}
    for claims, is_read in ((few, True), ({**few, "more": 1}, False), ({"x": "a" * 4096}, False)):
        segment = b64url_encode(json.dumps(claims).encode()).encode()
        assert decode_unverified(segment) == (claims if is_read else None)
    with pytest.raises(InvalidToken, match="in the payload"):
        decode_unverified(b64url_encode(b"[]").encode())


def test_the_claimed_issuer_is_read_without_the_other_claims() -> None:
    """W1: of a payload that nobody has vouched for."""
    assert claimed_issuer(b64url_encode(PAYLOAD).encode()) == "https://issuer.example/"
    assert claimed_issuer(b64url_encode(b"{}").encode()) is None
    for payload in ("!", b64url_encode(b"[]"), b64url_encode(b'{"iss": 1}')):
        with pytest.raises(InvalidToken, match="in the payload") as refusal:
            claimed_issuer(payload.encode())
        assert refusal.value.reason is Reason.MALFORMED


def claims_with_iss_at(place: int, length: int) -> bytes:
    """A payload as it is sent, of this many bytes in all, with `iss` behind `place` of them."""
    iss = b'"iss":"https://issuer.example/"'
    head = b'{"x":"' + b"a" * (place - 8) + b'",' + iss + b',"y":"'
    document = head + b"a" * (length * 3 // 4 - len(head) - 2) + b'"}'
    segment = b64url_encode(document).encode()
    assert len(segment) == length
    return segment


@pytest.mark.parametrize("place", [8, 6_000, 10_740, 10_760, 12_000])
def test_the_claimed_issuer_is_found_in_any_token_of_the_default_size(place: int) -> None:
    """W1: wherever it stands."""
    assert claimed_issuer(claims_with_iss_at(place, MAX_TOKEN_BYTES)) == "https://issuer.example/"


def test_the_claimed_issuer_of_a_larger_token_is_looked_for_in_a_part_of_it() -> None:
    """W1: what is behind it is not even decoded."""
    assert MAX_SEARCHED_CLAIMS_BYTES == 14_336
    segment = claims_with_iss_at(10_700, 65_536)
    assert claimed_issuer(segment[:-2] + b"=!") == "https://issuer.example/"
    sentence = (
        r"iss is not in the first 14336 bytes of a payload of 65536: have the issuer write it "
        r"first, or write less"
    )
    with pytest.raises(InvalidToken, match=sentence) as refusal:
        claimed_issuer(claims_with_iss_at(12_000, 65_536))
    assert refusal.value.reason is Reason.MALFORMED
    # It ends in the middle of a text, and is not taken for the end of the object.
    cut = b64url_encode(b'{"y":[{"iss":"b"' + b"," * 10_736 + b"}" + b" " * 9000).encode()
    with pytest.raises(InvalidToken, match="iss is not in the first"):
        claimed_issuer(cut)
