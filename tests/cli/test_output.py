import logging

import pytest

from asgi_jwks.cli.output import quiet_logs, redacted


def test_the_log_is_quiet_unless_somebody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    log = logging.getLogger("asgi_jwks")
    monkeypatch.setattr(log, "handlers", [])
    quiet_logs()
    (handler,) = log.handlers
    assert isinstance(handler, logging.NullHandler)
    quiet_logs()
    assert log.handlers == [handler]


@pytest.mark.parametrize("tail", ["", ".", ".AAAA", ".AAAA and more"])
def test_a_token_in_a_text_is_cut_off(tail: str) -> None:
    """H1, O3: a token is never echoed whole."""
    text = redacted(f"got 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0{tail}'")
    assert "eyJzdWIi" not in text
    assert text.startswith("got 'eyJhbGciOiJS")


def test_two_parts_are_cut_off_too_and_other_texts_are_left() -> None:
    assert redacted("https://example.eu.auth0.com/") == "https://example.eu.auth0.com/"
