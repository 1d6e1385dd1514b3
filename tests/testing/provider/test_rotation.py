from collections.abc import Mapping
from typing import Any, cast

import pytest

from asgi_jwks.testing import MockIssuer, SigningKey, forge


@pytest.fixture
def issuer() -> MockIssuer:
    return MockIssuer(algorithm="ES256")


def published_kids(issuer: MockIssuer) -> list[object]:
    keys = cast("list[Mapping[str, Any]]", issuer.jwk_set()["keys"])
    return [key.get("kid") for key in keys]


def kid_of_a_new_token(issuer: MockIssuer) -> object:
    return forge.split(issuer.access_token()).header_members["kid"]


def test_at_first_one_key_is_published_and_signs(issuer: MockIssuer) -> None:
    assert published_kids(issuer) == [issuer.signing_key.kid] == [kid_of_a_new_token(issuer)]


def test_after_a_rotation_the_new_key_signs_and_the_old_one_stays_published(
    issuer: MockIssuer,
) -> None:
    old = issuer.signing_key
    new = issuer.rotate()
    assert published_kids(issuer) == [old.kid, new.kid]
    assert kid_of_a_new_token(issuer) == new.kid
    assert new.algorithm == "ES256"


def test_a_swapped_key_is_the_only_one(issuer: MockIssuer) -> None:
    issuer.rotate()
    new = issuer.swap_key()
    assert published_kids(issuer) == [new.kid] == [kid_of_a_new_token(issuer)]


def test_a_reissued_key_keeps_the_kid_and_has_other_material(issuer: MockIssuer) -> None:
    other = SigningKey.generate("ES256")
    issuer.publish(other)
    old = issuer.signing_key
    new = issuer.reissue_key()
    assert issuer.jwk_set() == {"keys": [new.public_jwk(), other.public_jwk()]}
    assert issuer.signing_key is new
    assert new.kid == old.kid
    assert new.public_jwk() != old.public_jwk()


def test_a_prepared_key_is_published_before_it_signs(issuer: MockIssuer) -> None:
    old = issuer.signing_key
    prepared = issuer.prepare_key()
    assert published_kids(issuer) == [old.kid, prepared.kid]
    assert kid_of_a_new_token(issuer) == old.kid
    issuer.use(prepared)
    assert kid_of_a_new_token(issuer) == prepared.kid


def test_a_withdrawn_key_is_no_longer_published(issuer: MockIssuer) -> None:
    old = issuer.signing_key
    new = issuer.rotate()
    issuer.withdraw(old.kid)
    assert published_kids(issuer) == [new.kid]


def test_a_key_that_is_not_published_cannot_be_withdrawn(issuer: MockIssuer) -> None:
    with pytest.raises(LookupError, match="'nobody'"):
        issuer.withdraw("nobody")


def test_any_jwk_can_be_published_usable_or_not(issuer: MockIssuer) -> None:
    issuer.publish({"kty": "oct", "k": "c2VjcmV0"})
    keys = cast("list[object]", issuer.jwk_set()["keys"])
    assert keys[1] == {"kty": "oct", "k": "c2VjcmV0"}
    assert issuer.reissue_key().kid == published_kids(issuer)[0]


def test_restoring_keys_leaves_the_first_one_alone(issuer: MockIssuer) -> None:
    first = issuer.signing_key
    issuer.swap_key()
    issuer.restore_keys()
    assert issuer.signing_key is first
    assert published_kids(issuer) == [first.kid]


def test_two_issuers_have_different_keys() -> None:
    one, other = MockIssuer(), MockIssuer()
    assert one.jwk_set() != other.jwk_set()
