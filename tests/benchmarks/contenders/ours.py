"""asgi-jwks: the whole middleware, exactly as the README mounts it."""

from starlette.types import ASGIApp

from .contender import Clock, Contender, Trust


def _wrap(app: ASGIApp, trust: Trust) -> ASGIApp:
    from asgi_jwks import JWTBearerMiddleware

    return JWTBearerMiddleware(
        app, issuer=trust.issuer, audience=trust.audience, jwks_uri=trust.jwks_uri
    )


def _wrap_at(app: ASGIApp, trust: Trust, clock: Clock) -> ASGIApp:
    from asgi_jwks import AccessTokenVerifier, JWTBearerMiddleware, TrustedIssuer

    issuer = TrustedIssuer(issuer=trust.issuer, audience=trust.audience, jwks_uri=trust.jwks_uri)
    return JWTBearerMiddleware(app, verifier=AccessTokenVerifier([issuer], clock=clock))


def wrap_remembering(app: ASGIApp, trust: Trust, *, tokens: int) -> ASGIApp:
    """The middleware with room to spare, so that none of `tokens` verified tokens is dropped."""
    from asgi_jwks import AccessTokenVerifier, JWTBearerMiddleware, TrustedIssuer

    issuer = TrustedIssuer(issuer=trust.issuer, audience=trust.audience, jwks_uri=trust.jwks_uri)
    return JWTBearerMiddleware(
        app, verifier=AccessTokenVerifier([issuer], verified_tokens=4 * tokens)
    )


CONTENDER = Contender(
    name="asgi-jwks",
    distribution="asgi-jwks",
    counted="the whole middleware with its defaults, cache of verified tokens included",
    wrap=_wrap,
    wrap_at=_wrap_at,
)
