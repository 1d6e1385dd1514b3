"""The threat model: each threat with its defence, the rules behind it and the module that holds it.

The table in SECURITY.md and the list of attacks in docs/attacks.md are written from here and from
the attack corpus.
"""

from dataclasses import dataclass
from typing import Final

from tests.support.requirements import attacks_on

from asgi_jwks.testing.attacks.attack import Attack
from asgi_jwks.testing.attacks.corpus import ATTACKS, PROOF_ATTACKS, THEMES
from asgi_jwks.testing.attacks.themes import proofs

__all__ = ["THREATS", "Threat", "attack_list", "table"]


@dataclass(frozen=True, slots=True)
class Threat:
    """One row of the threat model.

    `rules` are numbers of requirements, and `where` are modules of the package, both separated by
    spaces.
    """

    attack: str
    defence: str
    rules: str
    where: str


THREATS: Final = (
    Threat(
        "algorithm confusion: `none`, HS256 with a public key",
        "an allow-list; each key is bound to its kind of algorithm at import; no `oct` key from a "
        "remote set; HMAC only with a `SharedSecret`, which refuses keys and certificates",
        "D3 D4",
        "jose/algorithms.py jose/jwk.py issuer_checks.py",
    ),
    Threat(
        "keys named by the token: `jwk`, `jku`, `x5u`, `x5c`",
        "never read",
        "D6 D7",
        "tokens/header_rules.py",
    ),
    Threat(
        "weak or misused keys in the issuer's set, private halves among them",
        "skipped one by one, with a reason; never used for anything but their purpose",
        "E1 E2 E3 E4",
        "jose/jwk.py jose/usable_keys.py",
    ),
    Threat(
        "two readers of the same bytes: duplicate members, lax base64, NaN, other encodings",
        "one strict form; everything else is malformed",
        "D1 D2 D10 D12",
        "jose/encoding.py jose/jws.py",
    ),
    Threat(
        "`crit`, `b64`, `zip`, JWE, nested JWTs, JSON serialization",
        "refused",
        "D5 D8",
        "tokens/header_rules.py jose/jws.py",
    ),
    Threat(
        "a token of another issuer, or its key under the same `kid`",
        "keys belong to an issuer, chosen by exact `iss`",
        "E5 G5",
        "tokens/issuers.py",
    ),
    Threat(
        "an ID, refresh or logout token as an access token",
        "a rule of the issuer: its proof of an access token, and the marks of the other kinds",
        "D9 G8",
        "tokens/kinds.py tokens/kind_marks.py",
    ),
    Threat(
        "another API's token",
        "an exact audience; only `insecure_no_audience=True` leaves it out, with a warning at the "
        "start",
        "G6 G13",
        "tokens/claim_rules.py issuer_checks.py",
    ),
    Threat(
        "a token of another time, or with claims of a wrong type",
        "times within bounds and a small leeway; a grant that cannot be read grants nothing",
        "G1 G2 G3 G4 G7 G9",
        "tokens/claim_rules.py tokens/grant_claims.py",
    ),
    Threat(
        "a stolen DPoP- or mTLS-bound token",
        "accepted with the proof that it demands alone; as a plain Bearer token it is refused",
        "G12 I5 I6 I10 J1 J5",
        "binding/sender_constraint.py tokens/claim_rules.py",
    ),
    Threat(
        "a removed key, an ended trust, a token in the cache",
        "each hit checks time and key again; the cache is bound to the key's thumbprint",
        "F5 H2 H3",
        "tokens/verifier.py tokens/token_cache.py",
    ),
    Threat(
        "exhausting the issuer or this process by unknown key ids",
        "claims are screened first; a budget; bounded memories",
        "F3 F4 H4",
        "keys/key_search.py caching/budget.py",
    ),
    Threat(
        "an outage made into everybody's logout",
        "stale keys serve within a bound; then 503, not 401",
        "B7 F6 F7",
        "caching/freshness.py asgi/challenge.py",
    ),
    Threat(
        "a redirect, a document too large, endless or compressed, a stall",
        "refused under one deadline for the whole fetch",
        "F8 F9",
        "fetching/request.py",
    ),
    Threat(
        "a cache on the way that mixes versions up, and hides that a key was removed",
        "a 304 counts only for the entity tag that was sent; `refresh()` passes caches by",
        "F11 F16",
        "fetching/request.py",
    ),
    Threat(
        "the metadata of another issuer",
        "`issuer` must be identical; no downgrade from https",
        "F12",
        "keys/discovery.py fetching/secure_url.py",
    ),
    Threat(
        "response splitting, leaking texts",
        "fixed phrases; values checked at construction",
        "B4 B5",
        "asgi/challenge.py",
    ),
    Threat(
        "two Authorization fields, tokens by two methods, credentials of a bent form",
        "400",
        "A1 A3 A4",
        "asgi/token_sources.py",
    ),
    Threat(
        "identity smuggled in from outside",
        "the three scope keys are written on every guarded connection, public ones too",
        "A5 A10",
        "asgi/identity.py",
    ),
    Threat(
        "a tenant that names another issuer's user, or grants what only the platform may",
        "the principal is issuer and subject; `grants` bounds what an issuer's tokens can grant",
        "P1 P2",
        "tokens/principal.py tokens/issuers.py issuer_checks.py",
    ),
    Threat(
        "a tenant whose keys are at an address of this machine, to have its services asked",
        "a resolver's issuer is not asked over plain http, unless it says "
        "`allow_insecure_http=True`; a document that came over TLS leads to no http",
        "F12 F24",
        "tokens/resolved_issuer.py keys/discovery.py",
    ),
    Threat(
        "names tried one after the other, to find tenants or to flood whoever resolves them",
        "a budget and a deadline for questions; the answer is that of an unknown key",
        "F24 W5",
        "caching/keyed.py tokens/resolver.py tokens/steps.py",
    ),
    Threat(
        "tokens that cost more to read than to send",
        "the signature before the payload; parts are counted before any is built",
        "A7 W1 W2 W3",
        "jose/json_limits.py tokens/key_index.py tokens/verifier.py",
    ),
    Threat(
        "documents and tokens that make the event loop stand still, or fill the log or memory",
        "key sets are read in steps; memories are bounded in entries and in bytes",
        "H5 W4 W6",
        "jose/jwk_set_document.py tokens/token_cache.py events/refusal_log.py",
    ),
    Threat(
        "a key that leaked while its issuer is down, or still publishes it",
        "`distrust()`; a `refresh()` that passes by caches and joins no fetch from before",
        "F16 F17",
        "keys/distrust.py keys/location.py caching/refresh_ahead.py",
    ),
    Threat(
        "key ids, issuers and paths made up to fill metrics and logs",
        "labels of closed sets; a refusal is counted before an event or a sentence is made of it",
        "N1 N7 W6",
        "tokens/outcomes.py events/refusal_log.py integrations/counting.py",
    ),
    Threat(
        "tokens sent to make a healthy server look ill",
        "readiness follows the state of the keys alone",
        "B8 N9",
        "asgi/health_app.py keys/health.py",
    ),
    Threat(
        "a connection that is kept open after its token has expired",
        "`end_at_expiry=True` ends it; off unless asked for",
        "C6",
        "asgi/connection_expiry.py asgi/endable_connection.py",
    ),
    Threat(
        "a machine that was suspended, a clock that was set back",
        "trust counts the largest of three clocks",
        "F18",
        "caching/clocks.py",
    ),
    Threat(
        "a snapshot file that others wrote, a link, a FIFO",
        "only a regular file of this user that others cannot write",
        "F23",
        "keys/private_file.py",
    ),
    Threat(
        "a proxy of the environment in front of a key endpoint on loopback",
        "http to loopback goes through no proxy",
        "F19",
        "fetching/client.py",
    ),
    Threat(
        "a secret that everybody knows or can guess",
        "repetition, few different bytes and published examples are refused",
        "H8",
        "jose/weak_secrets.py",
    ),
    Threat(
        "claims that one request changed for the next",
        "read-only, and each request has a copy of its own",
        "H6",
        "jose/read_only.py",
    ),
    Threat(
        "tokens in what error collectors and logs record",
        "digests in memories; no local of a frame that runs application code is a token",
        "H1 H7",
        "tokens/steps.py tokens/token_cache.py asgi/authentication.py",
    ),
    Threat(
        "a check or an option that means no and reads as yes",
        "a check passes by `True` alone; options are checked by type where they are given",
        "A11 G10",
        "_options.py tokens/steps.py authorization/requirement.py",
    ),
    Threat(
        "a public path that is not quite one",
        "exact or whole segments; ambiguous spellings are guarded",
        "B11",
        "asgi/public_paths.py",
    ),
    Threat(
        "a stolen DPoP-bound token, with no proof, a thief's proof, or one for another request",
        "the proof's key is the token's; method, URL, token and time of each proof are checked; "
        "the URL is never taken from the request's Host",
        "I1 I2 I3 I4 I5 I6 I7 I8 I9 I10 I15 I16",
        "binding/dpop.py binding/target_uri.py binding/sender_constraint.py",
    ),
    Threat(
        "a captured proof sent again, to another worker or after a restart of the store",
        "one atomic question before each use; a store that may have forgotten it answers 503; "
        "nonces on demand",
        "I11 I12 I13 I14 I17",
        "binding/used_proofs.py binding/replay.py integrations/redis.py binding/nonce.py",
    ),
    Threat(
        "a certificate-bound token without its certificate, or with a field that a client wrote",
        "no source of certificates by default; a field is believed from named proxies alone; "
        "whatever is not one certificate is refused",
        "J1 J2 J3 J4 J5",
        "binding/certificate_sources.py binding/proxies.py binding/certificate.py",
    ),
    Threat(
        "a client that is led to a stranger's issuer, by a Host field or by another resource's "
        "document",
        "resource and metadata are as configured, byte for byte; issuers are those that are "
        "trusted",
        "K1 K2 K4 K5",
        "authorization/resource_metadata.py asgi/well_known.py",
    ),
    Threat(
        "a wide scope that reaches beyond the authority of its issuer",
        "`grants` bounds the scopes that others imply as well",
        "K7 P2",
        "asgi/authorization.py",
    ),
    Threat(
        "a session that was opened long ago, or by a password alone, for what needs more",
        "`acr` and `max_age`; evidence that is absent, malformed or ahead of time proves nothing",
        "K8",
        "authorization/step_up.py",
    ),
    Threat(
        "a call of a tool that is hidden from the guard of an MCP server",
        "the body is read strictly; whatever could be read in two ways is 400",
        "K10",
        "integrations/mcp.py",
    ),
    Threat(
        "WebSockets opened first and checked later",
        "refused before `accept`",
        "C1 C2",
        "asgi/responses.py",
    ),
    Threat(
        "a page of another site, or a name that leads to this machine (DNS rebinding), that uses "
        "the console of the mock issuer",
        "loopback alone; Host must be a loopback name; a random token in its URL, and in a field "
        "for whatever changes something; no CORS, a strict Content Security Policy, no Referer; a "
        "few streams at most; the middleware does not know it",
        "O3",
        "cli/console/access.py cli/console/app.py",
    ),
    Threat(
        "a token that a command of ours leaves on a screen or in the log of CI",
        "no command prints a token whole but the one that mints it for tests; a token in the place "
        "of another word is wrong use, and cut off in the message",
        "O3 H1",
        "cli/output.py cli/plain_text.py",
    ),
)


def table() -> str:
    """The table of SECURITY.md."""
    rows = ["| attack | defence | rules | attacks | where |", "|---|---|---|---|---|"]
    for threat in THREATS:
        rules = threat.rules.split()
        where = ", ".join(f"`{module}`" for module in threat.where.split())
        count = attacks_on(*rules) or ""
        rows.append(
            f"| {threat.attack} | {threat.defence} | {' '.join(rules)} | {count} | {where} |"
        )
    return "\n".join(rows)


def attack_list() -> str:
    """The list of docs/attacks.md: every attack of the corpus, theme by theme."""
    parts = [
        f"There are {len(ATTACKS)} attacks, and {len(PROOF_ATTACKS)} more on applications that "
        "take DPoP proofs."
    ]
    for theme in (*THEMES, proofs):
        heading, _, _ = (theme.__doc__ or "").partition("\n")
        rows = "\n".join(_row(attack) for attack in theme.ATTACKS)
        parts.append(
            f"## {heading.rstrip('.')}\n\n| attack | request | answer | rules |\n"
            f"|---|---|---|---|\n{rows}"
        )
    return "\n\n".join(parts)


def _row(attack: Attack) -> str:
    summary = attack.summary.replace("|", "\\|")
    answer = f"{attack.status} {attack.reason}"
    return f"| `{attack.name}` | {summary} | {answer} | {' '.join(attack.requirements)} |"
