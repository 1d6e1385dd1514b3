"""Attacks by the place of the credentials, and by the form of the request.

Authorization fields that are missing, doubled or bent, and tokens in places that nobody should look
at.
"""

from asgi_jwks.testing.attacks.attack import Attack, Attempt, Build, Target
from asgi_jwks.testing.compact import encode

__all__ = ["ATTACKS"]


def _with(*fields: tuple[str, str]) -> Attempt:
    return Attempt(tuple((name.encode("latin-1"), value.encode()) for name, value in fields))


def _field(name: str, summary: str, requirements: str, reason: str, *values: str) -> Attack:
    """A request with these Authorization fields; TOKEN in them is a good token."""

    def build(target: Target) -> Attempt:
        token = target.token()
        return _with(*(("authorization", value.replace("TOKEN", token)) for value in values))

    return _request(name, summary, requirements, reason, build)


def _request(name: str, summary: str, requirements: str, reason: str, build: Build) -> Attack:
    return Attack(name, summary, tuple(requirements.split()), reason, build)


def _forged(target: Target) -> str:
    """A token that the attacker signed."""
    return target.token(key=target.keys.stranger)


def _padded(target: Target, size: int) -> str:
    return target.token(padding="x" * size)


ATTACKS = (
    _request("no_token", "no credentials at all", "A6 B1 B2", "missing_token", lambda _: Attempt()),
    _field("empty_authorization", "an empty Authorization field", "A1 A8", "missing_token", ""),
    _field(
        "basic_scheme",
        "a password by the scheme Basic",
        "A9 B2",
        "missing_token",
        "Basic YWxpY2U6d29uZGVybGFuZA==",
    ),
    _field(
        "basic_scheme_with_the_token",
        "a good token as the password of Basic",
        "A9",
        "missing_token",
        "Basic TOKEN",
    ),
    _field(
        "digest_scheme",
        "the scheme Digest",
        "A9",
        "missing_token",
        'Digest username="alice", response="00"',
    ),
    _field("negotiate_scheme", "the scheme Negotiate", "A9", "missing_token", "Negotiate TOKEN"),
    _field(
        "dpop_scheme",
        "a good token under the scheme DPoP, without a proof",
        "A9",
        "missing_token",
        "DPoP TOKEN",
    ),
    _field(
        "token_scheme",
        "a good token under a scheme of somebody else",
        "A9",
        "missing_token",
        "Token TOKEN",
    ),
    _field("token_without_scheme", "a good token without a scheme", "A1", "missing_token", "TOKEN"),
    _field(
        "scheme_glued_to_the_token",
        "no space after the scheme",
        "A1",
        "missing_token",
        "BearerTOKEN",
    ),
    _field("scheme_with_colon", "a colon after the scheme", "A1", "missing_token", "Bearer: TOKEN"),
    _field(
        "tab_after_the_scheme",
        "a tab where the space should be",
        "A1",
        "missing_token",
        "Bearer\tTOKEN",
    ),
    _field("bearer_without_token", "the scheme alone", "A1 A8", "invalid_credentials", "Bearer"),
    _field(
        "bearer_undefined",
        "the word that a careless client sends for a missing token",
        "A8",
        "malformed",
        "Bearer undefined",
    ),
    _field("quoted_token", "a good token in quotes", "A1", "invalid_credentials", 'Bearer "TOKEN"'),
    _field(
        "token_as_parameter",
        "a good token as an auth-param",
        "A1",
        "invalid_credentials",
        'Bearer token="TOKEN"',
    ),
    _field(
        "two_tokens_after_a_space",
        "two good tokens in one field",
        "A1 A4",
        "invalid_credentials",
        "Bearer TOKEN TOKEN",
    ),
    _field(
        "two_tokens_after_a_comma",
        "two joined fields",
        "A1 A3",
        "invalid_credentials",
        "Bearer TOKEN, Bearer TOKEN",
    ),
    _field(
        "joined_with_basic",
        "Basic and Bearer joined",
        "A3 A9",
        "missing_token",
        "Basic YTpi, Bearer TOKEN",
    ),
    _field(
        "two_fields",
        "two Authorization fields with good tokens",
        "A3",
        "repeated_credentials",
        *["Bearer TOKEN"] * 2,
    ),
    _field(
        "two_fields_of_two_schemes",
        "Basic and Bearer",
        "A3",
        "repeated_credentials",
        "Basic YTpi",
        "Bearer TOKEN",
    ),
    _field(
        "bearer_field_before_basic",
        "Bearer and Basic",
        "A3",
        "repeated_credentials",
        "Bearer TOKEN",
        "Basic YTpi",
    ),
    _request(
        "forged_field_before_a_good_one",
        "two fields, for a server that checks one and uses the other",
        "A3",
        "repeated_credentials",
        lambda t: _with(
            ("authorization", f"Bearer {_forged(t)}"), ("authorization", f"Bearer {t.token()}")
        ),
    ),
    _request(
        "line_break_in_the_token",
        "response splitting: a header field after the token",
        "A1 B5",
        "invalid_credentials",
        lambda t: _with(("authorization", f"Bearer {t.token()}\r\nset-cookie: a=b")),
    ),
    _request(
        "line_break_and_quotes_in_place_of_a_token",
        "header injection by an error text that quotes the token",
        "A8 B4 B5",
        "invalid_credentials",
        lambda _: _with(("authorization", 'Bearer x", error="\r\nx-injected: 1')),
    ),
    _request(
        "nul_in_the_token",
        "a NUL after a good token, for readers that stop there",
        "A1 A8",
        "invalid_credentials",
        lambda t: _with(("authorization", f"Bearer {t.token()}\0.admin")),
    ),
    _request(
        "fullwidth_token",
        "characters that Unicode normalisation would turn into a token",
        "A1 A8",
        "invalid_credentials",
        lambda t: _with(("authorization", "Bearer " + t.token().replace(".", "\uff0e"))),
    ),
    _request(
        "invalid_utf8_in_the_field",
        "octets that are not text",
        "A8",
        "invalid_credentials",
        lambda _: Attempt(((b"authorization", b"Bearer \xff\xfe\x80.\xc0\xaf.\xed\xa0\x80"),)),
    ),
    _request(
        "percent_encoded_token",
        "a good token, percent-encoded",
        "A1",
        "invalid_credentials",
        lambda t: _with(("authorization", f"Bearer {t.token().replace('.', '%2E')}")),
    ),
    _request(
        "oversized_token",
        "a token that the issuer signed, of more than 16 KiB",
        "A7",
        "token_too_large",
        lambda t: _with(("authorization", f"Bearer {_padded(t, 16_384)}")),
    ),
    _request(
        "oversized_garbage",
        "a megabyte of letters",
        "A7 A8",
        "token_too_large",
        lambda _: _with(("authorization", f"Bearer {'a' * 1_048_576}")),
    ),
    _request(
        "a_megabyte_of_dots",
        "a million empty parts",
        "A7 A8",
        "token_too_large",
        lambda _: _with(("authorization", f"Bearer {'.' * 1_048_576}")),
    ),
    _request(
        "token_in_the_query",
        "a good token as access_token in the query",
        "A5",
        "missing_token",
        lambda t: Attempt(query_string=f"access_token={t.token()}".encode()),
    ),
    _request(
        "token_in_the_form",
        "a good token as access_token in a form",
        "A5",
        "missing_token",
        lambda t: Attempt(
            ((b"content-type", b"application/x-www-form-urlencoded"),),
            method="POST",
            body=f"access_token={t.token()}".encode(),
        ),
    ),
    _request(
        "token_in_a_cookie",
        "a good token in cookies of likely names",
        "A5",
        "missing_token",
        lambda t: _with(("cookie", f"access_token={t.token()}; token={t.token()}")),
    ),
    _request(
        "token_in_other_fields",
        "a good token in fields that proxies use",
        "A5 A10",
        "missing_token",
        lambda t: _with(
            ("proxy-authorization", f"Bearer {t.token()}"),
            ("x-authorization", f"Bearer {t.token()}"),
            ("x-forwarded-access-token", t.token()),
            ("x-access-token", t.token()),
        ),
    ),
    _request(
        "identity_in_fields",
        "fields that say who the client is",
        "A10",
        "missing_token",
        lambda _: _with(
            ("x-user", "admin"),
            ("x-remote-user", "admin"),
            ("x-forwarded-user", "admin"),
            ("x-auth-claims", '{"sub": "admin"}'),
            ("x-userinfo", "eyJzdWIiOiJhZG1pbiJ9"),
        ),
    ),
    _request(
        "identity_in_a_forged_token_and_fields",
        "an unsigned token next to the field of a gateway that verifies tokens",
        "A10 D3",
        "algorithm_not_allowed",
        lambda t: _with(
            (
                "authorization",
                f"Bearer {encode({'alg': 'none'}, t.good_claims(), sign=lambda _: b'')}",
            ),
            ("x-goog-iap-jwt-assertion", _forged(t)),
            ("x-amzn-oidc-data", _forged(t)),
        ),
    ),
    _request(
        "method_override",
        "a field that makes some frameworks see OPTIONS",
        "B10",
        "missing_token",
        lambda _: _with(("x-http-method-override", "OPTIONS")),
    ),
    _request(
        "plain_options",
        "OPTIONS without a token",
        "B10",
        "missing_token",
        lambda _: Attempt(method="OPTIONS"),
    ),
    _request(
        "cors_preflight",
        "a CORS preflight without a token",
        "B10",
        "missing_token",
        lambda _: Attempt(
            (
                (b"origin", b"https://evil.example"),
                (b"access-control-request-method", b"DELETE"),
                (b"access-control-request-headers", b"authorization"),
            ),
            method="OPTIONS",
        ),
    ),
    _request(
        "head", "HEAD without a token", "B6", "missing_token", lambda _: Attempt(method="HEAD")
    ),
    _request(
        "unknown_method",
        "a method that nobody knows",
        "A8",
        "missing_token",
        lambda _: Attempt(method="PROPFIND"),
    ),
    _request(
        "websocket_without_token",
        "a WebSocket without credentials",
        "C1 C2",
        "missing_token",
        lambda _: Attempt(websocket=True),
    ),
    _request(
        "websocket_with_the_token_in_the_query",
        "a WebSocket with a good token in the query",
        "A5 C1",
        "missing_token",
        lambda t: Attempt(websocket=True, query_string=f"token={t.token()}".encode()),
    ),
    _request(
        "websocket_with_the_token_as_subprotocol",
        "a WebSocket with a good token as subprotocol, where that is not configured",
        "A5 C1",
        "missing_token",
        lambda t: Attempt(websocket=True, subprotocols=("bearer", t.token())),
    ),
    _request(
        "websocket_with_a_forged_token",
        "a WebSocket with a token that the attacker signed",
        "C1 C2",
        "bad_signature",
        lambda t: Attempt(((b"authorization", f"Bearer {_forged(t)}".encode()),), websocket=True),
    ),
)
