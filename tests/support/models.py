"""Running a model: a state machine that hypothesis drives against the real code."""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test
from tests.support.examples import number_of_examples

__all__ = ["model_time_limit", "run_model"]

# Shrinking a failure takes hypothesis up to five minutes. An alarm that goes off in the middle of
# an example would be taken for a fault of the code.
model_time_limit = pytest.mark.timeout(600)


def run_model(machine: type[RuleBasedStateMachine], *, examples: int, steps: int) -> None:
    """Run so many examples, or a part, of so many steps, however slow this machine is."""
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=number_of_examples(examples),
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
