"""What the demands of a route cost: a policy against a plain `requires`, by turns in one process.

    uv run python -m tests.benchmarks.policies

The same remembered token is sent to each, and each round gives its own ratios, of whole requests as
they come out of the middleware: the median of the rounds is told, and the quartiles beside it.
"""

import argparse
import asyncio
import gc
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

from asgi_jwks import JWTBearerMiddleware, Requirement, StaticJWKSet, requires
from asgi_jwks.testing import MockIssuer

ISSUER = MockIssuer()
PLAIN = "requires(scope)"

READ = Requirement("orders:read")
POLICIES = {
    PLAIN: requires("orders:read"),
    "requires(READ), a value": requires(READ),
    "READ & another scope": requires(READ & Requirement("orders")),
    "READ & any_of": requires(READ & Requirement(any_of=["a", "orders"])),
    "READ & permissions, roles": requires(READ & Requirement(permissions="export", roles="clerk")),
    "READ & issuer": requires(READ & Requirement(issuer=ISSUER.issuer)),
    "READ & acr, max_age": requires(READ & Requirement(acr="mfa", max_age=86_400)),
}

Turn = Callable[[int], float]


async def _app(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"ok"})


def _turn(app: Any, **options: Any) -> Turn:
    """A turn of so many requests: the CPU time of one, in microseconds."""
    guarded = JWTBearerMiddleware(
        app,
        issuer=ISSUER.issuer,
        audience=ISSUER.audience,
        keys=StaticJWKSet(ISSUER.jwk_set()),
        **options,
    )

    async def receive() -> dict[str, Any]:
        return {"type": "http.request"}

    async def send(message: Any) -> None:
        assert message.get("status", 200) == 200, message

    async def run(scopes: list[dict[str, Any]]) -> float:
        began = time.process_time()
        for scope in scopes:
            await guarded(scope, receive, send)
        return (time.process_time() - began) * 1e6 / len(scopes)

    def turn(requests: int) -> float:
        fields = [(b"host", b"api.example.com"), (b"accept", b"*/*"), (b"authorization", FIELD)]
        scopes: list[dict[str, Any]] = [
            {"type": "http", "method": "GET", "path": "/orders", "headers": [*fields]}
            for _ in range(requests)
        ]
        return asyncio.run(run(scopes))

    return turn


FIELD = b"Bearer " + ISSUER.access_token(
    scopes="orders orders:read",
    permissions=["export"],
    roles=["clerk"],
    acr="mfa",
    auth_time=int(time.time()),
).encode("ascii")


def cases() -> Iterator[tuple[str, Turn]]:
    """The cases: nothing demanded, each policy around the application, and one of all requests."""
    yield "nothing demanded", _turn(_app)
    for name, guard in POLICIES.items():
        yield name, _turn(guard.around(_app))
    yield "requires=READ, of all requests", _turn(_app, requires=READ)


def main() -> None:
    """Print the time of a request by each policy, and its ratio to the plain demand."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=41)
    parser.add_argument("--requests", type=int, default=400, help="of a turn")
    given = parser.parse_args()
    turns = dict(cases())
    for turn in turns.values():
        turn(given.requests)
    gc.collect()
    gc.freeze()
    rounds = [
        {name: turn(given.requests) for name, turn in turns.items()} for _ in range(given.rounds)
    ]
    print(f"{'case':32} {'us':>6} {'ratio':>6}  quartiles")
    for name in turns:
        ratios = [each[name] / each[PLAIN] for each in rounds]
        low, ratio, high = statistics.quantiles(ratios, n=4)
        taken = statistics.median(each[name] for each in rounds)
        print(f"{name:32} {taken:6.2f} {ratio:6.3f}  {low:.3f} to {high:.3f}")


if __name__ == "__main__":
    main()
