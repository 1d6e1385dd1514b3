"""`explain`: the procedure of `verify`, with each step told. Its oracle is `verify` itself."""

import json
import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import anyio
import httpx
import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from tests.support.examples import examples
from tests.support.explained import explained_as_verified

from asgi_jwks import (
    AccessToken,
    AccessTokenVerifier,
    ConfigurationError,
    DPoP,
    InsufficientScope,
    InvalidToken,
    ProofOfPossession,
    Reason,
    RemoteJWKSet,
    StaticJWKSet,
    TrustedIssuer,
)
from asgi_jwks.testing import MockIssuer, ProofKey, SigningKey, forge
from asgi_jwks.testing.attacks.attack import Attack
from asgi_jwks.testing.attacks.corpus import ATTACKS
from asgi_jwks.testing.attacks.hostile_keys import HostileKeys
from asgi_jwks.testing.attacks.run import target_for
from asgi_jwks.tokens.explained_steps import explanation_of
from asgi_jwks.tokens.explanation import StepStatus, Verdict
from asgi_jwks.tokens.issuers import TrustedIssuers
from asgi_jwks.tokens.trace import Trace

pytestmark = pytest.mark.anyio

NOW = 1_700_000_000
# Some attacks put keys into its set.
ATTACKED = MockIssuer(clock=lambda: NOW)
KEY = SigningKey.generate("RS256", kid="k1")
OTHER_KEY = SigningKey.generate("RS256", kid="o1")
ISSUER = MockIssuer(key=KEY, clock=lambda: NOW)
OTHER = MockIssuer(issuer="https://other.example/", key=OTHER_KEY, clock=lambda: NOW)


def verifier(*more: MockIssuer, **options: Any) -> AccessTokenVerifier:
    """One that trusts the issuer, and others."""
    trusted = [
        TrustedIssuer(
            issuer=issuer.issuer,
            audience=issuer.audience,
            **{"keys": StaticJWKSet(issuer.jwk_set()), **options},
        )
        for issuer in (ISSUER, *more)
    ]
    return AccessTokenVerifier(*trusted, clock=lambda: NOW)


def statuses(explanation: Any) -> str:
    """A letter for each step: Passed, Failed, Not reached, Cannot tell."""
    return "".join(step.status[0].upper() for step in explanation.steps)


def finding(explanation: Any, name: str) -> Any:
    [found] = [f for step in explanation.steps for f in step.findings if f.name == name]
    return found


async def test_a_valid_token_passes_all_seven_steps() -> None:
    """O2: with what was compared in each."""
    explanation = await explained_as_verified(verifier(), ISSUER.access_token())
    assert statuses(explanation) == "PPPPPPP"
    assert [step.title for step in explanation.steps][2:5] == [
        "the trusted issuer",
        "the issuer's key",
        "the signature",
    ]
    assert finding(explanation, "alg").expected == "RS256"
    assert finding(explanation, "iss").found == f"'{ISSUER.issuer}'"
    assert finding(explanation, "kid").expected == "one of 'k1', configured"
    assert finding(explanation, "exp").found == "2023-11-15T22:13:20+00:00, in 1 day, 0:00:00"
    assert finding(explanation, "iat").found == "2023-11-14T22:13:20+00:00, 0:00:00 ago"
    assert explanation.access_token is not None
    assert explanation.error is None


WRONG: dict[str, tuple[Callable[[], str | bytes], str, Reason, str]] = {
    "opaque": (lambda: "abc", "FNNNNNN", Reason.MALFORMED, "opaque"),
    "encrypted": (lambda: "a.b.c.d.e", "FNNNNNN", Reason.MALFORMED, "encrypted"),
    "too long": (lambda: "a.b." + "c" * 20_000, "FNNNNNN", Reason.MALFORMED, ""),
    "a critical header": (
        lambda: KEY.sign({"alg": "RS256", "kid": "k1", "crit": ["x"]}, {}),
        "PFNNNNN",
        Reason.UNSUPPORTED_HEADER,
        "critical extensions",
    ),
    "an algorithm": (
        lambda: SigningKey.generate("ES256", kid="k1").sign({"alg": "ES256", "kid": "k1"}, {}),
        "PFNNNNN",
        Reason.ALGORITHM_NOT_ALLOWED,
        "ES256",
    ),
    "a type": (
        lambda: KEY.sign({"alg": "RS256", "kid": "k1", "typ": "dpop+jwt"}, {}),
        "PFNNNNN",
        Reason.WRONG_TYPE,
        "dpop+jwt",
    ),
    "another issuer": (
        lambda: KEY.sign({"alg": "RS256", "kid": "k1"}, {"iss": "https://other.example/"}),
        "PPFPPNN",
        Reason.UNKNOWN_ISSUER,
        "other.example",
    ),
    "another issuer, with a key of its own": (
        OTHER.access_token,
        "PPNFNNN",
        Reason.UNKNOWN_KEY,
        "'o1'",
    ),
    "no issuer": (
        lambda: KEY.sign({"alg": "RS256", "kid": "k1"}, {"exp": NOW + 9}),
        "PPFPPNN",
        Reason.MISSING_CLAIM,
        "no iss",
    ),
    "an unknown key": (
        lambda: SigningKey.generate(kid="k2").sign(
            {"alg": "RS256", "kid": "k2"}, forge.split(ISSUER.access_token()).claims
        ),
        "PPNFNNN",
        Reason.UNKNOWN_KEY,
        "k2",
    ),
    "a forged signature": (
        lambda: SigningKey.generate(kid="k1").sign(
            {"alg": "RS256", "kid": "k1"}, forge.split(ISSUER.access_token()).claims
        ),
        "PPNPFNN",
        Reason.BAD_SIGNATURE,
        "not made by the key",
    ),
    "expired": (
        lambda: ISSUER.access_token(exp=NOW - 3600),
        "PPPPPFN",
        Reason.EXPIRED,
        "expired 3600 s ago",
    ),
    "from the future": (
        lambda: ISSUER.access_token(nbf=NOW + 60),
        "PPPPPFN",
        Reason.NOT_YET_VALID,
        "60 s in the future",
    ),
    "another audience": (
        lambda: ISSUER.access_token(aud="https://other.example"),
        "PPPPPFN",
        Reason.WRONG_AUDIENCE,
        "https://other.example",
    ),
    "an ID token": (
        lambda: ISSUER.access_token(nonce="n", at_hash="h"),
        "PPPPPFN",
        Reason.NOT_AN_ACCESS_TOKEN,
        "access_token",
    ),
    "a bound token": (
        lambda: ISSUER.access_token(cnf={"jkt": "x"}),
        "PPPPPFN",
        Reason.SENDER_CONSTRAINED,
        "DPoP",
    ),
}


@pytest.mark.parametrize(("token", "letters", "reason", "words"), WRONG.values(), ids=WRONG)
async def test_a_refused_token_is_told_at_the_step_that_refuses_it(
    token: Callable[[], str | bytes], letters: str, reason: Reason, words: str
) -> None:
    """O2, P4: one step failed, those behind it are not reached, and the advice says the remedy."""
    explanation = await explained_as_verified(verifier(), token())
    assert (statuses(explanation), explanation.reason) == (letters, reason)
    assert words in str(explanation.advice)


async def test_claims_that_were_not_read_are_not_compared() -> None:
    """O2: whatever a trace says, an explanation is made of it."""
    trace = Trace(3)
    issuers = TrustedIssuers(verifier().issuers)
    trace.issuer = issuers.sole
    explanation = explanation_of(trace, InvalidToken(Reason.EXPIRED), issuers, NOW)
    assert explanation.steps[5].findings == ()
    assert explanation.advice == "The access token has expired"


async def test_all_claims_that_are_wrong_show_at_once() -> None:
    """O2: whoever mends one would else meet the next."""
    token = ISSUER.access_token(exp=NOW - 60, aud=7, sub=3)
    explanation = await explained_as_verified(verifier(required_claims=["org"]), token)
    failed = {f.name for f in explanation.steps[5].findings if f.status is StepStatus.FAILED}
    assert failed == {"exp", "aud", "required claims", "sub, jti"}
    assert explanation.reason is Reason.EXPIRED
    assert finding(explanation, "exp").found == "2023-11-14T22:12:20+00:00, 0:01:00 ago"
    assert finding(explanation, "aud").found == "aud is neither a string nor a list of strings"


@pytest.mark.parametrize(
    ("claims", "name", "found"),
    [
        ({"exp": "tomorrow"}, "exp", "'tomorrow'"),
        ({"exp": True}, "exp", "True"),
        ({"exp": 1e300}, "exp", "1e+300"),
        ({"exp": -5}, "exp", "-5"),
        ({"nbf": [1]}, "nbf", "[1]"),
        ({"iat": NOW + 3600}, "iat", "2023-11-14T23:13:20+00:00, in 1:00:00"),
        ({"exp": None}, "exp", "None"),
    ],
    ids=["text", "bool", "huge", "negative", "list", "ahead", "null"],
)
async def test_a_time_is_told_as_its_distance_from_now_or_as_it_is(
    claims: dict[str, Any], name: str, found: str
) -> None:
    """O2: and is the one that failed."""
    explanation = await explained_as_verified(verifier(), ISSUER.access_token(**claims))
    assert finding(explanation, name).found == found
    assert finding(explanation, name).status is StepStatus.FAILED


async def test_a_token_without_exp_has_nothing_there() -> None:
    """O2."""
    claims = {"iss": ISSUER.issuer, "aud": ISSUER.audience}
    token = KEY.sign({"alg": "RS256", "kid": "k1"}, claims)
    explanation = await explained_as_verified(verifier(leeway=30), token)
    assert finding(explanation, "exp").found is None
    assert finding(explanation, "exp").expected == "in the future (leeway 30 s)"


async def test_the_profile_of_rfc_9068_is_told() -> None:
    """O2."""
    explanation = await explained_as_verified(verifier(profile="rfc9068"), ISSUER.access_token())
    assert statuses(explanation) == "PFNNNNN"
    assert finding(explanation, "typ").expected == "at+jwt"
    token = KEY.sign(
        {"alg": "RS256", "kid": "k1", "typ": "at+jwt"}, forge.split(ISSUER.access_token()).claims
    )
    explanation = await explained_as_verified(verifier(profile="rfc9068"), token)
    assert finding(explanation, "required claims").expected == "those of RFC 9068"


async def test_no_audience_to_check_is_told_as_such(caplog: pytest.LogCaptureFixture) -> None:
    """O3: nothing is called checked that is not."""
    lax = AccessTokenVerifier(
        issuer=ISSUER.issuer,
        insecure_no_audience=True,
        keys=StaticJWKSet(ISSUER.jwk_set()),
        clock=lambda: NOW,
    )
    explanation = await explained_as_verified(lax, ISSUER.access_token())
    assert finding(explanation, "aud").expected == "not checked"


def refuses(_token: AccessToken) -> bool:
    return False


def demands(_token: AccessToken) -> bool:
    raise InsufficientScope("admin")


@pytest.mark.parametrize(
    ("check", "reason"),
    [(refuses, Reason.CHECK_FAILED), (demands, Reason.INSUFFICIENT_SCOPE)],
    ids=["False", "an error of ours"],
)
async def test_a_check_of_the_callers_own_is_the_seventh_step(
    check: Callable[[AccessToken], bool], reason: Reason
) -> None:
    """G10."""
    explanation = await explained_as_verified(verifier(checks=[check]), ISSUER.access_token())
    assert (statuses(explanation), explanation.reason) == ("PPPPPPF", reason)


async def test_a_fault_of_a_check_is_the_applications_own() -> None:
    """G10: as in `verify`."""
    check: Any = lambda token: "no"  # noqa: E731
    with pytest.raises(TypeError, match="must return True or False"):
        await verifier(checks=[check]).explain(ISSUER.access_token())


async def test_a_value_that_anybody_may_have_written_is_called_unverified() -> None:
    """O2, P4: whole, and escaped."""
    name = "https://other.example/" + "x" * 200 + "\n"
    token = OTHER_KEY.sign({"alg": "RS256", "kid": "o1"}, {"iss": name})
    explanation = await explained_as_verified(verifier(), token)
    found = finding(explanation, "iss").found
    assert found == f"'https://other.example/{'x' * 200}\\n' (unverified)"


@pytest.mark.parametrize("token", [7, None, bytearray(b"a.b.c")], ids=["int", "None", "bytearray"])
async def test_what_is_not_a_token_at_all_is_a_fault_of_the_caller(token: Any) -> None:
    """A11."""
    with pytest.raises(ConfigurationError, match="a string or bytes"):
        await verifier().explain(token)


async def test_nothing_of_the_token_itself_is_in_the_explanation() -> None:
    """H1: it is shown to people, and kept."""
    token = ISSUER.access_token(aud="other")
    explanation = await explained_as_verified(verifier(), token)
    told = json.dumps(explanation.as_dict()) + repr(explanation)
    for part in token.split("."):
        assert part not in told
    assert explanation.as_dict()["verdict"] == "refused"
    assert [step["status"] for step in explanation.as_dict()["steps"]][5:] == [
        "failed",
        "not_reached",
    ]


# Requests with a proof.

URL = "https://api.example.com/messages"
CLIENT = ProofKey(clock=lambda: NOW)


def request(token: str, key: ProofKey = CLIENT, **proof: Any) -> ProofOfPossession:
    fields = list(key.headers("GET", URL, token, **proof).items())
    return ProofOfPossession(method="GET", url="/messages", fields=fields)


def takes_proofs() -> AccessTokenVerifier:
    return verifier(dpop=DPoP(public_origin="https://api.example.com"))


async def test_a_request_with_a_good_proof_passes() -> None:
    """O4: the binding is part of the seventh step."""
    token = ISSUER.access_token(cnf=CLIENT.confirmation)
    explanation = await explained_as_verified(
        takes_proofs(), token, (request(token), request(token))
    )
    assert statuses(explanation) == "PPPPPPP"
    assert finding(explanation, "binding").expected == (
        f"a DPoP proof by the key with the thumbprint '{CLIENT.thumbprint}'"
    )


async def test_a_bad_proof_is_told_at_the_seventh_step() -> None:
    """O4: a key that is not the token's, no proof at all, a proof that was used before."""
    own, token = takes_proofs(), ISSUER.access_token(cnf=CLIENT.confirmation)
    thief = ProofKey(clock=lambda: NOW)
    explanation = await explained_as_verified(
        own, token, (request(token, thief), request(token, thief))
    )
    assert (statuses(explanation), explanation.reason) == ("PPPPPPF", Reason.WRONG_PROOF_KEY)
    assert finding(explanation, "binding").status is StepStatus.FAILED
    explanation = await explained_as_verified(own, token)
    assert (statuses(explanation), explanation.reason) == ("PPPPPPF", Reason.SENDER_CONSTRAINED)
    again = request(token)
    await own.verify(token, proof=again)
    explanation = await explained_as_verified(own, token, (again, again))
    assert explanation.reason is Reason.REPLAYED_PROOF


async def test_a_proof_where_no_issuer_takes_them_is_told() -> None:
    """O4, I10."""
    token = ISSUER.access_token()
    explanation = await explained_as_verified(verifier(), token, (request(token), request(token)))
    assert (statuses(explanation), explanation.reason) == ("PPPPPPF", Reason.NOT_BOUND)


async def test_checks_behind_a_good_proof_are_told_apart_from_it() -> None:
    """O4, G10."""
    own = verifier(dpop=DPoP(public_origin="https://api.example.com"), checks=[refuses])
    token = ISSUER.access_token(cnf=CLIENT.confirmation)
    explanation = await explained_as_verified(own, token, (request(token), request(token)))
    assert finding(explanation, "binding").status is StepStatus.PASSED
    assert finding(explanation, "checks").status is StepStatus.FAILED


async def test_a_proof_of_another_type_is_a_fault_of_the_caller() -> None:
    """A11."""
    proof: Any = "a.b.c"
    with pytest.raises(ConfigurationError, match="ProofOfPossession or None, not str"):
        await verifier().explain(ISSUER.access_token(), proof=proof)


# The states of a key set.


class Endpoint:
    """A JWKS endpoint that a test takes down and changes."""

    def __init__(self) -> None:
        self.keys: object = ISSUER.jwk_set()
        self.now = 0.0
        self.fields: dict[str, str] = {}

    def answer(self, _request: httpx.Request) -> httpx.Response:
        if self.keys is None:
            return httpx.Response(500)
        return httpx.Response(200, json=self.keys, headers=self.fields)

    def key_set(self) -> RemoteJWKSet:
        return RemoteJWKSet(
            "https://mock-issuer.example/jwks",
            http_client=httpx.AsyncClient(transport=httpx.MockTransport(self.answer)),
            clock=lambda: self.now,
        )


async def test_keys_that_are_unavailable_cannot_tell() -> None:
    """O1, O2, O3: an outage is nothing that a token could mend."""
    endpoint = Endpoint()
    endpoint.keys = None
    explanation = await explained_as_verified(
        verifier(keys=endpoint.key_set()), ISSUER.access_token()
    )
    assert statuses(explanation) == "PPPCNNN"
    assert explanation.verdict is Verdict.CANNOT_TELL
    assert "500" in str(explanation.advice)


@pytest.mark.parametrize("ahead", [300, -300, 2], ids=["ahead", "behind", "equal"])
async def test_the_skew_of_the_clocks_is_told(ahead: int) -> None:
    """O2: against the issuer's Date, as far as that was legible."""
    endpoint = Endpoint()
    own = verifier(keys=endpoint.key_set())
    await own.warm()
    explanation = await explained_as_verified(own, ISSUER.access_token(exp=NOW - 60))
    assert explanation.clock_ahead is None
    assert str(explanation.advice).endswith("check the clock of this machine.")
    endpoint.fields["date"] = format_datetime(datetime.fromtimestamp(time.time() - ahead, UTC))
    own = verifier(keys=endpoint.key_set())
    await own.warm()
    explanation = await explained_as_verified(own, ISSUER.access_token(exp=NOW - 60))
    assert explanation.clock_ahead == pytest.approx(ahead, abs=5)
    told = re.search(r"by \d+|\d+ s (ahead of|behind) the issuer's", str(explanation.advice))
    assert (told is None) is (ahead == 2)
    explanation = await explained_as_verified(own, ISSUER.access_token(nbf=NOW + 60))
    assert ("the issuer's by its Date" in str(explanation.advice)) is (ahead != 2)


async def test_a_resolver_that_fails_cannot_tell() -> None:
    """O1, F24."""

    async def resolver(name: str) -> TrustedIssuer:
        raise OSError(name)

    several = AccessTokenVerifier(resolver=resolver, clock=lambda: NOW)
    explanation = await explained_as_verified(several, ISSUER.access_token())
    assert statuses(explanation) == "PPCNNNN"
    assert finding(explanation, "iss").expected == "an issuer that the resolver knows"


@pytest.mark.parametrize("age", [0.0, 500.0, 700.0, 4000.0, 5000.0])
@pytest.mark.parametrize("is_down", [False, True], ids=["up", "down"])
async def test_the_verdict_is_that_of_verify_in_every_state_of_the_keys(
    age: float, is_down: bool
) -> None:
    """O1: fresh, due, stale, expired; the endpoint up or down; budget there or spent."""
    endpoint = Endpoint()
    keys = endpoint.key_set()
    own = verifier(keys=keys)
    assert (await explained_as_verified(own, ISSUER.access_token())).verdict is Verdict.VALID
    endpoint.now += age
    if is_down:
        endpoint.keys = None
    stranger = SigningKey.generate(kid="k9")
    claims = forge.split(ISSUER.access_token()).claims
    for _ in range(4):
        for token in (
            ISSUER.access_token(jti="another"),
            ISSUER.access_token(exp=NOW - 1),
            stranger.sign({"alg": "RS256", "kid": "k9"}, claims),
            stranger.sign({"alg": "RS256", "kid": "k1"}, claims),
        ):
            await explained_as_verified(own, token)
    await keys.aclose()


# Verdicts equal: the attack corpus, and tokens that are written at random.


@pytest.fixture(scope="module")
def tokens() -> list[bytes]:
    """The tokens of all attacks."""
    target = target_for(ATTACKED, path="/admin", keys=HostileKeys())
    found: list[bytes] = []
    for attack in ATTACKS.values():
        found.extend(bearer_tokens(attack, target))
    return found


def bearer_tokens(attack: Attack, target: Any) -> Iterator[bytes]:
    for name, value in attack.build(target).headers:
        if name.lower() == b"authorization" and value[:7].lower() == b"bearer ":
            yield value[7:].strip()


@pytest.mark.parametrize("more", [(), (OTHER,)], ids=["one issuer", "two issuers"])
async def test_each_attack_is_explained_as_it_is_refused(
    tokens: list[bytes], more: tuple[MockIssuer, ...]
) -> None:
    """O1: over the whole corpus."""
    keys = StaticJWKSet(ATTACKED.jwk_set())
    own = verifier(*more, keys=keys)
    assert len(tokens) > 200
    for token in tokens:
        await explained_as_verified(own, token)


CLAIM = st.sampled_from(
    ["iss", "sub", "aud", "exp", "nbf", "iat", "jti", "cnf", "nonce", "typ", "events", "scope"]
)
VALUE = (
    st.sampled_from([ISSUER.issuer, OTHER.issuer, ISSUER.audience, NOW - 9, NOW + 9, "Refresh"])
    | st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=3)
    | st.lists(st.text(max_size=2) | st.integers(), max_size=2)
    | st.dictionaries(st.text(max_size=2), st.integers(), max_size=2)
)
HEADER = st.fixed_dictionaries(
    {"alg": st.just("RS256"), "kid": st.sampled_from(["k1", "o1", "k9"])},
    optional={
        "typ": st.sampled_from(["JWT", "at+jwt", "dpop+jwt", 7]),
        "crit": st.just(["x"]),
        "zip": st.sampled_from(["NONE", "DEF"]),
    },
)


@examples(400, suppress_health_check=list(HealthCheck))
@given(
    header=HEADER,
    claims=st.dictionaries(CLAIM, VALUE, max_size=4),
    key=st.sampled_from([KEY, OTHER_KEY]),
    is_second_trusted=st.booleans(),
)
def test_whatever_a_token_says_the_verdict_is_that_of_verify(
    header: dict[str, Any], claims: dict[str, Any], key: SigningKey, is_second_trusted: bool
) -> None:
    """O1: headers, claims and keys at random."""
    token = key.sign(header, {**forge.split(ISSUER.access_token()).claims, **claims})
    own = verifier(*([OTHER] if is_second_trusted else []))
    anyio.run(explained_as_verified, own, token)
