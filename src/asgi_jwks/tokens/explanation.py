"""From the place where a token was refused to the advice for the operator.

Nothing is worked out before somebody asks the error for its advice: most refusals are answered and
never printed. Neither the token nor its signature travels with the error.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple, Protocol, runtime_checkable

from asgi_jwks.errors import Advice, InvalidToken, RequestError, TemporarilyUnavailable
from asgi_jwks.tokens.advice import advise
from asgi_jwks.tokens.header_rules import JOSEHeader
from asgi_jwks.tokens.issuer import Issuer
from asgi_jwks.tokens.issuers import TrustedIssuers
from asgi_jwks.tokens.key_source import KeySource
from asgi_jwks.tokens.refused_token import KeysAtHand, RefusedToken
from asgi_jwks.tokens.steps import ReceivedToken

__all__ = ["explain"]


class _Health(Protocol):
    @property
    def age(self) -> float | None: ...


@runtime_checkable
class _Fetched(Protocol):
    """A key source that has its keys from elsewhere, as RemoteJWKSet does."""

    def health(self) -> _Health: ...


class _Place(NamedTuple):
    """How far the procedure came."""

    now: float
    parts: int
    issuer: Issuer | None
    header: JOSEHeader | None
    claims: Mapping[str, Any] | None
    is_signed: bool


def explain(
    refusal: InvalidToken | TemporarilyUnavailable,
    issuers: TrustedIssuers,
    *,
    now: float,
    parts: int = 3,
    received: ReceivedToken | None = None,
    issuer: Issuer | None = None,
) -> None:
    """Have the refusal of a token tell the operator how it came about.

    It is told when somebody asks.

    Args:
        refusal: the error; it is changed in place.
        issuers: the trusted issuers.
        now: seconds since the epoch.
        parts: of how many parts the token is.
        received: the token, as far as it was read; None if it was accepted before.
        issuer: the issuer that was chosen, if one was.
    """
    if received is None:
        place = _Place(now, parts, issuer or issuers.sole, None, None, issuer is not None)
    else:
        chosen = received.issuer or issuers.sole
        place = _Place(now, parts, chosen, received.header, received.read, received.is_signed)
    name = None if place.issuer is None else place.issuer.rules.issuer
    known = name if name in issuers.configured else None
    if isinstance(refusal, TemporarilyUnavailable):
        refusal.issuer = known
    else:
        refusal.explain(known, partial(_advice, issuers, place))


def _advice(issuers: TrustedIssuers, place: _Place, refusal: RequestError) -> Advice:
    issuer = place.issuer
    return advise(
        RefusedToken(
            reason=refusal.reason,
            now=place.now,
            detail=refusal.detail,
            parts=place.parts,
            header=place.header,
            claims=place.claims,
            is_signed=place.is_signed,
            rules=None if issuer is None else issuer.rules,
            issuers=issuers.names,
            keys=None if issuer is None else _keys_at_hand(issuer.keys),
        )
    )


def _keys_at_hand(source: KeySource) -> KeysAtHand | None:
    keys = source.at_hand()
    if keys is None:
        return None
    return KeysAtHand(keys, source.can_find_more(), partial(_age, source))


def _age(source: KeySource) -> float | None:
    return source.health().age if isinstance(source, _Fetched) else None
