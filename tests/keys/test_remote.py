"""RemoteJWKSet against a provider that fails in every way, in time that jumps."""

import json
from collections.abc import Awaitable, Callable, Mapping
from itertools import count
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from asgi_jwks.caching.freshness import Phase
from asgi_jwks.errors import (
    ConfigurationError,
    InvalidToken,
    KeySetError,
    KeySetUnavailable,
    Reason,
)
from asgi_jwks.events.key_set import (
    BudgetExhausted,
    KeySetEvent,
    KeySetExpired,
    KeySetRefreshed,
    RefreshFailed,
    ServingStale,
    UnknownKey,
)
from asgi_jwks.fetching.response import FetchResponse
from asgi_jwks.jose.key import VerificationKey
from asgi_jwks.keys.remote import RemoteJWKSet
from asgi_jwks.testing import MockIssuer, SigningKey

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend(
    jumping_time: tuple[str, dict[str, object]],
) -> tuple[str, dict[str, object]]:
    return jumping_time


@pytest.fixture
def keys(issuer: MockIssuer, told: list[KeySetEvent]) -> RemoteJWKSet:
    return RemoteJWKSet(
        issuer.jwks_uri,
        http_client=issuer.http_client(),
        listener=told.append,
        clock=ticking(),
    )


def ticking() -> Callable[[], float]:
    """A clock that, like any real one, has moved on a little whenever it is looked at."""
    ticks = count()
    return lambda: anyio.current_time() + next(ticks) * 1e-6


def passes() -> None:
    """A screen for tokens that would be accepted."""


def is_refused() -> None:
    """A screen for tokens that would be refused anyway."""
    raise InvalidToken(Reason.EXPIRED)


async def look_up(keys: RemoteJWKSet, kid: str | None) -> VerificationKey:
    return await keys.find(kid, "ES256", passes)


async def refusal_of(keys: RemoteJWKSet, kid: str | None) -> Reason:
    with pytest.raises(InvalidToken) as refused:
        await look_up(keys, kid)
    return refused.value.reason


async def warm(keys: RemoteJWKSet) -> None:
    """Have keys at hand that were fetched a second ago."""
    await keys.warm()
    await anyio.sleep(1)


async def seconds(of: Callable[[], Awaitable[object]]) -> float:
    start = anyio.current_time()
    await of()
    return anyio.current_time() - start


async def background() -> None:
    """Let what was started in the background come to its end."""
    await anyio.sleep(0.5)


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


# Unknown key ids.


async def test_2000_unknown_key_ids_cost_the_budget_and_disturb_nobody(
    keys: RemoteJWKSet, issuer: MockIssuer, told: list[KeySetEvent]
) -> None:
    """F3."""
    await warm(keys)
    good = keys.at_hand()
    refused = []

    async def stranger(number: int) -> None:
        refused.append(await refusal_of(keys, f"forged-{number}"))

    for batch in range(20):
        async with anyio.create_task_group() as tasks:
            for number in range(100):
                tasks.start_soon(stranger, batch * 100 + number)
        assert await seconds(lambda: look_up(keys, issuer.signing_key.kid)) == 0
    assert refused == [Reason.UNKNOWN_KEY] * 2000
    assert issuer.jwks.count == 1 + 2
    assert keys.at_hand() is good
    assert [type(event) for event in told].count(BudgetExhausted) == 1
    assert [type(event) for event in told].count(UnknownKey) == 2


async def test_what_is_remembered_of_unknown_key_ids_is_bounded(keys: RemoteJWKSet) -> None:
    """F3, H4."""
    await warm(keys)
    for number in range(1500):
        await refusal_of(keys, f"forged-{number}")
    assert len(keys._search.sought) == 1024


async def test_the_same_unknown_key_id_costs_one_fetch_in_an_interval_of_the_budget(
    keys: RemoteJWKSet, issuer: MockIssuer
) -> None:
    """F3, F4: it is sought again in each, since its key may be published late."""
    await warm(keys)
    for _ in range(8):
        for _ in range(3):
            assert await refusal_of(keys, "forged") is Reason.UNKNOWN_KEY
        await anyio.sleep(31)
    assert issuer.jwks.count == 1 + 8


async def test_a_token_that_would_be_refused_anyway_costs_no_fetch(
    keys: RemoteJWKSet, issuer: MockIssuer
) -> None:
    """F3: cold it is told why; warm only that its key is unknown."""
    with pytest.raises(InvalidToken) as when_cold:
        await keys.find("any", "ES256", is_refused)
    assert (when_cold.value.reason, issuer.jwks.count) == (Reason.EXPIRED, 0)
    await warm(keys)
    with pytest.raises(InvalidToken) as when_warm:
        await keys.find("any", "ES256", is_refused)
    assert (when_warm.value.reason, issuer.jwks.count) == (Reason.UNKNOWN_KEY, 1)


async def test_with_an_empty_budget_the_answer_is_immediate_and_a_refresh_follows(
    keys: RemoteJWKSet, issuer: MockIssuer
) -> None:
    """F3, F5: 401 at once, and the new key verifies when the budget has refilled."""
    await warm(keys)
    for number in range(2):
        await refusal_of(keys, f"forged-{number}")
    new = issuer.rotate()
    assert await refusal_of(keys, new.kid) is Reason.UNKNOWN_KEY
    assert await seconds(lambda: refusal_of(keys, new.kid)) == 0
    await anyio.sleep(31)
    assert keys.at_hand() is not None
    await background()
    assert (await look_up(keys, new.kid)).kid == new.kid
    assert issuer.jwks.count == 4
    assert keys.health().refetch_budget < 0.1


async def test_a_kid_probed_before_its_key_is_published_verifies_within_one_interval(
    keys: RemoteJWKSet, issuer: MockIssuer
) -> None:
    """F4: 30 seconds, though the probe is remembered until then."""
    await warm(keys)
    coming = SigningKey.generate("ES256")
    assert await refusal_of(keys, coming.kid) is Reason.UNKNOWN_KEY
    issuer.publish(coming)
    assert await refusal_of(keys, coming.kid) is Reason.UNKNOWN_KEY
    await anyio.sleep(30)
    assert (await look_up(keys, coming.kid)).kid == coming.kid
    assert issuer.jwks.count == 3


async def test_a_kid_that_outran_a_cache_on_the_way_verifies_within_one_interval(
    issuer: MockIssuer,
) -> None:
    """F4: of its publication there."""
    shown = [issuer.jwk_set()]

    async def fetch(url: str, headers: Mapping[str, str]) -> FetchResponse:
        return FetchResponse(200, {}, json.dumps(shown[-1]).encode())

    keys = RemoteJWKSet(issuer.jwks_uri, fetch=fetch, clock=ticking())
    await warm(keys)
    new = issuer.rotate()
    for _ in range(3):
        assert await refusal_of(keys, new.kid) is Reason.UNKNOWN_KEY
        await anyio.sleep(31)
    assert await refusal_of(keys, new.kid) is Reason.UNKNOWN_KEY
    shown.append(issuer.jwk_set())
    await anyio.sleep(30)
    assert (await look_up(keys, new.kid)).kid == new.kid


# Rotation.


async def test_a_new_key_verifies_on_its_first_token(
    keys: RemoteJWKSet, issuer: MockIssuer, told: list[KeySetEvent]
) -> None:
    """F5: also when a stranger has spent one refetch before."""
    await warm(keys)
    await refusal_of(keys, "forged")
    old, new = issuer.signing_key, issuer.rotate()
    assert (await look_up(keys, new.kid)).kid == new.kid
    assert (await look_up(keys, old.kid)).kid == old.kid
    assert told[-1] == KeySetRefreshed(keys.name, (new.kid,), (), (), changed=True)


async def test_500_tokens_of_a_new_key_make_one_fetch(
    keys: RemoteJWKSet, issuer: MockIssuer
) -> None:
    """F1, F5."""
    await warm(keys)
    issuer.jwks.delay(0.2)
    new = issuer.rotate()
    async with anyio.create_task_group() as tasks:
        for _ in range(500):
            tasks.start_soon(look_up, keys, new.kid)
    assert issuer.jwks.count == 2


async def test_two_new_keys_that_arrive_together_cost_one_refetch(
    keys: RemoteJWKSet, issuer: MockIssuer
) -> None:
    """F5: what a refresh in progress brought is not paid for again."""
    await warm(keys)
    issuer.jwks.delay(0.5)
    new = [issuer.rotate(), issuer.rotate()]
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(look_up, keys, new[0].kid)
        await anyio.sleep(0.2)
        tasks.start_soon(look_up, keys, new[1].kid)
    assert issuer.jwks.count == 2


async def test_a_removed_key_stops_with_the_next_refresh(
    keys: RemoteJWKSet, issuer: MockIssuer
) -> None:
    """F5."""
    await warm(keys)
    old, new = issuer.signing_key, issuer.swap_key()
    await look_up(keys, new.kid)
    found = keys.at_hand()
    assert found is not None
    assert found.find(old.kid, "ES256") is None
    assert await refusal_of(keys, old.kid) is Reason.UNKNOWN_KEY


async def test_a_set_that_did_not_change_is_the_same_object(
    keys: RemoteJWKSet, issuer: MockIssuer
) -> None:
    """F11: whether by 304 or by an identical body; what was verified stays verified."""
    await warm(keys)
    before = keys.at_hand()
    await keys.refresh()
    assert keys.at_hand() is before
    assert issuer.jwks.requests[-1].headers["if-none-match"]
    issuer.jwks.etag = None
    await keys.refresh()
    await keys.refresh()
    assert "if-none-match" in issuer.jwks.requests[-1].headers
    assert keys.at_hand() is before


async def test_the_same_kid_with_new_material_costs_one_refetch(
    keys: RemoteJWKSet, issuer: MockIssuer, told: list[KeySetEvent]
) -> None:
    """E7."""
    await warm(keys)
    old = await look_up(keys, issuer.signing_key.kid)
    new = issuer.reissue_key()
    replacement = await keys.replacement_for(old, "ES256")
    assert replacement is not None
    assert (replacement.kid, replacement.thumbprint == old.thumbprint) == (new.kid, False)
    assert told[-1] == KeySetRefreshed(keys.name, (new.kid,), (new.kid,), (), changed=True)
    assert await keys.replacement_for(old, "ES256") == replacement
    assert issuer.jwks.count == 2


async def test_forged_signatures_under_a_good_key_cost_one_refetch_in_half_a_minute(
    keys: RemoteJWKSet, issuer: MockIssuer
) -> None:
    """E7, F3."""
    await warm(keys)
    key = await look_up(keys, issuer.signing_key.kid)
    for _ in range(100):
        assert await keys.replacement_for(key, "ES256") is None
    assert issuer.jwks.count == 2
    await anyio.sleep(31)
    new = issuer.reissue_key()
    replacement = await keys.replacement_for(key, "ES256")
    assert replacement is not None
    assert replacement.kid == new.kid


async def test_a_key_that_was_removed_has_no_replacement(
    keys: RemoteJWKSet, issuer: MockIssuer
) -> None:
    """E7."""
    await warm(keys)
    key = await look_up(keys, issuer.signing_key.kid)
    issuer.swap_key()
    assert await keys.replacement_for(key, "ES256") is None


async def test_a_token_without_kid_is_ambiguous_without_a_fetch(
    keys: RemoteJWKSet, issuer: MockIssuer
) -> None:
    """E4."""
    issuer.rotate()
    await warm(keys)
    assert await refusal_of(keys, None) is Reason.AMBIGUOUS_KEY
    assert issuer.jwks.count == 1
    with pytest.raises(InvalidToken):
        await keys.find(None, "RS256", passes)
    assert issuer.jwks.count == 2


# Outages.


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


async def refusal_or_key(keys: RemoteJWKSet, kid: str) -> None:
    with pytest.raises(KeySetUnavailable):
        await look_up(keys, kid)


# Operation.


async def test_an_operators_refresh_ignores_the_backoff(
    keys: RemoteJWKSet, issuer: MockIssuer
) -> None:
    issuer.jwks.fail(500, retry_after=300)
    with pytest.raises(KeySetUnavailable):
        await keys.refresh()
    issuer.jwks.recover()
    await keys.refresh()
    assert keys.health().phase is Phase.FRESH


async def test_health_tells_what_a_person_wants_to_know(
    keys: RemoteJWKSet, issuer: MockIssuer
) -> None:
    cold = keys.health()
    assert (cold.phase, cold.age, cold.key_ids, cold.skipped) == (Phase.EMPTY, None, (), ())
    assert (cold.last_error, cold.next_refresh_in, cold.fetches) == (None, 0, 0)
    issuer.publish({"kty": "oct", "kid": "secret", "k": "c2VjcmV0"})
    await warm(keys)
    await anyio.sleep(100)
    health = keys.health()
    assert health.key_set == issuer.jwks_uri
    assert health.phase is Phase.FRESH
    assert health.age == pytest.approx(101, abs=0.1)
    assert health.key_ids == (issuer.signing_key.kid,)
    assert [key.kid for key in health.skipped] == ["secret"]
    assert 348 <= health.next_refresh_in <= 410
    assert (health.fetches, health.failures, health.refetch_budget) == (1, 0, 2)


async def test_warming_fetches_only_what_is_not_fresh(
    keys: RemoteJWKSet, issuer: MockIssuer
) -> None:
    """C4."""
    await keys.warm()
    await keys.warm()
    assert issuer.jwks.count == 1
    issuer.jwks.hang()
    await anyio.sleep(601)
    assert await seconds(keys.warm) == pytest.approx(1, abs=0.01)
    await anyio.sleep(4201)
    with pytest.raises(KeySetUnavailable, match="no complete answer within 5 s"):
        await keys.warm()


async def test_keys_are_kept_fresh_without_requests(keys: RemoteJWKSet, issuer: MockIssuer) -> None:
    """C4."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(keys.keep_fresh)
        for _ in range(60):
            await anyio.sleep(60)
            assert keys.health().phase is Phase.FRESH
        tasks.cancel_scope.cancel()
    assert 7 <= issuer.jwks.count <= 9


async def test_keeping_fresh_follows_the_backoff_and_outlives_an_outage(
    keys: RemoteJWKSet, issuer: MockIssuer
) -> None:
    """C4, F6."""
    issuer.jwks.fail(500)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(keys.keep_fresh)
        await anyio.sleep(600)
        assert issuer.jwks.count < 20
        issuer.jwks.recover()
        await anyio.sleep(62)
        assert keys.health().phase is Phase.FRESH
        tasks.cancel_scope.cancel()


async def test_a_refresh_that_the_budget_owes_is_made_and_paid_for_without_requests(
    keys: RemoteJWKSet, issuer: MockIssuer
) -> None:
    """F3: keeping fresh is no way around the budget."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(keys.keep_fresh)
        await background()
        await anyio.sleep(1)
        for number in range(3):
            await refusal_of(keys, f"forged-{number}")
        new = issuer.rotate()
        await anyio.sleep(62)
        assert issuer.jwks.count == 4
        assert keys.health().key_ids[-1] == new.kid
        assert keys.health().refetch_budget < 2
        tasks.cancel_scope.cancel()


async def test_keys_that_are_stale_as_soon_as_they_come_are_not_fetched_without_a_pause(
    issuer: MockIssuer,
) -> None:
    """C4: keeping fresh does not spin."""
    keys = RemoteJWKSet(
        issuer.jwks_uri,
        max_age=0.001,
        http_client=issuer.http_client(),
        clock=ticking(),
    )
    issuer.jwks.delay(0.1)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(keys.keep_fresh)
        await anyio.sleep(30)
        tasks.cancel_scope.cancel()
    assert 20 <= issuer.jwks.count <= 30


async def test_after_closing_the_keys_can_be_used_again(
    keys: RemoteJWKSet, issuer: MockIssuer
) -> None:
    """F10: who waited is told, and nothing is poisoned."""
    issuer.jwks.hang()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(refusal_or_key, keys, "any")
        await anyio.sleep(0.1)
        await keys.aclose()
    await keys.aclose()
    issuer.jwks.recover()
    assert (await look_up(keys, issuer.signing_key.kid)).kid == issuer.signing_key.kid


async def test_a_refresh_that_is_closed_has_failed_for_who_asked_for_it(
    keys: RemoteJWKSet, issuer: MockIssuer
) -> None:
    """F10."""
    issuer.jwks.hang()

    async def refresh() -> None:
        with pytest.raises(KeySetUnavailable, match="no fetch has ended yet"):
            await keys.refresh()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(refresh)
        await anyio.sleep(0.1)
        await keys.aclose()


# Configuration.


async def test_a_key_set_needs_a_url_or_an_issuer() -> None:
    """F14."""
    with pytest.raises(ConfigurationError, match="Write for example RemoteJWKSet"):
        RemoteJWKSet()


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"snapshot": 7}, "snapshot must be the path of a file"),
        ({"snapshot": True}, "snapshot must be the path of a file"),
        ({"listener": "log"}, "listener must be a callable"),
        ({"clock": 7}, "clock must be a callable"),
        ({"refetch_burst": 0}, "refetch_burst must be"),
        ({"refetch_interval": 0.5}, "refetch_interval must be"),
        ({"timeout": "5"}, "timeout must be"),
        ({"allow_insecure_http": "false"}, "allow_insecure_http must be True or False"),
    ],
)
async def test_an_option_of_the_wrong_kind_is_a_configuration_error(
    options: dict[str, Any], why: str
) -> None:
    """A11, F14, F20."""
    with pytest.raises(ConfigurationError, match=why):
        RemoteJWKSet("https://issuer.example/keys", **options)


async def test_burst_and_interval_of_the_budget_are_options(issuer: MockIssuer) -> None:
    """F20."""
    keys = RemoteJWKSet(
        issuer.jwks_uri,
        http_client=issuer.http_client(),
        refetch_burst=3,
        refetch_interval=5,
        clock=ticking(),
    )
    await warm(keys)
    for number in range(10):
        await refusal_of(keys, f"forged-{number}")
    assert issuer.jwks.count == 1 + 3
    await anyio.sleep(11)
    await refusal_of(keys, "forged")
    assert issuer.jwks.count == 1 + 3 + 1


async def test_a_large_set_is_parsed_in_slices() -> None:
    """W4: other tasks run meanwhile."""
    document = {"keys": [SigningKey.generate("ES256").public_jwk() for _ in range(200)]}
    body, turns, is_done = json.dumps(document).encode(), [0], anyio.Event()

    async def fetch(url: str, headers: Mapping[str, str]) -> FetchResponse:
        turns[0] = 0
        return FetchResponse(200, {}, body)

    async def other() -> None:
        while not is_done.is_set():
            turns[0] += 1
            await anyio.lowlevel.checkpoint()

    keys = RemoteJWKSet("https://issuer.example/keys", fetch=fetch, clock=ticking())
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(other)
        await keys.refresh()
        is_done.set()
    assert turns[0] >= 20


async def test_client_and_callable_exclude_each_other(issuer: MockIssuer) -> None:
    """F14."""

    async def fetch(url: str, headers: Mapping[str, str]) -> FetchResponse:
        raise NotImplementedError

    with pytest.raises(ConfigurationError, match="not both"):
        RemoteJWKSet(issuer.jwks_uri, fetch=fetch, http_client=issuer.http_client())


# What can be said without reading the claims.


async def test_an_unknown_key_id_is_refused_at_once_when_nothing_may_be_fetched_for_it(
    keys: RemoteJWKSet, issuer: MockIssuer, told: list[KeySetEvent]
) -> None:
    """A8, F3: once a token that was screened has made a refresh owed."""
    assert keys.can_find_more()
    await warm(keys)
    assert keys.can_find_more()
    for number in range(2):
        await refusal_of(keys, f"forged-{number}")
    assert keys.can_find_more()
    assert not keys._cached.freshness.is_refresh_scheduled()
    await refusal_of(keys, "forged-2")
    assert not keys.can_find_more()
    assert [type(event) for event in told].count(BudgetExhausted) == 1
    await anyio.sleep(31)
    keys.at_hand()
    await background()
    assert issuer.jwks.count == 4


async def test_the_second_token_of_a_new_key_waits_for_what_the_first_one_paid_for(
    keys: RemoteJWKSet, issuer: MockIssuer
) -> None:
    """F5: though the budget has nothing left for it."""
    await warm(keys)
    await refusal_of(keys, "forged")
    issuer.jwks.delay(0.5)
    new = issuer.rotate()

    async def request() -> None:
        assert keys.can_find_more()
        await look_up(keys, new.kid)

    async with anyio.create_task_group() as tasks:
        for _ in range(100):
            tasks.start_soon(request)
    assert issuer.jwks.count == 3


async def test_a_signature_that_does_not_fit_may_cost_one_fetch_or_join_one(
    keys: RemoteJWKSet, issuer: MockIssuer
) -> None:
    """E7."""
    await warm(keys)
    key = await look_up(keys, issuer.signing_key.kid)
    issuer.reissue_key()
    issuer.jwks.delay(0.5)
    found = []

    async def request() -> None:
        assert keys.can_replace(key)
        found.append(await keys.replacement_for(key, "ES256"))

    async with anyio.create_task_group() as tasks:
        for _ in range(100):
            tasks.start_soon(request)
    assert issuer.jwks.count == 2
    assert None not in found
    assert not keys.can_replace(key)
    await refusal_of(keys, "forged")
    assert not keys.can_replace(await look_up(keys, issuer.signing_key.kid))


async def test_two_sets_of_one_place_have_the_same_source(issuer: MockIssuer) -> None:
    uri = "https://issuer.example/keys"
    assert RemoteJWKSet(uri).same_source(RemoteJWKSet(uri))
    assert not RemoteJWKSet(uri).same_source(RemoteJWKSet(f"{uri}/2"))
    assert not RemoteJWKSet(uri).same_source(RemoteJWKSet(uri, issuer=issuer.issuer))
    assert not RemoteJWKSet(uri).same_source(None)
