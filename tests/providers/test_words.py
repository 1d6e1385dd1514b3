"""The words of a preset's call: each wrong one is named, with an example that would be right.

The calls are those of the guide, so that the examples in sentences are its words too.
"""

import ast
import inspect
import re
from typing import Any

import pytest
from tests.providers.test_guide import CALLS, STANDING_FOR_IDS

from asgi_jwks import ConfigurationError, StaticJWKSet, providers
from asgi_jwks.providers import ProviderIssuer
from asgi_jwks.testing import SigningKey

KEYS = StaticJWKSet({"keys": [SigningKey.generate("RS256").public_jwk()]})


def words_of(call: str) -> tuple[str, dict[str, Any]]:
    """The preset of a call in the guide, and its arguments by name."""
    for name, value in STANDING_FOR_IDS.items():
        call = call.replace(name, value)
    tree = ast.parse(call, mode="eval").body
    assert isinstance(tree, ast.Call)
    assert isinstance(tree.func, ast.Name)
    parameters = inspect.signature(getattr(providers, tree.func.id)).parameters
    words = {
        name: ast.literal_eval(value) for name, value in zip(parameters, tree.args, strict=False)
    }
    words |= {str(word.arg): ast.literal_eval(word.value) for word in tree.keywords}
    return tree.func.id, words


# Arguments that the guide's call has not, and some that it has in another form.
FURTHER: list[tuple[str, dict[str, Any]]] = [
    ("azure_ad_b2c", {"issuer_with_policy": True}),
    ("cognito", {"client_id": None, "audience": "https://api.example.com"}),
    ("keycloak", {"client": "my-api"}),
    ("zitadel", {"project": "69234237810729019"}),
    ("clerk", {"authorized_parties": None, "audience": "https://api.example.com"}),
    ("clerk", {"authorized_parties": None, "client_id": "1example23456789"}),
    ("supabase", {"audience": "authenticated"}),
    ("workos_session", {"issuer": "https://api.workos.com"}),
    (
        "workos_session",
        {"audience": "https://api.example.com", "insecure_no_audience": False},
    ),
    ("descope", {"issuer": "https://api.descope.com/P2abcDEF"}),
    ("descope", {"audience": "https://api.example.com", "insecure_no_audience": False}),
    ("allauth", {"client_id": None, "audience": "https://api.example.com"}),
    ("github_actions", {"repositories": None, "repository_owners": ["example"]}),
    ("github_actions", {"enterprise": "example"}),
    ("gitlab", {"url": "https://gitlab.example.com", "projects": None}),
    ("gitlab", {"projects": None, "namespaces": ["example"]}),
    ("stytch", {"issuer": "https://login.example.com"}),
    ("supertokens", {"audience": "https://api.example.com", "insecure_no_audience": False}),
    ("pingfederate", {"client_id_claim": "client_id"}),
    ("vault", {"namespace": "team"}),
]
FROM_GUIDE = [words_of(call) for call in CALLS.strip().splitlines()]
# Of a preset with several calls, the first.
OF_GUIDE = dict(reversed(FROM_GUIDE))
TENANTS = {"tenants": [STANDING_FOR_IDS["TENANT-ID"]], "audience": STANDING_FOR_IDS["APP-ID"]}
ALL = [
    *FROM_GUIDE,
    *((name, {**OF_GUIDE[name], **further}) for name, further in FURTHER),
    ("entra_id_tenants", TENANTS),
]


def made(name: str, words: dict[str, Any]) -> ProviderIssuer:
    given = {option: value for option, value in words.items() if value is not None}
    keys = {} if "jwks_uri" in given else {"keys": KEYS}
    issuer: ProviderIssuer = getattr(providers, name)(**given, **keys)
    return issuer


# Cognito's region is compared with that of the user pool.
NO_WORD = ("cognito", "region")
EACH_WORD = [
    pytest.param(name, words, option, id=f"{number}-{name}-{option}")
    for number, (name, words) in enumerate(ALL)
    for option, value in words.items()
    if isinstance(value, str | list) and option != "version" and (name, option) != NO_WORD
]

# The example in a sentence: after `Write`, with or without the option.
EXAMPLE = re.compile(r"Write (?:for example )?(?:(\w+)=)?(\[?['\"][^'\"]+['\"]\]?)")


# The words of the guide and of the calls above: whoever copies one of them writes nothing new.
KNOWN = frozenset(
    word
    for _, words in ALL
    for value in words.values()
    for word in (value if isinstance(value, list) else [value])
)


@pytest.mark.parametrize(("name", "words", "option"), EACH_WORD)
def test_a_wrong_word_is_named_with_an_example_that_is_right(
    name: str, words: dict[str, Any], option: str
) -> None:
    """A11, P3, P4: the example is one of the guide's, or of the preset's docstring."""
    for wrong in (0, "", [], [""], ["a b", None]):
        with pytest.raises(ConfigurationError) as error:
            made(name, {**words, option: wrong})
        sentence = str(error.value)
        assert option in re.findall(r"\w+", sentence), sentence
        named = re.match(r"(\w+) (?:must|is|are) ", sentence)
        assert named is None or named[1] == option, sentence
        assert "None." not in sentence
        assert "None]" not in sentence.replace("['a b', None]", "")
        found = EXAMPLE.search(sentence)
        if found is not None and option != "jwks_uri":
            assert found[1] in {None, option}, sentence
            example = ast.literal_eval(found[2])
            (word,) = example if isinstance(example, list) else [example]
            assert word in KNOWN or word in getattr(providers, name).__doc__, sentence
            made(name, {**words, option: example})


# What each preset reads, after the tables of the providers: scopes, roles, groups, permissions, the
# client; and the marks that its access tokens have too.
READ: dict[str, tuple[str, str, str, str, str, str]] = {
    "ad_fs": ("scope scp", "role roles", "group groups", "", "appid", ""),
    "allauth": ("scope scp", "roles", "groups", "permissions", "client_id", ""),
    "auth0": ("scope scp", "", "", "permissions", "azp client_id", ""),
    "authentik": ("scope scp", "", "groups", "", "azp", "c_hash nonce"),
    "azure_ad_b2c": ("scope scp", "roles", "groups", "", "azp", ""),
    "casdoor": ("scope scp", "roles", "groups", "permissions", "azp", "nonce"),
    "cidaas": ("scopes scope", "roles", "", "", "client_id", "nonce"),
    "clerk": ("scope scp", "o.rol org_role", "groups", "org_permissions", "client_id", ""),
    "cloudflare_access": ("scope scp", "roles", "groups", "permissions", "common_name", ""),
    "cognito": ("scope scp", "", "cognito:groups", "", "client_id", ""),
    "descope": ("scope scp", "roles", "groups", "permissions", "", ""),
    "dex": ("scope scp", "", "groups", "", "azp", "at_hash nonce"),
    "duende": ("scope scp", "roles", "groups", "permissions", "client_id", ""),
    "entra_external_id": ("scp", "roles", "groups", "", "azp", ""),
    "entra_id": ("scp", "roles", "groups", "", "azp", ""),
    "firebase": ("", "roles", "groups", "permissions", "", ""),
    "flask_jwt_extended": ("scope scp", "roles", "groups", "permissions", "", ""),
    "fusionauth": ("scope scp", "roles", "groups", "permissions", "applicationId", ""),
    "github_actions": ("scope scp", "roles", "groups", "permissions", "repository", ""),
    "gitlab": ("scope scp", "roles", "groups", "permissions", "project_path", ""),
    "gravitee": ("scope scp", "roles", "groups", "", "", ""),
    "ibm_app_id": ("scope scp", "roles", "", "", "", ""),
    "janssen": ("scope scp", "roles", "groups", "permissions", "client_id", ""),
    "kanidm": ("scope scp", "roles", "groups", "", "client_id", ""),
    "keycloak": (
        "scope scp",
        "realm_access.roles",
        "groups",
        "permissions",
        "azp client_id",
        "nonce",
    ),
    "kubernetes": ("scope scp", "roles", "groups", "permissions", "", ""),
    "logto": ("scope scp", "roles", "groups", "permissions", "client_id", ""),
    "node_oidc_provider": ("scope scp", "roles", "groups", "permissions", "client_id", ""),
    "okta": ("scope scp", "", "groups", "", "cid", ""),
    "openbao": ("scope scp", "roles", "groups", "permissions", "", ""),
    "openiddict": ("scope scp", "role roles", "groups", "permissions", "client_id oi_prst", ""),
    "ory_hydra": ("scope scp", "ext.roles", "groups", "permissions", "client_id", ""),
    "pingam": ("scope scp", "roles", "groups", "permissions", "client_id", ""),
    "pingfederate": ("scope scp", "roles", "groups", "permissions", "client_id", ""),
    "simplejwt": ("scope scp", "roles", "groups", "permissions", "", ""),
    "spiffe": ("scope scp", "roles", "groups", "permissions", "", ""),
    "spring_authorization_server": ("scope scp", "roles", "groups", "permissions", "", ""),
    "stytch": ("scope scp", "https://stytch.com/session.roles", "", "", "client_id", ""),
    "supabase": ("scope scp", "role", "groups", "permissions", "client_id", ""),
    "supertokens": ("scope scp", "st-role.v", "", "st-perm.v", "client_id", ""),
    "uaa": ("scope scp", "", "", "authorities", "client_id cid azp", ""),
    "vault": ("scope scp", "roles", "groups", "permissions", "", ""),
    "workos_connect": ("scope scp", "roles", "groups", "permissions", "client_id", ""),
    "workos_session": ("scope scp", "roles role", "groups", "permissions", "", ""),
    "xsuaa": ("scope scp", "", "", "authorities", "client_id cid azp", ""),
    "zitadel": (
        "scope scp",
        "urn:zitadel:iam:org:project:roles",
        "groups",
        "permissions",
        "client_id",
        "",
    ),
}


def test_the_table_has_every_preset() -> None:
    """P3"""
    assert READ.keys() == {name for name in providers.__all__ if name.islower()} - {
        "entra_id_tenants"
    }


@pytest.mark.parametrize("name", OF_GUIDE)
def test_a_preset_reads_its_providers_claims_and_no_others(name: str) -> None:
    """P3, G9: what another claim says grants nothing, and names no client."""
    issuer = made(name, OF_GUIDE[name])
    read = issuer.rules.grant_claims
    *grants, marks = READ[name]
    found = (read.scopes, read.roles, read.groups, read.permissions, read.client)
    assert [" ".join(map(str, claims)) for claims in found] == grants
    assert issuer.rules.kind.without == set(marks.split())


@pytest.mark.parametrize("name", ["entra_id", "okta", "keycloak"])
def test_the_other_forms_of_a_preset_read_the_same(name: str) -> None:
    """P3"""
    words = OF_GUIDE[name]
    others = {
        "entra_id": {"audience": "api://x", "version": "v1"},
        "okta": {"authorization_server": "aus1"},
        "keycloak": {"client": "c"},
    }[name]
    read = made(name, {**words, **others}).rules.grant_claims
    roles = {"keycloak": ["realm_access.roles", "resource_access.c.roles"], "okta": []}
    clients = {"entra_id": ["appid"], "keycloak": ["azp", "client_id"], "okta": ["cid"]}
    scopes = ["scp"] if name == "entra_id" else ["scope", "scp"]
    assert [str(claim) for claim in read.scopes] == scopes
    assert [str(claim) for claim in read.roles] == roles.get(name, ["roles"])
    assert [str(claim) for claim in read.client] == clients[name]
    assert [str(claim) for claim in read.permissions] == (
        ["permissions"] if name == "keycloak" else []
    )
