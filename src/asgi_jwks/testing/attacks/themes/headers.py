"""Attacks by header members, all of them signed by the issuer itself.

Extensions that nobody understands, and types of other JWTs: tokens that a confused issuer made, or
another service of the same issuer.
"""

from asgi_jwks.testing.attacks.attack import Attack, Target, by_token

__all__ = ["ATTACKS"]


def _extension(name: str, summary: str, **members: object) -> Attack:
    return by_token(
        name,
        summary,
        "D5",
        "unsupported_header",
        lambda t: t.signed(t.good_header(**members), t.good_claims()),
    )


def _type(name: str, summary: str, typ: object) -> Attack:
    return by_token(name, summary, "D9 G8", "wrong_type", lambda t: t.with_header(typ=typ))


def _nested(target: Target) -> str:
    return target.signed(target.good_header(cty="JWT"), target.token().encode())


ATTACKS = (
    _extension("crit_of_a_known_claim", "a critical exp", crit=["exp"], exp=0),
    _extension("crit_unknown", "an extension that nobody understands", crit=["http://e.example/x"]),
    _extension("crit_of_alg", "a member of the standard as an extension", crit=["alg"]),
    _extension("crit_empty", "an empty list of extensions", crit=[]),
    _extension("crit_a_string", "extensions as a string", crit="exp"),
    _extension("crit_null", "extensions null", crit=None),
    _extension("crit_b64", "an unencoded payload (RFC 7797)", crit=["b64"], b64=False),
    _extension("b64_false", "an unencoded payload without crit", b64=False),
    _extension("b64_true", "RFC 7797's default, spelt out", b64=True),
    _extension("zip_deflate", "a payload that is said to be compressed", zip="DEF"),
    by_token("nested_jwt", "a JWT inside a JWT", "D8", "unsupported_header", _nested),
    by_token(
        "nested_jwt_in_name",
        "claims that are said to be a JWT",
        "D8",
        "unsupported_header",
        lambda t: t.with_header(cty="application/jwt"),
    ),
    _type("typ_dpop", "a DPoP proof (RFC 9449)", "dpop+jwt"),
    _type("typ_logout", "a logout token (OpenID Connect Back-Channel Logout)", "logout+jwt"),
    _type("typ_security_event", "a security event token (RFC 8417)", "secevent+jwt"),
    _type("typ_authorization_request", "a request object (RFC 9101)", "oauth-authz-req+jwt"),
    _type("typ_introspection", "an introspection answer (RFC 9701)", "token-introspection+jwt"),
    _type("typ_client_authentication", "a client's assertion", "client-authentication+jwt"),
    _type("typ_key_binding", "an SD-JWT's key binding (RFC 9901)", "kb+jwt"),
    _type("typ_entity_statement", "a statement of OpenID Federation", "entity-statement+jwt"),
    _type("typ_in_another_room", "the type of another top-level media type", "image/at+jwt"),
    _type("typ_with_a_parameter", "a media type with a parameter", "JWT; charset=utf-8"),
    _type("typ_empty", "an empty type", ""),
    _type("typ_null", "type null", None),
    _type("typ_number", "a type that is not a string", 1),
    _type("typ_list", "a list of types", ["JWT", "at+jwt"]),
)
