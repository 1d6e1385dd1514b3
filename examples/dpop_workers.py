"""DPoP on several workers: a proof that one has taken is refused by all.

What differs from `dpop.py`: the workers share a store of used proofs. In production it is
`RedisReplayStore(redis.asyncio.Redis(...))`; here it is a dict, which is what the tests of an
application need. It prints:

    without a store: 200 200
    with a store: 200 401
    while the store is down: 503
"""

import time

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from asgi_jwks import DPoP, JWTBearerMiddleware, ReplayStore, StaticJWKSet
from asgi_jwks.testing import MockIssuer, ProofKey

ORIGIN = "https://api.example.com"
issuer = MockIssuer()


class SharedStore:
    """Used proofs by the digest of key and jti, each until it could not pass any more."""

    def __init__(self) -> None:
        self.until: dict[bytes, float] = {}
        self.is_down = False

    async def first_use(self, key: bytes, ttl: float) -> bool:
        """One step: nothing else runs between the look and the note. An exception is a 503."""
        if self.is_down:
            raise ConnectionError
        now = time.monotonic()
        is_first = self.until.get(key, now) <= now
        self.until[key] = max(self.until.get(key, now), now + ttl)
        return is_first


async def hello(request: Request) -> PlainTextResponse:
    return PlainTextResponse(f"hello {request.user.identity}")


def worker(store: ReplayStore | None) -> TestClient:
    """One of several processes of the API."""
    app = JWTBearerMiddleware(
        Starlette(routes=[Route("/hello", hello)]),
        issuer=issuer.issuer,
        audience=issuer.audience,
        keys=StaticJWKSet(issuer.jwk_set()),
        dpop=DPoP(public_origin=ORIGIN, replay_store=store),
    )
    return TestClient(app, base_url=ORIGIN)


if __name__ == "__main__":
    key = ProofKey()
    token = issuer.access_token(cnf=key.confirmation)
    store = SharedStore()
    for name, shared in {"without a store": None, "with a store": store}.items():
        workers = [worker(shared) for _ in range(2)]
        request = key.headers("GET", f"{ORIGIN}/hello", token)
        answers = [client.get("/hello", headers=request) for client in workers]
        print(f"{name}:", *(answer.status_code for answer in answers))
    store.is_down = True
    answer = worker(store).get("/hello", headers=key.headers("GET", f"{ORIGIN}/hello", token))
    print("while the store is down:", answer.status_code)
