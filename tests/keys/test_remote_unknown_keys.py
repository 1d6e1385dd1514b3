"""Unknown key ids at a RemoteJWKSet: their budget, and what is said at once."""

import json
from collections.abc import Mapping

import anyio
import anyio.lowlevel
import pytest
from tests.support.key_look_ups import (
    background,
    is_refused,
    look_up,
    refusal_of,
    seconds,
    ticking,
    warm,
)

from asgi_jwks.errors import InvalidToken, Reason
from asgi_jwks.events.key_set import BudgetExhausted, KeySetEvent, UnknownKey
from asgi_jwks.fetching.response import FetchResponse
from asgi_jwks.keys.remote import RemoteJWKSet
from asgi_jwks.testing import MockIssuer, SigningKey

pytestmark = [pytest.mark.anyio, pytest.mark.jumping_time]


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
