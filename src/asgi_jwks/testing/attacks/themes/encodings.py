"""Attacks by encoding: bytes that two readers could read differently.

Bent serializations and base64url, and bent JSON under a signature by the issuer.
"""

import json
from collections.abc import Callable

from asgi_jwks.testing.attacks.attack import Attack, Target, by_token

__all__ = ["ATTACKS"]


def _form(
    name: str,
    summary: str,
    bend: Callable[[str], str],
    requirements: str = "D1",
    *,
    reason: str = "malformed",
) -> Attack:
    """A good token, written differently."""
    return by_token(name, summary, requirements, reason, lambda t: bend(t.token()))


def _payload(
    name: str, summary: str, bend: Callable[[bytes], bytes], requirements: str = "D1"
) -> Attack:
    """A token that the issuer signed over this payload, bent out of a good one."""
    return by_token(
        name,
        summary,
        requirements,
        "malformed",
        lambda t: t.signed(t.good_header(), bend(_json(t.good_claims()))),
    )


def _header(
    name: str,
    summary: str,
    bend: Callable[[bytes], bytes],
    requirements: str = "D1",
    *,
    reason: str = "malformed",
) -> Attack:
    """A token that the issuer signed with this header, bent out of a good one."""
    return by_token(
        name,
        summary,
        requirements,
        reason,
        lambda t: t.signed(bend(_json(t.good_header())), t.good_claims()),
    )


def _json(members: dict[str, object]) -> bytes:
    return json.dumps(members, separators=(",", ":")).encode()


def _with_member(member: bytes) -> Callable[[bytes], bytes]:
    """Adds a member at the end of a JSON object."""
    return lambda data: data[:-1] + b"," + member + b"}"


def _repeated(claim: str, value: str, *, first: bool) -> Callable[[bytes], bytes]:
    """Adds a second member of the same name, before or behind the good one."""
    member = f'"{claim}":{value}'.encode()
    return lambda data: (
        b"{" + member + b"," + data[1:] if first else data[:-1] + b"," + member + b"}"
    )


def _bits_that_say_nothing(token: str) -> str:
    """The same octets in base64url whose unused bits are not zero."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    # The signature of an RSA key of 2048 bits leaves 4 bits over, one of an EC key 2.
    return token[:-1] + alphabet[alphabet.index(token[-1]) ^ 1]


def _flattened(token: str) -> str:
    header, payload, signature = token.split(".")
    return json.dumps({"protected": header, "payload": payload, "signature": signature})


def _lengthened(token: str) -> str:
    """The token with as many letters before its header as make its length impossible."""
    return "A" * ((1 - len(token.partition(".")[0])) % 4) + token


def _deep(size: int) -> bytes:
    return b"[" * size + b"]" * size


def _plain_alphabet(target: Target) -> str:
    # A question mark and a tilde at the right place need the 62nd and 63rd character.
    token = target.token(filler="?~?~?~>>>???\u00ff\u00ff" * 4)
    return token.replace("-", "+").replace("_", "/")


ATTACKS = (
    _form("empty_parts", "three parts, all of them empty", lambda _: ".."),
    _form("one_part", "the payload alone", lambda token: token.split(".")[1]),
    _form("four_parts", "a fourth part", lambda token: f"{token}.e30"),
    _form("empty_fourth_part", "a dot at the end", lambda token: f"{token}."),
    _form("empty_first_part", "a dot at the beginning", lambda token: f".{token}"),
    _form("empty_header", "no header", lambda token: f".{token.partition('.')[2]}"),
    _form(
        "encrypted_token",
        "five parts: a JWE",
        lambda token: ".".join([*token.split("."), "aXY", "dGFn"]),
        "D8",
    ),
    _form(
        "json_serialization",
        "the JSON serialization",
        _flattened,
        "D8",
        reason="invalid_credentials",
    ),
    _form("padding_at_the_end", "padded base64url", lambda token: f"{token}=="),
    _form(
        "padding_in_the_middle",
        "a padded header",
        lambda token: token.replace(".", "=.", 1),
        reason="invalid_credentials",
    ),
    by_token("plain_base64", "the alphabet of plain base64", "D1", "malformed", _plain_alphabet),
    _form("unused_bits", "bits at the end that carry nothing", _bits_that_say_nothing),
    _form(
        "impossible_length",
        "a segment of a length that base64 does not have",
        _lengthened,
    ),
    _form(
        "space_in_the_signature",
        "white space inside",
        lambda token: f"{token[:-4]} {token[-4:]}",
        reason="invalid_credentials",
    ),
    _form(
        "line_break_in_the_signature",
        "a folded token",
        lambda t: f"{t[:-4]}\r\n {t[-4:]}",
        reason="invalid_credentials",
    ),
    _form(
        "dot_look_alike",
        "a percent-encoded dot",
        lambda token: token.replace(".", "%2e"),
        reason="invalid_credentials",
    ),
    _header("header_not_json", "a header that is not JSON", lambda _: b"alg=RS256"),
    _header("header_a_list", "a list for a header", lambda data: b"[" + data + b"]"),
    _header("header_a_string", "a string for a header", lambda _: b'"RS256"'),
    _header("header_null", "null for a header", lambda _: b"null"),
    _header(
        "header_empty_object",
        "an empty header",
        lambda _: b"{}",
        "D3",
        reason="algorithm_not_allowed",
    ),
    _header("header_with_bom", "a byte order mark", lambda data: b"\xef\xbb\xbf" + data),
    _header("header_in_utf16", "UTF-16", lambda data: data.decode().encode("utf-16"), "D12"),
    _header("header_in_utf32", "UTF-32", lambda data: data.decode().encode("utf-32-le"), "D12"),
    _header("header_twice", "two objects", lambda data: data + data),
    _header(
        "header_with_two_algs",
        "none first, then the right algorithm",
        lambda data: b'{"alg":"none",' + data[1:],
        "D2",
    ),
    _header(
        "header_with_two_kids",
        "two key ids",
        _with_member(b'"kid":"stranger"'),
        "D2",
    ),
    _header(
        "header_with_an_escaped_second_alg",
        "a second alg, spelt with an escape",
        _with_member(b'"\\u0061lg":"none"'),
        "D2",
    ),
    _header(
        "header_too_deep", "nested 1,000 levels deep", _with_member(b'"x":' + _deep(1000)), "D10"
    ),
    _header(
        "header_with_many_members",
        "a thousand members, small enough to be read",
        _with_member(b",".join(b'"%d":0' % number for number in range(1000))),
        "A7",
    ),
    _header("header_with_nan", "NaN", _with_member(b'"x":NaN'), "D10"),
    _payload("payload_empty", "nothing", lambda _: b""),
    _payload("payload_not_json", "no JSON", lambda _: b"sub=admin"),
    _payload("payload_a_list", "a list", lambda data: b"[" + data + b"]"),
    _payload("payload_a_string", "a string", lambda _: b'"admin"'),
    _payload("payload_a_number", "a number", lambda _: b"1"),
    _payload("payload_twice", "two objects", lambda data: data + data),
    _payload("payload_with_trailing_comma", "a comma at the end", lambda data: data[:-1] + b",}"),
    _payload("payload_with_comment", "a comment", lambda data: data + b"/* admin */"),
    _payload("payload_with_nul", "a NUL at the end", lambda data: data + b"\0"),
    _payload("payload_with_bom", "a byte order mark", lambda data: b"\xef\xbb\xbf" + data),
    _payload("payload_in_utf16", "UTF-16", lambda d: d.decode().encode("utf-16-be"), "D12"),
    _payload("payload_in_utf32", "UTF-32", lambda d: d.decode().encode("utf-32"), "D12"),
    _payload("payload_in_latin1", "invalid UTF-8", _with_member(b'"name":"Ren\xe9"'), "D12"),
    _payload(
        "payload_with_overlong_utf8", "overlong UTF-8", _with_member(b'"x":"\xc0\xaf"'), "D12"
    ),
    _payload(
        "payload_with_lone_surrogate", "half a character", _with_member(b'"x":"\\ud800"'), "D10"
    ),
    _payload(
        "payload_with_escaped_surrogates_in_a_name",
        "half a character in a name",
        _with_member(b'"\\udc00":1'),
        "D10",
    ),
    _payload(
        "payload_too_deep", "nested 2,000 levels deep", _with_member(b'"x":' + _deep(2000)), "D10"
    ),
    _payload(
        "payload_with_two_subs", "two subjects", _repeated("sub", '"admin"', first=False), "D2"
    ),
    _payload("payload_with_two_auds", "two audiences", _repeated("aud", '"x"', first=True), "D2"),
    _payload("payload_with_two_exps", "two ends", _repeated("exp", "1", first=True), "D2"),
    _payload(
        "payload_with_two_names_deep_inside",
        "a name twice, in an object inside",
        _with_member(b'"x":{"role":"user","role":"admin"}'),
        "D2",
    ),
    _payload(
        "payload_with_many_members",
        "a thousand claims, small enough to be read",
        _with_member(b",".join(b'"%d":0' % number for number in range(1000))),
        "A7",
    ),
    _payload("payload_with_nan", "NaN", _with_member(b'"x":NaN'), "D10"),
    _payload("payload_with_infinity", "minus Infinity", _with_member(b'"x":-Infinity'), "D10"),
    _payload("payload_with_huge_float", "1e999", _with_member(b'"x":1e999'), "D10"),
    _payload(
        "payload_with_huge_integer", "5,000 digits", _with_member(b'"x":' + b"9" * 5000), "D10"
    ),
    _payload("payload_with_leading_zero", "an octal number", _with_member(b'"x":017'), "D10"),
)
