"""joserfc: jwt.decode with a key set that is already at hand. It has no remote key set."""

import json
from collections.abc import Mapping
from importlib import import_module
from urllib.request import urlopen

from starlette.types import ASGIApp

from .contender import Contender, Gate, Trust


def _wrap(app: ASGIApp, trust: Trust) -> ASGIApp:
    jwt = import_module("joserfc.jwt")
    errors = import_module("joserfc.errors")
    with urlopen(trust.jwks_uri) as answer:
        keys = import_module("joserfc.jwk").KeySet.import_key_set(json.load(answer))
    rules = jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": trust.issuer},
        aud={"essential": True, "value": trust.audience},
        exp={"essential": True},
    )

    async def verify(token: str) -> Mapping[str, object] | None:
        try:
            claims: Mapping[str, object] = jwt.decode(token, keys, algorithms=["RS256"]).claims
            rules.validate(claims)
        except (errors.JoseError, ValueError):
            return None
        return claims

    return Gate(app, verify)


CONTENDER = Contender(
    name="joserfc",
    distribution="joserfc",
    counted="jwt.decode and the claims registry; the keys never age, nothing is ever fetched",
    wrap=_wrap,
)
