"""The errors, split by whose fault each is.

Each refusal has a reason of the closed list in `_reasons`.

    AsgiJwksError
    ├── ConfigurationError             raised at construction, never during a request
    ├── RequestError                   the client's fault
    │   ├── MissingToken               401, a challenge without an error code
    │   ├── InvalidRequest             400 invalid_request
    │   ├── InvalidToken               401 invalid_token
    │   ├── InsufficientUserAuthentication  401 insufficient_user_authentication
    │   ├── InvalidProof               401 invalid_dpop_proof
    │   │   └── NonceRequired          401 use_dpop_nonce, with the nonce to use
    │   ├── TooManyProofs              429 with Retry-After
    │   └── InsufficientScope          403 insufficient_scope
    └── TemporarilyUnavailable         our side's fault: 503 with Retry-After, never a 401
        ├── KeySetError
        │   ├── KeySetUnavailable      nothing usable and the endpoint does not answer
        │   └── InvalidKeySet          the document is not a usable JWK Set
        └── ReplayStoreUnavailable     whether a proof was used before cannot be told
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, NamedTuple, TypeVar

from asgi_jwks._reasons import Reason

__all__ = [
    "Advice",
    "AsgiJwksError",
    "ConfigurationError",
    "InsufficientScope",
    "InsufficientUserAuthentication",
    "InvalidKeySet",
    "InvalidProof",
    "InvalidRequest",
    "InvalidToken",
    "KeySetError",
    "KeySetUnavailable",
    "MissingToken",
    "NonceRequired",
    "Reason",
    "ReplayStoreUnavailable",
    "RequestError",
    "TemporarilyUnavailable",
    "TooManyProofs",
    "Unmet",
    "copy_of",
]


@dataclass(frozen=True, slots=True)
class Advice:
    """The words for an operator on a refusal, which no client is told.

    Args:
        hint: the name of the cause, of a closed set: `asgi_jwks.events.Hint`.
        words: puts the sentence together; most refusals are answered and never printed.
    """

    hint: str
    words: Callable[[], str]

    @property
    def sentence(self) -> str:
        """One sentence that says the mistake and, where it is known, the words to write.

        It may have claims of the token in it, escaped, and never a part of the token as it came.
        """
        return self.words()


class AsgiJwksError(Exception):
    """The root of every error that this package raises on purpose."""


class ConfigurationError(AsgiJwksError, ValueError):
    """An option is wrong. Raised at construction, with a sentence that says what to write."""


class RequestError(AsgiJwksError):
    """The client's fault: answered with `status` and a challenge (RFC 6750, section 3).

    `reason` is the rule that was broken. `detail` is for the operator's log only: it may name
    claims and shortened key ids, never a signature, and it is never sent to a client. It may be
    given as a callable, since most refusals are answered and never printed.
    """

    status: ClassVar[int]
    error: ClassVar[str | None]
    # Class attributes, set where they differ: a request without a token has none of them.
    issuer: str | None = None
    """The configured issuer by whose rules the token was refused, if one was chosen."""
    scopes: tuple[str, ...] = ()
    """The scopes that the request needs, as far as they are known.

    The challenge names them.
    """
    scheme: str = "Bearer"
    """The scheme that the request used: its challenge has the error (RFC 9449, section 7.1)."""
    is_outcome: bool = False
    """Whether authentication ended with it; otherwise a route refused for reasons of its own."""
    _advise: Callable[["RequestError"], Advice] | None = None

    # The constructors here leave `args` to BaseException.__new__ and call no other one: a request
    # without a token costs little more than its exception.
    def __init__(self, reason: Reason, detail: str | Callable[[], str] | None = None) -> None:
        self.reason = reason
        self._detail = detail

    @property
    def detail(self) -> str | None:
        """The mistake, in words for the operator; None if the phrase says it all."""
        return self._detail() if callable(self._detail) else self._detail

    def explain(self, issuer: str | None, advise: "Callable[[RequestError], Advice]") -> None:
        """Note by whose rules it was refused, and how to get the advice."""
        self.issuer = issuer
        self._advise = advise

    @property
    def advice(self) -> Advice | None:
        """The advice for the operator's log; None where nobody has any."""
        return None if self._advise is None else self._advise(self)

    # Put together when it is asked for: most refusals are answered and never printed.
    def __str__(self) -> str:
        phrase, detail = self.reason.phrase, self.detail
        return phrase if detail is None else f"{phrase} ({detail})"


class MissingToken(RequestError):
    """The request has no Bearer token: 401, and a challenge without an error code."""

    status = 401
    error = None

    def __init__(self, detail: str | None = None) -> None:
        self.reason = Reason.MISSING_TOKEN
        self._detail = detail


class InvalidRequest(RequestError):
    """The credentials of the request are malformed, repeated or oversized: 400 invalid_request."""

    status = 400
    error = "invalid_request"


class InvalidToken(RequestError):
    """The token is not a valid access token here: 401 invalid_token."""

    status = 401
    error = "invalid_token"


class InsufficientUserAuthentication(RequestError):
    """The user must log in in another way, or again (RFC 9470, section 3).

    It is answered with 401 insufficient_user_authentication and all that is needed: `acr_values`,
    of which one will do, `max_age` in seconds, and `scopes`.
    """

    status = 401
    error = "insufficient_user_authentication"

    def __init__(
        self,
        *,
        acr_values: tuple[str, ...] = (),
        max_age: int | None = None,
        scopes: tuple[str, ...] = (),
        detail: str | None = None,
    ) -> None:
        self.reason = Reason.INSUFFICIENT_USER_AUTHENTICATION
        self._detail = detail
        self.acr_values = acr_values
        self.max_age = max_age
        self.scopes = scopes


class InvalidProof(RequestError):
    """The DPoP proof is not a valid one for this request: 401 invalid_dpop_proof.

    See RFC 9449, section 7.1.
    """

    status = 401
    error = "invalid_dpop_proof"
    scheme = "DPoP"


class NonceRequired(InvalidProof):
    """The DPoP proof lacks a current nonce: 401 use_dpop_nonce (RFC 9449, section 9).

    `nonce` is the one to use; the answer has it in its DPoP-Nonce field.
    """

    error = "use_dpop_nonce"

    def __init__(self, nonce: str, detail: str | None = None) -> None:
        self.reason = Reason.PROOF_NONCE
        self._detail = detail
        self.nonce = nonce


class TooManyProofs(RequestError):
    """The proofs of one key fill its share of the replay memory: 429 with Retry-After.

    `retry_after` is the number of seconds after which another attempt makes sense.
    """

    status = 429
    error = None

    def __init__(self, retry_after: float, detail: str | None = None) -> None:
        self.reason = Reason.TOO_MANY_PROOFS
        self._detail = detail
        self.retry_after = retry_after


class Unmet(NamedTuple):
    """A part of a requirement that a token does not meet, for the operator's log."""

    kind: str
    """`scope`, `any_of`, `permission`, `role`, `claim PATH`, `issuer` or `condition`."""
    name: str
    """The name that is needed; empty of a condition."""


class InsufficientScope(RequestError):
    """The token is valid but grants too little: 403 insufficient_scope.

    `scopes` are the scopes that the request needs; the challenge names them (RFC 6750, section 3).
    """

    status = 403
    error = "insufficient_scope"
    unmet: tuple[Unmet, ...] = ()
    """The parts of the route's requirement that are not met; no client is told."""

    def __init__(self, *scopes: str, detail: str | None = None) -> None:
        self.reason = Reason.INSUFFICIENT_SCOPE
        self._detail = detail
        self.scopes = scopes


class TemporarilyUnavailable(AsgiJwksError):
    """Our side's fault: 503 with Retry-After, never a 401.

    A client that got a 401 would throw a good token away (RFC 9110, section 15.6.4).
    `retry_after` is the number of seconds after which another attempt makes sense.
    """

    issuer: str | None = None
    """The configured issuer that is concerned, as far as one was chosen."""
    is_outcome: bool = False
    """Whether authentication ended with it, as of a RequestError."""

    def __init__(self, message: str, *, retry_after: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class KeySetError(TemporarilyUnavailable):
    """The issuer's keys are unavailable."""


class KeySetUnavailable(KeySetError):
    """No usable keys, and the endpoint does not answer or may not be asked yet."""


class InvalidKeySet(KeySetError):
    """The document that the endpoint answered with is not a usable JWK Set (RFC 7517)."""


class ReplayStoreUnavailable(TemporarilyUnavailable):
    """The store of used DPoP proofs is down, or full."""


_Refusal = TypeVar("_Refusal", bound=RequestError | TemporarilyUnavailable)


def copy_of(refusal: _Refusal) -> _Refusal:
    """An equal error, for one request.

    An application may raise the same one for each of them.
    """
    # Not by `copy`, which calls the constructor: a subclass may have another one.
    made = type(refusal).__new__(type(refusal), *refusal.args)
    vars(made).update(vars(refusal))
    return made
