"""From the place where a token was refused to the advice for the operator.

Nothing is worked out before somebody asks the error for its advice: most refusals are answered and
never printed. Neither the token nor its signature travels with the error.
"""

from functools import partial
from typing import Protocol, runtime_checkable

from asgi_jwks.errors import Advice, RequestError, TemporarilyUnavailable
from asgi_jwks.tokens.advice import advise
from asgi_jwks.tokens.issuers import TrustedIssuers
from asgi_jwks.tokens.key_source import KeySource
from asgi_jwks.tokens.refused_token import KeysAtHand, RefusedToken
from asgi_jwks.tokens.trace import Trace

__all__ = ["attach_advice", "keys_at_hand"]


class _Health(Protocol):
    @property
    def age(self) -> float | None: ...
    @property
    def clock_ahead(self) -> float | None: ...


@runtime_checkable
class _Fetched(Protocol):
    """A key source that has its keys from elsewhere, as RemoteJWKSet does."""

    def health(self) -> _Health: ...


def attach_advice(
    refusal: RequestError | TemporarilyUnavailable,
    issuers: TrustedIssuers,
    trace: Trace,
    now: float,
) -> None:
    """Have the refusal of a token tell the operator how it came about.

    It is told when somebody asks.

    Args:
        refusal: the error; it is changed in place.
        issuers: the trusted issuers.
        trace: how far the procedure came.
        now: seconds since the epoch.
    """
    issuer = trace.issuer or issuers.sole
    name = None if issuer is None else issuer.rules.issuer
    known = name if name in issuers.configured else None
    if isinstance(refusal, TemporarilyUnavailable):
        refusal.issuer = known
    else:
        refusal.explain(known, partial(_advice, issuers, trace, now))


def _advice(issuers: TrustedIssuers, trace: Trace, now: float, refusal: RequestError) -> Advice:
    issuer = trace.issuer or issuers.sole
    return advise(
        RefusedToken(
            reason=refusal.reason,
            now=now,
            detail=refusal.detail,
            parts=trace.parts,
            header=trace.header,
            claims=trace.claims,
            is_signed=trace.is_signed,
            rules=None if issuer is None else issuer.rules,
            issuers=issuers.names,
            keys=None if issuer is None else keys_at_hand(issuer.keys),
        )
    )


def keys_at_hand(source: KeySource) -> KeysAtHand | None:
    """The keys of a source that are at hand, and their age."""
    keys = source.at_hand()
    if keys is None:
        return None
    return KeysAtHand(
        keys, source.can_find_more(), partial(_age, source), partial(_clock_ahead, source)
    )


def _clock_ahead(source: KeySource) -> float | None:
    return source.health().clock_ahead if isinstance(source, _Fetched) else None


def _age(source: KeySource) -> float | None:
    return source.health().age if isinstance(source, _Fetched) else None
