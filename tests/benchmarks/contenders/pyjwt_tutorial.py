"""PyJWT's PyJWKClient with its defaults, called as its documentation and most tutorials do."""

from collections.abc import Mapping

import jwt
from starlette.types import ASGIApp

from .contender import Contender, Gate, Trust


def _wrap(app: ASGIApp, trust: Trust) -> ASGIApp:
    client = jwt.PyJWKClient(trust.jwks_uri)

    async def verify(token: str) -> Mapping[str, object] | None:
        try:
            key = client.get_signing_key_from_jwt(token)
            return jwt.decode(
                token, key, algorithms=["RS256"], audience=trust.audience, issuer=trust.issuer
            )
        except jwt.PyJWTError:
            return None

    return Gate(app, verify)


CONTENDER = Contender(
    name="PyJWT tutorial",
    distribution="pyjwt",
    counted="get_signing_key_from_jwt and jwt.decode, on the event loop, behind the thinnest gate",
    wrap=_wrap,
)
