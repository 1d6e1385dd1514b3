"""The rotation of keys, as a RemoteJWKSet sees it."""

import anyio
import anyio.lowlevel
import pytest
from tests.support.key_look_ups import look_up, passes, refusal_of, warm

from asgi_jwks.errors import InvalidToken, Reason
from asgi_jwks.events.key_set import KeySetEvent, KeySetRefreshed
from asgi_jwks.keys.remote import RemoteJWKSet
from asgi_jwks.testing import MockIssuer

pytestmark = [pytest.mark.anyio, pytest.mark.jumping_time]


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
