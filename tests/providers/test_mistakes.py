"""Mistakes that people make with the words of a console: each is answered with what to write."""

import re
from collections.abc import Callable
from typing import Any, get_type_hints

import pytest

from asgi_jwks import (
    AccessToken,
    ConfigurationError,
    InvalidToken,
    SharedSecret,
    StaticJWKSet,
    providers,
)
from asgi_jwks.providers import preset as room
from asgi_jwks.providers.console_words import (
    require_domain,
    require_issuer,
    require_label,
    require_name,
    require_tenant_id,
)
from asgi_jwks.testing import SigningKey
from asgi_jwks.tokens.grant_claims import GrantClaims
from asgi_jwks.tokens.header_rules import JOSEHeader
from asgi_jwks.tokens.kinds import KindRule
from asgi_jwks.tokens.proofs import HasClaim
from asgi_jwks.trusted_issuer import IssuerOptions

API = "https://api.example.com"
TENANT = "aaaabbbb-0000-cccc-1111-dddd2222eeee"
APP = "11112222-bbbb-3333-cccc-4444dddd5555"
KEYS = StaticJWKSet({"keys": [SigningKey.generate("RS256").public_jwk()]})

# The call, and what the sentence tells to write.
MISTAKES: dict[str, tuple[Callable[[], object], str]] = {
    "auth0 with https": (
        lambda: providers.auth0("https://example.eu.auth0.com", audience=API),
        "Write 'example.eu.auth0.com'.",
    ),
    "auth0 with a path": (
        lambda: providers.auth0("example.eu.auth0.com/", audience=API),
        "Write 'example.eu.auth0.com'.",
    ),
    "auth0 with the metadata's URL": (
        lambda: providers.auth0(
            "https://example.eu.auth0.com/.well-known/openid-configuration", audience=API
        ),
        "Write 'example.eu.auth0.com'.",
    ),
    "auth0 without an audience": (
        lambda: providers.auth0("example.eu.auth0.com", audience=""),
        "Write for example audience=",
    ),
    "auth0 with no audience at all": (
        lambda: providers.auth0("example.eu.auth0.com", audience=[]),
        "audience must not be empty",
    ),
    "auth0 with an audience that is not compared": (
        lambda: providers.auth0("example.eu.auth0.com", audience=API, insecure_no_audience=True),
        "not both",
    ),
    "auth0 with the audience of UserInfo": (
        lambda: providers.auth0(
            "Example.eu.auth0.com", audience=[API, "https://example.eu.auth0.com/userinfo"]
        ),
        'audience="https://api.example.com"',
    ),
    "entra with Microsoft Graph's id": (
        lambda: providers.entra_id(tenant=TENANT, audience="00000003-0000-0000-c000-000000000000"),
        f'"api://{APP}/access_as_user"',
    ),
    "entra with Microsoft Graph's address": (
        lambda: providers.entra_id(
            tenant=TENANT, audience="https://graph.microsoft.com/", version="v1"
        ),
        f'audience="{APP}"',
    ),
    "entra by its name": (
        lambda: providers.entra_id(tenant="contoso.onmicrosoft.com", audience=APP),
        '"Directory (tenant) ID"',
    ),
    "entra by its id without hyphens": (
        lambda: providers.entra_id(tenant=TENANT.replace("-", ""), audience=APP),
        '"Directory (tenant) ID"',
    ),
    "entra common": (
        lambda: providers.entra_id(tenant="common", audience=APP),
        "entra_id_tenants([",
    ),
    "entra organizations": (
        lambda: providers.entra_id_tenants(["Organizations"], audience=APP),
        "entra_id_tenants([",
    ),
    "entra v2 with an App ID URI": (
        lambda: providers.entra_id(tenant=TENANT, audience=f"api://{APP}"),
        'version="v1"',
    ),
    "entra external with an App ID URI": (
        lambda: providers.entra_external_id(tenant=TENANT, audience=[APP, f"api://{APP}"]),
        '"Application (client) ID"',
    ),
    "entra external with Microsoft Graph's id": (
        lambda: providers.entra_external_id(
            tenant=TENANT, audience="00000003-0000-0000-c000-000000000000"
        ),
        f'audience="{APP}"',
    ),
    "entra of no version": (
        lambda: providers.entra_id(tenant=TENANT, audience=APP, version="2.0"),  # type: ignore[arg-type]  # the mistake
        'version must be "v1" or "v2"',
    ),
    "entra with one tenant where several belong": (
        lambda: providers.entra_id_tenants(TENANT, audience=APP),
        "entra_id(tenant=...)",
    ),
    "b2c with a domain": (
        lambda: providers.azure_ad_b2c(
            tenant_name="contoso.onmicrosoft.com", tenant=TENANT, policy="B2C_1_in", audience=APP
        ),
        "Write tenant_name='contoso'.",
    ),
    "b2c with two policies": (
        lambda: providers.azure_ad_b2c(
            tenant_name="contoso", tenant=TENANT, policy="B2C_1/in", audience=APP
        ),
        "policy must be a name",
    ),
    "b2c with a word where True belongs": (
        lambda: providers.azure_ad_b2c(
            tenant_name="contoso",
            tenant=TENANT,
            policy="B2C_1_in",
            audience=APP,
            issuer_with_policy="yes",  # type: ignore[arg-type]  # the mistake
        ),
        "issuer_with_policy must be True or False",
    ),
    "okta's console": (
        lambda: providers.okta("example-admin.okta.com"),
        "Write 'example.okta.com'.",
    ),
    "okta's issuer": (
        lambda: providers.okta("https://example.okta.com/oauth2/default"),
        "Write 'example.okta.com'.",
    ),
    "cognito of another region": (
        lambda: providers.cognito(region="us-east-1", user_pool="eu-west-1_A1", client_id="c"),
        "region='eu-west-1'",
    ),
    "cognito's pool by its name": (
        lambda: providers.cognito(region="us-east-1", user_pool="my-pool", client_id="c"),
        'user_pool="eu-west-1_AbC123"',
    ),
    "cognito's pool that is not text": (
        lambda: providers.cognito(region="us-east-1", user_pool=1, client_id="c"),  # type: ignore[arg-type]  # the mistake
        'user_pool="eu-west-1_AbC123"',
    ),
    "cognito without a client": (
        lambda: providers.cognito(region="eu-west-1", user_pool="eu-west-1_A1"),
        "Write client_id=",
    ),
    "cognito with both": (
        lambda: providers.cognito(
            region="eu-west-1", user_pool="eu-west-1_A1", client_id="c", audience=API
        ),
        "Write client_id=",
    ),
    "firebase by its number": (
        lambda: providers.firebase("123456789012"),
        'project_id="example-project"',
    ),
    "keycloak with its realm": (
        lambda: providers.keycloak(
            "https://sso.example.com/auth/realms/acme/protocol", realm="acme", audience="api"
        ),
        "keycloak('https://sso.example.com/auth', realm='acme', ...)",
    ),
    "keycloak with an endpoint of its realm": (
        lambda: providers.keycloak(
            "https://sso.example.com/realms/acme/realms/openid-connect/token",
            realm="acme",
            audience="api",
        ),
        "keycloak('https://sso.example.com', realm='acme', ...)",
    ),
    "keycloak with a list where one client belongs": (
        lambda: providers.keycloak(
            "https://sso.example.com",
            realm="acme",
            audience="api",
            client=["api"],  # type: ignore[arg-type]  # the mistake
        ),
        "Write for example client='my-api'.",
    ),
    "keycloak with a slash": (
        lambda: providers.keycloak("https://sso.example.com/", realm="acme", audience="api"),
        "Write 'https://sso.example.com'.",
    ),
    "keycloak without https": (
        lambda: providers.keycloak("sso.example.com", realm="acme", audience="api"),
        "Write for example 'https://sso.example.com'.",
    ),
    "keycloak for everybody": (
        lambda: providers.keycloak("https://sso.example.com", realm="acme", audience="account"),
        "audience mapper",
    ),
    "keycloak with a path as realm": (
        lambda: providers.keycloak("https://sso.example.com", realm="a/b", audience="api"),
        "realm='example'",
    ),
    "openiddict without its slash": (
        lambda: providers.openiddict("https://auth.example.com", audience=API),
        "Write 'https://auth.example.com/'.",
    ),
    "the metadata's URL as issuer": (
        lambda: providers.spring_authorization_server(
            "https://auth.example.com/.well-known/openid-configuration", audience=API
        ),
        "Write 'https://auth.example.com'",
    ),
    "the metadata's URL twice": (
        lambda: providers.ory_hydra("https://a.example/.well-known/x/.well-known/y", audience=API),
        "Write 'https://a.example',",
    ),
    "a list where one issuer belongs": (
        lambda: providers.simplejwt(["https://example.com"], audience=API, keys=KEYS),  # type: ignore[arg-type]  # the mistake
        "Write for example issuer='https://example.com'.",
    ),
    "uaa's issuer": (
        lambda: providers.uaa("https://uaa.example.com/oauth/token", audience="orders"),
        "Write 'https://uaa.example.com'.",
    ),
    "uaa with a slash": (
        lambda: providers.uaa("https://uaa.example.com/", audience="orders"),
        "Write 'https://uaa.example.com'.",
    ),
    "xsuaa with a URL": (
        lambda: providers.xsuaa(
            subdomain="https://Acme.authentication.eu10.hana.ondemand.com/",
            region="eu10",
            audience="a",
        ),
        "Write subdomain='acme'.",
    ),
    "xsuaa with a domain": (
        lambda: providers.xsuaa(subdomain="acme.authentication.x", region="eu10", audience="a"),
        "Write subdomain='acme'.",
    ),
    "xsuaa with a domain that begins with a dot": (
        lambda: providers.xsuaa(subdomain=".acme", region="eu10", audience="a"),
        "Write subdomain='example'.",
    ),
    "supabase's URL": (
        lambda: providers.supabase("abcdefghijklmnopqrst.supabase.co"),
        "Write project='abcdefghijklmnopqrst'.",
    ),
    "clerk without an audience": (
        lambda: providers.clerk("clerk.example.com"),
        'authorized_parties=["https://app.example.com"]',
    ),
    "clerk with a host where an origin belongs": (
        lambda: providers.clerk("clerk.example.com", authorized_parties="app.example.com"),
        "Write 'https://app.example.com'.",
    ),
    "clerk with an origin that ends with a slash": (
        lambda: providers.clerk(
            "clerk.example.com", authorized_parties=[API, "http://localhost:3000/"]
        ),
        "Write 'http://localhost:3000'.",
    ),
    "clerk with an origin in upper case": (
        lambda: providers.clerk("clerk.example.com", authorized_parties="https://App.example.com"),
        "Write 'https://app.example.com'.",
    ),
    "clerk with an origin without a host": (
        lambda: providers.clerk("clerk.example.com", authorized_parties="https://"),
        "Write 'https://app.example.com'.",
    ),
    "clerk with no origins at all": (
        lambda: providers.clerk("clerk.example.com", authorized_parties=[]),
        "authorized_parties must not be empty",
    ),
    "clerk with two rules": (
        lambda: providers.clerk("clerk.example.com", audience=API, insecure_no_audience=True),
        'authorized_parties=["https://app.example.com"]',
    ),
    "workos without an audience": (
        lambda: providers.workos_session("client_1"),
        "insecure_no_audience=True",
    ),
    "descope without an audience": (
        lambda: providers.descope("P2abc", insecure_no_audience=False),
        "The tokens of descope do not say for which API they are, so a token that another service "
        "of the same issuer was given is accepted here too. If that is meant, write "
        "insecure_no_audience=True; if your tokens have an aud, write audience=... .",
    ),
    "github for everybody": (
        lambda: providers.github_actions(audience=API),
        'repositories=["example/deploy"]',
    ),
    "github with a repository without owner": (
        lambda: providers.github_actions(audience=API, repositories=["deploy"]),
        'repositories=["example/deploy"]',
    ),
    "github with no repositories at all": (
        lambda: providers.github_actions(audience=API, repositories=[]),
        "repositories must not be empty",
    ),
    "github with the address of a repository": (
        lambda: providers.github_actions(
            audience=API, repositories=["https://github.com/example/deploy"]
        ),
        'repositories=["example/deploy"]',
    ),
    "github with a repository where an owner belongs": (
        lambda: providers.github_actions(
            audience=API, repository_owners=["octo", "example/deploy"]
        ),
        "got 'example/deploy'. Write repositories=[",
    ),
    "github with a pattern of repositories": (
        lambda: providers.github_actions(audience=API, repositories=["example/*"]),
        "no pattern of names; got 'example/*'",
    ),
    "github with a repository without a name": (
        lambda: providers.github_actions(audience=API, repositories=["a/b", "example/"]),
        "got 'example/'",
    ),
    "github with a pattern of owners": (
        lambda: providers.github_actions(audience=API, repository_owners=["octo-*"]),
        "no patterns; got 'octo-*'",
    ),
    "github with both": (
        lambda: providers.github_actions(
            audience=API, repositories=["a/b"], repository_owners=["a"]
        ),
        'repository_owners=["example"]',
    ),
    "gitlab.com for everybody": (
        lambda: providers.gitlab(audience=API),
        'projects=["example/deploy"]',
    ),
    "gitlab with no projects at all": (
        lambda: providers.gitlab("https://gitlab.example.com", audience=API, projects=[]),
        "projects must not be empty",
    ),
    "gitlab with the address of a project": (
        lambda: providers.gitlab(
            audience=API, projects=["a/b", "https://gitlab.com/example/deploy"]
        ),
        "Write for example projects=['example/deploy'].",
    ),
    "gitlab with a host": (
        lambda: providers.gitlab(audience=API, namespaces="gitlab.com:example"),
        "Write for example namespaces=['example'].",
    ),
    "gitlab with a slash": (
        lambda: providers.gitlab(audience=API, namespaces="/example"),
        "Write for example namespaces=['example'].",
    ),
    "gitlab with a pattern of projects": (
        lambda: providers.gitlab(audience=API, projects="example/*"),
        "Write for example projects=['example/deploy'].",
    ),
    "gitlab with a project without its group": (
        lambda: providers.gitlab(audience=API, projects="deploy"),
        "Write for example projects=['example/deploy'].",
    ),
    "gitlab with both": (
        lambda: providers.gitlab(
            "https://gitlab.example.com", audience=API, projects=["a/b"], namespaces=["a"]
        ),
        'namespaces=["example"]',
    ),
    "cloudflare's domain": (
        lambda: providers.cloudflare_access("example.cloudflareaccess.com", audience="x"),
        "Write team='example'.",
    ),
    "cloudflare's application by its address": (
        lambda: providers.cloudflare_access("example", audience="https://app.example.com"),
        'audience="32eafc7626e737136660e1b9b8b8f4f0"',
    ),
    "ad fs with the issuer of its metadata": (
        lambda: providers.ad_fs("https://adfs.example.com/adfs", audience=API),
        "Write 'adfs.example.com'.",
    ),
    "ad fs with the audience of userinfo": (
        lambda: providers.ad_fs("adfs.example.com", audience="urn:microsoft:userinfo"),
        'audience="https://api.example.com"',
    ),
    "cidaas by its address": (
        lambda: providers.cidaas("https://example.cidaas.de/", client_id="x"),
        "Write 'example.cidaas.de'.",
    ),
    "gravitee by its host": (
        lambda: providers.gravitee("am.example.com", audience=API),
        "Write for example 'https://am.example.com/my-domain/oidc'.",
    ),
    "app id with the address of its region": (
        lambda: providers.ibm_app_id("https://us-south.appid.cloud.ibm.com", client_id="x"),
        "Write for example 'https://us-south.appid.cloud.ibm.com/oauth/v4/",
    ),
    "app id with a slash": (
        lambda: providers.ibm_app_id(
            "https://us-south.appid.cloud.ibm.com/oauth/v4/x/", client_id="x"
        ),
        "oAuthServerUrl",
    ),
    "stytch by a secret": (
        lambda: providers.stytch("secret-live-1234"),
        "Write for example project_id='project-live-1234abcd'.",
    ),
    "supertokens without an audience": (
        lambda: providers.supertokens("https://api.example.com/auth"),
        "insecure_no_audience=True",
    ),
    "supertokens by its path": (
        lambda: providers.supertokens("/auth", audience=API),
        "Write for example 'https://api.example.com/auth'.",
    ),
    "vault with a slash": (
        lambda: providers.vault("https://vault.example.com:8200/", client_id="x"),
        "Write 'https://vault.example.com:8200'.",
    ),
    "vault's address of an address": (
        lambda: providers.vault("https://vault.example.com/v1/identity/v1/x", client_id="x"),
        "Write 'https://vault.example.com'.",
    ),
    "vault's namespace with a slash": (
        lambda: providers.vault("https://vault.example.com", client_id="x", namespace="team/"),
        "Write for example namespace='team'.",
    ),
    "vault's issuer": (
        lambda: providers.vault("https://vault.example.com:8200/v1/identity/oidc", client_id="x"),
        "Write 'https://vault.example.com:8200'.",
    ),
    "spiffe's id as trust domain": (
        lambda: providers.spiffe(
            "https://oidc.example.org", trust_domain="spiffe://example.org", audience="x"
        ),
        "Write 'example.org'.",
    ),
    "spiffe's trust domain that is not one": (
        lambda: providers.spiffe("https://oidc.example.org", trust_domain="a b", audience="x"),
        "Write 'example.org'.",
    ),
    "pingfederate with a claim of every token": (
        lambda: providers.pingfederate(
            "https://auth.example.com", audience=API, client_id_claim="sub"
        ),
        "both have 'sub'",
    ),
    "allauth without a client": (
        lambda: providers.allauth("https://example.com"),
        "Write client_id=",
    ),
    "simplejwt without keys": (
        lambda: providers.simplejwt("https://example.com", audience=API),
        "keys=SharedSecret(...)",
    ),
    "firebase with an audience, which it states": (
        lambda: providers.firebase("example-project", audience=API),  # type: ignore[call-arg]  # the mistake
        "firebase has no option audience, since the preset states it",
    ),
    "keycloak with a claim of the audience, which it states": (
        lambda: providers.keycloak(
            "https://sso.example.com",
            realm="acme",
            audience="api",
            audience_claim="azp",  # type: ignore[call-arg]  # the mistake
        ),
        "keycloak has no option audience_claim, since the preset states it",
    ),
    "an option that does not exist": (
        lambda: providers.auth0("example.eu.auth0.com", audience=API, audiense=API),  # type: ignore[call-arg]  # the mistake
        "Did you mean audience?",
    ),
}


@pytest.mark.parametrize(("call", "told"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_is_answered_with_what_to_write(call: Callable[[], object], told: str) -> None:
    """P3, P4, A11"""
    with pytest.raises(ConfigurationError, match=re.escape(told)):
        call()


@pytest.mark.parametrize(
    "value", [None, 1, "", " ", "a b", "é.com", "-a.com", "a..com", "a-.com", "://", "x:y"]
)
def test_what_is_not_a_domain(value: object) -> None:
    """A11"""
    with pytest.raises(ConfigurationError, match="domain"):
        require_domain("domain", value, example="example.com")


def test_a_domain_is_compared_in_lower_case() -> None:
    """P3"""
    assert require_domain("domain", "Example.COM:8443", example="x") == "example.com:8443"


@pytest.mark.parametrize(
    "value",
    [
        None,
        1,
        "",
        "example.com",
        "ftp://example.com",
        "https://",
        "https://user@example.com",
        "https://example.com?x=1",
        "https://example.com#x",
        "https://exam ple.com",
        "https://example.com/\n",
        "https://exämple.com",
        "https://[::1",
        "https://example.com/.",
        "https://example.com/a/../b",
    ],
)
def test_what_is_not_an_issuer(value: object) -> None:
    """A11"""
    with pytest.raises(ConfigurationError, match="issuer must be an https URL without a query"):
        require_issuer("issuer", value, example="https://auth.example.com")


@pytest.mark.parametrize(
    "value",
    ["https://a.example", "https://a.example:443/b/", "http://[::1]", "https://X.example/X"],
)
def test_an_issuer_is_left_as_it_is(value: str) -> None:
    """G5"""
    assert require_issuer("issuer", value, example="x") == value


@pytest.mark.parametrize("value", [None, 1, "", ".", "..", "a/b", "a b", "a?b", "a#b", "a%2f", "é"])
def test_what_is_not_a_name(value: object) -> None:
    """A11: nothing that would lead to another URL."""
    with pytest.raises(ConfigurationError, match="realm must be a name without slashes"):
        require_name("realm", value, example="acme")


@pytest.mark.parametrize("value", ["X", "x", "a.b-c_d~e", "..a", "B2C_1_signin", "o!t1"])
def test_a_name_is_left_as_it_is(value: str) -> None:
    """P3"""
    assert require_name("realm", value, example="acme") == value


@pytest.mark.parametrize("value", [None, 1, "", "a@b", "-a", "https://-a.com", "a/b", "\u212a"])
def test_what_is_not_a_label(value: object) -> None:
    """A11: nothing that would lead to another host."""
    with pytest.raises(ConfigurationError, match="Write team='acme'"):
        require_label("team", value, example="acme")


@pytest.mark.parametrize("value", [None, 1, "", "contoso", TENANT[:-1], f"{TENANT}/"])
def test_what_is_not_a_tenant_id(value: object) -> None:
    """A11"""
    with pytest.raises(ConfigurationError, match="tenant must be the"):
        require_tenant_id("tenant", value)


def test_a_tenant_id_is_compared_in_lower_case() -> None:
    """P3"""
    assert require_tenant_id("tenant", TENANT.upper()) == TENANT


class TestSeveralTenants:
    def test_each_is_an_issuer(self) -> None:
        """P3"""
        tenants = [TENANT, APP]
        issuers = providers.entra_id_tenants(tenants, audience=APP, keys=KEYS)
        assert [issuer.issuer for issuer in issuers] == [
            f"https://login.microsoftonline.com/{tenant}/v2.0" for tenant in tenants
        ]

    def test_each_has_the_same_rules(self) -> None:
        """P3: the version and all further options are those of every tenant."""
        issuers = providers.entra_id_tenants(
            [TENANT, APP], audience="api://x", version="v1", keys=KEYS, leeway=7
        )
        assert [issuer.issuer for issuer in issuers] == [
            f"https://sts.windows.net/{tenant}/" for tenant in (TENANT, APP)
        ]
        assert {issuer.rules.leeway for issuer in issuers} == {7}
        assert {issuer.keys for issuer in issuers} == {KEYS}


class TestOptions:
    def test_options_of_the_callers_own_win(self) -> None:
        """P3"""
        kind = KindRule(proof=HasClaim("x"))
        where = GrantClaims(roles=("r",))
        issuer = providers.auth0(
            "example.eu.auth0.com", audience=API, keys=KEYS, kind=kind, grant_claims=where
        )
        assert issuer.rules.kind is kind
        assert issuer.rules.grant_claims is where

    def test_checks_are_added_to_those_of_the_preset(self) -> None:
        """P3, G10"""

        def mine(token: object) -> bool:
            return True

        issuer = providers.github_actions(
            audience=API, repositories=["a/b"], keys=KEYS, checks=[mine]
        )
        assert issuer.checks == (room.ClaimAmong("repository", frozenset({"a/b"})), mine)

    @pytest.mark.parametrize("value", [["a/b"], {"a/b": 1}, None, 1, "a/c", ""])
    def test_a_claim_of_another_form_is_not_among_the_accepted(self, value: object) -> None:
        """A8, G10"""
        check = room.ClaimAmong("repository", frozenset({"a/b"}))
        assert check(AccessToken({"repository": value})) is False
        assert check(AccessToken({})) is False
        assert check(AccessToken({"repository": "a/b"})) is True

    def test_a_secret_says_its_own_algorithm(self) -> None:
        """P3, D4"""
        secret = SharedSecret(bytes(range(32)))
        issuer = providers.simplejwt("https://example.com", audience=API, keys=secret)
        assert issuer.rules.algorithms == {"HS256"}
        issuer = providers.supabase("abc", keys=secret)
        assert issuer.rules.algorithms == {"HS256"}
        issuer = providers.supabase("abc", keys=KEYS)
        assert issuer.rules.algorithms == {"ES256", "RS256"}

    def test_they_are_those_of_an_issuer_that_a_preset_does_not_state(self) -> None:
        """P3: a new option of an issuer is an option of every preset."""
        stated = {"issuer", "audience", "audience_claim"}
        expected = get_type_hints(IssuerOptions)
        assert get_type_hints(room.PresetOptions) == {
            name: kind for name, kind in expected.items() if name not in stated
        }

    def test_an_issuer_with_the_policy_in_it(self) -> None:
        """P3: Azure AD B2C says which policy it is, or that it does not."""
        words: dict[str, Any] = {
            "tenant_name": "Contoso",
            "tenant": TENANT,
            "policy": "B2C_1_In",
            "audience": APP,
            "keys": KEYS,
        }
        issuer = providers.azure_ad_b2c(**words, issuer_with_policy=True)
        assert issuer.issuer == f"https://contoso.b2clogin.com/tfp/{TENANT}/b2c_1_in/v2.0/"
        assert issuer.preset.notes == ()
        assert providers.azure_ad_b2c(**words).preset.notes

    def test_a_trust_domain_is_not_the_name_of_a_host(self) -> None:
        """P3: it may have an underscore, and is compared in lower case."""
        issuer = providers.spiffe(
            "https://oidc.example.org", trust_domain="Prod_EU", audience=API, keys=KEYS
        )
        header = JOSEHeader("ES256", None, None)
        issuer.rules.kind.check(header, {"sub": "spiffe://prod_eu/orders"})
        with pytest.raises(InvalidToken):
            issuer.rules.kind.check(header, {"sub": "spiffe://prod/orders"})

    def test_regions_of_china_have_a_domain_of_their_own(self) -> None:
        """P3"""
        issuer = providers.cognito(
            region="cn-north-1", user_pool="cn-north-1_A1", client_id="c", keys=KEYS
        )
        assert issuer.issuer == "https://cognito-idp.cn-north-1.amazonaws.com.cn/cn-north-1_A1"

    def test_an_enterprise_has_an_issuer_of_its_own(self) -> None:
        """P3"""
        issuer = providers.github_actions(
            audience=API, repository_owners="octo-org", enterprise="octo", keys=KEYS
        )
        assert issuer.issuer == "https://token.actions.githubusercontent.com/octo"

    def test_an_address_is_taken_with_a_slash_where_the_issuer_has_none(self) -> None:
        """P3"""
        casdoor = providers.casdoor("https://door.example.com/X/", client_id="web", keys=KEYS)
        assert casdoor.issuer == "https://door.example.com/X"
        fusionauth = providers.fusionauth(
            "https://auth.example.com/X/", issuer="acme.com", application_id=APP, keys=KEYS
        )
        assert fusionauth.preset.jwks_uri == "https://auth.example.com/X/.well-known/jwks.json"
        gitlab = providers.gitlab("https://gitlab.example.com/X/", audience=API, keys=KEYS)
        assert gitlab.issuer == "https://gitlab.example.com/X"
        assert gitlab.checks == gitlab.preset.checks == ()
        assert "Every job" in gitlab.preset.notes[0]

    def test_a_session_of_clerk_may_have_the_audience_too(self) -> None:
        """P3: whether it is a session token or a template's is not asked then."""
        issuer = providers.clerk("clerk.example.com", audience=API, keys=KEYS)
        header = JOSEHeader("RS256", None, "jwt")
        for claims in ({"sid": "sess_1"}, {"jti": "1"}):
            issuer.rules.kind.check(header, claims)
        with pytest.raises(InvalidToken):
            issuer.rules.kind.check(header, {"sub": "user_1"})
        everybody = providers.clerk("clerk.example.com", insecure_no_audience=True, keys=KEYS)
        assert everybody.preset.audience == ()
        with pytest.raises(InvalidToken):
            everybody.rules.kind.check(header, {"jti": "1"})

    def test_an_oauth_application_of_clerk_is_not_a_session(self) -> None:
        """P3, G8: an ID token of the same application has no header type of its own."""
        issuer = providers.clerk("clerk.example.com", client_id="c", keys=KEYS)
        claims = {"sid": "sess_1", "client_id": "c", "jti": "1"}
        issuer.rules.kind.check(JOSEHeader("RS256", None, "at+jwt"), claims)
        with pytest.raises(InvalidToken):
            issuer.rules.kind.check(JOSEHeader("RS256", None, "jwt"), claims)

    def test_an_address_that_only_begins_as_microsoft_graphs_is_an_audience(self) -> None:
        """P3"""
        own = "https://graph.microsoft.com/X"
        issuer = providers.entra_id(tenant=TENANT, audience=own, version="v1", keys=KEYS)
        assert issuer.rules.audiences == frozenset({own})

    def test_paths_of_gitlab_have_groups_within_groups(self) -> None:
        """P3"""
        issuer = providers.gitlab(audience=API, namespaces=["a/b", "c"], keys=KEYS)
        assert issuer.checks == (room.ClaimAmong("namespace_path", frozenset({"a/b", "c"})),)
        issuer = providers.gitlab(audience=API, projects=["a/b/c", "a/b"], keys=KEYS)
        assert issuer.checks == (room.ClaimAmong("project_path", frozenset({"a/b/c", "a/b"})),)


class TestWhatCannotBeToldApart:
    @pytest.mark.parametrize(
        "issuer",
        [
            providers.dex("https://dex.example.com", client_id="web", keys=KEYS),
            providers.casdoor("https://door.example.com", client_id="web", keys=KEYS),
        ],
        ids=lambda issuer: issuer.preset.provider,
    )
    def test_it_is_said(self, issuer: providers.ProviderIssuer) -> None:
        """G8"""
        assert any("told apart" in note for note in issuer.preset.notes)
        doc = getattr(providers, issuer.preset.provider).__doc__
        assert "nothing tells" in " ".join(doc.lower().split())


class TestTheRoom:
    def test_a_name_is_loaded_when_it_is_asked_for(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in providers.__all__:
            found = getattr(providers, name)
            assert found.__doc__
            assert found.__module__.startswith("asgi_jwks.")
            assert found.__name__ == ("vault" if name == "openbao" else name)
            # The next time it is there.
            assert vars(providers)[name] is found
            monkeypatch.delitem(vars(providers), name)
            assert getattr(providers, name) is found
            assert vars(providers)[name] is found
        assert set(dir(providers)) >= set(providers.__all__)
        with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
            providers.nonsense  # noqa: B018

    def test_every_preset_says_its_sources(self) -> None:
        """P3"""
        for name in filter(str.islower, providers.__all__):
            doc = getattr(providers, name).__doc__
            assert "Source" in doc or "see `entra_id`" in doc, name
