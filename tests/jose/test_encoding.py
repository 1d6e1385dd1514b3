"""Base64url and JSON have one spelling here; every other is refused, with a fixed phrase."""

import base64
import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from jwt.utils import base64url_decode
from tests.support.examples import examples

from asgi_jwks.jose.encoding import (
    DuplicateNameError,
    EncodingError,
    LimitError,
    UnusableValueError,
    b64url_decode,
    b64url_encode,
    json_object,
)
from asgi_jwks.jose.json_limits import MAX_JSON_DEPTH

few = examples(150)


@pytest.mark.parametrize(
    ("data", "encoded"),
    [
        (b"", ""),
        (b"f", "Zg"),
        (b"fo", "Zm8"),
        (b"foo", "Zm9v"),
        (b"\xfb\xff\xfe", "-__-"),
        # RFC 7515, appendix C.
        (bytes([3, 236, 255, 224, 193]), "A-z_4ME"),
    ],
)
def test_base64url_goes_both_ways(data: bytes, encoded: str) -> None:
    assert b64url_encode(data) == encoded
    assert b64url_decode(encoded.encode()) == data


REFUSED = {
    "padding": b"Zg==",
    "padding alone": b"=",
    "padding inside": b"Zg==Zm9v",
    "plus": b"+___",
    "slash": b"-/__",
    "a space": b"Zm9v ",
    "a line feed": b"Zm9v\n",
    "a line feed inside": b"Zm\n9v",
    "a null byte": b"Zm9\x00",
    "a byte beyond ASCII": b"Zm9\xff",
    "a full stop": b"Zm9.",
    "one character left over": b"Zm9vZ",
    "a single character": b"Z",
    "unused bits after two": b"Zh",
    "unused bits after three": b"Zm9",
}


@pytest.mark.parametrize("segment", REFUSED.values(), ids=REFUSED)
def test_base64url_has_one_form_only(segment: bytes) -> None:
    """D1: padding, white space, foreign bytes and non-canonical trailing bits are refused."""
    with pytest.raises(EncodingError):
        b64url_decode(segment)


def test_every_byte_outside_the_alphabet_is_refused_at_every_place() -> None:
    """D1: no foreign character."""
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    for foreign in set(range(256)) - set(alphabet):
        for good in (b"AAAA", b"AAA", b"AA"):
            for place in range(len(good)):
                with pytest.raises(EncodingError):
                    b64url_decode(good[:place] + bytes([foreign]) + good[place + 1 :])


def test_every_last_character_is_accepted_or_refused_by_its_unused_bits() -> None:
    """D1: exactly the canonical last characters pass."""
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    for start, step in ((b"A", 16), (b"AA", 4), (b"AAA", 1)):
        for value, last in enumerate(alphabet):
            segment = start + bytes([last])
            if value % step:
                with pytest.raises(EncodingError):
                    b64url_decode(segment)
            else:
                assert b64url_encode(b64url_decode(segment)).encode() == segment


@few
@given(st.binary(max_size=80))
@example(b"\x00" * 3)
def test_any_segment_decodes_to_what_encodes_to_it_or_is_refused(segment: bytes) -> None:
    try:
        data = b64url_decode(segment)
    except EncodingError:
        return
    assert b64url_encode(data).encode() == segment
    assert base64.urlsafe_b64encode(data).rstrip(b"=") == segment


@few
@given(st.text(alphabet="AQgw-_+/= \n.", max_size=9))
def test_whatever_pyjwt_refuses_is_refused_here(text: str) -> None:
    try:
        theirs = base64url_decode(text)
    # Python 3.15 warns of characters that later versions will refuse.
    except (ValueError, FutureWarning):
        with pytest.raises(EncodingError):
            b64url_decode(text.encode())
        return
    try:
        ours = b64url_decode(text.encode())
    except EncodingError:
        return
    assert ours == theirs


@few
@given(st.binary(max_size=80))
def test_what_is_encoded_decodes_to_itself(data: bytes) -> None:
    assert b64url_decode(b64url_encode(data).encode()) == data


def test_an_object_is_read() -> None:
    data = b' \t\r\n{"iss":"https://e\xc3\xa9/","n":[1,-2.5e3,null,true,{"a":""}],"e":[]} \n'
    assert json_object(data) == {
        "iss": "https://eé/",
        "n": [1, -2500.0, None, True, {"a": ""}],
        "e": [],
    }


NOT_AN_OBJECT = {
    "nothing": (b"", "not JSON"),
    "white space": (b" ", "not JSON"),
    "a list": (b"[]", "not a JSON object"),
    "a string": (b'"{}"', "not a JSON object"),
    "a number": (b"1", "not a JSON object"),
    "null": (b"null", "not a JSON object"),
    "half an object": (b'{"a":', "not JSON"),
    "single quotes": (b"{'a':1}", "not JSON"),
    "a comment": (b"{}//", "data after"),
    "two objects": (b"{}{}", "data after"),
    "trailing data": (b"{} x", "data after"),
    "a trailing comma": (b'{"a":1,}', "not JSON"),
    "a trailing null byte": (b"{}\x00", "data after"),
    "a leading form feed": (b"\x0c{}", "not JSON"),
    "a trailing no-break space": ("{}\u00a0".encode(), "data after"),
    "a control character in a string": (b'{"a":"\n"}', "not JSON"),
    "a leading zero": (b'{"a":01}', "not JSON"),
    "digits of another script": ('{"a":\u0663}'.encode(), "not JSON"),
}


@pytest.mark.parametrize(("data", "phrase"), NOT_AN_OBJECT.values(), ids=NOT_AN_OBJECT)
def test_anything_but_one_object_is_refused(data: bytes, phrase: str) -> None:
    """D1: one JSON object and no trailing data."""
    with pytest.raises(EncodingError, match=phrase):
        json_object(data)


@pytest.mark.parametrize(
    "data",
    [
        b'\xef\xbb\xbf{"a":1}',
        '{"a":1}'.encode("utf-16"),
        '{"a":1}'.encode("utf-16-le"),
        '{"a":1}'.encode("utf-16-be"),
        '{"a":1}'.encode("utf-32"),
        '{"a":"é"}'.encode("latin-1"),
        b'{"a":"\xed\xa0\x80"}',
        b'{"a":"\xc0\x80"}',
    ],
)
def test_only_utf_8_without_a_byte_order_mark_is_read(data: bytes) -> None:
    """D1, D12: no BOM, no UTF-16 or UTF-32, no surrogates or overlong forms in UTF-8."""
    with pytest.raises(EncodingError):
        json_object(data)


@pytest.mark.parametrize(
    "data",
    [
        b'{"alg":"RS256","alg":"none"}',
        b'{"a":1,"\\u0061":1}',
        b'{"a":{"b":1,"b":1}}',
        b'{"a":[[{"b":1,"c":2,"b":1}]]}',
    ],
)
def test_a_member_name_that_occurs_twice_is_refused_at_any_level(data: bytes) -> None:
    """D2: duplicate member names."""
    with pytest.raises(DuplicateNameError, match="twice"):
        json_object(data)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "1.0E400"])
def test_a_number_that_is_not_finite_is_refused(number: str) -> None:
    """D10: NaN, Infinity and floats that overflow."""
    with pytest.raises(EncodingError):
        json_object(f'{{"exp":{number}}}'.encode())
    with pytest.raises(EncodingError):
        json_object(f'{{"a":[[{number}]]}}'.encode())


@pytest.mark.parametrize("number", ["1" * 33, "-" + "1" * 33, "1" * 5000, "0." + "1" * 33])
def test_a_number_too_long_to_convert_is_refused(number: str) -> None:
    """D10: numbers too large to convert; W2: integers of 32 digits."""
    with pytest.raises(LimitError, match="number is too long"):
        json_object(f'{{"exp":{number}}}'.encode())


@pytest.mark.parametrize(
    ("number", "value"),
    [("9" * 32, 10**32 - 1), ("-" + "9" * 32, 1 - 10**32), ("1e308", 1e308), ("5e-324", 5e-324)],
)
def test_a_number_at_the_limit_is_read(number: str, value: float) -> None:
    """W2: and it is exact."""
    assert json_object(f'{{"exp":{number}}}'.encode())["exp"] == value


@pytest.mark.parametrize(
    "data",
    [
        rb'{"sub":"\ud800"}',
        rb'{"sub":"\uDFFF"}',
        rb'{"sub":"\udc00\ud800"}',
        rb'{"\ud800":1}',
        rb'{"a":[{"b":"\udbffx"}]}',
    ],
)
def test_a_lone_surrogate_is_refused(data: bytes) -> None:
    """D10: lone surrogates, in names and in values."""
    with pytest.raises(UnusableValueError, match="surrogate"):
        json_object(data)


def test_a_surrogate_pair_and_an_escaped_backslash_are_read() -> None:
    assert json_object(rb'{"sub":"\ud83d\ude00"}') == {"sub": "😀"}
    assert json_object(rb'{"sub":"\\ud800"}') == {"sub": r"\ud800"}


pieces = st.sampled_from(
    ["\\ud83d", "\\uDE00", "\\\\", "\\/", '\\"', "\\n", "\\u0041", "ud800", "u", "é", "😀", "x"]
)


@few
@given(st.lists(pieces, max_size=8), st.lists(pieces, max_size=3))
def test_a_surrogate_is_lone_when_no_encoder_takes_it(one: list[str], two: list[str]) -> None:
    """D10: what UTF-8 can write is read, and nothing else."""
    data = '{{"a":"{}","b":["{}"]}}'.format("".join(one), "".join(two)).encode()
    expected: Any = json.loads(data)
    try:
        json.dumps(expected, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        with pytest.raises(UnusableValueError):
            json_object(data)
    else:
        assert json_object(data) == expected


def nested(depth: int) -> bytes:
    """An object of this depth, objects and arrays by turns."""
    inner = b"[]" if depth % 2 == 0 else b"{}"
    for level in range(depth - 1, 0, -1):
        inner = b"[" + inner + b"]" if level % 2 == 0 else b'{"a":' + inner + b"}"
    return inner


def test_nesting_is_read_to_the_limit_and_no_deeper() -> None:
    """D10, A7: deep nesting."""
    json_object(nested(MAX_JSON_DEPTH))
    with pytest.raises(EncodingError, match="deep"):
        json_object(nested(MAX_JSON_DEPTH + 1))


def test_many_brackets_side_by_side_are_not_deep() -> None:
    assert len(json_object(b'{"a":[' + b",".join([b"{}"] * 50) + b"]}")["a"]) == 50


@pytest.mark.parametrize("text", ["{" * 40, '\\"[' * 40, "\\\\", "[\\\\", "]" * 40 + "[" * 40])
def test_brackets_inside_strings_do_not_count(text: str) -> None:
    written = text if "\\" in text else json.dumps(text)[1:-1]
    data = f'{{"a":"{written}","b":[{",".join(["[]"] * 20)}]}}'.encode()
    assert json_object(data) == json.loads(data)


@pytest.mark.parametrize(
    "data",
    [b"[" * 1_000_000, b'{"a":' * 200_000, b"{" * 500_000, b'{"a":[' * 100_000 + b'"' + b"]" * 99],
)
def test_a_megabyte_of_brackets_is_refused_without_recursion(data: bytes) -> None:
    """D10: never a RecursionError."""
    with pytest.raises(EncodingError):
        json_object(data)


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":"' + b'\\"' * 400_000,
        b'{"a":"' + b"\\" * 400_001,
        b'"' * 400_000 + b"{" * 17,
        b'{"a":' + b'"\\' * 100_000 + b"[" * 17,
    ],
)
def test_unfinished_strings_are_refused(data: bytes) -> None:
    with pytest.raises(EncodingError):
        json_object(data + b"[{" * 20)


@few
@given(st.binary(max_size=200))
@example(b"{" * 17)
@example(b'{"a":"\\')
def test_any_bytes_are_an_object_or_refused(data: bytes) -> None:
    try:
        value = json_object(data)
    except EncodingError:
        return
    assert value == json.loads(data)


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(min_value=-(10**32) + 1, max_value=10**32 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=12,
)


@few
@given(st.dictionaries(st.text(max_size=6), values, max_size=5), st.booleans())
def test_what_json_writes_is_read(value: dict[str, object], escaped: bool) -> None:
    assert json_object(json.dumps(value, ensure_ascii=escaped).encode()) == value


def test_the_text_of_an_error_holds_no_input() -> None:
    """B5: fixed phrases."""
    for data in (b'{"secret"', b'{"secret":1,"secret":2}', b'{"a":"secret"}secret', b"secret\xff"):
        with pytest.raises(EncodingError) as caught:
            json_object(data)
        assert "secret" not in str(caught.value)
        assert caught.value.__cause__ is None


def test_json_is_read_to_a_depth_of_sixteen() -> None:
    """A7, D10: a bound on recursion."""
    assert MAX_JSON_DEPTH == 16
    assert json_object(b'{"a":' + b"[" * 15 + b"]" * 15 + b"}")["a"]
    with pytest.raises(EncodingError, match="nested too deeply"):
        json_object(b'{"a":' + b"[" * 16 + b"]" * 16 + b"}")


def test_brackets_closed_before_make_nothing_deeper() -> None:
    """A7: sixteen levels are read, however many brackets were closed before."""
    siblings = b"[]," * 40
    deepest = b"[" * 14 + siblings + b"[]" + b"]" * 14
    assert json_object(b'{"a":' + deepest + b"}")


def test_brackets_closed_before_lend_no_depth() -> None:
    """A7: the seventeenth level is refused, however many brackets were closed before."""
    siblings = b"[]," * 40
    too_deep = b"[" * 16 + b"]" * 16
    with pytest.raises(EncodingError, match="nested too deeply"):
        json_object(b'{"a":[' + siblings + b'0],"b":' + too_deep + b"}")


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


def test_brackets_closed_before_take_no_depth_away() -> None:
    """A7: nor however deep the closed ones lay; else any depth could be written in steps."""
    too_deep = b"[" * 4 + b"[]," + b"[" * 12 + b"]" * 12 + b"]" * 4
    with pytest.raises(EncodingError, match="nested too deeply"):
        json_object(b'{"a":' + too_deep + b"}")
