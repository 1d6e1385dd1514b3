import logging
from typing import Any

import pytest

from asgi_jwks.tokens.near_misses import NearMisses, by_likeness

ISSUER = "https://issuer.example/"


@pytest.mark.parametrize(
    "value",
    [
        "https://issuer.example",
        "http://issuer.example/",
        "issuer.example/",
        "HTTPS://Issuer.Example/",
        " https://issuer.example/ ",
        "https://issuer.example//",
        ["x", "https://issuer.example"],
    ],
)
def test_a_near_miss_is_explained(value: object, caplog: pytest.LogCaptureFixture) -> None:
    """G5"""
    NearMisses("iss").look(value, by_likeness([ISSUER]))
    [record] = caplog.records
    assert record.name == "asgi_jwks.tokens"
    assert record.levelno == logging.WARNING
    assert record.getMessage().startswith("refused a token whose iss is '")
    assert record.getMessage().endswith(
        f"configured is '{ISSUER}'. They must be equal to the last character: look at the slash at "
        "the end, the scheme and the case."
    )


@pytest.mark.parametrize(
    "value",
    [
        ISSUER,
        "https://other.example/",
        "",
        None,
        1,
        {},
        [None, 1],
        "https://issuer.example/x",
        f"{ISSUER}X",
        f"{ISSUER[:-1]}X",
    ],
)
def test_what_is_equal_or_far_off_is_not(value: object, caplog: pytest.LogCaptureFixture) -> None:
    """G5: the hint is for what people overlook, so that it can be believed."""
    NearMisses("iss").look(value, by_likeness([ISSUER]))
    assert not caplog.records


def test_each_configured_value_is_explained_once(caplog: pytest.LogCaptureFixture) -> None:
    """G5, H4: no stranger can flood the log."""
    near_misses = NearMisses("audience")
    for value in ("HTTPS://A.EXAMPLE", "https://a.example/", "http://a.example", "B"):
        near_misses.look(value, by_likeness(["https://a.example", "b"]))
    first, second = (record.getMessage() for record in caplog.records)
    assert "audience is 'HTTPS://A.EXAMPLE'; configured is 'https://a.example'" in first
    assert "audience is 'B'; configured is 'b'" in second


def test_what_a_stranger_wrote_is_escaped_and_bounded(caplog: pytest.LogCaptureFixture) -> None:
    """D7, H1"""
    value = f"http://issuer.example/{'/' * 5000}"
    NearMisses("iss").look(value, by_likeness([ISSUER]))
    NearMisses("iss").look("https://issuer.example/\n", by_likeness([ISSUER]))
    long, broken = (record.getMessage() for record in caplog.records)
    assert len(long) < 1300
    assert "\n" not in broken
    assert "\\n" in broken


def test_long_values_are_shown_to_their_last_character(caplog: pytest.LogCaptureFixture) -> None:
    """G5: two values that are cut would look alike."""
    configured = f"https://issuer.example/realms/{'x' * 500}/"
    NearMisses("iss").look(configured[:-1], by_likeness([configured]))
    [record] = caplog.records
    assert f"iss is '{configured[:-1]}'; configured is '{configured}'." in record.getMessage()


def test_a_near_miss_of_one_of_many_costs_as_much_as_of_one() -> None:
    """W5: the configured values are not gone through."""

    class Looked(dict[str, tuple[str, ...]]):
        looks = 0

        def get(self, *args: Any) -> Any:
            self.looks += 1
            return super().get(*args)

        def __iter__(self) -> Any:
            raise AssertionError

    many = Looked(by_likeness(f"https://{number}.example/" for number in range(5000)))
    NearMisses("iss").look("https://nobody.example/", many)
    assert many.looks == 1


def test_two_configured_values_may_be_alike(caplog: pytest.LogCaptureFixture) -> None:
    """G5: a value that equals one of them is not a near miss of the other."""
    alike = by_likeness([ISSUER, ISSUER[:-1]])
    NearMisses("iss").look(ISSUER.upper(), alike)
    assert len(caplog.records) == 2
    NearMisses("aud").look([ISSUER, "HTTP://ISSUER.EXAMPLE"], alike)
    assert len(caplog.records) == 3
