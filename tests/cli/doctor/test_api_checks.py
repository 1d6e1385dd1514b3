"""Each finding about a protected API: one made wrong on purpose, and one that is right."""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import anyio
import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from asgi_jwks import JWTBearerMiddleware
from asgi_jwks.cli.doctor.api_checks import NOT_A_TOKEN, unsigned_token
from asgi_jwks.cli.doctor.command import diagnosis_of
from asgi_jwks.cli.doctor.findings import CLAUSES, Condition, DoctorFinding
from asgi_jwks.cli.doctor.probe import Probe, Secured
from asgi_jwks.errors import KeySetUnavailable
from asgi_jwks.fetching.response import FetchResponse
from asgi_jwks.testing import MockIssuer, SigningKey

DATE = "Fri, 15 Jan 2027 08:00:00 GMT"
NOW = 1_800_000_000.0
URL = "https://api.example/messages"
PLACE = "https://api.example/.well-known/oauth-protected-resource/messages"
AT_ROOT = "https://api.example/.well-known/oauth-protected-resource"
ISSUER = "https://idp.example/"
TOKEN = "a-real-token-of-somebody"

PROBLEM, NOTE, UNCLEAR = Condition.PROBLEM, Condition.NOTE, Condition.CANNOT_TELL

Fields = Mapping[str, str]
Answering = Callable[[str, Fields], FetchResponse]
METADATA = {"resource": URL, "authorization_servers": [ISSUER]}


def response(
    status: int, challenge: str | None = None, body: object = b"", **fields: str
) -> FetchResponse:
    headers = {"date": DATE, **fields}
    if challenge is not None:
        headers["www-authenticate"] = challenge
    octets = body if isinstance(body, bytes) else json.dumps(body).encode()
    return FetchResponse(status, headers, octets)


class API:
    """The answers of an API; those that are changed are wrong on purpose."""

    def __init__(self, **changes: FetchResponse | Exception) -> None:
        challenge = f'Bearer realm="api", resource_metadata="{PLACE}"'
        refused = f'{challenge}, error="invalid_token"'
        self.answers: dict[str, FetchResponse | Exception] = {
            "bare": response(401, challenge),
            "bad": response(401, refused),
            "unsigned": response(401, refused),
            "basic": response(401, challenge),
            "token": response(200),
            "place": response(200, body=METADATA),
            "root": response(404),
            **changes,
        }
        self.sent: list[str] = []

    async def __call__(self, url: str, headers: Fields) -> FetchResponse:
        credentials = headers.get("authorization", "")
        self.sent.append(f"{url} {credentials}")
        kind = {
            "": "bare",
            f"Bearer {NOT_A_TOKEN}": "bad",
            "Basic Og==": "basic",
            f"Bearer {TOKEN}": "token",
        }.get(credentials, "unsigned")
        if url != URL:
            assert not credentials
            kind = {PLACE: "place", AT_ROOT: "root"}.get(url, "other")
        answer = self.answers.get(kind, response(404))
        if isinstance(answer, Exception):
            raise answer
        return answer


class Looking(Probe):
    async def connect(self, url: str) -> float | None:
        return 0.05

    async def tls(self, url: str) -> Secured | str:
        return Secured("TLSv1.3", NOW + 90 * 86_400)


def found(
    api: API, *, token: str | None = None, issuer: str | None = None, url: str = URL
) -> dict[str, DoctorFinding]:
    async def examine() -> Any:
        probe = Looking(timeout=5, fetch=api, clock=lambda: NOW)
        return await diagnosis_of(issuer, url, probe, token=token)

    return {finding.check: finding for finding in anyio.run(examine).findings}


def test_a_good_api_has_every_check_and_all_of_them_are_well() -> None:
    """O5: and without the option no token of anybody is sent."""
    api = API()
    findings = found(api)
    of_api = {name for name in CLAUSES if name.startswith(("api", "resource", "auth"))}
    assert of_api - {"api_token"} <= set(findings)
    for name in of_api - {"api_token"}:
        assert findings[name].condition is Condition.OK, findings[name]
    assert not [sent for sent in api.sent if TOKEN in sent]


def test_a_token_is_sent_where_that_was_asked_for_and_once() -> None:
    """O5: never sends a real token anywhere unless asked."""
    api = API()
    findings = found(api, token=TOKEN)
    assert findings["api_token"].condition is Condition.OK
    assert [sent for sent in api.sent if TOKEN in sent] == [f"{URL} Bearer {TOKEN}"]


BARE = 'Bearer realm="api"'
OTHER_HOST = 'Bearer resource_metadata="https://evil.example/x"'


@pytest.mark.parametrize(
    ("api", "check", "condition", "words"),
    [
        pytest.param(
            API(bare=KeySetUnavailable("no route")), "api_401", UNCLEAR, "no route", id="down"
        ),
        pytest.param(API(bare=response(200)), "api_401", PROBLEM, "200", id="open"),
        pytest.param(
            API(bare=response(302, location="/login")), "api_401", PROBLEM, "'/login'", id="login"
        ),
        pytest.param(API(bare=response(403)), "api_401", PROBLEM, "403", id="403"),
        pytest.param(API(bare=response(404)), "api_401", PROBLEM, "404", id="404"),
        pytest.param(API(bare=response(500)), "api_401", PROBLEM, "500", id="500"),
        pytest.param(API(bare=response(999)), "api_401", PROBLEM, "999", id="999"),
        pytest.param(
            API(bare=response(401)), "api_challenge", PROBLEM, "no WWW-Authenticate", id="none"
        ),
        pytest.param(
            API(bare=response(401, "Basic realm=a")), "api_challenge", PROBLEM, "basic", id="basic"
        ),
        pytest.param(API(bare=response(401, "")), "api_challenge", PROBLEM, "for none", id="empty"),
        pytest.param(
            API(bare=response(401, 'Bearer realm="a" error="b"')),
            "api_challenge_grammar",
            PROBLEM,
            "comma",
            id="comma",
        ),
        pytest.param(
            API(bare=response(401, "Bearer")),
            "api_challenge_grammar",
            PROBLEM,
            "no parameter",
            id="no-parameter",
        ),
        pytest.param(
            API(bare=response(401, 'Bearer realm="a", realm="b"')),
            "api_challenge_grammar",
            PROBLEM,
            "realm more than once",
            id="repeated",
        ),
        pytest.param(
            API(bare=response(401, 'Bearer error="invalid_token"')),
            "api_challenge_error",
            NOTE,
            "invalid_token",
            id="error-without-token",
        ),
        pytest.param(API(bad=response(200)), "api_bad_token", PROBLEM, "200", id="takes-anything"),
        pytest.param(API(bad=response(500)), "api_bad_token", PROBLEM, "500", id="bad-500"),
        pytest.param(API(bad=response(403)), "api_bad_token", PROBLEM, "403", id="bad-403"),
        pytest.param(
            API(bad=OSError("x")), "api_bad_token", UNCLEAR, "OSError", id="bad-unanswered"
        ),
        pytest.param(
            API(unsigned=response(200)), "api_unsigned_token", PROBLEM, "alg none", id="alg-none"
        ),
        pytest.param(API(basic=response(200)), "api_other_scheme", PROBLEM, "200", id="scheme"),
        pytest.param(
            API(place=response(404)), "resource_metadata", PROBLEM, "no JSON", id="named-in-vain"
        ),
        pytest.param(
            API(place=response(200, body=b"<html>")),
            "resource_metadata",
            PROBLEM,
            "no JSON",
            id="metadata-html",
        ),
        pytest.param(
            API(bare=response(401, BARE), place=response(404)),
            "resource_metadata",
            NOTE,
            AT_ROOT,
            id="no-metadata",
        ),
        pytest.param(
            API(bare=response(401, OTHER_HOST)),
            "resource_metadata",
            PROBLEM,
            "another origin",
            id="metadata-elsewhere",
        ),
        *(
            pytest.param(
                API(place=response(200, body={**METADATA, "resource": resource})),
                "resource",
                PROBLEM,
                "names the resource",
                id=f"resource-{number}",
            )
            for number, resource in enumerate(
                [f"{URL}/", "https://api.example", "api", 7, None, "https://api.example/messages?a"]
            )
        ),
        *(
            pytest.param(
                API(place=response(200, body={**METADATA, "authorization_servers": servers})),
                "authorization_servers",
                NOTE,
                "no authorization server",
                id=f"servers-{number}",
            )
            for number, servers in enumerate([None, [], "https://idp.example/", [7]])
        ),
    ],
)
def test_a_mistake_of_the_api_is_found_with_its_remedy(
    api: API, check: str, condition: Condition, words: str
) -> None:
    """O5: the oracle is the good API, with one mistake."""
    finding = found(api)[check]
    assert finding.condition is condition, finding
    assert words in finding.found
    assert finding.remedy is not None
    assert finding.clause == CLAUSES[check]


def test_an_issuer_that_the_metadata_does_not_name_is_a_problem() -> None:
    findings = found(API(), issuer="https://other.example/")
    assert findings["authorization_servers"].condition is PROBLEM
    assert "other.example" in findings["authorization_servers"].found
    assert found(API(), issuer=ISSUER)["authorization_servers"].condition is Condition.OK


@pytest.mark.parametrize(
    ("url", "resource"),
    [
        ("https://api.example/", "https://api.example"),
        ("https://api.example/", "https://api.example/"),
        ("https://api.example/messages", "https://api.example"),
    ],
)
def test_metadata_at_the_root_is_found_without_a_word_of_it(url: str, resource: str) -> None:
    """K1: at host and well-known path, where the challenge names none."""
    metadata = response(200, body={**METADATA, "resource": resource})
    api = API(
        bare=response(401, BARE), other=response(401, BARE), root=metadata, place=response(404)
    )

    async def answered(asked: str, headers: Fields) -> FetchResponse:
        return await api(URL if asked == url else asked, headers)

    async def examine() -> Any:
        probe = Looking(timeout=5, fetch=answered, clock=lambda: NOW)
        return await diagnosis_of(None, url, probe)

    findings = {finding.check: finding for finding in anyio.run(examine).findings}
    assert findings["resource_metadata"].condition is Condition.OK
    assert findings["resource"].condition is Condition.OK


@pytest.mark.parametrize("server", ["http://10.0.0.1/", "file:///etc/passwd", "nonsense"])
def test_an_issuer_that_may_not_be_asked_is_not_asked(server: str) -> None:
    """Who answers the API must not make this machine ask whatever they like."""
    api = API(place=response(200, body={**METADATA, "authorization_servers": [server]}))
    assert "issuer_url" not in found(api)
    assert not [sent for sent in api.sent if sent.startswith(server)]


def test_a_token_that_is_refused_or_unanswered_is_told() -> None:
    told = found(API(token=response(403, 'Bearer error="insufficient_scope"')), token=TOKEN)
    assert told["api_token"].condition is PROBLEM
    assert "insufficient_scope" in told["api_token"].found
    assert TOKEN not in told["api_token"].found
    told = found(API(token=response(500)), token=TOKEN)
    assert "it is told nothing" in told["api_token"].found
    told = found(API(token=OSError("x")), token=TOKEN)
    assert told["api_token"].condition is UNCLEAR


def test_the_number_of_requests_is_bounded() -> None:
    """O5: bounded requests."""
    api = API()
    probe = Looking(timeout=5, fetch=api, clock=lambda: NOW)

    async def ask() -> None:
        for _ in range(40):
            last = await probe.get(URL)
        assert last.failure == "too many requests were made"

    anyio.run(ask)
    assert len(api.sent) == 24


Endpoint = Callable[[Request], Awaitable[Response]]


async def anything(_: Request) -> Response:
    return JSONResponse({})


def test_an_api_of_this_package_has_no_problems() -> None:
    """O5: our own middleware, asked as a stranger would."""
    issuer = MockIssuer(issuer=ISSUER, key=SigningKey.generate("RS256"), audience="api")
    app = JWTBearerMiddleware(
        Starlette(routes=[Route("/messages", anything)]),
        issuer=ISSUER,
        audience="api",
        http_client=issuer.http_client(),
    )
    transport = httpx.ASGITransport(app)

    async def fetch(url: str, headers: Fields) -> FetchResponse:
        async with httpx.AsyncClient(transport=transport) as client:
            answer = await client.get(url, headers=dict(headers))
        return FetchResponse(answer.status_code, dict(answer.headers), answer.content)

    async def examine() -> Any:
        probe = Looking(timeout=5, fetch=fetch, clock=lambda: NOW)
        return await diagnosis_of(None, URL, probe, token=issuer.access_token())

    diagnosis = anyio.run(examine)
    problems = [finding for finding in diagnosis.findings if finding.condition is PROBLEM]
    assert problems == []
    ok = {finding.check for finding in diagnosis.findings if finding.condition is Condition.OK}
    assert {"api_401", "api_challenge", "api_bad_token", "api_unsigned_token", "api_token"} <= ok


def test_the_unsigned_token_is_nobody_s() -> None:
    token = unsigned_token(None, NOW)
    assert token.endswith(".")
    assert token.count(".") == 2
