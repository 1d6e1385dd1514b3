"""The outcomes of requests and the refusals of routes, as frozen values.

Every label is of a closed set: an issuer is one that is configured, or "_other". Nothing of a token
is in an event but in the sentence of its advice, which is put together when it is read.

    RequestEvent
    ├── RequestAccepted       a token was verified
    ├── RequestAnonymous      no token, where that is allowed
    ├── ConnectionEnded       accepted, and ended with its token while it was open
    └── RefusalEvent
        ├── RequestRefused    the client's fault
        ├── Unavailable       our side's fault
        ├── RouteRefused      accepted, and then refused by a route's own requirement
        ├── RouteUnavailable  accepted, and then a route could not judge it
        └── WouldBeRefused    accepted, and a policy that is only reported would refuse it
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar, Final, NamedTuple, Protocol

from asgi_jwks.errors import Advice, Reason
from asgi_jwks.events.event import Event

__all__ = [
    "OTHER_ISSUER",
    "UNAVAILABLE",
    "ConnectionEnded",
    "RefusalEvent",
    "RequestAccepted",
    "RequestAnonymous",
    "RequestEvent",
    "RequestLabels",
    "RequestRefused",
    "RouteRefused",
    "RouteUnavailable",
    "Unavailable",
    "VerifiedToken",
    "WouldBeRefused",
]

OTHER_ISSUER: Final = "_other"
"""Stands for every issuer that is not configured, and for none."""

UNAVAILABLE: Final = "unavailable"
"""Stands in the place of a Reason for an outage of ours."""


class RequestLabels(NamedTuple):
    """The labels of a request, each of a closed set.

    Attributes:
        issuer: the configured issuer that is concerned, or "_other".
        scheme: "bearer" or "dpop"; "none" where the request has no token.
        connection: "http" or "websocket"; "none" for a token that came without a connection.
    """

    issuer: str = OTHER_ISSUER
    scheme: str = "bearer"
    connection: str = "http"


class VerifiedToken(Protocol):
    """An access token that was verified, as far as listeners need it."""

    @property
    def issuer(self) -> str: ...
    @property
    def principal(self) -> tuple[str, str]: ...


@dataclass(frozen=True, slots=True)
class RequestEvent(Event):
    """Something is known of a request, or of a token that was verified without one.

    Attributes:
        labels: issuer, scheme and connection; each is a property of the event as well.
    """

    labels: RequestLabels

    @property
    def issuer(self) -> str:
        """The configured issuer that is concerned, or "_other"."""
        return self.labels.issuer

    @property
    def scheme(self) -> str:
        """The scheme of the token: "bearer", "dpop" or "none"."""
        return self.labels.scheme

    @property
    def connection(self) -> str:
        """The kind of connection: "http", "websocket" or "none"."""
        return self.labels.connection


@dataclass(frozen=True, slots=True, init=False)
class RequestAccepted(RequestEvent):
    """A token was verified.

    Attributes:
        is_cached: whether the same token had been verified before and was remembered.
        seconds: how long the verification took, waiting for keys included.
        access_token: the verified token, for an audit by principal. It is not in the repr, since
            its claims may hold personal data.
    """

    is_cached: bool
    seconds: float
    access_token: VerifiedToken = field(repr=False, compare=False)

    def __init__(
        self, labels: RequestLabels, is_cached: bool, seconds: float, access_token: VerifiedToken
    ) -> None:
        # Hot path (metrics, a listener that does nothing): the slots themselves, and not by their
        # names as the constructor of a frozen dataclass does.
        _set_labels(self, labels)
        _set_is_cached(self, is_cached)
        _set_seconds(self, seconds)
        _set_access_token(self, access_token)


_set_labels: Final = vars(RequestEvent)["labels"].__set__
_set_is_cached: Final = vars(RequestAccepted)["is_cached"].__set__
_set_seconds: Final = vars(RequestAccepted)["seconds"].__set__
_set_access_token: Final = vars(RequestAccepted)["access_token"].__set__


@dataclass(frozen=True, slots=True)
class RequestAnonymous(RequestEvent):
    """A request without a token was let through as nobody, as `allow_anonymous` says."""


@dataclass(frozen=True, slots=True)
class ConnectionEnded(RequestEvent):
    """A WebSocket or a streamed response was ended with its token, as `end_at_expiry` says.

    Attributes:
        cause: "expired", or the Reason for which the token is not accepted any more; "unavailable"
            where that cannot be told any more.
    """

    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalEvent(RequestEvent):
    """A request is refused, or cannot be judged, or would be refused.

    Attributes:
        advise: puts the advice together; see `advice`.
    """

    advise: Callable[[], Advice] = field(repr=False, compare=False)

    @property
    def advice(self) -> Advice:
        """For the operator: a hint of a closed set, and a sentence.

        It is worked out each time that it is read.
        """
        return self.advise()

    @property
    def cause(self) -> str:
        """The Reason as a label; "unavailable" for an outage, which has none."""
        reason: str = getattr(self, "reason", UNAVAILABLE)
        return str(reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRefused(RefusalEvent):
    """A request was refused for the client's fault.

    Attributes:
        reason: the rule that was broken.
        status: the HTTP status of the answer.
        needed: the scopes that an issuer's check demands, where the token grants too little.
    """

    reason: Reason
    status: int
    needed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unavailable(RefusalEvent):
    """A request could not be judged, because something that we depend on is unavailable.

    Attributes:
        retry_after: seconds after which another attempt makes sense.
    """

    status: ClassVar[int] = 503
    retry_after: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteRefused(RefusalEvent):
    """A request that authentication let through was refused by a requirement of its route.

    Attributes:
        reason: the rule that was broken.
        status: the HTTP status of the answer.
        needed: the scopes that the route needs, where the token grants too little.
    """

    reason: Reason
    status: int
    needed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteUnavailable(RefusalEvent):
    """A route could not judge a request that authentication let through.

    Attributes:
        retry_after: seconds after which another attempt makes sense.
    """

    status: ClassVar[int] = 503
    retry_after: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WouldBeRefused(RefusalEvent):
    """A policy of `report_only` would refuse a token that was accepted.

    Attributes:
        reason: the rule of that policy that it broke.
        status: the HTTP status that the answer would have.
    """

    reason: Reason
    status: int
