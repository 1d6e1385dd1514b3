"""The most expensive JSON that a token may carry: a search over shapes, in RSA verifications.

    uv run --group bench python -m tests.benchmarks.costly_json [--rounds 40] [--seed 1]

What lives only here: the shapes, and the search that changes the dearest of them. Each document
has the decoded size that a payload or a header may have at most; its cost is CPU time of decoding
and reading it, accepted or refused, relative to one RS256 verification under 2048 bits in the same
process. What it does not know: requests; `tests/jose/test_json_work.py` holds the same shapes to
counts of work, which no load of the machine changes.
"""

import argparse
import contextlib
import gc
import random
import time
from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric import rsa
from tests.support.costly_json import SHAPES, varied

from asgi_jwks.errors import InvalidToken
from asgi_jwks.jose.encoding import b64url_encode
from asgi_jwks.jose.json_limits import UNVERIFIED_CLAIMS_LIMITS
from asgi_jwks.jose.jws import (
    MAX_HEADER_BYTES,
    MAX_TOKEN_BYTES,
    MAX_UNVERIFIED_CLAIMS_BYTES,
    decode_claims,
    decode_header,
)
from asgi_jwks.jose.key import VerificationKey

__all__ = ["main"]

_REPEATS = 7


def cpu_seconds(run: Callable[[], object]) -> float:
    """The least CPU time of one call, of a few dozen."""
    times = []
    # A collector's pauses depend on the whole process; as in timeit, they are left out.
    gc.disable()
    for _ in range(_REPEATS):
        begun = time.process_time_ns()
        for _ in range(8):
            run()
        times.append((time.process_time_ns() - begun) / 8e9)
    gc.enable()
    return min(times)


def rsa_verification() -> float:
    """CPU seconds of one RS256 verification under a key of 2048 bits."""
    private = rsa.generate_private_key(65537, 2048)
    required = {"kty": "RSA", "n": "AQAB", "e": "AQAB"}
    key = VerificationKey.of(
        private.public_key(),
        kid=None,
        algorithms=frozenset({"RS256"}),
        required_members=required,
    )
    from jwt.algorithms import RSAAlgorithm

    message = b"x" * 600
    signature = RSAAlgorithm(RSAAlgorithm.SHA256).sign(message, private)
    if not key.verify("RS256", message, signature):
        raise RuntimeError("the signature is not valid")
    return min(cpu_seconds(lambda: key.verify("RS256", message, signature)) for _ in range(20))


def outcome(read: Callable[[bytes], object], segment: bytes) -> str:
    """Whether the document is read, or the reason why not."""
    try:
        read(segment)
    except InvalidToken as refusal:
        return f"refused: {refusal.detail}"
    return "accepted"


def cost(read: Callable[[bytes], object], document: bytes) -> float:
    """CPU seconds of decoding and reading a document, whatever comes of it."""
    segment = b64url_encode(document).encode()

    def run() -> None:
        with contextlib.suppress(InvalidToken):
            read(segment)

    return cpu_seconds(run)


def unverified(segment: bytes) -> object:
    """Claims that are read before the signature is judged."""
    return decode_claims(segment, UNVERIFIED_CLAIMS_LIMITS)


def main() -> None:
    """Print the dearest documents, and the dearest that changing them has found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    chance = random.Random(arguments.seed)
    unit = rsa_verification()
    print(f"one RS256 verification: {unit * 1e6:.1f} us")
    # A token of 16 KiB has a payload of 12 KiB at most; 16 KiB are the issue's own measure.
    for name, read, size in (
        ("payload of 16 KiB", decode_claims, MAX_TOKEN_BYTES),
        ("payload of a token of 16 KiB", decode_claims, MAX_TOKEN_BYTES * 3 // 4),
        ("payload that no signature vouches for", unverified, MAX_UNVERIFIED_CLAIMS_BYTES * 3 // 4),
        ("header", decode_header, MAX_HEADER_BYTES * 3 // 4),
    ):
        found = [(cost(read, shape(size)), label, shape(size)) for label, shape in SHAPES.items()]
        for _ in range(arguments.rounds):
            found.sort(reverse=True)
            seconds, label, document = found[chance.randrange(3)]
            changed = varied(document, size, chance)
            seconds = cost(read, changed)
            if seconds > found[0][0]:
                found.append((seconds, f"{label}, changed", changed))
        found.sort(reverse=True)
        print(f"\n{name}")
        for seconds, label, document in found[:6]:
            verdict = outcome(read, b64url_encode(document).encode())
            print(f"  {seconds / unit:5.2f} x  {label:32} {len(document):6} bytes  {verdict}")


if __name__ == "__main__":
    main()
