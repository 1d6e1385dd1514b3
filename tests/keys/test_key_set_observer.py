"""What an operator is told: changes of state, at sensible levels, never one line per request."""

import logging
from collections.abc import Mapping
from contextlib import suppress

import anyio
import pytest

from asgi_jwks.errors import InvalidToken, KeySetUnavailable
from asgi_jwks.events.key_set import KeySetEvent, KeySetRefreshed
from asgi_jwks.events.log import log_event
from asgi_jwks.jose.jwk_set import JWKSet
from asgi_jwks.jose.skip_reason import SkipReason
from asgi_jwks.jose.usable_keys import SkippedKey
from asgi_jwks.keys.key_set_observer import KeySetObserver
from asgi_jwks.keys.remote import RemoteJWKSet
from asgi_jwks.testing import MockIssuer, SigningKey

pytestmark = pytest.mark.jumping_time

ONE, TWO = SigningKey.generate("ES256", kid="one"), SigningKey.generate("ES256", kid="two")
OCT = {"kty": "oct", "kid": "secret", "k": "c2VjcmV0"}
NAMELESS = {name: m for name, m in TWO.public_jwk().items() if name != "kid"}


def of(*keys: SigningKey | Mapping[str, object]) -> JWKSet:
    return JWKSet.parse(
        {"keys": [key.public_jwk() if isinstance(key, SigningKey) else key for key in keys]}
    )


def refreshed(previous: JWKSet | None, value: JWKSet) -> KeySetRefreshed:
    told: list[KeySetEvent] = []
    KeySetObserver("issuer", told.append).refreshed(previous, value)
    (event,) = told
    assert isinstance(event, KeySetRefreshed)
    return event


@pytest.mark.parametrize(
    ("previous", "value", "added", "removed", "changed"),
    [
        (None, of(ONE), ("one",), (), True),
        (of(ONE), of(ONE), (), (), False),
        (of(ONE, TWO), of(TWO, ONE), (), (), False),
        (of(ONE), of(ONE, TWO), ("two",), (), True),
        (of(ONE, TWO), of(TWO), (), ("one",), True),
        (of(ONE), of(SigningKey.generate("ES256", kid="one")), ("one",), ("one",), True),
        (of(ONE), of(ONE, OCT), (), (), True),
    ],
    ids=[
        "the first set",
        "the same set",
        "another order",
        "one more key",
        "one key less",
        "other material under the same kid",
        "a key that is skipped",
    ],
)
def test_a_refresh_tells_what_changed(
    previous: JWKSet | None,
    value: JWKSet,
    added: tuple[str, ...],
    removed: tuple[str, ...],
    changed: bool,
) -> None:
    event = refreshed(previous, value)
    assert (event.added, event.removed, event.changed) == (added, removed, changed)
    assert event.skipped == value.skipped


def test_a_key_without_an_id_is_named_by_its_thumbprint() -> None:
    value = of(NAMELESS)
    assert refreshed(None, value).added == (value.keys[0].thumbprint,)


@pytest.mark.anyio
async def test_the_log_tells_changes_of_state_and_no_more(caplog: pytest.LogCaptureFixture) -> None:
    """F6: an hour of outage at one request per second is a page of log."""
    caplog.set_level(logging.DEBUG, "asgi_jwks.keys")
    issuer = MockIssuer(algorithm="ES256")
    private = {**ONE.public_jwk(), "d": "c2VjcmV0"}
    issuer.publish(private)
    issuer.publish({"kty": "oct", "k": "c2VjcmV0"})
    keys = RemoteJWKSet(issuer.jwks_uri, http_client=issuer.http_client(), clock=anyio.current_time)
    await keys.refresh()
    await anyio.sleep(1)
    await keys.refresh()
    for number in range(50):
        with pytest.raises(InvalidToken):
            await keys.find(f"\x1b[31mforged\n{number}", "ES256", lambda: None)
        await anyio.sleep(0.01)
    issuer.jwks.fail(500)
    for _ in range(4400):
        with suppress(KeySetUnavailable):
            await keys.find(issuer.signing_key.kid, "ES256", lambda: None)
        await anyio.sleep(1)
    lines = [(record.levelname, record.getMessage()) for record in caplog.records]
    shown = [(level, text) for level, text in lines if level != "DEBUG"]
    assert len(shown) < 100
    assert all(text.isprintable() for _, text in lines)

    def levels(part: str) -> set[str]:
        return {level for level, text in lines if part in text}

    def times(part: str) -> int:
        return sum(1 for _, text in lines if part in text)

    assert levels("published with its private part") == {"ERROR"}
    assert levels("(kid none) is not used") == {"INFO"}
    assert levels("nothing changed") == {"DEBUG"}
    assert levels("keys refreshed; added") == {"INFO"}
    assert (levels("after a refetch"), times("after a refetch")) == ({"INFO"}, 2)
    assert (levels("used up the refetch"), times("used up")) == ({"WARNING"}, 1)
    assert levels("fetching the keys failed (attempt 1,") == {"WARNING"}
    assert levels("fetching the keys failed (attempt 2,") == {"INFO"}
    assert (levels("serving the last good set"), times("serving")) == ({"WARNING"}, 1)
    assert (levels("answering 503"), times("answering 503")) == ({"ERROR"}, 1)


def test_a_document_of_thousands_of_unusable_keys_writes_a_few_lines(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """W6, W4: a tenant may publish 8,000 of them, and others with the next refresh."""
    caplog.set_level(logging.INFO)
    skipped = [SkippedKey(n, f"\x1b{n}", SkipReason.UNKNOWN_KTY) for n in range(4000)]
    skipped += [SkippedKey(n, None, SkipReason.PRIVATE_KEY) for n in range(4000, 8000)]
    kids = tuple(map(str, range(512)))
    log_event(KeySetRefreshed("tenant", kids, (), tuple(skipped), changed=True))
    texts = [record.getMessage() for record in caplog.records]
    assert len(texts) == 19
    assert max(map(len, texts)) < 300
    assert "and 480 more" in texts[0]
    last = caplog.records[-1]
    assert last.levelname == "ERROR"
    assert last.getMessage().startswith("tenant: 3992 more keys are not used: it is published")


@pytest.mark.anyio
async def test_a_listener_that_raises_breaks_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """F10, N1: it is said once."""
    issuer = MockIssuer(algorithm="ES256")

    def listener(event: KeySetEvent) -> None:
        raise ZeroDivisionError

    keys = RemoteJWKSet(
        issuer.jwks_uri,
        http_client=issuer.http_client(),
        listener=listener,
        clock=anyio.current_time,
    )
    found = await keys.find(issuer.signing_key.kid, "ES256", lambda: None)
    assert found.kid == issuer.signing_key.kid
    await anyio.sleep(1)
    with pytest.raises(InvalidToken):
        await keys.find("forged", "ES256", lambda: None)
    issuer.jwks.fail(500)
    with pytest.raises(KeySetUnavailable):
        await keys.refresh()
    [record] = caplog.records
    assert "failed on KeySetRefreshed; further failures of it are not told" in record.getMessage()


def test_an_event_of_another_kind_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    log_event(KeySetEvent("issuer"))
    assert not caplog.records
