"""The closed list of hints: the mistake behind a refusal, finer than its Reason."""

from enum import StrEnum

__all__ = ["Hint"]


class Hint(StrEnum):
    """The mistake behind a refusal, as far as it can be told."""

    # Enum's own is written in Python, and each refusal is looked up by its cause.
    __hash__ = str.__hash__

    # The request
    NO_TOKEN = "no_token"
    CREDENTIALS = "credentials"

    # The form of the token
    OPAQUE_TOKEN = "opaque_token"
    ENCRYPTED_TOKEN = "encrypted_token"
    NOT_A_JWT = "not_a_jwt"
    HEADER = "header"
    UNSIGNED = "unsigned"
    SHARED_SECRET = "shared_secret"
    NO_KEY_FITS_ALGORITHMS = "no_key_fits_algorithms"
    ALGORITHM = "algorithm"

    # The kind of the token
    HEADER_TYPE = "header_type"
    ID_TOKEN = "id_token"
    REFRESH_TOKEN = "refresh_token"
    OTHER_KIND = "other_kind"

    # The issuer and its keys
    ISSUER_SPELLING = "issuer_spelling"
    ENTRA_VERSION = "entra_version"
    TENANT_NAME = "tenant_name"
    ISSUER = "issuer"
    NO_ISSUER = "no_issuer"
    KEY = "key"
    REFETCH_BUDGET_SPENT = "refetch_budget_spent"
    AMBIGUOUS_KEY = "ambiguous_key"
    KEY_SIZE = "key_size"
    SIGNATURE = "signature"

    # The claims
    NO_AUDIENCE = "no_audience"
    AUDIENCE_SPELLING = "audience_spelling"
    AUDIENCE_OF_PROVIDER = "audience_of_provider"
    AUDIENCE = "audience"
    MISSING_CLAIM = "missing_claim"
    INVALID_CLAIM = "invalid_claim"
    EXPIRED = "expired"
    CLOCK = "clock"
    SENDER_CONSTRAINED = "sender_constrained"
    PROOF = "proof"
    CHECK = "check"

    # The grant
    SCOPE = "scope"
    OTHER_GRANT = "other_grant"
    GRANT_SPELLING = "grant_spelling"
    GRANTS = "grants"
    UNREADABLE_GRANT = "unreadable_grant"

    # The login
    STEP_UP = "step_up"

    # The keys
    KEYS_UNAVAILABLE = "keys_unavailable"

    # The store of used DPoP proofs
    REPLAY_STORE = "replay_store"
