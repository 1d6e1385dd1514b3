"""The requests of the demo, in order, each with its situation and right answer.

It does not know how they are sent and shown. Titles have at most 42 characters: a line of the
report holds them at 80 columns.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from asgi_jwks.cli.demo.exchange import Expected, Participants, Proven, Step
from asgi_jwks.testing import ProofKey, SigningKey, forge

__all__ = ["PUBLIC_ORIGIN", "SCENARIO", "Section"]

PUBLIC_ORIGIN: Final = "https://api.example.com"
"""The address of the API in proofs, which is never taken from a request."""

# The numbers of JWKS fetches that are right. A failing fetch is tried twice.
_ONE: Final = range(1, 2)
_AT_MOST_ONE: Final = range(2)
_ONE_OR_TWO: Final = range(1, 3)

_GRANTED: Final = Expected(200)
_INVALID: Final = Expected(401, error="invalid_token", challenge=True)


@dataclass(frozen=True, slots=True)
class Section:
    """Steps under a heading."""

    title: str
    steps: tuple[Step, ...]


def _granted(participants: Participants) -> str:
    return participants.issuer.access_token(scopes="read:messages")


def _without_the_scope(participants: Participants) -> str:
    return participants.issuer.access_token(scopes="openid")


def _id_token_for_the_api(participants: Participants) -> str:
    return participants.issuer.id_token(aud=participants.issuer.audience)


def _signed_by_a_forger(participants: Participants) -> str:
    return forge.resigned(_granted(participants), SigningKey.generate("RS256"))


def _under_an_unknown_kid(participants: Participants) -> str:
    return participants.issuer.access_token(key=SigningKey.generate("RS256"))


def _bound_token(participants: Participants) -> str:
    return participants.issuer.access_token(cnf=participants.proof_key.confirmation)


def _proven_by(key: ProofKey, token: str) -> Proven:
    return Proven(token, key.proof("GET", f"{PUBLIC_ORIGIN}/me", token))


def _by_the_client(participants: Participants) -> Proven:
    return _proven_by(participants.proof_key, _bound_token(participants))


def _by_a_thief(participants: Participants) -> Proven:
    return _proven_by(ProofKey(), _bound_token(participants))


def _recorded(participants: Participants) -> Proven:
    return participants.proven[0]


def _after_a_rotation(participants: Participants) -> str:
    participants.issuer.rotate()
    return _granted(participants)


def _during_an_outage(participants: Participants) -> str:
    participants.issuer.jwks.fail(503)
    return _granted(participants)


def _minutes_later(participants: Participants) -> str:
    participants.clock.advance(11 * 60)
    return _granted(participants)


def _hours_later(participants: Participants) -> str:
    participants.clock.advance(2 * 3600)
    return _granted(participants)


def _after_the_outage(participants: Participants) -> str:
    participants.issuer.jwks.recover()
    participants.clock.advance(5 * 60)
    return _granted(participants)


def _sections() -> Iterator[Section]:
    yield Section(
        "With a token and without",
        (
            Step("no token", lambda _: None, Expected(401, challenge=True)),
            Step("a good token", _granted, _GRANTED),
            Step(
                "a good token, but /messages needs a scope",
                _without_the_scope,
                Expected(403, error="insufficient_scope", challenge=True),
                path="/messages",
            ),
            Step("a good token with that scope", _granted, _GRANTED, path="/messages"),
        ),
    )
    yield Section(
        "Tokens that are not for this API, or not any more",
        (
            Step(
                "for another audience",
                lambda participants: participants.issuer.access_token(
                    audience="https://other.example"
                ),
                _INVALID,
            ),
            Step(
                "from another issuer",
                lambda participants: participants.issuer.access_token(iss="https://evil.example/"),
                _INVALID,
            ),
            Step(
                "expired a minute ago",
                lambda participants: participants.issuer.access_token(lifetime=-60),
                _INVALID,
            ),
            Step(
                "a refresh token",
                lambda participants: participants.issuer.refresh_token(),
                _INVALID,
            ),
            Step("an ID token, though it names this API", _id_token_for_the_api, _INVALID),
        ),
    )
    yield Section(
        "Forged tokens",
        (
            Step(
                "claims changed under the old signature",
                lambda participants: forge.with_changed_payload(
                    _granted(participants), sub="admin"
                ),
                # A bad signature may mean that the issuer has reused a key id: one fetch.
                Expected(401, error="invalid_token", challenge=True, fetches=_AT_MOST_ONE),
            ),
            Step("signed with the forger's own key", _signed_by_a_forger, _INVALID),
            Step(
                "alg none",
                lambda participants: forge.with_alg_none(_granted(participants)),
                _INVALID,
            ),
            Step(
                "HS256 with the public key as the secret",
                lambda participants: forge.signed_with_hs256_and_the_public_key(
                    participants.issuer
                ),
                _INVALID,
            ),
        ),
    )
    yield Section(
        "Stolen tokens, bound to the client's key by DPoP",
        (
            Step("the client's request, with its proof", _by_the_client, _GRANTED),
            Step("its token as a Bearer token", _bound_token, _INVALID),
            Step("its token with a thief's proof", _by_a_thief, _INVALID),
            Step(
                "its request once more, recorded",
                _recorded,
                Expected(401, error="invalid_dpop_proof", challenge=True),
            ),
        ),
    )
    yield Section(
        "The issuer rotates its key",
        (
            Step(
                "the first token under the new key",
                _after_a_rotation,
                Expected(200, fetches=_ONE),
            ),
            Step("the next one needs no fetch", _granted, _GRANTED),
            Step(
                "an unknown key: fetches are limited",
                _under_an_unknown_kid,
                Expected(401, error="invalid_token", challenge=True, fetches=_AT_MOST_ONE),
            ),
        ),
    )
    yield Section(
        "The issuer's JWKS endpoint answers 503 (simulated time)",
        (
            Step("the key is known: no fetch", _during_an_outage, _GRANTED),
            Step(
                "11 minutes later: the last good keys serve",
                _minutes_later,
                Expected(200, fetches=_ONE_OR_TWO),
            ),
            Step("again at once: backoff, so no fetch", _granted, _GRANTED),
            Step(
                "2 hours later: the keys are too old",
                _hours_later,
                Expected(503, fetches=_ONE_OR_TWO),
            ),
            Step(
                "5 minutes later: the endpoint is back",
                _after_the_outage,
                Expected(200, fetches=_ONE),
            ),
        ),
    )


SCENARIO: Final = tuple(_sections())
