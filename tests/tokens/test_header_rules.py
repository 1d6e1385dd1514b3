"""Header rules that hold for every issuer, one by one."""

import pytest

from asgi_jwks import InvalidToken, Reason
from asgi_jwks.jose.jwk import MAX_KID_LENGTH
from asgi_jwks.tokens.header_rules import JOSEHeader, read_header

HEADER = {"alg": "RS256", "kid": "k"}


def test_a_header_that_says_that_nothing_is_compressed_is_read() -> None:
    """D5: `zip: "NONE"`, which PingAM writes and which says nothing."""
    assert read_header(HEADER | {"zip": "NONE"}) == JOSEHeader("RS256", "k", None)


@pytest.mark.parametrize(
    "members",
    [
        {"zip": "DEF"},
        {"zip": "none"},
        {"zip": "NONE "},
        {"zip": ""},
        {"zip": None},
        {"zip": False},
        {"zip": ["NONE"]},
        {"zip": {"NONE": 1}},
        {"zip": "NONE", "crit": []},
        {"zip": "NONE", "crit": ["zip"]},
        {"zip": "NONE", "b64": True},
        {"crit": []},
        {"crit": None},
        {"b64": True},
        {"b64": False},
    ],
)
def test_any_other_zip_and_every_crit_and_b64_is_refused(members: dict[str, object]) -> None:
    """D5: in any form."""
    with pytest.raises(InvalidToken) as refusal:
        read_header(HEADER | members)
    assert refusal.value.reason is Reason.UNSUPPORTED_HEADER
    assert refusal.value.detail == f"the header has {', '.join(sorted(members))}"


def test_a_kid_is_read_up_to_its_limit() -> None:
    """D7: at least 1,024 characters: the did:key of an RSA key of 2048 bits has 755."""
    assert MAX_KID_LENGTH >= 1024
    kid = "k" * MAX_KID_LENGTH
    assert read_header({"alg": "RS256", "kid": kid}).kid == kid
    with pytest.raises(InvalidToken) as refusal:
        read_header({"alg": "RS256", "kid": kid + "k"})
    assert refusal.value.reason is Reason.MALFORMED
    assert refusal.value.detail == f"'kid' is not a string of up to {MAX_KID_LENGTH}"
