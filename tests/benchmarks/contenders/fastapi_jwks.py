"""fastapi-jwks: its validator, without the FastAPI dependency around it."""

from collections.abc import Mapping
from importlib import import_module

from starlette.types import ASGIApp

from .contender import Contender, Gate, Trust


def _wrap(app: ASGIApp, trust: Trust) -> ASGIApp:
    models = import_module("fastapi_jwks.models.types")
    validators = import_module("fastapi_jwks.validators")
    fastapi = import_module("fastapi")
    pydantic = import_module("pydantic")

    claims_model = pydantic.create_model("Claims", sub=(str, ...), scope=(str, ...))
    validator = validators.JWKSValidator[claims_model](
        models.JWTDecodeConfig(audience=[trust.audience], issuer=trust.issuer, leeway=0.0),
        models.JWKSConfig(url=trust.jwks_uri),
    )

    async def verify(token: str) -> Mapping[str, object] | None:
        try:
            return dict(validator.validate_token(token))
        except fastapi.HTTPException:
            return None

    return Gate(app, verify)


CONTENDER = Contender(
    name="fastapi-jwks",
    distribution="fastapi-jwks",
    counted="JWKSValidator.validate_token into a two-field model; FastAPI itself is not counted",
    wrap=_wrap,
)
