"""Every contender, one file each. A peer that is not installed is left out, never an error."""

from . import (
    auth0_fastapi_api,
    fastapi_jwks,
    fastmcp_verifier,
    joserfc_decode,
    no_auth,
    ours,
    pyjwt_tutorial,
    ryjwt_client,
)
from .contender import Clock, Contender, Trust

__all__ = ["CONTENDERS", "NO_AUTH", "Clock", "Contender", "Trust"]

NO_AUTH = no_auth.CONTENDER

CONTENDERS = (
    ours.CONTENDER,
    pyjwt_tutorial.CONTENDER,
    fastapi_jwks.CONTENDER,
    auth0_fastapi_api.CONTENDER,
    fastmcp_verifier.CONTENDER,
    joserfc_decode.CONTENDER,
    ryjwt_client.CONTENDER,
)
