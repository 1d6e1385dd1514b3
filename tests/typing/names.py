# pyright: strict
"""Never run: the public names that the guides use beyond `stranger`, as a type checker sees them.

`assert_type` fails where a type has become Any, or another one.
"""

from collections.abc import Mapping, Sequence
from typing import Any, assert_type

import redis.asyncio
from quart import Quart
from starlette.applications import Starlette
from starlette.requests import Request

from asgi_jwks import (
    AccessToken,
    AccessTokenVerifier,
    CertificateField,
    CertificateSource,
    ClientCertField,
    DPoP,
    DPoPNonces,
    EnvoyXFCC,
    Explanation,
    FetchResponse,
    GrantClaim,
    GrantClaims,
    InvalidProof,
    IssuerOptions,
    JWTBearerMiddleware,
    KeySetHealth,
    KeySource,
    KindRule,
    NonceRequired,
    ProofOfPossession,
    Reason,
    Refusal,
    RefusalContent,
    RemoteJWKSet,
    ReplayMemory,
    ReplayStore,
    RequestError,
    TemporarilyUnavailable,
    TLSExtension,
    TokenSource,
    TooManyProofs,
    TrustedIssuer,
    WebSocketSubprotocol,
    bearer_token,
    refusal_of,
)
from asgi_jwks.events import (
    ConnectionEnded,
    Event,
    Hint,
    KeySetExpired,
    RefreshFailed,
    RequestAccepted,
    RequestRefused,
    WouldBeRefused,
    log_event,
)
from asgi_jwks.integrations.quart import answer_refusals
from asgi_jwks.integrations.redis import RedisReplayStore
from asgi_jwks.providers import (
    AllOf,
    AnyOf,
    ClaimIs,
    ClaimStartsWith,
    HasClaim,
    HeaderTypeIs,
    NoClaim,
    ProviderIssuer,
    cognito,
    entra_id,
    entra_id_tenants,
    keycloak,
)
from asgi_jwks.testing import ClientCertificate, DPoPAuth, MockIssuer, ProofKey, SigningKey, forge

API = "https://api.example.com"
ISSUER = "https://example.eu.auth0.com/"

options: IssuerOptions = {"issuer": ISSUER, "audience": [API], "leeway": 10}
keys = RemoteJWKSet(issuer=ISSUER, snapshot="keys.json", listener=log_event)
source: KeySource = keys
assert_type(keys.health(), KeySetHealth)
assert_type(keys.health().age, float | None)
assert_type(keys.health().key_ids, tuple[str, ...])

memory: ReplayStore = ReplayMemory()
store: ReplayStore = RedisReplayStore(redis.asyncio.Redis(host="redis.internal"))
dpop = DPoP(public_origin=API, replay_store=store, nonces=DPoPNonces("s" * 32), mode="required")
certificates: list[CertificateSource] = [
    CertificateField("X-Client-Cert", encoding="url", trusted_proxies=["127.0.0.1"]),
    ClientCertField(trusted_proxies=["127.0.0.1"]),
    EnvoyXFCC(proxy_secret=("X-Proxy-Secret", "s")),
    TLSExtension(),
]
sources: Sequence[TokenSource] = [WebSocketSubprotocol()]

proof = AllOf(HasClaim("azp"), AnyOf(HeaderTypeIs("at+jwt"), ClaimIs("use", "access")))
rule = KindRule(proof=AllOf(proof, NoClaim("nonce"), ClaimStartsWith("sid", "s_")))
assert_type(rule.describe(), tuple[str, ...])
issuer = TrustedIssuer(
    issuer=ISSUER,
    audience=API,
    kind=rule,
    dpop=dpop,
    certificate_sources=certificates,
    grant_claims=GrantClaims(roles=[("https://example.com/roles",), "realm_access.roles"]),
)
kinde = GrantClaims(roles=(GrantClaim("roles", "objects with a name"),))

assert_type(keycloak("https://sso.example.com", realm="r", audience="a"), ProviderIssuer)
assert_type(entra_id(tenant="t", audience="a", version="v2"), ProviderIssuer)
assert_type(entra_id_tenants(["t"], audience="a"), tuple[ProviderIssuer, ...])
assert_type(cognito(region="r", user_pool="r_x", client_id="c"), ProviderIssuer)


def words(content: RefusalContent) -> Mapping[str, Any]:
    assert_type(content.description, str)
    return {"detail": content.description, "code": content.error}


def refused(error: RequestError | TemporarilyUnavailable, scope: Mapping[str, Any]) -> None:
    if isinstance(error, NonceRequired):
        assert_type(error.nonce, str)
    elif isinstance(error, TooManyProofs):
        assert_type(error.retry_after, float)
    elif isinstance(error, InvalidProof):
        assert_type(error.reason, Reason)


def listener(event: Event) -> None:
    log_event(event)
    match event:
        case RequestRefused() | WouldBeRefused():
            assert_type(event.reason, Reason)
            assert_type(event.issuer, str)
        case RequestAccepted() | ConnectionEnded() | KeySetExpired() | RefreshFailed():
            pass
        case _:
            pass


app = JWTBearerMiddleware(
    Starlette(),
    issuer,
    token_sources=sources,
    error_body=words,
    on_refused=refused,
    listener=listener,
    report_only=TrustedIssuer(**options),
)


async def explained(verifier: AccessTokenVerifier, request: Request) -> str | None:
    assert_type(bearer_token(request), str)
    explanation = await verifier.explain(bearer_token(request))
    assert_type(explanation, Explanation)
    assert_type(explanation.reason, Reason | None)
    assert_type(explanation.access_token, AccessToken | None)
    presented = ProofOfPossession(method="GET", url="/me", fields={"dpop": "x"})
    token = await verifier.verify("x", proof=presented)
    assert_type(token, AccessToken)
    assert_type(token.scopes, tuple[str, ...])
    assert_type(token.principal, tuple[str, str])
    assert_type(presented.new_nonce, str | None)
    return explanation.advice


def error_page(request: Request, error: RequestError) -> Refusal:
    return refusal_of(request, error)


async def fetch(url: str, headers: Mapping[str, str]) -> FetchResponse:
    return FetchResponse(200, {"content-type": "application/json"}, b"{}")


fetched = RemoteJWKSet(f"{ISSUER}jwks", fetch=fetch)
hint: Hint = Hint.SCOPE
answer_refusals(Quart(__name__))

mock = MockIssuer(audience=API, key=SigningKey.generate("RS256"))
mock.imitate(claims={"typ": "Bearer"}, headers={"typ": "at+jwt"}, without="azp")
assert_type(mock.access_token(scopes="read", typ="Bearer"), str)
assert_type(mock.auth_headers(), dict[str, str])
key = ProofKey()
auth = DPoPAuth(mock.access_token(cnf=key.confirmation), key)
certificate = ClientCertificate.generate()
assert_type(forge.with_alg_none(mock.access_token()), str)
