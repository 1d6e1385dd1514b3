import click
import pytest

from asgi_jwks.cli.trust_options import Given, trusted_by
from asgi_jwks.errors import ConfigurationError
from asgi_jwks.keys.remote import RemoteJWKSet

AUTH0: Given = {"domain": ("example.eu.auth0.com",), "audience": ("a", "b"), "issuer": ()}


def test_a_preset_with_its_words_is_trusted() -> None:
    """P3: a preset is an issuer."""
    (issuer,) = trusted_by("auth0", AUTH0, environ={}).issuers
    assert issuer.rules.issuer == "https://example.eu.auth0.com/"
    assert sorted(issuer.rules.audiences or ()) == ["a", "b"]


def test_options_go_to_the_preset_and_to_the_middleware() -> None:
    given = {**AUTH0, "leeway": ("10",), "realm": ("my-realm",), "algorithms": ("RS256", "PS256")}
    trusted = trusted_by("auth0", given, environ={})
    (issuer,) = trusted.issuers
    assert issuer.rules.leeway == 10
    assert issuer.rules.algorithms == {"RS256", "PS256"}
    assert trusted.middleware == {"realm": "my-realm"}


def test_a_preset_of_several_tenants_is_several_issuers() -> None:
    tenants = tuple(f"{digit * 8}-bbbb-3333-cccc-4444dddd5555" for digit in "12")
    given = {"tenants": tenants, "audience": ("11112222-bbbb-3333-cccc-4444dddd5555",)}
    assert len(trusted_by("entra_id_tenants", given, environ={}).issuers) == 2


def test_an_unchecked_audience_is_asked_for_by_name() -> None:
    """G13: where a preset has no audience."""
    given = {"project_id": ("P2abcdefghijklmnopqrstuvwxyz",), "insecure_no_audience": ("true",)}
    (issuer,) = trusted_by("descope", given, environ={}).issuers
    assert issuer.rules.audiences is None


def test_the_environment_is_taken_and_options_win() -> None:
    environ = {
        "ASGI_JWKS_ISSUER": "https://a.example/",
        "ASGI_JWKS_AUDIENCE": "api",
        "ASGI_JWKS_LEEWAY": "7",
        "ASGI_JWKS_REALM": "theirs",
    }
    trusted = trusted_by(None, {"issuer": ("https://b.example/",), "leeway": ()}, environ=environ)
    (issuer,) = trusted.issuers
    assert (issuer.rules.issuer, issuer.rules.leeway) == ("https://b.example/", 7)
    assert trusted.middleware == {"realm": "theirs"}


def test_the_process_s_variables_are_taken_unless_others_are_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AUTH0_DOMAIN", "example.eu.auth0.com")
    monkeypatch.setenv("AUTH0_AUDIENCE", "api")
    (issuer,) = trusted_by(None, {}).issuers
    assert issuer.rules.issuer == "https://example.eu.auth0.com/"


def test_options_of_a_key_set_are_an_issuer_s_without_a_preset() -> None:
    given = {"issuer": ("https://a.example/",), "audience": ("api",), "max_age": ("60",)}
    (issuer,) = trusted_by(None, given, environ={}).issuers
    assert isinstance(issuer.keys, RemoteJWKSet)
    with pytest.raises(ConfigurationError, match="without a preset"):
        trusted_by("auth0", {**AUTH0, "max_age": ("60",)}, environ={})


def test_a_mistake_is_told_by_the_name_by_which_it_was_made() -> None:
    """A11, O3: an option by the option's name, a variable by the variable's."""
    given: Given = {"issuer": ("https://a.example/",), "audience": ("api",)}
    with pytest.raises(ConfigurationError, match=r"^--leeway: 'x' is not a number"):
        trusted_by(None, {**given, "leeway": ("x",)}, environ={})
    with pytest.raises(ConfigurationError, match=r"^ASGI_JWKS_LEEWAY: 'x' is not a number"):
        trusted_by(None, given, environ={"ASGI_JWKS_LEEWAY": "x"})
    with pytest.raises(ConfigurationError, match="ASGI_JWKS_ISSUER is not set"):
        trusted_by(None, {}, environ={})


@pytest.mark.parametrize(
    ("provider", "given", "words"),
    [
        ("nonsense", {}, "There is no preset 'nonsense'"),
        ("auth0", {**AUTH0, "realm_": ("x",)}, "auth0 has no word --realm-"),
        ("auth0", {**AUTH0, "issuer": ("x",)}, "auth0 has no word --issuer"),
        ("auth0", {"domain": ("a.eu.auth0.com",)}, "auth0 needs --audience"),
        ("firebase", {"project_id": ("p",), "audience": ("x",)}, "firebase has no word --audience"),
    ],
)
def test_words_that_a_preset_does_not_take_are_wrong_use(
    provider: str, given: Given, words: str
) -> None:
    with pytest.raises(click.UsageError, match=words):
        trusted_by(provider, given, environ={})
