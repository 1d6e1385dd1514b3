"""The attack corpus: requests that no resource server may let through, by name."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from asgi_jwks.testing.attacks.attack import Attack, Target
from asgi_jwks.testing.attacks.hostile_keys import HostileKeys
from asgi_jwks.testing.attacks.themes import (
    algorithms,
    claims,
    credentials,
    encodings,
    header_keys,
    headers,
    kinds,
    paths,
    proofs,
    published_keys,
    requests,
    signatures,
    times,
)
from asgi_jwks.testing.provider.mock_issuer import MockIssuer

__all__ = ["ATTACKS", "PROOF_ATTACKS", "THEMES", "attacks_on", "publish_hostile_keys"]

THEMES: Final = (
    credentials,
    requests,
    paths,
    encodings,
    algorithms,
    signatures,
    headers,
    header_keys,
    published_keys,
    times,
    claims,
    kinds,
)
"""The modules of the corpus, in the order in which a request is read."""

_ALL: Final = tuple(attack for theme in THEMES for attack in theme.ATTACKS)

ATTACKS: Final[Mapping[str, Attack]] = MappingProxyType({attack.name: attack for attack in _ALL})
"""Every attack by its name, in the order in which a request is read."""


PROOF_ATTACKS: Final[Mapping[str, Attack]] = MappingProxyType(
    {attack.name: attack for attack in proofs.ATTACKS}
)
"""The attacks on applications that take DPoP proofs, by name."""


def attacks_on(target: Target) -> tuple[Attack, ...]:
    """The attacks on a target: those on proofs among them, if it takes DPoP proofs."""
    on_proofs = () if target.public_origin is None else PROOF_ATTACKS.values()
    return (*ATTACKS.values(), *on_proofs)


def publish_hostile_keys(issuer: MockIssuer, keys: HostileKeys | None = None) -> HostileKeys:
    """Get the attacker's keys into the issuer's JWK Set; for `Target.keys`.

    To be done before the application fetches the set for the first time. New keys are made unless
    some are given.
    """
    keys = HostileKeys() if keys is None else keys
    keys.publish(issuer, published_keys.FORMS)
    return keys
