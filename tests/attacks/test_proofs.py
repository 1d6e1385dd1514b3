"""The attacks on proofs, carried out one by one against a middleware that takes DPoP."""

import pytest
from tests.support.guarded import Guarded, Keys

from asgi_jwks import DPoP, Reason
from asgi_jwks.testing import SigningKey
from asgi_jwks.testing.attacks.attack import Attack
from asgi_jwks.testing.attacks.corpus import ATTACKS, PROOF_ATTACKS
from asgi_jwks.testing.attacks.hostile_keys import HostileKeys
from asgi_jwks.testing.attacks.themes.proofs import good_proof

ORIGIN = "https://api.example.com"


@pytest.fixture(scope="module")
def keys() -> Keys:
    return SigningKey.generate(), HostileKeys()


def guarded_by(keys: Keys) -> Guarded:
    return Guarded(keys, public_origin=ORIGIN, dpop=DPoP(public_origin=ORIGIN))


@pytest.mark.parametrize("attack", PROOF_ATTACKS.values(), ids=PROOF_ATTACKS.keys())
def test_the_attack_ends_with_its_reason(attack: Attack, keys: Keys) -> None:
    """I18: the numbers of the rules that an attack tries are in the corpus."""
    guarded = guarded_by(keys)
    assert guarded.verdict(attack) == f"{attack.status} {attack.reason}"
    assert guarded.let_in == 0


def test_a_good_proof_gets_through_once(keys: Keys) -> None:
    """I11, I18: so that a refusal means something; and the same request again is a replay."""
    guarded = guarded_by(keys)
    attempt = good_proof(guarded.target)
    again = Attack("again", "the same request", (), "replayed_proof", lambda _target: attempt)
    assert guarded.verdict(again).startswith("not refused")
    assert guarded.verdict(again) == "401 replayed_proof"
    assert guarded.let_in == 1


def test_there_are_forty_attacks_with_names_of_their_own() -> None:
    """I18: at least 40."""
    assert len(PROOF_ATTACKS) >= 40
    assert not PROOF_ATTACKS.keys() & ATTACKS.keys()
    reasons = {reason.value for reason in Reason}
    assert {a.name for a in PROOF_ATTACKS.values() if a.reason not in reasons} == set()
