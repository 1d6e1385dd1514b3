"""The members of an access token that prove its kind, as an example.

It is for tests of applications, whose mock issuer knows nothing of the provider that it stands for.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

from asgi_jwks.tokens.proofs import (
    AllOf,
    AnyOf,
    ClaimIs,
    ClaimIsList,
    ClaimIsObject,
    ClaimStartsWith,
    HasClaim,
    HeaderTypeIs,
    NoClaim,
    Proof,
)

__all__ = ["KindExample", "example_of"]

# RFC 7519, section 4.1.5: a time that is long past, for a claim that only has to be there.
_VALUES: Final[Mapping[str, object]] = {"nbf": 1}


@dataclass(frozen=True, slots=True)
class KindExample:
    """The members that make a token an access token of an issuer.

    Attributes:
        header: of the JOSE header.
        claims: of the claims.
        absent: the claims that must not be there.
    """

    header: dict[str, object] = field(default_factory=dict)
    claims: dict[str, object] = field(default_factory=dict)
    absent: set[str] = field(default_factory=set)


def example_of(proof: Proof | None, header_types: Collection[str | None]) -> KindExample:
    """The least that a token of a kind has.

    Args:
        proof: the proof of the kind; one of the caller's own adds nothing.
        header_types: the accepted values of the header's `typ`; None is a header without one.
    """
    made = KindExample()
    named = sorted(kind for kind in header_types if kind is not None)
    if named and "jwt" not in named:
        made.header["typ"] = named[0]
    if proof is not None:
        _add(proof, made)
    return made


def _add(proof: Proof, made: KindExample) -> None:
    match proof:
        case HasClaim(name):
            made.claims.setdefault(name, _VALUES.get(name, "x"))
        case ClaimIs(name, (value, *_)):
            made.claims[name] = value
        case ClaimStartsWith(name, prefix):
            made.claims[name] = f"{prefix}x"
        case ClaimIsObject(name):
            made.claims[name] = {}
        case ClaimIsList(name):
            made.claims[name] = ["x"]
        case NoClaim(name):
            made.absent.add(name)
        case HeaderTypeIs(kind):
            made.header["typ"] = kind
        case AllOf(proofs):
            for part in proofs:
                _add(part, made)
        case AnyOf((first, *_)):
            _add(first, made)
        case _:
            pass
