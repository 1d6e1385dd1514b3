"""What every test shares: async tests run on asyncio and on trio."""

import pytest

pytest_plugins = ["tests.support.jumping_time"]


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    """Both event loops that the package promises to run on."""
    return str(request.param)
