"""The attack corpus, carried out one by one against a middleware, each with state of its own.

An attack is data: the request, the rules that forbid it, and the reason that it must end with.
`pytest -k NAME` runs the one of that name.
"""

import re
from typing import Any

import pytest
from tests.support.guarded import Guarded, Keys

from asgi_jwks import Reason
from asgi_jwks.jose.encoding import b64url_decode, json_object
from asgi_jwks.testing import MockIssuer, SigningKey
from asgi_jwks.testing.attacks.attack import Attack, bearer
from asgi_jwks.testing.attacks.corpus import ATTACKS, THEMES
from asgi_jwks.testing.attacks.hostile_keys import HostileKeys
from asgi_jwks.testing.attacks.run import target_for
from asgi_jwks.testing.attacks.themes import headers, kinds


@pytest.fixture(scope="session")
def keys() -> Keys:
    return SigningKey.generate(), HostileKeys()


def guarded_by(keys: Keys, **options: Any) -> Guarded:
    return Guarded(keys, public_paths=["/health", "/static/*"], **options)


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
def test_the_attack_ends_with_its_reason(attack: Attack, keys: Keys) -> None:
    """The numbers of the rules that an attack tries are in the corpus."""
    assert guarded_by(keys).verdict(attack) == f"{attack.status} {attack.reason}"


def test_a_good_token_gets_through_so_that_a_refusal_means_something(keys: Keys) -> None:
    good = Attack("good", "a good token", (), "none", lambda target: bearer(target.token()))
    guarded = guarded_by(keys)
    assert guarded.verdict(good).startswith("not refused: good: a good token")
    assert (guarded.let_in, guarded.refusals) == (1, [])


def test_a_rule_that_is_switched_off_changes_its_own_verdicts_and_no_other(keys: Keys) -> None:
    """No case sees the state of another: whoever breaks one rule reads of that rule alone."""
    changed = {
        attack.name
        for attack in (*headers.ATTACKS, *kinds.ATTACKS)
        if guarded_by(keys).verdict(attack)
        != guarded_by(keys, gateway_proves_binding=True).verdict(attack)
    }
    assert changed == {
        attack.name for attack in kinds.ATTACKS if attack.reason == "sender_constrained"
    }


def test_every_attack_has_a_name_of_its_own_to_be_run_by() -> None:
    assert sum(len(theme.ATTACKS) for theme in THEMES) == len(ATTACKS)
    assert [name for name in ATTACKS if not re.fullmatch(r"[a-z][a-z0-9_]*", name)] == []


def test_every_reason_of_the_corpus_is_one_of_the_package() -> None:
    reasons = {reason.value for reason in Reason}
    assert {attack.name for attack in ATTACKS.values() if attack.reason not in reasons} == set()


def test_no_attack_counts_being_let_in_as_a_refusal() -> None:
    for attack in ATTACKS.values():
        assert attack.status in attack.refused_with
        assert not attack.refused_with & {101, 200, 204}


def test_an_issuer_without_an_rsa_key_is_attacked_with_the_key_of_a_stranger(keys: Keys) -> None:
    target = target_for(MockIssuer(algorithm="ES256"), keys=keys[1])
    scope = ATTACKS["unasked_rs384"].build(target).scope(target)
    token = dict(scope["headers"])[b"authorization"].removeprefix(b"Bearer ")
    assert json_object(b64url_decode(token.partition(b".")[0]))["alg"] == "RS384"
