"""The most expensive requests that can be found, in new good tokens.

    uv run python -m tests.benchmarks.worst_requests [--rounds 7] [--issuers 1]

Each family of shapes is searched for the request that takes the most CPU time, and what it takes is
divided by what a new good token of the same key takes (requirement W1: without a valid signature of
a trusted key at most 4, with one at most 8).
"""

import argparse
import asyncio
import json
import random
import time
from bisect import bisect
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from asgi_jwks import JWTBearerMiddleware, StaticJWKSet, TrustedIssuer
from asgi_jwks.jose.encoding import b64url_encode
from asgi_jwks.jose.json_limits import CLAIMS_LIMITS, exceeds
from asgi_jwks.jose.jws import MAX_SEARCHED_CLAIMS_BYTES
from asgi_jwks.testing import MockIssuer, SigningKey

__all__ = ["families", "main"]

MOST = 16_384
SEARCHED = MAX_SEARCHED_CLAIMS_BYTES * 3 // 4
SEED = 20_261_126

Token = Callable[[], bytes]


async def _application(_scope: Any, _receive: Any, _send: Any) -> None:
    """The application behind the middleware."""


async def _send(_message: Any) -> None:
    """The server that the answer goes to."""


def padded(text: str, fill: str, size: int) -> str:
    """Text with as many repetitions of `fill` inside as make it at most `size` long."""
    return text % (fill * max(0, (size - len(text)) // len(fill))).rstrip(",")


def fitting(text_of: Callable[[int], str]) -> str:
    """The longest of the texts that the limits of claims allow."""

    def is_refused(parts: int) -> bool:
        return exceeds(text_of(parts).encode(), CLAIMS_LIMITS) is not None

    return text_of(bisect(range(1, 1100), False, key=is_refused))


def with_late_issuer(claims: Mapping[str, object], size: int) -> Iterator[tuple[str, str]]:
    """The same payloads with `iss` at the end of the part in which a reader looks for it."""
    last = f',"iss":{json.dumps(claims["iss"])}'
    others = {name: value for name, value in claims.items() if name != "iss"}

    def late(text: str) -> str:
        return padded((text.removesuffix("}") + last).replace("%", "%%") + ',"z":"%s"}', "a", size)

    def both(text: str) -> str:
        # Others of that name behind it, so that the part behind is looked through as well.
        behind = ',"z":[' + '{"iss":""},' * 7 + '"%s"]}'
        start = text.removesuffix("}") + last
        return padded(start.replace("%", "%%") + behind, "\\n", size)

    for name, text in payloads(others, SEARCHED - len(last), finish=late):
        yield f"{name}, late iss", text
    for name, text in payloads(others, SEARCHED - len(last), finish=both):
        yield f"{name}, both sides", text


def payloads(
    claims: Mapping[str, object], size: int, *, finish: Callable[[str], str] = str
) -> Iterator[tuple[str, str]]:
    """Payloads of at most `size` characters and what `finish` adds, by the work that they cause."""
    for name, text in _plain_payloads(claims, size):
        yield name, finish(text)
    for name, text_of in _payloads_by_parts(claims, size):
        yield f"{name} within the limit", fitting(lambda n, of=text_of: finish(of(n)))  # type: ignore[misc]


def _plain_payloads(claims: Mapping[str, object], size: int) -> Iterator[tuple[str, str]]:
    good = json.dumps(claims)[:-1]
    yield "long string", padded(good + ',"x":"%s"}', "a", size)
    yield "escapes", padded(good + ',"x":"%s"}', "\\u00e9", size)
    yield "surrogate pairs", padded(good + ',"x":"%s"}', "\\ud83d\\ude00", size)
    yield "quotes", padded(good + ',"x":"%s"}', '\\"', size)
    yield "small integers", padded(good + ',"x":[%s]}', "1,", size)
    yield "long integers", padded(good + ',"x":[%s]}', "9" * 32 + ",", size)
    yield "huge integer", padded(good + ',"x":%s}', "9", size)
    yield "floats", padded(good + ',"x":[%s]}', "1.7976931348623157e308,", size)
    yield "tiny floats", padded(good + ',"x":[%s]}', "1e-400,", size)
    yield "empty arrays", padded(good + ',"x":[%s]}', "[],", size)
    yield "nested arrays", padded(good + ',"x":[%s]}', "[[[[]]]],", size)
    yield "empty objects", padded(good + ',"x":[%s]}', "{},", size)
    yield "objects", padded(good + ',"x":[%s]}', '{"a":1},', size)
    yield "short strings", padded(good + ',"x":[%s]}', '"",', size)
    yield "deep", good + ',"x":' + "[" * (size // 4) + "]" * (size // 4) + "}"
    members = ",".join(f'"{n:x}":0' for n in range((size - len(good)) // 9))
    yield "members", good + "," + members[: size - len(good) - 2].rpartition(",")[0] + "}"
    brackets = ",".join('"["' for _ in range(250))
    yield "brackets in strings", good + ',"x":[' + brackets + "]}"
    names = ",".join('{"iss":""}' for _ in range(7))
    yield "issuers inside", padded(good + ',"x":[' + names + '],"y":"%s"}', "a", size)
    escapes = good + ',"x":"' + "\\n" * 1000 + '","y":"%s"}'
    yield "escapes within the limit", padded(escapes, "a", size)
    yield "white space", good + " " * (size - len(good) - 1) + "}"
    yield "not JSON at its end", padded(good + ',"x":"%s"', "a", size)


def _payloads_by_parts(
    claims: Mapping[str, object], size: int
) -> Iterator[tuple[str, Callable[[int], str]]]:
    good = json.dumps(claims)[:-1]
    members = [f'"{n:x}":0' for n in range(1100)]
    yield "members", lambda n: good + "," + ",".join(members[:n]) + "}"
    elements: dict[str, Callable[[int], str]] = {
        "values": lambda _: '"aaaaaaa"',
        "containers": lambda _: '{"a":[1]}',
        "objects": lambda n: f'{{"{n}{"a" * (size // 230 - 24)}":1,"b":2}}',
        "escaped objects": lambda n: f'{{"{n}\U0001f600":"\\n{n}","\\n{n}b":"\u00e9{n}"}}',
    }
    before = good + ',"y":"\\ud83d\\ude00","x":['
    for name, element in elements.items():
        array = [*map(element, range(1100))]
        yield name, lambda n, array=array: before + ",".join(array[:n]) + "]}"  # type: ignore[misc]


def families(issuer: MockIssuer, generator: random.Random) -> Iterator[tuple[str, bool, Token]]:
    """Shapes of tokens: a name, whether the signature is good, and one token of it, each new."""
    key = issuer.signing_key
    header = json.dumps({"alg": "RS256", "typ": "JWT", "kid": key.kid})
    now = int(time.time())
    claims = {
        "iss": issuer.issuer,
        "sub": "auth0|7",
        "aud": issuer.audience,
        "iat": now,
        "exp": now + 3600,
        "scope": "openid read:messages",
        "client_id": "a-client",
    }
    signature = b64url_encode(generator.randbytes(256))
    # What the header, the signature and two dots leave of 16 KiB, in base64.
    room = (MOST - len(b64url_encode(header.encode())) - len(signature) - 8) * 3 // 4

    def signed(text: str) -> Token:
        def token() -> bytes:
            new = text.replace('"auth0|7"', f'"{generator.getrandbits(24)}"')
            return key.sign(header.encode(), new.encode()).encode()

        return token

    def forged(head: str, text: str) -> Token:
        start = f"{b64url_encode(head.encode())}.{b64url_encode(text.encode())}."

        def token() -> bytes:
            return (start + b64url_encode(generator.randbytes(256))).encode()

        return token

    for name, text in (*payloads(claims, room), *with_late_issuer(claims, room)):
        yield f"forged, {name}", False, forged(header, text)
        other = json.dumps({"alg": "RS256", "typ": "JWT", "kid": "unknown"})
        yield f"unknown key, {name}", False, forged(other, text)
        yield f"signed, {name}", True, signed(text)
    for name, text in payloads({"alg": "RS256", "kid": key.kid}, 6_000):
        yield f"header, {name}", False, forged(text, json.dumps(claims))
    stranger = SigningKey.generate("RS256")
    yield (
        "unknown issuer",
        False,
        lambda: stranger.sign(
            header.encode(), json.dumps({**claims, "iss": "https://evil.example/"}).encode()
        ).encode(),
    )
    yield "dots", False, lambda: b"." * MOST
    yield "long signature", False, lambda: forged(header, "{}")() + b"A" * (MOST - 1000)
    yield "no token68", False, lambda: b"a b" * (MOST // 3)


def scope_of(token: bytes) -> dict[str, Any]:
    """The ASGI scope of a request that brings the token."""
    fields = [(b"host", b"api.example.com"), (b"accept", b"*/*")]
    return {
        "type": "http",
        "method": "GET",
        "path": "/",
        "headers": [*fields, (b"authorization", b"Bearer " + token)],
    }


def guarded(issuer: MockIssuer, issuers: int) -> JWTBearerMiddleware:
    """The middleware under measurement, with the keys of `issuers` issuers at hand."""
    keys = StaticJWKSet(issuer.jwk_set())
    trusted = [TrustedIssuer(issuer=issuer.issuer, audience=issuer.audience, keys=keys)]
    for number in range(1, issuers):
        other = StaticJWKSet({"keys": [SigningKey.generate("ES256").public_jwk()]})
        name = f"https://issuer-{number}.example/"
        trusted.append(TrustedIssuer(issuer=name, audience="x", keys=other, algorithms=["ES256"]))
    return JWTBearerMiddleware(_application, *trusted)


async def cost(app: JWTBearerMiddleware, tokens: list[bytes]) -> float:
    """Seconds of CPU time for each request."""
    scopes = [scope_of(token) for token in tokens]
    start = time.process_time()
    for scope in scopes:
        await app(scope, None, _send)
    return (time.process_time() - start) / len(scopes)


async def measure(rounds: int, issuers: int) -> list[tuple[float, str, bool]]:
    """The cost of each family in new good tokens, the most expensive first."""
    generator = random.Random(SEED)
    issuer = MockIssuer()
    app = guarded(issuer, issuers)
    least: dict[tuple[str, bool], float] = {}
    unit = float("inf")
    shapes = list(families(issuer, generator))
    for _ in range(rounds):
        for name, is_signed, token in shapes:
            # Of shared machines the least is what the code takes; the unit is measured as often.
            good = [issuer.access_token(jti=str(generator.random())).encode() for _ in range(5)]
            unit = min(unit, await cost(app, good))
            spent = await cost(app, [token() for _ in range(5)])
            least[name, is_signed] = min(spent, least.get((name, is_signed), spent))
    found = [(spent / unit, name, is_signed) for (name, is_signed), spent in least.items()]
    return sorted(found, reverse=True)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--issuers", type=int, default=1)
    parser.add_argument("--top", type=int, default=15)
    arguments = parser.parse_args()
    found = asyncio.run(measure(arguments.rounds, arguments.issuers))
    for is_signed in (False, True):
        print("with a good signature" if is_signed else "without a good signature")
        shown = [row for row in found if row[2] is is_signed][: arguments.top]
        for ratio, name, _ in shown:
            print(f"  {ratio:6.2f}  {name}")


if __name__ == "__main__":
    main()
