"""Checks of a JWK Set: its use, its names, and its time in caches."""

from collections import Counter
from typing import Final

from asgi_jwks._printable import printable
from asgi_jwks.cli.doctor.connection_checks import check_time
from asgi_jwks.cli.doctor.findings import Findings
from asgi_jwks.cli.doctor.probe import Answer, Probe
from asgi_jwks.cli.published_keys import PublishedKey, published_set
from asgi_jwks.fetching.client import HTTP_OK
from asgi_jwks.fetching.response import FetchResponse, freshness_advice
from asgi_jwks.jose.skip_reason import SkipReason

__all__ = ["check_keys"]

_TYPES: Final = frozenset({"application/json", "application/jwk-set+json"})
# asgi-jwks does not fetch more often than this, whatever is advised.
_SHORTEST: Final = 60.0
# For so long a removed key is trusted by clients that do as they are advised.
_LONGEST: Final = 86_400.0


async def check_keys(jwks_uri: str, probe: Probe, findings: Findings) -> None:
    """Look at the keys at a URL."""
    answer = await probe.get(jwks_uri)
    if answer.response is None:
        findings.cannot_tell(
            "jwks",
            f"{jwks_uri}: {answer.words()}.",
            "See that the JWKS endpoint can be reached from this machine.",
        )
        return
    if answer.status != HTTP_OK:
        findings.problem(
            "jwks",
            f"{jwks_uri}: {answer.words()}.",
            "Have the endpoint answer 200 itself: redirects are not followed, and while it fails, "
            "keys are trusted for 70 minutes at most.",
        )
        return
    await check_time("jwks_time", answer, probe, findings)
    found = published_set(answer.response.body, now=probe.clock())
    usable = [key for key in found.keys if key.usable]
    _check_skipped(found.keys, findings)
    if found.error is not None:
        findings.problem(
            "jwks",
            f"{jwks_uri}: {found.error}.",
            "Have the endpoint answer with a JWK Set that has a key for signatures; `asgi-jwks "
            "keys` lists the reasons.",
        )
        return
    findings.ok("jwks", f"{len(usable)} of {len(found.keys)} keys are usable.")
    _check_names(usable, findings)
    _check_algorithms(usable, findings)
    _check_type(answer, findings)
    _check_cache(answer.response, findings)


def _check_skipped(keys: tuple[PublishedKey, ...], findings: Findings) -> None:
    reasons = Counter(key.reason for key in keys if key.reason is not None)
    exposed = reasons.pop(SkipReason.PRIVATE_KEY.value, 0) + reasons.pop(
        SkipReason.SYMMETRIC_KEY.value, 0
    )
    if exposed:
        findings.problem(
            "jwks_private",
            f"{exposed} keys are published with their private or secret part.",
            "Take these keys out of use now: whoever has read the set can sign tokens.",
        )
    else:
        findings.ok("jwks_private", "No key is published with its private part.")
    if reasons:
        counted = ", ".join(f"{count} x {reason}" for reason, count in sorted(reasons.items()))
        findings.note(
            "jwks_skipped",
            f"Keys that are not used: {counted}.",
            "Nothing is to be done if tokens are not signed with these; `asgi-jwks keys` lists "
            "them.",
        )
    else:
        findings.ok("jwks_skipped", "Every key is usable.")


def _check_names(usable: list[PublishedKey], findings: Findings) -> None:
    kids = Counter(key.kid for key in usable)
    if len(usable) > 1 and kids[None]:
        findings.problem(
            "jwks_kid",
            f"{kids[None]} of {len(usable)} keys have no kid.",
            "Publish each key under a kid of its own, and write it into tokens.",
        )
        return
    twice = {
        printable(str(key.kid))
        for key in usable
        if len({other.thumbprint for other in usable if other.kid == key.kid}) > 1
    }
    if twice:
        findings.problem(
            "jwks_kid",
            f"Several keys have the kid {', '.join(sorted(twice))}.",
            "Publish each key under a kid of its own: a token that could mean two is refused.",
        )
    else:
        findings.ok("jwks_kid", "Each key can be told from the others.")


def _check_algorithms(usable: list[PublishedKey], findings: Findings) -> None:
    named = sorted({key.alg or f"any for {key.kty}" for key in usable})
    if any(key.alg == "RS256" or (key.alg is None and key.kty == "RSA") for key in usable):
        findings.ok("jwks_algorithms", f"There are keys for {', '.join(named)}.")
    else:
        findings.note(
            "jwks_algorithms",
            f"There are keys for {', '.join(named)}, and none for RS256.",
            f"Write algorithms={[key.alg for key in usable if key.alg][:1]!r}, or as the provider "
            "says that it signs access tokens.",
        )


def _check_type(answer: Answer, findings: Findings) -> None:
    kind = (answer.field("content-type") or "none").partition(";")[0].strip().lower()
    if kind in _TYPES:
        findings.ok("jwks_type", f"The key set is sent as {kind}.")
    else:
        findings.note(
            "jwks_type",
            f"The key set is sent as {printable(kind)}.",
            "Send it as application/jwk-set+json or application/json; some clients insist on it.",
        )


def _check_cache(response: FetchResponse, findings: Findings) -> None:
    advised = freshness_advice(response)
    field = printable(response.header("cache-control") or "none")
    if advised is None:
        findings.note(
            "jwks_cache",
            f"Cache-Control: {field}; it does not say how long the set is fresh.",
            "Send Cache-Control: max-age=300 or so; asgi-jwks takes 600 s where nothing is said.",
        )
    elif not _SHORTEST <= advised <= _LONGEST:
        findings.note(
            "jwks_cache",
            f"Cache-Control: {field}; the set is to be fresh for {advised:g} s.",
            "Advise from one minute to one day: shorter makes every client fetch at every turn, "
            "and longer lets a removed key live on in them.",
        )
    else:
        findings.ok("jwks_cache", f"The set may be kept for {advised:g} s.")
    if response.header("etag") is None:
        findings.note(
            "jwks_etag",
            "There is no ETag.",
            "Send an ETag, and 304 to If-None-Match: a refresh then costs no body.",
        )
    else:
        findings.ok("jwks_etag", "There is an ETag for conditional requests.")
