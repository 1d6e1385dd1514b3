"""Configuration from the environment, as it is deployed; Auth0's own names serve as well.

What differs from `minimal.py`: no option is in the code, and every mistake is told by the name of
the variable. It prints:

    {'issuer': 'https://example.eu.auth0.com/', 'audience': ('https://api.example.com',)}
    ASGI_JWKS_LEEWAY: 'five' is not a number. Write seconds, such as 5.
"""

import os

from starlette.applications import Starlette

from asgi_jwks import ConfigurationError, JWTBearerMiddleware, settings_from_env


def create_app() -> JWTBearerMiddleware:
    """For `uvicorn --factory`: the environment is read when the server starts."""
    return JWTBearerMiddleware(Starlette(), **settings_from_env())


if __name__ == "__main__":
    os.environ["AUTH0_DOMAIN"] = "example.eu.auth0.com"
    os.environ["AUTH0_AUDIENCE"] = "https://api.example.com"
    create_app()
    print(settings_from_env())
    os.environ["ASGI_JWKS_LEEWAY"] = "five"
    try:
        create_app()
    except ConfigurationError as error:
        print(error)
