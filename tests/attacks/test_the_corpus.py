"""The corpus as a whole: every attack has its file here, and every file its attack."""

import re
from pathlib import Path

import pytest

from asgi_jwks.testing.attacks import ATTACKS

HERE = Path(__file__)
FILES = {path.stem.removeprefix("test_"): path for path in HERE.parent.glob("test_*.py")}


def test_every_attack_has_its_file_and_every_file_its_attack() -> None:
    assert FILES.keys() - {"the_corpus"} == ATTACKS.keys()


def test_there_are_at_least_eighty() -> None:
    assert len(ATTACKS) >= 80


@pytest.mark.parametrize("name", ATTACKS)
def test_the_file_names_the_attack_and_its_requirements(name: str) -> None:
    attack, text = ATTACKS[name], FILES[name].read_text(encoding="utf-8")
    assert re.fullmatch(r"[a-z][a-z0-9_]*", name)
    assert f"def test_{name}(" in text
    assert f'"""{", ".join(attack.requirements)}: {attack.summary}."""' in text
    assert f'outcome_of("{name}") == (' in text


def test_every_attack_names_numbered_requirements() -> None:
    numbers = {number for attack in ATTACKS.values() for number in attack.requirements}
    assert all(re.fullmatch(r"[A-H]\d{1,2}", number) for number in numbers)


def test_no_attack_counts_being_let_in_as_a_refusal() -> None:
    assert not any(attack.refused_with & {101, 200, 204} for attack in ATTACKS.values())
