"""The configuration of an issuer: checked whole at construction, every mistake explained."""

import math
from typing import Any

import pytest

from asgi_jwks import (
    ConfigurationError,
    RemoteJWKSet,
    SharedSecret,
    StaticJWKSet,
    TrustedIssuer,
)
from asgi_jwks.testing import MockIssuer

ISSUER = "https://issuer.example/"
API = "https://api.example.com"
JWKS = MockIssuer().jwk_set()
SECRET = SharedSecret(bytes(range(32)))


def trusted(**options: Any) -> TrustedIssuer:
    given: dict[str, Any] = {"issuer": ISSUER, "audience": API, "keys": StaticJWKSet(JWKS)}
    return TrustedIssuer(**{**given, **options})


def refusal(**options: Any) -> str:
    with pytest.raises(ConfigurationError) as error:
        trusted(**options)
    return str(error.value)


def test_the_defaults() -> None:
    """G2, D3"""
    issuer = trusted()
    assert issuer.rules.issuer == ISSUER
    assert issuer.rules.audiences == frozenset({API})
    assert issuer.rules.algorithms == {"RS256"}
    assert issuer.rules.leeway == 5.0
    assert issuer.rules.profile == "default"
    assert issuer.rules.audience_claim == "aud"
    assert issuer.rules.required_claims == ()
    assert issuer.rules.proven_bindings == frozenset()
    assert issuer.checks == ()
    assert repr(issuer) == f"TrustedIssuer(issuer={ISSUER!r})"


def test_options_reach_the_rules() -> None:
    issuer = trusted(
        audience=[API, "b"],
        algorithms=["RS256", "ES256"],
        leeway=300,
        profile="rfc9068",
        audience_claim="client_id",
        required_claims=["a", "b"],
        checks=[bool],
        gateway_proves_binding=True,
    )
    assert issuer.rules.audiences == frozenset({API, "b"})
    assert issuer.rules.algorithms == {"RS256", "ES256"}
    assert issuer.rules.leeway == 300.0
    assert issuer.rules.profile == "rfc9068"
    assert issuer.rules.audience_claim == "client_id"
    assert issuer.rules.required_claims == ("a", "b")
    assert issuer.rules.proven_bindings == {"dpop", "certificate"}
    assert issuer.checks == (bool,)
    assert trusted(required_claims="sub").rules.required_claims == ("sub",)


@pytest.mark.parametrize("issuer", ["", None, 1, b"https://issuer.example/", [ISSUER]])
def test_an_issuer_has_a_name(issuer: object) -> None:
    """F14"""
    assert 'Write for example issuer="https://example.eu.auth0.com/"' in refusal(issuer=issuer)


def test_an_issuer_is_not_the_url_of_a_document() -> None:
    """A11, P4"""
    message = refusal(issuer=f"{ISSUER}.well-known/openid-configuration")
    assert f'Write issuer="{ISSUER[:-1]}" or issuer="{ISSUER}"' in message


def test_the_audience_is_checked_or_it_is_said_that_it_is_not(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """G13"""
    assert "not both" in refusal(insecure_no_audience=True)
    given: dict[str, Any] = {"issuer": ISSUER, "keys": StaticJWKSet(JWKS)}
    issuer = TrustedIssuer(**given, insecure_no_audience=True)
    assert issuer.rules.audiences is None
    assert issuer.issuer == ISSUER
    assert f"{ISSUER}: the audience of tokens is not checked" in caplog.text


@pytest.mark.parametrize("claim", ["iss", "exp", "sub", "jti", "typ"])
def test_an_audience_claim_says_whom_a_token_is_for(claim: str) -> None:
    """G13"""
    assert "would tell nothing of the audience" in refusal(audience_claim=claim)


@pytest.mark.parametrize("audience", [None, [], (), pytest.param(frozenset(), id="frozenset()")])
def test_an_audience_cannot_be_left_out(audience: object) -> None:
    """F14, G6"""
    message = refusal(audience=audience)
    assert 'Write for example audience="https://api.example.com"' in message
    assert "there is insecure_no_audience=True" in message


@pytest.mark.parametrize("audience", ["*", [API, "*"]])
def test_an_asterisk_is_not_an_audience(audience: object) -> None:
    """A11: it would be compared as it stands, and refuse every token."""
    assert '"*" is no audience' in refusal(audience=audience)


@pytest.mark.parametrize("audience", ["", [""], [API, ""], [None], 5, [5], b"api", True])
def test_audiences_are_strings(audience: object) -> None:
    """F14"""
    message = refusal(audience=audience)
    assert message.startswith("audience must be a string or several, none of them empty")


@pytest.mark.parametrize("claim", ["", None, 1, ["aud"]])
def test_an_audience_claim_cannot_be_left_out(claim: object) -> None:
    """F14, G13"""
    assert "audience_claim must be a string that is not empty" in refusal(audience_claim=claim)


@pytest.mark.parametrize("leeway", [math.nan, math.inf, -math.inf, -1, -0.1, "5", None, True])
def test_a_leeway_is_a_number_of_seconds(leeway: object) -> None:
    """F14"""
    assert "leeway" in refusal(leeway=leeway)


@pytest.mark.parametrize("leeway", [300.1, 301, 86400])
def test_a_leeway_is_at_most_five_minutes(leeway: float) -> None:
    """G2, F14"""
    message = refusal(leeway=leeway)
    assert message.startswith("leeway is for clocks that differ by seconds: at most 300, got ")


def test_a_leeway_may_be_zero() -> None:
    """G2"""
    assert trusted(leeway=0).rules.leeway == 0.0


@pytest.mark.parametrize("profile", ["RFC9068", "", None, "strict"])
def test_there_are_two_profiles(profile: object) -> None:
    """F14"""
    assert refusal(profile=profile).startswith('profile must be "default" or "rfc9068"; got ')


@pytest.mark.parametrize("names", [[""], [1], 7, [None]])
def test_required_claims_are_names(names: object) -> None:
    """F14"""
    message = refusal(required_claims=names)
    assert message.startswith("required_claims must be a string or several, none of them empty")


class TestAlgorithms:
    @pytest.mark.parametrize("names", [[], ()])
    def test_there_is_at_least_one(self, names: object) -> None:
        """D3, F14"""
        assert 'Write algorithms=["RS256"]' in refusal(algorithms=names)

    @pytest.mark.parametrize("name", ["none", "None", "NONE", "nOnE", "rs256", "RS1", "RSA-OAEP"])
    def test_none_and_unknown_ones_cannot_be_configured(self, name: str) -> None:
        """D3"""
        message = refusal(algorithms=["RS256", name])
        assert message.startswith(f"algorithms has {name}, which is not a signature algorithm")
        assert "there are ES256, ES384, " in message

    @pytest.mark.parametrize("names", [5, [5], [""]])
    def test_they_are_names(self, names: object) -> None:
        """F14"""
        message = refusal(algorithms=names)
        assert message.startswith("algorithms must be a string or several, none of them empty")

    @pytest.mark.parametrize("names", ["HS256", ["RS256", "HS512"]])
    def test_a_published_key_never_becomes_a_secret(self, names: object) -> None:
        """D4, F14"""
        message = refusal(algorithms=names)
        assert message.startswith("HS")
        assert "needs a secret, and a JWK Set is public" in message

    def test_a_secret_is_for_its_own_algorithm(self) -> None:
        """D4, F14"""
        assert trusted(keys=SECRET).rules.algorithms == {"HS256"}
        assert trusted(keys=SECRET, algorithms=["HS256"]).rules.algorithms == {"HS256"}
        for names in (["RS256"], ["HS512"], ["HS256", "RS256"]):
            message = refusal(keys=SECRET, algorithms=names)
            assert message.endswith("the SharedSecret is for HS256 only. Leave algorithms out.")

    def test_all_that_exist_can_be_configured(self) -> None:
        """D3"""
        names = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]
        names += ["EdDSA", "Ed25519"]
        assert trusted(algorithms=names).rules.algorithms == set(names)
        assert trusted(algorithms="ES256").rules.algorithms == {"ES256"}


class TestKeys:
    def test_given_ones_are_used(self) -> None:
        keys = StaticJWKSet(JWKS)
        assert trusted(keys=keys).keys is keys

    def test_a_source_that_is_empty_is_used_all_the_same(self) -> None:
        class Keys(StaticJWKSet):
            def __len__(self) -> int:
                return 0

        keys = Keys(JWKS)
        assert trusted(keys=keys).keys is keys

    def test_they_are_fetched_unless_they_are_given(self) -> None:
        keys = trusted(keys=None).keys
        assert isinstance(keys, RemoteJWKSet)
        assert keys.name == ISSUER
        keys = trusted(keys=None, jwks_uri="https://keys.example/jwks.json").keys
        assert isinstance(keys, RemoteJWKSet)

    @pytest.mark.parametrize(
        "options",
        [{"jwks_uri": "https://keys.example/"}, {"http_client": object()}],
        ids=["jwks_uri", "http_client"],
    )
    def test_they_come_from_one_place(self, options: dict[str, Any]) -> None:
        """F14"""
        assert refusal(**options).startswith("Give either keys, or jwks_uri and http_client")

    @pytest.mark.parametrize(
        "keys",
        [JWKS, "https://keys.example/", b"secret", object()],
        ids=["a JWK Set", "a URL", "a secret", "an object"],
    )
    def test_they_are_one_of_three_kinds(self, keys: object) -> None:
        """F14, D4"""
        message = refusal(keys=keys)
        assert message.startswith("keys must be a RemoteJWKSet, StaticJWKSet or SharedSecret")
        assert message.endswith(f"got {type(keys).__name__}.")

    def test_plain_http_is_for_loopback_and_for_those_who_say_so(self) -> None:
        """F12"""
        insecure = "http://keys.example/jwks.json"
        assert "https" in refusal(keys=None, jwks_uri=insecure)
        trusted(keys=None, jwks_uri=insecure, allow_insecure_http=True)
        trusted(keys=None, jwks_uri="http://127.0.0.1:8000/jwks.json")
