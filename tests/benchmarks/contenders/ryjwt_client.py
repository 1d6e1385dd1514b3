"""ryjwt: its JWKSClient, written in Rust; it needs Python 3.12."""

from collections.abc import Mapping
from importlib import import_module

from starlette.types import ASGIApp

from .contender import Contender, Gate, Trust


def _wrap(app: ASGIApp, trust: Trust) -> ASGIApp:
    ryjwt = import_module("ryjwt")
    client = ryjwt.JWKSClient(
        trust.jwks_uri, algorithms=["RS256"], audience=trust.audience, issuer=trust.issuer
    )

    async def verify(token: str) -> Mapping[str, object] | None:
        try:
            claims: Mapping[str, object] = await client.adecode(token)
        except ryjwt.InvalidTokenError:
            return None
        return claims

    return Gate(app, verify)


CONTENDER = Contender(
    name="ryjwt",
    distribution="ryjwt",
    counted="JWKSClient.adecode (Rust) behind the thinnest gate",
    wrap=_wrap,
)
