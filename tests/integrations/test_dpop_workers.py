"""DPoP on four workers of a real server: nonces agree, and proofs are used once by Redis."""

import asyncio
import importlib.util
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.support.examples import only_in_ci
from tests.support.redis_server import redis_server
from tests.support.servers import Server, running

from asgi_jwks.testing import DPoPAuth, MockIssuer, ProofKey, SigningKey

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(
        importlib.util.find_spec("redis") is None, reason="redis is in the extra `redis`"
    ),
]

UVICORN = Server(
    "uvicorn, four workers",
    ("uvicorn",),
    "uvicorn --host 127.0.0.1 --port {port} --workers 4 --log-level warning app:app",
)
ORIGIN = "https://api.example.com"
KEY = SigningKey.generate("RS256", kid="k1")
ISSUER = MockIssuer(key=KEY)
CLIENT = ProofKey()

# The fields of each answer name the worker: the kernel chooses one for each connection.
PROGRAM = """
import os
import redis.asyncio
from asgi_jwks import DPoP, DPoPNonces, JWTBearerMiddleware, StaticJWKSet
from asgi_jwks.integrations.redis import RedisReplayStore

store = {store}

async def hello(scope, receive, send):
    fields = [(b"x-worker", str(os.getpid()).encode())]
    await send({{"type": "http.response.start", "status": 200, "headers": fields}})
    await send({{"type": "http.response.body", "body": b"hello"}})

app = JWTBearerMiddleware(
    hello,
    issuer={issuer!r},
    audience={audience!r},
    keys=StaticJWKSet({keys!r}),
    public_paths=["/"],
    dpop=DPoP(
        public_origin={origin!r},
        nonces=DPoPNonces("Zp4Yq0c3Vn8xT1sK7uWm2rBd6eHf9jLa"),
        replay_store=store,
    ),
)
"""


def program(store: str) -> str:
    return PROGRAM.format(
        store=store,
        issuer=ISSUER.issuer,
        audience=ISSUER.audience,
        keys=ISSUER.jwk_set(),
        origin=ORIGIN,
    )


@pytest.fixture
def anyio_backend() -> str:
    """redis-py knows asyncio alone."""
    return "asyncio"


class AtOrigin(httpx.AsyncHTTPTransport):
    """Requests for the public origin, sent to the server; each by a connection of its own."""

    def __init__(self, url: str) -> None:
        super().__init__(limits=httpx.Limits(max_keepalive_connections=0))
        self._url = httpx.URL(url)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url.copy_with(scheme="http", host=self._url.host, port=self._url.port)
        sent = httpx.Request(request.method, url, headers=request.headers, stream=request.stream)
        sent.extensions = request.extensions
        return await super().handle_async_request(sent)


async def replayed_everywhere(url: str, token: str) -> tuple[Counter[int], int]:
    """A good request, sent again forty times: the statuses, and how many workers answered 200."""
    async with httpx.AsyncClient(
        transport=AtOrigin(url), base_url=ORIGIN, auth=DPoPAuth(token, CLIENT)
    ) as client:
        # The first question opens a connection, which may take longer than the deadline.
        for _ in range(30):
            first = await client.get("/hello")
            if first.status_code != 503:
                break
        assert first.status_code == 200
        fields: Any = {name: first.request.headers[name] for name in ("authorization", "dpop")}
        answers = [await client.get("/hello", headers=fields, auth=None) for _ in range(40)]
        # A nonce that one worker has told is good at all.
        # All at once: one worker that is idle would answer them in turn. And again: the others
        # open their connections to Redis, which may take longer than the deadline.
        fresh: list[httpx.Response] = []
        for _ in range(20):
            fresh += await asyncio.gather(*(client.get("/hello") for _ in range(20)))
            if len({a.headers["x-worker"] for a in fresh if a.status_code == 200}) >= 2:
                break
        assert {answer.status_code for answer in fresh} <= {200, 503}
        assert not any(answer.history for answer in fresh)
    workers = {a.headers["x-worker"] for a in (*answers, *fresh) if a.status_code == 200}
    return Counter(answer.status_code for answer in answers), len(workers)


async def until_several_answer(url: str) -> None:
    """The first worker answers while the others are still starting."""
    workers: set[str] = set()
    async with httpx.AsyncClient(transport=AtOrigin(url), base_url=ORIGIN) as client:
        for _ in range(1000):
            answers = await asyncio.gather(*(client.get("/") for _ in range(8)))
            workers |= {answer.headers["x-worker"] for answer in answers}
            if len(workers) >= 3:
                return
            await asyncio.sleep(0.01)


@only_in_ci()
async def test_four_workers_agree_on_nonces_and_share_used_proofs(tmp_path: Path) -> None:
    """I12, I14: with Redis no replay passes at any worker; without it, once at each at most."""
    token = ISSUER.access_token(cnf=CLIENT.confirmation)
    with redis_server("redis-server", tmp_path, appends=True) as redis:
        client = f"redis.asyncio.Redis(port={redis.port})"
        shared = program(f"RedisReplayStore({client}, survives_restarts=True)")
        folder = tmp_path / "shared"
        folder.mkdir()
        with running(UVICORN, folder, program=shared) as server:
            server.wait_until_it_answers()
            await until_several_answer(server.url)
            statuses, workers = await replayed_everywhere(server.url, token)
            # On a busy machine an answer of Redis may be late.
            assert statuses[401] + statuses[503] == 40
            assert statuses[401] > 0
            assert workers >= 2, "one worker alone has answered: this proves nothing"
    folder = tmp_path / "alone"
    folder.mkdir()
    with running(UVICORN, folder, program=program("None")) as server:
        server.wait_until_it_answers()
        statuses, _ = await replayed_everywhere(server.url, token)
        assert statuses[200] <= 3
        assert statuses[200] + statuses[401] == 40
