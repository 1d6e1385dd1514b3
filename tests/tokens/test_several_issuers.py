"""A verifier of several issuers: each token is judged by its own issuer's rules and keys alone."""

from collections.abc import Callable

import pytest

from asgi_jwks import (
    AccessTokenVerifier,
    InvalidToken,
    Reason,
    RemoteJWKSet,
    StaticJWKSet,
    TrustedIssuer,
)
from asgi_jwks.jose.jwk_set import JWKSet
from asgi_jwks.jose.jws import claimed_issuer, decode_claims, decode_unverified
from asgi_jwks.testing import MockIssuer, SigningKey, forge
from asgi_jwks.tokens import steps
from asgi_jwks.tokens.issuers import Issuer

pytestmark = pytest.mark.anyio

FIRST = MockIssuer(issuer="https://first.example/")
SECOND = MockIssuer(issuer="https://second.example/", algorithm="ES256")


def trusted(
    issuer: MockIssuer, algorithm: str = "RS256", grants: list[str] | None = None
) -> TrustedIssuer:
    return TrustedIssuer(
        issuer=issuer.issuer,
        audience=issuer.audience,
        algorithms=[algorithm],
        grants=grants,
        keys=StaticJWKSet(issuer.jwk_set()),
    )


async def resolve(name: str) -> Issuer | None:
    return trusted(SECOND, "ES256", grants=["a"]) if name == SECOND.issuer else None


def verifier_of_two() -> AccessTokenVerifier:
    return AccessTokenVerifier([trusted(FIRST), trusted(SECOND, "ES256")])


def verifier_that_asks() -> AccessTokenVerifier:
    return AccessTokenVerifier([trusted(FIRST)], resolver=resolve)


@pytest.mark.parametrize("verifier_of", [verifier_of_two, verifier_that_asks])
@pytest.mark.parametrize("issuer", [FIRST, SECOND], ids=["first", "second"])
async def test_tokens_of_each_are_verified_again_and_again(
    verifier_of: Callable[[], AccessTokenVerifier], issuer: MockIssuer
) -> None:
    """E5, H2: also from the memory of verified tokens."""
    verifier, token = verifier_of(), issuer.access_token()
    for _ in range(3):
        assert (await verifier.verify(token)).issuer == issuer.issuer


@pytest.mark.parametrize("verifier_of", [verifier_of_two, verifier_that_asks])
async def test_what_one_allows_another_need_not(
    verifier_of: Callable[[], AccessTokenVerifier],
) -> None:
    """D3, E5: the allow-list is that of the issuer that the token names."""
    impostor = MockIssuer(issuer=FIRST.issuer, algorithm="ES256")
    with pytest.raises(InvalidToken) as refusal:
        await verifier_of().verify(impostor.access_token())
    assert refusal.value.reason is Reason.ALGORITHM_NOT_ALLOWED


async def test_what_none_allows_is_refused_before_the_payload_is_read() -> None:
    """D3"""
    token = forge.with_alg_none(FIRST.access_token()).replace(".", ".!", 1)
    with pytest.raises(InvalidToken) as refusal:
        await verifier_of_two().verify(token)
    assert refusal.value.reason is Reason.ALGORITHM_NOT_ALLOWED


@pytest.mark.parametrize("verifier_of", [verifier_of_two, verifier_that_asks])
@pytest.mark.parametrize(
    "claims",
    [
        {"permissions": [f"permission-of-this-user-{n:04}" for n in range(290)]},
        {f"https://example.com/groups/{n:03}": [f"group-{n}"] * 2 for n in range(165)},
    ],
    ids=["Casdoor", "Auth0"],
)
async def test_a_large_token_with_iss_at_its_end_is_accepted_the_first_time(
    verifier_of: Callable[[], AccessTokenVerifier], claims: dict[str, object]
) -> None:
    """W3, P3: no key of it was seen before, and all other claims are in front of `iss`."""
    good = decode_claims(SECOND.access_token().encode().split(b".")[1])
    ordered = {**claims, **{name: value for name, value in good.items() if name != "iss"}}
    token = SECOND.signing_key.sign(
        {"alg": "ES256", "kid": SECOND.signing_key.kid}, {**ordered, "iss": SECOND.issuer}
    )
    assert 12_000 < len(token) <= 14_400
    assert (await verifier_of().verify(token)).issuer == SECOND.issuer


async def reason_of(verifier: AccessTokenVerifier, token: str) -> Reason:
    with pytest.raises(InvalidToken) as refusal:
        await verifier.verify(token)
    return refusal.value.reason


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The payloads that were read, in order."""
    payloads: list[bytes] = []

    def noted(read: Callable[[bytes], object]) -> Callable[[bytes], object]:
        def reader(segment: bytes) -> object:
            payloads.append(segment)
            return read(segment)

        return reader

    for reader in (decode_claims, decode_unverified, claimed_issuer):
        monkeypatch.setattr(steps, reader.__name__, noted(reader))
    return payloads


class TestKeysAtHand:
    """W3: the header chooses among them, before the payload says whose token it is."""

    async def test_a_forged_token_is_judged_by_its_signature(self, checked: list[bytes]) -> None:
        verifier = verifier_of_two()
        await verifier.warm()
        forger = SigningKey.generate("RS256", kid=FIRST.signing_key.kid)
        assert await reason_of(verifier, FIRST.access_token(key=forger)) is Reason.BAD_SIGNATURE
        assert len(checked) == 1

    @pytest.mark.parametrize(
        "payload",
        [b"[[[[[[[[", b"{}", b'{"iss": 1}', b"\xff"],
        ids=["deep", "bare", "iss", "not UTF-8"],
    )
    async def test_nothing_of_a_payload_is_told_under_a_bad_signature(self, payload: bytes) -> None:
        """G11"""
        verifier = verifier_of_two()
        await verifier.warm()
        forger = SigningKey.generate("RS256", kid=FIRST.signing_key.kid)
        header = forge.split(FIRST.access_token()).header
        assert await reason_of(verifier, forger.sign(header, payload)) is Reason.BAD_SIGNATURE

    async def test_a_malformed_payload_under_a_good_signature_is_malformed(self) -> None:
        verifier = verifier_of_two()
        await verifier.warm()
        header = forge.split(FIRST.access_token()).header
        token = FIRST.signing_key.sign(header, b"[")
        assert await reason_of(verifier, token) is Reason.MALFORMED

    async def test_the_form_of_the_signature_is_judged_before_the_payload_is_read(
        self, read: list[bytes]
    ) -> None:
        """A8: nor is anything spent for it, whether keys are at hand or not."""
        for verifier in (verifier_of_two(), verifier_that_asks()):
            token = FIRST.access_token().rpartition(".")[0]
            for signature in ("", "A", "=", "AB"):
                assert await reason_of(verifier, f"{token}.{signature}") is Reason.MALFORMED
        assert read == []

    async def test_a_forged_token_is_not_read_at_all_by_a_sole_issuer(
        self, read: list[bytes], checked: list[bytes]
    ) -> None:
        """W1, W3: it costs one verification, and none where its key does not exist."""
        verifier = AccessTokenVerifier(trusted(FIRST))
        forger = SigningKey.generate("RS256", kid=FIRST.signing_key.kid)
        assert await reason_of(verifier, FIRST.access_token(key=forger)) is Reason.BAD_SIGNATURE
        assert len(checked) == 1
        nobody = SigningKey.generate("RS256", kid="nobody")
        assert await reason_of(verifier, FIRST.access_token(key=nobody)) is Reason.UNKNOWN_KEY
        assert len(checked) == 1
        assert read == []

    async def test_a_large_payload_that_two_readers_read_in_two_ways_is_refused(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """E5, D2: the one that only looks for `iss` is not strict."""
        padding = "x" * 5000
        twice = forge.split(FIRST.access_token(pad=padding))
        second = b'{"iss":"%b",' % SECOND.issuer.encode()
        token = FIRST.signing_key.sign(twice.header, second + twice.payload[1:])
        assert await reason_of(verifier_of_two(), token) is Reason.ALGORITHM_NOT_ALLOWED
        for name in (FIRST.issuer, SECOND.issuer):
            payload = twice.payload[:-1] + f',"iss":"{name}"}}'.encode()
            token = FIRST.signing_key.sign(twice.header, payload)
            assert await reason_of(verifier_of_two(), token) is Reason.MALFORMED
        # No such payload is known: one whose readers would differ.
        monkeypatch.setattr(steps, "claimed_issuer", lambda _: FIRST.issuer)
        other = MockIssuer(issuer="https://other.example/", key=FIRST.signing_key)
        crossed = other.access_token(pad=padding)
        assert await reason_of(verifier_of_two(), crossed) is Reason.INVALID_CLAIM

    async def test_iss_must_be_an_issuer_that_has_the_key_which_signed(
        self, checked: list[bytes]
    ) -> None:
        """E5"""
        verifier = verifier_of_two()
        await verifier.warm()
        crossed = FIRST.access_token(iss=SECOND.issuer)
        assert await reason_of(verifier, crossed) is Reason.ALGORITHM_NOT_ALLOWED
        nobody = FIRST.access_token(iss="https://nobody.example/")
        assert await reason_of(verifier, nobody) is Reason.UNKNOWN_ISSUER

    async def test_a_shared_key_is_tried_once(self, checked: list[bytes]) -> None:
        """W3: as the tenants of Entra do."""
        key = SigningKey.generate("RS256", kid="shared")
        tenants = [MockIssuer(issuer=f"https://{n}.example/", key=key) for n in range(3)]
        verifier = AccessTokenVerifier([trusted(tenant) for tenant in tenants])
        await verifier.warm()
        for tenant in tenants:
            token = await verifier.verify(tenant.access_token())
            assert token.issuer == tenant.issuer
        assert len(checked) == 3

    async def test_keys_of_the_same_id_are_tried_up_to_four(self, checked: list[bytes]) -> None:
        for count, verifications in ((4, 4), (5, 0)):
            issuers = [
                MockIssuer(
                    issuer=f"https://{n}.example/", key=SigningKey.generate("RS256", kid="same")
                )
                for n in range(count)
            ]
            verifier = AccessTokenVerifier([trusted(issuer) for issuer in issuers])
            await verifier.warm()
            checked.clear()
            stranger = MockIssuer(key=SigningKey.generate("RS256", kid="same"))
            assert await reason_of(verifier, stranger.access_token()) is Reason.UNKNOWN_ISSUER
            assert len(checked) == verifications
            checked.clear()
            for issuer in issuers:
                await verifier.verify(issuer.access_token())
            assert len(checked) <= count * count

    async def test_a_key_that_its_issuer_has_no_more_is_not_accepted(self) -> None:
        """H3: whatever the index still has."""
        issuer = MockIssuer(issuer="https://rotating.example/")
        keys = RemoteJWKSet(issuer=issuer.issuer, http_client=issuer.http_client())
        rotating = TrustedIssuer(issuer=issuer.issuer, audience=issuer.audience, keys=keys)
        verifier = AccessTokenVerifier(rotating, trusted(SECOND, "ES256"))
        await verifier.warm()
        old = issuer.access_token()
        await verifier.verify(old)
        issuer.swap_key()
        await keys.refresh()
        assert await reason_of(verifier, old) is Reason.UNKNOWN_KEY
        await verifier.verify(issuer.access_token())


class TestTheCost:
    """W5"""

    async def test_an_unknown_issuer_costs_the_same_among_five_thousand(self) -> None:
        """No issuer but the one that is named is asked for anything."""
        asked: list[str] = []

        class Keys(StaticJWKSet):
            name = ""

            def at_hand(self) -> JWKSet:
                asked.append(self.name)
                return super().at_hand()

        keys = Keys(FIRST.jwk_set())
        issuers = [
            TrustedIssuer(issuer=f"https://{n}.example/", audience="x", keys=keys)
            for n in range(5000)
        ]
        verifier = AccessTokenVerifier(issuers)
        await verifier.warm()
        asked.clear()
        stranger = MockIssuer(issuer="https://nobody.example/")
        assert await reason_of(verifier, stranger.access_token()) is Reason.UNKNOWN_ISSUER
        assert asked == []


class TestTenants:
    """W5: a stranger is not told who is a tenant."""

    @pytest.mark.parametrize(
        "options",
        [
            {"headers": {"alg": "ES256"}},
            {"headers": {"typ": "logout+jwt"}},
            {"headers": {"kid": "unknown"}},
            {"headers": {"kid": "unknown"}, "exp": 1},
            {"headers": {"kid": "unknown"}, "aud": "another"},
            {"without_headers": "kid"},
        ],
        ids=str,
    )
    async def test_an_unknown_tenant_is_refused_as_an_unknown_key(
        self, options: dict[str, object]
    ) -> None:
        tenant = MockIssuer(issuer="https://tenant.example/")
        tenant.rotate()
        stranger = SigningKey.generate("RS256", kid="stranger")

        async def resolver(name: str) -> Issuer | None:
            keys = RemoteJWKSet(issuer=name, http_client=tenant.http_client())
            return (
                TrustedIssuer(issuer=name, audience=tenant.audience, keys=keys, grants=["a"])
                if name == tenant.issuer
                else None
            )

        verifier = AccessTokenVerifier(resolver=resolver)
        token = tenant.access_token(key=stranger, **options)  # type: ignore[arg-type]  # many types
        assert await reason_of(verifier, token) is Reason.UNKNOWN_KEY
        assert await reason_of(verifier, token) is Reason.UNKNOWN_KEY

    @pytest.mark.parametrize(
        "payload", [b"{}", b'{"iss": 5}', b"[]", b'{"iss": "a", "iss": "b"}', b"x" * 8000]
    )
    async def test_a_payload_without_an_issuer_does_not_tell_whose_keys_are_at_hand(
        self, payload: bytes
    ) -> None:
        """The key ids of a tenant are public: an answer about its payload would name it."""
        tenant = MockIssuer(issuer="https://tenant.example/")

        async def resolver(name: str) -> Issuer | None:
            keys = StaticJWKSet(tenant.jwk_set())
            return TrustedIssuer(issuer=name, audience="x", keys=keys, grants=[])

        async def refused(kid: str) -> InvalidToken:
            with pytest.raises(InvalidToken) as caught:
                await verifier.verify(
                    forge.encode({"alg": "RS256", "kid": kid}, payload, sign=sign)
                )
            return caught.value

        verifier = AccessTokenVerifier(resolver=resolver)
        sign = SigningKey.generate("RS256").signature
        assert await reason_of(verifier, tenant.access_token()) is Reason.WRONG_AUDIENCE
        unknown, of_tenant = await refused("unknown"), await refused(tenant.signing_key.kid)
        assert unknown.reason is Reason.UNKNOWN_KEY
        assert of_tenant.reason is Reason.BAD_SIGNATURE
        assert unknown.reason.phrase == of_tenant.reason.phrase
