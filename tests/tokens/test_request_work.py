"""No request costs more than W1 allows: in counted work, by the model of `tests.support.work`."""

import random
from collections.abc import Iterator
from typing import Any

import pytest
from tests.benchmarks.worst_requests import families, guarded, scope_of
from tests.support.work import Work

from asgi_jwks import JWTBearerMiddleware
from asgi_jwks.testing import MockIssuer

pytestmark = pytest.mark.anyio

# Requirement W1: without and with a valid signature of a trusted key, in new good tokens.
BARS = {False: 4.0, True: 8.0}

ISSUER = MockIssuer()
SHAPES = {
    name: (is_signed, token)
    for name, is_signed, token in families(ISSUER, random.Random(20_261_127))
}


@pytest.fixture
def work() -> Iterator[Work]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield Work(monkeypatch)


async def send(app: JWTBearerMiddleware, token: bytes) -> int:
    """The status of the answer; 200 if the application was called."""
    sent: list[Any] = []

    async def keep(message: Any) -> None:
        sent.append(message)

    await app(scope_of(token), None, keep)
    return sent[0]["status"] if sent else 200


@pytest.mark.parametrize("issuers", [1, 3])
async def test_no_shape_of_a_request_makes_more_work_than_is_allowed(
    issuers: int, work: Work
) -> None:
    """W1: four times that of a new good token, or eight times under a good signature."""
    app = guarded(ISSUER, issuers)
    # Once, so that the keys at hand are known by their key ids as well.
    assert await send(app, ISSUER.access_token(jti="first").encode()) == 200
    work.counts.clear()
    good = ISSUER.access_token(jti="second").encode()
    assert await send(app, good) == 200
    assert work.counts["verifications"] == 1
    unit = work.of_one_request(len(good))
    dearest = {False: 0.0, True: 0.0}
    for name, (is_signed, token) in SHAPES.items():
        bad = token()
        status = await send(app, bad)
        assert is_signed or status in {400, 401}, name
        ratio = work.of_one_request(len(bad)) / unit
        assert ratio <= BARS[is_signed], (name, ratio)
        dearest[is_signed] = max(dearest[is_signed], ratio)
    # The shapes do reach towards the bars: a count that misses its work would show here.
    assert dearest[False] > 2
    assert dearest[True] > 5


@pytest.mark.parametrize("issuers", [1, 3])
async def test_without_a_signature_no_large_payload_is_built(issuers: int, work: Work) -> None:
    """W1, W3: of what no key at hand signed, the header is all that is built of a large token."""
    app = guarded(ISSUER, issuers)
    await send(app, ISSUER.access_token().encode())
    for name, (is_signed, token) in SHAPES.items():
        forged = token()
        if is_signed or forged.count(b".") != 2 or len(forged.split(b".")[1]) <= 4096:
            continue
        work.counts.clear()
        await send(app, forged)
        assert work.counts["verifications"] <= 1, name
        assert work.counts["scanned"] <= 200, name
        assert work.counts["values"] <= 8, name
        assert work.counts["searched"] <= 6144, name


async def test_the_model_counts_a_good_token_as_it_is(work: Work) -> None:
    """W1: one verification, and each of its bytes hashed twice and decoded once."""
    app = guarded(ISSUER, 1)
    token = ISSUER.access_token(jti="new").encode()
    head, payload, signature = token.split(b".")
    assert await send(app, token) == 200
    assert work.counts["verifications"] == 1
    assert work.counts["hashed"] == 2 * len(token) - len(signature) - 1
    assert work.counts["decoded"] == len(head) + len(payload) + len(signature)
    assert work.counts["searched"] == 0
    assert work.counts["members"] > 8
    assert work.counts["values"] >= work.counts["members"]
