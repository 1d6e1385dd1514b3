"""Tokens that arrive together are verified together; a lone one waits for nobody."""

import asyncio
from collections.abc import Callable

import anyio
import pytest
import trio

from asgi_jwks import AccessTokenVerifier, InvalidToken, TrustedIssuer
from asgi_jwks.testing import MockIssuer, forge
from asgi_jwks.tokens.batching import Batching, yield_once

pytestmark = pytest.mark.anyio

Trusted = Callable[..., TrustedIssuer]


@pytest.fixture
def anyio_backend() -> str:
    """asyncio alone: nobody waits on trio, as a test of its own says."""
    return "asyncio"


async def asked(batching: Batching) -> bool:
    return batching.is_crowded()


async def in_one_pass(batching: Batching, count: int) -> list[bool]:
    return await asyncio.gather(*(asked(batching) for _ in range(count)))


class TestOnAsyncio:
    async def test_one_task_is_no_crowd_however_often_it_asks(self) -> None:
        batching = Batching()
        for _ in range(3):
            assert batching.is_crowded() is False
            assert batching.is_crowded() is False
            await yield_once()

    async def test_the_second_task_of_a_pass_makes_it_crowded(self) -> None:
        batching = Batching()
        assert await in_one_pass(batching, 3) == [False, True, True]

    async def test_after_a_crowded_pass_the_first_task_of_the_next_is_one_too(self) -> None:
        batching = Batching()
        await in_one_pass(batching, 2)
        assert await in_one_pass(batching, 2) == [True, True]
        assert await in_one_pass(batching, 1) == [True]
        assert await in_one_pass(batching, 1) == [False]

    async def test_a_pass_that_is_over_is_forgotten(self) -> None:
        """H4: and so is its task."""
        batching = Batching()
        batching.is_crowded()
        await yield_once()
        assert not await asyncio.create_task(asked(batching))
        await yield_once()
        assert vars(batching) == vars(Batching())


def test_a_loop_that_was_closed_within_a_pass_does_no_harm() -> None:
    """F15"""
    batching = Batching()
    loop = asyncio.new_event_loop()
    # As run_until_complete leaves it if it is interrupted: what was called soon is never called.
    coroutine = asked(batching)
    task = loop.create_task(coroutine)
    loop.call_soon(loop.stop)
    loop.run_forever()
    assert task.result() is False
    loop.close()
    assert asyncio.run(asked(batching)) is False


def test_without_an_event_loop_nobody_waits() -> None:
    assert Batching().is_crowded() is False


def test_on_trio_nobody_waits() -> None:
    """F15"""
    batching = Batching()

    async def crowd() -> None:
        async with anyio.create_task_group() as tasks:
            for _ in range(3):
                tasks.start_soon(asked_on_trio)

    async def asked_on_trio() -> None:
        assert not batching.is_crowded()

    anyio.run(crowd, backend="trio")


async def test_a_guest_of_the_loop_does_not_wait() -> None:
    """A8, F15: trio as a guest runs within asyncio's loop, and takes no bare yield."""
    batching = Batching()
    ended = asyncio.get_running_loop().create_future()

    async def guest() -> bool:
        return batching.is_crowded()

    # Crowded by tasks of asyncio's, so that the next one to ask would wait.
    await in_one_pass(batching, 2)
    await yield_once()
    trio.lowlevel.start_guest_run(
        guest,
        run_sync_soon_threadsafe=asyncio.get_running_loop().call_soon_threadsafe,
        done_callback=ended.set_result,
    )
    assert (await ended).unwrap() is False


async def test_all_signatures_of_a_pass_are_checked_before_any_request_goes_on(
    trusted: Trusted, issuer: MockIssuer, clock: Callable[[], float], checked: list[bytes]
) -> None:
    verifier = AccessTokenVerifier([trusted()], clock=clock)
    checked_by_then: list[int] = []

    async def request(token: str) -> None:
        try:
            await verifier.verify(token)
        except InvalidToken:
            assert token == forged
        checked_by_then.append(len(checked))

    forged = forge.with_flipped_signature(issuer.access_token())
    tokens = [issuer.access_token(jti=str(number)) for number in range(5)]
    await asyncio.gather(*map(request, [*tokens[:2], forged, *tokens[2:]]))
    # The first one does not know yet that it is not alone.
    # Nor does the refused one wait: it runs no application.
    assert checked_by_then == [1, 3, 6, 6, 6, 6]
    checked.clear()
    checked_by_then.clear()
    tokens = [issuer.access_token(jti=f"again {number}") for number in range(5)]
    await asyncio.gather(*map(request, tokens))
    assert checked_by_then == [5] * 5
