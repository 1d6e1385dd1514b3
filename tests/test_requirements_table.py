"""The pages about requirements and threats say what the tests and the attack corpus prove."""

import re
from pathlib import Path

import pytest
from tests.support.pages import PARTS, ROOT, Part, with_written_part
from tests.support.requirements import CORPUS, OPEN, REQUIREMENTS, TESTS, proofs
from tests.support.threats import THREATS

import asgi_jwks
from asgi_jwks.testing.attacks.corpus import ATTACKS

PACKAGE = Path(asgi_jwks.__file__).parent


def test_every_requirement_is_proved_by_a_test_but_for_those_that_are_known_to_be_open() -> None:
    assert REQUIREMENTS.keys() - proofs().keys() <= OPEN


def test_what_is_proved_is_not_called_open() -> None:
    assert sorted(proofs().keys() & OPEN) == [], "these have a test now: take them out of OPEN"


def test_every_number_that_a_test_or_an_attack_names_exists() -> None:
    assert sorted(proofs().keys() - REQUIREMENTS.keys()) == []
    assert REQUIREMENTS.keys() >= OPEN


def test_every_threat_names_rules_and_modules_that_exist() -> None:
    for threat in THREATS:
        assert set(threat.rules.split()) <= REQUIREMENTS.keys(), threat.attack
        missing = [name for name in threat.where.split() if not (PACKAGE / name).is_file()]
        assert missing == [], f"{threat.attack}: name the modules that hold the defence now"


def test_every_attack_belongs_to_a_threat_or_to_the_form_of_a_request() -> None:
    """Every rule that the corpus tries stands in the threat model, but for those of the answer."""
    rules = {rule for threat in THREATS for rule in threat.rules.split()}
    about_the_request = {"A6", "A7", "A8", "A9", "B1", "B2", "B6", "B10"}
    tried = {number for attack in ATTACKS.values() for number in attack.requirements}
    assert sorted(tried - rules - about_the_request) == []


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_a_page_is_as_the_command_writes_it(part: Part) -> None:
    page = (ROOT / part.page).read_text(encoding="utf-8")
    fresh = with_written_part(page, part.name, part.write())
    assert page == fresh, "write it anew: python -m tests.support.pages"


def test_a_page_without_its_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="needs the marks"):
        with_written_part("# Security\n", "threats", "| a |")


def test_the_corpus_stands_where_the_pages_say() -> None:
    assert (TESTS / CORPUS).is_file()


@pytest.mark.parametrize("name", ["README.md", "SECURITY.md", "CHANGELOG.md"])
def test_a_number_of_attacks_in_a_document_is_the_number_of_the_corpus(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert set(re.findall(r"\b(\d+) attacks\b", text)) <= {str(len(ATTACKS))}
