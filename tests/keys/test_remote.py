"""RemoteJWKSet by its options and its operation: refresh, health, warming, closing."""

import inspect
import json
from collections.abc import Mapping
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from tests.support.key_look_ups import (
    background,
    look_up,
    refusal_of,
    refusal_or_key,
    seconds,
    ticking,
    warm,
)

from asgi_jwks.caching.freshness import Phase
from asgi_jwks.errors import ConfigurationError, KeySetUnavailable
from asgi_jwks.fetching.response import FetchResponse
from asgi_jwks.keys.remote import RemoteJWKSet
from asgi_jwks.testing import MockIssuer, SigningKey

pytestmark = [pytest.mark.anyio, pytest.mark.jumping_time]


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


async def test_an_application_that_is_started_for_each_request_follows_the_backoff(
    keys: RemoteJWKSet, issuer: MockIssuer
) -> None:
    """F6: as one behind Mangum is; the first starts ask whatever happened before them."""
    issuer.jwks.fail(500)
    for _ in range(100):
        with pytest.raises(KeySetUnavailable):
            await keys.warm()
        await anyio.sleep(1)
    # 1 s, doubling to 60 s.
    assert issuer.jwks.count < 12
    issuer.jwks.recover()
    await anyio.sleep(75)
    await keys.warm()
    issuer.jwks.fail(500)
    await anyio.sleep(700)
    for _ in range(100):
        await keys.warm()
    assert issuer.jwks.count < 20


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
        ({"clock": 7}, "clock must be a function"),
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


async def test_two_sets_of_one_place_have_the_same_source(issuer: MockIssuer) -> None:
    uri = "https://issuer.example/keys"
    assert RemoteJWKSet(uri).same_source(RemoteJWKSet(uri))
    assert not RemoteJWKSet(uri).same_source(RemoteJWKSet(f"{uri}/2"))
    assert not RemoteJWKSet(uri).same_source(RemoteJWKSet(uri, issuer=issuer.issuer))
    assert not RemoteJWKSet(uri).same_source(None)


def test_the_defaults_are_the_numbers_that_are_promised() -> None:
    """F1, F2, F4, F12: seconds, and nothing insecure."""
    given = {
        name: parameter.default
        for name, parameter in inspect.signature(RemoteJWKSet.__init__).parameters.items()
        if isinstance(parameter.default, int | float)
    }
    assert given == {
        "max_age": 600.0,
        "max_stale": 3600.0,
        "max_wait": 1.0,
        "timeout": 5.0,
        "refetch_burst": 2,
        "refetch_interval": 30.0,
        "allow_insecure_http": False,
    }


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"jwks_uri": "http://127.0.0.1/keys"}, True),
        ({"jwks_uri": "HTTP://localhost/keys", "issuer": "https://a.example/"}, True),
        ({"issuer": "http://localhost:8080/"}, True),
        ({"jwks_uri": "https://127.0.0.1/keys", "issuer": "http://localhost/"}, False),
        ({"issuer": "https://localhost/"}, False),
        ({"jwks_uri": "http://127.0.0.1/keys", "allow_insecure_http": True}, False),
        ({"jwks_uri": "https://127.0.0.1/keys", "allow_insecure_http": True}, False),
    ],
)
def test_a_key_set_knows_whether_this_machine_is_asked_over_plain_http(
    options: dict[str, Any], expected: bool
) -> None:
    """F12, F24: which a tenant could make use of."""
    keys = RemoteJWKSet(**options, http_client=MockIssuer().http_client())
    assert keys.relies_on_loopback is expected


def test_plain_http_is_refused_by_the_name_of_the_option() -> None:
    """F12, A11"""
    for url in ("http://issuer.example/keys", "http://127.0.0.1.example/keys"):
        with pytest.raises(ConfigurationError, match=r"^jwks_uri "):
            RemoteJWKSet(url)
