from collections.abc import Callable
from io import StringIO
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from rich.console import Console
from tests.support.cli_schema import validated

from asgi_jwks.cli import main
from asgi_jwks.cli.attack import AttackOutcome, AttackReport, show
from asgi_jwks.testing.attacks.corpus import ATTACKS, PROOF_ATTACKS

Module = Callable[[str], str]


@pytest.mark.parametrize("app", ["app", "create_app"])
def test_a_guarded_application_refuses_every_attack(
    app: str, module: Module, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Issue 15: attack module:app, with a report, and JUnit XML too."""
    junit = tmp_path / "junit.xml"
    assert main(["attack", module(app), "--junit", str(junit)]) == 0
    told = capsys.readouterr()
    assert told.out == f"{len(ATTACKS)} of {len(ATTACKS)} attacks were refused.\n"
    assert "refused with" not in told.err
    suite = ET.fromstring(junit.read_text(encoding="utf-8")).find("testsuite")
    assert suite is not None
    assert suite.attrib["tests"] == str(len(ATTACKS))
    assert suite.attrib["failures"] == "0"
    assert [case.attrib["name"] for case in suite] == list(ATTACKS)


def test_an_application_that_takes_proofs_is_attacked_with_them_too(
    module: Module, capsys: pytest.CaptureFixture[str]
) -> None:
    """I3, O3: its corpus is longer, as for the plugin of pytest."""
    count = len(ATTACKS) + len(PROOF_ATTACKS)
    assert main(["attack", module("takes_proofs")]) == 0
    assert capsys.readouterr().out == f"{count} of {count} attacks were refused.\n"


def test_a_report_that_cannot_be_written_is_a_sentence(
    module: Module, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """O3: status 2, as for every file."""
    junit = tmp_path / "nowhere" / "junit.xml"
    assert main(["attack", module("create_open_app"), "--junit", str(junit)]) == 2
    assert "The report cannot be written" in capsys.readouterr().err


def test_an_open_application_lets_attacks_through(
    module: Module, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """O3: status 1 and a line for each attack that got through."""
    junit = tmp_path / "junit.xml"
    argv = ["attack", module("create_open_app"), "--junit", str(junit)]
    assert main(argv) == 1
    text = capsys.readouterr().out
    assert "GOT THROUGH no_token\n" in text
    assert "the application answered 200" in " ".join(text.split())
    failures = ET.fromstring(junit.read_text(encoding="utf-8")).iter("failure")
    assert next(failures).attrib["message"] == "answered 200"


def test_the_json_has_every_outcome(module: Module, capsys: pytest.CaptureFixture[str]) -> None:
    """O3: the JSON is as the schema says."""
    assert main(["attack", module("create_broken_app"), "--json"]) == 1
    told = validated(capsys.readouterr().out)
    assert told["total"] == len(ATTACKS)
    assert told["refused"] == 0
    first = told["outcomes"][0]
    assert first["status"] is None
    assert first["fault"].startswith("ValueError(")
    assert first["fault"].isascii()


def test_a_broken_application_is_shown_with_its_exception() -> None:
    """The outcome is one of the JSON that the test before reads."""
    outcome = AttackOutcome(
        name="no_token",
        summary="no token",
        requirements=("B1",),
        status=None,
        fault="ValueError('broken')",
        refused=False,
    )
    screen = StringIO()
    show(
        Console(file=screen, width=100),
        AttackReport(app="my_api:app", refused=0, total=1, outcomes=(outcome,)),
    )
    assert "the application raised ValueError('broken')" in screen.getvalue()


def test_a_run_that_would_prove_nothing_ends_with_status_2(
    module: Module, capsys: pytest.CaptureFixture[str]
) -> None:
    """O3: nothing can be said."""
    assert main(["attack", module("app"), "--path", "/nowhere"]) == 2
    error = capsys.readouterr().err
    assert "has no route for GET /nowhere" in error
    assert "--path, --method, --scopes" in error


@pytest.mark.parametrize(
    ("app", "words"),
    [
        ("bare", "has neither a JWTBearerMiddleware nor a JWTBearer"),
        ("number", "write the name of an ASGI application"),
        ("nothing", "has no nothing"),
    ],
)
def test_a_wrong_name_is_wrong_use(
    app: str, words: str, module: Module, capsys: pytest.CaptureFixture[str]
) -> None:
    """O3: wrong use is status 3."""
    assert main(["attack", module(app)]) == 3
    assert words in " ".join(capsys.readouterr().err.split())
