"""A request as a command of curl, which a browser copied or somebody wrote.

The command is read and never run; it does not know which fields count.
"""

import re
from collections.abc import Iterator
from typing import Final

import click

from asgi_jwks.cli.pasted_request import PastedRequest
from asgi_jwks.cli.shell_words import shell_words

__all__ = ["copied_request", "is_copied_command"]

# Options of curl (its manual page) that say something of the head of a request, by their names.
_HEADER: Final = frozenset({"-H", "--header"})
_FIELDS: Final = {
    "-A": "user-agent",
    "--user-agent": "user-agent",
    "-b": "cookie",
    "--cookie": "cookie",
    "-e": "referer",
    "--referer": "referer",
}
_METHOD: Final = frozenset({"-X", "--request"})
_BODY: Final = frozenset(
    {"-d", "--data", "--data-ascii", "--data-binary", "--data-raw", "--data-urlencode", "--json"}
    | {"-F", "--form", "--form-string"}
)
_BEARER: Final = "--oauth2-bearer"
_URL: Final = "--url"
_HEAD: Final = frozenset({"-I", "--head"})
_GET: Final = frozenset({"-G", "--get"})
# Others that have a value, and that have none, as they are seen beside these.
_OTHER_VALUES: Final = frozenset(
    {"-o", "--output", "-w", "--write-out", "-m", "--max-time", "--connect-timeout", "-x"}
    | {"--proxy", "-E", "--cert", "--key", "--cacert", "--resolve", "--retry", "-T"}
)
_FLAGS: Final = frozenset(
    {"--compressed", "-k", "--insecure", "-s", "--silent", "-S", "--show-error", "-v", "--verbose"}
    | {"-i", "--include", "-L", "--location", "-f", "--fail", "-g", "--globoff", "-N", "-#"}
    | {"--no-buffer", "--http1.1", "--http2", "--http3", "-0", "-1", "-2", "-4", "-6"}
)
_WITH_VALUE: Final = _HEADER | _FIELDS.keys() | _METHOD | _BODY | _OTHER_VALUES | {_BEARER, _URL}
# RFC 9110, section 5.1.
_NAME: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")


def is_copied_command(text: str) -> bool:
    """Whether a pasted text is a command of curl."""
    return _command(text).partition(" ")[0].strip() in ("curl", "curl.exe")


def copied_request(text: str) -> PastedRequest:
    """The request that a command of curl would make.

    Raises:
        UsageError: it is not one that browsers write; no part of it is in the text of the error.
    """
    if '^"' in text or "^\n" in text:
        raise click.UsageError("That is for the shell of Windows: copy it as cURL (bash).")
    method, urls, fields = "", list[str](), list[tuple[str, str]]()
    has_body = False
    for option, value in _options(shell_words(_command(text))[1:]):
        if option in _HEADER:
            fields += _field(value)
        elif option in _FIELDS:
            fields.append((_FIELDS[option], value))
        elif option == _BEARER:
            fields.append(("authorization", f"Bearer {value}"))
        elif option in _METHOD:
            method = value
        elif option in _HEAD | _GET:
            method = method or ("HEAD" if option in _HEAD else "GET")
        elif option in _BODY:
            has_body = True
        elif option == _URL:
            urls.append(value)
    if len(urls) != 1:
        raise click.UsageError(f"The command has {len(urls)} URLs, not one.")
    url = urls[0] if "://" in urls[0] else f"http://{urls[0]}"
    return PastedRequest(method or ("POST" if has_body else "GET"), url, tuple(fields))


def _command(text: str) -> str:
    """The text without the prompt before it."""
    return text.lstrip().removeprefix("$").lstrip()


def _options(words: list[str]) -> Iterator[tuple[str, str]]:
    """The options with their values; a URL is the value of --url."""
    rest = iter(words)
    for word in rest:
        if not word.startswith("-") or word == "-":
            yield _URL, word
        elif word.startswith("--"):
            yield _known(word), _next(rest) if word in _WITH_VALUE else ""
        else:
            yield from _short_options(word[1:], rest)


def _short_options(letters: str, rest: Iterator[str]) -> Iterator[tuple[str, str]]:
    """Options of one letter in one word.

    The last of them may have its value with it.
    """
    while letters:
        option, letters = _known(f"-{letters[0]}"), letters[1:]
        if option in _WITH_VALUE:
            yield option, letters or _next(rest)
            return
        yield option, ""


def _known(option: str) -> str:
    if any(option in known for known in (_WITH_VALUE, _FLAGS, _HEAD, _GET)):
        return option
    raise click.UsageError("The command has an option that is not known here: leave it out.")


def _next(rest: Iterator[str]) -> str:
    value = next(rest, None)
    if value is None:
        raise click.UsageError("The last option of the command has no value: paste all of it.")
    return value


def _field(written: str) -> list[tuple[str, str]]:
    """The field of -H; `Name:` takes one out, and `Name;` is one without a value."""
    mark = ":" if ":" in written else ";"
    name, found, value = written.partition(mark)
    if not found or not _NAME.fullmatch(name):
        raise click.UsageError("A header of the command is not `Name: value`.")
    is_sent = mark == ";" or value.strip()
    return [(name.lower(), value.strip())] if is_sent else []
