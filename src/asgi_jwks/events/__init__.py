"""The room of events: what happened, as frozen values, one module for each source.

It does not know how the changes come about. `log_event` is the default listener.
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

__all__ = [
    "BudgetExhausted",
    "KeyDistrusted",
    "KeySetEvent",
    "KeySetExpired",
    "KeySetRefreshed",
    "KeyTrustedAgain",
    "Listener",
    "RefreshFailed",
    "ServingStale",
    "UnknownKey",
    "log_event",
]
