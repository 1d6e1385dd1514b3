"""From the options of an entry point to its Authentication.

The middleware and FastAPI's dependency share it.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from asgi_jwks._options import require_known
from asgi_jwks.access_token_verifier import AccessTokenVerifier
from asgi_jwks.asgi.authentication import Authentication
from asgi_jwks.asgi.authentication_options import DEFAULT_TOKEN_SOURCES, AuthenticationOptions
from asgi_jwks.asgi.authorization import Authorization, AuthorizationOptions
from asgi_jwks.asgi.token_sources import AuthorizationHeader
from asgi_jwks.errors import ConfigurationError
from asgi_jwks.tokens.issuers import Issuer
from asgi_jwks.trusted_issuer import IssuerOptions, trusted_issuers

__all__ = ["BearerOptions", "authentication", "shared_options"]


class BearerOptions(AuthenticationOptions, AuthorizationOptions, IssuerOptions, total=False):
    """The options of an entry point: of authentication, of authorization, and of one issuer."""


def authentication(
    owner: str,
    issuers: Sequence[Issuer | Sequence[Issuer]],
    options: BearerOptions,
    *,
    known: Iterable[str],
    app: object = None,
) -> Authentication:
    """The Authentication of an entry point, by issuers, options of one, or a verifier.

    `owner` is the name of the entry point, `known` those of all its options, `app` the application
    whose routes may declare needs.

    Raises:
        ConfigurationError: an option is wrong, or there is no issuer to trust.
    """
    require_known(options, known, owner=owner)
    own: Any = _only(options, AuthenticationOptions.__annotations__)
    declared: Any = _only(options, AuthorizationOptions.__annotations__)
    of_issuer: Any = _only(options, IssuerOptions.__annotations__)
    verifier = own.pop("verifier", None)
    if verifier is None:
        trusted = trusted_issuers(issuers, of_issuer)
        if not trusted:
            raise ConfigurationError(
                f'Write {owner}(..., issuer="https://example.eu.auth0.com/", '
                f'audience="https://api.example.com"), or {owner}(..., verifier=...).'
            )
        verifier = AccessTokenVerifier(*trusted)
    elif issuers or of_issuer:
        # A check or a profile that is silently not applied would be an open door.
        raise ConfigurationError(
            "With verifier=..., issuers and their options belong to the AccessTokenVerifier and "
            f"its TrustedIssuer objects; got {', '.join(of_issuer) or 'issuers'} as well."
        )
    if declared.get("resource") is not None and own.get("resource_metadata") is not None:
        raise ConfigurationError(
            "Give either resource, whose metadata are served here, or resource_metadata, the URL "
            "of metadata that something else serves, not both."
        )
    return Authentication(
        verifier, authorization=_authorization(verifier, own, declared, app), **own
    )


def _authorization(verifier: Any, own: Any, declared: Any, app: object) -> Authorization:
    sources = own.get("token_sources", DEFAULT_TOKEN_SOURCES)
    sources = sources if isinstance(sources, list | tuple) else (sources,)
    by_header = any(isinstance(source, AuthorizationHeader) for source in sources)
    return Authorization(
        issuers=getattr(verifier, "issuers", ()),
        app=app,
        methods=["header"] if by_header else [],
        allow_anonymous=own.get("allow_anonymous") is True,
        may_resolve=_has_resolver(verifier),
        # The verifier's own, so that one clock rules all.
        clock=getattr(verifier, "clock", time.time),
        **declared,
    )


def _has_resolver(verifier: Any) -> bool:
    # Whether it is a verifier at all is judged by Authentication.
    state = getattr(verifier, "resolver_state", None)
    return not isinstance(verifier, type) and callable(state) and state() is not None


def _only(options: Mapping[str, object], names: Iterable[str]) -> dict[str, object]:
    wanted = frozenset(names)
    return {name: value for name, value in options.items() if name in wanted}


def shared_options(options: Mapping[str, object]) -> dict[str, Any]:
    """The options that are not of an issuer, for an entry point with a verifier."""
    return {
        **_only(options, AuthenticationOptions.__annotations__),
        **_only(options, AuthorizationOptions.__annotations__),
    }
