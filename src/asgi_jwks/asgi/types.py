"""The types of ASGI 3, as wide as all servers and frameworks type them."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

__all__ = ["ASGIApp", "Message", "Receive", "Scope", "Send"]

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

# Each framework types the three arguments in its own way, and they do not agree.
ASGIApp = Callable[[Any, Any, Any], Awaitable[None]]
