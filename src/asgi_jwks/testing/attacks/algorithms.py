"""Attacks by the algorithm (RFC 8725, sections 2.1 and 3.1).

What lives only here: `none` in its spellings, key confusion, and algorithms that were not asked
for. What it does not know: signatures that are wrong under the right algorithm.
"""

from typing import get_args

from asgi_jwks.testing import forgery
from asgi_jwks.testing.attacks.attack import Attack, Target, by_token
from asgi_jwks.testing.compact import encode
from asgi_jwks.testing.forgery import PublicKeyForm, hmac_signer, public_key_octets

__all__ = ["ATTACKS"]


def _none(name: str, spelling: object) -> Attack:
    return by_token(
        name,
        f"alg {spelling!r} over an old signature",
        "D3",
        lambda t: encode(t.good_header(alg=spelling), t.good_claims(), sign=_old_signature(t)),
    )


def _alg(name: str, summary: str, alg: object) -> Attack:
    return by_token(name, summary, "D3", lambda t: t.with_header(alg=alg))


def _confused(form: PublicKeyForm) -> Attack:
    return by_token(
        f"key_confusion_{form.replace(' ', '_')}",
        f"HMAC with the public key as the secret, written as {form}",
        "D3 D4",
        lambda t: _hmac(t, "HS256", public_key_octets(t.issuer.signing_key, form)),
    )


def _old_signature(target: Target) -> forgery.Signer:
    signature = forgery.split(target.token()).signature
    return lambda _: signature


def _hmac(target: Target, algorithm: str, secret: bytes, **header: object) -> str:
    sign = hmac_signer(secret, algorithm)
    return encode(target.good_header(alg=algorithm, **header), target.good_claims(), sign=sign)


def _by_the_same_key(algorithm: str) -> Attack:
    def token(target: Target) -> str:
        key = target.issuer.signing_key
        sign = forgery.signer(key, algorithm)
        return encode(target.good_header(alg=algorithm), target.good_claims(), sign=sign)

    return by_token(
        f"unasked_{algorithm.lower()}",
        f"{algorithm} by the issuer's own RSA key, which is not on the allow-list",
        "D3",
        token,
    )
