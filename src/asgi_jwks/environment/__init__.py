"""Configuration from the environment, as it is deployed.

The variables, and how their texts become values, follow from the types of the options. Each value
is checked on its own, so that a mistake is told by the name of its variable.

    ASGI_JWKS_ISSUER=https://example.eu.auth0.com/
    ASGI_JWKS_AUDIENCE=https://api.example.com

    app = JWTBearerMiddleware(app, **settings_from_env())

An Auth0 application may be configured by AUTH0_DOMAIN and AUTH0_AUDIENCE instead, as Auth0's own
documentation names them; they are looked at where no issuer is named.
"""

from asgi_jwks.environment.options import VARIABLES
from asgi_jwks.environment.settings import issuer_from_env, settings_from_env

__all__ = ["VARIABLES", "issuer_from_env", "settings_from_env"]
