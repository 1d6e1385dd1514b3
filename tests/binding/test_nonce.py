"""Stateless nonces (RFC 9449, sections 8 and 9)."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgi_jwks import ConfigurationError
from asgi_jwks.binding.nonce import DPoPNonces

NOW = 1_700_000_040.0
OLD, NEW = "Zp4Yq0c3Vn8xT1sK7uWm2rBd6eHf9jLa", b"q8LwV3nXz5Rk1TgYc7Pb0HsJd2MfU4eA"


def test_every_worker_with_the_secret_agrees() -> None:
    """I14: a time bucket and HMAC with a configured secret."""
    one, other = DPoPNonces(OLD), DPoPNonces([OLD.encode()])
    nonce = one.current(NOW)
    assert other.current(NOW) == nonce
    assert other.expiry(nonce, NOW) == (NOW // 60 + 2) * 60
    assert DPoPNonces(NEW).expiry(nonce, NOW) is None


@pytest.mark.parametrize(
    ("later", "accepted"), [(-60, False), (0, True), (60, True), (119, True), (120, False)]
)
def test_the_current_and_the_previous_period_pass(later: float, accepted: bool) -> None:
    """I14"""
    nonces = DPoPNonces(OLD)
    began = NOW // 60 * 60
    assert (nonces.expiry(nonces.current(began), began + later) is not None) is accepted


def test_two_secrets_pass_during_a_rotation_and_the_first_makes_nonces() -> None:
    """I14"""
    before, during, after = DPoPNonces(OLD), DPoPNonces((NEW, OLD)), DPoPNonces(NEW)
    assert during.expiry(before.current(NOW), NOW) is not None
    assert during.current(NOW) == after.current(NOW)
    assert before.expiry(during.current(NOW), NOW) is None
    assert after.expiry(before.current(NOW), NOW) is None


def test_a_nonce_says_nothing_of_the_secret_and_fits_the_field() -> None:
    """I14: RFC 9449, section 8.1: NQCHAR."""
    nonce = DPoPNonces(OLD).current(NOW)
    assert len(nonce) == 24
    assert nonce.isascii()
    assert OLD not in repr(DPoPNonces(OLD))


@given(nonce=st.none() | st.text() | st.integers() | st.binary())
def test_any_other_value_is_not_accepted(nonce: object) -> None:
    """I14"""
    assert DPoPNonces(OLD).expiry(nonce, NOW) is None


@pytest.mark.parametrize(
    "secrets",
    [None, (), [OLD, OLD, OLD], 1, "", "short", "a" * 40, [OLD, 1], {OLD: 1}, "abcd" * 8],
)
def test_a_secret_is_a_secret(secrets: Any) -> None:
    """I14, A11, H8."""
    with pytest.raises(ConfigurationError, match="secret"):
        DPoPNonces(secrets)


@pytest.mark.parametrize("period", [0, 9.9, 3600.1, "60", True, float("nan")])
def test_a_period_has_bounds(period: Any) -> None:
    """A11"""
    with pytest.raises(ConfigurationError, match=r"^period (must be|is for how long) "):
        DPoPNonces(OLD, period=period)


@pytest.mark.parametrize("period", [10, 10.0, 3600])
def test_a_period_may_be_at_a_bound(period: float) -> None:
    """I14"""
    nonces = DPoPNonces(OLD, period=period)
    made = nonces.current(NOW)
    assert nonces.expiry(made, NOW + period) is not None
    assert nonces.expiry(made, NOW + 2 * period) is None


def test_a_secret_may_hold_bytes_that_are_no_text() -> None:
    """A11: as os.environ reads them."""
    one, other = DPoPNonces(f"{OLD}\udcfe"), DPoPNonces(f"{OLD}\udcff")
    assert len({each.current(NOW) for each in (one, other, DPoPNonces(OLD))}) == 3
