"""The closed list of reasons why a published key is not used."""

from enum import StrEnum

__all__ = ["SkipReason", "UnusableKeyError"]


class SkipReason(StrEnum):
    """Why a published key is not used: one value per rule."""

    NOT_AN_OBJECT = "not_an_object"
    # Found where the document is read, before any other member is looked at.
    OF_ANOTHER_TENANT = "of_another_tenant"
    DUPLICATE_MEMBER = "duplicate_member"
    TOO_COMPLEX = "too_complex"
    TOO_MANY_KEYS = "too_many_keys"
    MISSING_MEMBER = "missing_member"
    MALFORMED_MEMBER = "malformed_member"
    UNKNOWN_KTY = "unknown_kty"
    SYMMETRIC_KEY = "symmetric_key"
    PRIVATE_KEY = "private_key"
    KID_NOT_A_STRING = "kid_not_a_string"
    KID_TOO_LONG = "kid_too_long"
    NOT_FOR_SIGNATURES = "not_for_signatures"
    MALFORMED_KEY_OPS = "malformed_key_ops"
    NOT_FOR_VERIFYING = "not_for_verifying"
    INCONSISTENT_KEY_OPS = "inconsistent_key_ops"
    UNSUPPORTED_ALGORITHM = "unsupported_algorithm"
    ALGORITHM_DOES_NOT_FIT = "algorithm_does_not_fit"
    RSA_MODULUS_TOO_SMALL = "rsa_modulus_too_small"
    RSA_MODULUS_TOO_LARGE = "rsa_modulus_too_large"
    RSA_MODULUS_EVEN = "rsa_modulus_even"
    RSA_EXPONENT_TOO_SMALL = "rsa_exponent_too_small"
    RSA_EXPONENT_TOO_LARGE = "rsa_exponent_too_large"
    RSA_EXPONENT_EVEN = "rsa_exponent_even"
    UNSUPPORTED_CURVE = "unsupported_curve"
    POINT_NOT_ON_CURVE = "point_not_on_curve"
    POINT_OF_SMALL_ORDER = "point_of_small_order"


class UnusableKeyError(Exception):
    """The key cannot be used, for `reason`.

    A set skips it, and a DPoP proof with it is refused.
    """

    def __init__(self, reason: SkipReason) -> None:
        super().__init__(reason)
        self.reason = reason
