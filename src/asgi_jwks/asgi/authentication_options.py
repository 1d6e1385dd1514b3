"""The options of authentication, checked by type and shape where they are given."""

import logging
import time
from collections.abc import Callable, Collection, Coroutine, Sequence
from typing import Any, Final, TypedDict

from asgi_jwks.access_token_verifier import AccessTokenVerifier
from asgi_jwks.asgi.refusal_content import ErrorBody
from asgi_jwks.asgi.refusals import OnRefused
from asgi_jwks.asgi.token_sources import AuthorizationHeader, BearerOrDPoPHeader, TokenSource
from asgi_jwks.errors import ConfigurationError
from asgi_jwks.events.event import Listener, Telling, require_listener
from asgi_jwks.events.requests import WouldBeRefused
from asgi_jwks.tokens.access_token import AccessToken
from asgi_jwks.tokens.issuer import Issuer
from asgi_jwks.tokens.report_only import ReportOnly
from asgi_jwks.trusted_issuer import trusted_issuers

__all__ = [
    "DEFAULT_TOKEN_SOURCES",
    "AuthenticationOptions",
    "checked_token_sources",
    "require_verifier",
    "second_policy",
    "telling",
    "verification_by",
]

_log: Final = logging.getLogger("asgi_jwks.requests")

DEFAULT_TOKEN_SOURCES: Final[Sequence[TokenSource]] = (AuthorizationHeader(),)


class AuthenticationOptions(TypedDict, total=False):
    """The options that the middleware and FastAPI's dependency have in common."""

    verifier: AccessTokenVerifier | None
    """an AccessTokenVerifier instead of issuers, for a resolver and all else"""
    realm: str
    """the realm of the challenges"""
    resource_metadata: str | None
    """the URL of this server's metadata (RFC 9728), for the challenges"""
    token_sources: Sequence[TokenSource] | TokenSource
    """where tokens are looked for: the `Authorization` field; `Cookie(name)` and others"""
    allow_anonymous: bool
    """let requests without a token through as nobody; one with an invalid token is refused"""
    require_keys_at_startup: bool
    """fail the server's start if the keys are unavailable"""
    listener: Listener | None
    """a plain function, called with each event of `asgi_jwks.events`: requests and key sets"""
    report_only: Sequence[Issuer] | Issuer
    """stricter TrustedIssuer objects that are judged beside the live ones and refuse nothing"""
    on_refused: OnRefused | None
    """a plain function, called with the error and the scope of each refused request"""
    error_body: ErrorBody | None
    """words the bodies of refusals: `error_body(content)` is a JSON object; see RefusalContent"""


def require_verifier(verifier: object) -> None:
    """Refuse anything but an AccessTokenVerifier, or an object with its methods."""
    if isinstance(verifier, type) or not all(
        callable(getattr(verifier, method, None)) for method in ("verify", "running")
    ):
        raise ConfigurationError(
            f"verifier must be an AccessTokenVerifier; got {verifier!r}. Write for example "
            "verifier=AccessTokenVerifier(issuer=..., audience=...)."
        )


def checked_token_sources(sources: object, *, reads_dpop: bool) -> tuple[TokenSource, ...]:
    """The sources as a tuple; with DPoP the Authorization field is read for both schemes."""
    given = tuple(sources) if isinstance(sources, list | tuple) else (sources,)
    found = tuple(
        source
        for source in given
        if callable(getattr(source, "find", None))
        and not isinstance(source, str | bytes | type)
        # A key set has a `find` too.
        and not hasattr(source, "at_hand")
    )
    if not found or len(found) != len(given):
        raise ConfigurationError(
            "token_sources must be token sources, such as [AuthorizationHeader(), "
            f'Cookie("access_token")]; got {sources!r}.'
        )
    if reads_dpop:
        return tuple(
            BearerOrDPoPHeader() if isinstance(source, AuthorizationHeader) else source
            for source in found
        )
    return found


def telling(listener: Listener | None, verifier: AccessTokenVerifier) -> Telling | None:
    """Tells the listener that was given here, or to the verifier; None without one."""
    of_verifier: Listener | None = getattr(verifier, "listener", None)
    if listener is None:
        return None if of_verifier is None else Telling(of_verifier, _log)
    require_listener("listener", listener)
    if of_verifier is not None and of_verifier != listener:
        raise ConfigurationError(
            "The verifier has a listener, which hears of requests as well. Give it once."
        )
    add_listener = getattr(verifier, "add_listener", None)
    if add_listener is not None:
        add_listener(listener)
    return Telling(listener, _log)


def verification_by(
    verifier: AccessTokenVerifier,
) -> Callable[..., Coroutine[Any, Any, AccessToken]]:
    """How an entry point, which tells of whole requests, has tokens verified.

    A `verify` of somebody's own may be stricter, so it is asked itself; the verifier's listener may
    hear of such a token twice, then.
    """
    is_ours = (
        isinstance(verifier, AccessTokenVerifier)
        and getattr(verifier.verify, "__func__", None) is AccessTokenVerifier.verify
    )
    return verifier.verify_untold if is_ours else verifier.verify


def second_policy(
    issuers: Sequence[Issuer] | Issuer,
    verifier: AccessTokenVerifier,
    configured: Collection[str],
    report: Callable[[WouldBeRefused], None],
) -> ReportOnly | None:
    """The stricter issuers of `report_only`, each named as a trusted one, if there are any."""
    try:
        policies = trusted_issuers((issuers,), {})
    except ConfigurationError as error:
        raise ConfigurationError(f"report_only: {error}") from None
    names = [issuer.rules.issuer for issuer in policies]
    for name in names:
        if names.count(name) > 1 or (configured and name not in configured):
            raise ConfigurationError(
                f"report_only must have one TrustedIssuer at most for each trusted issuer, of "
                f"the same name; {name!r} is not one, or is there twice."
            )
    live = [(issuer.rules, *issuer.checks) for issuer in getattr(verifier, "issuers", ())]
    for policy in policies:
        if (policy.rules, *policy.checks) in live:
            raise ConfigurationError(
                f"report_only has the same rules for {policy.rules.issuer!r} as the live policy, "
                "so that it would tell nothing. Write the rule to be tried, for example "
                'TrustedIssuer(..., profile="rfc9068").'
            )
    clock = getattr(verifier, "clock", time.time)
    return ReportOnly(policies, report, clock) if policies else None
