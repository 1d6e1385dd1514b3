"""Attacks with other JWTs of the issuer for this API (RFC 8725, section 3.12).

ID, refresh, logout and bound tokens in place of access tokens. The issuer signed all of them.
"""

from asgi_jwks.testing.attacks.attack import Attack, by_token

__all__ = ["ATTACKS"]


def _kind(
    name: str,
    summary: str,
    requirements: str = "G8",
    reason: str = "not_an_access_token",
    **claims: object,
) -> Attack:
    """A good token, with claims that mark it as another kind."""
    return by_token(name, summary, requirements, reason, lambda t: t.of_another_kind(**claims))


ATTACKS = (
    by_token(
        "id_token",
        "an ID token, which is for the client",
        "G6 G8",
        "wrong_audience",
        lambda t: t.issuer.id_token(),
    ),
    by_token(
        "id_token_for_the_api",
        "an ID token of an issuer that names the API as its audience",
        "G8",
        "not_an_access_token",
        lambda t: t.issuer.id_token(aud=t.issuer.audience),
    ),
    by_token(
        "refresh_token",
        "a refresh token",
        "G6 G8",
        "wrong_audience",
        lambda t: t.issuer.refresh_token(),
    ),
    _kind("id_token_with_at_hash", "an ID token with at_hash", at_hash="x"),
    _kind("id_token_with_c_hash", "an ID token with c_hash", c_hash="x"),
    _kind("id_token_with_s_hash", "an ID token with s_hash (FAPI)", s_hash="x"),
    _kind("id_token_of_keycloak", "typ ID in the payload", typ="ID"),
    _kind("refresh_token_of_keycloak", "typ Refresh in the payload", typ="Refresh"),
    _kind("offline_token_of_keycloak", "typ Offline in the payload", typ="Offline"),
    _kind("logout_token_of_keycloak", "typ Logout in the payload", typ="Logout"),
    _kind("id_token_of_cognito", "token_use id", token_use="id"),
    _kind("refresh_token_of_allauth", "token_use refresh", token_use="refresh"),
    _kind("refresh_token_of_simplejwt", "token_type refresh", token_type="refresh"),
    _kind("refresh_token_of_flask", "type refresh", type="refresh"),
    _kind("refresh_token_of_pingam", "tokenName refresh_token", tokenName="refresh_token"),
    _kind("refresh_token_of_oracle", "tok_type RT", tok_type="RT"),
    _kind("refresh_token_of_descope", "drn DSR", drn="DSR"),
    by_token(
        "refresh_token_of_uaa",
        "granted_scopes in place of scope",
        "G8",
        "not_an_access_token",
        lambda t: t.of_another_kind("scope", granted_scopes=["openid"]),
    ),
    by_token(
        "id_token_with_nonce",
        "a nonce, and nothing that is granted",
        "G8",
        "not_an_access_token",
        lambda t: t.of_another_kind("scope", nonce="n"),
    ),
    _kind(
        "id_token_by_the_name_of_its_type",
        "token_type of the token exchange (RFC 8693)",
        token_type="urn:ietf:params:oauth:token-type:id_token",
    ),
    by_token(
        "authorization_response",
        "an authorization response (JARM)",
        "G8",
        "not_an_access_token",
        lambda t: t.of_another_kind("sub", code="SplxlOBeZQQYbYS6WxSbIA"),
    ),
    _kind(
        "introspection_response",
        "an introspection response without its type (RFC 9701)",
        token_introspection={"active": True},
    ),
    _kind("action_token_of_keycloak", "typ execute-actions", typ="execute-actions"),
    _kind("token_for_a_new_password", "type password_reset", type="password_reset"),
    _kind("token_type_a_list", "a type that is not a string", token_type=["access"]),
    _kind("token_use_null", "token_use null", token_use=None),
    _kind(
        "logout_token",
        "a logout token without its type",
        events={"http://schemas.openid.net/event/backchannel-logout": {}},
    ),
    _kind(
        "dpop_bound_token",
        "a token bound to a key, as Bearer",
        "G12",
        "sender_constrained",
        cnf={"jkt": "0" * 43},
    ),
    _kind(
        "certificate_bound_token",
        "a token bound to a certificate, as Bearer",
        "G12",
        "sender_constrained",
        cnf={"x5t#S256": "0" * 43},
    ),
    _kind(
        "token_bound_in_an_unknown_way",
        "another method of RFC 7800",
        "G12",
        "sender_constrained",
        cnf={"kid": "k"},
    ),
    _kind("token_bound_to_nothing", "an empty confirmation", "G12", "sender_constrained", cnf={}),
)
