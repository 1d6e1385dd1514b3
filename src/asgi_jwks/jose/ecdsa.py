"""ECDSA signatures of JOSE: two numbers side by side (RFC 7518, section 3.4).

PyJWT makes the objects that name curve and hash anew for each signature; here they are made once
(benchmark `proofs`).
"""

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

__all__ = ["ECDSACheck"]


class ECDSACheck:
    """Verifies the signatures of one ECDSA algorithm.

    Args:
        octets: the size of either number (RFC 7518, section 3.4).
        sha_bits: the size of the hash.
    """

    def __init__(self, octets: int, sha_bits: int) -> None:
        # Imported late for the reason given in algorithms.py.
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec, utils

        sizes: dict[int, hashes.HashAlgorithm] = {
            256: hashes.SHA256(),
            384: hashes.SHA384(),
            512: hashes.SHA512(),
        }
        self._octets: Final = octets
        self._algorithm: Final = ec.ECDSA(sizes[sha_bits])
        self._der: Final = utils.encode_dss_signature
        self._invalid: Final = InvalidSignature

    def verify(self, msg: bytes, key: "EllipticCurvePublicKey", sig: bytes) -> bool:
        """Whether `sig` is a signature of `msg`; False for one of another length."""
        octets = self._octets
        if len(sig) != 2 * octets:
            return False
        r, s = int.from_bytes(sig[:octets]), int.from_bytes(sig[octets:])
        try:
            key.verify(self._der(r, s), msg, self._algorithm)
        except self._invalid:
            return False
        return True
