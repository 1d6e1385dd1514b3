"""No document of a token makes more work than its limits say: counted, not timed."""

import contextlib
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from tests.support.costly_json import SHAPES

from asgi_jwks.errors import InvalidToken
from asgi_jwks.jose import encoding, json_limits, read_only
from asgi_jwks.jose.encoding import EncodingError, b64url_encode, json_object
from asgi_jwks.jose.json_limits import CLAIMS_LIMITS, HEADER_LIMITS, UNVERIFIED_CLAIMS_LIMITS
from asgi_jwks.jose.jws import (
    MAX_HEADER_BYTES,
    MAX_TOKEN_BYTES,
    MAX_UNVERIFIED_CLAIMS_BYTES,
    decode_header,
)

SIZES = {
    "claims": (CLAIMS_LIMITS, MAX_TOKEN_BYTES),
    "unverified claims": (UNVERIFIED_CLAIMS_LIMITS, MAX_UNVERIFIED_CLAIMS_BYTES),
    "header": (HEADER_LIMITS, MAX_HEADER_BYTES),
}


class Work:
    """Counts, from outside, of what the scanner builds: objects, members, arrays and fractions."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.scans = self.objects = self.members = self.bytes = 0
        build: Callable[[list[Any]], Any] = read_only.read_only_object
        convert: Callable[[str], float] = encoding._float_of
        self.fractions = 0

        def object_of(members: list[Any]) -> Any:
            self.objects += 1
            self.members += len(members)
            return build(members)

        def float_of(text: str) -> float:
            self.fractions += 1
            return convert(text)

        decoder = json.JSONDecoder(object_pairs_hook=object_of, parse_float=float_of)

        def scan(text: str) -> Any:
            self.scans += 1
            self.bytes += len(text.encode())
            return decoder.raw_decode(text)

        monkeypatch.setattr(encoding, "_scan", scan)


@pytest.mark.parametrize("name", SIZES)
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_what_is_built_of_a_costly_document_is_within_its_limits(
    monkeypatch: pytest.MonkeyPatch, shape: Callable[[int], bytes], name: str
) -> None:
    """W1, W2: whether it is read in the end or refused."""
    limits, size = SIZES[name]
    document = shape(size)
    assert len(document) <= size + 300
    work = Work(monkeypatch)
    with contextlib.suppress(EncodingError):
        json_object(document, limits)
    assert work.scans <= 1
    assert work.bytes <= len(document)
    assert work.objects <= limits.containers
    assert work.members <= limits.members
    assert work.fractions <= limits.fractions
    if work.scans:
        assert not re.search(rb"[:,\[][0-9]{33}", document)


@pytest.mark.parametrize("shape", ["brackets of the issue", "numbers", "empty objects", "quotes"])
def test_of_a_document_with_too_much_in_it_nothing_is_built(
    monkeypatch: pytest.MonkeyPatch, shape: str
) -> None:
    """W2: 16 KiB of brackets cost some passes over them."""
    work = Work(monkeypatch)
    document = SHAPES[shape](MAX_TOKEN_BYTES)
    with pytest.raises(EncodingError):
        json_object(document if shape != "quotes" else b"[" + document, CLAIMS_LIMITS)
    assert work.scans == (1 if shape == "quotes" else 0)
    assert work.objects == 0


def test_a_document_is_passed_over_a_bounded_number_of_times() -> None:
    """W2: the count is of C passes, and their number does not depend on the document."""

    class Octets(bytes):
        passes = 0

        def translate(self, *args: Any) -> bytes:
            Octets.passes += 1
            return Octets(super().translate(*args))

        def count(self, *args: Any) -> int:
            Octets.passes += 1
            return super().count(*args)

        def replace(self, *args: Any) -> bytes:
            Octets.passes += 1
            return Octets(super().replace(*args))

    most = 0
    for shape in SHAPES.values():
        Octets.passes = 0
        json_limits.exceeds(Octets(shape(MAX_TOKEN_BYTES)), CLAIMS_LIMITS)
        most = max(most, Octets.passes)
    assert most <= 10


def test_a_header_that_is_too_large_is_not_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    """W2: the header segment has a cap of its own."""
    work = Work(monkeypatch)
    with pytest.raises(InvalidToken, match="larger than 8192 bytes"):
        decode_header(b64url_encode(b"{}" + b" " * MAX_HEADER_BYTES).encode())
    assert work.scans == 0
