"""The faults of a mock issuer's endpoints by name, for command lines and the console."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from asgi_jwks.errors import ConfigurationError
from asgi_jwks.testing import Endpoint, MockIssuer

__all__ = ["ENDPOINTS", "FAULTS", "Fault", "fault_of", "mend", "require_field_value"]

ENDPOINTS: Final = ("jwks", "discovery")


@dataclass(frozen=True, slots=True)
class _Kind:
    """A fault: its sentence, its usual number, and how it is put."""

    meaning: str
    number: float | None
    put: Callable[[Endpoint, float], None]


FAULTS: Final[Mapping[str, _Kind]] = {
    "fail": _Kind("answers this status", 500, lambda at, n: at.fail(int(n))),
    "hang": _Kind("does not answer", None, lambda at, _: at.hang()),
    "delay": _Kind("answers so many seconds late", 2, lambda at, n: at.delay(n)),
    "drip": _Kind("sends a blank every so many seconds", 0.05, lambda at, n: at.drip(every=n)),
    "garbage": _Kind("answers with a web page", None, lambda at, _: at.garbage()),
    "truncate": _Kind("stops in the middle", None, lambda at, _: at.truncate()),
    "oversize": _Kind("answers with so many bytes", 2**25, lambda at, n: at.oversize(int(n))),
    "empty": _Kind("answers with a set without keys", None, lambda at, _: at.empty()),
    "redirect": _Kind("answers with a redirect", None, lambda at, _: at.redirect()),
}
"""Every fault that a person may put, by its name."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault of one endpoint; the text is how a command line names it.

    Attributes:
        endpoint: jwks or discovery.
        name: the name of the fault.
        number: the status, seconds or bytes of it; None for those that have none.
    """

    endpoint: str
    name: str
    number: float | None

    def put(self, issuer: MockIssuer) -> None:
        """Have the endpoint fail so, until it is mended."""
        FAULTS[self.name].put(_endpoint(issuer, self.endpoint), self.number or 0)

    def __str__(self) -> str:
        number = "" if self.number is None else f":{self.number:.10g}"
        return f"{self.endpoint}:{self.name}{number}"


def fault_of(text: str) -> Fault:
    """The fault that a text names: `jwks:hang`, `discovery:fail:503`.

    Raises:
        ConfigurationError: there is no such endpoint or fault, or its number is not one.
    """
    endpoint, _, rest = text.partition(":")
    name, _, given = rest.partition(":")
    if endpoint not in ENDPOINTS or name not in FAULTS:
        raise ConfigurationError(
            f"{text!r} is not a fault. Write an endpoint ({', '.join(ENDPOINTS)}), a colon, and "
            f"one of {', '.join(FAULTS)}; where it takes a number, that follows after a colon."
        )
    number = FAULTS[name].number
    if not given:
        return Fault(endpoint, name, number)
    try:
        said = float(given)
    except ValueError:
        said = -1.0
    most = 599 if name == "fail" else 2.0**30
    least = 400 if name == "fail" else 0.001
    if number is None or not least <= said <= most:
        raise ConfigurationError(f"The number of {text!r} is not one that this fault takes.")
    return Fault(endpoint, name, said)


def require_field_value(name: str, value: str) -> str:
    """The value of a header field that an endpoint sends (RFC 9110, section 5.5).

    Raises:
        ConfigurationError: it is not printable ASCII.
    """
    if value.isascii() and value.isprintable():
        return value
    raise ConfigurationError(f"{name} is printable ASCII; got {value!r}.")


def mend(issuer: MockIssuer, endpoint: str) -> None:
    """End the fault of an endpoint."""
    _endpoint(issuer, endpoint).recover()


def _endpoint(issuer: MockIssuer, name: str) -> Endpoint:
    return issuer.jwks if name == "jwks" else issuer.discovery
