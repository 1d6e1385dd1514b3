"""The sentences for the operator, from what is known of a refusal."""

import string
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgi_jwks import Reason
from asgi_jwks.events import Hint
from asgi_jwks.jose.jwk_set import JWKSet
from asgi_jwks.testing import SigningKey
from asgi_jwks.tokens.advice import (
    advise,
    advise_on_request,
)
from asgi_jwks.tokens.claim_rules import TokenRules
from asgi_jwks.tokens.console_advice import (
    KNOWN_HEADER_TYPES,
    asking,
    of_legacy_secret,
    other_issuers,
)
from asgi_jwks.tokens.header_rules import JOSEHeader
from asgi_jwks.tokens.issuer_names import IssuerNames
from asgi_jwks.tokens.kinds import KindRule, kind_rule
from asgi_jwks.tokens.proofs import HasClaim
from asgi_jwks.tokens.refused_token import KeysAtHand, RefusedToken

ISSUER = "https://issuer.example/"
API = "https://api.example.com"
NOW = 1_700_000_000.0
HEADER = JOSEHeader("RS256", "k1", "jwt")
KEYS = JWKSet.parse({"keys": [SigningKey.generate("ES256", kid="k1").public_jwk()]})


def rules(**options: Any) -> TokenRules:
    given: dict[str, Any] = {
        "issuer": ISSUER,
        "audiences": frozenset({API}),
        "algorithms": frozenset({"RS256"}),
        "leeway": 5.0,
        "profile": "default",
        "audience_claim": "aud",
        "required_claims": (),
        **options,
    }
    return TokenRules(**given)


def refused(reason: Reason, **known: Any) -> RefusedToken:
    """A refused token whose signature is good, unless the test says otherwise."""
    given: dict[str, Any] = {
        "now": NOW,
        "header": HEADER,
        "is_signed": True,
        "rules": rules(),
        "issuers": IssuerNames([ISSUER]),
        **known,
    }
    return RefusedToken(reason=reason, **given)


def of_audience(audience: object, **known: Any) -> RefusedToken:
    claims = {"aud": audience, **known.pop("claims", {})}
    return refused(Reason.WRONG_AUDIENCE, claims=claims, **known)


def of_issuer(issuer: object, *configured: str, **known: Any) -> RefusedToken:
    names = IssuerNames(configured or [ISSUER])
    return refused(Reason.UNKNOWN_ISSUER, claims={"iss": issuer}, issuers=names, **known)


class TestAudience:
    def test_both_values_are_whole_and_told_apart_at_their_ends(self) -> None:
        """P4, O2: values that differ after 64 characters do not look alike."""
        long = f"https://api.example.com/{'a' * 990}"
        sentence = advise(of_audience(f"{long}x", rules=rules(audiences={f"{long}y"}))).sentence
        assert f"'{long}x'" in sentence
        assert f"'{long}y'" in sentence

    def test_a_value_ends_at_1024_characters(self) -> None:
        """P4, H4"""
        sentence = advise(of_audience("a" * 5000)).sentence
        assert f"'{'a' * 1024}...'" in sentence
        assert "a" * 1025 not in sentence

    def test_of_many_values_a_few_are_listed(self) -> None:
        """H4"""
        sentence = advise(of_audience([f"https://{n}.example" for n in range(256)])).sentence
        assert "'https://3.example' and 252 more" in sentence
        assert "https://4.example" not in sentence

    def test_a_near_miss_is_found_among_many(self) -> None:
        """G5, P4"""
        advice = advise(of_audience([*(f"https://{n}.example" for n in range(9)), f"{API}/"]))
        assert advice.hint == Hint.AUDIENCE_SPELLING
        assert f"write audience='{API}/'" in advice.sentence

    @pytest.mark.parametrize(
        "audience",
        [f"{API}/", "HTTPS://API.EXAMPLE.COM", "api.example.com", "http://api.example.com"],
    )
    def test_what_people_overlook_is_a_near_miss(self, audience: str) -> None:
        """G5"""
        assert advise(of_audience(audience)).hint == Hint.AUDIENCE_SPELLING

    def test_an_app_id_uri_is_a_near_miss_of_the_id(self) -> None:
        """P4: Entra ID's v1 tokens have it, v2 tokens have the id alone."""
        app = "11112222-bbbb-3333-cccc-4444dddd5555"
        advice = advise(of_audience(app, rules=rules(audiences=frozenset({f"api://{app}"}))))
        assert advice.hint == Hint.AUDIENCE_SPELLING

    @pytest.mark.parametrize("audience", [f"{API}/", "https://orders.example.com"])
    def test_an_unverified_value_is_called_so_and_never_to_be_written(self, audience: str) -> None:
        """P4"""
        sentence = advise(of_audience(audience, is_signed=False)).sentence
        assert f"'{audience}' (unverified)" in sentence
        assert "write audience=" not in sentence

    def test_a_verified_one_is(self) -> None:
        """P4"""
        sentence = advise(of_audience("https://orders.example.com")).sentence
        assert "write audience='https://orders.example.com'." in sentence
        assert "unverified" not in sentence

    def test_none_of_several_is_chosen(self) -> None:
        """P4"""
        advice = advise(of_audience(["a", "b"]))
        assert advice.hint == Hint.AUDIENCE
        assert "write" not in advice.sentence

    @pytest.mark.parametrize("claims", [{"nonce": "n"}, {"at_hash": "h"}, {"token_use": "id"}])
    def test_an_id_token_is_known_by_its_marks(self, claims: Mapping[str, object]) -> None:
        """P4"""
        advice = advise(of_audience("web", claims=claims))
        assert advice.hint == Hint.ID_TOKEN
        assert "send the access_token" in advice.sentence

    @pytest.mark.parametrize("claim", ["azp", "client_id", "cid", "appid"])
    def test_an_id_token_is_known_by_its_audience(self, claim: str) -> None:
        """P4"""
        advice = advise(of_audience("web", claims={claim: "web"}))
        assert advice.hint == Hint.ID_TOKEN
        assert "the client's own id" in advice.sentence

    def test_a_claim_that_is_no_mark_by_its_value_says_nothing(self) -> None:
        """P4, G8: Keycloak writes typ Bearer into access tokens."""
        claims = {"typ": "Bearer", "nonce": ""}
        assert advise(of_audience("web", claims=claims)).hint == Hint.AUDIENCE

    def test_marks_say_nothing_of_a_typed_access_token(self) -> None:
        """P4, G8"""
        header = JOSEHeader("RS256", "k1", "at+jwt")
        assert (
            advise(of_audience("web", header=header, claims={"nonce": "n"})).hint == Hint.AUDIENCE
        )

    @pytest.mark.parametrize(
        ("audience", "owner"),
        [
            ("00000003-0000-0000-c000-000000000000", "Microsoft Graph"),
            ([f"{ISSUER}userinfo"], "the provider's userinfo endpoint"),
            ("account", "Keycloak's account console"),
            ("urn:microsoft:userinfo", "the userinfo endpoint of AD FS"),
            ("https://x.eu.auth0.com/api/v2/", "Auth0's Management API"),
        ],
    )
    def test_the_providers_own_api_is_named(self, audience: object, owner: str) -> None:
        """P4"""
        advice = advise(of_audience(audience))
        assert advice.hint == Hint.AUDIENCE_OF_PROVIDER
        assert owner in advice.sentence
        assert f"audience='{API}'" in advice.sentence

    def test_it_needs_no_rules(self) -> None:
        """P4"""
        sentence = advise(of_audience("account", rules=None)).sentence
        assert "audience is none" in sentence
        assert "Auth0: audience=...;" in sentence

    def test_an_empty_one_is_told(self) -> None:
        """P4: Kinde writes an empty array for clients that name no audience."""
        advice = advise(of_audience([]))
        assert advice.hint == Hint.NO_AUDIENCE
        assert "aud is empty" in advice.sentence
        assert advise(refused(Reason.WRONG_AUDIENCE)).hint == Hint.AUDIENCE

    def test_an_id_token_is_known_by_the_proof_that_it_lacks(self) -> None:
        """P4: the audience of an ID token is the client, and is not to be configured."""
        okta = rules(kind=KindRule(proof=HasClaim("cid")))
        advice = advise(of_audience("0oa1", rules=okta))
        assert advice.hint == Hint.ID_TOKEN
        assert "it lacks the claim cid" in advice.sentence
        assert "write audience=" not in advice.sentence
        other_api = advise(of_audience("api://other", claims={"cid": "c"}, rules=okta))
        assert other_api.hint == Hint.AUDIENCE
        own = rules(kind=kind_rule(lambda _header, _claims: False))
        assert advise(of_audience("x", rules=own)).hint == Hint.AUDIENCE

    def test_a_token_of_another_client_is_no_id_token_for_it(self) -> None:
        """P4, G13: Cognito's access tokens are compared by their client."""
        cognito = rules(audience_claim="client_id", audiences=frozenset({"c1"}))
        token = refused(Reason.WRONG_AUDIENCE, claims={"client_id": "c2"}, rules=cognito)
        advice = advise(token)
        assert advice.hint == Hint.AUDIENCE
        assert "given to another client" in advice.sentence

    def test_an_access_token_for_its_own_client_is_no_id_token(self) -> None:
        """P4: ZITADEL's access tokens have the client among their audiences."""
        zitadel = rules(kind=KindRule(proof=HasClaim("client_id")))
        advice = advise(of_audience(["2"], claims={"client_id": "2"}, rules=zitadel))
        assert advice.hint == Hint.AUDIENCE
        assert advise(of_audience(["2"], claims={"client_id": "2"})).hint == Hint.ID_TOKEN

    def test_an_id_token_without_the_compared_claim_is_told(self) -> None:
        """P4, G13: Cognito's ID tokens have no client_id."""
        cognito = rules(audience_claim="client_id")
        token = refused(
            Reason.MISSING_CLAIM, detail="client_id", claims={"token_use": "id"}, rules=cognito
        )
        advice = advise(token)
        assert advice.hint == Hint.ID_TOKEN
        assert "the token has no client_id; by its claims it is an ID token" in advice.sentence

    def test_a_session_of_clerk_without_its_origin_is_told(self) -> None:
        """P4, G13"""
        clerk = rules(audience_claim="azp")
        token = refused(Reason.MISSING_CLAIM, detail="azp", claims={}, rules=clerk)
        advice = advise(token)
        assert advice.hint == Hint.NO_AUDIENCE
        assert "no Origin" in advice.sentence

    def test_a_missing_one_names_the_options(self) -> None:
        """P4, G13"""
        advice = advise(refused(Reason.MISSING_CLAIM, detail="aud", claims={}))
        assert advice.hint == Hint.NO_AUDIENCE
        for words in ("asgi_jwks.providers", 'audience_claim="client_id"', "insecure_no_audience"):
            assert words in advice.sentence


class TestIssuer:
    @pytest.mark.parametrize(
        "issuer",
        [
            "https://issuer.example",
            "http://issuer.example/",
            "issuer.example",
            "HTTPS://Issuer.Example/",
            " https://issuer.example/ ",
            f"{ISSUER}.well-known/openid-configuration",
        ],
    )
    def test_what_people_overlook_is_a_near_miss(self, issuer: str) -> None:
        """G5, P4"""
        advice = advise(of_issuer(issuer))
        assert advice.hint == Hint.ISSUER_SPELLING
        assert f"iss is '{issuer}', and configured is '{ISSUER}'" in advice.sentence
        assert f"write issuer='{issuer}'." in advice.sentence

    @pytest.mark.parametrize("issuer", [f"{ISSUER}x", "https://other.example/", "", 7, None])
    def test_what_is_far_off_is_not(self, issuer: object) -> None:
        """G5: the hint is for what people overlook, so that it can be believed."""
        advice = advise(of_issuer(issuer))
        assert advice.hint == Hint.ISSUER
        assert f"trusted is '{ISSUER}'" in advice.sentence

    def test_an_unverified_one_is_never_to_be_written(self) -> None:
        """P4"""
        sentence = advise(of_issuer("https://issuer.example", is_signed=False)).sentence
        assert "'https://issuer.example' (unverified)" in sentence
        assert "write issuer= as they have it." in sentence

    @pytest.mark.parametrize("version", [1, 2])
    def test_both_versions_of_entra_id_are_known(self, version: int) -> None:
        """P4"""
        tenant = "aaaabbbb-0000-cccc-1111-dddd2222eeee"
        names = [
            f"https://sts.windows.net/{tenant}/",
            f"https://login.microsoftonline.com/{tenant}/v2.0",
        ]
        found, configured = names if version == 1 else reversed(names)
        assert advise(of_issuer(found, configured)).hint == Hint.ENTRA_VERSION
        assert advise(of_issuer(found, ISSUER)).hint == Hint.ISSUER

    def test_a_tenant_by_its_name_is_known(self) -> None:
        """P4"""
        form = "https://login.microsoftonline.com/{}/v2.0"
        found = form.format("aaaabbbb-0000-cccc-1111-dddd2222eeee")
        advice = advise(of_issuer(found, form.format("contoso.onmicrosoft.com")))
        assert advice.hint == Hint.TENANT_NAME
        assert '"Tenant ID"' in advice.sentence
        assert advise(of_issuer(form.format("a.example"), form.format("b"))).hint == Hint.ISSUER

    def test_a_token_of_oktas_org_server_is_known(self) -> None:
        """P4"""
        custom = "https://example.okta.com/oauth2/default"
        advice = advise(of_issuer("https://example.okta.com", custom))
        assert advice.hint == Hint.ISSUER
        assert "org authorization server" in advice.sentence
        assert f"under '{custom}/v1'" in advice.sentence

    def test_the_two_issuers_of_ad_fs_are_known(self) -> None:
        """P4"""
        name = "http://adfs.example.com/adfs/services/trust"
        advice = advise(of_issuer(name, "https://adfs.example.com/adfs"))
        assert advice.hint == Hint.ISSUER
        assert "write ad_fs(...)" in advice.sentence

    @pytest.mark.parametrize("audience", ["https://graph.microsoft.com/", ["account"]])
    def test_a_token_for_the_providers_own_api_is_told_before_its_issuer(
        self, audience: object
    ) -> None:
        """P4: Graph's tokens are of version 1 whatever the version of this API's are."""
        claims = {"iss": "https://sts.windows.net/x/", "aud": audience}
        token = refused(Reason.UNKNOWN_ISSUER, claims=claims, is_signed=False)
        advice = advise(token)
        assert advice.hint == Hint.AUDIENCE_OF_PROVIDER
        assert "(unverified)" in advice.sentence

    def test_a_missing_one_is_told(self) -> None:
        """P4"""
        assert advise(refused(Reason.MISSING_CLAIM, detail="iss")).hint == Hint.NO_ISSUER


class TestForm:
    def test_it_needs_no_rules(self) -> None:
        """P4: several issuers may be trusted."""
        advice = advise(refused(Reason.MALFORMED, parts=1, rules=None))
        assert advice.hint == Hint.OPAQUE_TOKEN
        assert "Auth0: the API's audience" in advice.sentence

    def test_an_encrypted_token(self) -> None:
        """P4, D8"""
        assert advise(refused(Reason.MALFORMED, parts=5)).hint == Hint.ENCRYPTED_TOKEN

    @pytest.mark.parametrize(("detail", "told"), [("not UTF-8", "(not UTF-8)"), (None, "JWT:")])
    def test_anything_else(self, detail: str | None, told: str) -> None:
        """P4"""
        advice = advise(refused(Reason.MALFORMED, detail=detail))
        assert advice.hint == Hint.NOT_A_JWT
        assert told in advice.sentence

    @pytest.mark.parametrize("detail", ["the header has crit", None])
    def test_a_header_that_is_not_supported(self, detail: str | None) -> None:
        """P4, D5"""
        advice = advise(refused(Reason.UNSUPPORTED_HEADER, detail=detail, header=None))
        assert advice.hint == Hint.HEADER
        assert (detail or "in its header") in advice.sentence

    @pytest.mark.parametrize(
        ("kind", "options", "told"),
        [
            ("mt", {}, "has the typ 'mt' (unverified), and here an access token has"),
            ("dpop+jwt", {}, "'dpop+jwt' (unverified), that of a DPoP proof, which belongs into"),
            ("logout+jwt", {}, "that of a logout token: have the client send the access_token."),
            ("okta-internal-at+jwt", {}, "have clients ask at a custom one."),
            (None, {"kind": KindRule(header_types=frozenset({"jwt"}))}, "has no typ, and here"),
            ("jwt", {"profile": "rfc9068"}, "demands at+jwt"),
        ],
    )
    def test_a_type_that_is_wrong(
        self, kind: str | None, options: Mapping[str, object], told: str
    ) -> None:
        """P4, D9"""
        header = JOSEHeader("RS256", None, kind)
        advice = advise(refused(Reason.WRONG_TYPE, header=header, rules=rules(**options)))
        assert advice.hint == Hint.HEADER_TYPE
        assert told in advice.sentence

    def test_a_type_that_could_not_be_read(self) -> None:
        """P4"""
        token = refused(Reason.WRONG_TYPE, header=None, rules=None)
        assert "has no typ, and here an access token has another" in advise(token).sentence


class TestKeys:
    def test_no_signature_at_all(self) -> None:
        """P4, D3"""
        header = JOSEHeader("None", None, None)
        assert advise(refused(Reason.ALGORITHM_NOT_ALLOWED, header=header)).hint == Hint.UNSIGNED

    def test_a_shared_secret(self) -> None:
        """P4, D4"""
        header = JOSEHeader("HS256", None, None)
        advice = advise(refused(Reason.ALGORITHM_NOT_ALLOWED, header=header))
        assert advice.hint == Hint.SHARED_SECRET
        assert "algorithms allows RS256" in advice.sentence

    def test_published_keys_that_fit_nothing_that_is_allowed(self) -> None:
        """P4, E9: what to write is from the keys, not from the token."""
        header = JOSEHeader("PS512", None, None)
        token = refused(Reason.ALGORITHM_NOT_ALLOWED, header=header, keys=KeysAtHand(KEYS))
        advice = advise(token)
        assert advice.hint == Hint.NO_KEY_FITS_ALGORITHMS
        assert "write algorithms=['ES256']" in advice.sentence
        assert "'PS512' (unverified)" in advice.sentence

    def test_published_keys_that_fit(self) -> None:
        """P4"""
        allowed = rules(algorithms=frozenset({"ES256"}))
        token = refused(Reason.ALGORITHM_NOT_ALLOWED, rules=allowed, keys=KeysAtHand(KEYS))
        advice = advise(token)
        assert advice.hint == Hint.ALGORITHM
        assert "the published keys fit ES256" in advice.sentence

    def test_keys_that_are_not_at_hand(self) -> None:
        """P4"""
        advice = advise(refused(Reason.ALGORITHM_NOT_ALLOWED, rules=None))
        assert advice.hint == Hint.ALGORITHM
        assert "published" not in advice.sentence

    def test_a_header_without_an_algorithm(self) -> None:
        """P4"""
        token = refused(Reason.ALGORITHM_NOT_ALLOWED, header=None, detail="no 'alg' in the header")
        assert advise(token).hint == Hint.HEADER

    def test_an_unknown_key_and_the_keys_at_hand(self) -> None:
        """P4"""
        header = JOSEHeader("RS256", "k9", None)
        keys = KeysAtHand(KEYS, age_of=lambda: 12.3)
        advice = advise(refused(Reason.UNKNOWN_KEY, header=header, keys=keys, is_signed=False))
        assert advice.hint == Hint.KEY
        assert "kid is 'k9' (unverified)" in advice.sentence
        assert "those at hand (fetched 12 s ago) are 'k1'" in advice.sentence
        assert "budget" not in advice.sentence

    def test_a_budget_that_is_spent_is_told(self) -> None:
        """P4: nothing is said of what the issuer publishes now."""
        keys = KeysAtHand(KEYS, can_ask=False, age_of=lambda: 12.3)
        advice = advise(refused(Reason.UNKNOWN_KEY, keys=keys))
        assert advice.hint == Hint.REFETCH_BUDGET_SPENT
        assert "unknown key ids have used up the refetch budget" in advice.sentence

    def test_keys_that_were_given_have_no_budget(self) -> None:
        """B13: a phrase is true in each state."""
        advice = advise(refused(Reason.UNKNOWN_KEY, keys=KeysAtHand(KEYS, can_ask=False)))
        assert advice.hint == Hint.KEY
        assert "budget" not in advice.sentence

    def test_a_token_without_a_key_id_and_no_keys_at_hand(self) -> None:
        """P4"""
        token = refused(Reason.UNKNOWN_KEY, header=JOSEHeader("RS256", None, None), rules=None)
        assert "(it has no kid), and no key at hand is meant by it" in advise(token).sentence
        assert "names no key" in advise(refused(Reason.UNKNOWN_KEY, header=None)).sentence

    def test_several_keys(self) -> None:
        """P4, E4"""
        assert advise(refused(Reason.AMBIGUOUS_KEY)).hint == Hint.AMBIGUOUS_KEY

    @pytest.mark.parametrize(
        ("keys", "told"),
        [
            (None, "that the token names:"),
            (KeysAtHand(KEYS), "(keys configured)"),
            (KeysAtHand(KEYS, age_of=lambda: -1.0), "(keys fetched 0 s ago)"),
        ],
    )
    def test_a_signature(self, keys: KeysAtHand | None, told: str) -> None:
        """P4"""
        advice = advise(refused(Reason.BAD_SIGNATURE, keys=keys, is_signed=False))
        assert advice.hint == Hint.SIGNATURE
        assert told in advice.sentence


class TestClaims:
    @pytest.mark.parametrize(
        ("name", "told"), [("exp", "write it."), ("email", "leave it out of required_claims")]
    )
    def test_a_missing_claim(self, name: str, told: str) -> None:
        """P4"""
        advice = advise(refused(Reason.MISSING_CLAIM, detail=name))
        assert advice.hint == Hint.MISSING_CLAIM
        assert f"lacks the claim {name}" in advice.sentence
        assert told in advice.sentence

    @pytest.mark.parametrize("detail", ["exp is not a number", None])
    def test_a_claim_of_the_wrong_form(self, detail: str | None) -> None:
        """P4, G1"""
        advice = advise(refused(Reason.INVALID_CLAIM, detail=detail))
        assert advice.hint == Hint.INVALID_CLAIM
        assert (detail or "()") in advice.sentence

    @pytest.mark.parametrize(
        ("claims", "is_signed", "told"),
        [
            ({"exp": NOW - 312}, True, "expired 312 s ago:"),
            ({"exp": NOW - 312}, False, "expired 312 s ago (unverified):"),
            (None, True, "has expired since it was accepted:"),
        ],
    )
    def test_expired(self, claims: Mapping[str, object] | None, is_signed: bool, told: str) -> None:
        """P4"""
        advice = advise(refused(Reason.EXPIRED, claims=claims, is_signed=is_signed))
        assert advice.hint == Hint.EXPIRED
        assert told in advice.sentence

    @pytest.mark.parametrize(
        ("reason", "claim"), [(Reason.NOT_YET_VALID, "nbf"), (Reason.ISSUED_IN_FUTURE, "iat")]
    )
    def test_a_clock_that_is_late(self, reason: Reason, claim: str) -> None:
        """P4"""
        advice = advise(refused(reason, claims={claim: NOW + 412}))
        assert advice.hint == Hint.CLOCK
        assert f"{claim} is 412 s in the future: check the clock" in advice.sentence

    @pytest.mark.parametrize(
        ("claims", "hint"),
        [
            ({"typ": "Refresh"}, Hint.REFRESH_TOKEN),
            ({"c_hash": "x"}, Hint.ID_TOKEN),
            ({"events": {}}, Hint.OTHER_KIND),
        ],
    )
    def test_another_kind(self, claims: Mapping[str, object], hint: Hint) -> None:
        """P4, G8"""
        assert advise(refused(Reason.NOT_AN_ACCESS_TOKEN, claims=claims)).hint == hint

    @pytest.mark.parametrize(
        ("kind", "told"),
        [
            (KindRule(proof=HasClaim("client_id")), "it lacks the claim client_id"),
            (kind_rule(lambda _header, _claims: False), "it lacks the agreement of"),
            (KindRule(), "it is of another kind"),
        ],
    )
    def test_a_kind_that_is_not_proven(self, kind: KindRule, told: str) -> None:
        """P4, G8"""
        advice = advise(refused(Reason.NOT_AN_ACCESS_TOKEN, claims={}, rules=rules(kind=kind)))
        assert advice.hint == Hint.OTHER_KIND
        assert told in advice.sentence

    @pytest.mark.parametrize(
        ("claims", "option"),
        [
            ({"nonce": "n"}, 'without=frozenset({"nonce"})'),
            ({"typ": "at"}, 'without=frozenset({"typ"})'),
            ({"at_hash": "x"}, ""),
            ({"typ": "Refresh"}, ""),
        ],
    )
    def test_a_mark_that_may_be_that_of_an_access_token_names_the_option(
        self, claims: Mapping[str, object], option: str
    ) -> None:
        """P4: cidaas copies the nonce; a signed token of a provider that has no preset."""
        token = refused(Reason.NOT_AN_ACCESS_TOKEN, claims=claims)
        sentence = advise(token).sentence
        assert option in sentence
        assert ("KindRule" in sentence) == (option != "")
        unsigned = refused(Reason.NOT_AN_ACCESS_TOKEN, claims=claims, is_signed=False)
        assert "KindRule" not in advise(unsigned).sentence
        known = rules(kind=KindRule(proof=HasClaim("azp")))
        of_preset = refused(Reason.NOT_AN_ACCESS_TOKEN, claims=claims, rules=known)
        assert "KindRule" not in advise(of_preset).sentence
        assert "KindRule" not in advise(of_audience("x", claims=claims)).sentence

    def test_a_kind_of_which_nothing_is_known(self) -> None:
        """P4"""
        token = refused(Reason.NOT_AN_ACCESS_TOKEN, claims={"nonce": "x"}, rules=None)
        assert advise(token).hint == Hint.OTHER_KIND

    @pytest.mark.parametrize(
        ("cnf", "by"),
        [({"jkt": "x"}, "DPoP"), ({"x5t#S256": "x"}, "mutual TLS"), ({}, "a key"), ("x", "a key")],
    )
    def test_a_bound_token(self, cnf: object, by: str) -> None:
        """P4, G12"""
        advice = advise(refused(Reason.SENDER_CONSTRAINED, claims={"cnf": cnf}))
        assert advice.hint == Hint.SENDER_CONSTRAINED
        assert f"by {by} (claim cnf)" in advice.sentence
        assert "gateway_proves_binding=True" in advice.sentence
        assert ("write gateway_proves_binding" in advice.sentence) == (by == "a key")

    def test_own_checks(self) -> None:
        """P4"""
        assert advise(refused(Reason.CHECK_FAILED, claims=None)).hint == Hint.CHECK


class TestRequestsAndRoutes:
    def test_every_reason_has_advice(self) -> None:
        """N10"""
        for reason in Reason:
            assert advise(refused(reason, claims={}, detail="x")).sentence.endswith(".")
            assert advise_on_request(reason).sentence.endswith(".")

    def test_no_token(self) -> None:
        """N10"""
        assert advise_on_request(Reason.MISSING_TOKEN).hint == Hint.NO_TOKEN
        assert advise_on_request(Reason.REPEATED_CREDENTIALS).hint == Hint.CREDENTIALS


CONSOLES = {
    "https://example.eu.auth0.com/": "(Auth0: audience='https://api.example.com')",
    "https://login.microsoftonline.com/x/v2.0": '"Expose an API"',
    "https://sts.windows.net/x/": '"Expose an API"',
    "https://x.ciamlogin.com/x/v2.0": '"Expose an API"',
    "https://contoso.b2clogin.com/x/v2.0/": "not openid alone",
    "https://example.okta.com/oauth2/default": "Okta: at this custom authorization server",
    "https://id.example.com/oauth2/aus1A": "Okta: at this custom authorization server",
    "http://adfs.example.com/adfs/services/trust": "AD FS: resource='https://api.example.com'",
    "https://sso.example.com/realms/x": "mapper \"Audience\" with 'https://api.example.com'",
    "https://cognito-idp.eu-west-1.amazonaws.com/x": "token_use is access",
    "https://x.zitadel.cloud": "Auth Token Type",
    "https://x.logto.app/oidc": "resource='https://api.example.com'",
    "https://clerk.example.com": "getToken()",
    "https://x-1.clerk.accounts.dev": "getToken()",
    "https://securetoken.google.com/x": "getIdToken()",
    "https://token.actions.githubusercontent.com": "core.getIDToken('https://api.example.com')",
    "https://token.actions.githubusercontent.com/octo": "core.getIDToken(",
    "https://x.kinde.com": "audience='https://api.example.com'",
}


class TestTheWordsOfConsoles:
    @pytest.mark.parametrize(("issuer", "told"), CONSOLES.items())
    def test_a_user_reads_the_words_of_the_console(self, issuer: str, told: str) -> None:
        """P4: wherever a client has to ask for another token."""
        own = rules(issuer=issuer)
        for token in (
            refused(Reason.MALFORMED, parts=1, rules=own),
            of_audience([], rules=own),
            of_audience("account", rules=own),
            of_audience(API, claims={"at_hash": "x"}, rules=own),
            refused(Reason.NOT_AN_ACCESS_TOKEN, claims={"at_hash": "x"}, rules=own),
            refused(Reason.MISSING_CLAIM, detail="aud", claims={}, rules=own),
        ):
            assert told in advise(token).sentence

    @pytest.mark.parametrize(
        "issuer",
        [
            None,
            ISSUER,
            "https://auth0.com.example/",
            "https://example.com/.auth0.com/",
            "https://okta.example/oauth2/defaults",
            "https://x.example/realms/x/y",
        ],
    )
    def test_other_issuers_get_the_general_advice(self, issuer: str | None) -> None:
        """P4"""
        assert asking(issuer, API) is None
        assert other_issuers(issuer) is None
        assert of_legacy_secret(issuer) is None

    def test_without_an_audience_none_is_made_up(self) -> None:
        """P4"""
        words = asking("https://x.logto.app/oidc", None)
        assert words is not None
        assert "resource=..." in words

    def test_a_project_of_zitadel_is_named(self) -> None:
        """P4"""
        words = asking("https://x.zitadel.cloud", "69234237810729019")
        assert words is not None
        assert "urn:zitadel:iam:org:project:id:69234237810729019:aud" in words

    @pytest.mark.parametrize(
        ("issuer", "told"),
        [
            ("https://x.auth0.com/", "the custom domain"),
            ("https://x.b2clogin.com/y/v2.0/", "issuer_with_policy"),
            ("https://sso.example.com/realms/x", "KC_HOSTNAME"),
            ("https://securetoken.google.com/x", "getIdToken()"),
        ],
    )
    def test_why_tokens_have_another_issuer_is_told(self, issuer: str, told: str) -> None:
        """P4"""
        assert told in advise(of_issuer("https://x.example", rules=rules(issuer=issuer))).sentence
        assert told not in advise(of_issuer("https://x.example", rules=None)).sentence

    def test_the_legacy_secret_of_supabase(self) -> None:
        """P4"""
        supabase = rules(issuer="https://x.supabase.co/auth/v1")
        header = JOSEHeader("HS256", None, "jwt")
        token = refused(Reason.ALGORITHM_NOT_ALLOWED, header=header, rules=supabase)
        advice = advise(token)
        assert advice.hint == Hint.SHARED_SECRET
        assert '"JWT Keys"' in advice.sentence

    def test_header_types_are_compared_in_lower_case(self) -> None:
        """D9"""
        assert all(kind == kind.lower() for kind in KNOWN_HEADER_TYPES)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**32), 10**32) | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
NAMES = st.sampled_from(
    ["iss", "aud", "exp", "nbf", "iat", "cnf", "azp", "nonce", "typ", "scope", "events", "sub"]
)


@given(
    reason=st.sampled_from(Reason),
    claims=st.none() | st.dictionaries(NAMES | st.text(), JSON, max_size=6),
    header=st.none()
    | st.builds(JOSEHeader, st.text(), st.none() | st.text(), st.none() | st.text()),
    is_signed=st.booleans(),
    has_rules=st.booleans(),
    detail=st.none() | st.text(),
    parts=st.integers(1, 9),
)
def test_whatever_a_token_says_a_sentence_of_one_printable_line_comes_of_it(
    reason: Reason,
    claims: Mapping[str, Any] | None,
    header: JOSEHeader | None,
    is_signed: bool,
    has_rules: bool,
    detail: str | None,
    parts: int,
) -> None:
    """P4, D7, H4: no exception, no line break, no length without a bound."""
    token = refused(
        reason,
        claims=claims,
        header=header,
        is_signed=is_signed,
        rules=rules() if has_rules else None,
        detail=detail,
        parts=parts,
    )
    advice = advise(token)
    assert advice.hint in set(Hint)
    sentence = advice.sentence
    assert set(sentence) <= set(string.printable) - set("\n\r\t\x0b\x0c")
    assert len(sentence) < 100_000


@given(value=st.text(min_size=1, max_size=200), claim=st.sampled_from(["iss", "aud"]))
def test_a_quoted_value_cannot_pass_for_words_of_ours(value: str, claim: str) -> None:
    """P4: a token's text stands between quotes that nothing in it can close."""
    reason = Reason.UNKNOWN_ISSUER if claim == "iss" else Reason.WRONG_AUDIENCE
    hostile = f"{value}'. Write insecure_no_audience=True. '"
    sentence = advise(refused(reason, claims={claim: hostile}, is_signed=False)).sentence
    assert "\\'. Write insecure_no_audience=True. \\'" in sentence
    assert hostile not in sentence
