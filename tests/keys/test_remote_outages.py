"""A RemoteJWKSet whose endpoint fails in every way."""

from collections.abc import Callable

import anyio
import anyio.lowlevel
import pytest
from tests.support.key_look_ups import look_up, refusal_of, refusal_or_key, seconds, ticking, warm

from asgi_jwks.errors import KeySetError, KeySetUnavailable, Reason
from asgi_jwks.events.key_set import (
    KeySetEvent,
    KeySetExpired,
    KeySetRefreshed,
    RefreshFailed,
    ServingStale,
)
from asgi_jwks.keys.remote import STARTS_IN_VAIN, RemoteJWKSet
from asgi_jwks.testing import MockIssuer

pytestmark = [pytest.mark.anyio, pytest.mark.jumping_time]


async def test_known_keys_verify_through_an_outage_and_then_503(
    keys: RemoteJWKSet, issuer: MockIssuer, told: list[KeySetEvent]
) -> None:
    """F6."""
    await warm(keys)
    issuer.jwks.fail(500)
    kid = issuer.signing_key.kid
    start = anyio.current_time()
    longest = 0.0
    while anyio.current_time() < start + 4195:
        longest = max(longest, await seconds(lambda: look_up(keys, kid)))
        await anyio.sleep(2)
    assert longest <= 1
    await anyio.sleep(10)
    with pytest.raises(KeySetUnavailable, match="HTTP status 500") as unavailable:
        await look_up(keys, kid)
    assert 1 <= unavailable.value.retry_after <= 60
    kinds = [type(event) for event in told]
    assert (kinds.count(ServingStale), kinds.count(KeySetExpired)) == (1, 1)
    assert issuer.jwks.count < 80

    issuer.jwks.recover()
    await anyio.sleep(61)
    assert (await look_up(keys, kid)).kid == kid
    assert isinstance(told[-1], KeySetRefreshed)


async def test_during_an_outage_fetches_follow_the_backoff_not_the_requests(
    keys: RemoteJWKSet, issuer: MockIssuer
) -> None:
    """F6: 30 s at 200 requests per second."""
    await warm(keys)
    await anyio.sleep(601)
    issuer.jwks.reset()
    issuer.jwks.fail(500)
    for _ in range(6000):
        await look_up(keys, issuer.signing_key.kid)
        await anyio.sleep(0.005)
    assert 4 <= issuer.jwks.count <= 6


async def test_an_unknown_key_id_during_an_outage_is_refused_at_once(
    keys: RemoteJWKSet, issuer: MockIssuer
) -> None:
    """F3, F6: its failed refetch is given back."""
    await warm(keys)
    issuer.jwks.fail(500)
    assert await refusal_of(keys, "forged") is Reason.UNKNOWN_KEY
    assert keys.health().refetch_budget == 2
    assert await seconds(lambda: refusal_of(keys, "forged")) == 0
    assert issuer.jwks.count == 2


async def test_a_cold_start_without_the_endpoint_is_503_at_once(
    keys: RemoteJWKSet, issuer: MockIssuer
) -> None:
    """F7."""
    issuer.jwks.hang()

    async def refused() -> None:
        with pytest.raises(KeySetUnavailable) as unavailable:
            await look_up(keys, issuer.signing_key.kid)
        assert unavailable.value.retry_after >= 1

    assert await seconds(refused) == pytest.approx(5, abs=0.01)
    assert await seconds(refused) == 0
    assert issuer.jwks.count == 1
    issuer.jwks.recover()
    await anyio.sleep(1.3)
    assert (await look_up(keys, issuer.signing_key.kid)).kid == issuer.signing_key.kid


BROKEN: list[Callable[[MockIssuer], None]] = [
    lambda issuer: issuer.jwks.fail(500),
    lambda issuer: issuer.jwks.fail(404),
    lambda issuer: issuer.jwks.garbage(),
    lambda issuer: issuer.jwks.document({}),
    lambda issuer: issuer.jwks.document([]),
    lambda issuer: issuer.jwks.document({"keys": None}),
    lambda issuer: issuer.jwks.document(b'{"keys": [], "keys": []}'),
    lambda issuer: issuer.jwks.document(b""),
    lambda issuer: issuer.jwks.document({"keys": [{}] * 101}),
    lambda issuer: issuer.jwks.empty(),
    lambda issuer: issuer.jwks.truncate(),
    lambda issuer: issuer.jwks.oversize(600 * 1024),
    lambda issuer: issuer.jwks.redirect(),
    lambda issuer: issuer.jwks.hang(),
]


@pytest.mark.parametrize("break_it", BROKEN)
async def test_an_answer_that_is_no_key_set_leaves_the_good_one_in_place(
    keys: RemoteJWKSet,
    issuer: MockIssuer,
    told: list[KeySetEvent],
    break_it: Callable[[MockIssuer], None],
) -> None:
    """F8: and counts as a failure."""
    await warm(keys)
    good = keys.at_hand()
    break_it(issuer)
    with pytest.raises(KeySetError):
        await keys.refresh()
    assert keys.at_hand() is good
    health = keys.health()
    assert (health.failures, health.failed_fetches, health.fetches) == (1, 1, 2)
    assert health.last_error
    assert isinstance(told[-1], RefreshFailed)
    issuer.jwks.recover()
    await keys.refresh()
    assert keys.health().failures == 0
    assert keys.health().last_error is None


async def test_starts_in_an_outage_are_as_sparing_as_requests(
    keys: RemoteJWKSet, issuer: MockIssuer
) -> None:
    """F6: a function in a cloud may be started anew for each request."""
    issuer.jwks.fail(500)
    for start in range(1, 20):
        with pytest.raises(KeySetUnavailable):
            await keys.warm()
        assert issuer.jwks.count == min(start, STARTS_IN_VAIN)
    await anyio.sleep(61)
    with pytest.raises(KeySetUnavailable):
        await keys.warm()
    assert issuer.jwks.count == STARTS_IN_VAIN + 1


async def test_retry_after_lengthens_the_backoff(keys: RemoteJWKSet, issuer: MockIssuer) -> None:
    """F11: of 429 and 503, up to five minutes."""
    for status, asked, granted in ((429, 100, 100), (503, 86400, 300), (500, 100, 1.25)):
        issuer.jwks.fail(status, retry_after=asked)
        with pytest.raises(KeySetUnavailable) as unavailable:
            await keys.refresh()
        assert unavailable.value.retry_after <= max(granted, 5)
        if granted >= 100:
            assert unavailable.value.retry_after == pytest.approx(granted)
            assert issuer.jwks.count == 1
        issuer.jwks.reset()


async def test_cache_control_brings_the_refresh_forward(
    keys: RemoteJWKSet, issuer: MockIssuer
) -> None:
    """F11."""
    issuer.jwks.cache_control = "max-age=100"
    await warm(keys)
    assert 73 <= keys.health().next_refresh_in <= 85


async def test_sets_of_different_issuers_live_and_fail_apart(issuer: MockIssuer) -> None:
    """F13."""
    other = MockIssuer(issuer="https://other.example/", algorithm="ES256")
    sets = {
        each: RemoteJWKSet(each.jwks_uri, http_client=each.http_client(), clock=ticking())
        for each in (issuer, other)
    }
    other.jwks.hang()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(refusal_or_key, sets[other], other.signing_key.kid)
        await anyio.sleep(0.1)
        assert await seconds(lambda: look_up(sets[issuer], issuer.signing_key.kid)) < 0.1
    assert await refusal_of(sets[issuer], other.signing_key.kid) is Reason.UNKNOWN_KEY
