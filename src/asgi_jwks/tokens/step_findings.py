"""The comparisons of each step of a verification, for an explanation.

They are read from the trace that the procedure left; nothing is judged here but the header beside
the allow-lists, and the claims by their own rules.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from asgi_jwks._printable import printable, quoted
from asgi_jwks.errors import Reason, RequestError
from asgi_jwks.tokens.claim_findings import ClaimFindings, said
from asgi_jwks.tokens.explanation import Finding, StepStatus
from asgi_jwks.tokens.issuers import TrustedIssuers
from asgi_jwks.tokens.refusal_advice import keys_at_hand
from asgi_jwks.tokens.refused_token import listing
from asgi_jwks.tokens.trace import Trace

__all__ = ["StepFindings"]

_PASSED, _FAILED = StepStatus.PASSED, StepStatus.FAILED

_PROOFS: Final = {
    "jkt": "a DPoP proof by the key with the thumbprint",
    "x5t#S256": "the client's certificate, with the thumbprint",
}


class StepFindings:
    """The comparisons of each step, in words.

    Args:
        trace: how far the procedure came.
        refusal: the error by which it ended, if it was the client's fault.
        issuers: the trusted issuers.
        now: seconds since the epoch.
    """

    def __init__(
        self, trace: Trace, refusal: RequestError | None, issuers: TrustedIssuers, now: float
    ) -> None:
        self._trace = trace
        self._refusal = refusal
        self._issuers = issuers
        self._issuer = trace.issuer or issuers.sole
        self._now = now
        self._mark = "" if trace.is_signed else " (unverified)"
        self._keys = None if self._issuer is None else keys_at_hand(self._issuer.keys)
        self.clock_ahead = None if self._keys is None else self._keys.clock_of()

    def findings(self, number: int, status: StepStatus) -> Iterable[Finding]:
        """The comparisons that were made in a step."""
        if status is StepStatus.NOT_REACHED and (number != 3 or not self._trace.claims):
            return ()
        made: dict[int, Callable[[StepStatus], Iterator[Finding]]] = {
            1: self._form,
            2: self._header,
            3: self._of_issuer,
            4: self._key,
            5: self._signature,
            6: self._claims,
            7: self._checks,
        }
        return made[number](status)

    def _form(self, status: StepStatus) -> Iterator[Finding]:
        found = f"{self._trace.parts} part{'s' if self._trace.parts != 1 else ''}"
        if status is _FAILED and self._refusal is not None and self._refusal.detail:
            found = printable(self._refusal.detail, longest=256)
        yield Finding(
            name="token",
            status=status,
            expected="three parts in base64url, a header and claims in JSON",
            found=found,
        )

    def _header(self, status: StepStatus) -> Iterator[Finding]:
        header = self._trace.header
        if header is None:
            detail = None if self._refusal is None else self._refusal.detail
            yield Finding(
                name="header",
                status=status,
                expected="alg, and nothing that changes what was signed",
                found=None if detail is None else printable(detail, longest=256),
            )
            return
        rules = None if self._issuer is None else self._issuer.rules
        allowed = self._issuers.algorithms if rules is None else rules.algorithms
        yield Finding(
            name="alg",
            status=_PASSED if header.algorithm in allowed else _FAILED,
            expected=", ".join(sorted(allowed)),
            found=quoted(header.algorithm),
        )
        if rules is not None:
            types = rules.kind.header_types
            if rules.profile == "rfc9068":
                types = frozenset({"at+jwt"})
            yield Finding(
                name="typ",
                status=_PASSED if header.type in types else _FAILED,
                expected=", ".join(sorted("none" if kind is None else kind for kind in types)),
                found=None if header.type is None else quoted(header.type),
            )

    def _of_issuer(self, status: StepStatus) -> Iterator[Finding]:
        claims, names = self._trace.claims or {}, self._issuers.names.all
        yield Finding(
            name="iss",
            status=status,
            expected=listing(names) if names else "an issuer that the resolver knows",
            found=None if "iss" not in claims else said(claims["iss"]) + self._mark,
        )

    def _key(self, status: StepStatus) -> Iterator[Finding]:
        header = self._trace.header
        keys = self._keys
        expected = "a key of the issuer"
        if keys is not None:
            expected = f"one of {listing(keys.set.key_ids)}, {keys.origin}"
        yield Finding(
            name="kid",
            status=status,
            expected=expected,
            found=None if header is None or header.kid is None else quoted(header.kid),
        )

    def _signature(self, status: StepStatus) -> Iterator[Finding]:
        made = "that key" if status is _PASSED else "another key, or over another token"
        yield Finding(name="signature", status=status, expected="made by that key", found=made)

    def _claims(self, _status: StepStatus) -> Iterator[Finding]:
        claims, header, issuer = self._trace.claims, self._trace.header, self._trace.issuer
        if claims is not None and header is not None and issuer is not None:
            yield from ClaimFindings(issuer.rules, header, claims, self._now, self._mark).all()

    def _checks(self, status: StepStatus) -> Iterator[Finding]:
        refusal, issuer = self._refusal, self._issuer
        of_checks = {Reason.CHECK_FAILED, Reason.INSUFFICIENT_SCOPE}
        is_of_checks = refusal is None or refusal.reason in of_checks
        if (issuer is not None and issuer.binding is not None) or not is_of_checks:
            yield Finding(
                name="binding",
                status=_PASSED if refusal is not None and is_of_checks else status,
                expected=_bound_to(self._trace.claims or {}),
                found=None if refusal is None or is_of_checks else _phrase(refusal),
            )
        if is_of_checks:
            yield Finding(
                name="checks",
                status=status,
                expected="each returns True",
                found=None if refusal is None else _phrase(refusal),
            )


def _bound_to(claims: Mapping[str, Any]) -> str:
    """The proofs that a token asks for: RFC 9449, section 6.1; RFC 8705, section 3.1."""
    confirmation = claims.get("cnf")
    names: Mapping[str, Any] = confirmation if isinstance(confirmation, Mapping) else {}
    wanted = [f"{proof} {said(names[name])}" for name, proof in _PROOFS.items() if name in names]
    return ", and ".join(wanted) or "proof of all that the token is bound to"


def _phrase(refusal: RequestError) -> str:
    return printable(refusal.detail or refusal.reason.phrase, longest=256)
