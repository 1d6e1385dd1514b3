"""fastmcp: its JWTVerifier alone, without the MCP server around it."""

import logging
from collections.abc import Mapping
from importlib import import_module

from starlette.types import ASGIApp

from .contender import Contender, Gate, Trust


def _wrap(app: ASGIApp, trust: Trust) -> ASGIApp:
    provider = import_module("fastmcp.server.auth.providers.jwt")
    # It reports each refusal through a rich console: a millisecond that says nothing about JWTs.
    logging.getLogger("fastmcp").setLevel(logging.CRITICAL)
    verifier = provider.JWTVerifier(
        jwks_uri=trust.jwks_uri, issuer=trust.issuer, audience=trust.audience
    )

    async def verify(token: str) -> Mapping[str, object] | None:
        accepted = await verifier.verify_token(token)
        if accepted is None:
            return None
        claims: Mapping[str, object] = accepted.claims
        return claims

    return Gate(app, verify)


CONTENDER = Contender(
    name="fastmcp",
    distribution="fastmcp",
    counted="JWTVerifier.verify_token behind the thinnest gate, with its logging silenced",
    wrap=_wrap,
)
