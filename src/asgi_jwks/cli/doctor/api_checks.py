"""Checks of a protected API: its 401, its challenges, and its refusals.

It is asked without a token, and with texts that nobody could take for a token of anybody. A token
of the user's is sent where the user said so, and nowhere else.
"""

from typing import Final

from asgi_jwks._printable import printable, quoted
from asgi_jwks.cli.doctor.challenge_grammar import Challenge, ChallengeError, challenges
from asgi_jwks.cli.doctor.connection_checks import check_clock, check_time, check_tls
from asgi_jwks.cli.doctor.findings import Findings
from asgi_jwks.cli.doctor.probe import Answer, Probe
from asgi_jwks.cli.doctor.resource_checks import check_metadata
from asgi_jwks.testing.compact import encode

__all__ = ["NOT_A_TOKEN", "check_api", "unsigned_token"]

NOT_A_TOKEN: Final = "not-a-token-asgi-jwks-doctor"
"""Credentials that are well formed and nobody's token."""

_UNAUTHORIZED: Final = 401
_REFUSED: Final = frozenset({400, 401})
_SERVER_ERROR: Final = 500


def unsigned_token(issuer: str | None, now: float) -> str:
    """A token with alg none and an empty signature, good but for that."""
    claims = {
        "iss": issuer or "https://issuer.example/",
        "sub": "asgi-jwks-doctor",
        "iat": int(now),
        "exp": int(now) + 300,
    }
    return encode({"alg": "none", "typ": "JWT"}, claims, sign=lambda _: b"")


async def check_api(
    url: str, probe: Probe, findings: Findings, *, issuer: str | None, token: str | None
) -> tuple[str, ...]:
    """Look at a protected API as a client does.

    Args:
        url: a URL that needs a token.
        probe: asks.
        findings: gets what is found.
        issuer: the issuer that the API should trust, if one was named.
        token: a token of the user's, to be sent on the user's word.

    Returns:
        the issuers that the API's metadata names.
    """
    bare = await probe.get(url)
    if bare.response is None:
        findings.cannot_tell(
            "api_401", f"{url}: {bare.words()}.", "See that the API can be reached from here."
        )
        return ()
    _check_401(bare, findings)
    await check_time("api_time", bare, probe, findings)
    check_clock("api_clock", bare, findings, whose="the API")
    await check_tls("api_tls", url, probe, findings)
    bearer = _check_challenge(bare, findings)
    await _check_bad_tokens(url, probe, findings, issuer)
    if token is not None:
        await _check_token(url, probe, findings, token)
    return await check_metadata(url, bearer, probe, findings, issuer)


def _check_401(answer: Answer, findings: Findings) -> None:
    status = answer.status
    if status == _UNAUTHORIZED:
        findings.ok("api_401", "A request without a token is answered with 401.")
        return
    remedies = {
        2: "Guard this path: add the middleware, or take the path out of public_paths. If it is "
        "meant to be public, name a path that needs a token.",
        3: "Let APIs answer 401 with a challenge; a redirect to a login page is for browsers.",
        4: "Answer 401 with a challenge; if the path is wrong, name one that needs a token.",
        5: "Look into the server's log. 503 is right while the issuer's keys are unavailable.",
    }
    remedy = remedies.get((status or 0) // 100, remedies[4])
    findings.problem(
        "api_401", f"A request without a token is answered with {answer.words()}.", remedy
    )


def _check_challenge(answer: Answer, findings: Findings) -> Challenge | None:
    """The Bearer challenge of the answer, if there is one."""
    if answer.status != _UNAUTHORIZED:
        return None
    bearer = _bearer_of(answer.field("www-authenticate"), findings)
    if bearer is not None:
        findings.ok("api_challenge", "The 401 has a Bearer challenge.")
        _check_parameters(bearer, findings)
    return bearer


def _bearer_of(field: str | None, findings: Findings) -> Challenge | None:
    """The Bearer challenge of a field WWW-Authenticate, or a finding that there is none."""
    if field is None:
        findings.problem(
            "api_challenge",
            "The 401 has no WWW-Authenticate.",
            'Send WWW-Authenticate: Bearer realm="api"; every 401 has a challenge. In browsers, '
            "CORS has to expose it.",
        )
        return None
    try:
        found = challenges(field)
    except ChallengeError as error:
        findings.problem(
            "api_challenge_grammar",
            f"{error} The field is {quoted(field)}.",
            'Write SCHEME name="value", name="value", with a comma between parameters.',
        )
        return None
    bearer = next((challenge for challenge in found if challenge.scheme == "bearer"), None)
    if bearer is None:
        schemes = ", ".join(challenge.scheme for challenge in found) or "none"
        findings.problem(
            "api_challenge",
            f"The challenge is for {printable(schemes)}, and not for Bearer.",
            'Send WWW-Authenticate: Bearer realm="api".',
        )
    return bearer


def _check_parameters(bearer: Challenge, findings: Findings) -> None:
    """Look at the parameters of the challenge for a request without a token."""
    if bearer.repeated:
        findings.problem(
            "api_challenge_grammar",
            f"The challenge has {printable(', '.join(bearer.repeated))} more than once.",
            "Send each parameter at most once.",
        )
    elif not bearer.parameters:
        findings.problem(
            "api_challenge_grammar",
            "Bearer is followed by no parameter.",
            'Send at least one parameter, such as realm="api".',
        )
    else:
        findings.ok("api_challenge_grammar", "The challenge is of the grammar.")
    if "error" in bearer.parameters:
        findings.note(
            "api_challenge_error",
            f"A request without a token is told error={quoted(bearer.parameters['error'])}.",
            "Leave error, error_description and error_uri out where the request had no token.",
        )
    else:
        findings.ok("api_challenge_error", "No error is told where no token was sent.")


async def _check_bad_tokens(url: str, probe: Probe, findings: Findings, issuer: str | None) -> None:
    bad = {
        "api_bad_token": (f"Bearer {NOT_A_TOKEN}", "A text that is not a token is"),
        "api_unsigned_token": (
            f"Bearer {unsigned_token(issuer, probe.clock())}",
            "A token that nobody signed (alg none) is",
        ),
        "api_other_scheme": ("Basic Og==", "Credentials of another scheme are"),
    }
    for check, (credentials, subject) in bad.items():
        answer = await probe.get(url, {"authorization": credentials})
        words = f"{subject} answered with {answer.words()}."
        status = answer.status
        if status is None:
            findings.cannot_tell(check, words, "See that the API can be reached from here.")
        elif status in _REFUSED:
            findings.ok(check, words)
        elif status >= _SERVER_ERROR:
            findings.problem(
                check,
                words,
                "No text that a client sends may be the server's error: look into its log. 503 is "
                "right while the issuer's keys are unavailable.",
            )
        else:
            findings.problem(check, words, "Refuse it with 401, by a middleware that verifies.")


async def _check_token(url: str, probe: Probe, findings: Findings, token: str) -> None:
    answer = await probe.get(url, {"authorization": f"Bearer {token}"})
    words = f"The token that you gave is answered with {answer.words()}"
    if answer.status is None:
        findings.cannot_tell("api_token", f"{words}.", "See that the API can be reached.")
    elif answer.status < 300:
        findings.ok("api_token", f"{words}.")
    else:
        told = answer.field("www-authenticate")
        findings.problem(
            "api_token",
            f"{words}; it is told {'nothing' if told is None else quoted(told)}.",
            "`asgi-jwks explain` says why, with the settings of the API.",
        )
