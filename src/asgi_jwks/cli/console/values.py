"""The values of the console: its choices, its state, and the answer to a request."""

from dataclasses import dataclass

from asgi_jwks.cli.console.life import Entry
from asgi_jwks.tokens.explanation import Step

__all__ = ["Choices", "KeyState", "Sent", "State"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """The words that a person may choose from.

    Attributes:
        shapes: shapes of tokens.
        forgeries: forgeries of a token, the token as it is among them.
        paths: paths of the API.
        faults: sentences of faults by their names.
    """

    shapes: tuple[str, ...]
    forgeries: tuple[str, ...]
    paths: tuple[str, ...]
    faults: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyState:
    """One published key.

    Attributes:
        kid: the key id.
        signs: whether new tokens are signed with it.
        at_hand: whether the API has fetched it.
        distrusted: whether the API was told to distrust it.
    """

    kid: str
    signs: bool
    at_hand: bool
    distrusted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """The present: of the issuer, and of the key set of the API.

    Attributes:
        now: seconds of the API's clock since the start.
        issuer: the issuer identifier.
        audience: the API that tokens are for.
        keys: the published keys.
        faults: the faults in force, by endpoint.
        requests: how often the JWKS endpoint was asked.
        phase: empty, fresh, due, stale or expired.
        age: seconds since the last successful fetch.
        lifetime: seconds that the set at hand is fresh.
        max_stale: seconds that it serves beyond that.
        next_refresh_in: seconds until the next refresh is due.
        failures: failed fetches since the last successful one.
        last_error: the last of them.
        budget: how many fetches unknown key ids may still cause.
        entries: the last entries of the key set's life.
    """

    now: float
    issuer: str
    audience: str
    keys: tuple[KeyState, ...]
    faults: dict[str, str]
    requests: int
    phase: str
    age: float | None
    lifetime: float
    max_stale: float
    next_refresh_in: float
    failures: int
    last_error: str | None
    budget: float
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """The answer of the API to one request.

    Attributes:
        status: the status.
        phrase: its words.
        challenge: the field WWW-Authenticate.
        retry_after: the field Retry-After.
        body: the content.
        reason: the rule that was broken.
        advice: the sentence for the operator.
        fetches: how many requests to the JWKS endpoint it caused.
        verdict: valid, refused or cannot_tell, of the token alone; None without one.
        steps: the steps of its verification.
    """

    status: int
    phrase: str
    challenge: str | None
    retry_after: str | None
    body: str
    reason: str | None
    advice: str | None
    fetches: int
    verdict: str | None
    steps: tuple[Step, ...]
