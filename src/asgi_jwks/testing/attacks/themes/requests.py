"""Attacks by the form of the request: tokens in other places, other methods, WebSockets."""

from asgi_jwks.testing.attacks.attack import Attempt, by_request, with_fields
from asgi_jwks.testing.compact import encode

__all__ = ["ATTACKS"]


ATTACKS = (
    by_request(
        "token_in_the_query",
        "a good token as access_token in the query",
        "A5",
        "missing_token",
        lambda t: Attempt(query_string=f"access_token={t.token()}".encode()),
    ),
    by_request(
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
    by_request(
        "token_in_a_cookie",
        "a good token in cookies of likely names",
        "A5",
        "missing_token",
        lambda t: with_fields(("cookie", f"access_token={t.token()}; token={t.token()}")),
    ),
    by_request(
        "token_in_other_fields",
        "a good token in fields that proxies use",
        "A5 A10",
        "missing_token",
        lambda t: with_fields(
            ("proxy-authorization", f"Bearer {t.token()}"),
            ("x-authorization", f"Bearer {t.token()}"),
            ("x-forwarded-access-token", t.token()),
            ("x-access-token", t.token()),
        ),
    ),
    by_request(
        "identity_in_fields",
        "fields that say who the client is",
        "A10",
        "missing_token",
        lambda _: with_fields(
            ("x-user", "admin"),
            ("x-remote-user", "admin"),
            ("x-forwarded-user", "admin"),
            ("x-auth-claims", '{"sub": "admin"}'),
            ("x-userinfo", "eyJzdWIiOiJhZG1pbiJ9"),
        ),
    ),
    by_request(
        "identity_in_a_forged_token_and_fields",
        "an unsigned token next to the field of a gateway that verifies tokens",
        "A10 D3",
        "algorithm_not_allowed",
        lambda t: with_fields(
            (
                "authorization",
                f"Bearer {encode({'alg': 'none'}, t.good_claims(), sign=lambda _: b'')}",
            ),
            ("x-goog-iap-jwt-assertion", t.forged()),
            ("x-amzn-oidc-data", t.forged()),
        ),
    ),
    by_request(
        "method_override",
        "a field that makes some frameworks see OPTIONS",
        "B10",
        "missing_token",
        lambda _: with_fields(("x-http-method-override", "OPTIONS")),
    ),
    by_request(
        "plain_options",
        "OPTIONS without a token",
        "B10",
        "missing_token",
        lambda _: Attempt(method="OPTIONS"),
    ),
    by_request(
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
    by_request(
        "head", "HEAD without a token", "B6", "missing_token", lambda _: Attempt(method="HEAD")
    ),
    by_request(
        "unknown_method",
        "a method that nobody knows",
        "A8",
        "missing_token",
        lambda _: Attempt(method="PROPFIND"),
    ),
    by_request(
        "websocket_without_token",
        "a WebSocket without credentials",
        "C1 C2",
        "missing_token",
        lambda _: Attempt(websocket=True),
    ),
    by_request(
        "websocket_with_the_token_in_the_query",
        "a WebSocket with a good token in the query",
        "A5 C1",
        "missing_token",
        lambda t: Attempt(websocket=True, query_string=f"token={t.token()}".encode()),
    ),
    by_request(
        "websocket_with_the_token_as_subprotocol",
        "a WebSocket with a good token as subprotocol, where that is not configured",
        "A5 C1",
        "missing_token",
        lambda t: Attempt(websocket=True, subprotocols=("bearer", t.token())),
    ),
    by_request(
        "websocket_with_a_forged_token",
        "a WebSocket with a token that the attacker signed",
        "C1 C2",
        "bad_signature",
        lambda t: Attempt(((b"authorization", f"Bearer {t.forged()}".encode()),), websocket=True),
    ),
)
