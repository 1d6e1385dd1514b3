"""Attacks by the algorithm (RFC 8725, sections 2.1 and 3.1).

`none` in its spellings, key confusion, and algorithms that nobody asked for.
"""

from typing import Final, get_args

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from asgi_jwks.testing import forgery
from asgi_jwks.testing.attacks.attack import Attack, Target, by_token
from asgi_jwks.testing.compact import encode
from asgi_jwks.testing.forgery import PublicKeyForm, hmac_signer, public_key_octets
from asgi_jwks.testing.provider.signing_keys import SigningKey

__all__ = ["ATTACKS"]

# Cyrillic's capital letter dze looks like an S.
_LOOKS_LIKE_RS256: Final = "R\u0405256"


def _none(name: str, spelling: str) -> Attack:
    return by_token(
        name,
        f"alg {spelling!r} over an old signature",
        "D3",
        "algorithm_not_allowed",
        lambda t: forgery.with_changed_header(t.token(), alg=spelling),
    )


def _alg(name: str, summary: str, alg: object) -> Attack:
    return by_token(name, summary, "D3", "algorithm_not_allowed", lambda t: t.with_header(alg=alg))


def _hmac(target: Target, algorithm: str, secret: bytes, **header: object) -> str:
    sign = hmac_signer(secret, algorithm)
    return encode(target.good_header(alg=algorithm, **header), target.good_claims(), sign=sign)


def _confused(form: PublicKeyForm) -> Attack:
    return by_token(
        f"key_confusion_with_{form.replace(' ', '_')}",
        f"HMAC with the public key as the secret, written as {form}",
        "D3 D4",
        "algorithm_not_allowed",
        lambda t: _hmac(t, "HS256", public_key_octets(t.issuer.signing_key, form)),
    )


def _unasked(algorithm: str) -> Attack:
    def token(target: Target) -> str:
        key = target.issuer.signing_key
        if not isinstance(key.private_key, RSAPrivateKey):
            key = target.keys.stranger
        same_key = SigningKey(key.kid, algorithm, key.private_key)
        return target.signed(target.good_header(alg=algorithm), target.good_claims(), key=same_key)

    return by_token(
        f"unasked_{algorithm.lower()}",
        f"{algorithm} by the issuer's own RSA key, where it is not on the allow-list",
        "D3",
        "algorithm_not_allowed",
        token,
    )


ATTACKS = (
    by_token(
        "alg_none",
        "alg none and no signature",
        "D3",
        "algorithm_not_allowed",
        lambda t: forgery.with_alg_none(t.token(sub="admin")),
    ),
    by_token(
        "alg_none_without_the_last_dot",
        "alg none and neither signature nor dot",
        "D1 D3",
        "malformed",
        lambda t: forgery.with_alg_none(t.token(sub="admin")).removesuffix("."),
    ),
    _none("alg_none_with_a_signature", "none"),
    _none("alg_none_in_capitals", "NONE"),
    _none("alg_none_in_mixed_case", "nOnE"),
    _none("alg_none_after_a_space", " none"),
    _alg("alg_empty", "an empty alg", ""),
    by_token(
        "alg_missing",
        "no alg at all",
        "D3",
        "algorithm_not_allowed",
        lambda t: t.with_header(without="alg"),
    ),
    _alg("alg_null", "alg null", None),
    _alg("alg_a_number", "alg 256", 256),
    _alg("alg_a_list", "alg as a list", ["RS256", "none"]),
    _alg("alg_an_object", "alg as an object", {"RS256": True}),
    _alg("alg_in_lower_case", "alg in another case", "rs256"),
    _alg("alg_with_a_space", "a space after alg", "RS256 "),
    _alg("alg_with_nul", "a NUL after alg", "RS256\0"),
    _alg("alg_look_alike", "a letter that looks like another", _LOOKS_LIKE_RS256),
    _alg("alg_as_oid", "alg as the XML signature algorithm of the same name", "SHA256withRSA"),
    _alg("alg_unknown", "an algorithm that does not exist", "RS1"),
    _alg("alg_very_long", "an alg of 4,000 letters", "R" * 4000),
    *(_confused(form) for form in get_args(PublicKeyForm)),
    by_token(
        "key_confusion_by_hs512",
        "HMAC-SHA-512 with the public key",
        "D3 D4",
        "algorithm_not_allowed",
        lambda t: _hmac(t, "HS512", t.issuer.signing_key.public_pem()),
    ),
    by_token(
        "hmac_with_an_empty_secret",
        "HMAC, secret empty",
        "D3",
        "algorithm_not_allowed",
        lambda t: _hmac(t, "HS256", b""),
    ),
    by_token(
        "hmac_with_a_common_secret",
        "HMAC, the secret of tutorials",
        "D3",
        "algorithm_not_allowed",
        lambda t: _hmac(t, "HS256", b"your-256-bit-secret"),
    ),
    by_token(
        "hmac_with_the_kid",
        "HMAC, the key id as the secret",
        "D3 D7",
        "algorithm_not_allowed",
        lambda t: _hmac(t, "HS256", t.issuer.signing_key.kid.encode()),
    ),
    by_token(
        "hmac_with_dev_null",
        "HMAC with the content of the file that the key id names",
        "D3 D7",
        "algorithm_not_allowed",
        lambda t: _hmac(t, "HS256", b"", kid="../../../../dev/null"),
    ),
    _unasked("RS384"),
    _unasked("RS512"),
    _unasked("PS256"),
    by_token(
        "unasked_es256",
        "ES256 by a key that the issuer publishes, where it is not on the allow-list",
        "D3",
        "algorithm_not_allowed",
        lambda t: t.signed(
            t.good_header(alg="ES256", kid="elliptic"), t.good_claims(), key=t.keys.elliptic
        ),
    ),
)
