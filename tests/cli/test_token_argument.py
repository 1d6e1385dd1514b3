import io
import sys
from pathlib import Path

import click
import pytest

from asgi_jwks.cli.output import CannotTell
from asgi_jwks.cli.token_argument import token_of

TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.AAAA"

LINES = [
    "{}",
    " {}\n",
    "Bearer {}",
    "bearer   {}\n",
    "DPoP {}",
    "Authorization: Bearer {}",
    "authorization:Bearer {}",
    "-H 'Authorization: Bearer {}'",
    '"Authorization": "Bearer {}",',
]


@pytest.mark.parametrize("line", LINES)
def test_a_token_is_found_in_the_line_that_is_pasted(line: str) -> None:
    """O3: a pasted line."""
    assert token_of((line.format(TOKEN),)) == TOKEN
    assert token_of(tuple(line.format(TOKEN).split())) == TOKEN


@pytest.mark.parametrize("line", LINES)
def test_a_file_holds_any_of_these_lines(line: str, tmp_path: Path) -> None:
    """O3: a file, by its path, or after @."""
    path = tmp_path / "token.txt"
    path.write_text(line.format(TOKEN))
    assert token_of((str(path),)) == TOKEN
    assert token_of((f"@{path}",)) == TOKEN


def test_standard_input_holds_it_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """O3: standard input."""
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"Bearer {TOKEN}\n"))
    assert token_of(("-",)) == TOKEN


def test_a_file_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    """O3: nothing can be said of it."""
    with pytest.raises(CannotTell, match="cannot be read"):
        token_of((f"@{tmp_path / 'nothing'}",))
    with pytest.raises(CannotTell, match="cannot be read"):
        token_of(("@\0",))


def test_bytes_that_are_not_text_are_not_an_error_here(tmp_path: Path) -> None:
    path = tmp_path / "token.bin"
    path.write_bytes(b"\xff\xfe.x.y")
    assert token_of((str(path),)) == "\udcff\udcfe.x.y"


@pytest.mark.parametrize("text", ["two words", f"{TOKEN} {TOKEN}", "Cookie: a=b", f"X: {TOKEN}"])
def test_more_than_a_token_is_wrong_use(text: str) -> None:
    """O3: wrong use."""
    with pytest.raises(click.UsageError):
        token_of((text,))


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("Bearer Bearer {}", "Bearer stands there twice: an API answers 400"),
        ('Bearer "{}"', "stands between quotes: an API answers 400"),
        ("-H 'Authorization: Bearer \"{}\"'", "stands between quotes: an API answers 400"),
        ("Bearer: {}", "No colon stands after Bearer: an API answers 400"),
        ("Authorization: Token {}", "is not Bearer: an API takes that for a request without"),
        ("JWT {}", "is not Bearer: an API takes that for a request without"),
    ],
)
def test_a_field_that_an_api_would_refuse_is_not_mended_in_silence(line: str, words: str) -> None:
    """O3, A9: a token that is found all the same would be called valid."""
    with pytest.raises(click.UsageError, match=words):
        token_of((line.format(TOKEN),))


@pytest.mark.parametrize("text", ["", "  ", "Bearer", "Authorization:", "Authorization: Bearer "])
def test_nothing_is_not_a_token(text: str, tmp_path: Path) -> None:
    """O3: such as a variable of the shell that is not set."""
    path = tmp_path / "token"
    path.write_text(text)
    for words in ((text,), (str(path),)):
        with pytest.raises(click.UsageError, match="TOKEN is empty"):
            token_of(words)


@pytest.mark.parametrize("text", ["a\0b", "x" * 5000])
def test_anything_else_is_left_for_the_verifier_to_refuse(text: str) -> None:
    assert isinstance(token_of((text,)), str)
