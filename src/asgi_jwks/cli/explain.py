"""`asgi-jwks explain`: why a token is refused, by the procedure that verifies it.

It judges nothing itself: the verdict and the steps are those of `AccessTokenVerifier.explain`.
"""

from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.text import Text

from asgi_jwks import AccessTokenVerifier, Reason, StaticJWKSet
from asgi_jwks._printable import quoted
from asgi_jwks.authorization.requirement import Requirement
from asgi_jwks.cli.application_argument import named_verifier
from asgi_jwks.cli.grants import Grants, grants_of, missing_grant
from asgi_jwks.cli.grouped_help import GroupedHelp
from asgi_jwks.cli.output import Status, json_option, quiet_logs, tell
from asgi_jwks.cli.plain_text import plain_text
from asgi_jwks.cli.presented_request import (
    Presented,
    RequestParts,
    missing_part,
    presented,
    request_options,
)
from asgi_jwks.cli.questions import ask, deadline_option
from asgi_jwks.cli.trust_options import Given, sections_of, trusted_by, trusting_options
from asgi_jwks.environment.options import OF_CERTIFICATES, OF_DPOP, OF_ISSUER, OF_KEYS
from asgi_jwks.environment.parsers import names
from asgi_jwks.errors import TemporarilyUnavailable
from asgi_jwks.tokens.explanation import Explanation, Finding, Step, StepStatus, Verdict

__all__ = ["Explained", "explain", "explained", "show"]

_STATUS: Final = {
    Verdict.VALID: Status.VALID,
    Verdict.REFUSED: Status.REFUSED,
    Verdict.CANNOT_TELL: Status.CANNOT_TELL,
}
_STYLES: Final = {
    StepStatus.PASSED: "green",
    StepStatus.FAILED: "bold red",
    StepStatus.NOT_REACHED: "dim",
    StepStatus.CANNOT_TELL: "yellow",
}
_MARGIN: Final = 16
# Seconds. Servers write Date once in a second, and later where they are busy.
_NOTICED: Final = 5.0
# Those that say nothing of a token are options of `serve` alone.
_OF_TOKENS: Final = (*OF_ISSUER, *OF_DPOP, *OF_CERTIFICATES, *OF_KEYS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """The verdict on a token, and how it came about.

    Attributes:
        verdict: valid, refused, or cannot_tell where keys are unavailable.
        reason: the rule that was broken; null unless it is refused.
        advice: one sentence with the mistake and the remedy; null for a valid token.
        grants: the scopes, permissions, roles and groups that a valid token grants; else null.
        clock_ahead: seconds by which this machine's clock is ahead of the issuer's, if known.
        issuers: the issuers that are trusted.
        audience_compared: whether every one of them has its audience compared.
        steps: the steps of the procedure, in their order.
    """

    verdict: Verdict
    reason: Reason | None
    advice: str | None
    grants: Grants | None
    clock_ahead: float | None
    issuers: tuple[str, ...]
    audience_compared: bool
    steps: tuple[Step, ...]


@click.command(cls=GroupedHelp, sections=sections_of(_OF_TOKENS))
@click.argument("token", nargs=-1, metavar="TOKEN")
@click.option(
    "--app",
    type=plain_text,
    metavar="MODULE:APP",
    help="Judge by the settings of this application.",
)
@click.option(
    "--keys",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Keys from a file instead of the issuer's: a JWK Set, a JWK, or PEM.",
)
@click.option(
    "--requires",
    type=plain_text,
    multiple=True,
    metavar="SCOPES",
    help="The scopes that the route needs: a valid token without them is refused.",
)
@request_options
@deadline_option
@json_option
@trusting_options(_OF_TOKENS)
def explain(
    token: tuple[str, ...],
    app: str | None,
    keys: Path | None,
    requires: tuple[str, ...],
    request: str | None,
    proof: str | None,
    request_url: str | None,
    request_method: str | None,
    request_from: str,
    certificate: str | None,
    deadline: float,
    json_wanted: bool,
    provider: str | None,
    **given: tuple[str, ...],
) -> int:
    """Verify a token as an API would, and tell step by step how it went.

    \b
        asgi-jwks explain TOKEN --app my_api:app
        asgi-jwks explain TOKEN --issuer ISSUER --audience AUDIENCE --requires SCOPE
        asgi-jwks explain --request copied-as-curl.txt --app my_api:app

    TOKEN is the token, a pasted `Authorization:` line, a file, or - for standard input. Whom to
    trust is said by --provider and its words, by --issuer and --audience, by the variables that
    settings_from_env() reads, or by --app. A request with a DPoP proof is told by --proof and
    --request-url, one with a client's certificate by --certificate, and a pasted one, or one that a
    browser copied as cURL, by --request.
    Exit status 0 valid, 1 refused, 2 cannot tell.
    """
    quiet_logs()
    parts = RequestParts(
        request=request,
        proof=proof,
        request_url=request_url,
        request_method=request_method,
        request_from=request_from,
        certificate=certificate,
    )
    judged = presented(token, parts)
    verifier = _verifier(app, provider, given, keys, judged)
    needs = names(" ".join(requires))
    result = explained(
        verifier,
        ask("the issuer", lambda: _explanation(verifier, judged), timeout=deadline),
        needs=Requirement(*needs) if needs else None,
    )
    # An application that takes no proofs at all is to be told of that first.
    if app is None or verifier.sees_proofs:
        advice = missing_part(result.reason, parts) or result.advice
        result = replace(result, advice=advice)
    tell("explain", result, show, json_wanted=json_wanted)
    return _STATUS[result.verdict]


def explained(
    verifier: AccessTokenVerifier, explanation: Explanation, *, needs: Requirement | None = None
) -> Explained:
    """An explanation, with the issuers that were trusted, and the needs of a route."""
    rules = [issuer.rules for issuer in verifier.issuers]
    token = explanation.access_token
    missing = None if needs is None or token is None else missing_grant(needs, token)
    return Explained(
        verdict=explanation.verdict if missing is None else Verdict.REFUSED,
        reason=explanation.reason if missing is None else Reason.INSUFFICIENT_SCOPE,
        advice=explanation.advice if missing is None else missing,
        grants=None if token is None else grants_of(token),
        clock_ahead=explanation.clock_ahead,
        issuers=tuple(rule.issuer for rule in rules),
        audience_compared=all(rule.audiences is not None for rule in rules),
        steps=explanation.steps,
    )


def _verifier(
    app: str | None, provider: str | None, given: Given, keys: Path | None, judged: Presented
) -> AccessTokenVerifier:
    if app is None:
        source = None if keys is None else StaticJWKSet(keys)
        trusted = trusted_by(provider, given, keys=source, assumed=judged.assumed)
        return AccessTokenVerifier(*trusted.issuers)
    if keys is not None or provider is not None or any(given.values()):
        raise click.UsageError("--app has settings of its own: give it without them.")
    return named_verifier(app)


async def _explanation(verifier: AccessTokenVerifier, judged: Presented) -> Explanation:
    try:
        # With the keys at hand, the signature is judged also where the claims would be refused.
        with suppress(TemporarilyUnavailable):
            await verifier.warm()
        token = judged.token.encode("utf-8", "surrogateescape")
        return await verifier.explain(token, proof=judged.proof)
    finally:
        await verifier.aclose()


def show(out: Console, result: Explained) -> None:
    """Write the verdict, the remedy, and the steps, for people."""
    match result.verdict:
        case Verdict.VALID if result.audience_compared:
            out.print(Text("VALID", "bold green"))
        case Verdict.VALID:
            out.print(Text("VALID, for whatever API: no audience was compared", "bold yellow"))
        case Verdict.REFUSED:
            out.print(Text(f"REFUSED  {result.reason}", "bold red"))
        case _:
            out.print(Text("CANNOT TELL", "bold yellow"))
    if result.advice is not None:
        out.print(Text(result.advice))
    for kind, granted in () if result.grants is None else result.grants.given():
        out.print(Text(f"{kind}: {', '.join(map(quoted, granted))}"))
    out.print()
    for step in result.steps:
        status = step.status.value.replace("_", " ")
        out.print(
            Text(f"({step.number}) {status}".ljust(_MARGIN), _STYLES[step.status])
            + Text(step.title)
        )
        for finding in step.findings:
            _show(out, finding)
    if result.clock_ahead is not None:
        out.print()
        out.print(Text(_clock(result.clock_ahead)))


def _clock(ahead: float) -> str:
    if abs(ahead) < _NOTICED:
        return "This machine's clock agrees with the issuer's."
    side = "ahead of" if ahead > 0 else "behind"
    return f"This machine's clock is {abs(ahead):.0f} s {side} the issuer's."


def _show(out: Console, finding: Finding) -> None:
    style = _STYLES[finding.status]
    found = "nothing" if finding.found is None else finding.found
    if finding.status is StepStatus.PASSED:
        lines = [f"{finding.name}: {finding.expected if finding.found is None else found}"]
    else:
        lines = [f"{finding.name}: expected {finding.expected}", f"found {found}"]
    for line in lines:
        for part in Text(line, style).wrap(out, max(out.width - _MARGIN, _MARGIN)):
            out.print(Text(" " * _MARGIN) + part)
