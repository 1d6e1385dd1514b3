"""Attacks with keys of the issuer's JWK Set that may not be used for signatures.

Each form of such a key, and the token signed with it. A verifier that takes RFC 7517 and RFC 7518
at their word has none of these keys.
"""

from collections.abc import Callable, Mapping
from typing import Final

from asgi_jwks.testing.attacks.attack import Attack, Target, by_token
from asgi_jwks.testing.attacks.hostile_keys import TWICE_KID, HostileKeys
from asgi_jwks.testing.compact import encode, segment
from asgi_jwks.testing.forgery import hmac_signer

__all__ = ["ATTACKS", "FORMS"]

_SECRET: Final = b"a published secret of thirty-two "


def _stolen(**members: object) -> Callable[[HostileKeys], Mapping[str, object]]:
    """The stolen key's JWK with members added or replaced; None removes one."""

    def form(keys: HostileKeys) -> Mapping[str, object]:
        jwk = {**keys.stolen.public_jwk(), **members}
        return {name: value for name, value in jwk.items() if value is not None}

    return form


def _private(keys: HostileKeys) -> Mapping[str, object]:
    return {**keys.stolen.public_jwk(), "d": segment(keys.stolen_exponent.to_bytes(256))}


# Key id -> the JWK that is published under it.
FORMS: Final[Mapping[str, Callable[[HostileKeys], Mapping[str, object]]]] = {
    "use-enc": _stolen(use="enc"),
    "use-in-capitals": _stolen(use="SIG"),
    "use-list": _stolen(use=["sig"]),
    "key-ops-sign": _stolen(use=None, key_ops=["sign"]),
    "key-ops-encrypt": _stolen(use=None, key_ops=["encrypt", "wrapKey"]),
    "key-ops-empty": _stolen(use=None, key_ops=[]),
    "key-ops-twice": _stolen(use=None, key_ops=["verify", "verify"]),
    "key-ops-string": _stolen(use=None, key_ops="verify"),
    "key-ops-against-use": _stolen(use="sig", key_ops=["verify", "encrypt"]),
    "alg-rs512": _stolen(alg="RS512"),
    "alg-oaep": _stolen(alg="RSA-OAEP-256"),
    "alg-none": _stolen(alg="none"),
    "alg-hs256": _stolen(alg="HS256"),
    "alg-list": _stolen(alg=["RS256"]),
    "kty-lower-case": _stolen(kty="rsa"),
    "kty-missing": _stolen(kty=None),
    "kty-ec": _stolen(kty="EC", crv="P-256"),
    "modulus-padded": lambda keys: {
        **keys.stolen.public_jwk(),
        "n": f"{keys.stolen.public_jwk()['n']}==",
    },
    "exponent-missing": _stolen(e=None),
    "exponent-number": _stolen(e=65537),
    "exponent-even": _stolen(e="AQAC"),
    "exponent-zero": _stolen(e="AA"),
    "private": _private,
    "symmetric": lambda _: {"kty": "oct", "k": segment(_SECRET), "use": "sig", "alg": "HS256"},
    "symmetric-as-rsa": _stolen(k=segment(_SECRET)),
    "elliptic": lambda keys: keys.elliptic.public_jwk(),
    "elliptic-off-curve": lambda keys: {**keys.elliptic.public_jwk(), "y": segment(b"\1" * 32)},
}


def _used(
    name: str,
    summary: str,
    kid: str,
    requirements: str = "E2",
    *,
    reason: str = "unknown_key",
) -> Attack:
    """A token signed with the stolen key, under this key id."""
    return by_token(
        name,
        summary,
        requirements,
        reason,
        lambda t: t.signed(t.good_header(alg="RS256", kid=kid), t.good_claims(), key=t.keys.stolen),
    )


def _odd(name: str, summary: str, kid: str) -> Attack:
    """A token signed with an RSA key of odd numbers."""
    return by_token(
        name,
        summary,
        "E3",
        "unknown_key",
        lambda t: t.keys.rsa[kid].sign(t.good_header(alg="RS256", kid=kid), t.good_claims()),
    )


def _by_secret(target: Target, kid: str) -> str:
    header = target.good_header(alg="HS256", kid=kid)
    return encode(header, target.good_claims(), sign=hmac_signer(_SECRET))


ATTACKS = (
    _odd("rsa_modulus_of_1024_bits", "a modulus that can be factored", "modulus-1024"),
    _odd("rsa_modulus_of_8704_bits", "a modulus that costs time", "modulus-8704"),
    _odd("rsa_modulus_even", "a modulus that is divided by 2", "modulus-even"),
    _odd("rsa_exponent_1", "exponent 1: everyone's signature is right", "exponent-1"),
    _used("rsa_exponent_even", "an exponent that has no inverse", "exponent-even", "E3"),
    _used("rsa_exponent_zero", "exponent 0", "exponent-zero", "E3"),
    _used("rsa_exponent_missing", "no exponent", "exponent-missing", "E1"),
    _used("rsa_exponent_a_number", "an exponent as JSON number", "exponent-number", "E1"),
    _used("rsa_modulus_padded", "a modulus in padded base64url", "modulus-padded", "E1"),
    _used(
        "private_key_published", "a key that was published with its private half", "private", "E3"
    ),
    _used("key_for_encryption", "a key for encryption", "use-enc"),
    _used("key_use_in_capitals", "a use that does not exist", "use-in-capitals"),
    _used("key_use_a_list", "a use that is not a string", "use-list"),
    _used("key_ops_sign", "a key for signing alone", "key-ops-sign"),
    _used("key_ops_encrypt", "a key for encrypting alone", "key-ops-encrypt"),
    _used("key_ops_empty", "a key for nothing", "key-ops-empty"),
    _used("key_ops_twice", "an operation that is listed twice", "key-ops-twice"),
    _used("key_ops_a_string", "operations that are not a list", "key-ops-string"),
    _used("key_ops_against_use", "operations that contradict the use", "key-ops-against-use"),
    _used("key_of_another_algorithm", "a key for RS512 under RS256", "alg-rs512"),
    _used("key_of_an_encryption_algorithm", "a key for RSA-OAEP", "alg-oaep"),
    _used("key_of_alg_none", "a key for alg none", "alg-none"),
    _used("key_of_hs256", "an RSA key for HS256, under RS256", "alg-hs256", "D4 E2"),
    _used("key_of_a_list_of_algorithms", "an alg that is not a string", "alg-list"),
    _used("key_type_in_lower_case", "a key type that does not exist", "kty-lower-case", "E1"),
    _used("key_type_missing", "no key type", "kty-missing", "E1"),
    _used("rsa_key_as_elliptic_one", "an RSA key as EC, under RS256", "kty-ec", "D4 E1"),
    _used("elliptic_key_under_rs256", "an elliptic key's id under RS256", "elliptic", "D4 E2"),
    _used("elliptic_key_off_its_curve", "a point not on the curve", "elliptic-off-curve", "E1"),
    _used(
        "kid_of_two_keys", "a key id that two keys have", TWICE_KID, "E4", reason="ambiguous_key"
    ),
    _used("symmetric_key_under_rs256", "a secret's key id under RS256", "symmetric", "D4"),
    by_token(
        "symmetric_key_published",
        "HMAC with a secret from the JWK Set",
        "D4",
        "algorithm_not_allowed",
        lambda t: _by_secret(t, "symmetric"),
    ),
    by_token(
        "symmetric_key_published_as_rsa",
        "HMAC with a secret inside an RSA key of the JWK Set",
        "D4",
        "algorithm_not_allowed",
        lambda t: _by_secret(t, "symmetric-as-rsa"),
    ),
    by_token(
        "hmac_with_the_modulus",
        "HMAC with the modulus of a published key, which names HS256 as its algorithm",
        "D4",
        "algorithm_not_allowed",
        lambda t: encode(
            t.good_header(alg="HS256", kid="alg-hs256"),
            t.good_claims(),
            sign=hmac_signer(str(t.keys.stolen.public_jwk()["n"]).encode()),
        ),
    ),
)
