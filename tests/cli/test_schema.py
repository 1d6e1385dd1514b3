"""The JSON of the commands has a schema, and the schema is the one that is published."""

import pytest
from jsonschema import Draft202012Validator, ValidationError
from tests.support import cli_schema

from asgi_jwks.cli.command_line import COMMANDS


def test_the_published_schema_is_up_to_date() -> None:
    """O3: --json has a documented schema."""
    message = "write it anew: uv run python -m tests.support.cli_schema"
    assert cli_schema.PAGE.read_text(encoding="utf-8") == cli_schema.text(), message


def test_the_schema_is_a_schema_and_every_field_has_a_meaning() -> None:
    schema = cli_schema.schema()
    Draft202012Validator.check_schema(schema)
    for definition in schema["$defs"].values():
        assert definition["description"]
        assert all(field["description"] for field in definition["properties"].values())


def test_every_command_but_completion_has_a_result() -> None:
    assert set(cli_schema.RESULTS) == set(COMMANDS) - {"completion"}


@pytest.mark.parametrize("change", [{"format": 2}, {"extra": 1}, {"verified": "no"}])
def test_anything_else_is_not_valid(change: dict[str, object]) -> None:
    good = {
        "command": "inspect",
        "format": 1,
        "header": {},
        "claims": {},
        "times": [],
        "signature_bytes": 256,
        "verified": False,
    }
    validator = Draft202012Validator(cli_schema.schema())
    validator.validate(good)
    with pytest.raises(ValidationError):
        validator.validate({**good, **change})
