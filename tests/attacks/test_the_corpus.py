"""The corpus as a whole: every attack has its file here, and every file its attack."""

import re
from pathlib import Path

import pytest

from asgi_jwks.jose.encoding import b64url_decode, json_object
from asgi_jwks.testing import MockIssuer
from asgi_jwks.testing.attacks import corpus
from asgi_jwks.testing.attacks.corpus import ATTACKS
from asgi_jwks.testing.attacks.run import target_for

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


def test_no_two_attacks_have_the_same_name() -> None:
    assert sum(len(theme.ATTACKS) for theme in corpus._THEMES) == len(ATTACKS)


def test_an_issuer_without_an_rsa_key_is_attacked_with_a_stranger_s() -> None:
    target = target_for(MockIssuer(algorithm="ES256"))
    scope = ATTACKS["unasked_rs384"].build(target).scope(target)
    token = dict(scope["headers"])[b"authorization"].removeprefix(b"Bearer ")
    assert json_object(b64url_decode(token.partition(b".")[0]))["alg"] == "RS384"
