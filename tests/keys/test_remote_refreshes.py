"""The refreshes of a RemoteJWKSet: one for everybody, and who waits for it."""

from collections.abc import Mapping

import anyio
import anyio.lowlevel
import pytest
from tests.support.key_look_ups import background, look_up, refusal_of, seconds, ticking, warm

from asgi_jwks.caching.freshness import Phase
from asgi_jwks.errors import KeySetUnavailable, Reason
from asgi_jwks.events.key_set import KeySetEvent, RefreshFailed, ServingStale
from asgi_jwks.fetching.response import FetchResponse
from asgi_jwks.keys.remote import RemoteJWKSet
from asgi_jwks.testing import MockIssuer

pytestmark = [pytest.mark.anyio, pytest.mark.jumping_time]


# One fetch for everybody.


async def test_500_concurrent_first_requests_make_one_fetch(
    keys: RemoteJWKSet, issuer: MockIssuer
) -> None:
    """F1."""
    found = []

    async def request() -> None:
        found.append(await look_up(keys, issuer.signing_key.kid))

    async with anyio.create_task_group() as tasks:
        for _ in range(500):
            tasks.start_soon(request)
    assert len(found) == 500
    assert issuer.jwks.count == 1


async def test_500_concurrent_requests_at_expiry_make_one_fetch(
    keys: RemoteJWKSet, issuer: MockIssuer
) -> None:
    """F1: and none of them waits longer than the endpoint takes."""
    await warm(keys)
    for age in (601, 4201):
        issuer.jwks.reset()
        issuer.jwks.delay(0.5)
        await anyio.sleep(age)
        waits: list[float] = []

        async def request(waits: list[float]) -> None:
            waits.append(await seconds(lambda: look_up(keys, issuer.signing_key.kid)))

        async with anyio.create_task_group() as tasks:
            for _ in range(500):
                tasks.start_soon(request, waits)
        assert issuer.jwks.count == 1
        assert max(waits) == pytest.approx(0.5, abs=0.05)


async def test_waiters_of_a_failed_fetch_do_not_fetch_in_turn(
    keys: RemoteJWKSet, issuer: MockIssuer
) -> None:
    """F1, F10."""
    issuer.jwks.fail(500)
    refused = []

    async def request() -> None:
        with pytest.raises(KeySetUnavailable) as unavailable:
            await look_up(keys, "any")
        refused.append(unavailable.value.retry_after)

    async with anyio.create_task_group() as tasks:
        for _ in range(100):
            tasks.start_soon(request)
    assert len(refused) == 100
    assert all(1 <= wait <= 1.25 for wait in refused)
    assert issuer.jwks.count == 1


async def test_a_cancelled_leader_does_not_cancel_the_others(
    keys: RemoteJWKSet, issuer: MockIssuer
) -> None:
    """F10."""
    issuer.jwks.delay(1)
    found = []

    async def leader() -> None:
        with anyio.move_on_after(0.1):
            await look_up(keys, issuer.signing_key.kid)

    async def follower() -> None:
        found.append(await look_up(keys, issuer.signing_key.kid))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(leader)
        tasks.start_soon(follower)
    assert len(found) == 1
    assert issuer.jwks.count == 1


async def test_a_crash_inside_a_fetch_is_a_failed_fetch() -> None:
    """F10: no waiter hangs, and the state is not poisoned."""
    good = MockIssuer(algorithm="ES256")
    crashes = [ZeroDivisionError("bug"), ExceptionGroup("bugs", [KeyError()])]

    async def fetch(url: str, headers: Mapping[str, str]) -> FetchResponse:
        if crashes:
            raise crashes[-1]
        async with good.http_client() as client:
            response = await client.get(url)
        return FetchResponse(response.status_code, response.headers, response.content)

    keys = RemoteJWKSet(good.jwks_uri, fetch=fetch, clock=ticking())
    while crashes:
        for _ in range(2):
            with pytest.raises(KeySetUnavailable, match=type(crashes[-1]).__name__):
                await look_up(keys, good.signing_key.kid)
        crashes.pop()
        await anyio.sleep(3)
    assert (await look_up(keys, good.signing_key.kid)).kid == good.signing_key.kid


# Who waits.


async def test_a_request_whose_key_is_at_hand_does_not_wait_for_a_refresh_ahead(
    keys: RemoteJWKSet, issuer: MockIssuer
) -> None:
    """F2."""
    await warm(keys)
    issuer.jwks.hang()
    await anyio.sleep(550)
    assert keys.health().phase is Phase.DUE
    assert await seconds(lambda: look_up(keys, issuer.signing_key.kid)) == 0
    await background()
    assert issuer.jwks.count == 2


async def test_past_max_age_a_request_waits_for_the_refresh_but_briefly(
    keys: RemoteJWKSet, issuer: MockIssuer, told: list[KeySetEvent]
) -> None:
    """F2: `max_wait` after the refresh began, and no request after that waits."""
    await warm(keys)
    issuer.jwks.hang()
    await anyio.sleep(601)
    assert await seconds(lambda: look_up(keys, issuer.signing_key.kid)) == pytest.approx(
        1, abs=0.01
    )
    assert await seconds(lambda: look_up(keys, issuer.signing_key.kid)) == 0
    await anyio.sleep(4.5)
    assert await seconds(lambda: look_up(keys, issuer.signing_key.kid)) == 0
    assert [type(event) for event in told[1:]] == [ServingStale, RefreshFailed]


async def test_past_max_age_a_refresh_that_began_long_before_is_not_waited_for(
    keys: RemoteJWKSet, issuer: MockIssuer
) -> None:
    """F2."""
    await warm(keys)
    issuer.jwks.hang()
    await anyio.sleep(598)
    assert keys.at_hand() is not None
    await anyio.sleep(2.5)
    assert keys.health().phase is Phase.STALE
    assert await seconds(lambda: look_up(keys, issuer.signing_key.kid)) == 0


async def test_a_refresh_ahead_keeps_the_keys_fresh(keys: RemoteJWKSet, issuer: MockIssuer) -> None:
    await warm(keys)
    for _ in range(10):
        await anyio.sleep(515)
        assert await seconds(lambda: look_up(keys, issuer.signing_key.kid)) == 0
        await background()
    assert issuer.jwks.count == 11


async def test_a_failure_of_long_ago_is_no_reason_to_serve_stale_keys(
    keys: RemoteJWKSet, issuer: MockIssuer
) -> None:
    """F5: after a quiet hour, a removed key is not accepted while the endpoint answers."""
    await warm(keys)
    issuer.jwks.fail(500, times=1)
    await anyio.sleep(550)
    old = issuer.signing_key.kid
    await look_up(keys, old)
    await background()
    issuer.swap_key()
    await anyio.sleep(3000)
    assert await refusal_of(keys, old) is Reason.UNKNOWN_KEY


async def test_where_each_loop_takes_its_refresh_with_it_not_every_request_begins_one(
    keys: RemoteJWKSet, issuer: MockIssuer
) -> None:
    """F15: as with a loop for each request; the refresh is cancelled half-way every time."""
    await warm(keys)
    issuer.jwks.hang()
    await anyio.sleep(550)
    has_to_wait = 0
    for _ in range(100):
        has_to_wait += keys.at_hand() is None
        await anyio.sleep(0.1)
        await keys.aclose()
    assert issuer.jwks.count <= 1 + 2
    # For the second one, since the first was lost.
    assert has_to_wait == 1
    await anyio.sleep(50)
    issuer.jwks.delay(0.3)
    assert await seconds(lambda: look_up(keys, issuer.signing_key.kid)) == pytest.approx(0.3, 0.1)
    assert keys.health().phase is Phase.FRESH
