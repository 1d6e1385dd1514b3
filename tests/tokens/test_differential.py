"""Ours beside PyJWT's: whatever `jwt.decode` refuses under the same settings, ours refuses too.

The tokens are those of the attack corpus, the good ones of the mock issuer, and a grid of bent
headers and claims that the issuer signed. PyJWT may accept what ours refuses; never the reverse.
"""

from collections.abc import Iterator
from contextlib import suppress
from itertools import product
from typing import Any

import jwt
import pytest

from asgi_jwks import AccessToken, AccessTokenVerifier, InvalidToken, StaticJWKSet, TrustedIssuer
from asgi_jwks.testing import MockIssuer
from asgi_jwks.testing.attacks.attack import Target
from asgi_jwks.testing.attacks.corpus import ATTACKS
from asgi_jwks.testing.attacks.run import target_for

LEEWAY = 5

HEADERS: list[dict[str, object]] = [
    {},
    {"typ": "at+jwt"},
    {"typ": None},
    {"alg": "none"},
    {"alg": "RS512"},
    {"alg": "HS256"},
    {"alg": None},
    {"alg": ["RS256"]},
    {"kid": None},
    {"kid": 7},
    {"kid": "nobody"},
    {"crit": ["exp"]},
    {"crit": []},
    {"crit": "exp"},
    {"b64": False},
    {"b64": False, "crit": ["b64"]},
    {"zip": "DEF"},
    {"jwk": {}},
]

# Relative times are seconds from now.
TIMES: list[object] = [-3600, -6, -5, 3600, 1e12, 1e300, "3600", "x", None, True, [], 0.5]
NO_STRINGS: list[object] = [None, 1, [], {}, True]
AUDIENCES: list[object] = ["API", ["API"], ["x", "API"], ["API", 1], ["API", None], [], "", "x", 1]
AUDIENCES += [None, {}, ["api"], "API/", [["API"]], True]


@pytest.fixture(scope="module")
def target() -> Target:
    return target_for(MockIssuer())


def corpus(target: Target) -> Iterator[tuple[str, bytes]]:
    """Name and token."""
    issuer = target.issuer
    yield "good", target.token().encode()
    yield "client", issuer.client_token().encode()
    yield "rfc9068", issuer.rfc9068_token().encode()
    for attack in ATTACKS.values():
        for name, value in attack.build(target).headers:
            if name == b"authorization" and value.startswith(b"Bearer "):
                yield attack.name, value.removeprefix(b"Bearer ")
    for header in HEADERS:
        yield f"header {header}", target.with_header(**header).encode()  # type: ignore[arg-type]
    now = int(issuer.clock())
    for claim, time in product(("exp", "nbf", "iat"), TIMES):
        shifted = now + time if isinstance(time, int | float) and time is not True else time
        yield f"{claim} {time}", signed(target, **{claim: shifted})
    for audience in AUDIENCES:
        yield f"aud {audience}", signed(target, aud=named(target, audience))
    for issuer_name in (None, 1, [issuer.issuer], "", "x", issuer.issuer.upper()):
        yield f"iss {issuer_name}", signed(target, iss=issuer_name)
    for claim, wrong in product(("sub", "jti"), NO_STRINGS):
        yield f"{claim} {wrong}", signed(target, **{claim: wrong})
    good = target.token()
    for index in range(0, len(good), 7):
        yield f"cut at {index}", good[:index].encode()
        yield f"changed at {index}", f"{good[:index]}A{good[index + 1 :]}".encode()
        yield f"inserted at {index}", f"{good[:index]}={good[index:]}".encode()


def signed(target: Target, **claims: object) -> bytes:
    return target.signed(target.good_header(), target.good_claims(**claims)).encode()


def named(target: Target, audience: Any) -> object:
    """The audience, with the target's own in the place of API."""
    if isinstance(audience, list):
        return [named(target, member) for member in audience]
    ours = str(target.issuer.audience)
    return audience.replace("API", ours) if isinstance(audience, str) else audience


def pyjwt_keys(target: Target) -> dict[object, jwt.PyJWK]:
    """The keys that PyJWT can read, one by one: a bad one makes it give up on a whole set."""
    keys: dict[object, jwt.PyJWK] = {}
    published: Any = target.issuer.jwk_set()["keys"]
    for jwk in published:
        # NotImplementedError, KeyError and the like; which, is its own affair.
        with suppress(Exception):
            keys[jwk.get("kid")] = jwt.PyJWK(jwk)
    return keys


def pyjwt_accepts(token: bytes, keys: dict[object, jwt.PyJWK], target: Target) -> bool:
    try:
        key = keys[jwt.get_unverified_header(token).get("kid")]
        jwt.decode(
            token,
            key.key,
            algorithms=["RS256"],
            audience=target.issuer.audience,
            issuer=target.issuer.issuer,
            leeway=LEEWAY,
            options={"require": ["exp", "iss", "aud"]},
        )
    # Whatever it raises, it does not accept; some of it is not its own.
    except Exception:
        return False
    return True


@pytest.mark.filterwarnings("ignore")  # PyJWT warns about the weak keys that it accepts.
def test_whatever_pyjwt_refuses_ours_refuses(target: Target) -> None:
    """D1, D2, D3, D4, D5, G1, G2, G3, G4, G5, G6"""
    issuer = target.issuer
    verifier = AccessTokenVerifier(
        [
            TrustedIssuer(
                issuer=issuer.issuer,
                audience=issuer.audience,
                keys=StaticJWKSet(issuer.jwk_set()),
                leeway=LEEWAY,
            )
        ]
    )
    keys = pyjwt_keys(target)
    laxer: list[str] = []
    accepted: dict[str, int] = {"ours": 0, "PyJWT's": 0, "both": 0, "all": 0}
    for name, token in corpus(target):
        ours, theirs = accepts(verifier, token), pyjwt_accepts(token, keys, target)
        accepted["all"] += 1
        accepted["ours"] += ours
        accepted["PyJWT's"] += theirs
        accepted["both"] += ours and theirs
        # A token without kid is served where one key fits, which PyJWT leaves to its caller.
        if ours and not theirs and "kid" not in name:
            laxer.append(name)
    assert laxer == []
    assert accepted["all"] > 600
    assert 0 < accepted["both"] <= accepted["PyJWT's"]


def accepts(verifier: AccessTokenVerifier, token: bytes) -> bool:
    coroutine = verifier.verify(token)
    try:
        # With keys at hand the verifier waits for nothing, so no event loop is needed.
        coroutine.send(None)
    except StopIteration as stop:
        return isinstance(stop.value, AccessToken)
    except InvalidToken:
        return False
    raise AssertionError("the verifier waited")
