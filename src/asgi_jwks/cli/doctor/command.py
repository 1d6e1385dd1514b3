"""`asgi-jwks doctor`: plays the client against an issuer and a protected API."""

from dataclasses import dataclass

import click
from rich.console import Console
from rich.text import Text

from asgi_jwks.cli.doctor.api_checks import check_api
from asgi_jwks.cli.doctor.findings import Condition, DoctorFinding, Findings, worst
from asgi_jwks.cli.doctor.issuer_checks import check_issuer
from asgi_jwks.cli.doctor.probe import Probe
from asgi_jwks.cli.output import Status, json_option, tell
from asgi_jwks.cli.plain_text import plain_text
from asgi_jwks.cli.questions import ask, seconds_option
from asgi_jwks.cli.token_argument import token_of
from asgi_jwks.errors import ConfigurationError
from asgi_jwks.fetching.secure_url import require_secure_url

__all__ = ["Diagnosis", "diagnosis_of", "doctor", "show"]

_STATUS = {
    Condition.OK: Status.VALID,
    Condition.PROBLEM: Status.REFUSED,
    Condition.CANNOT_TELL: Status.CANNOT_TELL,
}
_STYLES = {
    Condition.OK: "green",
    Condition.NOTE: "yellow",
    Condition.PROBLEM: "bold red",
    Condition.CANNOT_TELL: "magenta",
}
_MARGIN = 13


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """The findings about an issuer and an API.

    Attributes:
        issuer: the issuer that was looked at; null if none was named or found.
        api: the URL of the API that was looked at; null if none was named.
        findings: the findings, in the order of the checks.
    """

    issuer: str | None
    api: str | None
    findings: tuple[DoctorFinding, ...]


@click.command()
@click.argument("issuer", type=plain_text, required=False, metavar="[ISSUER]")
@click.option(
    "--api", type=plain_text, metavar="URL", help="A URL of a protected API that needs a token."
)
@click.option(
    "--token",
    metavar="TOKEN",
    help="A token to send to the API: as it is, @FILE, or - for standard input. Without this "
    "option no token of anybody is sent.",
)
@seconds_option("--deadline", most=300, default=60.0, about="For all requests together.")
@seconds_option(
    "--timeout",
    most=60,
    default=5.0,
    about="For each request, as the option `timeout` of key sets.  [env: ASGI_JWKS_TIMEOUT]",
    envvar="ASGI_JWKS_TIMEOUT",
)
@json_option
def doctor(
    issuer: str | None,
    api: str | None,
    token: str | None,
    deadline: float,
    timeout: float,
    json_wanted: bool,
) -> int:
    """Look at an issuer, and at an API with --api, as a client does.

    Each finding names the clause of the standard and what to do. Where only the API is given, the
    issuer is the one that its metadata names. Exit status 1 means that there is a problem, 2 that
    somebody did not answer.
    """
    if issuer is None and api is None:
        raise click.UsageError("Name an ISSUER, or a protected API by --api, or both.")
    if token is not None and api is None:
        raise click.UsageError("--token is sent to an API: name it by --api.")
    if api is not None:
        # Loopback, or https: a token may go there.
        require_secure_url("--api", api, allow_insecure_http=token is None)
    sent = None if token is None else token_of((token,))
    probe = Probe(timeout=timeout)
    return _told(
        ask(
            "the issuer and the API",
            lambda: diagnosis_of(issuer, api, probe, token=sent),
            timeout=deadline,
        ),
        json_wanted=json_wanted,
    )


def _told(diagnosis: Diagnosis, *, json_wanted: bool) -> Status:
    tell("doctor", diagnosis, show, json_wanted=json_wanted)
    return _STATUS[worst(diagnosis.findings)]


async def diagnosis_of(
    issuer: str | None, api: str | None, probe: Probe, *, token: str | None = None
) -> Diagnosis:
    """Look at an issuer, at an API, or at both."""
    findings = Findings()
    if api is not None:
        servers = await check_api(api, probe, findings, issuer=issuer, token=token)
        if issuer is None:
            issuer = next(filter(_may_be_asked, servers), None)
    if issuer is not None:
        await check_issuer(issuer, probe, findings)
    return Diagnosis(issuer=issuer, api=api, findings=findings.all())


def _may_be_asked(url: str) -> bool:
    """Whether an issuer that an API names may be asked: by https, or on loopback."""
    try:
        require_secure_url("issuer", url, allow_insecure_http=False)
    except ConfigurationError:
        return False
    return True


def show(out: Console, diagnosis: Diagnosis) -> None:
    """Write the findings for people, those that are well in one line each."""
    for finding in diagnosis.findings:
        words = finding.condition.value.replace("_", " ")
        head = Text(f"{words:<{_MARGIN}}", _STYLES[finding.condition])
        for line in Text(finding.found).wrap(out, max(out.width - _MARGIN, _MARGIN)):
            out.print(head + line)
            head = Text(" " * _MARGIN)
        if finding.remedy is not None:
            for text, style in ((finding.remedy, "bold"), (finding.clause, "dim")):
                for line in Text(text, style).wrap(out, max(out.width - _MARGIN, _MARGIN)):
                    out.print(Text(" " * _MARGIN) + line)
    counts = [
        f"{words}: {sum(finding.condition is condition for finding in diagnosis.findings)}"
        for condition, words in (
            (Condition.PROBLEM, "problems"),
            (Condition.NOTE, "notes"),
            (Condition.CANNOT_TELL, "without an answer"),
            (Condition.OK, "well"),
        )
    ]
    out.print()
    out.print(Text(", ".join(counts)))
