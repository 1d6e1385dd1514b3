"""Attacks by the Authorization field: missing, doubled, bent, or of another scheme."""

from asgi_jwks.testing.attacks.attack import (
    Attack,
    Attempt,
    Target,
    by_request,
    with_fields,
)

__all__ = ["ATTACKS"]


def _field(name: str, summary: str, requirements: str, reason: str, *values: str) -> Attack:
    """A request with these Authorization fields; TOKEN in them is a good token."""

    def build(target: Target) -> Attempt:
        token = target.token()
        return with_fields(*(("authorization", value.replace("TOKEN", token)) for value in values))

    return by_request(name, summary, requirements, reason, build)


ATTACKS = (
    by_request(
        "no_token", "no credentials at all", "A6 B1 B2", "missing_token", lambda _: Attempt()
    ),
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
    _field(
        "scheme_with_colon",
        "a colon after the scheme",
        "A1",
        "invalid_credentials",
        "Bearer: TOKEN",
    ),
    _field(
        "comma_after_the_scheme",
        "a comma where the space should be",
        "A1 A9",
        "invalid_credentials",
        "Bearer,TOKEN",
    ),
    _field(
        "scheme_that_begins_like_bearer",
        "a good token under a scheme with a longer name",
        "A9",
        "missing_token",
        "BearerX TOKEN",
    ),
    _field(
        "tab_after_the_scheme",
        "a tab where the space should be",
        "A1",
        "invalid_credentials",
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
    by_request(
        "forged_field_before_a_good_one",
        "two fields, for a server that checks one and uses the other",
        "A3",
        "repeated_credentials",
        lambda t: with_fields(
            ("authorization", f"Bearer {t.forged()}"),
            ("authorization", f"Bearer {t.token()}"),
        ),
    ),
    by_request(
        "line_break_in_the_token",
        "response splitting: a header field after the token",
        "A1 B5",
        "invalid_credentials",
        lambda t: with_fields(("authorization", f"Bearer {t.token()}\r\nset-cookie: a=b")),
    ),
    by_request(
        "line_break_and_quotes_in_place_of_a_token",
        "header injection by an error text that quotes the token",
        "A8 B4 B5",
        "invalid_credentials",
        lambda _: with_fields(("authorization", 'Bearer x", error="\r\nx-injected: 1')),
    ),
    by_request(
        "nul_in_the_token",
        "a NUL after a good token, for readers that stop there",
        "A1 A8",
        "invalid_credentials",
        lambda t: with_fields(("authorization", f"Bearer {t.token()}\0.admin")),
    ),
    by_request(
        "fullwidth_token",
        "characters that Unicode normalisation would turn into a token",
        "A1 A8",
        "invalid_credentials",
        lambda t: with_fields(("authorization", "Bearer " + t.token().replace(".", "\uff0e"))),
    ),
    by_request(
        "invalid_utf8_in_the_field",
        "octets that are not text",
        "A8",
        "invalid_credentials",
        lambda _: Attempt(((b"authorization", b"Bearer \xff\xfe\x80.\xc0\xaf.\xed\xa0\x80"),)),
    ),
    by_request(
        "percent_encoded_token",
        "a good token, percent-encoded",
        "A1",
        "invalid_credentials",
        lambda t: with_fields(("authorization", f"Bearer {t.token().replace('.', '%2E')}")),
    ),
    by_request(
        "oversized_token",
        "a token that the issuer signed, of more than 16 KiB",
        "A7",
        "token_too_large",
        lambda t: with_fields(("authorization", f"Bearer {t.token(padding='x' * 16_384)}")),
    ),
    by_request(
        "oversized_garbage",
        "a megabyte of letters",
        "A7 A8",
        "token_too_large",
        lambda _: with_fields(("authorization", f"Bearer {'a' * 1_048_576}")),
    ),
    by_request(
        "a_megabyte_of_dots",
        "a million empty parts",
        "A7 A8",
        "token_too_large",
        lambda _: with_fields(("authorization", f"Bearer {'.' * 1_048_576}")),
    ),
)
