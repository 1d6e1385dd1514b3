"""The mark of arguments that FastAPI must not take for parameters of a request.

It knows no framework: pydantic asks the mark for a schema.
"""

from typing import NoReturn

from asgi_jwks.errors import ConfigurationError

__all__ = ["NotAParameter"]


class NotAParameter:
    """Stops `Depends` of something else than a dependency, where the route is declared.

    FastAPI looks at the arguments of what it is to call, and asks pydantic for a schema of each.

    Args:
        sentence: says how to write it.
    """

    def __init__(self, sentence: str) -> None:
        self._sentence = sentence

    def __get_pydantic_core_schema__(self, _source: object, _handler: object) -> NoReturn:
        """Raise ConfigurationError in the place of a schema."""
        raise ConfigurationError(self._sentence)
