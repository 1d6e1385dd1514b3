"""One member of a large object is found without the rest being read, and never another one."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.support.examples import examples

from asgi_jwks.jose import member_scan
from asgi_jwks.jose.encoding import EncodingError, LimitError, json_object
from asgi_jwks.jose.json_limits import CLAIMS_LIMITS
from asgi_jwks.jose.member_scan import member_of

ISS = "https://issuer.example/"
MANY_NAMES = ",".join(f'"n{number}":{{"a":["{number}"]}}' for number in range(250)).encode()


@pytest.mark.parametrize(
    ("document", "text"),
    [
        (b"{}", None),
        (b'{"iss": "a"}', "a"),
        (b' \t\r\n{\n"iss"\t:\r "a" }', "a"),
        (b'{"iss": "a", "x": [1, {"iss": "b"}]}', "a"),
        (b'{"x": [1, {"iss": "b"}], "iss": "a"}', "a"),
        (b'{"act": {"iss": "b", "act": {"iss": "c"}}, "iss": "a"}', "a"),
        (b'{"x": [[{"iss": "b"}]]}', None),
        (b'{"x": "iss", "y": ["iss", "iss"], "iss": "a"}', "a"),
        (b'{"iss": "a", "iss": "b"}', "a"),
        (b'{"x": "\\"iss\\": \\"b\\"", "iss": "a"}', "a"),
        (b'{"x": "\\"iss", "iss": "a"}', "a"),
        (b'{"x": "\\\\", "iss": "a"}', "a"),
        (b'{"x": "{[{[", "y": "]}", "z": "\\"{", "iss": "a"}', "a"),
        (b'{"x": "{", "y": "a", "z": "[", "iss": "a"}', "a"),
        (b'{"x": {"y": "}"}, "iss": "a"}', "a"),
        (b'{"iss": "https:\\/\\/a.example\\u002f", "x": 1}', "https://a.example/"),
        ('{"iss": "https://é.example/"}'.encode(), "https://é.example/"),
        (b'{"iss": ""}', ""),
        (b"{" + MANY_NAMES + b',"iss":"a"}', "a"),
        # What no strict reader takes, as far as it is looked at.
        (b'{"iss": "a"', "a"),
        (b'{"iss": "a" \xff', "a"),
        (b'{"iss"\x0b: "a"}', None),
        # A name with escapes in it, which nobody writes.
        (b'{"\\u0069ss": "a"}', None),
    ],
)
def test_the_text_of_a_member_is_found_wherever_the_member_is(
    document: bytes, text: str | None
) -> None:
    """W1, E5: at the first level, and as a name."""
    assert member_of(document, "iss") == text


@pytest.mark.parametrize(
    ("document", "phrase"),
    [
        (b"", "not a JSON object"),
        (b'["iss"]', "not a JSON object"),
        (b'"iss"', "not a JSON object"),
        (b'\xef\xbb\xbf{"iss": "a"}', "not a JSON object"),
        (b'\x0b{"iss": "a"}', "not a JSON object"),
        (b'{"iss": 1}', "not a text"),
        (b'{"iss":\x0b"a"}', "not a text"),
        (b'{"iss": null}', "not a text"),
        (b'{"iss": {"a": "b"}}', "not a text"),
        (b'{"iss":', "not a text"),
        (b'{"iss": "a', "not a text"),
        (b'{"iss": "a\nb"}', "not a text"),
        (b'{"iss": "\\x"}', "not a text"),
        (b'{"x": "a"iss": "b"}', "not JSON"),
    ],
)
def test_of_anything_else_nothing_is_found(document: bytes, phrase: str) -> None:
    """W1"""
    with pytest.raises(EncodingError, match=f"^{phrase}$"):
        member_of(document, "iss")


def of(before: bytes) -> str | None:
    return member_of(b'{"x":[' + before + b'],"iss":"a"}', "iss")


@pytest.mark.parametrize(
    ("most", "filling", "phrase"),
    [
        (2045, lambda n: b",".join([b'"b"'] * n), "too many values"),
        (2045, lambda n: b",".join([b"[]"] * n), "too many values"),
        (513, lambda n: b",".join([b'"]",[]'] * n), "too many strings with brackets"),
        (1024, lambda n: b'"' + b"\\n" * n + b'"', "too many escapes"),
        (7, lambda n: b",".join([b'{"iss":1}'] * n), "too many members iss"),
    ],
    ids=["values", "containers", "brackets in strings", "escapes", "members of the name"],
)
def test_there_are_limits_to_how_much_is_looked_through(
    most: int, filling: Callable[[int], bytes], phrase: str
) -> None:
    """W2: more is not counted, nor taken apart."""
    assert of(filling(most)) == "a"
    with pytest.raises(LimitError, match=f"^{phrase}$"):
        of(filling(most + 1))


@pytest.mark.parametrize(("brackets", "is_found"), [(4096, True), (4097, False)])
def test_four_thousand_and_ninety_six_quotes_and_brackets_are_counted(
    brackets: int, is_found: bool
) -> None:
    """W2: that many, and not one more."""
    document = b'{"x":"' + b"[" * (brackets - 5) + b'","iss":"a"}'
    # Those of the name itself are not in front of it.
    assert sum(map(document[: document.index(b'"iss"')].count, (b'"', b"{", b"["))) == brackets
    if is_found:
        assert member_of(document, "iss") == "a"
    else:
        with pytest.raises(LimitError, match=r"^too many values$"):
            member_of(document, "iss")


def test_what_the_claims_may_hold_is_not_too_much() -> None:
    """W2: an object at any of CLAIMS_LIMITS is looked through."""
    names = ",".join(f'"{number}":"a"' for number in range(CLAIMS_LIMITS.members - 2))
    arrays = ",".join(["[]"] * (CLAIMS_LIMITS.containers - 2))
    texts = ",".join(['"b"'] * (CLAIMS_LIMITS.values - 6))
    for claims in (f'{names},"x":[]', f'"x":[{arrays}]', f'"x":[{texts}]'):
        document = f'{{{claims},"iss":"a"}}'.encode()
        assert json_object(document, CLAIMS_LIMITS)["iss"] == "a"
        assert member_of(document, "iss") == "a"


MUCH = 10_752
FAR = b'{"x":"' + b"a" * MUCH + b'",'


@pytest.mark.parametrize(
    ("document", "text"),
    [
        (FAR + b'"iss":"a"}', "a"),
        (FAR + b'"iss" :\n"a" } ', "a"),
        (FAR + b'"iss":"a","y":[{"iss":"b"}],"z":"]}"}', "a"),
        (FAR + b'"y":{"iss":"b","act":{"iss":"c"}},"iss":"a"}', "a"),
        (FAR + b'"y":"iss","iss":"a"}', "a"),
        (FAR + b'"y":["iss"],"iss":"a"}', "a"),
        (FAR + b'"y":"\\"iss\\":","iss":"a"}', "a"),
        (FAR + b'"iss":"a","y":"\\\\","z":"{\\"iss\\":1"}', "a"),
        (FAR + b'"y":{"iss":"b"}}', None),
        (FAR + b'"x\\"iss":"b"}', None),
        (FAR + b'"x\\\\\\"iss":"b"}', None),
        (b'{"x":[' + b'"[",' * 2700 + b'1],"iss":"a"}', "a"),
        # More escapes than are looked through, which stand in front of it.
        (b'{"x":"' + b"\\n" * 5400 + b'","iss":"a"}', "a"),
        (FAR + b'"y":"iss"}', None),
        (FAR + b'"\\u0069ss":"a"}', None),
        # The one that is far behind is not the token's, which is near its start.
        (b'{"iss":"a",' + FAR[1:] + b'"act":{"iss":"b"}}', "a"),
        (b'{"iss":"a",' + FAR[1:] + b'"act":{"iss":"b","iss":"c","iss":"d","iss":"e"}}', "a"),
        # The first quote of all that are far behind is a character of a text.
        (b'{"x":"' + b"a" * MUCH + b'\\"iss\\\\\\"iss","iss":"a"}', "a"),
    ],
)
def test_a_member_far_behind_the_start_is_found_from_the_end(
    document: bytes, text: str | None
) -> None:
    """W1, E5: whatever stands in front of it."""
    assert member_of(document, "iss") == text


@pytest.mark.parametrize("behind", range(MUCH - 6, MUCH + 3))
def test_no_place_is_left_out_between_both_sides(behind: int) -> None:
    """W1"""
    document = b'{"x":"' + b"\\n" * 500 + b"a" * (behind - 1008) + b'","iss":"a","y":{"iss":"b"}}'
    assert document.index(b'"iss":"a"') == behind
    assert member_of(document, "iss") == "a"


def test_the_members_of_that_name_near_the_end_are_few() -> None:
    """W2: three; then those near the start are looked at."""
    others = b",".join([b'"y":{"iss":"b"}'] * 3)
    assert member_of(FAR + b'"iss":"a",' + others[16:] + b"}", "iss") == "a"
    assert member_of(FAR + b'"iss":"a",' + others + b"}", "iss") is None
    assert member_of(b'{"iss":"c",' + FAR[1:] + b'"z":{"iss":"a"},' + others + b"}", "iss") == "c"


@pytest.mark.parametrize(("behind", "text"), [(MUCH - 1, "a"), (MUCH, None), (MUCH + 1, None)])
def test_a_member_is_near_the_start_or_near_the_end_and_not_both(
    behind: int, text: str | None
) -> None:
    """W2: what was looked through from the end is not looked through again."""
    document = b'{"x":"' + b"a" * (behind - 8) + b'","iss":"a"' + b',"y":{"iss":"b"}' * 3 + b"}"
    assert document.index(b'"iss":"a"') == behind
    assert member_of(document, "iss") == text


def test_a_long_text_is_not_found() -> None:
    """W2: an issuer identifier is a URL of up to 2,048 characters."""
    fits = "a" * 4094
    assert member_of(f'{{"iss":"{fits}"}}'.encode(), "iss") == fits
    with pytest.raises(EncodingError, match="not a text"):
        member_of(f'{{"iss":"{fits}a"}}'.encode(), "iss")
    # The piece that is read may end within a character.
    assert member_of(f'{{"iss":"a","x":"{"é" * 4000}"}}'.encode(), "iss") == "a"
    assert member_of(f'{{"iss":"b","xy":"{"é" * 4000}"}}'.encode(), "iss") == "b"


TEXTS = st.text(st.sampled_from('a"\\{}[]:,é\n😀') | st.characters(codec="utf-8"), max_size=8)
NAMES = st.sampled_from(["iss", "x", '"iss"', 'x"iss', '\\"iss', "iss\\", "is", "{iss"]) | TEXTS
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.just("iss") | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=12,
)
OBJECTS = st.dictionaries(NAMES, VALUES, max_size=5)


# Where the part that is looked through from its end begins: in most documents behind their end.
BOUNDS = st.just(10_752) | st.integers(0, 60)


def member_of_bounded(document: bytes, bound: int) -> str | None:
    """The `iss` of a document that is looked through from its end behind `bound` bytes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(member_scan, "_LOOKED_AT_FROM_THE_START", bound)
        return member_of(document, "iss")


@examples(900)
@given(
    value=OBJECTS,
    is_ascii=st.booleans(),
    separators=st.sampled_from([(",", ":"), (", ", ": "), (" ,\n", "\t: ")]),
    bound=BOUNDS,
)
def test_both_readers_find_the_same_text(
    value: dict[str, Any], is_ascii: bool, separators: tuple[str, str], bound: int
) -> None:
    """E5, D2: of every object, in whatever spelling, from its start and from its end."""
    document = json.dumps(value, ensure_ascii=is_ascii, separators=separators).encode()
    strict = json.loads(document)
    assert json_object(document, CLAIMS_LIMITS) == strict
    assume(document.count(b'"iss"') <= 3)
    if isinstance(strict.get("iss", ""), str):
        assert member_of_bounded(document, bound) == strict.get("iss")
    else:
        with pytest.raises(EncodingError):
            member_of_bounded(document, bound)


@examples(900)
@given(
    value=OBJECTS,
    place=st.integers(0, 200),
    piece=st.sampled_from(['"', "\\", "{", "}", "x", '"iss":"b"', ',"iss":"b"']),
    bound=BOUNDS,
)
def test_no_text_is_found_but_that_of_a_strict_reader(
    value: dict[str, Any], place: int, piece: str, bound: int
) -> None:
    """E5, A8: in documents that are not quite JSON as well."""
    text = json.dumps(value)
    document = (text[:place] + piece + text[place:]).encode()
    try:
        found = member_of_bounded(document, bound)
    except EncodingError:
        found = None
    try:
        strict = json_object(document, CLAIMS_LIMITS)
    except EncodingError:
        return
    assert found in (None, strict.get("iss"))


def test_the_work_is_some_passes_over_the_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """W1, W2: and one text is built, whatever else the object holds."""
    scanned: list[str] = []
    scan = json.JSONDecoder().raw_decode

    def noted(text: str) -> Any:
        scanned.append(text)
        return scan(text)

    monkeypatch.setattr("asgi_jwks.jose.member_scan._scan_string", noted)
    for filling in (b"1,", b"[],", b'{"a":1},', b'"[",', b'"\\n",', b"9" * 32 + b","):
        document = b'{"iss":"' + ISS.encode() + b'","x":[' + filling * (12_000 // len(filling))
        scanned.clear()
        assert member_of(document, "iss") == ISS
        assert [len(text) <= 4096 for text in scanned] == [True]
