"""Creating and decoding a token, done right: first with a shared secret, then with a key pair.

What differs from the tutorials of this name: the secret is as long as HS256 needs it, issuer and
audience are checked, and an error says which rule was broken. It prints:

    HS256: header alg, typ; claims iss, aud, sub, iat, exp
    HS256: Ada until 2033-05-18 03:48:20
    HS256, an hour later: expired
    HS256, changed on the way: bad_signature
    RS256: header alg, typ, kid; claims iss, iat, exp, sub, aud, azp, scope
    RS256: Ada until 2033-05-18 03:48:20
    RS256, an hour later: expired
    RS256, changed on the way: bad_signature
"""

import json
import secrets
from base64 import urlsafe_b64decode
from datetime import UTC, datetime

import anyio
import jwt

from asgi_jwks import (
    AccessTokenVerifier,
    InvalidToken,
    SharedSecret,
    StaticJWKSet,
    TrustedIssuer,
)
from asgi_jwks.testing import MockIssuer

ISSUER, AUDIENCE = "https://issuer.example/", "https://api.example.com"
NOW = 2_000_000_000.0  # a clock of our own, so that the output is the same every day
secret = secrets.token_bytes(32)
provider = MockIssuer(issuer=ISSUER, audience=AUDIENCE, clock=lambda: NOW)


def create_token() -> str:
    """Whoever has the secret can make tokens, and so can everyone who is to check them."""
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "Ada", "iat": NOW, "exp": NOW + 900}
    return jwt.encode(claims, secret, algorithm="HS256")


def parts(token: str) -> str:
    """The names in a token: anyone can read them, so a token is no place for secrets."""
    header, claims, _ = (part + "=" * (-len(part) % 4) for part in token.split("."))
    names = [", ".join(json.loads(urlsafe_b64decode(part))) for part in (header, claims)]
    return f"header {names[0]}; claims {names[1]}"


async def show(name: str, token: str, trusted: TrustedIssuer) -> None:
    print(f"{name}: {parts(token)}")
    accepted = await AccessTokenVerifier([trusted], clock=lambda: NOW).verify(token)
    until = datetime.fromtimestamp(accepted.expires_at, UTC)
    print(f"{name}: {accepted.subject} until {until:%Y-%m-%d %H:%M:%S}")
    later = AccessTokenVerifier([trusted], clock=lambda: NOW + 3600)
    changed = token[:-10] + ("A" if token[-10] != "A" else "B") + token[-9:]
    for how, verifier, bad in (
        ("an hour later", later, token),
        ("changed on the way", AccessTokenVerifier([trusted], clock=lambda: NOW), changed),
    ):
        try:
            await verifier.verify(bad)
        except InvalidToken as error:
            print(f"{name}, {how}: {error.reason}")


async def main() -> None:
    ours = TrustedIssuer(issuer=ISSUER, audience=AUDIENCE, keys=SharedSecret(secret))
    await show("HS256", create_token(), ours)
    theirs = StaticJWKSet(provider.jwk_set())
    token = provider.access_token(subject="Ada", lifetime=900)
    await show("RS256", token, TrustedIssuer(issuer=ISSUER, audience=AUDIENCE, keys=theirs))


if __name__ == "__main__":
    anyio.run(main)
