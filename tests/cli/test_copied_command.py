"""Requests that a browser copied as cURL."""

import re
import shlex
from pathlib import Path

import click
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.support.examples import examples

from asgi_jwks.cli import main
from asgi_jwks.cli.copied_command import copied_request, is_copied_command
from asgi_jwks.cli.pasted_request import PastedRequest
from asgi_jwks.cli.shell_words import shell_words
from asgi_jwks.testing import MockIssuer, ProofKey, SigningKey

URL = "https://api.example.com/messages?a=b"
KEY = SigningKey.generate("ES256")
Out = pytest.CaptureFixture[str]

CHROMIUM = f"""curl '{URL}' \\
  -H 'accept: */*' \\
  -H 'authorization: Bearer a.b.c' \\
  -b 'theme=dark; lang=de' \\
  -H $'x-name: it\\'s J\\u00fcrgen \\ud83d\\ude00\\u0021' \\
  --data-raw $'{{"a":"b\\nc"}}' ;"""
FIREFOX = (
    f"curl '{URL}' --compressed -X POST -H 'User-Agent: Mozilla/5.0' "
    "-H 'Authorization: Bearer a.b.c' -H 'Priority: u=0' --data-raw 'a=b'"
)
SAFARI = f"""curl '{URL}' \\
-X 'GET' \\
-H 'Accept: */*' \\
-H 'Authorization: Bearer a.b.c'"""
BY_HAND = f'$ curl -sSi -XPUT -H"Authorization: Bearer a.b.c" -d @body.json {URL}'


def fields(request: PastedRequest) -> dict[str, str]:
    return dict(request.fields)


@pytest.mark.parametrize(
    ("text", "method"),
    [
        (CHROMIUM.removesuffix(" ;"), "POST"),
        (FIREFOX, "POST"),
        (SAFARI, "GET"),
        (BY_HAND, "PUT"),
        (f"curl --oauth2-bearer a.b.c -I '{URL}'", "HEAD"),
        (f"curl -G -d a=b --url '{URL}' -H 'authorization: Bearer a.b.c'", "GET"),
        (f'curl.exe "{URL}" -o out.txt -H "Authorization: Bearer a.b.c"', "GET"),
    ],
    ids=["chromium", "firefox", "safari", "by hand", "head", "get", "exe"],
)
def test_a_request_is_read_from_the_command_that_makes_it(text: str, method: str) -> None:
    """O4"""
    assert is_copied_command(text)
    request = copied_request(text)
    assert (request.method, request.url) == (method, URL)
    assert request.values("authorization") == ["Bearer a.b.c"]


def test_quotes_and_escapes_are_those_of_bash() -> None:
    found = fields(copied_request(CHROMIUM.removesuffix(" ;")))
    assert found["x-name"] == "it's Jürgen 😀!"
    assert found["cookie"] == "theme=dark; lang=de"
    assert shell_words(r"""a\ b"c\"\\\d"$'\x41\t\''""") == ["a bc\"\\\\dA\t'"]
    assert shell_words("a'b'\\\nc  d") == ["abc", "d"]
    assert shell_words('"a\\\nb"') == ["ab"]


def test_a_field_may_be_taken_out_or_empty() -> None:
    """As curl has it: `Name:` and `Name;`."""
    request = copied_request("curl api.example.com -H 'Accept:' -H 'X-Empty;' -A me -e from")
    assert request.url == "http://api.example.com"
    assert request.fields == (("x-empty", ""), ("user-agent", "me"), ("referer", "from"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (CHROMIUM, "one command alone"),
        ('curl https://a -H "Authorization: Bearer $SECRET"', "has a variable in it"),
        ("curl https://a -H $SECRET", "has a variable in it"),
        ("curl https://a?b=secret&c=d", "with its URL in quotes"),
        ("curl https://a -H 'secret", "A quote of the command is not closed"),
        ("curl https://a -H", "has no value"),
        ("curl https://a -H secret", "is not `Name: value`"),
        ("curl https://a -H 'sécret: a'", "is not `Name: value`"),
        ("curl https://a https://secret", "has 2 URLs, not one"),
        ("curl -H 'a: secret'", "has 0 URLs, not one"),
        ("curl https://a --secret", "has an option that is not known"),
        ("curl https://a -sZsecret", "has an option that is not known"),
        ('curl ^"https://secret^"', "copy it as cURL (bash)"),
    ],
)
def test_anything_else_is_wrong_use(text: str, said: str) -> None:
    """O3: a sentence, and no part of the text in it."""
    with pytest.raises(click.UsageError) as wrong:
        copied_request(text)
    assert said in wrong.value.message
    assert not re.search("secret", wrong.value.message, re.IGNORECASE)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))))
@examples(200)
def test_words_that_a_shell_would_read_are_read_alike(words: list[str]) -> None:
    """The oracle is the standard library's quoting for shells."""
    assert shell_words(shlex.join(words)) == words


@given(st.text())
@example("curl 'a' -H $'authorization: Bearer \\ud83d'")
@examples(300)
def test_any_text_is_read_or_wrong_use(text: str) -> None:
    """O3: never another exception."""
    for command in (text, f"curl {text}", f"curl https://a -H $'{text}'"):
        try:
            copied_request(command)
        except click.UsageError:
            continue


def test_explain_reads_a_command(tmp_path: Path, capsys: Out) -> None:
    """O4: with a proof and its URL; nothing of it is echoed."""
    issuer, holder = MockIssuer(key=KEY), ProofKey()
    path = tmp_path / "copied"
    with issuer.serve():
        trusted = ["--issuer", issuer.issuer, "--audience", str(issuer.audience)]
        argv = ["explain", "--request", str(path), *trusted, "--algorithms", "ES256"]
        token = issuer.access_token(cnf=holder.confirmation)
        proof = holder.proof("GET", URL, token)
        path.write_text(f"curl '{URL}' -H 'authorization: DPoP {token}' -H 'dpop: {proof}'")
        assert main(argv) == 0
        told = capsys.readouterr().out
        assert holder.thumbprint in told
        assert "eyJ" not in told
        path.write_text(f"curl '{URL}' -d a -H 'authorization: DPoP {token}' -H 'dpop: {proof}'")
        assert main(argv) == 1
        assert "REFUSED  proof_method" in capsys.readouterr().out
