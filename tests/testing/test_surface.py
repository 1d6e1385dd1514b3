import subprocess
import sys

import pytest

from asgi_jwks import testing
from asgi_jwks.testing import forgery


def test_the_public_names_are_these() -> None:
    assert testing.__all__ == [
        "Endpoint",
        "LoopbackServer",
        "MockIssuer",
        "RecordedRequest",
        "SigningKey",
        "forge",
        "serve_app",
    ]
    assert [getattr(testing, name).__name__ for name in testing.__all__] == [
        *testing.__all__[:5],
        "asgi_jwks.testing.forgery",
        "serve_app",
    ]


def test_every_name_of_the_forgery_kit_exists() -> None:
    assert all(hasattr(forgery, name) for name in forgery.__all__)


def test_another_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Nobody'"):
        _ = testing.Nobody


def test_the_room_imports_nothing_until_a_name_is_asked_for() -> None:
    program = (
        "import sys, asgi_jwks; before = set(sys.modules);"
        "import asgi_jwks.testing, pytest, asgi_jwks.testing.plugin;"
        "print(*[name for name in set(sys.modules) - before if name.startswith('asgi_jwks.')])"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    plugin = ["asgi_jwks.testing.attack_plugin", "asgi_jwks.testing.plugin"]
    assert sorted(run.stdout.split()) == ["asgi_jwks.testing", *plugin]
