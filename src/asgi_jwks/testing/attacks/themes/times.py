"""Attacks by exp, nbf and iat: other times, and times that are not numbers."""

from asgi_jwks.testing.attacks.attack import Target, by_claims, by_token

__all__ = ["ATTACKS"]

_HOUR = 3600
_YEAR_10000 = 253_402_300_800


def _later(target: Target, seconds: int) -> int:
    return int(target.issuer.clock()) + seconds


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
        "a second beyond the longest leeway",
        "G2",
        "expired",
        lambda t: t.token(exp=_later(t, -301)),
    ),
    by_token("exp_missing", "no exp", "G2", "missing_claim", lambda t: t.token(without="exp")),
    by_claims("exp_zero", "the year 1970", "G2", "expired", exp=0),
    by_claims("exp_negative", "before 1970", "G2", "expired", exp=-1),
    by_token(
        "exp_a_string",
        "a number in quotes",
        "G1",
        "invalid_claim",
        lambda t: t.token(exp=f"{_later(t, _HOUR)}"),
    ),
    by_claims("exp_true", "true, which Python takes for 1", "G1", "invalid_claim", exp=True),
    by_claims("exp_null", "null", "G1 G2", "invalid_claim", exp=None),
    by_token(
        "exp_a_list", "a list", "G1", "invalid_claim", lambda t: t.token(exp=[_later(t, _HOUR)])
    ),
    by_claims("exp_an_object", "an object", "G1", "invalid_claim", exp={}),
    by_claims("exp_beyond_all_dates", "the year 10000", "G1", "invalid_claim", exp=_YEAR_10000),
    by_claims(
        "exp_in_milliseconds",
        "milliseconds, thousands of years ahead",
        "G1",
        "invalid_claim",
        exp=_YEAR_10000 * 9,
    ),
    by_claims("exp_huge", "400 digits", "G1 D10", "malformed", exp=10**400),
    by_token(
        "nbf_in_an_hour",
        "not valid yet",
        "G3",
        "not_yet_valid",
        lambda t: t.token(nbf=_later(t, _HOUR)),
    ),
    by_claims("nbf_a_string", "nbf as text", "G1", "invalid_claim", nbf="0"),
    by_claims("nbf_false", "nbf false", "G1", "invalid_claim", nbf=False),
    by_claims(
        "nbf_beyond_all_dates", "nbf in the year 10000", "G1", "invalid_claim", nbf=_YEAR_10000
    ),
    by_token(
        "iat_in_an_hour",
        "issued in the future",
        "G4",
        "issued_in_future",
        lambda t: t.token(iat=_later(t, _HOUR)),
    ),
    by_claims("iat_a_string", "iat as text", "G1", "invalid_claim", iat="yesterday"),
    by_claims("iat_null", "iat null", "G1", "invalid_claim", iat=None),
    by_claims("iat_huge", "iat of 400 digits", "G1 D10", "malformed", iat=10**400),
)
