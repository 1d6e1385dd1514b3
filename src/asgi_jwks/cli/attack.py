"""`asgi-jwks attack`: the attack corpus against an application, with its own settings."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

import anyio
import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.text import Text

from asgi_jwks._printable import printable
from asgi_jwks.cli.output import CannotTell, Status, console, json_option, tell
from asgi_jwks.cli.plain_text import plain_text
from asgi_jwks.testing.attacks.corpus import attacks_on
from asgi_jwks.testing.attacks.named_application import AttackedApplication, attacked_application
from asgi_jwks.testing.attacks.run import (
    AttackRunError,
    Outcome,
    Report,
    carry_out,
    require_good_token,
)

__all__ = ["AttackOutcome", "AttackReport", "attack", "junit_xml", "report_of", "show"]

# An exception may have a whole request in its text.
_LONGEST = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class AttackOutcome:
    """The end of one attack.

    Attributes:
        name: the name of the attack.
        summary: the request in a few words.
        requirements: the rules that forbid it to succeed.
        status: the status of the answer; null where the application raised.
        fault: the exception of the application, if it raised.
        refused: whether the application refused the request as it should.
    """

    name: str
    summary: str
    requirements: tuple[str, ...]
    status: int | None
    fault: str | None
    refused: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AttackReport:
    """The end of every attack.

    Attributes:
        app: the name of the application.
        refused: how many attacks it refused.
        total: how many attacks there were.
        outcomes: every attack, in the order in which a request is read.
    """

    app: str
    refused: int
    total: int
    outcomes: tuple[AttackOutcome, ...]


@click.command()
@click.argument("app", type=plain_text, metavar="MODULE:APP")
@click.option(
    "--path",
    type=plain_text,
    metavar="TEXT",
    default="/",
    show_default=True,
    help="A path that needs a token.",
)
@click.option(
    "--method",
    type=plain_text,
    metavar="TEXT",
    default="GET",
    show_default=True,
    help="The method to ask for it with.",
)
@click.option(
    "--scopes",
    type=plain_text,
    metavar="TEXT",
    default="",
    help="The scopes that it needs, separated by spaces.",
)
@click.option(
    "--junit",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    metavar="FILE",
    help="Write the report as JUnit XML too, for CI.",
)
@json_option
def attack(
    app: str, path: str, method: str, scopes: str, junit: Path | None, json_wanted: bool
) -> int:
    """Carry out the attack corpus against an application, with its own settings.

    MODULE:APP is an ASGI application with a JWTBearerMiddleware or JWTBearer, whose issuer a mock
    issuer stands in for; or a function that takes a MockIssuer and returns an application. Exit
    status 1 means that an attack got through, 2 that the run would prove nothing.
    """
    try:
        attacked = attacked_application(app, path=path, method=method, scopes=scopes)
    except AttackRunError as error:
        raise click.UsageError(f"{error}") from error
    columns = (
        TextColumn("Attacks"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[name]}"),
    )
    with Progress(*columns, console=console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=len(attacks_on(attacked.target)), name="")
        outcomes = _carried_out(attacked, lambda name: progress.update(task, advance=1, name=name))
    report = report_of(app, Report(outcomes))
    if junit is not None:
        _write(junit, junit_xml(report))
    tell("attack", report, show, json_wanted=json_wanted)
    return Status.VALID if report.refused == report.total else Status.REFUSED


def _write(path: Path, octets: bytes) -> None:
    try:
        path.write_bytes(octets)
    except OSError as error:
        raise CannotTell(f"The report cannot be written: {error}") from error


def _carried_out(
    attacked: AttackedApplication, on_attack: Callable[[str], object]
) -> tuple[Outcome, ...]:
    async def every() -> tuple[Outcome, ...]:
        try:
            await require_good_token(attacked.app, attacked.target)
        except AttackRunError as error:
            raise CannotTell(f"{error} (The options: --path, --method, --scopes.)") from error
        outcomes = []
        for attack in attacks_on(attacked.target):
            on_attack(attack.name)
            outcomes.append(await carry_out(attacked.app, attack, attacked.target))
        return tuple(outcomes)

    with attacked.trusting():
        return anyio.run(every)


def report_of(app: str, report: Report) -> AttackReport:
    """The report of a run, for people and programs."""
    outcomes = tuple(
        AttackOutcome(
            name=outcome.attack.name,
            summary=outcome.attack.summary,
            requirements=outcome.attack.requirements,
            status=outcome.status,
            fault=None if outcome.fault is None else printable(outcome.fault, longest=_LONGEST),
            refused=outcome.refused,
        )
        for outcome in report.outcomes
    )
    return AttackReport(
        app=app,
        refused=sum(outcome.refused for outcome in outcomes),
        total=len(outcomes),
        outcomes=outcomes,
    )


def junit_xml(report: AttackReport) -> bytes:
    """The report as JUnit XML, one test case for each attack."""
    failed = report.total - report.refused
    suite = ET.Element(
        "testsuite",
        name=f"asgi-jwks attack {report.app}",
        tests=str(report.total),
        failures=str(failed),
        errors="0",
        skipped="0",
    )
    for outcome in report.outcomes:
        case = ET.SubElement(suite, "testcase", classname="asgi_jwks.attack", name=outcome.name)
        if not outcome.refused:
            failure = ET.SubElement(case, "failure", message=_ending(outcome))
            failure.text = f"{outcome.summary} ({', '.join(outcome.requirements)})"
    suites = ET.Element("testsuites")
    suites.append(suite)
    ET.indent(suites)
    written: bytes = ET.tostring(suites, encoding="utf-8", xml_declaration=True)
    return written


def _ending(outcome: AttackOutcome) -> str:
    return f"raised {outcome.fault}" if outcome.status is None else f"answered {outcome.status}"


def show(out: Console, report: AttackReport) -> None:
    """Write a line for each attack that got through, and the number of the others."""
    for outcome in report.outcomes:
        if not outcome.refused:
            out.print(Text(f"GOT THROUGH {outcome.name}", "bold red"))
            rules = ", ".join(outcome.requirements)
            out.print(Text(f"  {outcome.summary} ({rules}); the application {_ending(outcome)}"))
    style = "bold green" if report.refused == report.total else "bold red"
    out.print(Text(f"{report.refused} of {report.total} attacks were refused.", style))
