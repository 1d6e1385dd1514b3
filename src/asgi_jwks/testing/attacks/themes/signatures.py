"""Attacks by the signature, under the right algorithm and the right key id.

Signatures that are absent, moved, bent, or made in another way.
"""

import hashlib
from collections.abc import Callable

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from asgi_jwks.testing import forgery
from asgi_jwks.testing.attacks.attack import Attack, Target, by_token
from asgi_jwks.testing.attacks.hostile_keys import CUBE_ROOT_KID
from asgi_jwks.testing.compact import encode

__all__ = ["ATTACKS"]


def _bent(name: str, summary: str, bend: Callable[[bytes], bytes]) -> Attack:
    """A good token whose signature's octets are changed."""

    def token(target: Target) -> str:
        good = target.token()
        return forgery.with_signature(good, bend(forgery.split(good).signature))

    return by_token(name, summary, "D1", "bad_signature", token)


def _by_the_issuers_key(target: Target, sign: Callable[[RSAPrivateKey, bytes], bytes]) -> str:
    """A token that the issuer's own RSA key, if any, signed in another way."""
    key = target.issuer.signing_key.private_key
    private_key = key if isinstance(key, RSAPrivateKey) else target.keys.cube_root
    return encode(
        target.good_header(), target.good_claims(), sign=lambda data: sign(private_key, data)
    )


def _exchanged_payload(target: Target) -> str:
    good, wanted = target.token(), target.token(sub="admin")
    header, _, signature = good.split(".")
    return f"{header}.{wanted.split('.')[1]}.{signature}"


def _exchanged_header(target: Target) -> str:
    _, payload, signature = target.token().split(".")
    other = "JWT" if target.good_header()["typ"] == "at+jwt" else "at+jwt"
    header = target.with_header(typ=other).split(".")[0]
    return f"{header}.{payload}.{signature}"


ATTACKS = (
    by_token(
        "signature_stripped",
        "no signature after the last dot",
        "D1",
        "malformed",
        lambda t: forgery.with_signature(t.token(), b""),
    ),
    by_token(
        "signature_and_dot_stripped",
        "neither signature nor dot",
        "D1",
        "malformed",
        lambda t: t.token().rpartition(".")[0],
    ),
    by_token(
        "signature_of_another_token",
        "the signature of another token of the same issuer",
        "D1",
        "bad_signature",
        lambda t: forgery.with_signature(t.token(sub="admin"), forgery.split(t.token()).signature),
    ),
    by_token(
        "payload_exchanged",
        "other claims under an old signature",
        "D1",
        "bad_signature",
        _exchanged_payload,
    ),
    by_token(
        "header_exchanged",
        "another header under an old signature",
        "D1",
        "bad_signature",
        _exchanged_header,
    ),
    by_token(
        "signed_by_a_stranger",
        "a signature by another key under the issuer's key id",
        "D1 E5",
        "bad_signature",
        lambda t: t.forged(),
    ),
    by_token(
        "signature_with_one_bit_flipped",
        "one bit of the signature changed",
        "D1",
        "bad_signature",
        lambda t: forgery.with_flipped_signature(t.token()),
    ),
    _bent("signature_reversed", "the signature backwards", lambda s: s[::-1]),
    _bent("signature_truncated", "the last octet missing", lambda s: s[:-1]),
    _bent("signature_of_one_octet", "one octet only", lambda s: s[:1]),
    _bent("signature_extended", "an octet after the signature", lambda s: s + b"\0"),
    _bent("signature_after_a_zero", "a zero octet before the signature", lambda s: b"\0" + s),
    _bent("signature_twice", "the signature twice", lambda s: s + s),
    _bent("signature_of_zeros", "zeros: the signature that is 0", lambda s: bytes(len(s))),
    _bent(
        "signature_of_one",
        "the signature that is 1, whose power is 1 with any exponent",
        lambda s: b"\1".rjust(len(s), b"\0"),
    ),
    _bent("signature_beyond_the_modulus", "all bits set", lambda s: b"\xff" * len(s)),
    _bent("signature_very_long", "a signature of 8,000 octets", lambda s: s.ljust(8000, b"\0")),
    by_token(
        "signature_with_sha1",
        "RSA with SHA-1 by the issuer's own key",
        "D3",
        "bad_signature",
        lambda t: _by_the_issuers_key(
            # The weak digest is the attack.
            t,
            lambda key, data: key.sign(data, padding.PKCS1v15(), hashes.SHA1()),  # noqa: S303
        ),
    ),
    by_token(
        "signature_with_sha512",
        "RSA with SHA-512 by the issuer's own key",
        "D3",
        "bad_signature",
        lambda t: _by_the_issuers_key(
            t, lambda key, data: key.sign(data, padding.PKCS1v15(), hashes.SHA512())
        ),
    ),
    by_token(
        "signature_with_pss",
        "RSA-PSS under the name of RS256",
        "D3",
        "bad_signature",
        lambda t: _by_the_issuers_key(
            t,
            lambda key, data: key.sign(
                data, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256()
            ),
        ),
    ),
    by_token(
        "signature_of_the_payload_alone",
        "a signature by the issuer that leaves the header out",
        "D1",
        "bad_signature",
        lambda t: _by_the_issuers_key(
            t,
            lambda key, data: key.sign(
                data.partition(b".")[2], padding.PKCS1v15(), hashes.SHA256()
            ),
        ),
    ),
    by_token(
        "signature_is_a_hash",
        "the SHA-256 of the signing input in place of a signature",
        "D1",
        "bad_signature",
        lambda t: encode(
            t.good_header(), t.good_claims(), sign=lambda data: hashlib.sha256(data).digest()
        ),
    ),
    by_token(
        "cube_root_forgery",
        "a signature under exponent 3 made without the key (Bleichenbacher, 2006)",
        "D1 E3",
        "bad_signature",
        lambda t: encode(
            t.good_header(alg="RS256", kid=CUBE_ROOT_KID),
            t.good_claims(),
            sign=t.keys.cube_root_forgery,
        ),
    ),
)
