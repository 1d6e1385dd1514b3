"""Nonces for DPoP proofs (RFC 9449, sections 8 and 9).

All workers and hosts with the same secret agree on them: a nonce is the HMAC of the time of its
making, so that none has to be stored. The clock is an argument.
"""

import hmac
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from asgi_jwks._options import require_duration
from asgi_jwks.errors import ConfigurationError
from asgi_jwks.jose.encoding import b64url_encode
from asgi_jwks.jose.weak_secrets import weakness_of

__all__ = ["DPoPNonces"]

# The secret is good for nothing else than this.
_LABEL: Final = b"asgi-jwks DPoP-Nonce 1"
_SHORTEST_SECRET: Final = 32

# Below 10 s each request would carry another nonce; a nonce that lives for hours protects from
# proofs that were made in advance no better than `iat` does (RFC 9449, section 11.3).
_LIFETIMES: Final = (10.0, 3600.0)


@dataclass(frozen=True, slots=True)
class DPoPNonces:
    """The nonces that proofs must have (RFC 9449, section 9).

    A nonce is accepted from its making until the period after its own has ended: for one to two
    times `period`. With nonces, their time decides and not the `iat` of a proof, so that clients
    whose clock is wrong work.

    Args:
        secrets: one secret of at least 32 random bytes, bytes or text, the same in all workers and
            on all hosts; or two, of which the first makes nonces and both are accepted, while a
            new one takes the place of an old one.
        period: seconds after which the nonce changes: 10 to 3600 (60).

    Raises:
        ConfigurationError: a value is wrong.
    """

    secrets: str | bytes | Iterable[str | bytes] = field(repr=False)
    period: float = 60.0
    _keys: tuple[bytes, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_keys", _keys(self.secrets))
        period = require_duration("period", self.period)
        least, most = _LIFETIMES
        if not least <= period <= most:
            raise ConfigurationError(
                f"period is for how long a nonce is handed out: {least:g} to {most:g} seconds; got "
                f"{period!r}. Write period=60."
            )
        object.__setattr__(self, "period", period)

    def current(self, now: float) -> str:
        """The nonce to hand out at `now`, seconds since the epoch."""
        return _nonce(self._keys[0], self._number(now))

    def expiry(self, nonce: object, now: float) -> float | None:
        """The time until which a nonce is accepted; None if it is not.

        It is in seconds since the epoch.
        """
        if not isinstance(nonce, str) or not nonce.isascii():
            return None
        number = self._number(now)
        for made_in in (number, number - 1):
            for key in self._keys:
                if hmac.compare_digest(nonce, _nonce(key, made_in)):
                    return (made_in + 2) * self.period
        return None

    def _number(self, now: float) -> int:
        return int(now // self.period)


def _nonce(key: bytes, number: int) -> str:
    return b64url_encode(hmac.digest(key, _LABEL + str(number).encode(), "sha256")[:18])


def _keys(secrets: object) -> tuple[bytes, ...]:
    given = tuple(secrets) if isinstance(secrets, list | tuple) else (secrets,)
    keys = tuple(s.encode("utf-8", "surrogatepass") if isinstance(s, str) else s for s in given)
    if len(keys) not in (1, 2) or not all(isinstance(key, bytes) for key in keys):
        raise ConfigurationError(
            "secrets must be a secret of at least 32 bytes, or two while one replaces the other. "
            'Write for example secrets=os.environ["DPOP_NONCE_SECRET"].'
        )
    for key in keys:
        if len(key) < _SHORTEST_SECRET:
            raise ConfigurationError(
                f"A secret for nonces has at least {_SHORTEST_SECRET} bytes; got one of {len(key)}."
                " Make one with secrets.token_urlsafe(32)."
            )
        if (weakness := weakness_of(key)) is not None:
            raise ConfigurationError(
                f"A secret for nonces comes from a random generator; this one {weakness}. Make one "
                "with secrets.token_urlsafe(32)."
            )
    return keys
