"""Checks of an issuer: its metadata, in both well-known forms, and its identity."""

from collections.abc import Mapping
from typing import Any

from asgi_jwks._printable import quoted
from asgi_jwks.cli.doctor.connection_checks import check_clock, check_time, check_tls
from asgi_jwks.cli.doctor.findings import Findings
from asgi_jwks.cli.doctor.key_checks import check_keys
from asgi_jwks.cli.doctor.probe import Answer, Probe
from asgi_jwks.errors import ConfigurationError
from asgi_jwks.fetching.client import HTTP_OK
from asgi_jwks.fetching.request import DocumentRequest
from asgi_jwks.fetching.secure_url import require_secure_url
from asgi_jwks.keys.discovery import Metadata, metadata_urls

__all__ = ["check_issuer"]


async def check_issuer(issuer: str, probe: Probe, findings: Findings) -> None:
    """Look at an issuer as a resource server does, from its identifier to its keys."""
    try:
        # The constructor judges the identifier; nothing is asked by it.
        Metadata(issuer, DocumentRequest(fetch=probe.fetch))
    except ConfigurationError as error:
        findings.problem(
            "issuer_url",
            f"{error}",
            "Use the issuer identifier as the provider's metadata has it in `issuer`.",
        )
        return
    findings.ok("issuer_url", f"{issuer} can be discovered.")
    urls = dict.fromkeys(metadata_urls(issuer))
    answers = [await probe.get(url) for url in urls]
    documents = {answer.url: document for answer in answers if (document := answer.document())}
    if not documents:
        _no_metadata(answers, findings)
        return
    url, metadata = next(iter(documents.items()))
    findings.ok("metadata", f"{' and '.join(documents)} {_verb(documents)} there.")
    _check_forms(documents, answers, findings)
    if metadata.get("issuer") != issuer:
        findings.problem(
            "metadata_issuer",
            f"{url} has the issuer {quoted(str(metadata.get('issuer')))}, and {quoted(issuer)} was "
            "asked for.",
            "Configure the issuer as the document has it, to the last character, the slash at the "
            "end included.",
        )
    else:
        findings.ok("metadata_issuer", "The document names the issuer that was asked for.")
    asked = next(answer for answer in answers if answer.url == url)
    await check_time("metadata_time", asked, probe, findings)
    check_clock("issuer_clock", asked, findings, whose="the issuer")
    await check_tls("issuer_tls", issuer, probe, findings)
    jwks_uri = _jwks_uri(issuer, metadata, findings)
    if jwks_uri is not None:
        await check_keys(jwks_uri, probe, findings)


def _no_metadata(answers: list[Answer], findings: Findings) -> None:
    words = "; ".join(f"{answer.url}: {_why(answer)}" for answer in answers)
    if all(answer.response is None for answer in answers):
        findings.cannot_tell(
            "metadata", words, "See that the issuer can be reached from this machine."
        )
    else:
        findings.problem(
            "metadata",
            words,
            "Look for a slash or a path that is missing in the issuer; for a provider without "
            "metadata give jwks_uri=... to asgi-jwks, or use its preset.",
        )


def _why(answer: Answer) -> str:
    return "200, and not a JSON object" if answer.status == HTTP_OK else answer.words()


def _verb(documents: Mapping[str, object]) -> str:
    return "is" if len(documents) == 1 else "are"


def _check_forms(
    documents: Mapping[str, Mapping[str, Any]], answers: list[Answer], findings: Findings
) -> None:
    if len(documents) < len(answers):
        missing = next(answer for answer in answers if answer.url not in documents)
        findings.note(
            "metadata_forms",
            f"{missing.url}: {_why(missing)}.",
            "Nothing is to be done for asgi-jwks, which tries both forms; other clients may know "
            "one form alone.",
        )
        return
    told = [(document.get("issuer"), document.get("jwks_uri")) for document in documents.values()]
    if any(one != told[0] for one in told):
        findings.problem(
            "metadata_forms",
            "The two metadata documents name different issuers or different keys.",
            "Have the provider serve the same document in both forms.",
        )
    else:
        findings.ok("metadata_forms", "Both forms have the same issuer and the same keys.")


def _jwks_uri(issuer: str, metadata: Mapping[str, Any], findings: Findings) -> str | None:
    jwks_uri = metadata.get("jwks_uri")
    if not isinstance(jwks_uri, str):
        findings.problem(
            "jwks_uri",
            "The metadata names no jwks_uri.",
            "Have the provider publish jwks_uri, or give jwks_uri=... to asgi-jwks.",
        )
        return None
    try:
        require_secure_url("jwks_uri", jwks_uri, allow_insecure_http=False)
        is_secure = not issuer.startswith("https:") or jwks_uri.startswith("https:")
    except ConfigurationError:
        is_secure = False
    if not is_secure:
        findings.problem(
            "jwks_uri",
            f"The metadata names keys at {quoted(jwks_uri)}, which is not https.",
            "Serve the keys over https: whoever answers there decides which tokens are valid.",
        )
        return None
    findings.ok("jwks_uri", f"The keys are at {jwks_uri}.")
    return jwks_uri
