"""Presets: one call for each provider of identities, in the words of its console.

What lives only here: the public names. A preset is imported when it is first asked for, since a
program uses one or two of them. The modules have names of their own, since a module that is
imported is bound to its name in the package.

    app = JWTBearerMiddleware(
        app, auth0("example.eu.auth0.com", audience="https://api.example.com")
    )
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asgi_jwks.providers._allauth import allauth
    from asgi_jwks.providers._auth0 import auth0
    from asgi_jwks.providers._authentik import authentik
    from asgi_jwks.providers._azure_ad_b2c import azure_ad_b2c
    from asgi_jwks.providers._casdoor import casdoor
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
    from asgi_jwks.providers._supabase import supabase
    from asgi_jwks.providers._uaa import uaa, xsuaa
    from asgi_jwks.providers._vault import openbao, vault
    from asgi_jwks.providers._workos import workos_connect, workos_session
    from asgi_jwks.providers._zitadel import zitadel
    from asgi_jwks.providers.preset import Preset, PresetOptions, ProviderIssuer

__all__ = [
    "Preset",
    "PresetOptions",
    "ProviderIssuer",
    "allauth",
    "auth0",
    "authentik",
    "azure_ad_b2c",
    "casdoor",
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
    "supabase",
    "uaa",
    "vault",
    "workos_connect",
    "workos_session",
    "xsuaa",
    "zitadel",
]

_HOME = {
    "Preset": "preset",
    "PresetOptions": "preset",
    "ProviderIssuer": "preset",
    "allauth": "_allauth",
    "auth0": "_auth0",
    "authentik": "_authentik",
    "azure_ad_b2c": "_azure_ad_b2c",
    "casdoor": "_casdoor",
    "clerk": "_clerk",
    "cloudflare_access": "_cloudflare_access",
    "cognito": "_cognito",
    "descope": "_descope",
    "dex": "_dex",
    "duende": "_duende",
    "entra_external_id": "_entra_id",
    "entra_id": "_entra_id",
    "entra_id_tenants": "_entra_id",
    "firebase": "_firebase",
    "flask_jwt_extended": "_python_libraries",
    "fusionauth": "_fusionauth",
    "github_actions": "_github_actions",
    "gitlab": "_gitlab",
    "keycloak": "_keycloak",
    "kubernetes": "_kubernetes",
    "logto": "_logto",
    "node_oidc_provider": "_node_oidc_provider",
    "okta": "_okta",
    "openbao": "_vault",
    "openiddict": "_openiddict",
    "ory_hydra": "_ory_hydra",
    "pingam": "_pingam",
    "pingfederate": "_pingfederate",
    "simplejwt": "_python_libraries",
    "spiffe": "_spiffe",
    "spring_authorization_server": "_spring_authorization_server",
    "supabase": "_supabase",
    "uaa": "_uaa",
    "vault": "_vault",
    "workos_connect": "_workos",
    "workos_session": "_workos",
    "xsuaa": "_uaa",
    "zitadel": "_zitadel",
}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*globals(), *_HOME]
