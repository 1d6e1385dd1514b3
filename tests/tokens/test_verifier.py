"""The procedure: its order, its memory, and what each part of it makes of keys and checks."""

import logging
from collections.abc import Callable
from typing import Any

import pytest

from asgi_jwks import (
    AccessToken,
    AccessTokenVerifier,
    ConfigurationError,
    InsufficientScope,
    InvalidToken,
    KeySetUnavailable,
    MissingToken,
    Reason,
    SharedSecret,
    StaticJWKSet,
    TrustedIssuer,
)
from asgi_jwks.access_token_verifier import VERIFIED_TOKENS
from asgi_jwks.jose.jwk_set import JWKSet
from asgi_jwks.jose.key import VerificationKey
from asgi_jwks.testing import MockIssuer, SigningKey, forge
from asgi_jwks.testing.forgery import hmac_signer

pytestmark = pytest.mark.anyio

Trusted = Callable[..., TrustedIssuer]

STRANGER = SigningKey.generate("RS256", kid="k1")


async def reason_of(verifier: AccessTokenVerifier, token: str | bytes) -> Reason:
    with pytest.raises(InvalidToken) as refusal:
        await verifier.verify(token)
    return refusal.value.reason


class Keys:
    """A source of keys in the hands of a test; `calls` says what it was asked for."""

    def __init__(self, keys: JWKSet | None) -> None:
        self.set = keys
        self.calls: list[object] = []
        self.later: VerificationKey | None = None
        self.outage = False
        self.finds_more = True

    def at_hand(self) -> JWKSet | None:
        return self.set

    async def find(
        self, kid: str | None, algorithm: str, screen: Callable[[], object]
    ) -> VerificationKey:
        self.calls.append(("find", kid, algorithm))
        if self.outage:
            raise KeySetUnavailable("no keys", retry_after=7)
        screen()
        assert self.later is not None
        return self.later

    def can_find_more(self) -> bool:
        return self.finds_more

    def can_replace(self, key: VerificationKey) -> bool:
        self.calls.append(("can_replace", key.kid))
        return self.later is not None

    async def replacement_for(self, key: VerificationKey, algorithm: str) -> VerificationKey | None:
        self.calls.append(("replacement_for", key.kid, algorithm))
        return None if self.later is key else self.later

    def same_source(self, other: object) -> bool:
        return self is other

    async def warm(self) -> None:
        self.calls.append("warm")
        if self.outage:
            raise KeySetUnavailable("no keys")

    async def keep_fresh(self) -> None:
        self.calls.append("keep_fresh")

    async def aclose(self) -> None:
        self.calls.append("aclose")


def key_set(*keys: SigningKey) -> JWKSet:
    return JWKSet.parse({"keys": [key.public_jwk() for key in keys]})


MakeCheck = Callable[[Any], Callable[[AccessToken], Any]]


def at_once(answer: Any) -> Callable[[AccessToken], Any]:
    """A check with this answer."""
    return lambda token: answer


def later(answer: Any) -> Callable[[AccessToken], Any]:
    """The same, async."""

    async def check(token: AccessToken) -> Any:
        return answer

    return check


class TestConfiguration:
    def test_somebody_must_be_trusted(self) -> None:
        """F14"""
        with pytest.raises(ConfigurationError, match="No issuer is trusted"):
            AccessTokenVerifier([])

    def test_an_issuer_is_trusted_once(self, trusted: Trusted) -> None:
        """E5"""
        with pytest.raises(ConfigurationError, match="the same issuer identifier"):
            AccessTokenVerifier([trusted(), trusted()])

    @pytest.mark.parametrize("option", ["max_token_bytes", "verified_tokens"])
    @pytest.mark.parametrize("number", [-1, 1.5, True, "1", None])
    def test_sizes_are_whole_numbers(self, trusted: Trusted, option: str, number: Any) -> None:
        """F14: the sentence says which option to look at."""
        with pytest.raises(ConfigurationError, match=f"^{option} must be a whole number"):
            AccessTokenVerifier([trusted()], **{option: number})

    async def test_sizes_may_be_zero(self, trusted: Trusted, issuer: MockIssuer) -> None:
        verifier = AccessTokenVerifier([trusted()], max_token_bytes=0, verified_tokens=0)
        assert await reason_of(verifier, issuer.access_token()) is Reason.MALFORMED


class TestAcceptance:
    @pytest.mark.parametrize("encoded", [str.encode, str])
    async def test_a_good_token_is_accepted(
        self, verifier: AccessTokenVerifier, issuer: MockIssuer, encoded: Callable[[str], Any]
    ) -> None:
        token = await verifier.verify(encoded(issuer.access_token(scopes="read write")))
        assert token.issuer == issuer.issuer
        assert token.scopes == ("read", "write")
        assert token.key_id == "k1"

    async def test_what_is_accepted_is_read_only(
        self, verifier: AccessTokenVerifier, issuer: MockIssuer
    ) -> None:
        """A10"""
        claims: Any = (await verifier.verify(issuer.access_token())).claims
        with pytest.raises(TypeError, match="read-only"):
            claims["sub"] = "admin"

    async def test_header_members_that_mean_nothing_here_are_ignored(
        self, verifier: AccessTokenVerifier, issuer: MockIssuer
    ) -> None:
        """D11"""
        headers = {"ver": "2.0", "cat": "cl0", "nonce": "x", "jku": "https://evil.example/"}
        await verifier.verify(issuer.access_token(headers=headers))

    async def test_an_rfc9068_token_passes_both_profiles(
        self, trusted: Trusted, verifier: AccessTokenVerifier, issuer: MockIssuer, clock: Any
    ) -> None:
        """G7, D9"""
        strict = AccessTokenVerifier([trusted(profile="rfc9068")], clock=clock)
        token = issuer.rfc9068_token()
        assert (await strict.verify(token)).claims == (await verifier.verify(token)).claims
        assert await reason_of(strict, issuer.access_token()) is Reason.WRONG_TYPE

    @pytest.mark.parametrize(
        "algorithm",
        ["RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"],
    )
    async def test_other_algorithms_when_they_are_configured(
        self, algorithm: str, clock: Any
    ) -> None:
        """D3, D4"""
        issuer = MockIssuer(algorithm=algorithm, clock=clock)
        options: dict[str, Any] = {
            "issuer": issuer.issuer,
            "audience": issuer.audience,
            "keys": StaticJWKSet(issuer.jwk_set()),
        }
        trusting = AccessTokenVerifier(
            [TrustedIssuer(**options, algorithms=[algorithm])], clock=clock
        )
        assert (await trusting.verify(issuer.access_token())).issuer == issuer.issuer
        default = AccessTokenVerifier([TrustedIssuer(**options)], clock=clock)
        assert await reason_of(default, issuer.access_token()) is Reason.ALGORITHM_NOT_ALLOWED

    async def test_a_key_without_alg_serves_rs256(
        self, trusted: Trusted, issuer: MockIssuer, clock: Any
    ) -> None:
        """E6"""
        jwk = issuer.signing_key.public_jwk()
        del jwk["alg"]
        verifier = AccessTokenVerifier([trusted(keys=StaticJWKSet({"keys": [jwk]}))], clock=clock)
        await verifier.verify(issuer.access_token())

    async def test_a_token_without_kid_where_one_key_fits(
        self, verifier: AccessTokenVerifier, issuer: MockIssuer
    ) -> None:
        """E4"""
        token = await verifier.verify(issuer.access_token(without_headers="kid"))
        assert token.key_id == "k1"

    async def test_a_shared_secret(self, trusted: Trusted, issuer: MockIssuer, clock: Any) -> None:
        """D4"""
        secret = bytes(range(32))
        verifier = AccessTokenVerifier([trusted(keys=SharedSecret(secret))], clock=clock)
        claims = forge.split(issuer.access_token()).claims
        token = forge.encode({"alg": "HS256"}, claims, sign=hmac_signer(secret))
        assert (await verifier.verify(token)).subject == claims["sub"]
        assert await reason_of(verifier, issuer.access_token()) is Reason.ALGORITHM_NOT_ALLOWED


class TestTheOrder:
    @pytest.mark.parametrize(
        "claims",
        [
            {"exp": 0},
            {"nbf": 10**11},
            {"aud": "x"},
            {"sub": 1},
            {"cnf": {}},
            {"at_hash": "x"},
        ],
    )
    async def test_a_forged_token_is_told_nothing_about_its_claims(
        self, verifier: AccessTokenVerifier, issuer: MockIssuer, claims: dict[str, Any]
    ) -> None:
        """G11"""
        token = issuer.access_token(key=STRANGER, **claims)
        assert await reason_of(verifier, token) is Reason.BAD_SIGNATURE

    async def test_the_form_comes_before_everything_else(
        self, verifier: AccessTokenVerifier, issuer: MockIssuer
    ) -> None:
        token = issuer.access_token(headers={"alg": "none"}, iss="x")
        assert await reason_of(verifier, f"{token}.") is Reason.MALFORMED
        assert await reason_of(verifier, token) is Reason.ALGORITHM_NOT_ALLOWED

    async def test_the_header_comes_before_the_issuer(
        self, verifier: AccessTokenVerifier, issuer: MockIssuer
    ) -> None:
        token = issuer.access_token(headers={"crit": ["x"]}, iss="x")
        assert await reason_of(verifier, token) is Reason.UNSUPPORTED_HEADER

    async def test_the_header_comes_before_the_key(
        self, verifier: AccessTokenVerifier, issuer: MockIssuer
    ) -> None:
        token = issuer.access_token(headers={"alg": "RS512", "kid": "nobody"})
        assert await reason_of(verifier, token) is Reason.ALGORITHM_NOT_ALLOWED

    @pytest.mark.parametrize("size", [100, 20_000])
    async def test_the_size_is_looked_at_first(
        self, trusted: Trusted, issuer: MockIssuer, clock: Any, size: int
    ) -> None:
        """A7"""
        verifier = AccessTokenVerifier([trusted()], clock=clock, max_token_bytes=size)
        padding = issuer.access_token(pad="x" * 14_000)
        with pytest.raises(InvalidToken) as refusal:
            await verifier.verify("a" * (size + 1))
        assert refusal.value.reason is Reason.MALFORMED
        assert refusal.value.detail == f"longer than {size} bytes"
        if size > len(padding) > 16_384:
            await verifier.verify(padding)

    async def test_a_token_of_exactly_the_size_is_read(
        self, trusted: Trusted, issuer: MockIssuer, clock: Any
    ) -> None:
        """A7"""
        token = issuer.access_token()
        limits = {len(token): None, len(token) - 1: Reason.MALFORMED}
        for limit, reason in limits.items():
            verifier = AccessTokenVerifier([trusted()], clock=clock, max_token_bytes=limit)
            if reason is None:
                await verifier.verify(token)
            else:
                assert await reason_of(verifier, token) is reason

    @pytest.mark.parametrize(
        "token",
        [
            "",
            ".",
            "..",
            "a.b.c",
            "\ud800",
            "é.é.é",
            "{}",
            b"\xff\xfe\xfd",
            pytest.param(b"\0" * 40, id="NULs"),
        ],
    )
    async def test_garbage_is_malformed(
        self, verifier: AccessTokenVerifier, token: str | bytes
    ) -> None:
        """A8, D10"""
        assert await reason_of(verifier, token) is Reason.MALFORMED


class TestKeys:
    async def test_one_issuers_keys_never_verify_anothers_tokens(self, clock: Any) -> None:
        """E5"""
        ours, theirs = (
            MockIssuer(issuer=name, key=SigningKey.generate("RS256", kid="same"), clock=clock)
            for name in ("https://ours.example/", "https://theirs.example/")
        )
        verifier = AccessTokenVerifier(
            [
                TrustedIssuer(issuer=i.issuer, audience=i.audience, keys=StaticJWKSet(i.jwk_set()))
                for i in (ours, theirs)
            ],
            clock=clock,
        )
        assert (await verifier.verify(ours.access_token())).issuer == ours.issuer
        assert (await verifier.verify(theirs.access_token())).issuer == theirs.issuer
        crossed = ours.access_token(key=theirs.signing_key)
        assert await reason_of(verifier, crossed) is Reason.BAD_SIGNATURE

    async def test_a_key_at_hand_is_used_without_asking(
        self, trusted: Trusted, issuer: MockIssuer, clock: Any
    ) -> None:
        """F2"""
        keys = Keys(key_set(issuer.signing_key))
        verifier = AccessTokenVerifier([trusted(keys=keys)], clock=clock)
        await verifier.verify(issuer.access_token())
        assert keys.calls == []

    @pytest.mark.parametrize("claims", [{"exp": 0}, {"aud": "x"}, {"at_hash": "x"}])
    async def test_a_token_that_could_not_pass_may_not_cost_a_fetch(
        self, trusted: Trusted, issuer: MockIssuer, clock: Any, claims: dict[str, Any]
    ) -> None:
        """A8, F3: `find` and `replacement_for` get to judge the claims first."""
        keys = Keys(None)
        keys.later = key_set(STRANGER).keys[0]
        verifier = AccessTokenVerifier([trusted(keys=keys)], clock=clock)
        with pytest.raises(InvalidToken) as refusal:
            await verifier.verify(issuer.access_token(key=STRANGER, **claims))
        assert refusal.value.reason is not Reason.BAD_SIGNATURE
        keys.set = key_set(issuer.signing_key)
        forged = issuer.access_token(key=STRANGER, **claims)
        assert await reason_of(verifier, forged) is Reason.BAD_SIGNATURE
        assert not [call for call in keys.calls if "replacement_for" in str(call)]

    async def test_keys_that_cannot_be_had_are_not_the_tokens_fault(
        self, trusted: Trusted, issuer: MockIssuer, clock: Any
    ) -> None:
        """B7, B8"""
        keys = Keys(None)
        keys.outage = True
        verifier = AccessTokenVerifier([trusted(keys=keys)], clock=clock)
        with pytest.raises(KeySetUnavailable):
            await verifier.verify(issuer.access_token())
        assert await reason_of(verifier, "garbage") is Reason.MALFORMED

    async def test_an_unknown_key_may_be_refused_before_the_claims_are_read(
        self, trusted: Trusted, issuer: MockIssuer, clock: Any
    ) -> None:
        """F3"""
        keys = Keys(key_set(SigningKey.generate("ES256", kid="another")))
        keys.finds_more = False
        verifier = AccessTokenVerifier([trusted(keys=keys)], clock=clock)
        assert await reason_of(verifier, issuer.access_token()) is Reason.UNKNOWN_KEY
        assert keys.calls == []

    async def test_a_key_that_was_waited_for_verifies(
        self, trusted: Trusted, issuer: MockIssuer, clock: Any
    ) -> None:
        """F5"""
        keys = Keys(None)
        [keys.later] = key_set(issuer.signing_key).keys
        verifier = AccessTokenVerifier([trusted(keys=keys)], clock=clock)
        assert (await verifier.verify(issuer.access_token())).key_id == "k1"
        assert keys.calls == [("find", "k1", "RS256")]

    async def test_a_key_that_was_replaced_under_its_id_is_found(
        self, trusted: Trusted, issuer: MockIssuer, clock: Any
    ) -> None:
        """E7"""
        keys = Keys(key_set(issuer.signing_key))
        [keys.later] = key_set(STRANGER).keys
        verifier = AccessTokenVerifier([trusted(keys=keys)], clock=clock)
        assert (await verifier.verify(issuer.access_token(key=STRANGER))).key_id == "k1"
        asked = [call for call in keys.calls if "can_replace" not in str(call)]
        assert asked == [("replacement_for", "k1", "RS256")]

    async def test_a_key_that_was_waited_for_may_be_replaced_as_well(
        self, trusted: Trusted, issuer: MockIssuer, clock: Any
    ) -> None:
        """E7"""
        keys = Keys(None)
        [keys.later] = key_set(STRANGER).keys
        verifier = AccessTokenVerifier([trusted(keys=keys)], clock=clock)
        assert await reason_of(verifier, issuer.access_token()) is Reason.BAD_SIGNATURE
        asked = [str(call[0]) for call in keys.calls if isinstance(call, tuple)]
        assert asked == ["find", "can_replace", "replacement_for"]

    @pytest.mark.parametrize("is_replacement", [False, True])
    async def test_a_key_that_was_waited_for_is_not_at_hand_while_there_are_no_keys(
        self, trusted: Trusted, issuer: MockIssuer, clock: Any, is_replacement: bool
    ) -> None:
        """F5, F16: an accepted header does not outlive the trust in its key."""
        keys = Keys(key_set(issuer.signing_key) if is_replacement else None)
        [keys.later] = key_set(STRANGER).keys
        verifier = AccessTokenVerifier([trusted(keys=keys)], clock=clock)
        first, second = (issuer.access_token(key=STRANGER, jti=jti) for jti in "ab")
        await verifier.verify(first)
        keys.set, keys.outage = None, True
        for token in (first, second):
            with pytest.raises(KeySetUnavailable):
                await verifier.verify(token)

    @pytest.mark.parametrize("is_at_hand", [False, True])
    @pytest.mark.parametrize("names", [{"iss": "https://other.example/"}, {"iss": 5}, {}])
    async def test_no_issuer_is_looked_for_in_a_large_payload_where_one_is_trusted(
        self,
        trusted: Trusted,
        issuer: MockIssuer,
        clock: Any,
        monkeypatch: pytest.MonkeyPatch,
        is_at_hand: bool,
        names: dict[str, Any],
    ) -> None:
        """W1, W3, G11: no other would do, and a forged one is told nothing about its claims."""
        monkeypatch.delattr("asgi_jwks.tokens.steps.claimed_issuer")
        keys = Keys(key_set(issuer.signing_key) if is_at_hand else None)
        [keys.later] = key_set(issuer.signing_key).keys
        verifier = AccessTokenVerifier([trusted(keys=keys)], clock=clock)
        forged = STRANGER.sign({"alg": "RS256", "kid": "k1"}, {"pad": "x" * 4096, **names})
        assert await reason_of(verifier, forged) is Reason.BAD_SIGNATURE

    @pytest.mark.parametrize(
        "claims",
        [{"pad": "x" * 4096}, {f"c{number}": 0 for number in range(64)}],
        ids=["more than 4 KiB", "more than 64 members"],
    )
    async def test_a_large_payload_is_not_screened(
        self, trusted: Trusted, issuer: MockIssuer, clock: Any, claims: dict[str, Any]
    ) -> None:
        """W3: it pays the budget like one that passed."""
        for expired, screened in (({"exp": 0}, True), ({"exp": 0, **claims}, False)):
            keys = Keys(None)
            [keys.later] = key_set(STRANGER).keys
            verifier = AccessTokenVerifier([trusted(keys=keys)], clock=clock)
            reason = await reason_of(verifier, issuer.access_token(**expired))
            assert reason is (Reason.EXPIRED if screened else Reason.BAD_SIGNATURE)

    async def test_a_forged_token_of_another_name_is_a_bad_signature(
        self, trusted: Trusted, issuer: MockIssuer, clock: Any
    ) -> None:
        """G11, W3: also where a newer key may be found, for which it is not worth a fetch."""
        keys = Keys(key_set(issuer.signing_key))
        [keys.later] = key_set(STRANGER).keys
        verifier = AccessTokenVerifier([trusted(keys=keys)], clock=clock)
        for name in ("https://other.example/", 1):
            token = issuer.access_token(key=STRANGER, iss=name)
            assert await reason_of(verifier, token) is Reason.BAD_SIGNATURE
        assert "replacement_for" not in str(keys.calls)

    async def test_a_replacement_must_verify_too(
        self, trusted: Trusted, issuer: MockIssuer, clock: Any
    ) -> None:
        """E7"""
        keys = Keys(key_set(issuer.signing_key))
        [keys.later] = key_set(SigningKey.generate("RS256", kid="k1")).keys
        verifier = AccessTokenVerifier([trusted(keys=keys)], clock=clock)
        token = issuer.access_token(key=STRANGER)
        assert await reason_of(verifier, token) is Reason.BAD_SIGNATURE
        [keys.later] = keys.set.keys if keys.set else ()
        assert await reason_of(verifier, token) is Reason.BAD_SIGNATURE

    async def test_where_no_replacement_is_to_be_had_none_is_asked_for(
        self, trusted: Trusted, issuer: MockIssuer, clock: Any
    ) -> None:
        """E7"""
        keys = Keys(key_set(issuer.signing_key))
        verifier = AccessTokenVerifier([trusted(keys=keys)], clock=clock)
        token = issuer.access_token(key=STRANGER)
        assert await reason_of(verifier, token) is Reason.BAD_SIGNATURE
        assert keys.calls == [("can_replace", "k1")]


class TestTheMemory:
    async def test_a_token_that_was_seen_before_is_not_verified_again(
        self, verifier: AccessTokenVerifier, issuer: MockIssuer, checked: list[bytes]
    ) -> None:
        """H2"""
        token = issuer.access_token(subject="a", scopes="b c")
        first, second = await verifier.verify(token), await verifier.verify(token.encode())
        assert len(checked) == 1
        assert first.claims == second.claims
        assert first.key_id == second.key_id == issuer.signing_key.kid
        assert (await verifier.verify(token)).claims is not second.claims

    async def test_nothing_else_in_it_is_the_token(
        self, verifier: AccessTokenVerifier, issuer: MockIssuer
    ) -> None:
        """H1, H2: digests only, and only of tokens that were accepted."""
        token = issuer.access_token()
        await verifier.verify(token)
        for other in (f"{token}A", token[:-1], token.swapcase(), forge.with_alg_none(token)):
            with pytest.raises(InvalidToken):
                await verifier.verify(other)
        assert len(verifier._tokens._tokens) == 1
        [digest] = verifier._tokens._tokens._young
        assert len(digest) == 32
        assert token not in repr(vars(verifier._tokens._tokens))

    async def test_none_is_remembered_where_that_is_asked_for(
        self, trusted: Trusted, issuer: MockIssuer, clock: Any, checked: list[bytes]
    ) -> None:
        verifier = AccessTokenVerifier([trusted()], clock=clock, verified_tokens=0)
        token = issuer.access_token()
        await verifier.verify(token)
        await verifier.verify(token)
        assert len(checked) == 2

    async def test_time_is_looked_at_again(
        self, verifier: AccessTokenVerifier, issuer: MockIssuer, clock: Any
    ) -> None:
        """H2, G2, G3"""
        token = issuer.access_token(lifetime=60)
        start = clock.now
        await verifier.verify(token)
        clock.now = start + 64.9
        await verifier.verify(token)
        clock.now = start + 65
        assert await reason_of(verifier, token) is Reason.EXPIRED
        clock.now = start - 60
        await verifier.verify(token)
        clock.now = start - 60.1
        assert await reason_of(verifier, token) is Reason.NOT_YET_VALID

    async def test_a_removed_key_ends_its_tokens(
        self, trusted: Trusted, issuer: MockIssuer, clock: Any
    ) -> None:
        """H3, F5"""
        keys = Keys(key_set(issuer.signing_key))
        verifier = AccessTokenVerifier([trusted(keys=keys)], clock=clock)
        token = issuer.access_token()
        await verifier.verify(token)
        keys.set = key_set(SigningKey.generate("RS256", kid="k2"))
        keys.outage = True
        with pytest.raises(KeySetUnavailable):
            await verifier.verify(token)

    async def test_a_replaced_key_ends_its_tokens(
        self, trusted: Trusted, issuer: MockIssuer, clock: Any
    ) -> None:
        """H3, E7: it is bound to the key by its thumbprint, not by its id."""
        keys = Keys(key_set(issuer.signing_key))
        verifier = AccessTokenVerifier([trusted(keys=keys)], clock=clock)
        token = issuer.access_token()
        await verifier.verify(token)
        keys.set = key_set(STRANGER)
        assert await reason_of(verifier, token) is Reason.BAD_SIGNATURE

    async def test_a_lapsed_trust_period_ends_it(
        self, trusted: Trusted, issuer: MockIssuer, clock: Any
    ) -> None:
        """H3"""
        keys = Keys(key_set(issuer.signing_key))
        verifier = AccessTokenVerifier([trusted(keys=keys)], clock=clock)
        token = issuer.access_token()
        await verifier.verify(token)
        keys.set, keys.outage = None, True
        with pytest.raises(KeySetUnavailable):
            await verifier.verify(token)

    async def test_a_refreshed_set_with_the_same_key_keeps_it(
        self, trusted: Trusted, issuer: MockIssuer, clock: Any, checked: list[bytes]
    ) -> None:
        """H3"""
        keys = Keys(key_set(issuer.signing_key))
        verifier = AccessTokenVerifier([trusted(keys=keys)], clock=clock)
        token = issuer.access_token()
        await verifier.verify(token)
        for _ in range(3):
            keys.set = key_set(issuer.signing_key, SigningKey.generate("RS256"))
            await verifier.verify(token)
        assert len(checked) == 1

    async def test_a_token_whose_key_was_waited_for_is_remembered(
        self, trusted: Trusted, issuer: MockIssuer, clock: Any, checked: list[bytes]
    ) -> None:
        keys = Keys(None)
        [keys.later] = key_set(issuer.signing_key).keys
        verifier = AccessTokenVerifier([trusted(keys=keys)], clock=clock)
        token = issuer.access_token()
        await verifier.verify(token)
        keys.set = key_set(issuer.signing_key)
        await verifier.verify(token)
        assert len(checked) == 1
        keys.set = None
        await verifier.verify(token)
        assert len(checked) == 2

    def test_it_has_room_for_ten_thousand_tokens(self) -> None:
        """H2: the number that the documentation gives."""
        assert VERIFIED_TOKENS == 10_000

    async def test_a_token_in_its_older_half_is_not_verified_again(
        self, trusted: Trusted, issuer: MockIssuer, clock: Any, checked: list[bytes]
    ) -> None:
        """H2"""
        verifier = AccessTokenVerifier([trusted()], clock=clock, verified_tokens=2)
        tokens = [issuer.access_token(scopes=scope) for scope in ("a", "b")]
        for token in [*tokens, *tokens]:
            await verifier.verify(token)
        assert len(checked) == 2

    async def test_no_token_in_it_is_trusted_while_no_keys_are_at_hand(
        self, trusted: Trusted, issuer: MockIssuer, clock: Any
    ) -> None:
        """H3: a lapsed trust period takes effect on the next request."""
        keys = Keys(None)
        [keys.later] = key_set(issuer.signing_key).keys
        verifier = AccessTokenVerifier([trusted(keys=keys)], clock=clock)
        token = issuer.access_token()
        for times in (1, 2, 3):
            await verifier.verify(token)
            assert keys.calls == [("find", "k1", "RS256")] * times

    async def test_what_strangers_send_leaves_nothing_behind(
        self, verifier: AccessTokenVerifier, issuer: MockIssuer
    ) -> None:
        """H4"""
        for number in range(50):
            for token in (
                issuer.access_token(key=STRANGER, headers={"n": number}),
                issuer.access_token(key=STRANGER, headers={"kid": f"k{number}"}),
                issuer.access_token(iss=f"https://{number}.example/"),
            ):
                with pytest.raises(InvalidToken):
                    await verifier.verify(token)
        assert len(verifier._tokens._tokens) == 0
        assert len(verifier._tokens._headers) == 0


class TestTheCallersOwnChecks:
    @pytest.mark.parametrize("make", [at_once, later])
    async def test_a_check_passes_by_true(
        self, trusted: Trusted, issuer: MockIssuer, clock: Any, make: MakeCheck
    ) -> None:
        """G10"""
        verifier = AccessTokenVerifier([trusted(checks=[make(True)])], clock=clock)
        token = issuer.access_token(subject="a")
        for _ in range(3):
            assert (await verifier.verify(token)).subject == "a"

    @pytest.mark.parametrize("make", [at_once, later])
    async def test_a_check_refuses_by_false(
        self, trusted: Trusted, issuer: MockIssuer, clock: Any, make: MakeCheck
    ) -> None:
        """G10"""
        verifier = AccessTokenVerifier([trusted(checks=[make(False)])], clock=clock)
        assert await reason_of(verifier, issuer.access_token()) is Reason.CHECK_FAILED
        assert len(verifier._tokens._tokens) == 0

    @pytest.mark.parametrize("make", [at_once, later])
    @pytest.mark.parametrize("answer", [1, "yes", "no", None, 0, [True]], ids=repr)
    async def test_any_other_answer_is_the_applications_own_error(
        self, trusted: Trusted, issuer: MockIssuer, clock: Any, make: MakeCheck, answer: object
    ) -> None:
        """G10: never a pass, and no client's fault either."""
        verifier = AccessTokenVerifier([trusted(checks=[make(answer)])], clock=clock)
        for _ in range(2):
            with pytest.raises(TypeError, match="must return True or False; got"):
                await verifier.verify(issuer.access_token())
        assert len(verifier._tokens._tokens) == 0

    async def test_all_checks_are_made_in_order_on_every_request(
        self, trusted: Trusted, issuer: MockIssuer, clock: Any
    ) -> None:
        """G10, H3: a revocation takes effect on the next request of a remembered token."""
        made: list[str] = []
        revoked = False

        async def is_not_revoked(token: AccessToken) -> bool:
            made.append("revocation")
            return not revoked

        def is_logged(token: AccessToken) -> bool:
            made.append(str(token.subject))
            return True

        verifier = AccessTokenVerifier([trusted(checks=[is_not_revoked, is_logged])], clock=clock)
        token = issuer.access_token(subject="alice")
        await verifier.verify(token)
        await verifier.verify(token)
        revoked = True
        assert await reason_of(verifier, token) is Reason.CHECK_FAILED
        assert made == ["revocation", "alice", "revocation", "alice", "revocation"]

    @pytest.mark.parametrize(
        "error",
        [
            InsufficientScope("admin"),
            InvalidToken(Reason.CHECK_FAILED),
            MissingToken(),
            KeySetUnavailable("no answer", retry_after=7),
        ],
    )
    async def test_an_error_of_ours_is_what_it_declares(
        self, trusted: Trusted, issuer: MockIssuer, clock: Any, error: Exception
    ) -> None:
        """G10: nothing of a request stays with it, since the application may raise it again."""

        def check(token: AccessToken) -> bool:
            raise error from ZeroDivisionError()

        declared = dict(vars(error))
        verifier = AccessTokenVerifier([trusted(checks=[check])], clock=clock)
        with pytest.raises(type(error)) as refusal:
            await verifier.verify(issuer.access_token())
        assert refusal.value is not error
        assert vars(refusal.value).items() >= declared.items()
        assert str(refusal.value) == str(error)
        assert isinstance(refusal.value.__cause__, ZeroDivisionError)
        assert vars(error) == declared

    async def test_any_other_error_is_the_applications_own(
        self, trusted: Trusted, issuer: MockIssuer, clock: Any
    ) -> None:
        """G10"""

        async def check(token: AccessToken) -> bool:
            raise ZeroDivisionError

        verifier = AccessTokenVerifier([trusted(checks=[check])], clock=clock)
        with pytest.raises(ZeroDivisionError):
            await verifier.verify(issuer.access_token())

    async def test_checks_do_not_see_tokens_that_are_not_valid(
        self, trusted: Trusted, issuer: MockIssuer, clock: Any
    ) -> None:
        """G10"""
        seen: list[AccessToken] = []

        def check(token: AccessToken) -> bool:
            seen.append(token)
            return True

        verifier = AccessTokenVerifier([trusted(checks=[check])], clock=clock)
        await reason_of(verifier, issuer.access_token(key=STRANGER))
        await reason_of(verifier, issuer.access_token(aud="x"))
        assert seen == []


class TestHints:
    async def test_a_near_miss_of_the_audience_is_explained(
        self, verifier: AccessTokenVerifier, issuer: MockIssuer
    ) -> None:
        """G5, G6, P4"""
        with pytest.raises(InvalidToken) as refusal:
            await verifier.verify(issuer.access_token(audience=f"{issuer.audience}/"))
        assert refusal.value.advice
        assert f"write audience='{issuer.audience}/'" in refusal.value.advice.sentence
        assert refusal.value.issuer == issuer.issuer

    async def test_a_forged_token_explains_nothing_about_its_audience(
        self, verifier: AccessTokenVerifier, issuer: MockIssuer
    ) -> None:
        """P4"""
        with pytest.raises(InvalidToken) as refusal:
            await verifier.verify(issuer.access_token(audience=f"{issuer.audience}/", key=STRANGER))
        assert refusal.value.advice
        assert str(issuer.audience) not in refusal.value.advice.sentence

    async def test_no_part_of_a_signature_reaches_the_log(
        self, verifier: AccessTokenVerifier, issuer: MockIssuer, caplog: pytest.LogCaptureFixture
    ) -> None:
        """H1"""
        caplog.set_level(logging.DEBUG)
        await verifier.verify(issuer.access_token())
        assert not caplog.records
        tokens = [
            issuer.access_token(iss=issuer.issuer.upper()),
            issuer.access_token(key=STRANGER),
            issuer.access_token(headers={"kid": "x\ny"}),
        ]
        for token in tokens:
            signature = token.rpartition(".")[2]
            with pytest.raises(InvalidToken) as refusal:
                await verifier.verify(token)
            assert signature[:20] not in str(refusal.value)
            assert "\n" not in str(refusal.value)
            assert signature[:20] not in caplog.text


class TestKeysOfAllIssuers:
    async def test_they_are_warmed_together_and_one_failure_is_told(self, clock: Any) -> None:
        """C4, F13"""
        good, bad = Keys(key_set(STRANGER)), Keys(None)
        bad.outage = True
        verifier = AccessTokenVerifier(
            [
                TrustedIssuer(issuer="a", audience="x", keys=bad),
                TrustedIssuer(issuer="b", audience="x", keys=good),
            ]
        )
        with pytest.raises(KeySetUnavailable):
            await verifier.warm()
        assert good.calls == bad.calls == ["warm"]
        bad.outage = False
        await verifier.warm()
        await verifier.keep_fresh()
        await verifier.aclose()
        assert good.calls == bad.calls == ["warm", "warm", "keep_fresh", "aclose"]
