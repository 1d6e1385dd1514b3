"""A second, stricter policy that is judged beside the live one and refuses nothing.

It judges the claims that the live policy has verified, by the rules of its own issuers: there is no
second signature. A token is judged whole when it is verified, and not again while it is remembered:
with the same claims only time can change the verdict. So a remembered token is judged by its times
alone, which is where a shorter leeway shows.
"""

import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

from asgi_jwks.errors import Advice, InsufficientScope, RequestError
from asgi_jwks.events.requests import RequestLabels, WouldBeRefused
from asgi_jwks.jose.jws import decode_header
from asgi_jwks.tokens.access_token import AccessToken, basis_of
from asgi_jwks.tokens.advice import advise, advise_on_request
from asgi_jwks.tokens.header_rules import JOSEHeader, read_header
from asgi_jwks.tokens.issuer import Issuer
from asgi_jwks.tokens.issuer_names import IssuerNames
from asgi_jwks.tokens.refused_token import RefusedToken
from asgi_jwks.tokens.steps import run_checks

__all__ = ["ReportOnly"]

_log: Final = logging.getLogger("asgi_jwks.tokens")


class ReportOnly:
    """Judges accepted tokens by a second policy.

    Args:
        issuers: the second policy, an issuer for each that it judges; their keys are not used.
        tell: hears of each token that the policy would refuse.
        clock: seconds since the epoch.
    """

    def __init__(
        self,
        issuers: Sequence[Issuer],
        tell: Callable[[WouldBeRefused], object],
        clock: Callable[[], float],
    ) -> None:
        self._issuers: Final = {issuer.rules.issuer: issuer for issuer in issuers}
        self._names: Final = IssuerNames(self._issuers)
        self._tell: Final = tell
        self._clock: Final = clock
        self._has_failed = False

    async def judge(
        self, token: AccessToken, header_segment: bytes, labels: RequestLabels, *, is_cached: bool
    ) -> None:
        """Judge a token that was accepted; it does not raise.

        Args:
            token: the token.
            header_segment: its header as it came, which the live policy has read.
            labels: of the request.
            is_cached: whether it was remembered, and so judged before.
        """
        issuer = self._issuers.get(token.issuer)
        if issuer is None:
            return
        header: JOSEHeader | None = None
        try:
            if is_cached:
                issuer.rules.check_time(token.claims, self._clock())
            else:
                header = read_header(decode_header(header_segment))
                issuer.rules.check_header(header)
                issuer.rules.check_key_size(basis_of(token).rsa_bits)
                issuer.rules.check_claims(token.claims, header, self._clock())
                await run_checks(issuer.checks, token)
        except RequestError as refusal:
            advice = partial(self._advice, refusal, token, header, issuer)
            self._tell(
                WouldBeRefused(labels, advise=advice, reason=refusal.reason, status=refusal.status)
            )
        # Kind rules and checks may be the application's own, and refuse nothing here.
        except Exception:
            if not self._has_failed:
                self._has_failed = True
                _log.exception("report_only could not judge a token; further failures are not told")

    def _advice(
        self, refusal: RequestError, token: AccessToken, header: JOSEHeader | None, issuer: Issuer
    ) -> Advice:
        if isinstance(refusal, InsufficientScope):
            return advise_on_request(refusal.reason)
        claims: Any = token.claims
        return advise(
            RefusedToken(
                reason=refusal.reason,
                now=self._clock(),
                detail=refusal.detail,
                header=header,
                claims=claims,
                is_signed=True,
                rules=issuer.rules,
                issuers=self._names,
            )
        )
