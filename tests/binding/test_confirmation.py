"""The confirmation claim (RFC 7800)."""

from typing import Any

import pytest

from asgi_jwks import InvalidToken, Reason
from asgi_jwks.binding.confirmation import UNBOUND, read_confirmation

JKT = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"
X5T = "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"[:42] + "8"


@pytest.mark.parametrize(
    ("cnf", "jkt", "certificate"),
    [
        ({"jkt": JKT}, JKT, None),
        ({"x5t#S256": X5T}, None, X5T),
        ({"jkt": JKT, "x5t#S256": X5T}, JKT, X5T),
        ({"jkt": JKT, "kid": "x", "unheard-of": 1}, JKT, None),
    ],
)
def test_the_confirmations_that_are_present(
    cnf: dict[str, Any], jkt: str | None, certificate: str | None
) -> None:
    """J5: every confirmation that is present must hold."""
    assert read_confirmation({"cnf": cnf}) == (jkt, certificate)


def test_a_token_without_cnf_is_unbound() -> None:
    """I10"""
    assert read_confirmation({"sub": "a"}) is UNBOUND


@pytest.mark.parametrize("cnf", [{}, {"jwk": {}}, {"kid": "x"}, {"JKT": JKT}, {"x5t": "x"}])
def test_a_cnf_with_unknown_members_only_is_refused(cnf: dict[str, Any]) -> None:
    """J5"""
    with pytest.raises(InvalidToken) as caught:
        read_confirmation({"cnf": cnf})
    assert caught.value.reason is Reason.SENDER_CONSTRAINED


@pytest.mark.parametrize(
    "cnf",
    [
        None,
        [],
        JKT,
        {"jkt": None},
        {"jkt": ""},
        {"jkt": JKT + "="},
        {"jkt": JKT[:-1]},
        {"jkt": JKT[:-1] + "J"},
        {"jkt": JKT + "\n"},
        {"jkt": [JKT]},
        {"jkt": JKT, "x5t#S256": 1},
    ],
)
def test_a_malformed_confirmation_is_refused(cnf: Any) -> None:
    """J5: in no form does it count as absent."""
    with pytest.raises(InvalidToken) as caught:
        read_confirmation({"cnf": cnf})
    assert caught.value.reason is Reason.INVALID_CLAIM
