"""The room of events: frozen values, one module for each source.

It does not know how the changes come about. `log_event` and `RefusalLog` are the listeners that
write log lines.
"""

from asgi_jwks.events.event import Event, Listener
from asgi_jwks.events.hint import Hint
from asgi_jwks.events.key_set import (
    BudgetExhausted,
    KeyDistrusted,
    KeySetEvent,
    KeySetExpired,
    KeySetListener,
    KeySetRefreshed,
    KeyTrustedAgain,
    RefreshFailed,
    ServingStale,
    SnapshotNotUsed,
    SnapshotNotWritten,
    SnapshotRestored,
    UnknownKey,
)
from asgi_jwks.events.log import log_event
from asgi_jwks.events.proofs import (
    ProofEvent,
    ProofUse,
    ProofUsed,
    ReplayStoreAnswered,
    ReplayStoreFailed,
)
from asgi_jwks.events.refusal_log import RefusalLog
from asgi_jwks.events.requests import (
    OTHER_ISSUER,
    UNAVAILABLE,
    ConnectionEnded,
    RefusalEvent,
    RequestAccepted,
    RequestAnonymous,
    RequestEvent,
    RequestLabels,
    RequestRefused,
    RouteRefused,
    RouteUnavailable,
    Unavailable,
    VerifiedToken,
    WouldBeRefused,
)
from asgi_jwks.events.resolver import (
    Resolution,
    ResolverAnswered,
    ResolverBudgetSpent,
    ResolverEvent,
    ResolverFailed,
    ResolverMistaken,
)

__all__ = [
    "OTHER_ISSUER",
    "UNAVAILABLE",
    "BudgetExhausted",
    "ConnectionEnded",
    "Event",
    "Hint",
    "KeyDistrusted",
    "KeySetEvent",
    "KeySetExpired",
    "KeySetListener",
    "KeySetRefreshed",
    "KeyTrustedAgain",
    "Listener",
    "ProofEvent",
    "ProofUse",
    "ProofUsed",
    "RefreshFailed",
    "RefusalEvent",
    "RefusalLog",
    "ReplayStoreAnswered",
    "ReplayStoreFailed",
    "RequestAccepted",
    "RequestAnonymous",
    "RequestEvent",
    "RequestLabels",
    "RequestRefused",
    "Resolution",
    "ResolverAnswered",
    "ResolverBudgetSpent",
    "ResolverEvent",
    "ResolverFailed",
    "ResolverMistaken",
    "RouteRefused",
    "RouteUnavailable",
    "ServingStale",
    "SnapshotNotUsed",
    "SnapshotNotWritten",
    "SnapshotRestored",
    "Unavailable",
    "UnknownKey",
    "VerifiedToken",
    "WouldBeRefused",
    "log_event",
]
