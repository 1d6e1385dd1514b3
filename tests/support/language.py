"""Sentences of the package and its documents that the house style does not want.

The rules are simple patterns: each finds words that readers stumble over, and none proves that a
text is good. A finding names the file, the line, the rule and the words.
"""

import ast
import inspect
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["MOST_WORDS", "Finding", "in_document", "in_module"]

MOST_WORDS: Final = 15

TOO_LONG: Final = f"the first line has more than {MOST_WORDS} words"
WHAT_IN_FIRST_LINE: Final = "the first line has a clause with `what`"
WHAT_AS_SUBJECT: Final = "a sentence has `what` as its subject"
FORMULA: Final = "a law is one plain sentence, without `What lives only here`"
IS_NO: Final = "`is not a`, not `is no`"
HAD: Final = "`are unavailable`, not `cannot be had`"
FRACTION: Final = "a measured fraction: say `hot path`, and name the benchmark case"

# "the sentence that says what to write" names an act, and has another subject.
_WHAT: Final = re.compile(r"\bwhat\b(?! to\b)", re.IGNORECASE)
_SUBJECT: Final = re.compile(r"(?:^|[.!?]\s+|\n\n\s*)(What\b(?! to\b)[^.?!]*\.)")
_FORMULA: Final = re.compile(r"What lives only here|What it\s+does\s+not\s+know")
_IS_NO: Final = re.compile(
    r"(?<![Tt]here )\b(?:is|are|was|were) no (?!longer\b|more\b|other\b|sooner\b|later\b)\w+"
)
_HAD: Final = re.compile(r"\b(?:can(?:not)?|could|to) (?:not )?be had\b")
_FRACTION: Final = re.compile(
    r"\b(?:(?:a third|a half|half|a quarter|two thirds|a fifth|a tenth)\b|\d+ ?(?:%|percent))[^.;]*"
    r"\b(?:time|times|costs?|faster|slower|longer|verif\w+|requests?|work)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Finding:
    """Words that a rule does not want."""

    path: Path
    line: int
    rule: str
    words: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.rule}: {' '.join(self.words.split())}"


def in_module(path: Path, source: str) -> Iterator[Finding]:
    """The findings in the docstrings and comments of a module."""
    for line, docstring in _docstrings(source):
        first, _, _ = _FORMULA.sub("\n", docstring).partition("\n")
        if len(first.split()) > MOST_WORDS:
            yield Finding(path, line, TOO_LONG, first)
        if _WHAT.search(first):
            yield Finding(path, line, WHAT_IN_FIRST_LINE, first)
        for found in _FORMULA.finditer(docstring):
            yield Finding(path, line, FORMULA, found[0])
        for found in _SUBJECT.finditer(docstring):
            if found.start(1) and not _FORMULA.match(found[1]):
                yield Finding(path, line, WHAT_AS_SUBJECT, found[1])
        yield from _everywhere(path, line, docstring)
    for line, comment in _comments(source):
        for found in _FRACTION.finditer(comment):
            yield Finding(path, line, FRACTION, found[0])
        yield from _everywhere(path, line, comment)


def in_document(path: Path, text: str) -> Iterator[Finding]:
    """The findings in a Markdown document: not in its headings, blocks of code and tables."""
    prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    for paragraph in re.split(r"\n\s*\n", prose):
        if paragraph.lstrip().startswith(("#", "|", "<!--")):
            continue
        line = text[: text.find(paragraph)].count("\n") + 1
        for found in _SUBJECT.finditer(paragraph.strip()):
            yield Finding(path, line, WHAT_AS_SUBJECT, found[1])
        yield from _everywhere(path, line, paragraph)


def _everywhere(path: Path, line: int, text: str) -> Iterator[Finding]:
    for rule, pattern in ((IS_NO, _IS_NO), (HAD, _HAD)):
        for found in pattern.finditer(text):
            yield Finding(path, line, rule, found[0])


def _docstrings(source: str) -> Iterator[tuple[int, str]]:
    """The docstrings of a module, its classes, functions and attributes, with their lines."""
    for node in ast.walk(ast.parse(source)):
        body = getattr(node, "body", None)
        for statement in body if isinstance(body, list) else ():
            match statement:
                case ast.Expr(value=ast.Constant(value=str(text))):
                    yield statement.lineno, inspect.cleandoc(text)


def _comments(source: str) -> Iterator[tuple[int, str]]:
    """The comments, those of consecutive lines as one."""
    begin, lines, last = 0, list[str](), -1
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type != tokenize.COMMENT:
            continue
        if token.start[0] != last + 1:
            if lines:
                yield begin, " ".join(lines)
            begin, lines = token.start[0], []
        lines.append(token.string.lstrip("#: "))
        last = token.start[0]
    if lines:
        yield begin, " ".join(lines)
