"""The outcome of a request that was not let through, as frozen values.

Every label is of a closed set: an issuer is one that is configured, or "_other". Nothing of a token
is in an event but in the sentence of its advice, which is put together when it is read.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Final

from asgi_jwks.errors import Advice, Reason

__all__ = ["OTHER_ISSUER", "Hint", "RequestEvent", "RequestRefused", "Unavailable"]

OTHER_ISSUER: Final = "_other"
"""Stands for every issuer that is not configured, and for none."""


class Hint(StrEnum):
    """The mistake behind a refusal, as far as it can be told.

    It is finer than the Reason.
    """

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
    CHECK = "check"

    # The grant
    SCOPE = "scope"
    UNREADABLE_GRANT = "unreadable_grant"

    # The login
    STEP_UP = "step_up"

    # The keys
    KEYS_UNAVAILABLE = "keys_unavailable"


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestEvent:
    """A request was not let through.

    Attributes:
        issuer: the configured issuer that is concerned, or "_other".
        advice: for the operator: a hint of a closed set, and a sentence.
    """

    issuer: str
    advice: Advice


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRefused(RequestEvent):
    """A request was refused for the client's fault.

    Attributes:
        reason: the rule that was broken.
        status: the HTTP status of the answer.
        needed: the scopes that the route needs, where the token grants too little.
    """

    reason: Reason
    status: int
    needed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unavailable(RequestEvent):
    """A request could not be judged, because something that we depend on is unavailable.

    Attributes:
        retry_after: seconds after which another attempt makes sense.
    """

    status: ClassVar[int] = 503
    retry_after: float
