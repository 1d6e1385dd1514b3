"""Docstrings, comments and documents keep to the language of the house."""

from pathlib import Path

import pytest
from tests.support.language import (
    FORMULA,
    FRACTION,
    HAD,
    IS_NO,
    TOO_LONG,
    WHAT_AS_SUBJECT,
    WHAT_IN_FIRST_LINE,
    in_document,
    in_module,
)

import asgi_jwks

PACKAGE = Path(asgi_jwks.__file__).parent
ROOT = Path(__file__).parents[1]

ROOMS = sorted({path.parent.name for path in PACKAGE.glob("*/__init__.py")} | {""})

DOCUMENTS = sorted(path for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_speaks_plainly(room: str) -> None:
    paths = (PACKAGE / room).rglob("*.py") if room else PACKAGE.glob("*.py")
    found = [
        finding
        for path in sorted(paths)
        for finding in in_module(path.relative_to(PACKAGE), path.read_text(encoding="utf-8"))
    ]
    assert found == [], "\n".join(map(str, found))


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_document_speaks_plainly(path: Path) -> None:
    name = path.relative_to(ROOT)
    found = list(in_document(name, path.read_text(encoding="utf-8")))
    assert found == [], "\n".join(map(str, found))


@pytest.mark.parametrize(
    ("rule", "source"),
    [
        (TOO_LONG, '"""One two three four five six seven eight nine ten and so on to its end."""'),
        (WHAT_IN_FIRST_LINE, '"""What a token grants."""'),
        (WHAT_IN_FIRST_LINE, 'def f():\n    """Returns what it has found."""'),
        (WHAT_AS_SUBJECT, '"""A reader.\n\nWhat it reads is kept.\n"""'),
        (FORMULA, '"""A reader.\n\nWhat lives only here: reading.\n"""'),
        (FORMULA, '"""A reader. What it does\nnot know: writing.\n"""'),
        (IS_NO, "# This is no string."),
        (HAD, '"""The keys cannot be had."""'),
        (FRACTION, "# Looking twice takes a third of the time."),
        (FRACTION, "# It is faster: this was 40 % of a request's\n# cost."),
    ],
)
def test_a_rule_finds_what_it_is_for(rule: str, source: str) -> None:
    assert [finding.rule for finding in in_module(Path("module.py"), source)] == [rule]


@pytest.mark.parametrize(
    "source",
    [
        '"""A sentence that says what to write."""',
        '"""One two three four five six seven eight nine ten eleven twelve thirteen and on."""',
        "# There is no key. It is no longer there.",
        "# Half of a token: a chain of three certificates has some 6 KB.",
        'x = "What is no string"',
    ],
)
def test_plain_language_is_not_found(source: str) -> None:
    assert list(in_module(Path("module.py"), source)) == []


def test_headings_and_code_of_a_document_are_not_looked_at() -> None:
    text = "## What is no more\n\n```\nis no string\n```\n\n| is no string |\n\nIt is no string.\n"
    assert [str(finding) for finding in in_document(Path("a.md"), text)] == [
        f"a.md:9: {IS_NO}: is no string"
    ]
