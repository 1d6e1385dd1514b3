"""`docs/cli.schema.json`: the JSON of the commands, written from the types of their results.

uv run python -m tests.support.cli_schema
"""

import inspect
import json
import re
import textwrap
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints

from jsonschema import Draft202012Validator

from asgi_jwks.cli.attack import AttackReport
from asgi_jwks.cli.demo.record import DemoResult
from asgi_jwks.cli.doctor.command import Diagnosis
from asgi_jwks.cli.explain import Explained
from asgi_jwks.cli.inspect import Inspection
from asgi_jwks.cli.issuer import RunningIssuer
from asgi_jwks.cli.keys import KeyListing
from asgi_jwks.cli.output import FORMAT, Failure
from asgi_jwks.cli.provider import ProviderDescription, Providers
from asgi_jwks.cli.serve import Served
from asgi_jwks.cli.token import MintedToken

__all__ = ["PAGE", "RESULTS", "schema", "text", "validated"]

PAGE: Final = Path(__file__).parents[2] / "docs" / "cli.schema.json"

RESULTS: Final[dict[str, Any]] = {
    "demo": DemoResult,
    "inspect": Inspection,
    "explain": Explained,
    "keys": KeyListing,
    "doctor": Diagnosis,
    "provider": ProviderDescription | Providers,
    "serve": Served,
    "attack": AttackReport,
    "issuer": RunningIssuer,
    "token": MintedToken,
}
"""The result of each command that has `--json`."""

_SIMPLE: Final = {str: "string", int: "integer", float: "number", bool: "boolean", NoneType: "null"}


def schema() -> dict[str, Any]:
    """The schema (JSON Schema 2020-12): one alternative per command, and one for failures."""
    definitions: dict[str, Any] = {}
    alternatives = []
    for command, result in RESULTS.items():
        for kind in get_args(result) or (result,):
            _of(kind, definitions)
            alternatives.append(_output({"const": command}, kind.__name__))
    _of(Failure, definitions)
    alternatives.append(_output({"enum": list(RESULTS)}, Failure.__name__))
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "The output of asgi-jwks COMMAND --json",
        "oneOf": alternatives,
        "$defs": dict(sorted(definitions.items())),
    }


def _output(command: dict[str, Any], result: str) -> dict[str, Any]:
    return {
        "properties": {"command": command, "format": {"const": FORMAT}},
        "required": ["command", "format"],
        "$ref": f"#/$defs/{result}",
        "unevaluatedProperties": False,
    }


def _of(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    if kind is Any:
        return {}
    if kind in _SIMPLE:
        return {"type": _SIMPLE[kind]}
    origin = get_origin(kind)
    if origin in (Union, UnionType):
        return {"anyOf": [_of(part, definitions) for part in get_args(kind)]}
    if origin is Literal:
        return {"enum": list(get_args(kind))}
    if origin is tuple:
        return {"type": "array", "items": _of(get_args(kind)[0], definitions)}
    if origin is dict:
        return {"type": "object", "additionalProperties": _of(get_args(kind)[1], definitions)}
    if isinstance(kind, type) and issubclass(kind, Enum):
        return {"enum": [member.value for member in kind]}
    assert is_dataclass(kind), kind
    assert isinstance(kind, type)
    if kind.__name__ not in definitions:
        definitions[kind.__name__] = {}
        definitions[kind.__name__] = _object(kind, definitions)
    return {"$ref": f"#/$defs/{kind.__name__}", "unevaluatedProperties": False}


def _object(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    hints, meanings = get_type_hints(kind), _meanings(kind)
    names = [field.name for field in fields(kind)]
    return {
        "description": (inspect.getdoc(kind) or "").partition("\n")[0],
        "type": "object",
        "properties": {
            name: {"description": meanings[name], **_of(hints[name], definitions)} for name in names
        },
        "required": names,
    }


def _meanings(kind: type) -> dict[str, str]:
    """The fields that a docstring explains, each with its sentence."""
    section = (inspect.getdoc(kind) or "").partition("Attributes:\n")[2]
    parts = re.split(r"^(\w+): ", textwrap.dedent(section), flags=re.MULTILINE)
    return {
        name: " ".join(text.split()) for name, text in zip(parts[1::2], parts[2::2], strict=True)
    }


def validated(output: str) -> dict[str, Any]:
    """The output of a command, which must be as the schema says."""
    read: dict[str, Any] = json.loads(output)
    Draft202012Validator(schema()).validate(read)
    return read


def text() -> str:
    """The text of the file."""
    return json.dumps(schema(), indent=2) + "\n"


if __name__ == "__main__":
    PAGE.write_text(text(), encoding="utf-8")
