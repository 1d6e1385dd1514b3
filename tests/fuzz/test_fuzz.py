"""The fuzz targets keep up with the code: each runs on its seeds, without a fuzzer."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

_SPEC = importlib.util.spec_from_file_location("fuzz", Path(__file__).with_name("fuzz.py"))
assert _SPEC is not None
assert _SPEC.loader is not None
FUZZ: ModuleType = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(FUZZ)


@pytest.mark.parametrize("name", FUZZ.TARGETS)
def test_a_target_runs_on_its_seeds_and_on_what_is_made_of_them(name: str) -> None:
    """A8, D10"""
    target = FUZZ.TARGETS[name]()
    for seed in FUZZ.SEEDS[name]:
        target(seed)
        for index in range(0, len(seed), 5):
            target(seed[:index])
            target(seed[:index] + b"\xff" + seed[index:])
            target(seed[:index] + seed[index + 1 :])


def test_there_is_a_good_token_among_the_seeds(monkeypatch: pytest.MonkeyPatch) -> None:
    def accepted(promise: bool, broken: str) -> None:
        raise LookupError("the token was accepted")

    target = FUZZ.TARGETS["verify"]()
    monkeypatch.setattr(FUZZ, "require", accepted)
    with pytest.raises(LookupError):
        target(FUZZ.SEEDS["verify"][0])


def test_a_broken_promise_is_found() -> None:
    with pytest.raises(AssertionError, match="it is broken"):
        FUZZ.require(False, "it is broken")
