"""The mistakes that people make with a provider, each played through the real middleware.

`docs/guides/why-401.md` is written from them: the line that the log has for each.

    uv run python -m tests.support.mistakes
"""

import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Final

import anyio

from asgi_jwks import (
    AccessTokenVerifier,
    DPoP,
    JWTBearerMiddleware,
    RemoteJWKSet,
    StaticJWKSet,
    TrustedIssuer,
    requires,
)
from asgi_jwks.events import Hint
from asgi_jwks.fetching.response import FetchResponse
from asgi_jwks.testing import MockIssuer, ProofKey, SigningKey, forgery

__all__ = ["MISTAKES", "PAGE", "Mistake", "page", "play"]

PAGE: Final = Path(__file__).parents[2] / "docs" / "guides" / "why-401.md"
_BEGIN, _END = "<!-- mistakes -->", "<!-- /mistakes -->"

NOW: Final = 1_700_000_000.0
API: Final = "https://api.example.com"
_TENANT: Final = "aaaabbbb-0000-cccc-1111-dddd2222eeee"
_V1: Final = f"https://sts.windows.net/{_TENANT}/"
_V2: Final = f"https://login.microsoftonline.com/{_TENANT}/v2.0"
_BY_NAME: Final = "https://login.microsoftonline.com/contoso.onmicrosoft.com/v2.0"

_KEY: Final = SigningKey.generate("RS256", kid="2026-01")
_NEW_KEY: Final = SigningKey.generate("RS256", kid="2026-02")
_PROOF_KEY: Final = ProofKey(clock=lambda: NOW)


def _issuer(name: str) -> MockIssuer:
    return MockIssuer(issuer=name, key=_KEY, clock=lambda: NOW)


Token = Callable[[MockIssuer], str | None]


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """A mistake, the request that shows it, and how it is mended.

    Attributes:
        name: the mistake in a few words.
        hint: the name of its cause.
        status: the answer.
        says: words that the line must have.
        mend: what to do.
        token: makes the token of the request from the issuer.
        issuer: the name that the provider has in its tokens.
        options: of the TrustedIssuer, besides those that would be right.
        keys: where keys come from; those that the issuer publishes unless given.
        needs: the scopes that the route needs.
        proof_for: the address that the DPoP proof of the request names, for tokens of a key.
        earlier: how many requests with other tokens came before.
        level: that of the line.
    """

    name: str
    hint: Hint
    says: tuple[str, ...]
    mend: str
    token: Token
    status: int = 401
    issuer: str = "https://example.eu.auth0.com/"
    options: Mapping[str, Any] = field(default_factory=dict)
    keys: Callable[[MockIssuer], Any] | None = None
    needs: tuple[str, ...] = ()
    proof_for: str | None = None
    earlier: Token | None = None
    level: int = logging.WARNING


def _published(issuer: MockIssuer) -> RemoteJWKSet:
    async def fetch(_url: str, _headers: Mapping[str, str]) -> FetchResponse:
        return FetchResponse(200, {}, json.dumps(issuer.jwk_set()).encode())

    # A clock of its own, which moves a little each time that it is read.
    ticks = count(5_000_000)
    return RemoteJWKSet(
        "https://example.eu.auth0.com/.well-known/jwks.json",
        fetch=fetch,
        refetch_burst=1,
        clock=lambda: next(ticks) / 1000,
    )


def _unreachable(_issuer: MockIssuer) -> RemoteJWKSet:
    async def fetch(_url: str, _headers: Mapping[str, str]) -> FetchResponse:
        raise OSError("Name or service not known")

    return RemoteJWKSet("https://exmaple.eu.auth0.com/.well-known/jwks.json", fetch=fetch)


def _moved(_issuer: MockIssuer) -> RemoteJWKSet:
    async def fetch(_url: str, _headers: Mapping[str, str]) -> FetchResponse:
        return FetchResponse(302, {"location": "https://login.example.com/jwks.json"}, b"")

    return RemoteJWKSet("https://example.eu.auth0.com/.well-known/jwks.json", fetch=fetch)


def _web_page(_issuer: MockIssuer) -> RemoteJWKSet:
    async def fetch(_url: str, _headers: Mapping[str, str]) -> FetchResponse:
        return FetchResponse(200, {"content-type": "text/html"}, b"<!doctype html>")

    return RemoteJWKSet("https://example.eu.auth0.com/.well-known/jwks.json", fetch=fetch)


def _encrypted(_issuer: MockIssuer) -> str:
    return "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..aaaa.bbbb.cccc"


MISTAKES: Final = (
    Mistake(
        name="The token is for another API",
        hint=Hint.AUDIENCE,
        says=("'https://orders.example.com'", f"'{API}'", "another API"),
        mend="Have the client ask for this API's audience, or write the one that tokens have.",
        token=lambda issuer: issuer.client_token(audience="https://orders.example.com"),
    ),
    Mistake(
        name="The audience differs by a slash",
        hint=Hint.AUDIENCE_SPELLING,
        says=(f"'{API}/'", f"'{API}'", f"write audience='{API}/'"),
        mend="Write `audience` as tokens have it, to the last character.",
        token=lambda issuer: issuer.client_token(audience=f"{API}/"),
    ),
    Mistake(
        name="The token is for the provider's own API",
        hint=Hint.AUDIENCE_OF_PROVIDER,
        says=("Microsoft Graph", f"(Auth0: audience='{API}')"),
        mend="Have the client ask for a scope of this API.",
        token=lambda issuer: issuer.client_token(audience="00000003-0000-0000-c000-000000000000"),
    ),
    Mistake(
        name="The provider writes no audience",
        hint=Hint.NO_AUDIENCE,
        says=("has no aud", 'audience_claim="client_id"', "insecure_no_audience=True"),
        mend="Use the provider's preset, or say which claim names the API.",
        token=lambda issuer: issuer.access_token(without="aud"),
    ),
    Mistake(
        name="The claim that names the API is missing",
        hint=Hint.NO_AUDIENCE,
        says=("has no client_id", "have the client ask for this API"),
        mend="Look at a token of the provider, and name the claim that its access tokens have.",
        token=lambda issuer: issuer.access_token(),
        options={"audience_claim": "client_id"},
    ),
    Mistake(
        name="An opaque token",
        hint=Hint.OPAQUE_TOKEN,
        says=("opaque", f"(Auth0: audience='{API}')", "not supported"),
        mend="At Auth0 have the client send `audience`; at Okta use a custom authorization server.",
        token=lambda _: "vNpXmZCkYQ9sTq4tVbE2wA8dLh1Rj6uG",
    ),
    Mistake(
        name="An encrypted token",
        hint=Hint.ENCRYPTED_TOKEN,
        says=("encrypted (a JWE)", f"audience='{API}'"),
        mend="As for an opaque one; elsewhere turn the encryption of access tokens off.",
        token=_encrypted,
    ),
    Mistake(
        name="An ID token sent as access token",
        hint=Hint.ID_TOKEN,
        says=("an ID token", "send the access_token"),
        mend="Have the client send `access_token`, not `id_token`.",
        token=lambda issuer: issuer.id_token(),
    ),
    Mistake(
        name="A refresh token sent as access token",
        hint=Hint.REFRESH_TOKEN,
        says=("a refresh token", "send the access_token"),
        mend="Have the client send `access_token`, not `refresh_token`.",
        token=lambda issuer: issuer.refresh_token(),
    ),
    Mistake(
        name="The issuer differs by a slash",
        hint=Hint.ISSUER_SPELLING,
        says=(
            "'https://example.eu.auth0.com/'",
            "'https://example.eu.auth0.com'",
            "write issuer='https://example.eu.auth0.com/'",
        ),
        mend="Write `issuer` as tokens have it, to the last character.",
        token=lambda issuer: issuer.access_token(),
        options={"issuer": "https://example.eu.auth0.com"},
    ),
    Mistake(
        name="Versions of Entra ID mixed up",
        hint=Hint.ENTRA_VERSION,
        says=(f"'{_V1}'", f"'{_V2}'", "requestedAccessTokenVersion"),
        mend="Set `requestedAccessTokenVersion` in the API's manifest, or the `version` here.",
        token=lambda issuer: issuer.access_token(),
        issuer=_V1,
        options={"issuer": _V2},
    ),
    Mistake(
        name="The tenant of Entra ID by its name",
        hint=Hint.TENANT_NAME,
        says=(f"'{_V2}'", f"'{_BY_NAME}'", '"Tenant ID"'),
        mend="Write the tenant's id.",
        token=lambda issuer: issuer.access_token(),
        issuer=_V2,
        options={"issuer": _BY_NAME},
    ),
    Mistake(
        name="A token of another tenant or environment",
        hint=Hint.ISSUER,
        says=("'https://staging.eu.auth0.com/'", "'https://example.eu.auth0.com/'"),
        mend="Have the client log in where this API is registered.",
        token=lambda issuer: issuer.access_token(),
        issuer="https://staging.eu.auth0.com/",
        options={"issuer": "https://example.eu.auth0.com/"},
    ),
    Mistake(
        name="No published key fits the algorithms",
        hint=Hint.NO_KEY_FITS_ALGORITHMS,
        says=("ES256", "'RS256'", "write algorithms=['RS256'"),
        mend="Write the `algorithms` that the provider signs with.",
        token=lambda issuer: issuer.access_token(),
        options={"algorithms": ["ES256"]},
    ),
    Mistake(
        name="The provider's key is smaller than demanded",
        hint=Hint.KEY_SIZE,
        says=("2048 bits", "3072", "min_rsa_bits"),
        mend="Have the provider sign with a larger key, or demand the size that it has.",
        token=lambda issuer: issuer.access_token(),
        options={"min_rsa_bits": 3072},
    ),
    Mistake(
        name="The API is set to sign with a shared secret",
        hint=Hint.SHARED_SECRET,
        says=("'HS256'", "RS256", "SharedSecret"),
        mend="Set the API's signing algorithm to RS256 at the provider.",
        token=lambda issuer: forgery.with_changed_header(issuer.access_token(), alg="HS256"),
    ),
    Mistake(
        name="A JWT of another type",
        hint=Hint.HEADER_TYPE,
        says=("'logout+jwt' (unverified)", "that of a logout token", "send the access_token"),
        mend="Have the client send the access token.",
        token=lambda issuer: issuer.access_token(headers={"typ": "logout+jwt"}),
    ),
    Mistake(
        name="The token has expired",
        hint=Hint.EXPIRED,
        says=("expired 120 s ago",),
        mend="Have the client refresh in time.",
        token=lambda issuer: issuer.access_token(lifetime=-120),
        level=logging.INFO,
    ),
    Mistake(
        name="The clock of this machine is late",
        hint=Hint.CLOCK,
        says=("iat is 600 s in the future", "NTP"),
        mend="Set the clock.",
        token=lambda issuer: issuer.access_token(issued_at=NOW + 600),
    ),
    Mistake(
        name="A key that is not published",
        hint=Hint.KEY,
        says=("'2026-02' (unverified)", "fetched 0 s ago", "'2026-01'"),
        mend="Check `jwks_uri`, and that the token is from this environment.",
        token=lambda issuer: issuer.access_token(key=_NEW_KEY),
        keys=_published,
    ),
    Mistake(
        name="Many unknown keys",
        hint=Hint.REFETCH_BUDGET_SPENT,
        says=("'2026-02' (unverified)", "refetch budget"),
        mend="Wait for the next fetch; `refetch_burst` of a RemoteJWKSet allows more.",
        token=lambda issuer: issuer.access_token(key=_NEW_KEY),
        keys=_published,
        earlier=lambda issuer: issuer.access_token(headers={"kid": "another"}),
    ),
    Mistake(
        name="A signature that does not fit",
        hint=Hint.SIGNATURE,
        says=("the signature was not made by the key", "https://example.eu.auth0.com/"),
        mend="Check that nothing changes the token, and which environment it is from.",
        token=lambda issuer: forgery.with_flipped_signature(issuer.access_token()),
    ),
    Mistake(
        name="A token that is bound to its sender",
        hint=Hint.SENDER_CONSTRAINED,
        says=("DPoP", "gateway_proves_binding=True"),
        mend="Let a gateway check the proof, and say so.",
        token=lambda issuer: issuer.access_token(
            cnf={"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}
        ),
    ),
    Mistake(
        name="Clients reach the API by another address than DPoP is told",
        hint=Hint.PROOF,
        says=("for another URL", "public_origin"),
        mend="Write the address that clients use as `public_origin`, the path of a mount included.",
        token=lambda issuer: issuer.access_token(cnf=_PROOF_KEY.confirmation),
        options={"dpop": DPoP(public_origin="http://10.0.0.7:8000")},
        proof_for="https://api.example.com/",
    ),
    Mistake(
        name="The token lacks a claim that is demanded",
        hint=Hint.MISSING_CLAIM,
        says=("email",),
        mend="Have the provider write the claim into access tokens, or do not demand it.",
        token=lambda issuer: issuer.access_token(),
        options={"required_claims": ["email"]},
    ),
    Mistake(
        name="A check of your own refuses the token",
        hint=Hint.CHECK,
        says=("checks",),
        mend="Look at the check: it has returned False.",
        token=lambda issuer: issuer.access_token(),
        options={"checks": [lambda _token: False]},
    ),
    Mistake(
        name="The token grants too little",
        hint=Hint.SCOPE,
        says=("needs the scope 'write:messages'", "grants the scope 'read:messages'"),
        mend="Have the client ask for the scope, and the provider allow it.",
        token=lambda issuer: issuer.access_token(scopes="read:messages"),
        status=403,
        needs=("write:messages",),
    ),
    Mistake(
        name="A permission is demanded as a scope",
        hint=Hint.OTHER_GRANT,
        says=("the permission 'write:messages'", "write requires(permissions='write:messages')"),
        mend="Demand it as that at which the provider grants it: a scope, a permission or a role.",
        token=lambda issuer: issuer.access_token(scopes="", permissions=["write:messages"]),
        status=403,
        needs=("write:messages",),
    ),
    Mistake(
        name="A scope is spelled in two ways",
        hint=Hint.GRANT_SPELLING,
        says=("needs the scope 'write:messages'", "grants 'write:message'", "spell"),
        mend="Write it in the route as the provider has it.",
        token=lambda issuer: issuer.access_token(scopes="write:message"),
        status=403,
        needs=("write:messages",),
    ),
    Mistake(
        name="Scopes in an unknown form",
        hint=Hint.UNREADABLE_GRANT,
        says=("claim scope, which should grant it, cannot be read", "grant_claims="),
        mend="Say with `grant_claims` how the provider writes them, or use its preset.",
        token=lambda issuer: issuer.access_token(scope={"write:messages": True}),
        status=403,
        needs=("write:messages",),
    ),
    Mistake(
        name="Keys are unavailable",
        hint=Hint.KEYS_UNAVAILABLE,
        says=("https://exmaple.eu.auth0.com/.well-known/jwks.json", "Name or service not known"),
        mend="Check the address, and the way to it.",
        token=lambda issuer: issuer.access_token(),
        status=503,
        keys=_unreachable,
    ),
    Mistake(
        name="The key set is elsewhere",
        hint=Hint.KEYS_UNAVAILABLE,
        says=("a redirect to 'https://login.example.com/jwks.json'", "configure the final URL"),
        mend="Write the URL that the endpoint leads to as `jwks_uri`.",
        token=lambda issuer: issuer.access_token(),
        status=503,
        keys=_moved,
    ),
    Mistake(
        name="The address answers with a web page",
        hint=Hint.KEYS_UNAVAILABLE,
        says=("https://example.eu.auth0.com/.well-known/jwks.json: The JWK Set is not",),
        mend="Write the URL of the JWK Set as `jwks_uri`, as the provider's metadata names it.",
        token=lambda issuer: issuer.access_token(),
        status=503,
        keys=_web_page,
    ),
    Mistake(
        name="A proxy takes the token away",
        hint=Hint.NO_TOKEN,
        says=("no Bearer token", "proxy"),
        mend="Let the proxy pass the `Authorization` field on.",
        token=lambda _: None,
        level=logging.INFO,
    ),
    Mistake(
        name="The token stands between quotes",
        hint=Hint.CREDENTIALS,
        says=("not the word Bearer, a space and one token", "quotes"),
        mend="Have the client send the token as it came.",
        token=lambda issuer: f'"{issuer.access_token()}"',
        status=400,
    ),
)


def application(mistake: Mistake, issuer: MockIssuer) -> Callable[..., Awaitable[None]]:
    """An application behind the middleware, with the mistake in it."""
    given: dict[str, Any] = {
        "issuer": issuer.issuer,
        "audience": API,
        "keys": (mistake.keys or (lambda i: StaticJWKSet(i.jwk_set())))(issuer),
        **mistake.options,
    }
    verifier = AccessTokenVerifier(TrustedIssuer(**given), clock=lambda: NOW)

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    guarded = requires(*mistake.needs).around(app) if mistake.needs else app
    return JWTBearerMiddleware(guarded, verifier=verifier)


async def play(mistake: Mistake, *, times: int = 1) -> list[int]:
    """Send the request of a mistake some times; gives the statuses of the answers."""
    issuer = _issuer(mistake.issuer)
    app = application(mistake, issuer)
    tokens = [] if mistake.earlier is None else [mistake.earlier(issuer)]
    statuses: list[int] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request"}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    for token in (*tokens, *(mistake.token(issuer) for _ in range(times))):
        fields = [] if token is None else [(b"authorization", f"Bearer {token}".encode())]
        if token is not None and mistake.proof_for is not None:
            proof = _PROOF_KEY.headers("GET", mistake.proof_for, token)
            fields = [(name.lower().encode(), value.encode()) for name, value in proof.items()]
        scope = {"type": "http", "method": "GET", "path": "/", "root_path": "", "headers": fields}
        await app(scope, receive, send)
    return statuses


class _Lines(logging.Handler):
    """The last line of the log, as an operator reads it."""

    line = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.line = f"{record.levelname} {record.getMessage()}"


def _line(mistake: Mistake) -> str:
    log, lines = logging.getLogger("asgi_jwks.requests"), _Lines()
    level = log.level
    log.addHandler(lines)
    log.setLevel(logging.INFO)
    try:
        anyio.run(play, mistake)
    finally:
        log.removeHandler(lines)
        log.setLevel(level)
    return lines.line


def written() -> str:
    """The part of the page that is written from the mistakes."""
    parts = ["", "| the mistake | the hint | what to do |", "|---|---|---|"]
    parts += [f"| {m.name} | [`{m.hint}`](#{_anchor(m)}) | {m.mend} |" for m in MISTAKES]
    for mistake in MISTAKES:
        parts += ["", f"### {mistake.name}", "", "```text", _line(mistake), "```", "", mistake.mend]
    return "\n".join([*parts, ""])


def page(text: str) -> str:
    """The page with its written part anew."""
    before, _, rest = text.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return f"{before}{_BEGIN}{written()}{_END}{after}"


def _anchor(mistake: Mistake) -> str:
    kept = "".join(c for c in mistake.name.lower() if c.isalnum() or c in " -")
    return kept.replace(" ", "-")


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
