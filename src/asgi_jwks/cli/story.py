"""The story of the demo: who asks for what, in which state of the world, and what must come of it.

What lives only here: the steps, in order. What it does not know: how they are played and shown.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from asgi_jwks.cli.stage import Expected, Stage, Step
from asgi_jwks.testing import SigningKey, forge

__all__ = ["STORY", "Chapter"]

# How many JWKS requests a step may cause. A failing fetch is tried twice.
_NONE, _ONE, _ATTEMPTS = range(1), range(1, 2), range(1, 3)
_AT_MOST_ONE = range(2)

_GRANTED = Expected(200)
_INVALID = Expected(401, error="invalid_token", challenge=True)


@dataclass(frozen=True, slots=True)
class Chapter:
    """Steps under a heading."""

    title: str
    steps: tuple[Step, ...]


def _good(stage: Stage) -> str:
    return stage.issuer.access_token(scopes="openid read:messages")


def _poor(stage: Stage) -> str:
    return stage.issuer.access_token(scopes="openid")


def _id_token_for_the_api(stage: Stage) -> str:
    return stage.issuer.id_token(aud=stage.issuer.audience)


def _forged_with_own_key(stage: Stage) -> str:
    return forge.resigned(_good(stage), SigningKey.generate("RS256"))


def _from_a_stranger(stage: Stage) -> str:
    return stage.issuer.access_token(key=SigningKey.generate("RS256"))


def _rotated(stage: Stage) -> str:
    stage.issuer.rotate()
    return _good(stage)


def _outage(stage: Stage) -> str:
    stage.issuer.jwks.fail(503)
    return _good(stage)


def _minutes_later(stage: Stage) -> str:
    stage.clock.advance(11 * 60)
    return _good(stage)


def _hours_later(stage: Stage) -> str:
    stage.clock.advance(2 * 3600)
    return _good(stage)


def _recovered(stage: Stage) -> str:
    stage.issuer.jwks.recover()
    stage.clock.advance(5 * 60)
    return _good(stage)


def _chapters() -> Iterator[Chapter]:
    yield Chapter(
        "Who may enter",
        (
            Step("no token", lambda _: None, Expected(401, challenge=True)),
            Step("a good token, and what the API read in it", _good, _GRANTED),
            Step(
                "a good token without the scope that /messages needs",
                _poor,
                Expected(403, error="insufficient_scope", challenge=True),
                path="/messages",
            ),
            Step("a good token with that scope", _good, _GRANTED, path="/messages"),
        ),
    )
    yield Chapter(
        "Tokens that are not for this API, or not any more",
        (
            Step(
                "for another audience",
                lambda stage: stage.issuer.access_token(audience="https://other.example"),
                _INVALID,
            ),
            Step(
                "of another issuer",
                lambda stage: stage.issuer.access_token(iss="https://evil.example/"),
                _INVALID,
            ),
            Step(
                "expired a minute ago",
                lambda stage: stage.issuer.access_token(lifetime=-60),
                _INVALID,
            ),
            Step(
                "a refresh token instead of an access token",
                lambda stage: stage.issuer.refresh_token(),
                _INVALID,
            ),
            Step("an ID token, even one that names this API", _id_token_for_the_api, _INVALID),
        ),
    )
    yield Chapter(
        "Forgeries",
        (
            Step(
                "claims changed under the old signature",
                lambda stage: forge.with_changed_payload(_good(stage), sub="admin"),
                # A signature that fails may mean that the issuer reused a key id: one look.
                Expected(401, error="invalid_token", challenge=True, fetches=_AT_MOST_ONE),
            ),
            Step("signed with the forger's own key", _forged_with_own_key, _INVALID),
            Step("alg none", lambda stage: forge.with_alg_none(_good(stage)), _INVALID),
            Step(
                "HS256 with the issuer's public key as the secret",
                lambda stage: forge.signed_with_hs256_and_the_public_key(stage.issuer),
                _INVALID,
            ),
        ),
    )
    yield Chapter(
        "The issuer rotates its key",
        (
            Step(
                "the first token under the new key: one fetch",
                _rotated,
                Expected(200, fetches=_ONE),
            ),
            Step("the next one: no fetch", _good, _GRANTED),
            Step(
                "an unknown key: the budget for fetches is bounded",
                _from_a_stranger,
                Expected(401, error="invalid_token", challenge=True, fetches=_AT_MOST_ONE),
            ),
        ),
    )
    yield Chapter(
        "The issuer's JWKS endpoint answers 503",
        (
            Step("a known key: nothing is fetched", _outage, _GRANTED),
            Step(
                "11 minutes later: a refresh fails, the last good keys serve",
                _minutes_later,
                Expected(200, fetches=_ATTEMPTS),
            ),
            Step("at once again: no fetch before the backoff is over", _good, _GRANTED),
            Step(
                "2 hours later: those keys are no longer trusted, which is not the client's fault",
                _hours_later,
                Expected(503, fetches=_ATTEMPTS),
            ),
            Step(
                "the endpoint is back: so is the API, without a restart",
                _recovered,
                Expected(200, fetches=_ONE),
            ),
        ),
    )


STORY = tuple(_chapters())
