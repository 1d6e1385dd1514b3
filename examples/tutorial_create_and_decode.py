"""Creating and decoding a token, done right: first with a shared secret, then with a key pair.

What differs from the tutorials of this name: the secret is random and as long as HS256 needs it,
issuer and audience are checked, and an error says which rule was broken. It prints:

    HS256 header: {"alg": "HS256", "typ": "JWT"}
    HS256 claims: {"iss": "https://issuer.example/", "aud": "https://api.example.com", \
"sub": "Ada", "iat": 2000000000, "exp": 2000000900}
    HS256 signature: 32 bytes
    HS256: Ada until 2033-05-18 03:48:20
    HS256, an hour later: expired
    HS256, changed on the way: bad_signature
    RS256 header: {"alg": "RS256", "typ": "JWT", "kid": "1"}
    RS256 claims: {"iss": "https://issuer.example/", "iat": 2000000000, "exp": 2000000900, \
"sub": "Ada", "aud": "https://api.example.com"}
    RS256 signature: 256 bytes
    RS256: Ada until 2033-05-18 03:48:20
    RS256, an hour later: expired
    RS256, changed on the way: bad_signature
"""

import json
import secrets
from base64 import urlsafe_b64decode
from datetime import UTC, datetime
from functools import partial

import anyio
import jwt

from asgi_jwks import AccessTokenVerifier, InvalidToken, SharedSecret, StaticJWKSet, TrustedIssuer
from asgi_jwks.testing import MockIssuer, SigningKey

ISSUER, AUDIENCE = "https://issuer.example/", "https://api.example.com"
NOW = 2_000_000_000  # a clock of our own, so that the output is the same every day
secret = secrets.token_bytes(32)
key = SigningKey.generate("RS256", kid="1")
provider = MockIssuer(issuer=ISSUER, audience=AUDIENCE, key=key, clock=lambda: NOW)


def create_token() -> str:
    """Whoever has the secret can make tokens, and so can everyone who is to check them."""
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "Ada", "iat": NOW, "exp": NOW + 900}
    return jwt.encode(claims, secret, algorithm="HS256")


def print_parts(name: str, token: str) -> None:
    """Anyone can read a token, so it is no place for secrets; reading it proves nothing."""
    header, claims, signature = (urlsafe_b64decode(part + "==") for part in token.split("."))
    print(f"{name} header:", json.dumps(json.loads(header)))
    print(f"{name} claims:", json.dumps(json.loads(claims)))
    print(f"{name} signature:", len(signature), "bytes")


async def show(name: str, token: str, trusted: TrustedIssuer) -> None:
    print_parts(name, token)
    accepted = await AccessTokenVerifier(trusted, clock=lambda: NOW).verify(token)
    until = datetime.fromtimestamp(accepted.expires_at, UTC)
    print(f"{name}: {accepted.subject} until {until:%Y-%m-%d %H:%M:%S}")
    changed = token[:-10] + ("A" if token[-10] != "A" else "B") + token[-9:]
    for how, now, bad in ("an hour later", NOW + 3600, token), ("changed on the way", NOW, changed):
        try:
            await AccessTokenVerifier(trusted, clock=partial(float, now)).verify(bad)
        except InvalidToken as error:
            print(f"{name}, {how}: {error.reason}")


async def main() -> None:
    ours = TrustedIssuer(issuer=ISSUER, audience=AUDIENCE, keys=SharedSecret(secret))
    await show("HS256", create_token(), ours)
    theirs = StaticJWKSet(provider.jwk_set())
    token = provider.mint({"sub": "Ada", "aud": AUDIENCE}, lifetime=900)
    await show("RS256", token, TrustedIssuer(issuer=ISSUER, audience=AUDIENCE, keys=theirs))


if __name__ == "__main__":
    anyio.run(main)
