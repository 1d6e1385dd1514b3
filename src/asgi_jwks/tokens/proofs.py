"""Proofs that a JWT is an access token, which a kind rule combines.

They are small values over its header and claims. A proof never raises, whatever
JSON the claims hold: a value of the wrong form does not prove anything. It does not know which
provider is proven by which, nor refusals.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from asgi_jwks.errors import ConfigurationError
from asgi_jwks.tokens.header_rules import JOSEHeader

__all__ = [
    "AllOf",
    "AnyOf",
    "ClaimIs",
    "ClaimIsList",
    "ClaimIsObject",
    "ClaimStartsWith",
    "HasClaim",
    "HeaderTypeIs",
    "NoClaim",
    "Proof",
]


# A tuple, not a set: the value may be a list, which has no hash.
_EMPTY: Final[tuple[object, ...]] = (None, "", [], {})


class Proof(Protocol):
    """A condition that access tokens meet; its `str()` follows the words "an access token has"."""

    def holds(self, header: JOSEHeader, claims: Mapping[str, Any], /) -> bool:
        """Whether this header and these claims meet it."""
        ...


@dataclass(frozen=True, slots=True)
class HasClaim:
    """The claim is present, and is neither null, nor empty, nor a boolean."""

    name: str

    def __post_init__(self) -> None:
        _require_text("HasClaim", self.name)

    def holds(self, _header: JOSEHeader, claims: Mapping[str, Any]) -> bool:
        """Whether it holds for these claims."""
        value = claims.get(self.name)
        return not isinstance(value, bool) and value not in _EMPTY

    def __str__(self) -> str:
        return f"the claim {self.name}"


@dataclass(frozen=True, slots=True)
class NoClaim:
    """The claim is absent: null is present."""

    name: str

    def __post_init__(self) -> None:
        _require_text("NoClaim", self.name)

    def holds(self, _header: JOSEHeader, claims: Mapping[str, Any]) -> bool:
        """Whether it holds for these claims."""
        return self.name not in claims

    def __str__(self) -> str:
        return f"no claim {self.name}"


@dataclass(frozen=True, slots=True, init=False)
class ClaimIs:
    """The claim is a string, and equal to one of these.

    Code point for code point.
    """

    name: str
    values: tuple[str, ...]

    def __init__(self, name: str, *values: str) -> None:
        for text in (name, *(values or ("",))):
            _require_text("ClaimIs", text)
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "values", values)

    def holds(self, _header: JOSEHeader, claims: Mapping[str, Any]) -> bool:
        """Whether it holds for these claims."""
        # A tuple, not a set: the value may be a list, which has no hash.
        return claims.get(self.name) in self.values

    def __str__(self) -> str:
        return f"the claim {self.name} of {' or '.join(map(repr, self.values))}"


@dataclass(frozen=True, slots=True)
class ClaimStartsWith:
    """The claim is a string that starts with this one."""

    name: str
    prefix: str

    def __post_init__(self) -> None:
        _require_text("ClaimStartsWith", self.name)
        _require_text("ClaimStartsWith", self.prefix)

    def holds(self, _header: JOSEHeader, claims: Mapping[str, Any]) -> bool:
        """Whether it holds for these claims."""
        value = claims.get(self.name)
        return isinstance(value, str) and value.startswith(self.prefix)

    def __str__(self) -> str:
        return f"a claim {self.name} that starts with {self.prefix!r}"


@dataclass(frozen=True, slots=True)
class ClaimIsObject:
    """The claim is a JSON object."""

    name: str

    def __post_init__(self) -> None:
        _require_text("ClaimIsObject", self.name)

    def holds(self, _header: JOSEHeader, claims: Mapping[str, Any]) -> bool:
        """Whether it holds for these claims."""
        return isinstance(claims.get(self.name), dict)

    def __str__(self) -> str:
        return f"a claim {self.name} that is an object"


@dataclass(frozen=True, slots=True)
class ClaimIsList:
    """The claim is a JSON array."""

    name: str

    def __post_init__(self) -> None:
        _require_text("ClaimIsList", self.name)

    def holds(self, _header: JOSEHeader, claims: Mapping[str, Any]) -> bool:
        """Whether it holds for these claims."""
        return isinstance(claims.get(self.name), list)

    def __str__(self) -> str:
        return f"a claim {self.name} that is an array"


@dataclass(frozen=True, slots=True)
class HeaderTypeIs:
    """The header's `typ` is this media type: in lower case, without `application/`."""

    type: str

    def __post_init__(self) -> None:
        _require_text("HeaderTypeIs", self.type)

    def holds(self, header: JOSEHeader, _claims: Mapping[str, Any]) -> bool:
        """Whether it holds for this header."""
        return header.type == self.type

    def __str__(self) -> str:
        return f"the header typ {self.type}"


@dataclass(frozen=True, slots=True, init=False)
class AllOf:
    """Every one of several proofs holds."""

    proofs: tuple[Proof, ...]

    def __init__(self, *proofs: Proof) -> None:
        _require_proofs("AllOf", proofs)
        object.__setattr__(self, "proofs", proofs)

    def holds(self, header: JOSEHeader, claims: Mapping[str, Any]) -> bool:
        """Whether all hold."""
        return all(proof.holds(header, claims) for proof in self.proofs)

    def __str__(self) -> str:
        return " and ".join(map(_grouped, self.proofs))


@dataclass(frozen=True, slots=True, init=False)
class AnyOf:
    """At least one of several proofs holds."""

    proofs: tuple[Proof, ...]

    def __init__(self, *proofs: Proof) -> None:
        _require_proofs("AnyOf", proofs)
        object.__setattr__(self, "proofs", proofs)

    def holds(self, header: JOSEHeader, claims: Mapping[str, Any]) -> bool:
        """Whether one holds."""
        return any(proof.holds(header, claims) for proof in self.proofs)

    def __str__(self) -> str:
        return " or ".join(map(_grouped, self.proofs))


def _grouped(proof: Proof) -> str:
    return f"({proof})" if isinstance(proof, AllOf | AnyOf) else str(proof)


def _require_text(proof: str, value: object) -> None:
    if not isinstance(value, str) or not value:
        raise ConfigurationError(
            f"{proof} takes strings that are not empty, for example "
            f'HasClaim("client_id") or ClaimIs("token_use", "access"); got {value!r}.'
        )


def _require_proofs(name: str, proofs: tuple[object, ...]) -> None:
    # None at all would prove every token, or not one.
    if not proofs or not all(callable(getattr(proof, "holds", None)) for proof in proofs):
        raise ConfigurationError(
            f'{name} takes proofs, at least one: {name}(HasClaim("azp"), HasClaim("scp")); '
            f"got {proofs!r}."
        )
