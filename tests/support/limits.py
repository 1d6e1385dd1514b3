"""The numbers that SECURITY.md promises, each made of the constant or default in the code.

The table of work limits is written from LIMITS; STATED are the numbers of the prose. Whoever
changes a constant changes the page with it, and reads there what was promised.
"""

import hashlib
from dataclasses import dataclass
from typing import Final

from asgi_jwks.access_token_verifier import VERIFIED_TOKENS
from asgi_jwks.asgi import connection_expiry, public_paths, token_sources
from asgi_jwks.asgi.responses import POLICY_VIOLATION
from asgi_jwks.binding import target_uri
from asgi_jwks.caching import budget, refresh_ahead
from asgi_jwks.caching.budget import Budget
from asgi_jwks.caching.freshness import SHORTEST_MAX_AGE, TrustPeriod
from asgi_jwks.caching.kept_answers import KeyedPeriod
from asgi_jwks.events import log, repeated_lines
from asgi_jwks.fetching import request
from asgi_jwks.fetching.client import LARGEST_DOCUMENT, MOST_FIELDS, MOST_PIECES
from asgi_jwks.issuer_checks import LARGEST_LEEWAY
from asgi_jwks.jose import jwk, weak_secrets
from asgi_jwks.jose.json_limits import (
    _MAX_DIGITS,
    CLAIMS_LIMITS,
    HEADER_LIMITS,
    JWK_LIMITS,
    MAX_JSON_DEPTH,
    UNVERIFIED_CLAIMS_LIMITS,
)
from asgi_jwks.jose.jws import (
    MAX_HEADER_BYTES,
    MAX_SEARCHED_CLAIMS_BYTES,
    MAX_TOKEN_BYTES,
    MAX_UNVERIFIED_CLAIMS_BYTES,
)
from asgi_jwks.jose.key_material import MAX_EXPONENT_BITS, RSA_BITS
from asgi_jwks.jose.usable_keys import MAX_DOCUMENT_BYTES, MAX_KEYS
from asgi_jwks.keys import directory_lock, disk, snapshot
from asgi_jwks.keys.distrust import LONGEST_LIST
from asgi_jwks.keys.sought import REMEMBERED
from asgi_jwks.tokens import claim_rules, resolver, token_cache
from asgi_jwks.tokens.header_cache import MAX_HEADERS
from asgi_jwks.tokens.issuers import MOST_RESOLVED
from asgi_jwks.tokens.key_index import MAX_CANDIDATES
from asgi_jwks.trusted_issuer import DEFAULTS

__all__ = ["LIMITS", "STATED", "Limit", "table"]


def _count(number: float) -> str:
    return f"{number:,.0f}"


def _size(octets: int) -> str:
    for unit, name in ((1024 * 1024, "MiB"), (1024, "KiB")):
        if octets >= unit and octets % unit == 0:
            return f"{octets // unit} {name}"
    return f"{octets:,} bytes"


def _seconds(number: float) -> str:
    return f"{number:,g} s"


@dataclass(frozen=True, slots=True)
class Limit:
    """One row of the table: what is bounded, by how much, and the reason for that number."""

    bounds: str
    value: str
    source: str


PERIOD: Final = TrustPeriod()
TENANTS: Final = KeyedPeriod()
BUDGET: Final = Budget()
STRANGERS: Final = resolver.STRANGERS

LIMITS: Final = (
    Limit("token", _size(MAX_TOKEN_BYTES), "twice what most servers allow for one field"),
    Limit(
        "cookies of a request, where one may hold the token",
        f"{token_sources.MOST_COOKIES}",
        "browsers keep up to 180 for a site",
    ),
    Limit(
        "path of a public request",
        _size(public_paths.LONGEST_PATH),
        "PATH_MAX of Linux; a longer one needs a token",
    ),
    Limit(
        "path of a request with a DPoP proof",
        _size(target_uri.LONGEST_PATH),
        "a proof of 4 KiB has no room for a longer one",
    ),
    Limit(
        "header of a token",
        f"{_size(MAX_HEADER_BYTES)}, {HEADER_LIMITS.members} members",
        "real ones have 3 to 5; a chain of certificates takes 6 KB",
    ),
    Limit(
        "claims",
        f"{CLAIMS_LIMITS.members} members, {CLAIMS_LIMITS.containers} objects and arrays, "
        f"{_count(CLAIMS_LIMITS.values)} values, {CLAIMS_LIMITS.fractions} fractions; not all "
        "together: 8 for each object, 4 for each array, 3 for each escape, 2 for each member, 1 "
        f"for each value make at most {_count(CLAIMS_LIMITS.together or 0)}",
        "1,000 permissions, the roles of 120 Keycloak clients, or 24 permissions of Casdoor; "
        "counted before any is built",
    ),
    Limit(
        "a number in JSON",
        f"{_MAX_DIGITS} digits",
        "longer ones take quadratic time",
    ),
    Limit("JSON depth", f"{MAX_JSON_DEPTH}", "real claims nest to 3"),
    Limit("`kid`", f"{_count(jwk.MAX_KID_LENGTH)} characters", "the did:key of an RSA key has 755"),
    Limit(
        "audiences in a token",
        _count(claim_rules.LONGEST_AUDIENCE_LIST),
        "Auth0 sends 2",
    ),
    Limit(
        "keys tried for one token",
        f"{MAX_CANDIDATES}",
        "those at hand that several issuers have under one key id",
    ),
    Limit(
        "claims that are judged before a signature",
        f"{_size(MAX_UNVERIFIED_CLAIMS_BYTES)}, {UNVERIFIED_CLAIMS_LIMITS.members} members, "
        f"{UNVERIFIED_CLAIMS_LIMITS.values} values",
        "only where the key is not at hand; larger ones pay the budget unread",
    ),
    Limit(
        "the part of claims above 16 KiB in which `iss` is looked for",
        f"{_size(MAX_SEARCHED_CLAIMS_BYTES)}, as they are sent",
        "only with a larger max_token_bytes, and where no key at hand made the signature, to know "
        "whose keys to ask for",
    ),
    Limit(
        "RSA modulus",
        f"{RSA_BITS[0]} to {RSA_BITS[-1]} bits; min_rsa_bits demands more",
        "RFC 7518, section 3.3; work grows with the square",
    ),
    Limit(
        "RSA exponent",
        f"odd, 3 to {MAX_EXPONENT_BITS} bits",
        "OpenSSL's limit for large moduli",
    ),
    Limit(
        "key set",
        f"{_size(MAX_DOCUMENT_BYTES)}, the first {MAX_KEYS} usable keys",
        "the largest real one known is above 50 KiB",
    ),
    Limit(
        "one key of a set",
        f"{JWK_LIMITS.members} members, {JWK_LIMITS.values} values",
        "6 to 12 members, and a chain of certificates",
    ),
    Limit(
        "fetch",
        f"{_seconds(PERIOD.timeout)} in all, connecting and TLS included; "
        f"{_size(LARGEST_DOCUMENT)} in {MOST_PIECES:,} pieces; {MOST_FIELDS} header fields; "
        f"one retry after {_seconds(request.RETRY_PAUSE)}; no redirects",
        "slow providers need more than 0.5 s, none more than 5",
    ),
    Limit(
        "wait of a request for a refresh",
        f"{_seconds(PERIOD.max_wait)} where a key is at hand",
        "a slow endpoint must not make a slow API",
    ),
    Limit(
        "refetches for unknown keys",
        f"{BUDGET.burst}, then one each {_seconds(BUDGET.interval)}; options from 1 to "
        f"{budget.LARGEST_BURST} and from {_seconds(budget.SHORTEST_INTERVAL)} to "
        f"{_seconds(budget.LONGEST_INTERVAL)}",
        "two replicas of an issuer may rotate within a minute",
    ),
    Limit(
        "remembered unknown key ids",
        f"{_count(REMEMBERED)} for one interval of the budget",
        f"the default budget allows {BUDGET.burst + PERIOD.max_age / BUDGET.interval:g} in "
        f"{_seconds(PERIOD.max_age)}",
    ),
    Limit(
        "backoff",
        f"{_seconds(budget.BACKOFF_FIRST)} doubling to {_seconds(budget.BACKOFF_LONGEST)}; "
        f"Retry-After to {_seconds(budget.LONGEST_RETRY_AFTER)}",
        "an outage must not be made worse",
    ),
    Limit(
        "verified tokens",
        f"{_count(VERIFIED_TOKENS)}, with claims of {_size(token_cache.MAX_CLAIMS_BYTES)} in all",
        "some 15 MiB of ordinary tokens",
    ),
    Limit(
        "claims of one verified token",
        f"{_size(token_cache.LARGEST_CLAIMS)} of memory",
        "larger ones are read anew for each request",
    ),
    Limit("headers of verified tokens", f"{MAX_HEADERS}, then anew", "an issuer writes one or two"),
    Limit(
        "questions to a resolver",
        f"a burst of {STRANGERS.burst}, then one each {_seconds(STRANGERS.interval)}; "
        f"{_seconds(TENANTS.timeout)} each; names of {_count(resolver.LONGEST_ISSUER)} characters",
        "names of tenants cost nothing, unknown ones a query each",
    ),
    Limit(
        "answers of a resolver",
        f"{_count(MOST_RESOLVED)} for {_seconds(TENANTS.fresh)}, unknown names for "
        f"{_seconds(TENANTS.unknown)}; during its outage for {_seconds(TENANTS.serves)}",
        "tenants come and go in minutes",
    ),
    Limit(
        "distrusted keys",
        f"{LONGEST_LIST} of a key set",
        "a key that leaks is an event of years",
    ),
    Limit(
        "snapshot",
        f"{_count(snapshot._LARGEST_FILE)} bytes; {_seconds(disk.DISK_TIMEOUT)} for the "
        f"disk, {_seconds(directory_lock.LONGEST_WAIT)} for another process",
        "a document of the largest size in base64, and the list of distrusted keys",
    ),
    Limit(
        "a `SharedSecret`",
        f"at least {hashlib.sha256().digest_size} bytes, "
        f"{weak_secrets._FEWEST_DISTINCT_BYTES} of them different",
        "RFC 7518, section 3.2; random bytes have more",
    ),
)

STATED: Final = (
    f"`max_age` ({_seconds(PERIOD.max_age)})",
    f"not below {_seconds(SHORTEST_MAX_AGE)}",
    f"`max_age + max_stale` ({_seconds(PERIOD.max_age + PERIOD.max_stale)})",
    f"`refetch_burst` ({BUDGET.burst})",
    f"`refetch_interval` ({_seconds(BUDGET.interval)})",
    f"within {_seconds(refresh_ahead.LONGEST_SLEEP)} where the lifespan runs",
    f"one line for each cause in {_seconds(repeated_lines.INTERVAL)}",
    f"a changed key set one, and {log.MOST_TOLD + 1} for each reason",
    f"a claim that cannot be read, one line each {_seconds(repeated_lines.INTERVAL)}",
    f"`leeway` ({_seconds(DEFAULTS['leeway'])}, at most {_seconds(LARGEST_LEEWAY)})",
    f"close code {POLICY_VIOLATION}",
    f"judged again every {_seconds(connection_expiry.JUDGED_EVERY)}",
    f"for {_seconds(TENANTS.fresh)} after",
    f"serves for {_seconds(TENANTS.serves)}",
    f"at most {_seconds(PERIOD.max_wait)} where the keys are past `max_age`",
    f"{_size(MAX_DOCUMENT_BYTES)} of an answer",
    f"{_seconds(PERIOD.timeout)} of time",
)
"""The numbers of the prose, each in the words that stand around it."""


def table() -> str:
    """The table of work limits."""
    rows = ["| limit | value | source |", "|---|---|---|"]
    rows += [f"| {limit.bounds} | {limit.value} | {limit.source} |" for limit in LIMITS]
    return "\n".join(rows)
