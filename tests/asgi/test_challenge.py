"""Challenges and bodies, read back by a parser that was written from the RFC."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.immutability import assert_immutable

from asgi_jwks import (
    ConfigurationError,
    InsufficientScope,
    InvalidKeySet,
    InvalidRequest,
    InvalidToken,
    KeySetUnavailable,
    MissingToken,
    Reason,
    RequestError,
    TemporarilyUnavailable,
)
from asgi_jwks.asgi import challenge
from asgi_jwks.asgi.challenge import Challenges, Refusal
from asgi_jwks.asgi.refusal_content import RefusalContent

ChallengesOf = Callable[[str], list[tuple[str, dict[str, str]]]]

# RFC 6750, section 3: what a value of a challenge may consist of.
VALUES = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E, exclude_characters='"\\'))
INVALID_TOKEN_REASONS = [
    reason
    for reason in Reason
    if reason
    not in {
        Reason.MISSING_TOKEN,
        Reason.REPEATED_CREDENTIALS,
        Reason.INVALID_CREDENTIALS,
        Reason.TOKEN_TOO_LARGE,
        Reason.INSUFFICIENT_SCOPE,
    }
]
ERRORS: list[RequestError] = [
    MissingToken(),
    InvalidRequest(Reason.REPEATED_CREDENTIALS),
    InvalidRequest(Reason.INVALID_CREDENTIALS),
    InvalidRequest(Reason.TOKEN_TOO_LARGE),
    InsufficientScope("read:messages", "write:messages"),
    *(InvalidToken(reason) for reason in INVALID_TOKEN_REASONS),
]


def fields(refusal: Refusal) -> dict[str, str]:
    pairs = [(name.decode("ascii"), value.decode("ascii")) for name, value in refusal.headers]
    assert len({name for name, _ in pairs}) == len(pairs)
    return dict(pairs)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.reason)
class TestEveryRefusal:
    def test_it_carries_one_challenge_with_a_realm(
        self, error: RequestError, challenges_of: ChallengesOf
    ) -> None:
        """B1"""
        field = fields(Challenges(realm="my api").refusal(error))["www-authenticate"]
        [(scheme, parameters)] = challenges_of(field)
        assert scheme == "bearer"
        assert parameters["realm"] == "my api"

    def test_its_error_is_that_of_the_rfc(
        self, error: RequestError, challenges_of: ChallengesOf
    ) -> None:
        """B2, B3"""
        refusal = Challenges().refusal(error)
        [(_, parameters)] = challenges_of(fields(refusal)["www-authenticate"])
        expected = {
            400: "invalid_request",
            401: "invalid_token",
            403: "insufficient_scope",
        }[refusal.status]
        if isinstance(error, MissingToken):
            assert refusal.status == 401
            assert parameters.keys() == {"realm"}
        else:
            assert parameters["error"] == expected
            assert parameters["error_description"] == error.reason.phrase

    def test_its_values_need_no_escaping(
        self, error: RequestError, challenges_of: ChallengesOf
    ) -> None:
        """B4"""
        [(_, parameters)] = challenges_of(fields(Challenges().refusal(error))["www-authenticate"])
        assert all(
            re.fullmatch(r"[\x20-\x21\x23-\x5B\x5D-\x7E]+", value) for value in parameters.values()
        )

    def test_its_body_says_the_same_and_is_not_stored(self, error: RequestError) -> None:
        """B6"""
        refusal = Challenges().refusal(error)
        headers = fields(refusal)
        assert headers["content-type"] == "application/json"
        assert headers["content-length"] == str(len(refusal.body))
        assert headers["cache-control"] == "no-store"
        assert headers.keys() == {
            "content-type",
            "content-length",
            "cache-control",
            "www-authenticate",
        }
        assert json.loads(refusal.body) == {
            "error": error.error or "missing_token",
            "error_description": error.reason.phrase,
        }

    def test_no_detail_of_it_reaches_the_client(self, error: RequestError) -> None:
        """B5"""
        if isinstance(error, MissingToken):
            secret: RequestError = MissingToken("SECRET")
        elif isinstance(error, InsufficientScope):
            secret = InsufficientScope(*error.scopes, detail="SECRET")
        else:
            secret = type(error)(error.reason, "SECRET")
        assert Challenges().refusal(secret) == Challenges().refusal(error)


class TestScopes:
    def test_the_challenge_names_what_is_needed(self, challenges_of: ChallengesOf) -> None:
        """B3"""
        refusal = Challenges().refusal(InsufficientScope("read:a", "write:b"))
        [(_, parameters)] = challenges_of(fields(refusal)["www-authenticate"])
        assert refusal.status == 403
        assert parameters["scope"] == "read:a write:b"

    @pytest.mark.parametrize("scope", ["", "a b", 'a"', "a\\", "ä", "a\n", "\x7f", "\0"])
    def test_what_cannot_stand_in_one_is_left_out(
        self, scope: str, challenges_of: ChallengesOf
    ) -> None:
        """B4"""
        for scopes, expected in (([scope], None), ([scope, "ok"], "ok")):
            refusal = Challenges().refusal(InsufficientScope(*scopes))
            [(_, parameters)] = challenges_of(fields(refusal)["www-authenticate"])
            assert parameters.get("scope") == expected

    def test_without_any_there_is_no_scope(self, challenges_of: ChallengesOf) -> None:
        [(_, parameters)] = challenges_of(
            fields(Challenges().refusal(InsufficientScope()))["www-authenticate"]
        )
        assert "scope" not in parameters


class TestOutages:
    @pytest.mark.parametrize(
        ("retry_after", "field"), [(1.0, "1"), (0.2, "1"), (29.01, "30"), (30, "30"), (0.0, "0")]
    )
    def test_our_own_fault_is_503_without_a_word_about_the_token(
        self, retry_after: float, field: str
    ) -> None:
        """B7"""
        error = KeySetUnavailable("SECRET https://internal.example", retry_after=retry_after)
        refusal = Challenges().refusal(error)
        headers = fields(refusal)
        assert refusal.status == 503
        assert headers["retry-after"] == field
        assert headers["content-length"] == str(len(refusal.body))
        assert headers["cache-control"] == "no-store"
        assert "www-authenticate" not in headers
        assert json.loads(refusal.body) == {
            "error": "temporarily_unavailable",
            "error_description": (
                "The access token cannot be verified at the moment; try again later"
            ),
        }
        assert b"invalid_token" not in refusal.body

    def test_all_outages_have_one_answer(self) -> None:
        """B5, B7: which of the things that we depend on is down is not a client's business."""

        class ResolverUnavailable(TemporarilyUnavailable):
            """An outage of another room."""

        outages = (
            KeySetUnavailable("a", retry_after=5),
            InvalidKeySet("b", retry_after=5),
            ResolverUnavailable("c", retry_after=5),
            TemporarilyUnavailable("d", retry_after=5),
        )
        assert len({Challenges().refusal(outage) for outage in outages}) == 1


class TestConfiguration:
    def test_the_default_realm(self) -> None:
        """B1"""
        refusal = Challenges().refusal(MissingToken())
        assert fields(refusal)["www-authenticate"] == 'Bearer realm="api"'

    def test_metadata_for_clients_that_discover(self, challenges_of: ChallengesOf) -> None:
        url = "https://api.example.com/.well-known/oauth-protected-resource"
        refusal = Challenges(resource_metadata=url).refusal(MissingToken())
        [(_, parameters)] = challenges_of(fields(refusal)["www-authenticate"])
        assert parameters == {"realm": "api", "resource_metadata": url}

    @pytest.mark.parametrize("option", ["realm", "resource_metadata"])
    @pytest.mark.parametrize("value", ["", 'a"b', "a\\b", "a\nb", "ä", "\x7f", "a\r\nx: y"])
    def test_what_cannot_stand_in_a_challenge(self, option: str, value: str) -> None:
        """B4, F14"""
        wrong: Any = {option: value}
        with pytest.raises(ConfigurationError, match=f"{option} must be printable ASCII"):
            Challenges(**wrong)

    def test_refusals_are_built_once(self) -> None:
        challenges = Challenges()
        first = challenges.refusal(InvalidToken(Reason.EXPIRED, "a"))
        assert challenges.refusal(InvalidToken(Reason.EXPIRED, "b")) is first
        assert challenges.refusal(InvalidToken(Reason.MALFORMED)) is not first


@given(realm=VALUES.filter(bool), scopes=st.lists(VALUES), reason=st.sampled_from(list(Reason)))
def test_whatever_is_meant_is_what_a_client_reads(
    challenges_of: ChallengesOf, realm: str, scopes: list[str], reason: Reason
) -> None:
    """B1, B4"""
    challenges = Challenges(realm=realm)
    [(scheme, parameters)] = challenges_of(
        fields(challenges.refusal(InsufficientScope(*scopes)))["www-authenticate"]
    )
    named = [scope for scope in scopes if scope and " " not in scope]
    assert scheme == "bearer"
    assert parameters == {
        "realm": realm,
        "error": "insufficient_scope",
        "error_description": Reason.INSUFFICIENT_SCOPE.phrase,
        **({"scope": " ".join(named)} if named else {}),
    }
    [(_, parameters)] = challenges_of(
        fields(challenges.refusal(InvalidToken(reason)))["www-authenticate"]
    )
    assert parameters["error_description"] == reason.phrase


@given(realm=st.text())
def test_a_realm_is_refused_or_read_back(challenges_of: ChallengesOf, realm: str) -> None:
    """B4"""
    try:
        challenges = Challenges(realm=realm)
    except ConfigurationError:
        return
    field = fields(challenges.refusal(MissingToken()))["www-authenticate"]
    assert challenges_of(field) == [("bearer", {"realm": realm})]


def test_a_refusal_is_an_immutable_value() -> None:
    """All requests that are refused for one reason share it."""
    refusal = Refusal(401, (), b"")
    assert_immutable(refusal)
    assert {refusal: "as a key"}


class TestBodiesOfTheApplicationsOwn:
    @staticmethod
    def problem(content: RefusalContent) -> dict[str, object]:
        return {
            "title": content.description,
            "code": content.error,
            "needs": content.scopes,
            "status": content.status,
            "reason": content.reason,
        }

    @pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.reason)
    def test_only_the_body_is_the_application_s(self, error: RequestError) -> None:
        """B1, B6: status and challenge are not its to choose."""
        own = Challenges(error_body=self.problem).refusal(error)
        usual = Challenges().refusal(error)
        assert own.status == usual.status
        assert fields(own)["www-authenticate"] == fields(usual)["www-authenticate"]
        assert fields(own)["cache-control"] == "no-store"
        assert fields(own)["content-length"] == str(len(own.body))
        assert json.loads(own.body) == {
            "title": error.reason.phrase,
            "code": error.error or "missing_token",
            "needs": list(error.scopes) if isinstance(error, InsufficientScope) else [],
            "status": error.status,
            "reason": error.reason.value,
        }

    def test_an_outage_is_worded_too(self) -> None:
        """B7"""
        refusal = Challenges(error_body=self.problem).refusal(KeySetUnavailable("", retry_after=9))
        assert fields(refusal)["retry-after"] == "9"
        assert json.loads(refusal.body)["code"] == "temporarily_unavailable"

    def test_it_is_not_asked_for_each_request(self) -> None:
        asked: list[RefusalContent] = []

        def body(content: RefusalContent) -> dict[str, str]:
            asked.append(content)
            return {}

        challenges = Challenges(error_body=body)
        challenges.refusal(MissingToken())
        before = len(asked)
        assert challenges.refusal(MissingToken()).body == b"{}"
        assert len(asked) == before

    @pytest.mark.parametrize(
        "body", [lambda _: "text", lambda _: {"a": {1}}, lambda _: 1 / 0, dict, "text", 5]
    )
    def test_one_that_fails_is_a_mistake_at_construction(self, body: Any) -> None:
        """A11"""
        with pytest.raises(ConfigurationError, match=r"^error_body must "):
            Challenges(error_body=body)

    def test_one_that_fails_later_leaves_the_refusal_as_it_is(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        """B9: a refusal does not become a 500."""

        def body(content: RefusalContent) -> dict[str, str]:
            return {"needs": {"read": "reading"}[content.scopes[0]]} if content.scopes else {}

        refusal = Challenges(error_body=body).refusal(InsufficientScope("write"))
        assert refusal.status == 403
        assert json.loads(refusal.body)["error"] == "insufficient_scope"
        assert "error_body failed" in caplog.text

    def test_its_content_is_an_immutable_value(self) -> None:
        assert_immutable(RefusalContent(status=401, error="", description=""))


def test_no_number_of_different_scopes_fills_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """H4: what an application makes of a stranger's fields may become the scopes of a challenge."""
    monkeypatch.setattr(challenge, "MOST_PREPARED", 10)
    challenges = Challenges()
    for number in range(20):
        missing = MissingToken()
        missing.scopes = (f"s{number}",)
        refusal = challenges.refusal(missing)
        assert (b"www-authenticate", f'Bearer realm="api", scope="s{number}"'.encode()) in (
            refusal.headers
        )
    assert len(challenges._prepared) == 10
