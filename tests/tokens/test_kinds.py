import functools
from collections.abc import Mapping
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgi_jwks.errors import ConfigurationError, InvalidToken, Reason
from asgi_jwks.tokens.header_rules import JOSEHeader
from asgi_jwks.tokens.kind_marks import MARKS
from asgi_jwks.tokens.kinds import DEFAULT_KIND_RULE, KindRule, SatisfiedBy, kind_rule
from asgi_jwks.tokens.proofs import HasClaim, HeaderTypeIs, NoClaim

NONE = JOSEHeader("RS256", "k", None)
JWT = JOSEHeader("RS256", "k", "jwt")
AT_JWT = JOSEHeader("RS256", "k", "at+jwt")
STRANGE = [None, 1, 1.5, True, [], ["access"], {}, {"a": 1}]

NAMES_OF_KINDS = ["token_type", "tokenType", "TokenType", "tokenName", "tok_type", "type", "drn"]


def verdict(
    claims: Mapping[str, Any], *, header: JOSEHeader = JWT, rule: KindRule = DEFAULT_KIND_RULE
) -> Reason | None:
    try:
        rule.check(header, claims)
    except InvalidToken as refusal:
        return refusal.reason
    return None


def detail(
    claims: Mapping[str, Any], *, header: JOSEHeader = JWT, rule: KindRule = DEFAULT_KIND_RULE
) -> str:
    with pytest.raises(InvalidToken) as refusal:
        rule.check(header, claims)
    assert refusal.value.detail is not None
    return refusal.value.detail


class TestTheDefaultRule:
    @pytest.mark.parametrize(
        "claims",
        [
            {},
            {"sub": "a", "scope": "read", "azp": "c", "client_id": "c"},
            *({"typ": typ} for typ in ("Bearer", "bearer", "DPoP", "JWT", "at+jwt", "access")),
            {"typ": "access_token"},
            {"token_use": "access"},
            {"token_type": "Bearer"},
            {"token_type": "access"},
            {"token_type": "sliding"},
            {"refresh": False, "is_refresh": False, "mode": "access_token"},
            {"refresh": "true", "mode": ["refresh"]},
            {"type": "userToken"},
            {"type": "app"},
            {"type": "access"},
            {"tokenType": "access-token"},
            {"tokenName": "access_token"},
            {"tok_type": "AT"},
            {"drn": "DS"},
            {"purpose": "access_token"},
            {"purpose": "orders"},
            {"purpose": ["id"]},
            {"purpose": None},
            {"nonce": "n", "scope": "openid"},
            {"nonce": "n", "scp": ["a"]},
            {"nonce": ""},
            {"nonce": None},
            {"granted_scopes": ["a"], "scope": ["a"]},
            {"code": "c", "sub": "a"},
            {"error": "e", "sub": "a"},
            {"events": ["a"]},
            {"events": 1},
        ],
        ids=str,
    )
    def test_what_real_access_tokens_have_passes(self, claims: dict[str, Any]) -> None:
        """G8"""
        assert verdict(claims) is None
        assert verdict(claims, header=NONE) is None

    @pytest.mark.parametrize(
        ("claims", "kind"),
        [
            ({"at_hash": "x"}, "an ID token"),
            ({"c_hash": "x"}, "an ID token"),
            ({"s_hash": "x"}, "an ID token"),
            ({"nonce": "n"}, "an ID token"),
            ({"nonce": "n", "azp": "c", "client_id": "c", "roles": ["r"]}, "an ID token"),
            ({"nonce": "n", "scope": "", "scp": []}, "an ID token"),
            ({"nonce": "n", "scope": 1, "scp": {"a": 1}}, "an ID token"),
            ({"events": {}}, "a logout token or another security event"),
            ({"events": '{"type": "consent-revoked"}'}, "a logout token or another security event"),
            ({"typ": "ID"}, "an ID token"),
            ({"typ": "Refresh"}, "a refresh token"),
            ({"typ": "Offline"}, "a refresh token"),
            ({"typ": "Logout"}, "a logout token"),
            ({"typ": "Serialized-ID"}, "a token of another kind"),
            ({"typ": "RegistrationAccessToken"}, "a token of another kind"),
            ({"typ": "InitialAccessToken"}, "a token of another kind"),
            ({"typ": "reset-credentials"}, "a token of another kind"),
            ({"typ": "execute-actions"}, "a token of another kind"),
            ({"typ": "verify-email"}, "a token for resetting a password or confirming an address"),
            ({"typ": ""}, "a token of another kind"),
            ({"token_use": "id"}, "an ID token"),
            ({"token_use": "refresh"}, "a refresh token"),
            ({"token_use": "Access"}, "a token of another kind"),
            ({"refresh": True}, "a refresh token"),
            ({"is_refresh": True}, "a refresh token"),
            ({"mode": "refresh_token"}, "a refresh token"),
            ({"granted_scopes": ["a"]}, "a refresh token"),
            ({"code": "c"}, "an authorization response"),
            ({"error": "access_denied"}, "an authorization response"),
            ({"token_introspection": {"active": True}}, "an introspection response"),
            ({"purpose": "id"}, "an ID token"),
            ({"purpose": "refresh_token"}, "a refresh token"),
            (
                {"purpose": "reset-password"},
                "a token for resetting a password or confirming an address",
            ),
            ({"jansOpenIDConnectVersion": "openidconnect-1.0"}, "an ID token"),
            ({"oxOpenIDConnectVersion": "openidconnect-1.0"}, "an ID token"),
            ({"orig_resources": ["https://api.example.com"]}, "a refresh token"),
        ],
        ids=str,
    )
    def test_the_marks_of_other_kinds_refuse(self, claims: dict[str, Any], kind: str) -> None:
        """G8, P4: the operator reads which claim, and of which kind it is."""
        assert verdict(claims) is Reason.NOT_AN_ACCESS_TOKEN
        name = min(set(claims) & set(MARKS))
        assert detail(claims) == f"its claim {name} is that of {kind}; send the access token"

    @pytest.mark.parametrize(
        ("value", "kind"),
        [
            ("refresh", "a refresh token"),
            ("refresh_token", "a refresh token"),
            ("refresh-token", "a refresh token"),
            ("refreshToken", "a refresh token"),
            ("urn:ietf:params:oauth:token-type:refresh_token", "a refresh token"),
            ("RT", "a refresh token"),
            ("DSR", "a refresh token"),
            ("offline", "a refresh token"),
            ("id", "an ID token"),
            ("id_token", "an ID token"),
            ("ID Token", "an ID token"),
            ("IT", "an ID token"),
            ("logout", "a logout token"),
            ("logout_token", "a logout token"),
            ("introspection", "an introspection response"),
            ("reset", "a token for resetting a password or confirming an address"),
            ("password_reset", "a token for resetting a password or confirming an address"),
            ("reset-password", "a token for resetting a password or confirming an address"),
            ("email_verification", "a token for resetting a password or confirming an address"),
        ],
    )
    @pytest.mark.parametrize("name", NAMES_OF_KINDS)
    def test_claims_that_name_a_kind_are_compared_by_value(
        self, name: str, value: str, kind: str
    ) -> None:
        """G8"""
        assert detail({name: value}) == f"its claim {name} is that of {kind}; send the access token"

    @pytest.mark.parametrize("value", STRANGE, ids=repr)
    @pytest.mark.parametrize("name", [*NAMES_OF_KINDS, "typ", "token_use"])
    def test_a_kind_that_is_not_a_string_refuses(self, name: str, value: object) -> None:
        """G8: fail closed."""
        assert detail({name: value}) == (
            f"its claim {name} is that of a token of a kind that cannot be read; send the access "
            "token"
        )

    @pytest.mark.parametrize("value", STRANGE, ids=repr)
    @pytest.mark.parametrize(
        "name",
        [
            "at_hash",
            "c_hash",
            "s_hash",
            "code",
            "error",
            "token_introspection",
            "jansOpenIDConnectVersion",
            "oxOpenIDConnectVersion",
            "orig_resources",
        ],
    )
    def test_marks_by_presence_refuse_with_any_value(self, name: str, value: object) -> None:
        """G8: fail closed."""
        assert verdict({name: value}) is Reason.NOT_AN_ACCESS_TOKEN

    @pytest.mark.parametrize("value", [0, False, [], {}, ["n"]], ids=repr)
    def test_a_nonce_of_the_wrong_form_is_a_nonce(self, value: object) -> None:
        """G8: fail closed."""
        assert verdict({"nonce": value}) is Reason.NOT_AN_ACCESS_TOKEN

    def test_at_jwt_in_the_header_settles_it_the_other_way(self) -> None:
        """G8"""
        claims: dict[str, Any] = {name: {} for name in MARKS if name not in {"code", "error"}}
        assert verdict(claims) is Reason.NOT_AN_ACCESS_TOKEN
        assert verdict({**claims, "code": 1, "error": 1}, header=AT_JWT) is None

    def test_of_several_marks_the_first_by_name_is_named(self) -> None:
        both = {"c_hash": "x", "at_hash": "x"}
        assert detail(both) == detail(dict(reversed(both.items())))
        assert "claim at_hash" in detail(both)

    @pytest.mark.parametrize("value", ["x\n\x1b[31mforged", "<script>", "é"])
    def test_the_detail_has_nothing_of_a_value(self, value: str) -> None:
        """B5, H1"""
        for name in MARKS:
            if verdict({name: value}) is not None:
                assert value not in detail({name: value})

    @pytest.mark.parametrize("typ", ["jose", "logout+jwt", "dpop+jwt", "id_token+jwt", ""])
    def test_other_header_types_are_refused(self, typ: str) -> None:
        """D9"""
        header = JOSEHeader("RS256", None, typ)
        assert verdict({}, header=header) is Reason.WRONG_TYPE
        assert detail({}, header=header) == "the header's typ is that of another kind"


class TestARuleOfAProvider:
    def test_a_mark_is_switched_off_by_its_name(self) -> None:
        """G8: Dex."""
        rule = KindRule(without=frozenset({"at_hash", "nonce"}))
        assert verdict({"at_hash": "x", "nonce": "n"}, rule=rule) is None
        assert verdict({"at_hash": "x", "c_hash": "n"}, rule=rule) is Reason.NOT_AN_ACCESS_TOKEN

    def test_the_proof_is_demanded_of_every_token(self) -> None:
        """G8: at+jwt spares the marks, not the proof."""
        rule = KindRule(proof=HasClaim("client_id"))
        assert verdict({"client_id": "c"}, rule=rule) is None
        for header in (JWT, AT_JWT):
            assert verdict({}, header=header, rule=rule) is Reason.NOT_AN_ACCESS_TOKEN
        assert detail({}, rule=rule) == (
            "an access token of this issuer has the claim client_id; send the access token, not "
            "the ID token or the refresh token"
        )

    def test_the_marks_come_before_the_proof(self) -> None:
        rule = KindRule(proof=HasClaim("client_id"))
        assert detail({"at_hash": "x"}, rule=rule).startswith("its claim at_hash")

    def test_header_types_are_the_rules_own(self) -> None:
        """D9: SPIFFE."""
        rule = KindRule(header_types=frozenset({None, "jwt", "jose"}))
        assert verdict({}, header=JOSEHeader("RS256", None, "jose"), rule=rule) is None
        assert verdict({}, header=AT_JWT, rule=rule) is Reason.WRONG_TYPE

    def test_a_rule_describes_itself(self) -> None:
        others = frozenset(MARKS) - {"nonce"}
        rule = KindRule(proof=NoClaim("azp"), without=others, header_types=frozenset({None}))
        assert rule.describe() == (
            "The header's typ is one of: none.",
            "An access token has no claim azp.",
            "Unless the header's typ is at+jwt, these claims refuse a token where they are those "
            "of another kind: nonce.",
            "These say nothing about the kind here: " + ", ".join(sorted(others)) + ".",
        )
        assert DEFAULT_KIND_RULE.describe() == (
            "The header's typ is one of: at+jwt, jwt, none.",
            "No claim has to prove that a token is an access token.",
            "Unless the header's typ is at+jwt, these claims refuse a token where they are those "
            f"of another kind: {', '.join(MARKS)}.",
        )
        assert len(KindRule(without=frozenset(MARKS)).describe()) == 3

    def test_rules_are_values(self) -> None:
        rule = KindRule(proof=HasClaim("a"), without=frozenset({"nonce"}))
        same = KindRule(proof=HasClaim("a"), without=frozenset({"nonce"}))
        assert rule == same != DEFAULT_KIND_RULE
        assert hash(rule) == hash(same)
        assert "_marks" not in repr(rule)

    def test_any_collection_of_names_makes_the_same_rule(self) -> None:
        names: Any = ["nonce", "at_hash"]
        types: Any = {None, "jwt"}
        rule = KindRule(without=names, header_types=types)
        names.clear()
        types.clear()
        same = KindRule(
            without=frozenset({"at_hash", "nonce"}), header_types=frozenset({"jwt", None})
        )
        assert rule == same
        assert hash(rule) == hash(same)


class TestMistakesInARule:
    @pytest.mark.parametrize("without", ["nonce", None, 1, [1], (None,), {"nonce": 1}])
    def test_names_of_marks_are_strings(self, without: Any) -> None:
        """A11"""
        with pytest.raises(ConfigurationError, match="without must be a frozenset of strings"):
            KindRule(without=without)

    def test_a_mark_that_does_not_exist(self) -> None:
        """A11"""
        with pytest.raises(ConfigurationError, match="'ath', 'bth', which is not the name of a"):
            KindRule(without=frozenset({"bth", "ath", "nonce"}))

    @pytest.mark.parametrize("types", ["jwt", None, 1, [1]])
    def test_header_types_are_strings(self, types: Any) -> None:
        """A11"""
        with pytest.raises(ConfigurationError, match="header_types must be a frozenset"):
            KindRule(header_types=types)

    def test_header_types_are_in_the_form_that_is_compared(self) -> None:
        """A11"""
        for spelled in ("JWT", "application/jwt", "application/JWT"):
            with pytest.raises(ConfigurationError, match="Write 'jwt' for"):
                KindRule(header_types=frozenset({spelled}))
        with pytest.raises(ConfigurationError, match="must not be empty"):
            KindRule(header_types=frozenset())

    @pytest.mark.parametrize("proof", ["client_id", 1, HasClaim, lambda header, claims: True])
    def test_a_proof_is_a_proof(self, proof: Any) -> None:
        """A11"""
        with pytest.raises(ConfigurationError, match="proof must be a proof such as"):
            KindRule(proof=proof)


class TestARuleOfTheApplicationsOwn:
    def test_a_kind_rule_is_itself(self) -> None:
        rule = KindRule(proof=HeaderTypeIs("at+jwt"))
        assert kind_rule(rule) is rule

    def test_a_function_decides_instead_of_the_marks(self) -> None:
        """G8, G10"""

        def is_ours(header: JOSEHeader, claims: Mapping[str, Any]) -> bool:
            return header.type == "jwt" and claims.get("ours") is True

        rule = kind_rule(is_ours)
        assert verdict({"ours": True, "at_hash": "x"}, rule=rule) is None
        assert verdict({}, rule=rule) is Reason.NOT_AN_ACCESS_TOKEN
        assert verdict({"ours": True}, header=NONE, rule=rule) is Reason.NOT_AN_ACCESS_TOKEN
        assert detail({}, rule=rule).startswith(f"an access token of this issuer has {rule.proof}")
        assert str(rule.proof) == f"the agreement of {is_ours.__qualname__}"
        nameless: Any = functools.partial(is_ours)
        assert str(kind_rule(nameless).proof) == f"the agreement of {nameless!r}"

    def test_the_header_types_stay_those_of_the_default(self) -> None:
        """D9"""
        rule = kind_rule(lambda header, claims: True)
        assert verdict({}, header=JOSEHeader("RS256", None, "jose"), rule=rule) is Reason.WRONG_TYPE

    @pytest.mark.parametrize("value", [None, 1, 0, "yes", "", [], [1]])
    def test_any_other_value_is_the_applications_error(self, value: Any) -> None:
        """G10"""
        rule = kind_rule(lambda header, claims: value)
        with pytest.raises(TypeError, match="given as kind, must return True or False; it ret"):
            rule.check(JWT, {})

    def test_what_it_raises_is_not_caught(self) -> None:
        """G10"""

        def broken(header: JOSEHeader, claims: Mapping[str, Any]) -> bool:
            raise KeyError("x")

        with pytest.raises(KeyError):
            kind_rule(broken).check(JWT, {})

    def test_an_async_function_is_a_mistake(self) -> None:
        """G10: a coroutine is true, and would let every token pass."""

        async def waits(header: JOSEHeader, claims: Mapping[str, Any]) -> bool:
            return False

        for given_kind in (waits, functools.partial(waits)):
            with pytest.raises(ConfigurationError, match="without waiting"):
                kind_rule(given_kind)  # type: ignore[arg-type]  # the mistake

    def test_an_async_function_in_disguise_lets_nobody_pass(self) -> None:
        """G10"""

        class Waits:
            async def __call__(self, header: JOSEHeader, claims: Mapping[str, Any]) -> bool:
                return True

        rule = kind_rule(Waits())  # type: ignore[arg-type]  # the mistake
        with pytest.raises(TypeError, match="returned a coroutine"):
            rule.check(JWT, {})

    @pytest.mark.parametrize("value", ["at+jwt", None, 1, HasClaim("a"), HasClaim, KindRule])
    def test_what_is_neither_a_rule_nor_a_function(self, value: Any) -> None:
        """A11"""
        with pytest.raises(ConfigurationError, match="kind must be a KindRule, or a function"):
            kind_rule(value)

    def test_a_function_takes_the_header_and_the_claims(self) -> None:
        """A11: each request would be a TypeError."""
        with pytest.raises(
            ConfigurationError, match=r"^kind is called as `kind\(header, claims\)`"
        ):
            kind_rule(cast("Any", lambda claims: "scope" in claims))

    def test_a_function_may_be_part_of_a_rule(self) -> None:
        rule = KindRule(proof=SatisfiedBy(lambda header, claims: True))
        assert verdict({}, rule=rule) is None
        assert verdict({"at_hash": "x"}, rule=rule) is Reason.NOT_AN_ACCESS_TOKEN


SCALARS = st.sampled_from([None, True, 0, 1.5, "", "x", "Bearer", "access", "refresh_token"])
JSON = SCALARS | st.lists(SCALARS, max_size=2) | st.dictionaries(st.just("a"), SCALARS)
CLAIMS = st.dictionaries(st.sampled_from([*MARKS, "scope", "scp", "sub"]), JSON, max_size=4)


@given(claims=CLAIMS, typ=st.sampled_from([None, "jwt", "at+jwt", "jose"]))
def test_whatever_the_claims_are_they_pass_or_are_refused(
    claims: dict[str, Any], typ: str | None
) -> None:
    """A8: garbage in: accepted or our error, never another exception."""
    reason = verdict(claims, header=JOSEHeader("RS256", None, typ))
    assert reason in {None, Reason.NOT_AN_ACCESS_TOKEN, Reason.WRONG_TYPE}
