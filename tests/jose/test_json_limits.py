"""Parts of a JSON document are counted before any is built, and counted right."""

import json
import math
import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.support.examples import examples

from asgi_jwks.jose.encoding import EncodingError, LimitError, json_object
from asgi_jwks.jose.json_limits import (
    CLAIMS_LIMITS,
    DOCUMENT_LIMITS,
    HEADER_LIMITS,
    JWK_LIMITS,
    JWK_SET_LIMITS,
    MAX_JSON_DEPTH,
    UNVERIFIED_CLAIMS_LIMITS,
    JSONLimits,
    exceeds,
)

many = examples(400)
SMALL = JSONLimits(members=6, containers=5, values=9, fractions=2, together=40)


class Parts:
    """A slow and obvious count: of what a JSON library has built, with the text of its numbers."""

    def __init__(self, data: bytes) -> None:
        self.numbers: list[str] = []
        self.backslashes = data.count(b"\\")
        self.members = self.objects = self.containers = self.values = self.depth = 0
        document = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=tuple,
            parse_int=self._number,
            parse_float=self._number,
            parse_constant=self._refuse,
        )
        self.document = json.loads(data)
        self._count(document, 0)

    def _number(self, text: str) -> int:
        self.numbers.append(text)
        return 0

    def _refuse(self, text: str) -> None:
        raise ValueError(text)

    def _count(self, value: Any, depth: int) -> None:
        if isinstance(value, tuple):
            # An object, as its pairs.
            if len({name for name, _ in value}) < len(value):
                raise ValueError("a name twice")
            self.objects += 1
            self.members += len(value)
            value = [member for _, member in value]
        if isinstance(value, list):
            self.depth = max(self.depth, depth + 1)
            self.containers += 1
            # An empty one counts once more, beside the place that it has in another.
            self.values += max(len(value), 1)
            for inner in value:
                self._count(inner, depth + 1)

    def within(self, limits: JSONLimits) -> bool:
        fractions = sum(text.count(".") + text.lower().count("e") for text in self.numbers)
        digits = max(
            (len(run) for text in self.numbers for run in re.findall(r"\d+", text)), default=0
        )
        together = 4 * (self.objects + self.containers) + 2 * self.members + self.values
        together += 3 * min(self.backslashes, 512)
        finite = all(math.isfinite(float(text)) for text in self.numbers)
        return (
            self.members <= limits.members
            and self.containers <= limits.containers
            and self.values <= limits.values
            and fractions <= limits.fractions
            and (limits.together is None or together <= limits.together)
            and digits <= 32
            and finite
            and self.depth <= MAX_JSON_DEPTH
        )


def verdict_of_the_oracle(data: bytes, limits: JSONLimits) -> bool:
    try:
        parts = Parts(data)
        json.dumps(parts.document, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return False
    return isinstance(parts.document, dict) and parts.within(limits)


def verdict(data: bytes, limits: JSONLimits) -> bool:
    try:
        value = json_object(data, limits)
    except EncodingError:
        return False
    assert value == json.loads(data)
    return True


texts = st.text(alphabet='[]{},:"\\.e019 \n/é😀', max_size=6)
numbers = st.sampled_from(
    [
        "0",
        "-1",
        "1.5",
        "1e5",
        "-1E-5",
        "1.5e+99",
        "1e100",
        "1E-100",
        "9" * 32,
        "9" * 33,
        "0." + "1" * 33,
    ]
)
scalars = (
    numbers
    | st.sampled_from(["true", "false", "null", "NaN"])
    | st.builds(lambda text, plain: json.dumps(text, ensure_ascii=plain), texts, st.booleans())
)
spaces = st.sampled_from(["", "", "", " ", "\n"])


def written(brackets: str) -> Any:
    def write(inner: list[str], space: str) -> str:
        return brackets[0] + space + f"{space},{space}".join(inner) + space + brackets[1]

    return write


def documents_of(values: Any, size: int) -> Any:
    names = st.builds(json.dumps, texts)
    member = st.builds(lambda name, space, value: f"{name}{space}:{value}", names, spaces, values)
    return st.builds(written("[]"), st.lists(values, max_size=size), spaces) | st.builds(
        written("{}"), st.lists(member, max_size=size), spaces
    )


nested = st.recursive(scalars, lambda inner: documents_of(inner, 4), max_leaves=12)
# Something outside, so that most are objects, and a byte or two that may break it.
documents = st.builds(
    lambda value, before, after: f'{{{before}"a":{value}}}{after}',
    nested,
    st.sampled_from(["", "", "", '"b":1,', "}", '"', "\\"]),
    st.sampled_from(["", "", "", "]", '"', "{"]),
)


@many
@given(documents)
@example('{"a":{"b":[],"c":[{}]}}')
@example('{"a":[1,1,1,1,1,1,1,1,1]}')
@example('{"a":[1,1,1,1,1,1,1,1]}')
@example('{"a":[true,false,1.5,1e5]}')
@example('{"a":[true,false,1.5,1]}')
@example('{"a":[[],[],[],1]}')
@example('{"a":[[],[],[],1],"b":""}')
@example('{"a":[[],[],[],1],"b":"\\\\n"}')
@example('{"a":[[],[],[],1],"b":"\\\\n\\\\n"}')
def test_a_document_is_read_when_a_slow_count_finds_it_within_its_limits(text: str) -> None:
    """W2: brackets, commas, colons and digits in strings count for nothing, escapes or not."""
    data = text.encode()
    assert verdict(data, SMALL) == verdict_of_the_oracle(data, SMALL)


@many
@given(st.integers(10, 22), st.lists(st.booleans(), min_size=22, max_size=22), st.booleans())
def test_depth_is_counted_whatever_else_is_there(
    depth: int, kinds: list[bool], siblings: bool
) -> None:
    """A7, D10: to the sixteenth level."""
    inner = "0"
    for is_object in kinds[: depth - 1]:
        inner = f'{{"a":{inner}}}' if is_object else f"[{'[],' * siblings}{inner}]"
    data = f'{{"a":{inner}}}'.encode()
    assert verdict(data, CLAIMS_LIMITS) == verdict_of_the_oracle(data, CLAIMS_LIMITS)
    assert siblings or verdict(data, CLAIMS_LIMITS) == (depth <= MAX_JSON_DEPTH)


@many
@given(st.binary(max_size=60) | st.text(alphabet='[]{},:"\\a1', max_size=60).map(str.encode))
def test_any_bytes_are_counted(data: bytes) -> None:
    assert verdict(data, SMALL) == verdict_of_the_oracle(data, SMALL)


NAMED = {
    "header": HEADER_LIMITS,
    "claims": CLAIMS_LIMITS,
    "unverified claims": UNVERIFIED_CLAIMS_LIMITS,
    "key": JWK_LIMITS,
    "set": JWK_SET_LIMITS,
    "document": DOCUMENT_LIMITS,
}


@pytest.mark.parametrize("limits", NAMED.values(), ids=NAMED)
@pytest.mark.parametrize("extra", [0, 1])
def test_a_document_is_read_at_each_limit_and_refused_one_beyond(
    limits: JSONLimits, extra: int
) -> None:
    """W2: the counts themselves."""
    members = {f"m{n}": None for n in range(limits.members + extra)}
    containers: list[Any] = [[]] * (limits.containers - 2 + extra)
    values = ["[{,:"] * (limits.values - 1 + extra)
    fractions = [0.5] * (limits.fractions + extra)
    for document, phrase in (
        (members, "too many members"),
        ({"a": containers}, "too many objects"),
        ({"a": values}, "too many values"),
        ({"a": fractions}, "too many fractions"),
    ):
        data = json.dumps(document).encode()
        # Where another limit is lower still, it answers first.
        if extra:
            with pytest.raises(LimitError):
                json_object(data, limits)
        elif verdict_of_the_oracle(data, limits):
            assert json_object(data, limits) == document
            continue
        assert phrase in (exceeds(data, limits) or "") or not verdict_of_the_oracle(data, limits)


def test_the_limits_of_a_token_are_those_that_are_promised() -> None:
    """W2: 32 members in a header; 256 containers and 1,024 values in claims.

    There they are 576 members and not 512: see LARGE_CLAIMS for whose tokens have more.
    """
    assert HEADER_LIMITS.members == 32
    assert (CLAIMS_LIMITS.members, CLAIMS_LIMITS.containers, CLAIMS_LIMITS.values) == (
        576,
        256,
        1024,
    )


def casdoor_permission(number: int) -> dict[str, object]:
    """A permission as Casdoor writes it into its tokens: object/permission.go."""
    return {
        "owner": "acme",
        "name": f"permission-{number:02}",
        "createdTime": "2026-01-01T00:00:00Z",
        "displayName": f"Permission {number}",
        "description": "",
        "users": None,
        "groups": ["acme/sales"],
        "roles": ["acme/clerk", "acme/manager"],
        "domains": [],
        "model": "user-model-built-in",
        "adapter": "",
        "resourceType": "Application",
        "resources": ["orders", "invoices", "customers"],
        "actions": ["Read", "Write", "Admin"],
        "effect": "Allow",
        "isEnabled": True,
        "submitter": "admin",
        "approver": "admin",
        "approveTime": "",
        "state": "Approved",
    }


KEYCLOAK = {f"client-{n:03}": {"roles": ["view", "manage"]} for n in range(120)}
LARGE_CLAIMS: dict[str, dict[str, object]] = {
    "permissions of Casdoor": {
        **{f"user{n}": "" for n in range(55)},
        "permissions": [casdoor_permission(n) for n in range(24)],
    },
    "roles of Keycloak": {"resource_access": KEYCLOAK},
    "permissions of Keycloak's Authorization Services": {
        "authorization": {
            "permissions": [
                {"rsid": f"{n:036}", "rsname": f"Resource {n}", "scopes": ["view", "edit"]}
                for n in range(105)
            ]
        }
    },
    "permissions of Auth0": {"permissions": [f"read:{n:04}" for n in range(1000)]},
    "groups of Entra": {"groups": [f"{n:036}" for n in range(200)]},
    "names in Cyrillic, each letter escaped": {"groups": ["отдел-продаж"] * 150},
}
ORDINARY = {
    "iss": "https://issuer.example/",
    "sub": "f3d1",
    "aud": ["my-api", "account"],
    "exp": 1_760_003_600,
    "iat": 1_760_000_000,
    "jti": "j1",
    "azp": "web",
    "sid": "s1",
    "acr": "1",
    "scope": "openid email profile",
    "allowed-origins": ["https://app.example.com"],
    "realm_access": {"roles": ["offline_access", "user"]},
    "name": "Jane",
    "email": "jane@example.com",
    "email_verified": True,
}


@pytest.mark.parametrize("large", LARGE_CLAIMS.values(), ids=LARGE_CLAIMS)
def test_what_providers_write_at_their_largest_is_within_the_limits(
    large: dict[str, object],
) -> None:
    """W2, P3: all of it in a token of up to 16 KiB, among ordinary claims."""
    claims = {**ORDINARY, **large}
    data = json.dumps(claims, separators=(",", ":")).encode()
    assert len(data) <= 16 * 1024
    assert json_object(data, CLAIMS_LIMITS) == claims


def test_a_document_is_not_at_all_limits_at_once() -> None:
    """W1, W2: 200 objects of two members cost more than eight good tokens."""

    def document(objects: int) -> bytes:
        return json.dumps({"a": [{f"{n}": n, "\n": 0} for n in range(objects)]}).encode()

    # Of each object: eight, two for each of two members, three for a backslash, and three values:
    # itself, and a comma twice.
    assert exceeds(document(145), CLAIMS_LIMITS) is None
    assert exceeds(document(146), CLAIMS_LIMITS) == "too much in it together"
    # However many the backslashes are, few containers stay within it.
    assert exceeds(b'{"a":"' + b"\\n" * 6000 + b'"}', CLAIMS_LIMITS) is None


def test_strings_beyond_any_count_are_refused_before_they_are_taken_apart() -> None:
    """W2: more quotes than names and values can have."""
    assert exceeds(b'"":' * 40_000, CLAIMS_LIMITS) == "too many values"


def test_brackets_that_do_not_match_are_for_the_scanner_to_refuse() -> None:
    data = b'{"a":[' + b"[]," * 20 + b"]" * 9000
    assert exceeds(data, CLAIMS_LIMITS) is None
    with pytest.raises(EncodingError, match="not JSON"):
        json_object(data, CLAIMS_LIMITS)
