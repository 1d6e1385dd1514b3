"""The refusals of an operation, in the words of an OpenAPI document."""

from collections.abc import Iterable
from typing import Any, Final

from asgi_jwks.asgi.refusal_content import UNAVAILABLE
from asgi_jwks.authorization.description import describe
from asgi_jwks.authorization.requirement import Requirement

__all__ = ["OWN_SCHEMA", "REFUSAL", "SCHEMA", "refusals"]

REFUSAL: Final = "AccessTokenRefusal"
"""The name of the schema of refusals."""

# Of an application that words the bodies itself, in a form that only it knows.
OWN_SCHEMA: Final = {"type": "object", "title": REFUSAL}
SCHEMA: Final = {
    **OWN_SCHEMA,
    "required": ["error", "error_description"],
    "properties": {"error": {"type": "string"}, "error_description": {"type": "string"}},
}


def refusals(needs: Iterable[Requirement]) -> dict[str, Any]:
    """The `responses` of an operation that needs a token: 401, 403 and 503."""
    needs = list(needs)
    login = any(need.acr or need.max_age is not None for need in needs)
    described = {
        "401": (
            f"No valid access token{', or not the login that is needed' if login else ''}",
            _CHALLENGE,
        ),
        "403": (_needed(needs), _CHALLENGE),
        "503": (UNAVAILABLE.description, _RETRY),
    }
    body = {"$ref": f"#/components/schemas/{REFUSAL}"}
    return {
        status: {
            "description": description,
            "headers": headers,
            "content": {"application/json": {"schema": body}},
        }
        for status, (description, headers) in described.items()
    }


def _needed(needs: Iterable[Requirement]) -> str:
    words = "; ".join(map(describe, needs))
    return "The access token does not grant what this request needs" + (f": {words}" * bool(words))


_CHALLENGE: Final = {
    "WWW-Authenticate": {
        "description": "What is needed (RFC 6750, section 3)",
        "schema": {"type": "string"},
    }
}
_RETRY: Final = {
    "Retry-After": {
        "description": "Seconds after which another attempt makes sense",
        "schema": {"type": "integer"},
    }
}
