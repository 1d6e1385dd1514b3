"""Claim rules, and what an issuer allows in a header, each at its edges; time is an argument."""

from collections.abc import Mapping
from math import inf
from typing import Any

import pytest
from tests.support.immutability import assert_immutable

from asgi_jwks.errors import InvalidToken, Reason
from asgi_jwks.tokens.claim_rules import ALL_BINDINGS, TokenRules
from asgi_jwks.tokens.header_rules import JOSEHeader
from asgi_jwks.tokens.kinds import KindRule

NOW = 1_700_000_000
LEEWAY = 5.0
API = "https://api.example.com"
LAST_SECOND_OF_9999 = 253_402_300_799

JWT = JOSEHeader("RS256", "k1", "jwt")
AT_JWT = JOSEHeader("RS256", "k1", "at+jwt")


def rules(**options: Any) -> TokenRules:
    given: dict[str, Any] = {
        "issuer": "https://issuer.example/",
        "audiences": frozenset({API, "second"}),
        "algorithms": frozenset({"RS256"}),
        "leeway": LEEWAY,
        "profile": "default",
        "audience_claim": "aud",
        "required_claims": (),
        **options,
    }
    return TokenRules(**given)


def good(**claims: object) -> dict[str, Any]:
    return {"iss": "https://issuer.example/", "aud": API, "exp": NOW + 60, **claims}


def without(claims: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in claims.items() if key != name}


def verdict(
    claims: Mapping[str, Any],
    *,
    header: JOSEHeader = JWT,
    now: float = NOW,
    **options: Any,
) -> Reason | None:
    """The reason for refusing these claims, or None."""
    try:
        rules(**options).check_claims(claims, header, now)
    except InvalidToken as refusal:
        return refusal.reason
    return None


def detail(claims: Mapping[str, Any], *, header: JOSEHeader = JWT, **options: Any) -> str | None:
    with pytest.raises(InvalidToken) as refusal:
        rules(**options).check_claims(claims, header, NOW)
    return refusal.value.detail


class TestWhatTheIssuerAllowsInAHeader:
    @pytest.mark.parametrize("algorithm", ["RS512", "rs256", "RS256 ", "none", ""])
    def test_alg_is_on_the_list_letter_by_letter(self, algorithm: str) -> None:
        """D3"""
        with pytest.raises(InvalidToken) as refusal:
            rules().check_header(JOSEHeader(algorithm, None, None))
        assert refusal.value.reason is Reason.ALGORITHM_NOT_ALLOWED

    def test_an_algorithm_reaches_the_log_shortened(self) -> None:
        """D7"""
        with pytest.raises(InvalidToken) as refusal:
            rules().check_header(JOSEHeader("A\n" * 500, None, None))
        assert refusal.value.detail is not None
        assert "\n" not in refusal.value.detail
        assert len(refusal.value.detail) <= 64

    def test_what_is_on_the_list_passes(self) -> None:
        """D3"""
        rules(algorithms=frozenset({"RS256", "ES256"})).check_header(
            JOSEHeader("ES256", None, None)
        )

    @pytest.mark.parametrize("kind", [None, "jwt"])
    def test_rfc9068_demands_its_type(self, kind: str | None) -> None:
        """D9"""
        with pytest.raises(InvalidToken) as refusal:
            rules(profile="rfc9068").check_header(JOSEHeader("RS256", None, kind))
        assert refusal.value.reason is Reason.WRONG_TYPE
        assert refusal.value.detail == "the rfc9068 profile demands typ at+jwt"

    def test_rfc9068_gets_its_type(self) -> None:
        """D9"""
        rules(profile="rfc9068").check_header(AT_JWT)


class TestTime:
    def test_exp_is_required(self) -> None:
        """G2"""
        assert verdict(without(good(), "exp")) is Reason.MISSING_CLAIM
        assert detail(without(good(), "exp")) == "exp"

    @pytest.mark.parametrize(
        ("exp", "reason"),
        [
            (NOW - 6, Reason.EXPIRED),
            (NOW - 5, Reason.EXPIRED),
            (NOW - 4.99, None),
            (NOW, None),
            (NOW + 1, None),
        ],
    )
    def test_a_token_expires_leeway_after_exp(self, exp: float, reason: Reason | None) -> None:
        """G2"""
        assert verdict(good(exp=exp)) is reason

    @pytest.mark.parametrize(
        ("nbf", "reason"),
        [(NOW + 6, Reason.NOT_YET_VALID), (NOW + 5.01, Reason.NOT_YET_VALID), (NOW + 5, None)],
    )
    def test_a_token_is_valid_leeway_before_nbf(self, nbf: float, reason: Reason | None) -> None:
        """G3"""
        assert verdict(good(nbf=nbf)) is reason

    @pytest.mark.parametrize(
        ("iat", "reason"),
        [
            (NOW + 61, Reason.ISSUED_IN_FUTURE),
            (NOW + 60.01, Reason.ISSUED_IN_FUTURE),
            (NOW + 60, None),
        ],
    )
    def test_a_token_is_not_from_the_future(self, iat: float, reason: Reason | None) -> None:
        """G4: an issuer's clock may be a minute ahead, or the leeway where that is more."""
        assert verdict(good(iat=iat)) is reason
        assert verdict(good(iat=iat), leeway=0.0) is reason
        assert verdict(good(iat=iat + 240), leeway=300.0) is reason

    def test_without_leeway_there_is_none(self) -> None:
        """G2, G3"""
        assert verdict(good(exp=NOW), leeway=0.0) is Reason.EXPIRED
        assert verdict(good(nbf=NOW), leeway=0.0) is None
        assert verdict(good(nbf=NOW + 0.5), leeway=0.0) is Reason.NOT_YET_VALID

    @pytest.mark.parametrize("claim", ["exp", "nbf", "iat"])
    @pytest.mark.parametrize(
        "value", ["1700000000", "", None, True, False, [], [NOW], {}, "NaN", [NOW, NOW]]
    )
    def test_a_numeric_date_is_a_number_even_where_it_is_optional(
        self, claim: str, value: object
    ) -> None:
        """G1"""
        claims = good(**{claim: value})
        assert verdict(claims) is Reason.INVALID_CLAIM
        assert detail(claims) == f"{claim} is not a number"

    @pytest.mark.parametrize("claim", ["exp", "nbf", "iat"])
    @pytest.mark.parametrize(
        "value",
        [
            LAST_SECOND_OF_9999 + 1,
            -LAST_SECOND_OF_9999 - 1,
            LAST_SECOND_OF_9999 + 0.5,
            pytest.param(10**400, id="10**400"),
            pytest.param(-(10**400), id="-10**400"),
            1e300,
            inf,
            -inf,
            float("nan"),
        ],
    )
    def test_numbers_beyond_all_dates_are_refused(self, claim: str, value: float) -> None:
        """G1"""
        assert detail(good(**{claim: value})) == f"{claim} is out of range"
        assert verdict(good(**{claim: value})) is Reason.INVALID_CLAIM

    def test_the_last_second_of_all_dates_is_a_date(self) -> None:
        """G1"""
        assert verdict(good(exp=LAST_SECOND_OF_9999)) is None
        assert verdict(good(nbf=-LAST_SECOND_OF_9999, iat=-LAST_SECOND_OF_9999)) is None

    def test_fractions_and_both_kinds_of_number_are_allowed(self) -> None:
        """G1"""
        assert verdict(good(exp=NOW + 0.25, nbf=NOW - 0.5, iat=float(NOW))) is None

    def test_how_long_the_verdict_holds(self) -> None:
        """G2, G3, G4: for a token that is seen again only time can change the verdict."""
        check = rules().check_claims
        assert check(good(), JWT, NOW) == (-inf, NOW + 65)
        assert check(good(nbf=NOW), JWT, NOW) == (NOW - 5, NOW + 65)
        assert check(good(iat=NOW), JWT, NOW) == (NOW - 60, NOW + 65)
        assert check(good(nbf=NOW - 99, iat=NOW), JWT, NOW) == (NOW - 60, NOW + 65)
        assert check(good(nbf=NOW, iat=NOW - 9), JWT, NOW) == (NOW - 5, NOW + 65)


class TestTheAudience:
    @pytest.mark.parametrize("aud", [API, "second", [API], ["x", "second"], [API, API]])
    def test_one_of_ours_suffices(self, aud: object) -> None:
        """G6"""
        assert verdict(good(aud=aud)) is None

    @pytest.mark.parametrize(
        "aud",
        ["", "*", [], ["x"], f"{API}/", API.upper(), API[:-1], f"{API} second", f" {API}", [[]][0]],
    )
    def test_it_is_compared_without_normalisation(self, aud: object) -> None:
        """G6"""
        assert verdict(good(aud=aud)) is Reason.WRONG_AUDIENCE

    @pytest.mark.parametrize("aud", [None, 1, True, {}, {API: 1}])
    def test_it_is_a_string_or_a_list(self, aud: object) -> None:
        """G6"""
        assert verdict(good(aud=aud)) is Reason.INVALID_CLAIM
        assert detail(good(aud=aud)) == "aud is neither a string nor a list of strings"

    @pytest.mark.parametrize("other", [None, 1, [API], {}])
    def test_one_member_that_is_no_string_spoils_it(self, other: object) -> None:
        """G6"""
        assert verdict(good(aud=[API, other])) is Reason.INVALID_CLAIM
        assert detail(good(aud=[API, other])) == "aud is not a list of strings"

    def test_it_is_required(self) -> None:
        """G6"""
        assert verdict(without(good(), "aud")) is Reason.MISSING_CLAIM
        assert detail(without(good(), "aud")) == "aud"

    @pytest.mark.parametrize("aud", ["x", [], None, 1])
    def test_it_is_not_looked_at_where_the_configuration_says_so(self, aud: object) -> None:
        """G13"""
        assert verdict(good(aud=aud), audiences=None) is None
        assert verdict(without(good(), "aud"), audiences=None) is None

    def test_a_list_has_a_bounded_length(self) -> None:
        """A7"""
        assert verdict(good(aud=[API] * 256)) is None
        assert verdict(good(aud=[API] * 257)) is Reason.INVALID_CLAIM

    def test_another_claim_can_name_it(self) -> None:
        """G13"""
        claims = good(client_id="abc", aud="whatever")
        options: dict[str, Any] = {"audience_claim": "client_id", "audiences": frozenset({"abc"})}
        assert verdict(claims, **options) is None
        assert verdict(without(claims, "aud"), **options) is None
        assert verdict(good(client_id="ABC"), **options) is Reason.WRONG_AUDIENCE
        assert verdict(good(), **options) is Reason.MISSING_CLAIM
        assert (
            detail(good(client_id=1), **options)
            == "client_id is neither a string nor a list of strings"
        )


class TestOtherClaims:
    @pytest.mark.parametrize("claim", ["sub", "jti"])
    @pytest.mark.parametrize("value", [None, 1, ["a"], {}, True])
    def test_sub_and_jti_are_strings_where_they_are_present(
        self, claim: str, value: object
    ) -> None:
        """G7"""
        assert detail(good(**{claim: value})) == f"{claim} is not a string"
        assert verdict(good(**{claim: value})) is Reason.INVALID_CLAIM

    def test_sub_may_be_absent_and_empty(self) -> None:
        """G7"""
        assert verdict(good()) is None
        assert verdict(good(sub="")) is None

    def test_required_claims_are_present_and_not_null(self) -> None:
        claims = good(org="a", tenant=0)
        assert verdict(claims, required_claims=("org", "tenant")) is None
        assert verdict(without(claims, "org"), required_claims=("org",)) is Reason.MISSING_CLAIM
        assert detail(good(org=None), required_claims=("tenant", "org")) == "tenant"
        assert detail(good(org=None, tenant=1), required_claims=("tenant", "org")) == "org"

    def test_rfc9068_demands_its_claims(self) -> None:
        """G7"""
        claims = good(sub="a", client_id="c", iat=NOW, jti="j")
        options: dict[str, Any] = {"profile": "rfc9068", "header": AT_JWT}
        assert verdict(claims, **options) is None
        for name in ("sub", "client_id", "iat", "jti", "exp", "aud"):
            assert verdict(without(claims, name), **options) is Reason.MISSING_CLAIM
            assert detail(without(claims, name), **options) == name
        for name in ("sub", "client_id", "jti"):
            assert verdict({**claims, name: 1}, **options) is Reason.INVALID_CLAIM
            assert detail({**claims, name: 1}, **options) == f"{name} is not a string"
        assert verdict({**claims, "iat": "x"}, **options) is Reason.INVALID_CLAIM

    @pytest.mark.parametrize("claim", ["scope", "scp", "permissions"])
    def test_a_grant_that_cannot_be_read_does_not_refuse_the_token(self, claim: str) -> None:
        """G9"""
        assert verdict(good(**{claim: 1})) is None

    @pytest.mark.parametrize("cnf", [{"jkt": "x"}, {"x5t#S256": "x"}, {"jwk": {}}, {}, None])
    def test_a_bound_token_is_no_bearer_token(self, cnf: object) -> None:
        """G12"""
        assert verdict(good(cnf=cnf)) is Reason.SENDER_CONSTRAINED
        assert verdict(good(cnf=cnf), header=AT_JWT) is Reason.SENDER_CONSTRAINED
        assert verdict(good(cnf=cnf), proven_bindings=ALL_BINDINGS) is None


class TestTheKind:
    """What is an access token is the matter of the rule for kinds; see test_kinds.py."""

    def test_another_kind_is_refused(self) -> None:
        """G8"""
        assert verdict(good(token_use="id")) is Reason.NOT_AN_ACCESS_TOKEN
        assert verdict(good(token_use="access")) is None

    def test_the_rule_is_an_option_of_the_issuer(self) -> None:
        """G8"""
        only_at_jwt = KindRule(header_types=frozenset({"at+jwt"}))
        with pytest.raises(InvalidToken) as refusal:
            rules(kind=only_at_jwt).check_header(JWT)
        assert refusal.value.reason is Reason.WRONG_TYPE
        rules(kind=only_at_jwt).check_header(AT_JWT)

    def test_it_is_judged_after_the_claims_that_every_token_has(self) -> None:
        """G6, G8: a token for another API is told so, whatever kind it is of."""
        assert verdict(good(token_use="id", aud="x")) is Reason.WRONG_AUDIENCE
        assert verdict(good(token_use="id", cnf={})) is Reason.NOT_AN_ACCESS_TOKEN


class TestTheRulesThemselves:
    def test_they_are_an_immutable_value(self) -> None:
        """Requests and threads share them."""
        assert_immutable(rules())

    def test_they_are_given_by_name(self) -> None:
        """Two strings and two sets beside each other are too easily swapped."""
        positional: Any = TokenRules
        given = rules()
        with pytest.raises(TypeError):
            positional(*(getattr(given, name) for name in TokenRules.__annotations__))
