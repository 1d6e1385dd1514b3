"""The mark of arguments that FastAPI must not take for parameters of a request."""

from typing import NoReturn

from asgi_jwks.errors import ConfigurationError

__all__ = ["NotAParameter"]


class NotAParameter:
    """Stops `Depends(JWTBearer)`, the class in the place of an instance, by a sentence.

    FastAPI looks at the arguments of what it is to call, and asks pydantic for a schema of each.
    """

    def __get_pydantic_core_schema__(self, _source: object, _handler: object) -> NoReturn:
        """Say how to write it, in the place of a schema."""
        raise ConfigurationError(
            "Depends(JWTBearer) has the class and not an instance. Write bearer = "
            "JWTBearer(issuer=..., audience=...) once, and Depends(bearer)."
        )
