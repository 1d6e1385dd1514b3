"""`create_token(data, secret)` of the FastAPI walkthroughs, and an API that checks what it makes.

What differs from them: the secret is random and long, and the token says who made it, for which
API and until when; without these the API would take any token that the secret ever signed. What
differs from `fastapi_app.py`: the issuer's keys are a SharedSecret, since the API makes its own
tokens. It prints:

    401
    200 {'user': 'ada'}
    401 for a token of the same secret that is for another API
"""

import secrets
import time
from collections.abc import Mapping
from typing import Annotated, Any

import jwt
from fastapi import Depends, FastAPI
from starlette.testclient import TestClient

from asgi_jwks import AccessToken, SharedSecret, TrustedIssuer
from asgi_jwks.integrations.fastapi import JWTBearer

ISSUER = AUDIENCE = "https://api.example.com"
secret = secrets.token_bytes(32)  # from a vault, the same in every process


def create_token(data: Mapping[str, Any], secret: bytes, *, audience: str = AUDIENCE) -> str:
    """A token of these claims that is good for 15 minutes."""
    now = int(time.time())
    claims = {**data, "iss": ISSUER, "aud": audience, "iat": now, "exp": now + 900}
    return jwt.encode(claims, secret, algorithm="HS256")


bearer = JWTBearer(TrustedIssuer(issuer=ISSUER, audience=AUDIENCE, keys=SharedSecret(secret)))
app = FastAPI()
bearer.attach(app)


@app.get("/me")
async def me(token: Annotated[AccessToken, Depends(bearer)]) -> dict[str, str | None]:
    return {"user": token.subject}


if __name__ == "__main__":
    client = TestClient(app)
    print(client.get("/me").status_code)
    mine = create_token({"sub": "ada"}, secret)
    accepted = client.get("/me", headers={"Authorization": f"Bearer {mine}"})
    print(accepted.status_code, accepted.json())
    other = create_token({"sub": "ada"}, secret, audience="https://other.example.com")
    refused = client.get("/me", headers={"Authorization": f"Bearer {other}"})
    print(refused.status_code, "for a token of the same secret that is for another API")
