"""The kind and the time of a login, and the evidence of both (RFC 9470).

It does not know routes. Evidence that is absent, or of a wrong form, proves nothing.
"""

from collections.abc import Mapping
from typing import Any, Final, TypeGuard

from asgi_jwks._printable import printable
from asgi_jwks.errors import Advice, InsufficientUserAuthentication
from asgi_jwks.events.hint import Hint

__all__ = ["authenticated_as", "authenticated_within", "step_up"]

_LONGEST_VALUE: Final = 100
# Some 31 million years; the difference of larger numbers could overflow.
_LARGEST_TIME: Final = 10**15


def authenticated_as(claims: Mapping[str, Any], acr_values: tuple[str, ...]) -> bool:
    """Whether the user logged in by one of these authentication contexts.

    `acr` is one string (OpenID Connect Core 1.0, section 2; RFC 9068, section 2.2.1).
    """
    acr = claims.get("acr")
    return isinstance(acr, str) and acr in acr_values


def authenticated_within(claims: Mapping[str, Any], max_age: float, *, now: float) -> bool:
    """Whether the user logged in at most `max_age` seconds before `now`.

    `auth_time` is a NumericDate (RFC 7519, section 2). One that lies ahead of `now` proves nothing,
    unless the token was issued after it by the same clock: of `iat` it was judged how far it may be
    ahead.
    """
    auth_time, issued = claims.get("auth_time"), claims.get("iat")
    return (
        _is_number(auth_time)
        # False for NaN and infinities as well.
        and now - max_age <= auth_time
        and (auth_time <= now or (_is_number(issued) and auth_time <= issued))
    )


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def step_up(
    claims: Mapping[str, Any],
    *,
    acr_values: tuple[str, ...],
    max_age: int | None,
    scopes: tuple[str, ...],
    now: float,
) -> InsufficientUserAuthentication:
    """The refusal that names all that is needed, with advice for the operator."""
    error = InsufficientUserAuthentication(acr_values=acr_values, max_age=max_age, scopes=scopes)

    def words() -> str:
        needed = []
        if acr_values:
            needed.append(f"an acr of {' or '.join(map(repr, acr_values))}")
        if max_age is not None:
            needed.append(f"a login at most {max_age} s ago")
        return (
            f"the route needs {' and '.join(needed)}, and the token has {_evidence(claims, now)}: "
            "have the client send the user to log in with the acr_values and the max_age of the "
            "challenge (RFC 9470), and the provider write acr and auth_time into access tokens."
        )

    error.explain(None, lambda _: Advice(Hint.STEP_UP, words))
    return error


def _evidence(claims: Mapping[str, Any], now: float) -> str:
    acr, auth_time = claims.get("acr"), claims.get("auth_time")
    named = "no acr" if acr is None else f"the acr {_shown(acr)}"
    if auth_time is None:
        return f"{named} and no auth_time"
    if type(auth_time) in {int, float} and abs(auth_time) < _LARGEST_TIME:
        return f"{named} and a login {now - auth_time:.0f} s ago"
    return f"{named} and the auth_time {_shown(auth_time)}, which is not a time"


def _shown(value: object) -> str:
    return printable(repr(value), longest=_LONGEST_VALUE)
