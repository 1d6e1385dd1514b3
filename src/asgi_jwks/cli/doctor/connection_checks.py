"""Checks of any server: its clock, its TLS, and the time of its answer."""

from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import urlsplit

from asgi_jwks.cli.doctor.findings import Findings
from asgi_jwks.cli.doctor.probe import Answer, Probe, Secured
from asgi_jwks.cli.moments import distance

__all__ = ["check_clock", "check_time", "check_tls"]

# The default leeway for exp and nbf, and the allowance for iat (requirement G4).
_NOTICED: Final = 5.0
_WRONG: Final = 60.0
# Certificates that renew themselves do so a month or two weeks before their end.
_ENDS_SOON: Final = 14 * 86_400.0
# The default of RemoteJWKSet's max_wait: requests that need new keys wait so long.
_SLOW: Final = 1.0
_OLD: Final = frozenset({"SSLv3", "TLSv1", "TLSv1.1"})


def check_clock(check: str, answer: Answer, findings: Findings, *, whose: str) -> None:
    """Compare this machine's clock with the Date of an answer."""
    date = answer.field("date")
    try:
        sent = parsedate_to_datetime(date or "").timestamp()
    except (ValueError, TypeError, IndexError):
        findings.cannot_tell(
            check,
            f"The answer of {whose} has no Date.",
            "Let the server send Date, as RFC 9110 asks of one that has a clock.",
        )
        return
    # Date has whole seconds; the answer was made at some time while it was waited for.
    ahead = max(answer.asked_at - (sent + 1), 0.0) + min(answer.answered_at - sent, 0.0)
    words = f"This machine's clock is {abs(ahead):.0f} s {'behind' if ahead < 0 else 'ahead'}."
    remedy = "Set the clock of this machine by NTP; if it is, that of the other side."
    if abs(ahead) > _WRONG:
        findings.problem(check, words, remedy)
    elif abs(ahead) > _NOTICED:
        findings.note(check, words, remedy)
    else:
        findings.ok(check, f"The clocks of this machine and of {whose} agree.")


async def check_tls(check: str, url: str, probe: Probe, findings: Findings) -> None:
    """Look at the TLS connection of a URL."""
    if urlsplit(url).scheme != "https":
        findings.note(
            check,
            f"{url} is not https.",
            "That is fine on loopback and for tests; elsewhere serve it over https.",
        )
        return
    secured = await probe.tls(url)
    if not isinstance(secured, Secured):
        findings.cannot_tell(
            check,
            f"TLS could not be looked at: {secured}.",
            "Look at the certificate and its chain: a client here does not trust it, or a proxy "
            "hides it.",
        )
        return
    left = secured.ends_at - probe.clock()
    words = f"{secured.version}; the certificate ends {distance(left)}."
    if secured.version in _OLD:
        findings.problem(check, words, "Turn TLS before 1.2 off, and 1.2 and 1.3 on.")
    elif left < _ENDS_SOON:
        findings.note(check, words, "Renew the certificate, and see that it renews itself.")
    else:
        findings.ok(check, words)


async def check_time(check: str, answer: Answer, probe: Probe, findings: Findings) -> None:
    """Tell how long an answer took, beside the time that a fetch may take."""
    connection = await probe.connect(answer.url)
    part = "" if connection is None else f"; a connection alone takes {connection:.2f} s"
    words = f"{answer.url} answered within {answer.seconds:.2f} s{part}."
    limit = f"The timeout is {probe.timeout:g} s."
    if answer.seconds > _SLOW or 2 * answer.seconds > probe.timeout:
        findings.note(
            check,
            f"{words} {limit}",
            "Look at the way to that host, or raise timeout=... and max_wait=... of RemoteJWKSet: "
            "a request that needs new keys waits for them, 1 s by default.",
        )
    else:
        findings.ok(check, f"{words} {limit}")
