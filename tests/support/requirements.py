"""The numbered requirements, and the tests that prove each of them.

A test proves a requirement by naming its number in its docstring, an attack of the corpus by naming
it among its requirements. The table in docs/requirements.md is written from both.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Final

from asgi_jwks.testing.attacks.corpus import ATTACKS, PROOF_ATTACKS

__all__ = ["CORPUS", "ON_PROOFS", "OPEN", "REQUIREMENTS", "attacks_on", "proofs", "table"]

TESTS: Final = Path(__file__).parents[1]

CORPUS: Final = "attacks/test_corpus.py"
"""The test that carries out the attacks, as it stands in the table."""

ON_PROOFS: Final = "attacks/test_proofs.py"
"""The test that carries out those on applications that take DPoP proofs."""

REQUIREMENTS: Final[Mapping[str, str]] = {
    "A1": "the form of the Authorization field (RFC 6750, section 2.1)",
    "A2": "the scheme is compared without case (RFC 9110, section 11.1)",
    "A3": "two Authorization fields are 400 (RFC 9110, section 5.3)",
    "A4": "tokens by two methods are 400 (RFC 6750, section 3.1)",
    "A5": "no token from query or body; cookie and subprotocol only when configured",
    "A6": "anonymous only without a token and where allowed; an invalid token is 401 there too",
    "A7": "sizes and lengths are bounded before anything is parsed",
    "A8": "no bytes of a request cause an exception, a 5xx or a fetch by their form alone",
    "A9": "other schemes are 401 without an error; what begins as Bearer and is malformed is 400",
    "A10": "the middleware alone writes the identity; a subprotocol's token is gone everywhere",
    "A11": "an option of a wrong type or form is refused where it is given, with a sentence",
    "B1": "every 401 has a challenge with a parameter (RFC 9110, section 11.6.1; RFC 6750)",
    "B2": "no error in the challenge of a request without a token (RFC 6750, section 3.1)",
    "B3": "400, 401 and 403 with their codes; 403 names the scope (RFC 6750, section 3.1)",
    "B4": "values of a challenge are of the allowed characters, each parameter once",
    "B5": "clients are told fixed phrases only",
    "B6": "a JSON body that is not stored; none for HEAD",
    "B7": "our own outage is 503 with Retry-After, never 401",
    "B8": "503 comes from the state of the keys, never from a token",
    "B9": "one answer per request; the application's exceptions and answers pass untouched",
    "B10": "a CORS preflight passes only when configured, plain OPTIONS never",
    "B11": "public paths match exactly or by whole segments",
    "B12": "hooks, events and the log see every refusal, those of a route included",
    "B13": "a client is told nothing untrue while the budget of refetches is spent",
    "C1": "a WebSocket is refused before it is accepted",
    "C2": "by a denial response where the server has it, else by close 1008",
    "C3": "a WebSocket with a valid token has the claims on its scope",
    "C4": "start-up warms the keys within the timeout; shutdown leaves nothing running",
    "C5": "applications and servers without lifespan work all the same",
    "C6": "a connection that outlives its token can be ended when the token expires or is revoked",
    "D1": "three parts in canonical base64url, the header one JSON object (RFC 7515, section 5.2)",
    "D2": "no member name twice (RFC 7515, section 4; RFC 7519, section 4)",
    "D3": "alg is on an allow-list that cannot have none (RFC 8725, section 3.1)",
    "D4": "a key serves one family of algorithms (RFC 8725, section 3.1)",
    "D5": "crit, b64 and zip are refused, but for a zip of NONE (RFC 7515, section 4.1.11)",
    "D6": "keys and addresses of keys in a header are not used (RFC 8725, section 3.10)",
    "D7": "kid is a string of at least 1,024 characters, looked up exactly and logged escaped",
    "D8": "encrypted, nested and JSON-serialized tokens are refused (RFC 8725, section 3.3)",
    "D9": "typ is a media type, and not that of another JWT (RFC 7519, section 5.1)",
    "D10": "odd numbers, surrogates and nesting are malformed, nothing worse",
    "D11": "header members that are not understood are ignored (RFC 7515, section 4)",
    "D12": "UTF-8 only (RFC 7519, section 7.2)",
    "E1": "a JWK that cannot be used, or is one too many, is skipped (RFC 7517, section 5)",
    "E2": "use, key_ops and alg of a key are obeyed (RFC 7517, section 4)",
    "E3": "bounds of RSA keys; a published private key is skipped (RFC 7518, section 3.3)",
    "E4": "exactly one key must be left (RFC 7517, section 4.5)",
    "E5": "an issuer's keys verify its own tokens only (RFC 8725, section 3.8)",
    "E6": "RSA keys without alg serve RS256",
    "E7": "new key material under an old kid is found by one refetch",
    "E8": "Ed25519 points of small order are skipped; a modulus may begin with a zero octet",
    "E9": "one warning when no fetched key fits the allowed algorithms",
    "F1": "500 requests at once make one fetch",
    "F2": "a slow endpoint delays no request whose key is at hand",
    "F3": "unknown kids cost no more than the budget, and bounded memory",
    "F4": "a kid that was probed before it is published verifies within one interval",
    "F5": "a new key verifies on its first token, a removed one stops at the next refresh",
    "F6": "stale keys serve within their bound; fetches follow the backoff",
    "F7": "a cold start without the endpoint is 503 at once, and recovers",
    "F8": "a document that is not a key set leaves the good one in place",
    "F9": "one deadline for the whole fetch",
    "F10": "cancellation, of a fetch by itself too, and crashes leave nobody waiting",
    "F11": "Cache-Control shortens, ETag revalidates, Retry-After lengthens",
    "F12": "discovery: the same issuer, both forms, https only (RFC 8414, section 3.3)",
    "F13": "key sets of different issuers live and fail apart",
    "F14": "a wrong option is a ConfigurationError that says what to write",
    "F15": "fork, threads, several event loops, asyncio and trio",
    "F16": "refresh() returns after a fetch that began after the call",
    "F17": "a distrusted key is refused at once and after a restart, until trusted again by name",
    "F18": "trust ends in wall time, suspensions included; a clock set back changes nothing",
    "F19": "http to loopback does not go through a proxy of the environment",
    "F20": "the budget of refetches is an option with a floor; limits of a fetch are documented",
    "F21": "nothing is imported and no TLS context is built after construction",
    "F22": "a failed fetch names the URL that was asked, and the target of a redirect",
    "F23": "a snapshot is read only from a regular file that others cannot write",
    "F24": "a resolver has one question per name, a deadline, a budget, and last answers",
    "G1": "exp, nbf and iat are numbers within bounds (RFC 7519, section 2)",
    "G2": "exp is required and in the future (RFC 7519, section 4.1.4)",
    "G3": "nbf is not in the future (RFC 7519, section 4.1.5)",
    "G4": "iat is at most a minute, or the leeway, in the future",
    "G5": "iss is compared exactly; a near miss is explained once (RFC 9068, section 4)",
    "G6": "aud names this API exactly (RFC 7519, section 4.1.3)",
    "G7": "required claims and their types (RFC 9068, section 2.2)",
    "G8": "an issuer's rule tells access tokens from other kinds (RFC 8725, section 3.12)",
    "G9": "scope and scp are strings or arrays; what cannot be read grants nothing (RFC 8693)",
    "G10": "a caller's own check passes by True alone, and may be async",
    "G11": "a bad signature is reported before anything about the claims",
    "G12": "a token bound to a key is not a plain Bearer token (RFC 9449, RFC 8705)",
    "G13": "another claim may name the audience; none at all only by an honest name",
    "H1": "no token in a memory or a log (RFC 9700, section 4.9.3)",
    "H2": "the memory of tokens: by digest, bound to the key, bounded, accepted ones only",
    "H3": "a removed key or a revocation ends a remembered token at once",
    "H4": "nothing grows with what strangers send",
    "H5": "the memory of tokens is bounded in bytes, whatever their claims look like",
    "H6": "no request can change another's claims; a token can be copied and pickled",
    "H7": "no frame that runs the application's code has the token as a local",
    "H8": "a SharedSecret refuses repetition and published examples",
    "I1": "DPoP by its scheme; modes per issuer: off, allowed, required (RFC 9449, section 7.1)",
    "I2": "exactly one proof; missing, repeated or joined by a comma is refused",
    "I3": "a proof is read as strictly as a token, up to 4 KiB; public keys and its algorithms",
    "I4": "htm is the method, with its case",
    "I5": "ath is the hash of the token as it was sent",
    "I6": "the key of the proof is the one that the token is bound to",
    "I7": "htu is compared in its normal form (RFC 3986), without query and fragment",
    "I8": "the URL of a request is a configured public origin and the raw path, never Host",
    "I9": "iat within a minute; with nonces, their time decides instead",
    "I10": "a bound token as Bearer is refused, and so is an unbound one by the scheme DPoP",
    "I11": "a proof is good once; the memory is bounded in total and per sender, with 503 and 429",
    "I12": "several workers share a store that fails closed within 100 ms",
    "I13": "a gate in front of another verifier may leave proofs unused, by name",
    "I14": "stateless nonces that every worker agrees on (RFC 9449, sections 8 and 9)",
    "I15": "a challenge for each scheme, an error only in the one that was used",
    "I16": "a WebSocket is a GET of the http form of its URL",
    "I17": "the memory of tokens never spares the proof; that of keys is bounded",
    "I18": "clients for tests sign proofs; at least 40 attacks on proofs",
    "J1": "a certificate-bound token needs its certificate (RFC 8705, section 3)",
    "J2": "certificates come from explicit sources, of which there is none by default",
    "J3": "a certificate field is believed from trusted proxies only (RFC 9440, section 4)",
    "J4": "whatever is not exactly one certificate of up to 16 KiB is refused",
    "J5": "every confirmation must hold; one that nobody understands is refused (RFC 7800)",
    "K1": "a protected resource has its metadata at its path, without a token (RFC 9728)",
    "K2": "the resource is as configured, never from Host; of several the longest path counts",
    "K3": "the document is JSON without empty members, for browsers of any origin, with a lifetime",
    "K4": "the document says what is enforced; offline_access is refused at construction",
    "K5": "every 401 and 403 of a resource names its metadata",
    "K6": "a 401 names the scopes that the route or the application declares; one names them all",
    "K7": "a wider scope may stand for a narrow one, which challenges name; there are no circles",
    "K8": "a route may need a kind of login, and a recent one (RFC 9470)",
    "K9": "one declaration drives the check, the challenge, the OpenAPI document and the metadata",
    "K10": "an MCP server is found and entered by the SDK's own client",
    "N1": "one event for each outcome and each change of keys; none is made that nobody hears",
    "N2": "outcomes are counted by reason, issuer, scheme and connection",
    "N3": "verifications are timed, and those that the memory of tokens spared are counted",
    "N4": "the state of each key set is told: age, trust that remains, keys, digest",
    "N5": "likewise for the resolver, DPoP proofs, their memory and store; in conventional units",
    "N6": "a span has outcome, reason and issuer; a user only by option; an outage is its error",
    "N7": "labels are of closed sets: a flood of kids, issuers and paths adds no series",
    "N8": "alert rules and a dashboard, tested, of metrics that there are",
    "N9": "readiness follows the keys alone, and tokens cannot drive it ill",
    "N10": "the log says of each cause of refusals once per interval what is wrong, with counts",
    "O1": "an explanation is the verifier's own procedure, with the verdict of `verify`",
    "O2": "each step is told with expected, found and the remedy; times as distances; clock skew",
    "O3": "nothing is called valid without issuer and audience; the signature is never printed",
    "O4": "requests with a DPoP proof, and metadata documents, are explained too",
    "O5": "the doctor looks at an issuer and an API as a client does, with clause and remedy",
    "O6": "a stricter policy is judged beside the live one, refuses nothing, and is counted",
    "P1": "the principal is issuer and subject; equal subjects of two issuers are two users",
    "P2": "an issuer's tokens grant no more than its `grants`; an endpoint can name its issuers",
    "P3": "each provider is a preset, proven by samples of every kind that it signs",
    "P4": "a known mistake is answered in the log by the sentence that says what to write",
    "W1": "a refused request costs at most 4 times a new good token, 8 times if it is signed",
    "W2": "parts of header and claims are bounded before they are built",
    "W3": "the signature is judged before the payload where the key is at hand",
    "W4": "nothing that strangers send stops the event loop for more than 10 ms",
    "W5": "an unknown issuer costs the same among 5,000, and cannot be told from an unknown key",
    "W6": "log lines and events per interval are bounded whatever strangers send",
}

OPEN: Final[frozenset[str]] = frozenset()
"""The requirements that may still be without a proof; the others must have one."""

_NUMBER: Final = re.compile(r"\b[A-KN-PW]\d{1,2}\b")


@cache
def proofs() -> Mapping[str, list[str]]:
    """Requirement number -> the test files, relative to tests/, that prove it."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in sorted(TESTS.rglob("test_*.py")):
        for docstring in _docstrings(path):
            for number in _NUMBER.findall(docstring):
                found[number].add(path.relative_to(TESTS).as_posix())
    for test, attacks in ((CORPUS, ATTACKS), (ON_PROOFS, PROOF_ATTACKS)):
        for attack in attacks.values():
            for number in attack.requirements:
                found[number].add(test)
    return {number: sorted(paths) for number, paths in found.items()}


def attacks_on(*numbers: str) -> int:
    """How many attacks of the corpus try one of these requirements."""
    attacks = (*ATTACKS.values(), *PROOF_ATTACKS.values())
    return sum(not set(numbers).isdisjoint(attack.requirements) for attack in attacks)


def table() -> str:
    """The table of docs/requirements.md."""
    found = proofs()
    rows = ["| | requirement | attacks | where it is proved |", "|---|---|---|---|"]
    for number, statement in REQUIREMENTS.items():
        where = ", ".join(f"`{path}`" for path in found.get(number, ())) or "*not yet*"
        rows.append(f"| {number} | {statement} | {attacks_on(number) or ''} | {where} |")
    return "\n".join(rows)


def _docstrings(path: Path) -> Iterator[str]:
    """The docstrings of the test functions of a file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith(
            "test"
        ):
            yield ast.get_docstring(node) or ""
