"""Security requirements and refusals in the OpenAPI document of a FastAPI application.

FastAPI lists the security schemes of an operation by name, with their scopes. It has no place for
"or no token" and the like. So each use of a scheme that has more to say gets a name of its own
while the document is generated, and is found by that name and completed afterwards.
"""

from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import dataclass, field
from math import prod
from typing import Any, Final, Protocol

from fastapi import FastAPI
from fastapi.openapi.models import SecurityBase as SecurityScheme
from fastapi.security.base import SecurityBase

from asgi_jwks.authorization.requirement import Requirement
from asgi_jwks.integrations.fastapi.openapi_refusals import (
    OWN_SCHEMA,
    REFUSAL,
    SCHEMA,
    refusals,
)

__all__ = ["DocumentedScheme", "document_refusals"]

SecurityRequirement = dict[str, list[str]]


class NamedScheme(Protocol):
    """A security scheme of OpenAPI: its name, and its content, which a start may complete."""

    scheme_name: str
    model: SecurityScheme


@dataclass(slots=True)
class _Names:
    """The names given out while one document is generated, with the schemes that have them."""

    given: "dict[str, DocumentedScheme]" = field(default_factory=dict)

    def of(self, scheme: "DocumentedScheme") -> str:
        for name, known in self.given.items():
            if known is scheme:
                return name
        name = f"{scheme.of.scheme_name} ({len(self.given) + 1})"
        self.given[name] = scheme
        return name


_names: Final[ContextVar[_Names | None]] = ContextVar("asgi_jwks_scheme_names", default=None)


class DocumentedScheme(SecurityBase):
    """Stands for a security scheme in operations that another dependency guards.

    As a dependency it does nothing; FastAPI lists it, with the scopes that it is given.

    Args:
        of: the scheme.
        is_optional: the operation takes requests without a token as well.
        requirement: what the operation needs, besides the scopes that it is listed with.
    """

    def __init__(
        self,
        of: NamedScheme,
        *,
        is_optional: bool = False,
        requirement: Requirement | None = None,
    ) -> None:
        self.of: Final = of
        self.requirement: Final = requirement
        self.is_optional: Final = is_optional

    def __getattr__(self, name: str) -> Any:
        """The name and the content of the scheme, which FastAPI reads for each document."""
        if name == "model":
            return self.of.model
        if name == "scheme_name":
            names = _names.get()
            return self.of.scheme_name if names is None else names.of(self)
        raise AttributeError(name)

    async def __call__(self) -> None:
        """Nothing is left to do."""


def document_refusals(app: FastAPI, scheme_name: str, *, has_own_bodies: bool) -> None:
    """Describe refusals and optional tokens in the operations that name the scheme."""
    document = vars(app).get("openapi")
    if not isinstance(document, _Document):
        # How FastAPI's documentation tells one to extend the document.
        document = vars(app)["openapi"] = _Document(app)
    document.scheme_names.add(scheme_name)
    document.has_own_bodies |= has_own_bodies


class _Document:
    """FastAPI's OpenAPI document, to which 401, 403 and 503 are added where they may occur."""

    def __init__(self, app: FastAPI) -> None:
        self._app: Final = app
        self._generate: Final = app.openapi
        self.scheme_names: Final[set[str]] = set()
        self.has_own_bodies = False

    def __call__(self) -> dict[str, Any]:
        if self._app.openapi_schema is not None:
            return self._app.openapi_schema
        names = _Names()
        reset = _names.set(names)
        try:
            document = self._generate()
        finally:
            _names.reset(reset)
        _rename_schemes(document, names)
        operations = [
            operation
            for item in document.get("paths", {}).values()
            for operation in item.values()
            # Beside operations a path has a summary, parameters and the like.
            if isinstance(operation, dict) and self._complete(operation, names)
        ]
        if operations:
            body = OWN_SCHEMA if self.has_own_bodies else SCHEMA
            document["components"].setdefault("schemas", {}).setdefault(REFUSAL, body)
        return document

    def _complete(self, operation: dict[str, Any], names: _Names) -> bool:
        """Say when the operation is refused, if it needs a token of ours."""
        entries = [
            _Entry(name, names.given.get(name), scopes)
            for needed in operation.get("security", ())
            for name, scopes in needed.items()
        ]
        ours = [entry for entry in entries if entry.name in self.scheme_names]
        if ours:
            others = [{e.name: e.scopes} for e in entries if e.name not in self.scheme_names]
            operation["security"] = [*others, *_security(ours)]
            needs = [entry.requirement for entry in ours if entry.requirement is not None]
            operation["responses"] = {**refusals(needs), **operation.get("responses", {})}
        return bool(ours)


# A list that a reader takes in; more of them are told in words alone.
_MOST_ALTERNATIVES: Final = 16


@dataclass(slots=True)
class _Entry:
    """One scheme of an operation, under its real name."""

    name: str
    scheme: DocumentedScheme | None
    scopes: list[str]

    def __post_init__(self) -> None:
        if self.scheme is not None:
            self.name = self.scheme.of.scheme_name

    @property
    def requirement(self) -> Requirement | None:
        """The needs that were declared for the operation, if any."""
        return None if self.scheme is None else self.scheme.requirement

    @property
    def groups(self) -> tuple[tuple[str, ...], ...]:
        """The groups of scopes of each of which one is needed, where a token is."""
        needed = self.requirement
        return () if needed is None else needed.any_of


def _security(entries: Iterable[_Entry]) -> list[SecurityRequirement]:
    """One requirement with all our schemes, since each of them refuses by itself.

    FastAPI lists them one by one, of which OpenAPI says that one is enough (OpenAPI 3.1, section
    4.8.30). So it is with alternatives: one requirement for each. Where a token is optional, there
    is a requirement without it as well.
    """
    needed: SecurityRequirement = {}
    optional: SecurityRequirement = {}
    groups: dict[tuple[str, frozenset[str]], tuple[str, ...]] = {}
    for entry in entries:
        if entry.scheme is not None and entry.scheme.is_optional:
            optional = _with(optional, entry.name, entry.scopes)
            continue
        needed = _with(needed, entry.name, entry.scopes)
        for group in entry.groups:
            groups[entry.name, frozenset(group)] = group
    always = [needed]
    if prod(map(len, groups.values())) <= _MOST_ALTERNATIVES:
        for (name, _), group in groups.items():
            always = [_with(one, name, [scope]) for scope in group for one in always]
    always = _narrowest(always)
    both = always
    for name, scopes in optional.items():
        both = [_with(one, name, scopes) for one in both]
    return both if optional.keys() <= always[0].keys() else [*always, *both]


def _narrowest(alternatives: list[SecurityRequirement]) -> list[SecurityRequirement]:
    """The alternatives without those that demand all of another one, and more."""
    kept: list[SecurityRequirement] = []
    for one in sorted(alternatives, key=lambda each: sum(map(len, each.values()))):
        if not any(all({*known[name]} <= {*one[name]} for name in known) for known in kept):
            kept.append(one)
    # As they are written, the first choice first.
    return [one for one in alternatives if any(one is known for known in kept)]


def _with(security: SecurityRequirement, name: str, scopes: Iterable[str]) -> SecurityRequirement:
    return {**security, name: [*dict.fromkeys((*security.get(name, ()), *scopes))]}


def _rename_schemes(document: dict[str, Any], names: _Names) -> None:
    """Put each scheme under its real name."""
    schemes = document.get("components", {}).get("securitySchemes", {})
    for name in list(schemes):
        if name in names.given:
            schemes.setdefault(names.given[name].of.scheme_name, schemes[name])
            del schemes[name]
