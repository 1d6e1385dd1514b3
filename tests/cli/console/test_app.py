"""The console over real sockets: each of its requests, and the stream of states."""

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from asgi_jwks.cli.console.shapes import FORGERIES, SHAPES
from asgi_jwks.cli.no_tls import no_tls
from asgi_jwks.testing import MockIssuer, forge


class Page:
    """The page's requests, without a browser."""

    def __init__(self, url: str, client: httpx.Client, issuer: MockIssuer) -> None:
        self.url = url
        self.client = client
        self.issuer = issuer
        self.token = url.rpartition("=")[2]
        self.origin = url.partition("/?")[0]

    def post(self, path: str, wanted: object) -> httpx.Response:
        headers = {"x-console-token": self.token}
        return self.client.post(f"{self.origin}/{path}", json=wanted, headers=headers)

    def done(self, at: str, /, **wanted: object) -> dict[str, Any]:
        answer = self.post(at, wanted)
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def mint(self, **wanted: object) -> str:
        usual = {"shape": "Auth0, a user", "forgery": "as it is", "scopes": "read:messages"}
        more = {"lifetime": 3600, "claims": {}, "header": {}}
        return str(self.done("mint", **{**usual, **more, **wanted})["token"])

    def send(self, token: str, path: str = "/me") -> dict[str, Any]:
        return self.done("send", token=token, path=path)

    def state(self) -> dict[str, Any]:
        url = f"{self.origin}/events?token={self.token}"
        with self.client.stream("GET", url) as stream:
            line = next(stream.iter_lines())
        state: dict[str, Any] = json.loads(line.removeprefix("data: "))
        return state


@pytest.fixture
def own_page(console: Any) -> Iterator[Page]:
    with httpx.Client(trust_env=False, verify=no_tls(), timeout=30) as client:
        yield Page(console.url, client, console.issuer)


@pytest.fixture(scope="module")
def page(shared_console: Any) -> Iterator[Page]:
    """The page of a console that no case changes."""
    with httpx.Client(trust_env=False, verify=no_tls(), timeout=30) as client:
        yield Page(shared_console.url, client, shared_console.issuer)


def test_the_page_and_its_files_are_there(page: Page) -> None:
    """Issue 15: plain HTML, CSS and a little script, no external asset."""
    told = page.client.get(page.url)
    assert told.headers["content-type"] == "text/html; charset=utf-8"
    assert "http:" not in told.text
    assert "https:" not in told.text
    for name in ("console.css", "console.js", "icon.svg"):
        assert f"/static/{name}" in told.text
        assert page.client.get(f"{page.origin}/static/{name}").status_code == 200
    assert page.client.get(f"{page.origin}/static/../app.py").status_code in {401, 404}
    assert urlsplit(page.url).hostname == "127.0.0.1"
    assert len(page.token) >= 43


def test_without_the_token_there_is_nothing_but_files(page: Page) -> None:
    for path in ("", "choices", "events"):
        assert page.client.get(f"{page.origin}/{path}").status_code == 401
    assert page.client.post(f"{page.origin}/mint?token={page.token}", json={}).status_code == 401


def test_the_choices_are_told(page: Page) -> None:
    headers = {"x-console-token": page.token}
    choices = page.client.get(f"{page.origin}/choices", headers=headers).json()
    assert choices["shapes"] == list(SHAPES)
    assert choices["forgeries"] == list(FORGERIES)
    assert choices["paths"] == ["/me", "/messages"]
    assert choices["faults"]["hang"]


@pytest.mark.parametrize("shape", SHAPES)
def test_a_token_of_each_shape_is_accepted_if_it_is_an_access_token(shape: str, page: Page) -> None:
    """Issue 15: mint a token with chosen claims and provider shape."""
    token = page.mint(shape=shape, claims={"team": "blue", "iat": None}, header={"x": 1})
    parts = forge.split(token)
    assert parts.claims["team"] == "blue"
    assert "iat" not in parts.claims
    assert parts.header_members["x"] == 1
    sent = page.send(token)
    is_other = shape in {"an ID token", "a refresh token"}
    assert sent["status"] == (401 if is_other else 200)
    assert (sent["challenge"] is not None) is is_other
    assert (sent["advice"] is not None) is is_other


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forgery_is_refused_with_its_explanation(forgery: str, page: Page) -> None:
    """Issue 15: the answer, its challenge and the explanation side by side."""
    sent = page.send(page.mint(forgery=forgery))
    if forgery == "as it is":
        assert (sent["status"], sent["reason"], sent["fetches"]) == (200, None, 0)
    else:
        assert sent["status"] == 401
        assert 'error="invalid_token"' in sent["challenge"]
        assert sent["reason"] in {"bad_signature", "unknown_key", "algorithm_not_allowed"}
        assert len(sent["advice"]) > 40


def test_a_request_without_a_token_and_one_without_the_scope(page: Page) -> None:
    assert page.send("")["status"] == 401
    assert page.send(page.mint(scopes=""), "/messages")["status"] == 403
    assert page.send(page.mint(), "/messages")["status"] == 200


def test_a_key_is_rotated_distrusted_trusted_and_withdrawn(own_page: Page) -> None:
    """Issue 15: rotate, distrust."""
    old, kid = own_page.mint(), own_page.issuer.signing_key.kid
    assert own_page.send(old)["status"] == 200
    own_page.done("keys", way="rotate", kid="")
    assert own_page.send(own_page.mint())["status"] == 200
    first, second = own_page.state()["keys"]
    assert (first["signs"], second["signs"]) == (False, True)
    assert first["at_hand"]
    assert second["at_hand"]
    own_page.done("keys", way="distrust", kid=kid)
    assert own_page.send(old)["status"] == 401
    assert own_page.state()["keys"][0]["distrusted"]
    own_page.done("keys", way="trust_again", kid=kid)
    assert own_page.send(old)["status"] == 200
    own_page.done("keys", way="withdraw", kid=kid)
    assert len(own_page.state()["keys"]) == 1


@pytest.mark.parametrize("way", ["prepare", "swap", "reissue", "restore"])
def test_keys_change_in_other_ways_too(way: str, own_page: Page) -> None:
    own_page.done("keys", way=way, kid="")
    assert f"Keys: {way}." in own_page.state()["entries"][-1]["text"]


def test_the_key_set_goes_through_its_phases(own_page: Page) -> None:
    """Issue 15: fresh, due, stale, expired, with fetches and refusals, live."""
    token = own_page.mint(lifetime=86_400)
    assert own_page.send(token)["status"] == 200
    state = own_page.state()
    assert (state["phase"], state["lifetime"], state["max_stale"]) == ("fresh", 600, 3600)
    own_page.done("fault", text="jwks:fail:503")
    own_page.done("clock", seconds=660)
    assert own_page.state()["phase"] == "stale"
    assert own_page.send(token)["status"] == 200
    state = own_page.state()
    assert state["faults"] == {"jwks": "jwks:fail:503"}
    assert state["failures"] > 0
    assert "503" in state["last_error"]
    own_page.done("clock", seconds=7200)
    assert own_page.state()["phase"] == "expired"
    sent = own_page.send(token)
    assert sent["status"] == 503
    assert sent["retry_after"]
    assert sent["reason"] is None
    assert sent["advice"]
    own_page.done("mend", endpoint="jwks")
    own_page.done("mend", endpoint="jwks")
    own_page.done("clock", seconds=300)
    assert own_page.send(token)["status"] == 200
    state = own_page.state()
    assert state["faults"] == {}
    kinds = {entry["kind"] for entry in state["entries"]}
    assert kinds >= {"fetched", "failed", "phase", "request", "act"}


def test_the_cache_control_of_the_set_decides_how_long_it_is_fresh(own_page: Page) -> None:
    own_page.done("cache-control", value="max-age=300")
    assert own_page.issuer.jwks.cache_control == "max-age=300"
    assert own_page.state()["lifetime"] == 300
    own_page.done("cache-control", value=None)
    assert own_page.issuer.jwks.cache_control is None


@pytest.mark.parametrize(
    ("path", "wanted", "words"),
    [
        ("mint", {}, "a JSON object of shape"),
        ("mint", [], "a JSON object of shape"),
        ("send", {"token": "a", "path": "//evil.example/"}, "not one of the choices"),
        ("send", {"token": "a\nb", "path": "/me"}, "could not be sent"),
        ("send", {"token": 7, "path": "/me"}, "a JSON object of token, path"),
        ("send", {"token": "a", "path": "/me", "more": 1}, "a JSON object of token, path"),
        ("keys", {"way": "nonsense", "kid": ""}, "There are rotate"),
        ("keys", {"way": "withdraw", "kid": "x"}, "no published key has the kid 'x'"),
        ("keys", {"way": "distrust", "kid": None}, "a JSON object of way, kid"),
        ("fault", {"text": "jwks:nonsense"}, "is not a fault"),
        ("clock", {"seconds": -1}, "set forward by up to"),
        ("clock", {"seconds": True}, "a JSON object of seconds"),
        ("clock", {"seconds": 1e9}, "set forward by up to"),
        ("cache-control", {"value": "a\r\nb: c"}, "printable ASCII"),
    ],
)
def test_a_wrong_request_is_answered_with_a_sentence(
    path: str, wanted: object, words: str, page: Page
) -> None:
    """A11: nothing of a wrong shape ends as a 500."""
    answer = page.post(path, wanted)
    assert answer.status_code == 400
    assert words in answer.json()["error"]


@pytest.mark.parametrize(
    "change", [{"shape": "x"}, {"forgery": "x"}, {"lifetime": 1e12}, {"lifetime": "x"}]
)
def test_a_token_is_minted_of_the_choices_alone(change: dict[str, object], page: Page) -> None:
    usual = {"shape": "Okta", "forgery": "as it is", "scopes": "", "lifetime": 60}
    answer = page.post("mint", {**usual, "claims": {}, "header": {}, **change})
    assert answer.status_code == 400


def test_a_body_is_json_and_bounded(page: Page) -> None:
    headers = {"x-console-token": page.token}
    url = f"{page.origin}/clock"
    plain = page.client.post(url, content=b'{"seconds": 1}', headers=headers)
    assert "application/json" in plain.json()["error"]
    headers["content-type"] = "application/json"
    for body in (b"{", b"[" * 50_000, b'{"seconds": NaN}', b"\xff"):
        assert page.client.post(url, content=body, headers=headers).status_code == 400
    large = page.client.post(url, content=b" " * 70_000, headers=headers)
    assert "up to 65536 bytes" in large.json()["error"]


def test_a_stream_tells_of_news_and_the_number_of_streams_is_bounded(own_page: Page) -> None:
    """Issue 15: live, by server-sent events."""
    url = f"{own_page.origin}/events?token={own_page.token}"
    with own_page.client.stream("GET", url) as stream:
        lines = (line for line in stream.iter_lines() if line)
        before = json.loads(next(lines).removeprefix("data: "))
        own_page.done("keys", way="rotate", kid="")
        # Two states are on their way at most before the one with the news.
        states = (json.loads(line.removeprefix("data: ")) for line in islice(lines, 3))
        assert len(before["keys"]) == 1
        assert any(len(state["keys"]) == 2 for state in states)
        with httpx.Client(trust_env=False, verify=no_tls(), timeout=30) as other:
            opened = [other.send(other.build_request("GET", url), stream=True) for _ in range(8)]
            statuses = [response.status_code for response in opened]
            for response in opened:
                response.close()
    assert statuses == [200] * 7 + [503]
