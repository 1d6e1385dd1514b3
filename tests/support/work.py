"""The work of a request, counted from outside: no load of the machine changes it.

The model is linear. Its unit is a thousandth of one RS256 verification under 2048 bits, and its
weights say what each part costs at its dearest, in round numbers that `tests.benchmarks.
worst_requests` and `costly_json` bear out: for the shapes that cost most, what is measured and what
is counted here differ by a fifth, and for hundreds of small objects, which are counted too dear, by
a third. Whatever is done once for each request (its other fields, the answer, the event) is the
fixed part.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Final

import pytest

from asgi_jwks.jose import encoding, jws
from asgi_jwks.jose.key import VerificationKey
from asgi_jwks.tokens import verifier

__all__ = ["WEIGHTS", "Work"]

KIB: Final = 1024

WEIGHTS: Final[Mapping[str, float]] = {
    "requests": 1000,
    "verifications": 1000,
    # Bytes: of the token as it comes, looked through for its form; by SHA-256; out of base64url; in
    # search of one member; in counts of a document's parts, which are some passes; by the scanner.
    "received": 60 / KIB,
    "hashed": 30 / KIB,
    "decoded": 150 / KIB,
    "searched": 120 / KIB,
    "counted": 250 / KIB,
    "scanned": 130 / KIB,
    # What the scanner builds: dicts and lists; members; strings and numbers, names apart.
    "containers": 18,
    "members": 6,
    "values": 8,
}

_STRING: Final = re.compile(rb'"(?:[^"\\]|\\.)*+"?')


class Work:
    """Counts the parts of WEIGHTS from its making on, until the monkeypatch is undone."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.counts: Final[Counter[str]] = Counter()
        self._patch: Final = monkeypatch
        self._count_bytes(verifier, "sha256", "hashed")
        self._count_bytes(jws, "b64url_decode", "decoded")
        self._count_bytes(jws, "member_of", "searched")
        self._count_bytes(encoding, "exceeds", "counted")
        verify = VerificationKey.verify
        scan: Callable[[str], Any] = encoding._scan

        def counted_verify(key: VerificationKey, alg: str, signed: bytes, signature: bytes) -> bool:
            self.counts["verifications"] += 1
            self.counts["hashed"] += len(signed)
            return verify(key, alg, signed, signature)

        def counted_scan(text: str) -> Any:
            document = text.encode()
            self.counts["scanned"] += len(document)
            # Of a document that is broken, what is in front of the fault is less.
            outside = _STRING.sub(b"", document)
            containers = outside.count(b"{") + outside.count(b"[")
            self.counts["containers"] += containers
            self.counts["members"] += outside.count(b":")
            self.counts["values"] += outside.count(b",") + containers
            return scan(text)

        monkeypatch.setattr(VerificationKey, "verify", counted_verify)
        monkeypatch.setattr(encoding, "_scan", counted_scan)

    def _count_bytes(self, room: Any, name: str, part: str) -> None:
        run = getattr(room, name)

        def counted(data: bytes, *args: Any) -> Any:
            self.counts[part] += len(data)
            return run(data, *args)

        self._patch.setattr(room, name, counted)

    def of_one_request(self, received: int) -> float:
        """The work since the last call, as that of one request with a token of so many bytes."""
        self.counts["requests"] = 1
        self.counts["received"] = received
        done = sum(WEIGHTS[part] * count for part, count in self.counts.items())
        self.counts.clear()
        return done

    def __repr__(self) -> str:
        return json.dumps(self.counts)
