"""What every test shares: async tests run on asyncio and on trio; a literal is its own id."""

from collections.abc import Callable

import pytest

pytest_plugins = ["tests.support.bytecode", "tests.support.examples", "tests.support.jumping_time"]


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(
    request: pytest.FixtureRequest,
    jumping_backend: Callable[[str], tuple[str, dict[str, object]]],
) -> str | tuple[str, dict[str, object]]:
    """Both event loops that the package promises to run on."""
    jumps = request.node.get_closest_marker("jumping_time") is not None
    return jumping_backend(request.param) if jumps else str(request.param)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse an id with an address in it: each process of a run would have tests of its own."""
    named = [item.nodeid for item in items if " at 0x" in item.nodeid]
    if named:
        raise pytest.UsageError(f"an id has an address in it: {named[0]}")


def pytest_make_parametrize_id(val: object) -> str | None:
    """The id of a parameter without one: as it is written, `{'scope': 'b'}` and not `claims0`.

    Sets have no order, and functions and most objects no repr that is the same in each process:
    those are left to pytest, and to whoever gives them an id.
    """
    written = repr(val)
    is_literal = isinstance(val, dict | list | tuple | bytes | BaseException) or val == ""
    return written if is_literal and len(written) <= 60 and " at 0x" not in written else None
