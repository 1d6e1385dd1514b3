"""The authorization endpoint and its codes: RFC 6749 section 4.1, 7636, 8707, 9207 and 9470."""

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from tests.support.clock import EPOCH, Clock

from asgi_jwks.testing import MockIssuer, forge
from asgi_jwks.testing.provider.codes import challenge_of

pytestmark = pytest.mark.anyio

API = "https://api.example.com/mcp"
OTHER = "https://other.example.com/mcp"
CALLBACK = "http://127.0.0.1:7000/callback"
VERIFIER = "v" * 43


@dataclass
class Flow:
    """A public client, its user's browser, and the provider."""

    issuer: MockIssuer
    clock: Clock
    query: dict[str, Any] = field(
        default_factory=lambda: {
            "response_type": "code",
            "client_id": "spa",
            "redirect_uri": CALLBACK,
            "scope": "openid profile",
            "state": "s1",
            "code_challenge": challenge_of(VERIFIER),
            "code_challenge_method": "S256",
        }
    )

    async def authorize(self, **changes: object) -> httpx.Response:
        query = {**self.query, **changes}
        query = {name: value for name, value in query.items() if value is not None}
        async with self.issuer.http_client() as client:
            return await client.get(f"{self.issuer.url}authorize", params=query)

    async def redirected(self, **changes: object) -> dict[str, str]:
        """The parameters that the client gets."""
        response = await self.authorize(**changes)
        assert response.status_code == 302, response.text
        assert response.headers["cache-control"] == "no-store"
        return self.parameters(response)

    @staticmethod
    def parameters(response: httpx.Response) -> dict[str, str]:
        location = response.headers["location"]
        assert location.startswith(CALLBACK)
        return dict(parse_qsl(urlsplit(location).query))

    async def post(self, **form: object) -> httpx.Response:
        auth = form.pop("auth", None)
        data = {name: value for name, value in form.items() if value is not None}
        async with self.issuer.http_client() as client:
            return await client.post(f"{self.issuer.url}oauth/token", data=data, auth=auth)  # type: ignore[arg-type]

    async def redeem(self, code: object, /, **changes: object) -> httpx.Response:
        form: dict[str, object] = {
            "grant_type": "authorization_code",
            "client_id": "spa",
            "redirect_uri": CALLBACK,
            "code": code,
            "code_verifier": VERIFIER,
        }
        return await self.post(**{**form, **changes})

    async def tokens(self, **changes: object) -> dict[str, Any]:
        """The token response of a whole flow."""
        response = await self.redeem((await self.redirected(**changes))["code"])
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer


def claims(answer: dict[str, Any], token: str = "access_token") -> dict[str, Any]:
    return dict(forge.split(answer[token]).claims)


def error(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["error"]


@pytest.fixture
def clock() -> Clock:
    return Clock(EPOCH)


@pytest.fixture
def flow(clock: Clock) -> Flow:
    issuer = MockIssuer(
        issuer="https://id.example/", audience=[API, OTHER], algorithm="ES256", clock=clock
    )
    issuer.add_user("alice", "wonderland", subject="a1", scopes="openid profile mcp:read mcp:write")
    issuer.add_user("bob", "builder", subject="b1", scopes="mcp:read", user_id=7)
    issuer.add_client("spa", redirect_uris=[CALLBACK, f"{CALLBACK}?x=1"])
    issuer.add_client("web", "s3cret", redirect_uris=[CALLBACK])
    return Flow(issuer, clock)


# The good way.


async def test_a_user_s_consent_becomes_a_code_and_the_code_tokens(flow: Flow) -> None:
    parameters = await flow.redirected(nonce="n1")
    assert parameters.keys() == {"code", "state", "iss"}
    assert (parameters["state"], parameters["iss"]) == ("s1", "https://id.example/")
    answer = (await flow.redeem(parameters["code"])).json()
    assert answer.keys() == {"access_token", "token_type", "expires_in", "scope", "id_token"}
    assert (answer["token_type"], answer["scope"]) == ("Bearer", "openid profile")
    token, id_token = claims(answer), claims(answer, "id_token")
    assert (token["sub"], token["azp"], token["scope"]) == ("a1", "spa", "openid profile")
    assert token["aud"] == [API, OTHER, "https://id.example/userinfo"]
    assert (id_token["aud"], id_token["nonce"], id_token["sub"]) == ("spa", "n1", "a1")
    assert "at_hash" in id_token


async def test_the_redirect_uri_keeps_its_own_query(flow: Flow) -> None:
    response = await flow.authorize(redirect_uri=f"{CALLBACK}?x=1")
    assert response.headers["location"].startswith(f"{CALLBACK}?x=1&code=")


async def test_a_confidential_client_authenticates_as_it_redeems_and_refreshes(flow: Flow) -> None:
    code = (await flow.redirected(client_id="web", scope="openid offline_access"))["code"]
    assert error(await flow.redeem(code, client_id="web")) == (401, "invalid_client")
    answer = await flow.redeem(code, client_id=None, auth=("web", "s3cret"))
    assert answer.status_code == 200
    refresh_token = answer.json()["refresh_token"]
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
    assert error(await flow.post(**form)) == (401, "invalid_client")


# Resources (RFC 8707).


async def test_a_resource_decides_the_audience(flow: Flow) -> None:
    assert claims(await flow.tokens(resource=API))["aud"] == API
    assert claims(await flow.tokens(resource=[API, OTHER]))["aud"] == [API, OTHER]
    # MCP, authorization, "Canonical Server URI": scheme and host in capitals are accepted.
    loud = API.replace("https://api.example.com", "HTTPS://API.example.com")
    assert loud != API
    assert claims(await flow.tokens(resource=[loud, API]))["aud"] == API


async def test_a_token_request_narrows_the_resources_of_the_grant(flow: Flow) -> None:
    code = (await flow.redirected(resource=[API, OTHER]))["code"]
    assert claims((await flow.redeem(code, resource=OTHER)).json())["aud"] == OTHER
    code = (await flow.redirected(resource=API))["code"]
    assert error(await flow.redeem(code, resource=OTHER)) == (400, "invalid_target")


@pytest.mark.parametrize(
    "resource", ["https://[", "https://unknown.example/", f"{API}/", f"{API}#part", "/mcp", "mcp"]
)
async def test_a_resource_that_is_not_one_of_the_apis_is_an_invalid_target(
    flow: Flow, resource: str
) -> None:
    assert (await flow.redirected(resource=resource))["error"] == "invalid_target"


async def test_auth0_s_audience_parameter_serves_too(flow: Flow) -> None:
    token = claims(await flow.tokens(audience=API))
    assert token["aud"] == [API, "https://id.example/userinfo"]
    assert (await flow.redirected(audience="https://no"))["error"] == "invalid_request"


# Scopes and step-up.


async def test_a_client_steps_up_by_asking_for_more(flow: Flow) -> None:
    """K8: an insufficient_scope challenge is answered by another authorization."""
    first = await flow.tokens(scope="mcp:read")
    second = await flow.tokens(scope="mcp:read mcp:write")
    assert (first["scope"], second["scope"]) == ("mcp:read", "mcp:read mcp:write")
    assert "id_token" not in first
    assert claims(second)["scope"] == "mcp:read mcp:write"


async def test_without_a_scope_all_that_the_user_has_are_granted(flow: Flow) -> None:
    assert (await flow.tokens(scope=None))["scope"] == "openid profile mcp:read mcp:write"


async def test_a_scope_that_the_user_lacks_is_an_invalid_scope(flow: Flow) -> None:
    assert (await flow.redirected(scope="mcp:admin"))["error"] == "invalid_scope"
    flow.issuer.authorization.user = "bob"
    assert (await flow.redirected(scope="mcp:write"))["error"] == "invalid_scope"
    assert claims(await flow.tokens(scope="mcp:read"))["user_id"] == 7


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ({"acr_values": "gold silver"}, {"acr": "gold", "auth_time": int(EPOCH)}),
        ({"max_age": "60"}, {"auth_time": int(EPOCH)}),
        ({"acr_values": " "}, {}),
        ({}, {}),
    ],
    ids=["acr_values", "max_age", "a space", "neither"],
)
async def test_a_client_steps_up_by_another_login(
    flow: Flow, asked: dict[str, str], answered: dict[str, object]
) -> None:
    """K8: RFC 9470, section 5."""
    token = claims(await flow.tokens(**asked))
    assert {name: token[name] for name in ("acr", "auth_time") if name in token} == answered


# Requests that are refused.


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": None},
        {"client_id": "nobody"},
        {"redirect_uri": None},
        {"redirect_uri": f"{CALLBACK}/"},
        {"redirect_uri": "http://127.0.0.1:7001/callback"},
        {"redirect_uri": "HTTP://127.0.0.1:7000/callback"},
        {"state": ["a", "b"]},
    ],
    ids=repr,
)
async def test_nobody_is_sent_to_an_address_that_the_client_does_not_have(
    flow: Flow, changes: dict[str, object]
) -> None:
    response = await flow.authorize(**changes)
    assert response.status_code == 400
    assert "location" not in response.headers
    assert response.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": None}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
    ],
    ids=repr,
)
async def test_an_error_goes_back_to_the_client(
    flow: Flow, changes: dict[str, object], code: str
) -> None:
    parameters = await flow.redirected(**changes)
    assert parameters.keys() == {"error", "error_description", "state", "iss"}
    assert parameters["error"] == code


@pytest.mark.parametrize("user", [None, "nobody"])
async def test_somebody_must_be_logged_in(flow: Flow, user: str | None) -> None:
    flow.issuer.authorization.user = user
    assert (await flow.redirected())["error"] == "login_required"


async def test_without_a_state_there_is_none_in_the_answer(flow: Flow) -> None:
    assert (await flow.redirected(state=None)).keys() == {"code", "iss"}


@pytest.mark.parametrize(
    "changes",
    [
        {"code": "unknown"},
        {"client_id": None},
        {"client_id": "other"},
        {"redirect_uri": f"{CALLBACK}?x=1"},
        {"code_verifier": "w" * 43},
        {"code_verifier": "v" * 42},
        {"code_verifier": "v" * 42 + "\n"},
    ],
    ids=repr,
)
async def test_a_code_is_for_the_client_that_began(flow: Flow, changes: dict[str, str]) -> None:
    flow.issuer.add_client("other", redirect_uris=[CALLBACK])
    code = (await flow.redirected())["code"]
    assert error(await flow.redeem(code, **changes)) == (400, "invalid_grant")


@pytest.mark.parametrize("missing", ["code", "redirect_uri", "code_verifier"])
async def test_a_token_request_lacks_nothing(flow: Flow, missing: str) -> None:
    code = (await flow.redirected())["code"]
    assert error(await flow.redeem(code, **{missing: None})) == (400, "invalid_request")


async def test_a_code_is_good_for_a_minute(flow: Flow, clock: Clock) -> None:
    code = (await flow.redirected())["code"]
    clock.now += 59.9
    assert (await flow.redeem(code)).status_code == 200
    code = (await flow.redirected())["code"]
    clock.now += 60
    assert error(await flow.redeem(code)) == (400, "invalid_grant")


async def test_a_code_is_good_once_and_brought_again_it_ends_its_tokens(flow: Flow) -> None:
    code = (await flow.redirected(scope="mcp:read offline_access"))["code"]
    refresh_token = (await flow.redeem(code)).json()["refresh_token"]
    assert flow.issuer.granted_by(refresh_token) is not None
    assert error(await flow.redeem(code)) == (400, "invalid_grant")
    assert flow.issuer.granted_by(refresh_token) is None


# Refresh tokens.


async def test_offline_access_gives_a_refresh_token_that_is_good_once(flow: Flow) -> None:
    answer = await flow.tokens(scope="mcp:read offline_access", resource=[API, OTHER])
    form = {"grant_type": "refresh_token", "client_id": "spa"}
    first = answer["refresh_token"]
    second = await flow.post(**form, refresh_token=first, resource=API)
    assert claims(second.json())["aud"] == API
    third = await flow.post(**form, refresh_token=second.json()["refresh_token"])
    assert claims(third.json())["aud"] == [API, OTHER]
    assert third.json()["scope"] == "mcp:read offline_access"
    assert error(await flow.post(**form, refresh_token=first)) == (400, "invalid_grant")
    last = third.json()["refresh_token"]
    assert error(await flow.post(**form, refresh_token=last)) == (400, "invalid_grant")


async def test_a_refresh_asks_for_no_other_resource_than_was_granted(flow: Flow) -> None:
    answer = await flow.tokens(scope="mcp:read offline_access", resource=API)
    form = {"grant_type": "refresh_token", "client_id": "spa"}
    refused = await flow.post(**form, refresh_token=answer["refresh_token"], resource=OTHER)
    assert error(refused) == (400, "invalid_target")


# The page.


async def click(flow: Flow, **form: str) -> httpx.Response:
    page = await flow.authorize(scope="mcp:read")
    assert page.status_code == 200
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    ticket = re.search(r'name="ticket" value="([^"]+)"', page.text)
    assert ticket is not None
    query = {**flow.query, "scope": form.pop("scope", "mcp:read")}
    form = {"ticket": ticket[1], "username": "alice", "decision": "allow", **form}
    async with flow.issuer.http_client() as client:
        return await client.post(f"{flow.issuer.url}authorize", params=query, data=form)


async def test_a_person_may_click(flow: Flow) -> None:
    flow.issuer.authorization.consent = "page"
    response = await click(flow, username="bob")
    assert response.status_code == 303
    answer = await flow.redeem(flow.parameters(response)["code"])
    assert claims(answer.json())["sub"] == "b1"


@pytest.mark.parametrize(
    "form",
    [{"decision": "deny"}, {"username": "nobody"}, {"ticket": "another"}, {"scope": "mcp:write"}],
    ids=repr,
)
async def test_what_nobody_allowed_is_denied(flow: Flow, form: dict[str, str]) -> None:
    flow.issuer.authorization.consent = "page"
    assert flow.parameters(await click(flow, **form))["error"] == "access_denied"


async def test_a_page_shows_a_name_and_runs_none(flow: Flow) -> None:
    flow.issuer.authorization.consent = "page"
    flow.issuer.add_client("<script>alert(1)</script>", redirect_uris=[CALLBACK])
    page = await flow.authorize(client_id="<script>alert(1)</script>", scope=None)
    assert "<script>" not in page.text
    assert "&lt;script&gt;" in page.text
    assert f"{API}, {OTHER}" in page.text
    assert "Scopes: none" in page.text


async def test_the_page_comes_with_the_user_first_who_is_logged_in(flow: Flow) -> None:
    flow.issuer.authorization.consent = "page"
    flow.issuer.authorization.user = "bob"
    page = await flow.authorize(resource=API)
    assert page.text.index("bob") < page.text.index("alice")
    assert OTHER not in page.text


# Faults.


async def test_a_refusal_by_order_ends_when_it_is_told_to(flow: Flow) -> None:
    flow.issuer.authorization.refuse("temporarily_unavailable", times=2)
    answers = [await flow.redirected() for _ in range(3)]
    codes = [answer.get("error") for answer in answers]
    assert codes == ["temporarily_unavailable", "temporarily_unavailable", None]
    flow.issuer.token.refuse("invalid_client")
    for _ in range(2):
        assert error(await flow.redeem((await flow.redirected())["code"]))[0] == 401
    flow.issuer.token.recover()
    await flow.tokens()


async def test_an_answer_can_be_bent(flow: Flow) -> None:
    """RFC 9207: mix-up, a state of another request; a token response that forgets a member."""
    flow.issuer.authorization.bend(iss="https://attacker.example/", state=None, times=1)
    bent = await flow.redirected()
    assert (bent["iss"], "state" in bent) == ("https://attacker.example/", False)
    assert (await flow.redirected())["iss"] == "https://id.example/"
    flow.issuer.token.bend(token_type="N_A", scope=None)
    answer = await flow.tokens()
    assert (answer["token_type"], "scope" in answer) == ("N_A", False)


async def test_the_endpoints_fail_and_count_as_the_others_do(flow: Flow) -> None:
    flow.issuer.authorization.fail(503, times=1)
    assert (await flow.authorize()).status_code == 503
    flow.issuer.token.fail(500)
    code = (await flow.redirected())["code"]
    assert (await flow.redeem(code)).status_code == 500
    assert (flow.issuer.authorization.count, flow.issuer.token.count) == (2, 1)
    flow.issuer.authorization.consent = "page"
    flow.issuer.authorization.user = "bob"
    flow.issuer.reset()
    assert (flow.issuer.authorization.count, flow.issuer.token.count) == (0, 0)
    assert claims(await flow.tokens())["sub"] == "a1"
