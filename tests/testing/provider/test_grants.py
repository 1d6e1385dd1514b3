"""The token endpoint: RFC 6749, sections 4.3, 4.4, 5 and 6, over a real connection."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from tests.support.clock import EPOCH, Clock

from asgi_jwks.testing import MockIssuer, forge

API = "https://api.example.com"
ALICE = {"grant_type": "password", "username": "alice", "password": "wonderland"}


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock(EPOCH)


@pytest.fixture(scope="module")
def provider(clock: Clock) -> Iterator[MockIssuer]:
    issuer = MockIssuer(clock=clock, access_lifetime=900, algorithm="ES256")
    issuer.add_user("bob", "builder", scopes="read:all", user_id=7, user_type="admin")
    issuer.add_client("cron", "s3:cret", scopes=["read:all", "write:all"], permissions=["p"])
    issuer.add_client("spa")
    with issuer.serve():
        yield issuer


@pytest.fixture(scope="module")
def http(provider: MockIssuer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=provider.url) as client:
        yield client


def claims(response: httpx.Response) -> dict[str, Any]:
    assert response.status_code == 200, response.text
    assert response.headers["cache-control"] == "no-store"
    return forge.split(response.json()["access_token"]).claims


def error(response: httpx.Response) -> tuple[int, str]:
    assert response.headers["cache-control"] == "no-store"
    assert response.json().keys() == {"error", "error_description"}
    return response.status_code, response.json()["error"]


@pytest.mark.parametrize("path", ["token", "oauth/token"])
def test_a_client_gets_a_token_for_itself(http: httpx.Client, path: str) -> None:
    response = http.post(path, data={"grant_type": "client_credentials"}, auth=("cron", "s3:cret"))
    body = response.json()
    assert body.keys() == {"access_token", "token_type", "expires_in", "scope"}
    assert body["token_type"] == "Bearer"
    assert body["expires_in"] == 900
    assert body["scope"] == "read:all write:all"
    token = claims(response)
    assert token["sub"] == "cron@clients"
    assert token["gty"] == "client-credentials"
    assert token["aud"] == API
    assert token["permissions"] == ["p"]
    assert token["exp"] - token["iat"] == 900


def test_a_client_may_authenticate_in_the_body(http: httpx.Client) -> None:
    form = {
        "grant_type": "client_credentials",
        "client_id": "cron",
        "client_secret": "s3:cret",
        "audience": API,
        "scope": "write:all",
    }
    assert claims(http.post("token", data=form))["scope"] == "write:all"


def test_a_user_gets_an_access_token_and_a_refresh_token(
    http: httpx.Client, provider: MockIssuer
) -> None:
    response = http.post("token", data={**ALICE, "username": "bob", "password": "builder"})
    token = claims(response)
    assert token["aud"] == [API, f"{provider.url}userinfo"]
    assert token["scope"] == "read:all"
    assert (token["user_id"], token["user_type"]) == (7, "admin")
    refresh: dict[str, Any] = forge.split(response.json()["refresh_token"]).claims
    assert refresh["typ"] == "Refresh"
    assert refresh["aud"] == provider.issuer
    assert refresh["exp"] - refresh["iat"] == 7 * 86_400


def test_a_refresh_token_buys_the_same_claims_for_another_quarter_of_an_hour(
    http: httpx.Client, clock: Clock
) -> None:
    first = http.post("token", data={**ALICE, "username": "bob", "password": "builder"})
    form = {"grant_type": "refresh_token", "refresh_token": first.json()["refresh_token"]}
    clock.now += 3600
    again = http.post("token", data=form)
    assert "refresh_token" not in again.json()
    before, after = claims(first), claims(again)
    assert after.pop("iat") == before.pop("iat") + 3600
    assert after.pop("exp") == before.pop("exp") + 3600
    assert after == before


def test_a_refresh_token_may_buy_fewer_scopes_and_never_more(http: httpx.Client) -> None:
    refresh_token = http.post("token", data=ALICE).json()["refresh_token"]
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
    assert claims(http.post("token", data={**form, "scope": "openid"}))["scope"] == "openid"
    assert claims(http.post("token", data=form))["scope"] == "openid profile email"
    assert error(http.post("token", data={**form, "scope": "admin"})) == (400, "invalid_scope")


def test_a_minted_refresh_token_is_accepted_with_its_claims(
    http: httpx.Client, provider: MockIssuer
) -> None:
    refresh_token = provider.refresh_token(subject="carol", scopes="a", session_id="s1")
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
    token = claims(http.post("token", data=form))
    assert (token["sub"], token["scope"], token["session_id"]) == ("carol", "a", "s1")


def test_an_expired_revoked_or_unknown_refresh_token_is_an_invalid_grant(
    http: httpx.Client, provider: MockIssuer, clock: Clock
) -> None:
    expired = provider.refresh_token(lifetime=10)
    revoked = provider.refresh_token()
    provider.revoke(revoked)
    provider.revoke("never existed")
    clock.now += 10
    for token in (expired, revoked, "unknown", provider.access_token()):
        form = {"grant_type": "refresh_token", "refresh_token": token}
        assert error(http.post("token", data=form)) == (400, "invalid_grant")


def test_a_refresh_token_is_of_use_to_its_own_client_only(
    http: httpx.Client, provider: MockIssuer
) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": provider.refresh_token()}
    theirs = http.post("token", data=form, auth=("cron", "s3:cret"))
    assert error(theirs) == (400, "invalid_grant")
    own = http.post("token", data=form, auth=("mock-client", "mock-secret"))
    assert own.status_code == 200


def test_a_client_with_a_secret_brings_it_to_refresh(
    http: httpx.Client, provider: MockIssuer
) -> None:
    """RFC 6749, section 6: whoever stole the refresh token cannot use it without the secret."""
    cron = ("cron", "s3:cret")
    of_a_login = http.post("token", data=ALICE, auth=cron).json()["refresh_token"]
    for refresh_token in (of_a_login, provider.refresh_token(client_id="cron")):
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        assert error(http.post("token", data=form)) == (401, "invalid_client")
        assert claims(http.post("token", data=form, auth=cron))["azp"] == "cron"


@pytest.mark.parametrize("client_id", ["spa", "unregistered"])
def test_a_client_without_a_secret_refreshes_by_its_token_alone(
    http: httpx.Client, provider: MockIssuer, client_id: str
) -> None:
    form = {
        "grant_type": "refresh_token",
        "refresh_token": provider.refresh_token(client_id=client_id),
    }
    assert claims(http.post("token", data=form))["azp"] == client_id


def test_refresh_tokens_can_be_good_for_once() -> None:
    issuer = MockIssuer(refresh_tokens="once", algorithm="ES256")
    with issuer.serve() as url:
        used = []
        for _ in range(2):
            used.append(httpx.post(f"{url}token", data=ALICE).json()["refresh_token"])
            form = {"grant_type": "refresh_token", "refresh_token": used[-1]}
            form["refresh_token"] = httpx.post(f"{url}token", data=form).json()["refresh_token"]
            form["refresh_token"] = httpx.post(f"{url}token", data=form).json()["refresh_token"]
        replayed = {"grant_type": "refresh_token", "refresh_token": used[0]}
        assert error(httpx.post(f"{url}token", data=replayed)) == (400, "invalid_grant")
        # The other login goes on; of this one, a used token that comes back ends them all.
        assert issuer.granted_by(form["refresh_token"]) is not None
        assert issuer.granted_by(used[1]) is None
        assert error(httpx.post(f"{url}token", data=form)) == (400, "invalid_grant")


def test_another_word_for_refresh_tokens_is_not_taken_for_once() -> None:
    with pytest.raises(ValueError, match='"reusable" or "once"; got \'one\''):
        MockIssuer(refresh_tokens="one", algorithm="ES256")  # type: ignore[arg-type]  # the mistake


@pytest.mark.parametrize(
    ("lifetime", "expires_in"), [(900.0, "900"), (0.5, "0"), (-60, "0")], ids=str
)
def test_a_lifetime_is_a_whole_number_of_seconds(lifetime: float, expires_in: str) -> None:
    issuer = MockIssuer(access_lifetime=lifetime, algorithm="ES256")
    with issuer.serve() as url:
        answer = httpx.post(f"{url}token", data=ALICE)
    assert f'"expires_in":{expires_in},' in answer.text


def test_a_public_client_is_named_by_its_id_alone(http: httpx.Client) -> None:
    assert claims(http.post("token", data={**ALICE, "client_id": "spa"}))["azp"] == "spa"
    form = {"grant_type": "client_credentials", "client_id": "spa"}
    assert error(http.post("token", data=form)) == (401, "invalid_client")


@pytest.mark.parametrize(
    "authorization",
    [
        "Basic Y3Jvbjp3cm9uZw==",  # cron:wrong
        "Basic bm9ib2R5Og==",  # nobody:
        "Basic Y3Jvbg==",  # cron, and no colon
        "Basic !",
        "Bearer abc",
    ],
)
def test_a_client_that_fails_to_authenticate_is_challenged(
    http: httpx.Client, authorization: str
) -> None:
    form = {"grant_type": "client_credentials"}
    response = http.post("token", data=form, headers={"Authorization": authorization})
    assert error(response) == (401, "invalid_client")
    assert response.headers["www-authenticate"].startswith("Basic realm=")


def test_a_confidential_client_needs_its_secret(http: httpx.Client) -> None:
    form = {"grant_type": "client_credentials", "client_id": "cron"}
    assert error(http.post("token", data=form)) == (401, "invalid_client")
    del form["client_id"]
    assert error(http.post("token", data=form)) == (401, "invalid_client")


@pytest.mark.parametrize("wrong", [{"username": "nobody"}, {"password": "wrong"}])
def test_a_wrong_name_or_password_is_an_invalid_grant(
    http: httpx.Client, wrong: dict[str, str]
) -> None:
    assert error(http.post("token", data={**ALICE, **wrong})) == (400, "invalid_grant")


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({}, "invalid_request"),
        ({"grant_type": ""}, "invalid_request"),
        ({"grant_type": "password"}, "invalid_request"),
        ({"grant_type": "password", "username": "alice"}, "invalid_request"),
        ({"grant_type": "refresh_token"}, "invalid_request"),
        ({"grant_type": ["password", "password"]}, "invalid_request"),
        ({"grant_type": "authorization_code"}, "invalid_request"),
        ({"grant_type": "authorization_code", "code": "x"}, "invalid_grant"),
        ({"grant_type": "implicit"}, "unsupported_grant_type"),
        ({**ALICE, "scope": "admin"}, "invalid_scope"),
        ({**ALICE, "audience": "https://other.example"}, "invalid_request"),
    ],
)
def test_a_request_that_cannot_be_granted_names_the_error(
    http: httpx.Client, form: dict[str, Any], code: str
) -> None:
    assert error(http.post("token", data=form)) == (400, code)


def test_a_client_that_authenticates_twice_is_refused(http: httpx.Client) -> None:
    form = {"grant_type": "client_credentials", "client_secret": "s3:cret"}
    response = http.post("token", data=form, auth=("cron", "s3:cret"))
    assert error(response) == (400, "invalid_request")


def test_only_a_valid_form_is_read(http: httpx.Client) -> None:
    assert error(http.post("token", json=ALICE)) == (400, "invalid_request")
    form = "application/x-www-form-urlencoded; charset=utf-8"
    for content in (b"\xff", b"a=b&" * 101):
        broken = http.post("token", content=content, headers={"Content-Type": form})
        assert error(broken) == (400, "invalid_request")


def test_an_api_of_several_can_be_asked_for() -> None:
    issuer = MockIssuer(audience=["https://a", "https://b"], algorithm="ES256")
    with issuer.serve() as url:
        form = {"grant_type": "client_credentials"}
        secret = ("mock-client", "mock-secret")
        both = httpx.post(f"{url}token", data=form, auth=secret)
        assert claims(both)["aud"] == ["https://a", "https://b"]
        one = httpx.post(f"{url}token", data={**form, "audience": "https://b"}, auth=secret)
        assert claims(one)["aud"] == "https://b"
