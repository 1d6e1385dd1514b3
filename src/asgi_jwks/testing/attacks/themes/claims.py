"""Attacks by claims that the issuer signed: other issuers, audiences, and wrong types."""

from asgi_jwks.testing.attacks.attack import Attack, Target, by_claims, by_token

__all__ = ["ATTACKS"]


def _absent(claim: str, requirements: str) -> Attack:
    return by_token(
        f"{claim}_missing",
        f"no {claim}",
        requirements,
        "missing_claim",
        lambda t: t.token(without=claim),
    )


def _audience(target: Target) -> str:
    audience = target.issuer.audience
    return audience if isinstance(audience, str) else audience[0]


def _with_another_scheme(issuer: str) -> str:
    scheme, _, rest = issuer.rpartition("://")
    return f"{'https' if scheme == 'http' else 'http'}://{rest}"


ATTACKS = (
    _absent("iss", "G5"),
    by_claims(
        "iss_of_somebody_else",
        "another issuer",
        "G5 E5",
        "unknown_issuer",
        iss="https://evil.example/",
    ),
    by_claims("iss_empty", "an empty issuer", "G5", "unknown_issuer", iss=""),
    by_claims("iss_null", "issuer null", "G5", "invalid_claim", iss=None),
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
        "the issuer over the other of http and https",
        "G5",
        "unknown_issuer",
        lambda t: t.token(iss=_with_another_scheme(t.issuer.issuer)),
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
    by_claims(
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
        "bad_signature",
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
    by_claims(
        "aud_of_somebody_else",
        "another API",
        "G6",
        "wrong_audience",
        aud="https://other-api.example.com",
    ),
    by_claims("aud_empty", "an empty audience", "G6", "wrong_audience", aud=""),
    by_claims("aud_empty_list", "no audience in the list", "G6", "wrong_audience", aud=[]),
    by_claims("aud_null", "audience null", "G6", "invalid_claim", aud=None),
    by_claims("aud_star", "any audience", "G6", "wrong_audience", aud="*"),
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
        "three hundred audiences",
        "A7 G6",
        "invalid_claim",
        lambda t: t.token(aud=[_audience(t)] * 300),
    ),
    by_claims("sub_a_number", "a subject that is not a string", "G7", "invalid_claim", sub=1),
    by_claims("sub_a_list", "a list of subjects", "G7", "invalid_claim", sub=["alice", "admin"]),
    by_claims("sub_null", "subject null", "G7", "invalid_claim", sub=None),
)


def _toggled_slash(url: str) -> str:
    return url[:-1] if url.endswith("/") else f"{url}/"


def _longer(target: Target) -> str:
    return f"{target.issuer.issuer.rstrip('/')}.evil.example/"
