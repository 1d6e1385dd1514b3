"""A mock issuer, a protected API, and all that a person can do to them.

It knows neither pages nor requests of a browser: its arguments and its answers are values.
"""

from collections.abc import Callable, Mapping
from itertools import count
from typing import Any, Final

import httpx

from asgi_jwks import AccessTokenVerifier
from asgi_jwks._printable import printable
from asgi_jwks.caching.freshness import TrustPeriod
from asgi_jwks.cli.console.life import REQUEST_FIELD, Life
from asgi_jwks.cli.console.shapes import FORGERIES, SHAPES, shaped_token
from asgi_jwks.cli.console.values import Choices, KeyState, Sent, State
from asgi_jwks.cli.demo.api import PATHS, SimulatedClock
from asgi_jwks.cli.faults import FAULTS, fault_of, mend, require_field_value
from asgi_jwks.cli.no_tls import no_tls
from asgi_jwks.errors import ConfigurationError
from asgi_jwks.fetching.response import FetchResponse, freshness_advice
from asgi_jwks.keys.remote import RemoteJWKSet
from asgi_jwks.testing import MockIssuer, SigningKey

__all__ = ["Laboratory"]

# A clock that is set forward by more shows nothing new.
_LONGEST_STEP: Final = 86_400.0
_LONGEST_BODY: Final = 2000


class Laboratory:
    """A mock issuer and the API that trusts it, in one person's hands.

    Args:
        issuer: the mock issuer.
        verifier: that of the API.
        keys: the key set of the API.
        life: has heard of the key set since its construction.
        clock: that of the key set, to be set forward.
        api: the URL of the API, without a slash at the end.
    """

    def __init__(
        self,
        *,
        issuer: MockIssuer,
        verifier: AccessTokenVerifier,
        keys: RemoteJWKSet,
        life: Life,
        clock: SimulatedClock,
        api: str,
    ) -> None:
        self._issuer: Final = issuer
        self._verifier: Final = verifier
        self._keys: Final = keys
        self.life: Final = life
        self.clock: Final = clock
        self.api: Final = api
        self._faults: dict[str, str] = {}
        self._numbers: Final = count(1)

    def choices(self) -> Choices:
        """The words that a person may choose from."""
        return Choices(
            shapes=tuple(SHAPES),
            forgeries=tuple(FORGERIES),
            paths=PATHS,
            faults={name: fault.meaning for name, fault in FAULTS.items()},
        )

    def state(self) -> State:
        """The present. It touches no network."""
        health = self._keys.health()
        period = TrustPeriod()
        cache_control = self._issuer.jwks.cache_control
        headers = {} if cache_control is None else {"cache-control": cache_control}
        audience = self._issuer.audience
        return State(
            now=self.life.now,
            issuer=self._issuer.issuer,
            audience=audience if isinstance(audience, str) else " ".join(audience),
            keys=self._published(health.key_ids, health.distrusted_kids),
            faults=dict(self._faults),
            requests=self._issuer.jwks.count,
            phase=health.phase.value,
            age=health.age,
            lifetime=period.lifetime(freshness_advice(FetchResponse(200, headers, b""))),
            max_stale=period.max_stale,
            next_refresh_in=health.next_refresh_in,
            failures=health.failures,
            last_error=health.last_error,
            budget=health.refetch_budget,
            entries=self.life.entries(),
        )

    def mint(
        self,
        *,
        shape: str = next(iter(SHAPES)),
        forgery: str = next(iter(FORGERIES)),
        scopes: str = "",
        lifetime: float = 3600.0,
        claims: Mapping[str, Any] | None = None,
        header: Mapping[str, Any] | None = None,
    ) -> str:
        """A token of this shape.

        Args:
            shape, forgery: words of the choices.
            scopes: separated by spaces.
            lifetime: seconds; negative for a token that has expired.
            claims: claims to add or to replace; null takes one away.
            header: header members to add or to replace; null takes one away.

        Raises:
            ConfigurationError: a word is not one of the choices, or the lifetime is too long.
        """
        token = shaped_token(
            self._issuer,
            shape=shape,
            forgery=forgery,
            scopes=scopes,
            lifetime=lifetime,
            claims=claims or {},
            header=header or {},
        )
        self.life.note("act", f"A token was minted: {shape}, {forgery}.")
        return token

    async def send(self, token: str, *, path: str) -> Sent:
        """Send a token to the API, over real HTTP, and see the answer.

        Raises:
            ConfigurationError: the path is not one of the choices.
        """
        if path not in PATHS:
            raise ConfigurationError("The path is not one of the choices.")
        number = str(next(self._numbers)).encode()
        fields = {REQUEST_FIELD: number}
        if token:
            fields[b"authorization"] = b"Bearer " + token.encode("utf-8", "surrogatepass")
        before = self._issuer.jwks.count
        # A proxy of the environment cannot reach the loopback of this machine.
        async with httpx.AsyncClient(trust_env=False, verify=no_tls(), timeout=30) as client:
            try:
                answer = await client.get(f"{self.api}{path}", headers=fields)
            except (httpx.HTTPError, ValueError) as error:
                raise ConfigurationError(f"The request could not be sent: {error!r}.") from None
        refusal = self.life.refusal(number)
        fetches = self._issuer.jwks.count - before
        # After the request, so that a fetch that it needed is its own.
        explanation = await self._verifier.explain(token) if token else None
        self.life.note("request", f"GET {path}: {answer.status_code} {answer.reason_phrase}.")
        return Sent(
            status=answer.status_code,
            phrase=answer.reason_phrase,
            challenge=answer.headers.get("www-authenticate"),
            retry_after=answer.headers.get("retry-after"),
            body=answer.text[:_LONGEST_BODY],
            reason=None if refusal is None else refusal.reason,
            advice=None if refusal is None else refusal.advice,
            fetches=fetches,
            verdict=None if explanation is None else explanation.verdict.value,
            steps=() if explanation is None else explanation.steps,
        )

    def change_keys(self, way: str, kid: str = "") -> None:
        """Change the keys of the issuer, or the API's trust in one of them.

        Args:
            way: rotate, prepare, swap, reissue, restore; withdraw, distrust or trust_again a kid.
            kid: the key id.

        Raises:
            ConfigurationError: there is no such way, or no such key.
        """
        ways: dict[str, Callable[[], object]] = {
            "rotate": self._issuer.rotate,
            "prepare": self._issuer.prepare_key,
            "swap": self._issuer.swap_key,
            "reissue": self._issuer.reissue_key,
            "restore": self._issuer.restore_keys,
            "withdraw": lambda: self._withdraw(kid),
            "distrust": lambda: self._keys.distrust(kid=kid),
            "trust_again": lambda: self._keys.trust_again(kid=kid),
        }
        if way not in ways:
            raise ConfigurationError(f"There are {', '.join(ways)}; got {way!r}.")
        ways[way]()
        name = f" {printable(kid)}" if kid else ""
        self.life.note("act", f"Keys: {way.replace('_', ' ')}{name}.")

    def put_fault(self, text: str) -> None:
        """Have an endpoint fail, by the text of a fault such as `jwks:hang`.

        Raises:
            ConfigurationError: there is no such fault.
        """
        fault = fault_of(text)
        fault.put(self._issuer)
        self._faults[fault.endpoint] = f"{fault}"
        self.life.note("act", f"Fault: {fault}.")

    def mend(self, endpoint: str) -> None:
        """End the fault of an endpoint."""
        mend(self._issuer, endpoint)
        if self._faults.pop(endpoint, None) is not None:
            self.life.note("act", f"The endpoint {printable(endpoint)} is mended.")

    def set_cache_control(self, value: str | None) -> None:
        """Have the JWKS endpoint send this Cache-Control, or none.

        Raises:
            ConfigurationError: it cannot stand in a header field.
        """
        self._issuer.jwks.cache_control = require_field_value("Cache-Control", value or "") or None
        self.life.note("act", f"Cache-Control is {value or 'not sent'}.")

    def advance(self, seconds: float) -> None:
        """Set the clock of the API's key set forward.

        Raises:
            ConfigurationError: not by more than a day, and not back.
        """
        if not 0 < seconds <= _LONGEST_STEP:
            raise ConfigurationError(f"The clock is set forward by up to {_LONGEST_STEP:g} s.")
        self.clock.advance(seconds)
        self.life.note("act", f"The clock of the API is set forward by {seconds:g} s.")

    def _withdraw(self, kid: str) -> None:
        try:
            self._issuer.withdraw(kid)
        except LookupError as error:
            raise ConfigurationError(f"{error.args[0]}.") from None

    def _published(
        self, at_hand: tuple[str, ...], distrusted: tuple[str, ...]
    ) -> tuple[KeyState, ...]:
        signing: SigningKey = self._issuer.signing_key
        jwks: Any = self._issuer.jwk_set()["keys"]
        kids = dict.fromkeys(str(jwk.get("kid", "")) for jwk in jwks)
        return tuple(
            KeyState(
                kid=kid,
                signs=kid == signing.kid,
                at_hand=kid in at_hand,
                distrusted=kid in distrusted,
            )
            for kid in kids
        )
