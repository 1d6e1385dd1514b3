"""Presets: one call for each provider of identities, in the words of its console.

The public names are here, those of the values for a rule of one's own among them. A name is
imported when it is first asked for, since a program uses one or two of them. The modules have names
of their own, since a module that is imported is bound to its name in the package.

    app = JWTBearerMiddleware(
        app, auth0("example.eu.auth0.com", audience="https://api.example.com")
    )
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asgi_jwks.providers._ad_fs import ad_fs
    from asgi_jwks.providers._allauth import allauth
    from asgi_jwks.providers._auth0 import auth0
    from asgi_jwks.providers._authentik import authentik
    from asgi_jwks.providers._azure_ad_b2c import azure_ad_b2c
    from asgi_jwks.providers._casdoor import casdoor
    from asgi_jwks.providers._cidaas import cidaas
    from asgi_jwks.providers._clerk import clerk
    from asgi_jwks.providers._cloudflare_access import cloudflare_access
    from asgi_jwks.providers._cognito import cognito
    from asgi_jwks.providers._descope import descope
    from asgi_jwks.providers._dex import dex
    from asgi_jwks.providers._duende import duende
    from asgi_jwks.providers._entra_id import entra_external_id, entra_id, entra_id_tenants
    from asgi_jwks.providers._firebase import firebase
    from asgi_jwks.providers._fusionauth import fusionauth
    from asgi_jwks.providers._github_actions import github_actions
    from asgi_jwks.providers._gitlab import gitlab
    from asgi_jwks.providers._gravitee import gravitee
    from asgi_jwks.providers._ibm_app_id import ibm_app_id
    from asgi_jwks.providers._janssen import janssen
    from asgi_jwks.providers._kanidm import kanidm
    from asgi_jwks.providers._keycloak import keycloak
    from asgi_jwks.providers._kubernetes import kubernetes
    from asgi_jwks.providers._logto import logto
    from asgi_jwks.providers._node_oidc_provider import node_oidc_provider
    from asgi_jwks.providers._okta import okta
    from asgi_jwks.providers._openiddict import openiddict
    from asgi_jwks.providers._ory_hydra import ory_hydra
    from asgi_jwks.providers._pingam import pingam
    from asgi_jwks.providers._pingfederate import pingfederate
    from asgi_jwks.providers._python_libraries import flask_jwt_extended, simplejwt
    from asgi_jwks.providers._spiffe import spiffe
    from asgi_jwks.providers._spring_authorization_server import spring_authorization_server
    from asgi_jwks.providers._stytch import stytch
    from asgi_jwks.providers._supabase import supabase
    from asgi_jwks.providers._supertokens import supertokens
    from asgi_jwks.providers._uaa import uaa, xsuaa
    from asgi_jwks.providers._vault import openbao, vault
    from asgi_jwks.providers._workos import workos_connect, workos_session
    from asgi_jwks.providers._zitadel import zitadel
    from asgi_jwks.providers.preset import Preset, PresetOptions, ProviderIssuer
    from asgi_jwks.tokens.grant_claims import GrantClaim, GrantClaims
    from asgi_jwks.tokens.kinds import KindRule
    from asgi_jwks.tokens.proofs import (
        AllOf,
        AnyOf,
        ClaimIs,
        ClaimIsList,
        ClaimIsObject,
        ClaimStartsWith,
        HasClaim,
        HeaderTypeIs,
        NoClaim,
    )

__all__ = [
    "AllOf",
    "AnyOf",
    "ClaimIs",
    "ClaimIsList",
    "ClaimIsObject",
    "ClaimStartsWith",
    "GrantClaim",
    "GrantClaims",
    "HasClaim",
    "HeaderTypeIs",
    "KindRule",
    "NoClaim",
    "Preset",
    "PresetOptions",
    "ProviderIssuer",
    "ad_fs",
    "allauth",
    "auth0",
    "authentik",
    "azure_ad_b2c",
    "casdoor",
    "cidaas",
    "clerk",
    "cloudflare_access",
    "cognito",
    "descope",
    "dex",
    "duende",
    "entra_external_id",
    "entra_id",
    "entra_id_tenants",
    "firebase",
    "flask_jwt_extended",
    "fusionauth",
    "github_actions",
    "gitlab",
    "gravitee",
    "ibm_app_id",
    "janssen",
    "kanidm",
    "keycloak",
    "kubernetes",
    "logto",
    "node_oidc_provider",
    "okta",
    "openbao",
    "openiddict",
    "ory_hydra",
    "pingam",
    "pingfederate",
    "simplejwt",
    "spiffe",
    "spring_authorization_server",
    "stytch",
    "supabase",
    "supertokens",
    "uaa",
    "vault",
    "workos_connect",
    "workos_session",
    "xsuaa",
    "zitadel",
]

_HOME = {
    "AllOf": "tokens.proofs",
    "AnyOf": "tokens.proofs",
    "ClaimIs": "tokens.proofs",
    "ClaimIsList": "tokens.proofs",
    "ClaimIsObject": "tokens.proofs",
    "ClaimStartsWith": "tokens.proofs",
    "GrantClaim": "tokens.grant_claims",
    "GrantClaims": "tokens.grant_claims",
    "HasClaim": "tokens.proofs",
    "HeaderTypeIs": "tokens.proofs",
    "KindRule": "tokens.kinds",
    "NoClaim": "tokens.proofs",
    "Preset": "providers.preset",
    "PresetOptions": "providers.preset",
    "ProviderIssuer": "providers.preset",
    "ad_fs": "providers._ad_fs",
    "allauth": "providers._allauth",
    "auth0": "providers._auth0",
    "authentik": "providers._authentik",
    "azure_ad_b2c": "providers._azure_ad_b2c",
    "casdoor": "providers._casdoor",
    "cidaas": "providers._cidaas",
    "clerk": "providers._clerk",
    "cloudflare_access": "providers._cloudflare_access",
    "cognito": "providers._cognito",
    "descope": "providers._descope",
    "dex": "providers._dex",
    "duende": "providers._duende",
    "entra_external_id": "providers._entra_id",
    "entra_id": "providers._entra_id",
    "entra_id_tenants": "providers._entra_id",
    "firebase": "providers._firebase",
    "flask_jwt_extended": "providers._python_libraries",
    "fusionauth": "providers._fusionauth",
    "github_actions": "providers._github_actions",
    "gitlab": "providers._gitlab",
    "gravitee": "providers._gravitee",
    "ibm_app_id": "providers._ibm_app_id",
    "janssen": "providers._janssen",
    "kanidm": "providers._kanidm",
    "keycloak": "providers._keycloak",
    "kubernetes": "providers._kubernetes",
    "logto": "providers._logto",
    "node_oidc_provider": "providers._node_oidc_provider",
    "okta": "providers._okta",
    "openbao": "providers._vault",
    "openiddict": "providers._openiddict",
    "ory_hydra": "providers._ory_hydra",
    "pingam": "providers._pingam",
    "pingfederate": "providers._pingfederate",
    "simplejwt": "providers._python_libraries",
    "spiffe": "providers._spiffe",
    "spring_authorization_server": "providers._spring_authorization_server",
    "stytch": "providers._stytch",
    "supabase": "providers._supabase",
    "supertokens": "providers._supertokens",
    "uaa": "providers._uaa",
    "vault": "providers._vault",
    "workos_connect": "providers._workos",
    "workos_session": "providers._workos",
    "xsuaa": "providers._uaa",
    "zitadel": "providers._zitadel",
}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"asgi_jwks.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*globals(), *_HOME]
