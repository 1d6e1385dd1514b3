"""`RemoteJWKSet.distrust`: at once, for as long as it is not taken back, and in every worker."""

import json
import logging
from pathlib import Path

import anyio
import pytest

from asgi_jwks.errors import ConfigurationError, InvalidToken, KeySetUnavailable, Reason
from asgi_jwks.events import KeyDistrusted, KeySetEvent, KeyTrustedAgain
from asgi_jwks.keys.remote import RemoteJWKSet
from asgi_jwks.keys.static import StaticJWKSet
from asgi_jwks.testing import MockIssuer

pytestmark = pytest.mark.anyio


@pytest.fixture
def keys(issuer: MockIssuer, told: list[KeySetEvent]) -> RemoteJWKSet:
    return RemoteJWKSet(issuer.jwks_uri, http_client=issuer.http_client(), listener=told.append)


def worker(issuer: MockIssuer, path: Path) -> RemoteJWKSet:
    return RemoteJWKSet(
        issuer.jwks_uri,
        http_client=issuer.http_client(),
        snapshot=path,
        listener=lambda event: None,
    )


async def accepts(keys: RemoteJWKSet, kid: str) -> bool:
    try:
        return (await keys.find(kid, "ES256", lambda: None)).kid == kid
    except InvalidToken as refused:
        return refused.reason is not Reason.UNKNOWN_KEY


async def test_a_distrusted_key_is_refused_at_once_and_without_a_fetch(
    keys: RemoteJWKSet, issuer: MockIssuer
) -> None:
    """F17: the set at hand is another one, so that cached tokens are looked at again."""
    kid = issuer.signing_key.kid
    assert await accepts(keys, kid)
    before = keys.at_hand()
    keys.distrust(kid=kid)
    after = keys.at_hand()
    assert before is not None
    assert after is not None
    assert (after is before, after.find(kid, "ES256")) == (False, None)
    assert not await accepts(keys, kid)
    assert issuer.jwks.count == 1
    assert keys.health().distrusted_kids == (kid,)
    assert keys.health().key_ids == ()


async def test_distrust_by_thumbprint_refuses_the_material_under_any_id(
    keys: RemoteJWKSet, issuer: MockIssuer
) -> None:
    """F17."""
    kid = issuer.signing_key.kid
    thumbprint = (await keys.find(kid, "ES256", lambda: None)).thumbprint
    keys.distrust(thumbprint=thumbprint)
    assert not await accepts(keys, kid)
    assert issuer.jwks.count == 1
    issuer.publish({**issuer.signing_key.public_jwk(), "kid": "renamed"})
    await keys.refresh()
    assert not await accepts(keys, "renamed")
    assert keys.health().distrusted_thumbprints == (thumbprint,)


async def test_a_distrusted_key_stays_so_whatever_is_fetched(
    keys: RemoteJWKSet, issuer: MockIssuer
) -> None:
    """F17: new material under its id too; other keys go on."""
    kid = issuer.signing_key.kid
    keys.distrust(kid=kid)
    for _ in range(2):
        await keys.refresh()
        assert not await accepts(keys, kid)
        issuer.reissue_key()
    new = issuer.rotate()
    await keys.refresh()
    assert not await accepts(keys, kid)
    assert await accepts(keys, new.kid)


async def test_a_key_is_distrusted_during_an_outage_and_trusted_again_by_name(
    keys: RemoteJWKSet, issuer: MockIssuer
) -> None:
    """F17."""
    kid = issuer.signing_key.kid
    await keys.warm()
    issuer.jwks.fail(500)
    keys.distrust(kid=kid)
    keys.distrust(kid=kid)
    with pytest.raises(KeySetUnavailable):
        await keys.refresh()
    assert not await accepts(keys, kid)
    keys.trust_again(kid="another")
    assert not await accepts(keys, kid)
    keys.trust_again(kid=kid)
    assert await accepts(keys, kid)


async def test_a_distrusted_key_id_is_refused_before_any_key_is_at_hand(
    keys: RemoteJWKSet, issuer: MockIssuer
) -> None:
    """F17, B8: 401 and no fetch, though there are no keys."""
    issuer.jwks.fail(500)
    keys.distrust(kid="stolen")
    assert not await accepts(keys, "stolen")
    assert issuer.jwks.count == 0


async def test_distrust_is_told_and_so_is_its_end(
    keys: RemoteJWKSet, told: list[KeySetEvent], caplog: pytest.LogCaptureFixture
) -> None:
    """F17, N1."""
    keys.distrust(kid="one")
    keys.trust_again(kid="one")
    keys.distrust(thumbprint="x" * 43)
    assert told == [
        KeyDistrusted(keys.name, "one", None, is_kept=False),
        KeyTrustedAgain(keys.name, "one", None),
        KeyDistrusted(keys.name, None, "x" * 43, is_kept=False),
    ]


async def test_without_a_snapshot_the_log_says_that_a_restart_forgets_it(
    issuer: MockIssuer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """F17."""
    caplog.set_level(logging.INFO, "asgi_jwks.keys")
    RemoteJWKSet(issuer.jwks_uri).distrust(kid="o\nne")
    kept = RemoteJWKSet(issuer.jwks_uri, snapshot=tmp_path / "keys.json")
    kept.distrust(kid="two")
    kept.trust_again(kid="two")
    one, two, again = [record.getMessage() for record in caplog.records]
    assert one.endswith("is distrusted; a restart forgets it, since no snapshot keeps it")
    assert one.isprintable()
    assert two.endswith("the key with kid 'two' is distrusted")
    assert again.endswith("the key with kid 'two' is trusted again")


@pytest.mark.parametrize("arguments", [{}, {"kid": "a", "thumbprint": "x" * 43}, {"kid": 7}])
async def test_wrong_arguments_are_configuration_errors(
    keys: RemoteJWKSet, arguments: dict[str, str]
) -> None:
    """F17, A11."""
    for say in (keys.distrust, keys.trust_again):
        with pytest.raises(ConfigurationError):
            say(**arguments)


# Restarts and other workers.


async def test_distrust_survives_a_restart_from_the_snapshot(
    issuer: MockIssuer, tmp_path: Path
) -> None:
    """F17: during an outage too."""
    kid = issuer.signing_key.kid
    first = worker(issuer, tmp_path / "keys.json")
    await first.warm()
    first.distrust(kid=kid)
    issuer.jwks.fail(500)
    second = worker(issuer, tmp_path / "keys.json")
    assert second.at_hand() is not None
    assert not await accepts(second, kid)
    second.trust_again(kid=kid)
    assert await accepts(worker(issuer, tmp_path / "keys.json"), kid)


async def test_distrust_before_the_first_fetch_survives_a_restart(
    issuer: MockIssuer, tmp_path: Path
) -> None:
    """F17."""
    kid = issuer.signing_key.kid
    worker(issuer, tmp_path / "keys.json").distrust(kid=kid)
    second = worker(issuer, tmp_path / "keys.json")
    assert second.at_hand() is None
    await second.warm()
    assert not await accepts(second, kid)


@pytest.mark.parametrize("healthy", [True, False])
async def test_other_workers_learn_of_it_with_their_next_refresh(
    issuer: MockIssuer, tmp_path: Path, healthy: bool
) -> None:
    """F17: whether that refresh succeeds or not."""
    kid = issuer.signing_key.kid
    one, two = (worker(issuer, tmp_path / "keys.json") for _ in range(2))
    await one.warm()
    await two.warm()
    one.distrust(kid=kid)
    if healthy:
        await two.refresh()
    else:
        issuer.jwks.fail(500)
        with pytest.raises(KeySetUnavailable):
            await two.refresh()
    assert not await accepts(two, kid)
    one.trust_again(kid=kid)
    issuer.jwks.recover()
    await two.refresh()
    assert await accepts(two, kid)


async def test_other_workers_learn_of_it_while_they_keep_fresh(
    issuer: MockIssuer, tmp_path: Path
) -> None:
    """F17: without a refresh."""
    kid = issuer.signing_key.kid
    one, two = (worker(issuer, tmp_path / "keys.json") for _ in range(2))
    await two.warm()
    one.distrust(kid=kid)
    await two._sleep(0)
    assert not await accepts(two, kid)
    assert issuer.jwks.count == 1


async def test_a_worker_takes_back_what_it_has_not_heard_of_yet(
    issuer: MockIssuer, tmp_path: Path
) -> None:
    """F17: the last word counts, in whichever process it is said."""
    kid = issuer.signing_key.kid
    one, two = (worker(issuer, tmp_path / "keys.json") for _ in range(2))
    one.distrust(kid=kid)
    two.trust_again(kid=kid)
    await one.refresh()
    await two.refresh()
    assert await accepts(one, kid)
    assert await accepts(two, kid)


async def test_a_refused_snapshot_still_says_which_keys_are_not_trusted(
    issuer: MockIssuer, tmp_path: Path
) -> None:
    """F17, F18: its set may come from the future, since the wall clock was set back."""
    kid, path = issuer.signing_key.kid, tmp_path / "keys.json"
    first = worker(issuer, path)
    await first.warm()
    first.distrust(kid=kid)
    record = json.loads(path.read_bytes())
    path.write_text(json.dumps({**record, "fetched_at": record["fetched_at"] + 3600}))
    second = worker(issuer, path)
    assert second.at_hand() is None
    assert second.health().distrusted_kids == (kid,)


async def test_a_snapshot_that_cannot_be_written_is_logged_and_the_key_distrusted(
    issuer: MockIssuer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """F17."""
    keys = worker(issuer, tmp_path / "missing" / "keys.json")
    keys.distrust(kid=issuer.signing_key.kid)
    assert not await accepts(keys, issuer.signing_key.kid)
    assert "could not be written" in caplog.text


async def test_a_snapshot_that_is_refused_later_is_logged_once(
    issuer: MockIssuer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """F23."""
    keys = worker(issuer, tmp_path / "keys.json")
    await keys.warm()
    (tmp_path / "keys.json").write_bytes(b"garbage")
    for _ in range(3):
        await keys._sleep(0)
    assert [record.getMessage() for record in caplog.records if "not used" in record.getMessage()]
    assert caplog.text.count("the key set snapshot is not used") == 1


# Given keys.


async def test_given_keys_can_be_distrusted_too(
    issuer: MockIssuer, caplog: pytest.LogCaptureFixture
) -> None:
    """F17."""
    kid = issuer.signing_key.kid
    keys = StaticJWKSet(issuer.jwk_set())
    thumbprint = keys.at_hand().keys[0].thumbprint
    for name in ({"kid": kid}, {"thumbprint": thumbprint}):
        keys.distrust(**name)
        keys.distrust(**name)
        with pytest.raises(InvalidToken):
            await keys.find(kid, "ES256", lambda: None)
        keys.trust_again(**name)
        assert (await keys.find(kid, "ES256", lambda: None)).kid == kid
    assert caplog.text.count("a restart forgets it") == 2
    with pytest.raises(ConfigurationError):
        keys.distrust()


async def test_a_late_answer_names_the_url(issuer: MockIssuer) -> None:
    """F22: of the key set, or of the metadata that was asked for it."""

    async def silence(url: str, headers: object) -> object:
        await anyio.sleep(3600)
        return None

    direct = RemoteJWKSet("https://issuer.example/keys", fetch=silence, timeout=0.01)  # type: ignore[arg-type]
    with pytest.raises(KeySetUnavailable, match=r"^https://issuer\.example/keys: no complete"):
        await direct.refresh()
    discovered = RemoteJWKSet(issuer="https://issuer.example/", fetch=silence, timeout=0.01)  # type: ignore[arg-type]
    with pytest.raises(KeySetUnavailable, match=r"^https://issuer\.example/\.well-known/openid"):
        await discovered.refresh()
