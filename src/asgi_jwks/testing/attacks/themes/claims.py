"""Attacks by claims that the issuer signed: other times, issuers, audiences and types."""

from asgi_jwks.testing.attacks.attack import Attack, Target, by_token

__all__ = ["ATTACKS"]

_HOUR = 3600
_YEAR_10000 = 253_402_300_800


def _claim(name: str, summary: str, requirements: str, reason: str, **claims: object) -> Attack:
    return by_token(
        name,
        summary,
        requirements,
        reason,
        lambda t: t.signed(t.good_header(), t.good_claims(**claims)),
    )


def _absent(claim: str, requirements: str) -> Attack:
    return by_token(
        f"{claim}_missing",
        f"no {claim}",
        requirements,
        "missing_claim",
        lambda t: t.token(without=claim),
    )


def _later(target: Target, seconds: int) -> int:
    return int(target.issuer.clock()) + seconds


def _audience(target: Target) -> str:
    audience = target.issuer.audience
    return audience if isinstance(audience, str) else audience[0]


ATTACKS = (
    by_token(
        "expired",
        "a token of yesterday",
        "G2",
        "expired",
        lambda t: t.token(exp=_later(t, -24 * _HOUR)),
    ),
    by_token(
        "expired_a_minute_ago",
        "beyond the leeway",
        "G2",
        "expired",
        lambda t: t.token(exp=_later(t, -301)),
    ),
    _absent("exp", "G2"),
    _claim("exp_zero", "the year 1970", "G2", "expired", exp=0),
    _claim("exp_negative", "before 1970", "G2", "expired", exp=-1),
    by_token(
        "exp_a_string",
        "a number in quotes",
        "G1",
        "invalid_claim",
        lambda t: t.token(exp=f"{_later(t, _HOUR)}"),
    ),
    _claim("exp_true", "true, which Python takes for 1", "G1", "invalid_claim", exp=True),
    _claim("exp_null", "null", "G1 G2", "invalid_claim", exp=None),
    by_token(
        "exp_a_list", "a list", "G1", "invalid_claim", lambda t: t.token(exp=[_later(t, _HOUR)])
    ),
    _claim("exp_an_object", "an object", "G1", "invalid_claim", exp={}),
    _claim("exp_beyond_all_dates", "the year 10000", "G1", "invalid_claim", exp=_YEAR_10000),
    _claim(
        "exp_in_milliseconds",
        "milliseconds, thousands of years ahead",
        "G1",
        "invalid_claim",
        exp=_YEAR_10000 * 9,
    ),
    _claim("exp_huge", "400 digits", "G1 D10", "invalid_claim", exp=10**400),
    by_token(
        "nbf_in_an_hour",
        "not valid yet",
        "G3",
        "not_yet_valid",
        lambda t: t.token(nbf=_later(t, _HOUR)),
    ),
    _claim("nbf_a_string", "nbf as text", "G1", "invalid_claim", nbf="0"),
    _claim("nbf_false", "nbf false", "G1", "invalid_claim", nbf=False),
    _claim("nbf_beyond_all_dates", "nbf in the year 10000", "G1", "invalid_claim", nbf=_YEAR_10000),
    by_token(
        "iat_in_an_hour",
        "issued in the future",
        "G4",
        "issued_in_future",
        lambda t: t.token(iat=_later(t, _HOUR)),
    ),
    _claim("iat_a_string", "iat as text", "G1", "invalid_claim", iat="yesterday"),
    _claim("iat_null", "iat null", "G1", "invalid_claim", iat=None),
    _claim("iat_huge", "iat of 400 digits", "G1 D10", "invalid_claim", iat=10**400),
    _absent("iss", "G5"),
    _claim(
        "iss_of_somebody_else",
        "another issuer",
        "G5 E5",
        "unknown_issuer",
        iss="https://evil.example/",
    ),
    _claim("iss_empty", "an empty issuer", "G5", "unknown_issuer", iss=""),
    _claim("iss_null", "issuer null", "G5", "invalid_claim", iss=None),
    by_token(
        "iss_a_list",
        "a list of issuers",
        "G5",
        "invalid_claim",
        lambda t: t.token(iss=[t.issuer.issuer]),
    ),
    by_token(
        "iss_with_another_slash",
        "the issuer, but for the slash at its end",
        "G5",
        "unknown_issuer",
        lambda t: t.token(iss=_toggled_slash(t.issuer.issuer)),
    ),
    by_token(
        "iss_in_capitals",
        "the issuer in capitals",
        "G5",
        "unknown_issuer",
        lambda t: t.token(iss=t.issuer.issuer.upper()),
    ),
    by_token(
        "iss_with_another_scheme",
        "the issuer over http",
        "G5",
        "unknown_issuer",
        lambda t: t.token(iss=f"http://{t.issuer.issuer.rpartition('://')[2]}"),
    ),
    by_token(
        "iss_longer",
        "a host that begins like the issuer's",
        "G5",
        "unknown_issuer",
        lambda t: t.token(iss=_longer(t)),
    ),
    by_token(
        "iss_with_nul",
        "a NUL after the issuer",
        "G5",
        "unknown_issuer",
        lambda t: t.token(iss=f"{t.issuer.issuer}\0"),
    ),
    by_token(
        "iss_with_a_default_port",
        "the issuer with the port that is meant anyway",
        "G5",
        "unknown_issuer",
        lambda t: t.token(iss=f"{t.issuer.issuer.rstrip('/')}:443/"),
    ),
    _claim(
        "iss_very_long",
        "an issuer of 4,000 letters",
        "G5 H4",
        "unknown_issuer",
        iss=f"https://{'x' * 4000}/",
    ),
    by_token(
        "token_of_another_issuer",
        "a token of another issuer, under the same key id",
        "E5 G5",
        "unknown_issuer",
        lambda t: t.token(key=t.keys.stranger, iss="https://another-issuer.example/"),
    ),
    by_token(
        "kid_of_another_key_of_the_set",
        "the key id of one published key, the signature of another",
        "E4 E5",
        "bad_signature",
        lambda t: t.signed(t.good_header(kid="exponent-3"), t.good_claims()),
    ),
    _absent("aud", "G6"),
    _claim(
        "aud_of_somebody_else",
        "another API",
        "G6",
        "wrong_audience",
        aud="https://other-api.example.com",
    ),
    _claim("aud_empty", "an empty audience", "G6", "wrong_audience", aud=""),
    _claim("aud_empty_list", "no audience in the list", "G6", "wrong_audience", aud=[]),
    _claim("aud_null", "audience null", "G6", "invalid_claim", aud=None),
    _claim("aud_star", "any audience", "G6", "wrong_audience", aud="*"),
    by_token(
        "aud_an_object",
        "an object",
        "G6",
        "invalid_claim",
        lambda t: t.token(aud={_audience(t): True}),
    ),
    by_token(
        "aud_with_a_number",
        "a list with a number",
        "G6",
        "invalid_claim",
        lambda t: t.token(aud=[_audience(t), 1]),
    ),
    by_token(
        "aud_with_null",
        "a list with null",
        "G6",
        "invalid_claim",
        lambda t: t.token(aud=[_audience(t), None]),
    ),
    by_token(
        "aud_nested",
        "a list in a list",
        "G6",
        "invalid_claim",
        lambda t: t.token(aud=[[_audience(t)]]),
    ),
    by_token(
        "aud_with_a_slash",
        "a slash at the end",
        "G6",
        "wrong_audience",
        lambda t: t.token(aud=_toggled_slash(_audience(t))),
    ),
    by_token(
        "aud_in_capitals",
        "another case",
        "G6",
        "wrong_audience",
        lambda t: t.token(aud=_audience(t).swapcase()),
    ),
    by_token(
        "aud_shortened",
        "a prefix",
        "G6",
        "wrong_audience",
        lambda t: t.token(aud=_audience(t)[:-1]),
    ),
    by_token(
        "aud_longer",
        "a longer one",
        "G6",
        "wrong_audience",
        lambda t: t.token(aud=f"{_audience(t)}.evil.example"),
    ),
    by_token(
        "aud_joined",
        "two audiences in one string",
        "G6",
        "wrong_audience",
        lambda t: t.token(aud=f"x {_audience(t)}"),
    ),
    by_token(
        "aud_very_many",
        "a thousand audiences",
        "A7 G6",
        "invalid_claim",
        lambda t: t.token(aud=[_audience(t)] * 300),
    ),
    _claim("sub_a_number", "a subject that is not a string", "G7", "invalid_claim", sub=1),
    _claim("sub_a_list", "a list of subjects", "G7", "invalid_claim", sub=["alice", "admin"]),
    _claim("sub_null", "subject null", "G7", "invalid_claim", sub=None),
    _claim("scope_a_list", "scope as a list", "G9", "invalid_claim", scope=["admin"]),
    _claim("scope_an_object", "scope as an object", "G9", "invalid_claim", scope={"admin": True}),
    _claim("scope_null", "scope null", "G9", "invalid_claim", scope=None),
    _claim("scp_a_number", "scp as a number", "G9", "invalid_claim", scp=1),
    _claim(
        "scp_with_a_number", "a number among the scopes", "G9", "invalid_claim", scp=["read", 1]
    ),
    _claim(
        "permissions_a_string",
        "permissions as a string",
        "G9",
        "invalid_claim",
        permissions="admin",
    ),
    _claim(
        "permissions_with_a_list",
        "a list among the permissions",
        "G9",
        "invalid_claim",
        permissions=[["admin"]],
    ),
)


def _toggled_slash(url: str) -> str:
    return url[:-1] if url.endswith("/") else f"{url}/"


def _longer(target: Target) -> str:
    return f"{target.issuer.issuer.rstrip('/')}.evil.example/"
