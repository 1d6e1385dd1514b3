"""Findings of the doctor: the checks, the clause of each, and how each may end."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

__all__ = ["CLAUSES", "Condition", "DoctorFinding", "Findings", "worst"]


class Condition(StrEnum):
    """The end of one check."""

    OK = "ok"
    NOTE = "note"
    PROBLEM = "problem"
    CANNOT_TELL = "cannot_tell"


CLAUSES: Final[Mapping[str, str]] = {
    # Of the issuer.
    "issuer_url": "RFC 8414, section 2",
    "metadata": "RFC 8414, section 3; OpenID Connect Discovery 1.0, section 4",
    "metadata_issuer": "RFC 8414, section 3.3",
    "metadata_forms": "RFC 8414, section 5",
    "jwks_uri": "RFC 8414, section 2",
    "jwks": "RFC 7517, section 5",
    "jwks_type": "RFC 7517, section 8.5.2",
    "jwks_skipped": "RFC 7517, sections 4 and 5",
    "jwks_private": "RFC 7517, section 9.2",
    "jwks_kid": "RFC 7517, section 4.5",
    "jwks_algorithms": "RFC 7518, section 3.1",
    "jwks_time": "RemoteJWKSet(timeout=..., max_wait=...)",
    "jwks_cache": "RFC 9111, section 5.2.2",
    "jwks_etag": "RFC 9110, section 8.8.3",
    "metadata_time": "RemoteJWKSet(timeout=...); RFC 8414, section 3",
    "issuer_clock": "RFC 9110, section 6.6.1; RFC 7519, section 4.1.4",
    "issuer_tls": "RFC 9325, section 3.1.1; RFC 8414, section 6.1",
    # Of the protected API.
    "api_401": "RFC 6750, section 3.1; RFC 9110, section 15.5.2",
    "api_challenge": "RFC 9110, section 11.6.1; RFC 6750, section 3",
    "api_challenge_grammar": "RFC 9110, sections 11.2 to 11.6; RFC 6750, section 3",
    "api_challenge_error": "RFC 6750, section 3.1",
    "api_bad_token": "RFC 6750, section 3.1",
    "api_unsigned_token": "RFC 8725, section 3.1; RFC 7515, section 5.2",
    "api_other_scheme": "RFC 9110, section 11.6.1",
    "resource_metadata": "RFC 9728, sections 3 and 5.1",
    "resource": "RFC 9728, section 3.3",
    "authorization_servers": "RFC 9728, section 2",
    "api_token": "RFC 6750, section 3",
    "api_time": "RFC 9110, section 15.6.5",
    "api_clock": "RFC 9110, section 6.6.1",
    "api_tls": "RFC 9325, section 3.1.1; RFC 6750, section 5.3",
}
"""Every check in the order of the report, with the clause that it is about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DoctorFinding:
    """The end of one check.

    Attributes:
        check: the name of the check.
        condition: ok, note, problem or cannot_tell.
        found: the state of things, in a sentence.
        clause: the clause of the standard that it is about.
        remedy: a sentence that says what to do; null where nothing is to be done.
    """

    check: str
    condition: Condition
    found: str
    clause: str
    remedy: str | None


class Findings:
    """The findings of one examination, as they are made."""

    def __init__(self) -> None:
        self._found: list[DoctorFinding] = []

    def all(self) -> tuple[DoctorFinding, ...]:
        """The findings, in the order of the checks."""
        order = list(CLAUSES)
        return tuple(sorted(self._found, key=lambda finding: order.index(finding.check)))

    def ok(self, check: str, found: str) -> None:
        """It is as it should be."""
        self._add(check, Condition.OK, found, None)

    def note(self, check: str, found: str, remedy: str) -> None:
        """It works, and could be better."""
        self._add(check, Condition.NOTE, found, remedy)

    def problem(self, check: str, found: str, remedy: str) -> None:
        """It is wrong."""
        self._add(check, Condition.PROBLEM, found, remedy)

    def cannot_tell(self, check: str, found: str, remedy: str) -> None:
        """Nobody answered, so that nothing can be said."""
        self._add(check, Condition.CANNOT_TELL, found, remedy)

    def _add(self, check: str, condition: Condition, found: str, remedy: str | None) -> None:
        self._found.append(
            DoctorFinding(
                check=check,
                condition=condition,
                found=found,
                clause=CLAUSES[check],
                remedy=remedy,
            )
        )


def worst(findings: Iterable[DoctorFinding]) -> Condition:
    """The worst of them: a problem, else an open question; notes are well."""
    found = {finding.condition for finding in findings}
    for condition in (Condition.PROBLEM, Condition.CANNOT_TELL):
        if condition in found:
            return condition
    return Condition.OK
