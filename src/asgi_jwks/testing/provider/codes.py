"""Authorization codes: each good once, for a short time.

Each is for one client and one redirect URI (RFC 6749, section 4.1.2; RFC 7636). This module does
not know HTTP or tokens.
"""

import base64
import hashlib
import re
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass

from asgi_jwks.testing.provider.accounts import Grant

__all__ = ["Authorized", "Codes", "challenge_of"]

# RFC 7636, section 4.1.
_VERIFIER = re.compile(r"[A-Za-z0-9\-._~]{43,128}")


@dataclass(frozen=True, slots=True)
class Authorized:
    """An authorization that waits for its client, until `expires_at`."""

    grant: Grant
    redirect_uri: str
    challenge: str
    expires_at: float
    nonce: str | None = None

    def is_proved_by(self, verifier: str) -> bool:
        """Whether the client that brings this verifier is the one that began (PKCE, S256)."""
        return bool(_VERIFIER.fullmatch(verifier)) and challenge_of(verifier) == self.challenge


class Codes:
    """The codes that were given out; `clock` gives seconds since the epoch."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._waiting: dict[str, Authorized] = {}
        self._redeemed: dict[str, Grant] = {}

    def issue(self, authorized: Authorized) -> str:
        """A new code for an authorization."""
        code = secrets.token_urlsafe(24)
        with self._lock:
            self._waiting[code] = authorized
        return code

    def take(self, code: str) -> Authorized | None:
        """The authorization of a code that is good, from now on no longer."""
        with self._lock:
            authorized = self._waiting.pop(code, None)
            if authorized is not None:
                self._redeemed[code] = authorized.grant
        if authorized is None or authorized.expires_at <= self._clock():
            return None
        return authorized

    def redeemed(self, code: str) -> Grant | None:
        """The grant of a code that was brought before."""
        with self._lock:
            return self._redeemed.get(code)


def challenge_of(verifier: str) -> str:
    """The S256 code challenge of a verifier (RFC 7636, section 4.2)."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
