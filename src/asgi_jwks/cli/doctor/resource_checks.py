"""Checks of protected resource metadata (RFC 9728): its place, its resource, its issuers."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from asgi_jwks._printable import printable, quoted
from asgi_jwks.cli.doctor.challenge_grammar import Challenge
from asgi_jwks.cli.doctor.findings import Findings
from asgi_jwks.cli.doctor.probe import Answer, Probe

__all__ = ["check_metadata"]

_REFUSED: Final = frozenset({401, 403})
_WELL_KNOWN: Final = "/.well-known/oauth-protected-resource"


async def check_metadata(
    url: str, bearer: Challenge | None, probe: Probe, findings: Findings, issuer: str | None
) -> tuple[str, ...]:
    """Look at the metadata of a protected resource.

    Args:
        url: the URL of the API.
        bearer: the challenge of its 401, if there is one.
        probe: asks.
        findings: gets what is found.
        issuer: the issuer that the API should trust, if one was named.

    Returns:
        the issuers that the metadata names.
    """
    named = None if bearer is None else bearer.parameters.get("resource_metadata")
    origin = _origin(url)
    answers: list[Answer] = []
    for place in [named] if named else _places(url):
        if _origin(place) != origin:
            # Who answers the API must not make this machine ask others.
            findings.problem(
                "resource_metadata",
                f"The challenge names metadata of another origin, {quoted(place)}.",
                f"Serve the metadata at {origin}{_WELL_KNOWN}.",
            )
            return ()
        answer = await probe.get(place)
        document = answer.document()
        if document is not None:
            findings.ok(
                "resource_metadata", f"There is metadata at {printable(place, longest=200)}."
            )
            _check_resource(place, document, findings, url)
            return _check_servers(document, findings, issuer)
        answers.append(answer)
    _tell_of_none(answers, findings, is_named=bool(named))
    return ()


def _places(url: str) -> list[str]:
    """Where the metadata of a resource are, if no challenge names them (section 3.1)."""
    path = urlsplit(url).path.rstrip("/")
    return [f"{_origin(url)}{_WELL_KNOWN}{below}" for below in dict.fromkeys((path, ""))]


def _tell_of_none(answers: Sequence[Answer], findings: Findings, *, is_named: bool) -> None:
    """Tell of metadata that are nowhere.

    Args:
        answers: those of all places.
        findings: gets what is found.
        is_named: whether the challenge names the place.
    """
    words = "; ".join(answer.url for answer in answers)
    first = answers[0].words()
    if all(answer.status in _REFUSED for answer in answers):
        tell = findings.problem if is_named else findings.note
        tell(
            "resource_metadata",
            f"Without a token there is no metadata at {quoted(words)}: {first}.",
            "Serve it in front of the guard, since clients without a token look for it: the option "
            f"resource= of the middleware does so; otherwise add {_WELL_KNOWN}/* to public_paths.",
        )
    elif is_named:
        findings.problem(
            "resource_metadata",
            f"The challenge names {quoted(words)}, and no JSON object is there: {first}.",
            "Serve the metadata there, or leave resource_metadata out of the challenge. A proxy "
            f"must pass {_WELL_KNOWN} to the application, beside the path of the API.",
        )
    else:
        findings.note(
            "resource_metadata",
            f"There is no metadata at {words}.",
            "Serve it where clients find out by themselves where to get a token, as those of MCP "
            "servers do.",
        )


def _check_resource(place: str, document: Mapping[str, Any], findings: Findings, url: str) -> None:
    resource = document.get("resource")
    words = f"The metadata names the resource {quoted(str(resource))}."
    inserted = difference = None
    if isinstance(resource, str) and _origin(resource) is not None:
        parts = urlsplit(resource)
        query = f"?{parts.query}" if parts.query else ""
        path = parts.path.rstrip("/") if parts.path == "/" else parts.path
        inserted = f"{parts.scheme}://{parts.netloc}{_WELL_KNOWN}{path}{query}"
        difference = _difference(url, resource)
    if difference is not None:
        findings.problem(
            "resource",
            f"{words} It differs from {quoted(url)} by {difference}.",
            "Name the URL that clients call, to the last slash; they must not use the metadata of "
            "another one. If the URL that was asked is the mistaken one, ask the other.",
        )
    elif inserted != place:
        findings.problem(
            "resource",
            words,
            "Name the resource from whose URL this metadata's URL is made, to the last character; "
            "clients must not use it otherwise.",
        )
    else:
        findings.ok("resource", words)


def _origin(url: str) -> str | None:
    """The origin of a stranger's URL; None if it is not an http URL."""
    try:
        parts = urlsplit(url)
    except ValueError:  # an address in brackets that is not one
        return None
    is_web = parts.scheme in {"https", "http"} and parts.netloc != ""
    return f"{parts.scheme}://{parts.netloc}" if is_web else None


def _difference(url: str, resource: str) -> str | None:
    """The part by which a URL is not below a resource (RFC 9728, section 3.3)."""
    ours, named = urlsplit(url), urlsplit(resource)
    if ours.scheme != named.scheme:
        return "its scheme"
    if ours.netloc != named.netloc:
        return "its host" if ours.hostname != named.hostname else "its port"
    path, base = ours.path, named.path
    if path == base or {path, base} <= {"", "/"}:
        return None
    if path.rstrip("/") == base.rstrip("/"):
        return "the slash at its end"
    return None if path.startswith(f"{base.rstrip('/')}/") else "its path"


def _check_servers(
    document: Mapping[str, Any], findings: Findings, issuer: str | None
) -> tuple[str, ...]:
    servers = document.get("authorization_servers")
    names = (
        tuple(name for name in servers if isinstance(name, str))
        if isinstance(servers, list)
        else ()
    )
    if not names:
        findings.note(
            "authorization_servers",
            "The metadata names no authorization server.",
            "Name the issuers in authorization_servers, so that clients know whom to ask.",
        )
    elif issuer is not None and issuer not in names:
        findings.problem(
            "authorization_servers",
            f"The metadata names {', '.join(map(quoted, names))}, and not {quoted(issuer)}.",
            "Name the issuer as its tokens have it in iss, to the last character.",
        )
    else:
        findings.ok("authorization_servers", f"It names {', '.join(map(quoted, names))}.")
    return names
