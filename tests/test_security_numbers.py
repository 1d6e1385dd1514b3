"""What SECURITY.md promises is true: its numbers, its "at once", and what it says is not done."""

import ast
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import anyio
import pytest
from tests.support.limits import LIMITS, STATED
from tests.support.pages import ROOT, without_written_parts

from asgi_jwks import (
    AccessTokenVerifier,
    InsufficientScope,
    InvalidToken,
    JWTBearerMiddleware,
    Reason,
    RemoteJWKSet,
    TrustedIssuer,
    requires,
)
from asgi_jwks.asgi.token_sources import Cookie
from asgi_jwks.testing import MockIssuer

TESTS = Path(__file__).parent
PAGE = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
PROSE = " ".join(without_written_parts(PAGE, "threats", "limits").split())

# A number that is not followed by a letter or digit of the same word, and words for numbers.
_NUMBER: Final = re.compile(
    r"\d[\d,.]*|\b(?:two|three|four|five|six|seven|eight|nine|ten|dozen|hundred|thousand)\b",
    re.IGNORECASE,
)

EXCEPTIONS: Final[Mapping[str, str]] = {
    "a status code": r"\b(?:401|503)\b",
    "a name of the field": r"`AUTH0_\w+`",
    "a promise of people": r"within three working days",
    "counted in the sentences that follow": r"Two (?:things|places)\b|three clocks: monotonic",
}
"""The numbers of the prose that do not follow from the code: why, and in which words."""

AT_ONCE: Final[Mapping[str, str]] = {
    'each "at once" names': "test_security_numbers.py::test_each_at_once_names_a_test",
    "is refused at once when it has returned": (
        "test_security_numbers.py::test_a_removed_key_is_refused_when_refresh_has_returned"
    ),
    "refuses a key at once, whatever its issuer publishes": (
        "test_security_numbers.py::test_a_distrusted_key_is_refused_at_once"
    ),
    "a revoked token is refused at once": (
        "tokens/test_verifier.py::test_all_checks_are_made_in_order_on_every_request"
    ),
    "the answer is 401 at once": (
        "keys/test_remote_unknown_keys.py::test_with_an_empty_budget_the_answer_is_immediate_and_"
        "a_refresh_follows"
    ),
    "the answer is 503 at once": (
        "keys/test_remote_outages.py::test_a_cold_start_without_the_endpoint_is_503_at_once"
    ),
}
"""Each "at once" of SECURITY.md, in the words around it -> the test that shows it."""


def test_each_number_of_the_prose_follows_from_the_code() -> None:
    rest = PROSE
    for stated in STATED:
        assert stated in rest, f"SECURITY.md no longer says: {stated}"
        rest = rest.replace(stated, "")
    for why, words in EXCEPTIONS.items():
        rest, count = re.subn(words, "", rest)
        assert count, f"nothing is excepted any more as {why}"
    left = [rest[max(0, m.start() - 40) : m.end() + 20] for m in _NUMBER.finditer(rest)]
    assert left == [], "state these in tests.support.limits, or name them as an exception"


def test_each_limit_is_in_the_table_once() -> None:
    names = [limit.bounds for limit in LIMITS]
    assert len(set(names)) == len(names)
    assert all(PAGE.count(f"| {limit.bounds} | {limit.value} |") == 1 for limit in LIMITS)


def test_each_at_once_names_a_test() -> None:
    rest = " ".join(PAGE.split())
    for phrase, test in AT_ONCE.items():
        assert rest.count(phrase) == 1, f"SECURITY.md no longer says: {phrase}"
        rest = rest.replace(phrase, "")
        path, _, name = test.partition("::")
        assert name in _functions(TESTS / path), f"{test}: there is no such test"
    assert "at once" not in rest, "name a test that shows it"


def _functions(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


@pytest.fixture
def issuer() -> MockIssuer:
    return MockIssuer()


@pytest.fixture
def keys(issuer: MockIssuer) -> RemoteJWKSet:
    return RemoteJWKSet(issuer.jwks_uri, http_client=issuer.http_client(), listener=lambda _: None)


@pytest.fixture
def verifier(issuer: MockIssuer, keys: RemoteJWKSet) -> AccessTokenVerifier:
    return AccessTokenVerifier(
        TrustedIssuer(issuer=issuer.issuer, audience=issuer.audience, keys=keys)
    )


async def reason_of(verifier: AccessTokenVerifier, token: str) -> Reason:
    with pytest.raises(InvalidToken) as refused:
        await verifier.verify(token)
    return refused.value.reason


@pytest.mark.anyio
async def test_a_removed_key_is_refused_when_refresh_has_returned(
    verifier: AccessTokenVerifier, keys: RemoteJWKSet, issuer: MockIssuer
) -> None:
    """F16, H3: though a fetch was in progress that began before the removal."""
    token = issuer.access_token()
    await verifier.verify(token)
    issuer.jwks.hang(times=1)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(keys.refresh)
        await anyio.wait_all_tasks_blocked()
        issuer.swap_key()
        issuer.jwks.recover()
        await keys.refresh()
        assert await reason_of(verifier, token) is Reason.UNKNOWN_KEY


@pytest.mark.anyio
@pytest.mark.parametrize("by", ["kid", "thumbprint"])
@pytest.mark.parametrize("is_down", [False, True], ids=["up", "down"])
async def test_a_distrusted_key_is_refused_at_once(
    verifier: AccessTokenVerifier, keys: RemoteJWKSet, issuer: MockIssuer, by: str, is_down: bool
) -> None:
    """F17, H3: a token that was verified before, and a new one; nothing is fetched for it."""
    known, new = issuer.access_token(), issuer.access_token(subject="another")
    await verifier.verify(known)
    if is_down:
        issuer.jwks.fail(500)
    key = await keys.find(issuer.signing_key.kid, "RS256", lambda: None)
    name: dict[str, Any] = {by: key.kid if by == "kid" else key.thumbprint}
    fetches = issuer.jwks.count
    keys.distrust(**name)
    for token in (known, new):
        assert await reason_of(verifier, token) is Reason.UNKNOWN_KEY
    assert issuer.jwks.count == fetches
    keys.trust_again(**name)
    assert (await verifier.verify(known)).issuer == issuer.issuer


@pytest.mark.anyio
async def test_a_tenant_signs_for_nobody_but_its_own_users(issuer: MockIssuer) -> None:
    """E5, P1, P2: equal subjects are two users, and what the tenant may not grant vanishes."""
    tenant = MockIssuer(issuer="https://tenant.example/")
    verifier = AccessTokenVerifier(
        TrustedIssuer(
            issuer=issuer.issuer,
            audience=issuer.audience,
            jwks_uri=issuer.jwks_uri,
            http_client=issuer.http_client(),
            identity="sub",
        ),
        TrustedIssuer(
            issuer=tenant.issuer,
            audience=tenant.audience,
            jwks_uri=tenant.jwks_uri,
            http_client=tenant.http_client(),
            grants=["read:messages"],
        ),
    )
    user = await verifier.verify(issuer.access_token(subject="auth0|7"))
    double = await verifier.verify(
        tenant.access_token(subject="auth0|7", scope="admin read:messages", roles=["admin"])
    )
    assert user.identity == "auth0|7"
    assert double.identity != user.identity
    assert double.principal == (tenant.issuer, "auth0|7")
    assert double.scopes == ("read:messages",)
    assert double.roles == ()
    requires(claims={"roles": "admin"}).check(double)
    with pytest.raises(InsufficientScope):
        requires(claims={"roles": "admin"}, issuer=issuer.issuer).check(double)
    forged = tenant.access_token(subject="auth0|7", iss=issuer.issuer)
    assert await reason_of(verifier, forged) in {Reason.BAD_SIGNATURE, Reason.UNKNOWN_KEY}


@pytest.mark.anyio
@pytest.mark.parametrize(
    "claims",
    [{}, {"exp": 0}, {"aud": "another"}, {"token_use": "id"}, {"cnf": {"jkt": "a"}}, {"sub": 1}],
)
async def test_a_stranger_cannot_tell_a_tenant_from_any_other_name(claims: dict[str, Any]) -> None:
    """W5: by status, header fields and body, where tenants are resolved.

    Whatever else is wrong with the token, for which its issuer's keys would not be asked.
    """
    tenant, nobody = (
        MockIssuer(issuer="https://a.example/"),
        MockIssuer(issuer="https://b.example/"),
    )

    async def resolver(name: str) -> TrustedIssuer | None:
        return (
            TrustedIssuer(
                issuer=name,
                audience=tenant.audience,
                http_client=tenant.http_client(),
                grants=["read:messages"],
            )
            if name == tenant.issuer
            else None
        )

    app = JWTBearerMiddleware(no_app, verifier=AccessTokenVerifier(resolver=resolver))
    answers = []
    for name in (tenant.issuer, nobody.issuer):
        token = nobody.access_token(**{"iss": name, **claims})
        sent = await _connect(app, "http", [(b"authorization", f"Bearer {token}".encode())])
        answers.append(sent)
    assert answers[0][0]["status"] == 401
    assert answers[0] == answers[1]


@pytest.mark.anyio
async def test_a_websocket_goes_on_after_its_token_has_expired(issuer: MockIssuer) -> None:
    """The page says that nothing ends it, and by which time an application can."""
    expiries: list[float] = []

    async def chat(scope: Any, _receive: Any, send: Any) -> None:
        expiries.append(scope["auth"].expires_at)
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": "still here"})

    token = f"Bearer {issuer.access_token()}".encode()
    sent = await _connect(guarded(chat, issuer), "websocket", [(b"authorization", token)])
    assert [message["type"] for message in sent] == ["websocket.accept", "websocket.send"]
    assert expiries


@pytest.mark.anyio
async def test_a_cookie_is_a_token_wherever_the_request_comes_from(issuer: MockIssuer) -> None:
    """A5: the page says that `Origin` is the application's to look at."""
    seen: list[dict[bytes, bytes]] = []

    async def chat(scope: Any, _receive: Any, send: Any) -> None:
        seen.append(dict(scope["headers"]))
        await send({"type": "websocket.accept"})

    cookie = f"access_token={issuer.access_token()}".encode()
    app = guarded(chat, issuer, token_sources=[Cookie("access_token")])
    fields = [(b"cookie", cookie), (b"origin", b"https://evil.example")]
    sent = await _connect(app, "websocket", fields)
    assert [message["type"] for message in sent] == ["websocket.accept"]
    assert seen[0][b"origin"] == b"https://evil.example"


def guarded(app: Callable[..., Any], issuer: MockIssuer, **options: Any) -> JWTBearerMiddleware:
    return JWTBearerMiddleware(
        app,
        issuer=issuer.issuer,
        audience=issuer.audience,
        jwks_uri=issuer.jwks_uri,
        http_client=issuer.http_client(),
        **options,
    )


async def no_app(_scope: Any, _receive: Any, _send: Any) -> None:
    raise AssertionError("it was let in")


async def _connect(
    app: JWTBearerMiddleware, kind: str, headers: list[tuple[bytes, bytes]]
) -> list[dict[str, Any]]:
    """The messages that the server is sent for one connection."""
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": f"{kind}.connect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope: dict[str, Any] = {"type": kind, "method": "GET", "path": "/", "headers": headers}
    await app(scope, receive, send)
    return sent
