"""The PyJWT notebook, done right: expiry with leeway, the issuer, a signing key from a JWKS URL.

What differs from it: none of the checks can be left out, and the key set is fetched under limits
and kept. The token is the real one of PyJWT's documentation, which Auth0 signed in October 2019 for
ten seconds, so it is verified at that time. It prints:

    at 12:35:55 UTC: accepted, from aW4Cca79xReLWUz0aE2H6kD0O3cXBVtC@clients
    at 12:36:08 UTC: accepted, from aW4Cca79xReLWUz0aE2H6kD0O3cXBVtC@clients
    at 12:36:09 UTC: expired
    today: expired
    of another issuer: unknown_issuer
    fetched: 1 time
"""

import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import anyio

from asgi_jwks import (
    AccessTokenVerifier,
    FetchResponse,
    InvalidToken,
    RemoteJWKSet,
    TrustedIssuer,
)

SAMPLES = Path(__file__).parents[1] / "tests" / "provider_samples"
recorded = json.loads((SAMPLES / "auth0-pyjwt-docs.json").read_text())
ISSUED, EXPIRES, LEEWAY = 1_572_006_954, 1_572_006_964, 5
fetched: list[str] = []


async def fetch(url: str, _headers: Mapping[str, str]) -> FetchResponse:
    """Stands for the network: what the URL answered when the token was made."""
    fetched.append(url)
    return FetchResponse(200, {}, json.dumps(recorded["jwks"]).encode())


keys = RemoteJWKSet(recorded["jwks_uri"], fetch=fetch)


async def verify(when: float, *, issuer: str = recorded["issuer"]) -> str:
    trusted = TrustedIssuer(issuer=issuer, audience=recorded["audience"], keys=keys, leeway=LEEWAY)
    try:
        token = await AccessTokenVerifier([trusted], clock=lambda: when).verify(recorded["token"])
    except InvalidToken as error:
        return str(error.reason)
    return f"accepted, from {token.subject}"


async def main() -> None:
    for when in (ISSUED + 1, EXPIRES + LEEWAY - 1, EXPIRES + LEEWAY):
        print(f"at {datetime.fromtimestamp(when, UTC):%H:%M:%S} UTC:", await verify(when))
    print("today:", await verify(time.time()))
    print("of another issuer:", await verify(ISSUED, issuer="https://example.eu.auth0.com/"))
    print("fetched:", len(fetched), "time")


if __name__ == "__main__":
    anyio.run(main)
