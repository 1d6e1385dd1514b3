"""Sender-constrained tokens at the door of an application (RFC 9449, RFC 8705)."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from tests.asgi.conftest import parse_challenges
from tests.support.trusted import ISSUER, OTHER, trusted

from asgi_jwks import (
    AccessTokenVerifier,
    ClientCertField,
    ConfigurationError,
    Cookie,
    DPoP,
    DPoPNonces,
    InvalidProof,
    InvalidToken,
    JWTBearerMiddleware,
    NonceRequired,
    ProofOfPossession,
    Reason,
    ReplayStoreUnavailable,
    TLSExtension,
    TrustedIssuer,
    requires,
)
from asgi_jwks.events import RequestAccepted, RequestRefused
from asgi_jwks.testing import ClientCertificate, MockIssuer, ProofKey

pytestmark = pytest.mark.anyio

ORIGIN = "https://api.example.com"
SECRET = "Zp4Yq0c3Vn8xT1sK7uWm2rBd6eHf9jLa"
CERTIFICATE = ClientCertificate.generate()
DENIAL: dict[str, Any] = {"extensions": {"websocket.http.response": {}}}


@pytest.fixture(scope="module")
def key() -> ProofKey:
    return ProofKey()


@pytest.fixture(scope="module")
def bound(key: ProofKey) -> str:
    return ISSUER.access_token(cnf=key.confirmation)


class Answer:
    """The answer to a connection, its fields as often as they came, and the application's scope."""

    def __init__(self, sent: list[dict[str, Any]], seen: list[dict[str, Any]]) -> None:
        self.sent, self.seen = sent, seen
        start = sent[0]
        self.status = start.get("status", start["type"])
        self.fields = [(n.decode(), v.decode()) for n, v in start.get("headers", ())]

    def field(self, name: str) -> list[str]:
        return [value for field, value in self.fields if field == name]

    @property
    def challenges(self) -> dict[str, dict[str, str]]:
        """By scheme; each in a field of its own."""
        found = [parse_challenges(value) for value in self.field("www-authenticate")]
        assert all(len(challenges) == 1 for challenges in found)
        return dict(challenge for (challenge,) in found)


class Door:
    """An application behind the middleware."""

    def __init__(self, *issuers: TrustedIssuer, app: Any = None, **options: Any) -> None:
        self.seen: list[dict[str, Any]] = []
        self.inner = app or self._app
        self.guard = JWTBearerMiddleware(self.inner, *issuers, **options)

    async def _app(self, scope: Any, receive: Any, send: Any) -> None:
        self.seen.append(scope)
        if scope["type"] == "websocket":
            await send({"type": "websocket.accept"})
        else:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"hello"})

    async def __call__(
        self, *fields: tuple[str, str], path: str = "/messages", **scope: Any
    ) -> Answer:
        connection: dict[str, Any] = {
            "type": "http",
            "method": "GET",
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": b"",
            "client": ("203.0.113.9", 1234),
            "headers": [
                (b"host", b"evil.example"),
                (b"x-forwarded-host", b"evil.example"),
                *((name.lower().encode(), value.encode()) for name, value in fields),
            ],
            **scope,
        }
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request"}

        async def send(message: Any) -> None:
            sent.append(message)

        before = len(self.seen)
        await self.guard(connection, receive, send)
        return Answer(sent, self.seen[before:])


def dpop(**options: Any) -> DPoP:
    return DPoP(**{"public_origin": ORIGIN, **options})


@pytest.fixture
def door() -> Door:
    return Door(trusted(dpop=dpop()))


Fields = Callable[..., list[tuple[str, str]]]


@pytest.fixture
def proven(key: ProofKey, bound: str) -> Fields:
    """The fields of a request with a bound token and a proof."""

    def proven(
        method: str = "GET",
        path: str = "/messages",
        *,
        token: str = bound,
        scheme: str = "DPoP",
        **claims: Any,
    ) -> list[tuple[str, str]]:
        proof = key.proof(method, ORIGIN + path, token, **claims)
        return [("Authorization", f"{scheme} {token}"), ("DPoP", proof)]

    return proven


@pytest.mark.parametrize("scheme", ["DPoP", "dpop", "DPOP "])
async def test_a_bound_token_passes_with_its_proof(door: Door, proven: Fields, scheme: str) -> None:
    """I1: scheme without case, one or more spaces."""
    answer = await door(*proven(scheme=scheme))
    assert answer.status == 200
    assert answer.seen[0]["claims"]["cnf"]
    assert answer.field("dpop-nonce") == []


async def test_host_and_forwarded_fields_are_not_looked_at(door: Door, proven: Fields) -> None:
    """I8: the request's URL is the public origin and the raw path."""
    answer = await door(*proven(htu="https://evil.example/messages"))
    assert answer.status == 401
    assert answer.challenges["dpop"]["error"] == "invalid_dpop_proof"


async def test_a_proof_is_good_once(door: Door, proven: Fields) -> None:
    """I11"""
    fields = proven()
    assert [(await door(*fields)).status for _ in range(3)] == [200, 401, 401]


async def test_the_token_cache_never_spares_the_proof(door: Door, proven: Fields) -> None:
    """I17: a token that was accepted before is nothing without a proof."""
    assert (await door(*proven())).status == 200
    authorization = proven()[0]
    for fields in ([authorization], [authorization, ("DPoP", "a.b.c")], proven(ath="A" * 43)):
        answer = await door(*fields)
        assert answer.status == 401
        assert answer.challenges["dpop"]["error"] == "invalid_dpop_proof"
    assert (await door(*proven())).status == 200


async def test_an_unbound_token_passes_as_bearer_beside_bound_ones(door: Door) -> None:
    """I1: allowed."""
    answer = await door(("Authorization", f"Bearer {ISSUER.access_token()}"))
    assert answer.status == 200


async def test_without_a_token_both_schemes_are_offered(door: Door) -> None:
    """I15, B2: `DPoP algs="..."` beside `Bearer` in fields of their own, without an error."""
    for fields in ([], [("Authorization", "Basic YTpi")], [("DPoP", "a.b.c")]):
        answer = await door(*fields)
        assert answer.status == 401
        assert answer.challenges == {
            "dpop": {"realm": "api", "algs": "ES256 Ed25519 EdDSA PS256 RS256"},
            "bearer": {"realm": "api"},
        }


REFUSED: dict[str, tuple[Callable[[Fields, str], list[tuple[str, str]]], str, str, Reason]] = {
    "a bound token as Bearer": (
        lambda proven, _: proven(scheme="Bearer"),
        "bearer",
        "invalid_token",
        Reason.SENDER_CONSTRAINED,
    ),
    "an unbound token as DPoP": (
        lambda proven, _: proven(token=ISSUER.access_token()),
        "dpop",
        "invalid_token",
        Reason.NOT_BOUND,
    ),
    "another key": (
        lambda _, bound: list(ProofKey().headers("GET", f"{ORIGIN}/messages", bound).items()),
        "dpop",
        "invalid_token",
        Reason.WRONG_PROOF_KEY,
    ),
    "no proof": (
        lambda proven, _: proven()[:1],
        "dpop",
        "invalid_dpop_proof",
        Reason.MISSING_PROOF,
    ),
    "two proofs": (
        lambda proven, _: [*proven(), proven()[1]],
        "dpop",
        "invalid_dpop_proof",
        Reason.REPEATED_PROOF,
    ),
    "another method": (
        lambda proven, _: proven("POST"),
        "dpop",
        "invalid_dpop_proof",
        Reason.PROOF_METHOD,
    ),
    "a forged token with a good proof": (
        lambda proven, bound: proven(token=bound[:-4] + "AAAA"),
        "dpop",
        "invalid_token",
        Reason.BAD_SIGNATURE,
    ),
    "an expired token without a proof": (
        lambda proven, _: [("Authorization", f"DPoP {ISSUER.access_token(lifetime=-60)}")],
        "dpop",
        "invalid_token",
        Reason.EXPIRED,
    ),
}


@pytest.mark.parametrize(("fields", "scheme", "error", "reason"), REFUSED.values(), ids=REFUSED)
async def test_an_error_is_told_in_the_scheme_that_was_used(
    proven: Fields,
    bound: str,
    fields: Callable[[Fields, str], list[tuple[str, str]]],
    scheme: str,
    error: str,
    reason: Reason,
) -> None:
    """I15: invalid_token for the binding, invalid_dpop_proof for the proof; I10, I3: the order."""
    errors: list[Any] = []
    door = Door(trusted(dpop=dpop()), on_refused=lambda error, _scope: errors.append(error))
    answer = await door(*fields(proven, bound))
    assert answer.status == 401
    other = {"dpop": "bearer", "bearer": "dpop"}[scheme]
    assert set(answer.challenges) == {scheme, other}
    assert answer.challenges[scheme]["error"] == error
    assert "error" not in answer.challenges[other]
    assert json.loads(answer.sent[1]["body"])["error"] == error
    assert errors[0].reason is reason
    assert answer.field("cache-control") == ["no-store"]


async def test_malformed_credentials_are_400_in_either_scheme(door: Door) -> None:
    """I1: A1 to A9 hold."""
    for value in ("DPoP", "DPoP\tx", "DPoP,x", "DPoP:x", "DPoP a b", "DPoP a,b", "Bearer"):
        answer = await door(("Authorization", value))
        assert answer.status == 400, value
    for value in ("DPoPX a.b.c", "XDPoP a.b.c"):
        assert (await door(("Authorization", value))).status == 401
    two = [("Authorization", "DPoP a.b.c"), ("Authorization", "Bearer a.b.c")]
    assert (await door(*two)).status == 400


async def test_bound_tokens_may_be_required(proven: Fields) -> None:
    """I1: required: no Bearer challenge, but for the error of whoever used it."""
    door = Door(trusted(dpop=dpop(mode="required", algorithms=["ES256"])))
    assert (await door(*proven())).status == 200
    answer = await door()
    assert answer.challenges == {"dpop": {"realm": "api", "algs": "ES256"}}
    answer = await door(("Authorization", f"Bearer {ISSUER.access_token()}"))
    assert answer.challenges["bearer"]["error"] == "invalid_token"
    assert "error" not in answer.challenges["dpop"]


async def test_where_no_issuer_takes_proofs_the_scheme_is_another_one(proven: Fields) -> None:
    """I1: off: as before, G12."""
    door = Door(trusted())
    answer = await door(*proven())
    assert answer.challenges == {"bearer": {"realm": "api"}}
    answer = await door(*proven(scheme="Bearer"))
    assert answer.challenges["bearer"]["error"] == "invalid_token"
    gateway = Door(trusted(gateway_proves_binding=True))
    assert (await gateway(*proven(scheme="Bearer"))).status == 200


async def test_a_gateway_may_pass_the_scheme_on_as_it_came(proven: Fields) -> None:
    """G12, I10: it has judged the proof; a token that is bound to nothing had none."""
    gateway = Door(trusted(gateway_proves_binding=True))
    assert (await gateway(*proven())).status == 200
    answer = await gateway(*proven(token=ISSUER.access_token()))
    assert answer.challenges["bearer"] == {"realm": "api"}
    assert answer.status == 401
    beside = Door(trusted(gateway_proves_binding=True), trusted(OTHER))
    assert (await beside(*proven(token=OTHER.access_token()))).status == 401


async def test_each_issuer_has_a_policy_of_its_own(key: ProofKey, proven: Fields) -> None:
    """I1: modes per issuer."""
    door = Door(trusted(dpop=dpop(mode="required")), trusted(OTHER))
    assert (await door(*proven())).status == 200
    assert (await door(("Authorization", f"Bearer {OTHER.access_token()}"))).status == 200
    theirs = OTHER.access_token(cnf=key.confirmation)
    assert (await door(*proven(token=theirs))).status == 401
    answer = await door(*proven(token=OTHER.access_token()))
    assert answer.challenges["dpop"]["error"] == "invalid_token"
    assert set((await door()).challenges) == {"dpop", "bearer"}


@pytest.mark.parametrize(
    ("scope", "htu"),
    [
        ({}, "/messages"),
        ({"raw_path": b"/messages?x=1"}, "/messages"),
        ({"raw_path": None}, "/messages"),
        ({"raw_path": None, "path": "/caf\u00e9 1"}, "/caf%C3%A9%201"),
        ({"raw_path": b"/a%2Fb", "path": "/a/b"}, "/a%2Fb"),
        ({"raw_path": b"/v1/messages", "root_path": "/v1"}, "/messages"),
        ({"raw_path": b"/v1/messages", "root_path": "/v1/"}, "/messages"),
        ({"raw_path": b"/v1", "root_path": "/v1"}, "/"),
        ({"raw_path": b"/v1?x", "root_path": "/v1"}, "/"),
        ({"raw_path": b"/v10/messages", "root_path": "/v1"}, "/v10/messages"),
        ({"raw_path": b"/messages", "root_path": "/v1"}, "/messages"),
        ({"raw_path": b"/caf%C3%A9/a", "root_path": "/caf\u00e9"}, "/a"),
        ({"raw_path": b"/%761/%61?x", "root_path": "/v1"}, "/a"),
        ({"raw_path": b"/caf%c3%a9", "root_path": "/caf\u00e9"}, "/"),
        ({"raw_path": "/caf\u00e9/a".encode(), "root_path": "/v1"}, "/caf%C3%A9/a"),
        ({"raw_path": b"/%7610/a", "root_path": "/v1"}, "/v10/a"),
    ],
)
async def test_the_path_is_as_it_was_sent_without_the_mount_point(
    door: Door, proven: Fields, scope: dict[str, Any], htu: str
) -> None:
    """I8: `root_path` is taken off first."""
    assert (await door(*proven(path=htu), **scope)).status == 200


async def test_a_public_origin_may_have_a_path(proven: Fields) -> None:
    """I8: with a path prefix."""
    door = Door(trusted(dpop=dpop(public_origin=f"{ORIGIN}/v1")))
    scope: dict[str, Any] = {"raw_path": b"/v1/messages", "root_path": "/v1"}
    assert (await door(*proven(path="/v1/messages"), **scope)).status == 200
    assert (await door(*proven(path="/messages"), **scope)).status == 401


async def test_a_websocket_is_a_get_of_the_http_form_of_its_url(door: Door, proven: Fields) -> None:
    """I16: htm GET, htu the http form."""
    answer = await door(*proven(), type="websocket")
    assert answer.status == "websocket.accept"
    for fields in (proven()[:1], proven(htu="wss://api.example.com/messages"), proven("POST")):
        answer = await door(*fields, type="websocket", **DENIAL)
        assert answer.sent[0]["type"] == "websocket.http.response.start"
        assert answer.challenges["dpop"]["error"] == "invalid_dpop_proof"
        closed = await door(*fields, type="websocket")
        assert closed.status == "websocket.close"


async def test_a_nonce_is_demanded_told_and_renewed(key: ProofKey, bound: str) -> None:
    """I14: use_dpop_nonce with DPoP-Nonce and no-store; a new one on good answers."""
    clock = [1_700_000_010.0]
    issuer = MockIssuer(key=ISSUER.signing_key, issuer=ISSUER.issuer, clock=lambda: clock[0])
    token = issuer.access_token(cnf=key.confirmation, lifetime=3600)
    door = Door(
        verifier=AccessTokenVerifier(
            trusted(issuer, dpop=dpop(nonces=DPoPNonces(SECRET))), clock=lambda: clock[0]
        )
    )

    def fields(nonce: str | None) -> list[tuple[str, str]]:
        # The client's clock is wrong: I9.
        proof = key.proof("GET", f"{ORIGIN}/messages", token, nonce=nonce, iat=1)
        return [("Authorization", f"DPoP {token}"), ("DPoP", proof)]

    answer = await door(*fields(None))
    assert answer.status == 401
    assert answer.challenges["dpop"]["error"] == "use_dpop_nonce"
    assert answer.field("cache-control") == ["no-store"]
    (nonce,) = answer.field("dpop-nonce")
    answer = await door(*fields(nonce))
    assert (answer.status, answer.field("dpop-nonce")) == (200, [])
    clock[0] += 60
    answer = await door(*fields(nonce))
    assert answer.status == 200
    (newer,) = answer.field("dpop-nonce")
    assert newer != nonce
    # RFC 9449, section 8.2: an answer with a nonce is not to be stored.
    assert answer.field("cache-control") == ["no-store"]
    answer = await door(*fields(nonce), type="websocket")
    assert answer.status == "websocket.accept"
    assert answer.field("dpop-nonce") == [newer]
    clock[0] += 60
    answer = await door(*fields(nonce))
    assert (answer.status, len(answer.field("dpop-nonce"))) == (401, 1)
    # The refusal of a nonce is not that of the one before.
    assert answer.field("dpop-nonce") != [newer]


async def test_an_application_that_says_how_its_answer_may_be_stored_is_left_to_it(
    key: ProofKey,
) -> None:
    """I14, B9: a nonce adds fields to an answer, and changes none."""
    clock = [1_700_000_010.0]
    issuer = MockIssuer(key=ISSUER.signing_key, issuer=ISSUER.issuer, clock=lambda: clock[0])
    token = issuer.access_token(cnf=key.confirmation, lifetime=3600)

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        fields = [(b"Cache-Control", b"private, max-age=60")]
        await send({"type": "http.response.start", "status": 200, "headers": fields})
        await send({"type": "http.response.body", "body": b""})

    nonces = DPoPNonces(SECRET)
    demands = trusted(issuer, dpop=dpop(nonces=nonces))
    door = Door(app=app, verifier=AccessTokenVerifier(demands, clock=lambda: clock[0]))
    proof = key.proof("GET", f"{ORIGIN}/messages", token, nonce=nonces.current(clock[0] - 60))
    answer = await door(("Authorization", f"DPoP {token}"), ("DPoP", proof))
    assert answer.field("dpop-nonce") == [nonces.current(clock[0])]
    assert answer.field("Cache-Control") == ["private, max-age=60"]
    assert answer.field("cache-control") == []


async def test_guards_with_one_store_know_of_each_others_uses(key: ProofKey, bound: str) -> None:
    """I11, I12: a request that two guards look at uses its proof once, and a second one is none."""

    class Store:
        def __init__(self) -> None:
            self.seen: set[bytes] = set()

        async def first_use(self, key: bytes, ttl: float) -> bool:
            is_first = key not in self.seen
            self.seen.add(key)
            return is_first

    store = Store()
    within = Door(trusted(dpop=dpop(replay_store=store)))
    door = Door(trusted(dpop=dpop(replay_store=store)), app=within.guard)
    proof = key.proof("GET", f"{ORIGIN}/messages", bound)
    fields = [("Authorization", f"DPoP {bound}"), ("DPoP", proof)]
    assert [(await door(*fields)).status for _ in range(2)] == [200, 401]
    assert len(within.seen) == 1


async def test_an_answer_never_has_two_nonces(key: ProofKey) -> None:
    """I14: an application, or a guard within, may have told one already."""
    clock = [1_700_000_010.0]
    issuer = MockIssuer(key=ISSUER.signing_key, issuer=ISSUER.issuer, clock=lambda: clock[0])
    token = issuer.access_token(cnf=key.confirmation, lifetime=3600)

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        fields = [(b"DPoP-Nonce", b"of-the-application")]
        await send({"type": "http.response.start", "status": 200, "headers": fields})
        await send({"type": "http.response.body", "body": b""})

    nonces = DPoPNonces(SECRET)
    door = Door(
        app=app,
        verifier=AccessTokenVerifier(
            trusted(issuer, dpop=dpop(nonces=nonces)), clock=lambda: clock[0]
        ),
    )
    proof = key.proof("GET", f"{ORIGIN}/messages", token, nonce=nonces.current(clock[0] - 60))
    answer = await door(("Authorization", f"DPoP {token}"), ("DPoP", proof))
    assert answer.status == 200
    assert answer.field("DPoP-Nonce") == ["of-the-application"]
    assert answer.field("dpop-nonce") == []


async def test_a_sender_over_its_share_is_429_and_a_full_memory_503(proven: Fields) -> None:
    """I11: with Retry-After; neither is a bad proof."""

    class Full:
        async def first_use(self, key: bytes, ttl: float) -> bool:
            raise ReplayStoreUnavailable("full", retry_after=7.5)

    door = Door(trusted(dpop=dpop(proofs_per_sender=2)))
    answers = [await door(*proven()) for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 429]
    assert 60 <= int(answers[2].field("retry-after")[0]) <= 75
    assert answers[2].field("www-authenticate") == []
    assert json.loads(answers[2].sent[1]["body"])["error"] == "too_many_proofs"
    full = await Door(trusted(dpop=dpop(replay_store=Full())))(*proven())
    assert (full.status, full.field("retry-after")) == (503, ["8"])


async def test_a_route_that_needs_more_answers_in_the_scheme_that_was_used(
    proven: Fields, key: ProofKey
) -> None:
    """I15, B3: 403 by the scheme of the request alone."""

    @requires("admin")
    async def endpoint(request: Request) -> Response:
        raise AssertionError("not reached")

    app = Starlette(routes=[Route("/messages", endpoint)])
    door = Door(trusted(dpop=dpop()), app=app)
    answer = await door(*proven())
    assert answer.status == 403
    assert set(answer.challenges) == {"dpop"}
    assert answer.challenges["dpop"]["scope"] == "admin"
    answer = await door(("Authorization", f"Bearer {ISSUER.access_token()}"))
    assert set(answer.challenges) == {"bearer"}


async def test_other_sources_of_tokens_are_bearer_tokens(bound: str, proven: Fields) -> None:
    """I10: a bound token in a cookie is refused, whatever proof stands beside it."""
    door = Door(trusted(dpop=dpop()), token_sources=Cookie("token"))
    answer = await door(("Cookie", f"token={bound}"), proven()[1])
    assert answer.challenges["bearer"]["error"] == "invalid_token"
    answer = await door(("Cookie", f"token={ISSUER.access_token()}"))
    assert answer.status == 200


async def test_a_listener_hears_of_the_scheme(proven: Fields) -> None:
    """N1: the scheme is a label, and each refusal of a proof has its reason."""
    heard: list[Any] = []
    door = Door(trusted(dpop=dpop()), listener=heard.append)
    fields = proven()
    await door(*fields)
    await door(*fields)
    await door(("Authorization", f"Bearer {ISSUER.access_token()}"))
    events: list[Any] = [e for e in heard if isinstance(e, RequestAccepted | RequestRefused)]
    assert [event.scheme for event in events] == ["dpop", "dpop", "bearer"]
    assert events[1].reason is Reason.REPLAYED_PROOF
    assert events[1].issuer == ISSUER.issuer
    assert "new proof for each request" in events[1].advice.sentence


async def test_a_certificate_bound_token_passes_with_the_certificate() -> None:
    """J1, J2: the TLS extension of ASGI."""
    token = ISSUER.access_token(cnf={"x5t#S256": CERTIFICATE.thumbprint})
    door = Door(trusted(certificate_sources=[TLSExtension()]))
    authorization = ("Authorization", f"Bearer {token}")
    for tls in ({"client_cert": CERTIFICATE.der}, {"client_cert_chain": [CERTIFICATE.pem]}):
        assert (await door(authorization, extensions={"tls": tls})).status == 200
    extensions: Any
    for extensions in (
        None,
        {},
        {"tls": {}},
        {"tls": {"client_cert": ClientCertificate.generate().der}},
    ):
        answer = await door(authorization, extensions=extensions)
        assert answer.challenges == {
            "bearer": answer.challenges["bearer"],
        }
        assert answer.challenges["bearer"]["error"] == "invalid_token"
    assert (await door(("Authorization", f"Bearer {ISSUER.access_token()}"))).status == 200


async def test_a_certificate_field_is_believed_from_a_trusted_proxy_only() -> None:
    """J3: from others the request is refused."""
    token = ISSUER.access_token(cnf={"x5t#S256": CERTIFICATE.thumbprint})
    source = ClientCertField(trusted_proxies=["10.0.0.7", "unix"])
    door = Door(trusted(certificate_sources=[source]))
    fields = [("Authorization", f"Bearer {token}"), ("Client-Cert", f":{CERTIFICATE.base64}:")]
    assert (await door(*fields, client=("10.0.0.7", 1))).status == 200
    assert (await door(*fields, client=None)).status == 200
    answer = await door(*fields, client=("203.0.113.9", 1))
    assert answer.status == 400
    unbound = [("Authorization", f"Bearer {ISSUER.access_token()}"), fields[1]]
    assert (await door(*unbound, client=("203.0.113.9", 1))).status == 400


async def test_a_gateway_and_a_proof_here_exclude_each_other() -> None:
    """G12"""
    for options in ({"dpop": dpop()}, {"certificate_sources": [TLSExtension()]}):
        with pytest.raises(ConfigurationError, match="not both"):
            trusted(gateway_proves_binding=True, **options)


async def test_issuers_that_are_known_by_asking_bind_their_tokens_too(proven: Fields) -> None:
    """I1: a resolver's issuers."""
    policy = dpop()

    async def resolver(name: str) -> TrustedIssuer | None:
        if name != ISSUER.issuer:
            return None
        return trusted(dpop=policy, grants=["read"])

    door = Door(verifier=AccessTokenVerifier(resolver=resolver))
    fields = proven()
    assert [(await door(*fields)).status for _ in range(2)] == [200, 401]
    assert (await door(*proven(scheme="Bearer"))).status == 401


async def test_a_verifier_without_a_framework_takes_the_parts_of_a_request(
    key: ProofKey, bound: str
) -> None:
    """I1: `verify(token, proof=...)`."""
    verifier = AccessTokenVerifier(trusted(dpop=dpop(nonces=DPoPNonces(SECRET))))

    def request(nonce: str | None = None) -> ProofOfPossession:
        proof = key.proof("POST", f"{ORIGIN}/messages", bound, nonce=nonce)
        return ProofOfPossession(method="POST", url="/messages", fields=[("DPoP", proof)])

    with pytest.raises(NonceRequired) as caught:
        await verifier.verify(bound, proof=request())
    assert (await verifier.verify(bound, proof=request(caught.value.nonce))).issuer
    with pytest.raises(InvalidToken) as refused:
        await verifier.verify(bound)
    assert refused.value.reason is Reason.SENDER_CONSTRAINED
    with pytest.raises(InvalidProof):
        await verifier.verify(bound, proof=ProofOfPossession(method="GET", url="/", fields=()))
    wrong: Any = {"method": "GET"}
    with pytest.raises(ConfigurationError, match="ProofOfPossession"):
        await verifier.verify(bound, proof=wrong)
    unbinding = AccessTokenVerifier(trusted())
    with pytest.raises(InvalidToken) as refused:
        await unbinding.verify(
            ISSUER.access_token(), proof=ProofOfPossession(method="GET", url="/", fields=())
        )
    assert refused.value.reason is Reason.NOT_BOUND
    bearer = ProofOfPossession(method="GET", url="/", fields=(), scheme="Bearer")
    assert (await unbinding.verify(ISSUER.access_token(), proof=bearer)).issuer == ISSUER.issuer


async def test_the_log_says_by_what_a_token_is_bound_also_when_it_was_seen_before(
    key: ProofKey, bound: str, proven: Fields
) -> None:
    """P4, G12: the claims of a remembered token are not at hand then."""
    verifier = AccessTokenVerifier(trusted(dpop=dpop()))
    for number in range(3):
        proof = ProofOfPossession(
            method="GET",
            url="/messages",
            fields=[("DPoP", key.proof("GET", f"{ORIGIN}/messages", bound))],
        )
        await verifier.verify(bound, proof=proof)
        with pytest.raises(InvalidToken) as refused:
            await verifier.verify(bound)
        advice = refused.value.advice
        assert advice is not None, number
        assert "by DPoP (claim cnf)" in advice.sentence
        assert "send it by the scheme DPoP" in advice.sentence


@pytest.mark.parametrize(
    ("options", "cnf", "option"),
    [
        ({"certificate_sources": [TLSExtension()]}, "jkt", 'dpop=DPoP(public_origin="https://'),
        ({"dpop": dpop()}, "x5t#S256", "certificate_sources=[...]"),
    ],
)
async def test_the_log_names_the_option_that_a_bound_token_needs(
    options: dict[str, Any], cnf: str, option: str
) -> None:
    """P4, J5: an issuer may bind by both, and have one of them configured."""
    verifier = AccessTokenVerifier(trusted(**options))
    with pytest.raises(InvalidToken) as refused:
        await verifier.verify(ISSUER.access_token(cnf={cnf: "A" * 43}))
    assert refused.value.reason == Reason.SENDER_CONSTRAINED
    advice = refused.value.advice
    assert advice is not None
    assert f"write {option}" in advice.sentence
    assert "gateway_proves_binding" not in advice.sentence
