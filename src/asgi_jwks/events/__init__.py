"""The room of events: frozen values, one module for each source.

It does not know how the changes come about. `log_event` and `RefusalLog` are the listeners that
write log lines.
"""

from asgi_jwks.events.key_set import (
    BudgetExhausted,
    KeyDistrusted,
    KeySetEvent,
    KeySetExpired,
    KeySetRefreshed,
    KeyTrustedAgain,
    Listener,
    RefreshFailed,
    ServingStale,
    UnknownKey,
)
from asgi_jwks.events.log import log_event
from asgi_jwks.events.refusal_log import RefusalLog
from asgi_jwks.events.requests import (
    OTHER_ISSUER,
    Hint,
    RequestEvent,
    RequestRefused,
    Unavailable,
)

__all__ = [
    "OTHER_ISSUER",
    "BudgetExhausted",
    "Hint",
    "KeyDistrusted",
    "KeySetEvent",
    "KeySetExpired",
    "KeySetRefreshed",
    "KeyTrustedAgain",
    "Listener",
    "RefreshFailed",
    "RefusalLog",
    "RequestEvent",
    "RequestRefused",
    "ServingStale",
    "Unavailable",
    "UnknownKey",
    "log_event",
]
