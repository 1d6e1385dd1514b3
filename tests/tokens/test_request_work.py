"""No request costs more than W1 allows: in counted work, by the model of `tests.support.work`."""

import random
from collections.abc import Iterator
from typing import Any

import pytest
from tests.benchmarks.worst_requests import families, guarded, scope_of
from tests.support.costly_json import SHAPES as COSTLY
from tests.support.costly_json import varied
from tests.support.examples import some_of
from tests.support.work import Work

from asgi_jwks import JWTBearerMiddleware
from asgi_jwks.testing import MockIssuer, SigningKey, forge

# Requirement W1: without and with a valid signature of a trusted key, in new good tokens.
BARS = {False: 4.0, True: 8.0}

# The model counts hundreds of small objects a third too dear. As many as the limits of members,
# containers and values allow by themselves would be more than the first; `together` forbids them.
MANY_OBJECTS = 9.0
ROUGHLY_SIGNED = 10.0

ISSUER = MockIssuer()
STRANGER = SigningKey.generate("RS256", kid="unknown")
FORGER = SigningKey.generate("RS256", kid=ISSUER.signing_key.kid)
SHAPES = {
    name: (is_signed, token)
    for name, is_signed, token in families(ISSUER, random.Random(20_261_127))
}


@pytest.fixture
def work() -> Iterator[Work]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield Work(monkeypatch)


def send(app: JWTBearerMiddleware, token: bytes) -> int:
    """The status of the answer; 200 if the application was called.

    Nothing waits, since the keys are at hand: no event loop is needed.
    """
    sent: list[Any] = []

    async def keep(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        raise AssertionError("nothing is received")

    with pytest.raises(StopIteration):
        app(scope_of(token), receive, keep).send(None)
    return sent[0]["status"] if sent else 200


@pytest.mark.parametrize("issuers", [1, 3])
def test_no_shape_of_a_request_makes_more_work_than_is_allowed(issuers: int, work: Work) -> None:
    """W1: four times that of a new good token, or eight times under a good signature."""
    app = guarded(ISSUER, issuers)
    # Once, so that the keys at hand are known by their key ids as well.
    assert send(app, ISSUER.access_token(jti="first").encode()) == 200
    work.counts.clear()
    good = ISSUER.access_token(jti="second").encode()
    assert send(app, good) == 200
    assert work.counts["verifications"] == 1
    unit = work.of_one_request(len(good))
    dearest = {False: 0.0, True: 0.0}
    for name, (is_signed, token) in SHAPES.items():
        bad = token()
        status = send(app, bad)
        assert is_signed or status in {400, 401}, name
        ratio = work.of_one_request(len(bad)) / unit
        bar = MANY_OBJECTS if is_signed and "objects within" in name else BARS[is_signed]
        assert ratio <= bar, (name, ratio)
        dearest[is_signed] = max(dearest[is_signed], ratio)
    # The shapes do reach towards the bars: a count that misses its work would show here.
    assert dearest[False] > 2
    assert dearest[True] > 5


@pytest.mark.parametrize("issuers", [1, 3])
@pytest.mark.parametrize("name", some_of(COSTLY, *[*COSTLY][::3]))
def test_nor_does_any_neighbour_of_a_costly_document(name: str, issuers: int, work: Work) -> None:
    """W1: documents that were found by search, and changed at random, as payloads of each kind."""
    app = guarded(ISSUER, issuers)
    send(app, ISSUER.access_token(jti="first").encode())
    work.counts.clear()
    good = ISSUER.access_token(jti="second").encode()
    send(app, good)
    unit = work.of_one_request(len(good))
    chance = random.Random(20_261_128)
    claims = forge.split(ISSUER.access_token()).payload
    room = 12_000 - len(claims) - 600
    for _ in range(4):
        document = varied(COSTLY[name](room), room, chance)
        # With the claims of a good token in front of it, behind it, and without any.
        for payload in (
            claims[:-1] + b"," + document[1:],
            document[:-1] + b"," + claims[1:],
            document,
        ):
            for key in (ISSUER.signing_key, FORGER, STRANGER):
                token = key.sign({"alg": "RS256", "kid": key.kid}, payload).encode()
                work.counts.clear()
                send(app, token)
                ratio = work.of_one_request(len(token)) / unit
                bar = ROUGHLY_SIGNED if key is ISSUER.signing_key else BARS[False]
                assert ratio <= bar, (payload[:200], ratio)


@pytest.mark.parametrize("issuers", [1, 3])
def test_without_a_signature_no_large_payload_is_built(issuers: int, work: Work) -> None:
    """W1, W3: of what no key at hand signed, the header is all that is built of a large token."""
    app = guarded(ISSUER, issuers)
    send(app, ISSUER.access_token().encode())
    for name, (is_signed, token) in SHAPES.items():
        forged = token()
        if is_signed or forged.count(b".") != 2 or len(forged.split(b".")[1]) <= 4096:
            continue
        work.counts.clear()
        send(app, forged)
        assert work.counts["verifications"] <= 1, name
        assert work.counts["scanned"] <= 200, name
        assert work.counts["values"] <= 8, name
        assert work.counts["searched"] <= 12_288, name


def test_the_model_counts_a_good_token_as_it_is(work: Work) -> None:
    """W1: one verification, and each of its bytes hashed twice and decoded once."""
    app = guarded(ISSUER, 1)
    token = ISSUER.access_token(jti="new").encode()
    head, payload, signature = token.split(b".")
    assert send(app, token) == 200
    assert work.counts["verifications"] == 1
    assert work.counts["hashed"] == 2 * len(token) - len(signature) - 1
    assert work.counts["decoded"] == len(head) + len(payload) + len(signature)
    assert work.counts["searched"] == 0
    assert work.counts["members"] > 8
    assert work.counts["values"] >= work.counts["members"]
