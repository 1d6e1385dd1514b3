"""Checks of protected resource metadata (RFC 9728): its place, its resource, its issuers."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from asgi_jwks._printable import printable, quoted
from asgi_jwks.cli.doctor.challenge_grammar import Challenge
from asgi_jwks.cli.doctor.findings import Findings
from asgi_jwks.cli.doctor.probe import Answer, Probe
from asgi_jwks.jose.encoding import EncodingError, json_object

__all__ = ["check_metadata"]

_OK: Final = 200
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
    parts = urlsplit(url)
    origin = f"{parts.scheme}://{parts.netloc}"
    places = [named] if named else [f"{origin}{_WELL_KNOWN}{parts.path.rstrip('/')}"]
    if not named and parts.path.rstrip("/"):
        places.append(f"{origin}{_WELL_KNOWN}")
    for place in places:
        if urlsplit(place).netloc != parts.netloc:
            # Who answers the API must not make this machine ask others.
            findings.problem(
                "resource_metadata",
                f"The challenge names metadata of another host, {quoted(place)}.",
                f"Serve the metadata at {origin}{_WELL_KNOWN}.",
            )
            return ()
        answer = await probe.get(place)
        document = _document(answer)
        if document is not None:
            findings.ok(
                "resource_metadata", f"There is metadata at {printable(place, longest=200)}."
            )
            _check_resource(place, document, findings)
            return _check_servers(document, findings, issuer)
    words = "; ".join(places)
    if named:
        findings.problem(
            "resource_metadata",
            f"The challenge names {quoted(words)}, and no JSON object is there.",
            "Serve the metadata there, or leave resource_metadata out of the challenge.",
        )
    else:
        findings.note(
            "resource_metadata",
            f"There is no metadata at {words}.",
            "Serve it where clients find out by themselves where to get a token, as those of MCP "
            "servers do.",
        )
    return ()


def _document(answer: Answer) -> Mapping[str, Any] | None:
    if answer.response is None or answer.status != _OK:
        return None
    try:
        return json_object(answer.response.body)
    except EncodingError:
        return None


def _check_resource(place: str, document: Mapping[str, Any], findings: Findings) -> None:
    resource = document.get("resource")
    words = f"The metadata names the resource {quoted(str(resource))}."
    inserted = None
    if isinstance(resource, str) and resource.startswith(("https://", "http://")):
        parts = urlsplit(resource)
        query = f"?{parts.query}" if parts.query else ""
        path = parts.path.rstrip("/") if parts.path == "/" else parts.path
        inserted = f"{parts.scheme}://{parts.netloc}{_WELL_KNOWN}{path}{query}"
    if inserted == place:
        findings.ok("resource", words)
    else:
        findings.problem(
            "resource",
            words,
            "Name the resource from whose URL this metadata's URL is made, to the last character; "
            "clients must not use it otherwise.",
        )


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
