"""The keys that are not trusted, whatever their issuer publishes.

An operator's word stands until it is taken back by name. It knows no files and no networks: the
list is a value that a snapshot keeps.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

from asgi_jwks._fork import ForkSafeLock
from asgi_jwks.errors import ConfigurationError
from asgi_jwks.jose.jwk import MAX_KID_LENGTH
from asgi_jwks.jose.jwk_set import JWKSet

__all__ = ["DistrustList", "DistrustedKeys", "KeyName"]

# A key that leaks is an event of years; the list is read whenever the snapshot changes.
LONGEST_LIST: Final = 128
# Of several processes, each with as long a list and as many words that took distrust back.
MOST_ENTRIES: Final = 1024

_THUMBPRINT: Final = re.compile(r"[A-Za-z0-9_-]{43}")


class KeyName(NamedTuple):
    """A key id, or the RFC 7638 thumbprint of key material."""

    kind: Literal["kid", "thumbprint"]
    name: str

    @classmethod
    def of(cls, *, kid: object, thumbprint: object) -> "KeyName":
        """The one of both that is given.

        Raises:
            ConfigurationError: none or both are given, or it is not such a name.
        """
        if (kid is None) == (thumbprint is None):
            raise ConfigurationError(
                'Give the kid or the thumbprint of a key, and not both: kid="key-1".'
            )
        if kid is not None:
            if isinstance(kid, str) and len(kid) <= MAX_KID_LENGTH:
                return cls("kid", kid)
            raise ConfigurationError(
                f"kid must be a string of at most {MAX_KID_LENGTH} characters; got {kid!r}."
            )
        if isinstance(thumbprint, str) and _THUMBPRINT.fullmatch(thumbprint):
            return cls("thumbprint", thumbprint)
        raise ConfigurationError(
            "thumbprint must be the SHA-256 thumbprint of a JWK (RFC 7638): 43 characters of "
            f"base64url; got {thumbprint!r}."
        )


class Verdict(NamedTuple):
    """The last word on a key, and its time (seconds since the epoch)."""

    said_at: float
    is_distrusted: bool


@dataclass(frozen=True, slots=True)
class DistrustList:
    """The words on keys, by name; of two merged lists the later word counts."""

    verdicts: Mapping[KeyName, Verdict] = field(default_factory=lambda: MappingProxyType({}))

    def holds(self, name: KeyName) -> bool:
        """Whether the key is distrusted."""
        verdict = self.verdicts.get(name)
        return verdict is not None and verdict.is_distrusted

    def names(self, kind: Literal["kid", "thumbprint"]) -> tuple[str, ...]:
        """The names of one kind that are distrusted."""
        return tuple(key.name for key in self.verdicts if key.kind == kind and self.holds(key))

    def with_verdict(self, name: KeyName, *, is_distrusted: bool, now: float) -> "DistrustList":
        """The list after one more word.

        Raises:
            ConfigurationError: too many keys are distrusted.
        """
        before = self.verdicts.get(name)
        # The later word counts, although the wall clock may have been set back since the other.
        said_at = now if before is None else max(now, before.said_at + 1e-3)
        verdicts = {**self.verdicts, name: Verdict(said_at, is_distrusted)}
        if sum(verdict.is_distrusted for verdict in verdicts.values()) > LONGEST_LIST:
            raise ConfigurationError(
                f"{LONGEST_LIST} keys are distrusted already. Write jwks_uri for an issuer whose "
                "keys can be trusted."
            )
        return _bounded(verdicts)

    def merged(self, other: "DistrustList") -> "DistrustList":
        """The later word of both lists on each key.

        Of two words of one moment, distrust counts.
        """
        verdicts = dict(self.verdicts)
        for name, verdict in other.verdicts.items():
            verdicts[name] = max(verdict, verdicts.get(name, verdict))
        return self if verdicts == self.verdicts else _bounded(verdicts)

    def as_json(self) -> list[list[object]]:
        """The list as a snapshot keeps it."""
        return [[*name, *verdict] for name, verdict in self.verdicts.items()]

    @classmethod
    def from_json(cls, entries: object) -> "DistrustList | None":
        """The list that `as_json` wrote, or None if it is of another form."""
        if not isinstance(entries, list) or len(entries) > MOST_ENTRIES:
            return None
        verdicts: dict[KeyName, Verdict] = {}
        for entry in entries:
            match entry:
                case ["kid" | "thumbprint" as kind, str(name), float(said_at), bool(distrusted)]:
                    verdicts[KeyName(kind, name)] = Verdict(said_at, distrusted)
                case _:
                    return None
        return cls(MappingProxyType(verdicts))


def _bounded(verdicts: dict[KeyName, Verdict]) -> DistrustList:
    """Without the oldest words that took distrust back, where there are too many of them."""
    revoked = sorted(
        (name for name, verdict in verdicts.items() if not verdict.is_distrusted),
        key=lambda name: verdicts[name],
    )
    for name in revoked[: max(0, len(revoked) - LONGEST_LIST)]:
        del verdicts[name]
    return DistrustList(MappingProxyType(verdicts))


class _View(NamedTuple):
    """A key set, its list of distrusted keys, and the trusted part of it."""

    whole: JWKSet
    distrusted: DistrustList
    trusted: JWKSet
    withheld_kids: frozenset[str]


class DistrustedKeys:
    """The present list of one key source, and its effect on a key set.

    Args:
        on_change: is called after the list has changed, outside any lock.
    """

    def __init__(self, on_change: Callable[[], None]) -> None:
        self._on_change: Final = on_change
        self._lock: Final = ForkSafeLock()
        self._view: _View | None = None
        self.list = DistrustList()

    def say(self, name: KeyName, *, is_distrusted: bool, now: float) -> bool:
        """Distrust a key from now on, or trust it again; whether that is news.

        Raises:
            ConfigurationError: too many keys are distrusted.
        """
        with self._lock:
            is_news = self.list.holds(name) is not is_distrusted
            # Also where it is not: another process may not have heard of it.
            self.list = self.list.with_verdict(name, is_distrusted=is_distrusted, now=now)
        if is_news:
            self._on_change()
        return is_news

    def merge(self, other: DistrustList | None) -> None:
        """Learn the words that other processes heard, if there are any."""
        if other is None:
            return
        with self._lock:
            before, self.list = self.list, self.list.merged(other)
        if self.list is not before:
            self._on_change()

    def trusted(self, keys: JWKSet) -> JWKSet:
        """The keys that are trusted; the very same set where all are."""
        view = self._view
        if view is None or view.whole is not keys or view.distrusted is not self.list:
            self._view = view = _viewed(keys, self.list)
        return view.trusted

    def withholds(self, kid: str | None) -> bool:
        """Whether the keys of this id are distrusted, so that none is sought."""
        if kid is None or not self.list.verdicts:
            return False
        view = self._view
        return self.list.holds(KeyName("kid", kid)) or (
            view is not None and kid in view.withheld_kids
        )


def _viewed(keys: JWKSet, distrusted: DistrustList) -> _View:
    trusted = tuple(
        key
        for key in keys.keys
        if not distrusted.holds(KeyName("thumbprint", key.thumbprint))
        and (key.kid is None or not distrusted.holds(KeyName("kid", key.kid)))
    )
    if len(trusted) == len(keys.keys):
        return _View(keys, distrusted, keys, frozenset())
    left = {key.kid for key in trusted}
    withheld = frozenset(key.kid for key in keys.keys if key.kid is not None) - left
    return _View(keys, distrusted, JWKSet(trusted, keys.skipped), withheld)
