"""The description of the package agrees with what was released."""

import re
import tomllib
from pathlib import Path

from asgi_jwks import __version__

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
RELEASES = re.findall(r"^## \[(\d[^\]]*)\]", CHANGELOG, re.MULTILINE)


def test_a_version_is_one_of_the_changelog_or_a_development_version() -> None:
    assert __version__ in RELEASES or ".dev" in __version__
    assert bool(RELEASES) is not ("Nothing has been released yet" in CHANGELOG)


def test_addresses_are_named_from_the_first_release_on() -> None:
    """Decision 10: before it there is none, and one that is made up is for others to register."""
    assert bool(PROJECT.get("urls")) is bool(RELEASES)
