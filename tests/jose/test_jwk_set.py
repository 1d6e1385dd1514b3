"""A document is a key set with the reasons for what it leaves out, or it is refused as a whole."""

import itertools
import json
from collections.abc import Callable, Generator, Mapping
from typing import Any, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.examples import examples
from tests.support.immutability import assert_immutable

from asgi_jwks.errors import InvalidKeySet, InvalidToken, Reason
from asgi_jwks.jose.jwk_set import JWKSet
from asgi_jwks.jose.jwk_set_document import SplitDocument
from asgi_jwks.jose.key import symmetric_key
from asgi_jwks.jose.skip_reason import SkipReason
from asgi_jwks.jose.usable_keys import MAX_DOCUMENT_BYTES, MAX_KEYS, SkippedKey

JWKFor = Callable[..., dict[str, Any]]
Result = TypeVar("Result")

few = examples(100)


def refusal_of(document: bytes | str | Mapping[str, Any]) -> str:
    with pytest.raises(InvalidKeySet) as caught:
        JWKSet.parse(document)
    return str(caught.value)


def reason_of(keys: JWKSet, kid: str | None, algorithm: str) -> tuple[Reason, str]:
    assert keys.find(kid, algorithm) is None
    with pytest.raises(InvalidToken) as caught:
        keys.select(kid, algorithm)
    assert caught.value.detail is not None
    return caught.value.reason, caught.value.detail


def test_bytes_text_and_mapping_are_read_alike(jwk_for: JWKFor) -> None:
    document = {"keys": [jwk_for("RS256", kid="a"), jwk_for("ES256", kid="é")]}
    for form in (document, json.dumps(document), json.dumps(document, ensure_ascii=False).encode()):
        keys = JWKSet.parse(form)
        assert keys.key_ids == ("a", "é")
        assert keys.same_keys(JWKSet.parse(document))
    assert JWKSet.parse({"keys": tuple(document["keys"])}).key_ids == ("a", "é")


def test_unusable_keys_are_skipped_and_the_reason_kept(jwk_for: JWKFor) -> None:
    """E1: the reason is kept, and the set is not refused."""
    keys = JWKSet.parse(
        {
            "keys": [
                jwk_for("RS256", kid="enc", use="enc"),
                "not a key",
                jwk_for("RS256", kid="good"),
                {"kty": "oct", "k": "AAAA", "kid": "secret"},
                jwk_for("RS256", kid=7),
                None,
            ],
            "public_cert": {"kid": "good"},
        }
    )
    assert keys.key_ids == ("good",)
    assert keys.skipped == (
        SkippedKey(0, "enc", SkipReason.NOT_FOR_SIGNATURES),
        SkippedKey(1, None, SkipReason.NOT_AN_OBJECT),
        SkippedKey(3, "secret", SkipReason.SYMMETRIC_KEY),
        SkippedKey(4, None, SkipReason.KID_NOT_A_STRING),
        SkippedKey(5, None, SkipReason.NOT_AN_OBJECT),
    )
    assert repr(keys) == "JWKSet(1 keys, 5 skipped)"


REFUSED: dict[str, tuple[bytes | str | dict[str, Any], str]] = {
    "nothing": (b"", "not strict JSON: not JSON"),
    "HTML": (b"<!DOCTYPE html><html></html>", "not strict JSON: not JSON"),
    "half a document": (b'{"keys":[{"kty":', "not strict JSON: not JSON"),
    "not UTF-8": (b'{"keys":"\xff"}', "not strict JSON: not UTF-8"),
    "text with a surrogate": ('{"keys":"\ud800"}', "not strict JSON: not UTF-8"),
    "a list": (b"[]", "not strict JSON: not a JSON object"),
    "null": (b"null", "not strict JSON: not a JSON object"),
    "a name twice": (b'{"keys":[],"keys":[]}', "a member name occurs twice"),
    "an empty object": (b"{}", "no 'keys' array"),
    "an empty mapping": ({}, "no 'keys' array"),
    "null keys": (b'{"keys":null}', "no 'keys' array"),
    "keys as an object": (b'{"keys":{"kid":{}}}', "no 'keys' array"),
    "keys as text": ({"keys": "RSA"}, "no 'keys' array"),
    "an error document": (b'{"error":"not_found"}', "no 'keys' array"),
    "no keys": (b'{"keys":[]}', "'keys' array is empty"),
    "no usable key": (
        b'{"keys":[{"kty":"oct","k":"AA"},{"kty":"oct","k":"AA"},{"kty":"EC","crv":"P-192"},1]}',
        "no key that can verify signatures: skipped 1 x not_an_object, 2 x symmetric_key,"
        " 1 x unsupported_curve",
    ),
}


@pytest.mark.parametrize(("document", "sentence"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_key_set_is_refused_with_a_sentence(
    document: bytes | str | dict[str, Any], sentence: str
) -> None:
    """F8: answers that are not a key set."""
    assert sentence in refusal_of(document)


def test_a_map_of_certificates_is_named_as_such() -> None:
    certificate = "-----BEGIN CERTIFICATE-----\nMIID\n-----END CERTIFICATE-----\n"
    assert "X.509 certificates, not a JWK Set" in refusal_of({"a": certificate, "b": certificate})
    assert "no 'keys' array" in refusal_of({"a": certificate, "b": 1})


def test_metadata_in_the_place_of_the_key_set_are_named_as_such() -> None:
    """F22: the URL of the discovery document as jwks_uri."""
    metadata = {"issuer": "https://a.example", "jwks_uri": "https://a.example/keys"}
    assert "is the issuer's metadata" in refusal_of(metadata)


def test_a_key_set_has_up_to_512_keys_in_512_kibibytes() -> None:
    """E1: the numbers that SECURITY.md promises."""
    assert (MAX_KEYS, MAX_DOCUMENT_BYTES) == (512, 512 * 1024)


def test_a_document_is_read_up_to_its_limit(jwk_for: JWKFor) -> None:
    """A7, E1, F8: 512 KiB; a larger one is refused."""
    document = json.dumps({"keys": [jwk_for("RS256")]})
    at_limit = document + " " * (MAX_DOCUMENT_BYTES - len(document))
    assert len(JWKSet.parse(at_limit).keys) == 1
    assert "larger than 524288 bytes" in refusal_of(at_limit + " ")
    assert "larger than 524288 bytes" in refusal_of((at_limit + " ").encode())


@pytest.mark.parametrize("form", [dict, json.dumps])
def test_the_first_512_usable_keys_are_kept_and_the_rest_is_said_once(
    jwk_for: JWKFor, form: Callable[[Any], Any]
) -> None:
    """E1: more keys than are kept are skipped, and the set is not refused."""
    jwks = [jwk_for("EdDSA", kid=f"{n}") for n in range(MAX_KEYS + 3)]
    jwks[3:3] = [{"kty": "new"}, {"kty": "oct"}]
    keys = JWKSet.parse(form({"keys": jwks[: MAX_KEYS + 2]}))
    assert (len(keys.keys), len(keys.skipped)) == (MAX_KEYS, 2)
    keys = JWKSet.parse(form({"keys": [*jwks, {"kty": "new"}]}))
    assert keys.key_ids == tuple(map(str, range(MAX_KEYS)))
    assert keys.skipped[2:] == (SkippedKey(MAX_KEYS + 2, None, SkipReason.TOO_MANY_KEYS, 4),)


UNREADABLE: dict[str, tuple[str, SkipReason]] = {
    "a duplicate member": ('{"kid":"a","kid":"b"}', SkipReason.DUPLICATE_MEMBER),
    "a duplicate member inside": ('{"a":[{"b":1,"b":2}]}', SkipReason.DUPLICATE_MEMBER),
    "a deep key": ('{"a":' + "[" * 16 + "]" * 16 + "}", SkipReason.TOO_COMPLEX),
    "a bottomless key": ('{"a":' + "[" * 90_000 + "]" * 90_000 + "}", SkipReason.TOO_COMPLEX),
    "a bottomless list": ("[" * 90_000 + "]" * 90_000, SkipReason.NOT_AN_OBJECT),
    "many members": (
        "{" + ",".join(f'"m{n}":1' for n in range(65)) + "}",
        SkipReason.TOO_COMPLEX,
    ),
    "many values": ('{"x5c":[' + '"",' * 40_000 + '""]}', SkipReason.TOO_COMPLEX),
    "a long number": ('{"a":' + "1" * 5000 + "}", SkipReason.TOO_COMPLEX),
    "a lone surrogate": (r'{"kid":"\ud800"}', SkipReason.MALFORMED_MEMBER),
    "an array": ('[{"kty":"RSA"}]', SkipReason.NOT_AN_OBJECT),
    "an empty array": ("[]", SkipReason.NOT_AN_OBJECT),
    "an array of a number": ("[0]", SkipReason.NOT_AN_OBJECT),
    "a number": ("0", SkipReason.NOT_AN_OBJECT),
    "a string of brackets": (r'"[{]]}\"]}"', SkipReason.NOT_AN_OBJECT),
    "an empty object": ("{}", SkipReason.MISSING_MEMBER),
}


@pytest.mark.parametrize(("key", "reason"), UNREADABLE.values(), ids=UNREADABLE)
@pytest.mark.parametrize("space", ["", " \n"])
def test_a_key_that_cannot_be_read_is_skipped_and_the_others_are_not(
    jwk_for: JWKFor, key: str, reason: SkipReason, space: str
) -> None:
    """E1: duplicate and too deep members concern the key that has them."""
    good = jwk_for("ES256", kid=r'a]}"\{')
    document = f'{{"keys":[{space}{key}{space},{space}{json.dumps(good)}{space},{key}]}}'
    keys = JWKSet.parse(document)
    assert keys.key_ids == (good["kid"],)
    assert [(skipped.index, skipped.reason) for skipped in keys.skipped] == [
        (0, reason),
        (2, reason),
    ]


@pytest.mark.parametrize(
    "key",
    [
        "{",
        "}",
        '{"a"',
        '{"a":}',
        '{"a":1,}',
        "{'a':1}",
        '{"a":NaN}',
        '{"a":01}',
        '"',
        "{]",
        "[",
        "x",
    ],
)
def test_a_key_that_is_not_json_spoils_the_document(jwk_for: JWKFor, key: str) -> None:
    """F8: a document that was cut off or garbled is a failure, whatever keys are left in it."""
    document = f'{{"keys":[{json.dumps(jwk_for("ES256"))},{key}]}}'
    assert "not strict JSON" in refusal_of(document)


def test_a_member_beside_the_keys_is_not_read(jwk_for: JWKFor) -> None:
    """RFC 7517, section 5: additional members are ignored, however deep or many."""
    keys = json.dumps([jwk_for("ES256")])
    for other in ("[" * 90_000 + "]" * 90_000, '{"a":[' + "[0]," * 40_000 + "0]}", '"x"', "{}"):
        for document in (f'{{"a":{other},"keys":{keys}}}', f'{{"keys":{keys},"a":{other}}}'):
            assert len(JWKSet.parse(document).keys) == 1


@pytest.mark.parametrize("unit", ["{}", "[]", "1", '""', "{},1"])
def test_more_entries_than_usable_keys_could_be_are_refused(jwk_for: JWKFor, unit: str) -> None:
    """W2: the shortest usable key has 80 bytes, so that 512 KiB have room for 6,553."""
    good = json.dumps(jwk_for("EdDSA"))
    document = f'{{"keys":[{good}' + f",{unit}" * 100_000 + "]}"
    assert "too many" in refusal_of(document)
    assert len(JWKSet.parse(f'{{"keys":[{good}' + ",{}" * 8000 + "]}").skipped) == 8000


def test_a_set_is_parsed_in_many_steps_and_is_the_same(jwk_for: JWKFor) -> None:
    """W4: whoever parses on an event loop lets others run in between; the work is counted."""
    jwks = [jwk_for("RS256", kid=f"{n}") for n in range(200)]
    for document in ({"keys": jwks}, json.dumps({"keys": jwks})):
        count, keys = run(JWKSet.parse_steps(document))
        assert keys == JWKSet.parse(document)
        assert count >= 25


def run(steps: Generator[None, None, Result]) -> tuple[int, Result]:
    """The number of steps, and their result."""
    for count in itertools.count():
        try:
            next(steps)
        except StopIteration as end:
            return count, end.value
    raise AssertionError("unreachable")


json_texts = st.recursive(
    st.sampled_from(["1", "null", '"a"', r'"]\\"', r'"[\"{"', "1.5e3"]),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda v: "[" + " ,".join(v) + "]")
        | st.lists(inner, max_size=3).map(
            lambda v: "{" + ",".join(rf'"n{n}\"{{":{x}' for n, x in enumerate(v)) + " }"
        )
    ),
    max_leaves=20,
)


@few
@given(json_texts)
def test_a_document_is_taken_apart_where_json_has_its_third_level(value: str) -> None:
    """E1: brackets and quotes in strings are neither."""
    document = f'{{"keys":{value},"a":{value}}}'.encode()
    _, split = run(SplitDocument.steps(document))
    expected = json.loads(document)["keys"]
    if isinstance(expected, list):
        read = [split.read(entry) for entry in split.outer["keys"]]
        for was_read, entry in zip(read, expected, strict=True):
            assert was_read == entry or (isinstance(entry, list) and isinstance(was_read, list))


def test_no_byte_of_the_document_is_in_the_sentence() -> None:
    """B5: the kid, the kty and the like of a document are whatever its author wrote."""
    for document in ({"secret": 1}, {"keys": [{"kty": "secret", "kid": "secret"}]}):
        assert "secret" not in refusal_of(document)


def test_a_key_is_selected_by_kid_and_algorithm(jwk_for: JWKFor) -> None:
    """E4: one candidate."""
    keys = JWKSet.parse({"keys": [jwk_for("RS256", kid="a"), jwk_for("ES256", kid="b")]})
    assert keys.select("a", "RS256") is keys.keys[0]
    assert keys.find("a", "PS512") is keys.keys[0]
    assert keys.select("b", "ES256") is keys.keys[1]


def test_no_candidate_is_an_unknown_key(jwk_for: JWKFor) -> None:
    """E4: none is unknown_key, and the kid is shown escaped."""
    keys = JWKSet.parse({"keys": [jwk_for("RS256", kid="a", alg="RS256")]})
    for kid, algorithm in (("b", "RS256"), ("A", "RS256"), ("", "RS256"), ("a", "PS256")):
        assert reason_of(keys, kid, algorithm)[0] is Reason.UNKNOWN_KEY
    assert reason_of(keys, "a", "none")[0] is Reason.UNKNOWN_KEY
    assert reason_of(keys, None, "ES256") == (
        Reason.UNKNOWN_KEY,
        "none of 1 usable keys fits no kid and ES256",
    )
    assert reason_of(keys, "\n" + "x" * 5000, "RS256")[1] == (
        r"none of 1 usable keys fits kid \n" + "x" * 59 + "... and RS256"
    )


def test_a_token_with_kid_is_not_served_by_a_key_without(jwk_for: JWKFor) -> None:
    """E4: the kid is an exact match."""
    keys = JWKSet.parse({"keys": [jwk_for("RS256")]})
    assert keys.key_ids == ()
    assert reason_of(keys, "a", "RS256")[0] is Reason.UNKNOWN_KEY
    assert keys.select(None, "RS256") is keys.keys[0]


def test_a_token_without_kid_needs_exactly_one_key_for_its_algorithm(jwk_for: JWKFor) -> None:
    """E4: without kid in the token likewise."""
    jwks = [jwk_for("RS256", kid="a", alg="RS256"), jwk_for("ES256", kid="b")]
    keys = JWKSet.parse({"keys": jwks})
    assert keys.select(None, "RS256") is keys.keys[0]
    assert keys.select(None, "ES256") is keys.keys[1]
    two = JWKSet.parse({"keys": [*jwks, another_rsa_jwk(kid="c")]})
    assert reason_of(two, None, "RS256") == (
        Reason.AMBIGUOUS_KEY,
        "2 keys fit no kid and RS256",
    )
    assert two.select(None, "PS256") is two.keys[2]


def another_rsa_jwk(**members: object) -> dict[str, Any]:
    """The key of RFC 7638, section 3.1."""
    n = (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_"
        "BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0"
        "_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWh"
        "AI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
    )
    return {"kty": "RSA", "n": n, "e": "AQAB"} | members


def test_a_kid_with_two_keys_is_ambiguous(jwk_for: JWKFor) -> None:
    """E4: several are refused."""
    keys = JWKSet.parse({"keys": [jwk_for("RS256", kid="a"), another_rsa_jwk(kid="a")]})
    assert reason_of(keys, "a", "RS256") == (Reason.AMBIGUOUS_KEY, "2 keys fit kid a and RS256")
    assert keys.key_ids == ("a",)


def test_a_kid_with_keys_of_different_algorithms_is_not_ambiguous(jwk_for: JWKFor) -> None:
    """E4: what is left after the rules must be exactly one."""
    jwks = [jwk_for("RS256", kid="a", alg="RS256"), jwk_for("ES256", kid="a")]
    jwks.append(another_rsa_jwk(kid="a", alg="RSA-OAEP", use="enc"))
    keys = JWKSet.parse({"keys": jwks})
    assert keys.select("a", "RS256") is keys.keys[0]
    assert keys.select("a", "ES256") is keys.keys[1]


def test_the_same_key_listed_twice_counts_once(jwk_for: JWKFor) -> None:
    """E4: two entries of one key are no ambiguity."""
    jwks = [jwk_for("RS256", kid="a"), jwk_for("RS256", kid="a", alg="RS256", use="sig")]
    keys = JWKSet.parse({"keys": jwks})
    assert keys.select("a", "RS256") is keys.keys[0]
    assert keys.select(None, "RS256") is keys.keys[0]
    assert len(keys.keys) == 2


def test_sets_are_the_same_in_any_order_and_differ_by_any_key(jwk_for: JWKFor) -> None:
    a, b = jwk_for("RS256", kid="a"), jwk_for("ES256", kid="b")
    keys = JWKSet.parse({"keys": [a, b]})
    assert keys.same_keys(JWKSet.parse({"keys": [b, {"kty": "new"}, a, a]}))
    assert not keys.same_keys(JWKSet.parse({"keys": [a]}))
    assert not keys.same_keys(JWKSet.parse({"keys": [a, b | {"kid": "c"}]}))
    assert not keys.same_keys(JWKSet.parse({"keys": [a, b, another_rsa_jwk(kid="a")]}))
    assert keys == JWKSet.parse({"keys": [a, b]})


def test_a_set_cannot_be_changed(jwk_for: JWKFor) -> None:
    keys = JWKSet.parse({"keys": [jwk_for("RS256")]})
    with pytest.raises(AttributeError):
        keys.__setattr__("keys", ())


def test_a_shared_secret_makes_a_set_of_one() -> None:
    key = symmetric_key(bytes(range(32)), "HS256")
    keys = JWKSet((key,))
    assert keys.select(None, "HS256") is key
    assert reason_of(keys, "a", "HS256")[0] is Reason.UNKNOWN_KEY
    assert reason_of(keys, None, "HS384")[0] is Reason.UNKNOWN_KEY


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


@few
@given(st.binary(max_size=80) | st.text(max_size=80))
def test_any_bytes_are_a_key_set_or_refused(document: bytes | str) -> None:
    """F8: garbage in: our error, never another exception."""
    with pytest.raises(InvalidKeySet):
        JWKSet.parse(document)


@few
@given(st.dictionaries(st.sampled_from(["keys", "kid"]), json_values), json_values)
def test_any_json_is_a_key_set_or_refused(
    jwk_for: JWKFor, document: dict[str, Any], extra: object
) -> None:
    """F8, E1: whatever stands beside a good key."""
    with pytest.raises(InvalidKeySet):
        JWKSet.parse(json.dumps(document))
    with pytest.raises(InvalidKeySet):
        JWKSet.parse(document)
    assert len(JWKSet.parse({"keys": [extra, jwk_for("ES256")]}).keys) == 1


SHARED_SECRET = JWKSet((symmetric_key(bytes(range(32)), "HS256"),))


@pytest.mark.parametrize(
    "value",
    [SHARED_SECRET, SkippedKey(0, "a", SkipReason.UNKNOWN_KTY)],
    ids=lambda value: type(value).__name__,
)
def test_a_set_and_what_it_leaves_out_are_immutable_values(value: object) -> None:
    """Requests and threads share them."""
    assert_immutable(value)


def test_equal_sets_have_one_hash(jwk_for: JWKFor) -> None:
    document = {"keys": [jwk_for("RS256"), jwk_for("RS256", alg="RS256"), {}]}
    assert len({JWKSet.parse(document), JWKSet.parse(document)}) == 1


def test_an_algorithm_that_a_stranger_wrote_is_escaped_in_the_detail() -> None:
    """D7: no line of a log is a stranger's."""
    with pytest.raises(InvalidToken) as caught:
        SHARED_SECRET.select(None, "RS256\nroot logged in")
    assert caught.value.detail == (r"none of 1 usable keys fits no kid and RS256\nroot logged in")


def test_a_map_of_certificates_is_recognised_after_white_space() -> None:
    """F8: whoever configured Firebase's address is told which one to take."""
    certificate = "\n-----BEGIN CERTIFICATE-----\nMIID\n-----END CERTIFICATE-----"
    assert "X.509 certificates, not a JWK Set" in refusal_of({"a": certificate})
