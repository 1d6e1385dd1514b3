"""A provider's preset as a value, and the trusted issuer that is made of it.

All presets share it, and it is the one place where a preset becomes options of a `TrustedIssuer`.
It knows no provider.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from asgi_jwks._options import require_names
from asgi_jwks.errors import ConfigurationError
from asgi_jwks.tokens.access_token import AccessToken
from asgi_jwks.tokens.grant_claims import DEFAULT_GRANT_CLAIMS, GrantClaims
from asgi_jwks.tokens.issuers import Check
from asgi_jwks.tokens.kinds import DEFAULT_KIND_RULE, KindRule
from asgi_jwks.trusted_issuer import IssuerOptions, PresetOptions, TrustedIssuer

__all__ = ["ClaimAmong", "Preset", "PresetOptions", "ProviderIssuer", "names", "trusted"]

# Type checkers refuse these options; at run time they would go unnoticed.
_STATED: Final = frozenset(IssuerOptions.__annotations__) - frozenset(PresetOptions.__annotations__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """The knowledge about the access tokens of one issuer of one provider.

    Args:
        provider: the name of the function that makes it.
        issuer: what its tokens have in `iss`.
        audience: one of these must be in the audience claim; none where nothing is compared.
        audience_claim: the claim that names the audience.
        jwks_uri: where its keys are; None where discovery finds them.
        algorithms: what it signs with, where that is not RS256 alone.
        kind: what proves an access token of it, and what marks its other tokens.
        grant_claims: where its tokens say what they grant, and to which client.
        checks: conditions that the preset adds to the caller's own.
        notes: what this preset cannot check, or leaves to the caller, in sentences.
    """

    provider: str
    issuer: str
    audience: tuple[str, ...] = ()
    audience_claim: str = "aud"
    jwks_uri: str | None = None
    algorithms: tuple[str, ...] = ("RS256",)
    kind: KindRule = DEFAULT_KIND_RULE
    grant_claims: GrantClaims = DEFAULT_GRANT_CLAIMS
    checks: tuple[Check, ...] = ()
    notes: tuple[str, ...] = ()


class ProviderIssuer(TrustedIssuer):
    """A trusted issuer that was made of a preset; `preset` describes it."""

    __slots__ = ("preset",)

    def __init__(self, preset: Preset, options: Mapping[str, Any]) -> None:
        super().__init__(**options)
        self.preset: Final = preset


@dataclass(frozen=True, slots=True)
class ClaimAmong:
    """A check: the claim is one of these strings."""

    name: str
    values: frozenset[str]

    def __call__(self, token: AccessToken) -> bool:
        """Whether the token has it."""
        value = token.claims.get(self.name)
        return isinstance(value, str) and value in self.values


def trusted(preset: Preset, options: PresetOptions) -> ProviderIssuer:
    """The trusted issuer of a preset; options of the caller's own win over the preset's.

    Raises:
        ConfigurationError: an option is wrong or is the preset's to state, or a token could be for
            any audience.
    """
    for option in _STATED.intersection(options):
        raise ConfigurationError(
            f"{preset.provider} has no option {option}, since the preset states it. Leave it out, "
            "or write a TrustedIssuer(...) of your own."
        )
    if not preset.audience and options.get("insecure_no_audience") is not True:
        raise ConfigurationError(
            f"The tokens of {preset.provider} do not say for which API they are, so a token that "
            "another service of the same issuer was given is accepted here too. If that is meant, "
            "write insecure_no_audience=True; if your tokens have an aud, write audience=... ."
        )
    given: dict[str, Any] = {
        "kind": preset.kind,
        "grant_claims": preset.grant_claims,
        **options,
        "issuer": preset.issuer,
        "audience": preset.audience or None,
        "audience_claim": preset.audience_claim,
    }
    own: object = given.get("checks", ())
    # Whatever is not a list of checks is left for TrustedIssuer to refuse.
    if preset.checks and isinstance(own, Iterable) and not isinstance(own, str):
        given["checks"] = (*preset.checks, *own)
    if given.get("keys") is None:
        given.setdefault("jwks_uri", preset.jwks_uri)
    given.setdefault("algorithms", _algorithms(given.get("keys"), preset))
    return ProviderIssuer(preset, given)


def _algorithms(keys: object, preset: Preset) -> tuple[str, ...] | None:
    """Those of the preset; None for a secret of the caller's, which says its own."""
    own: object = getattr(keys, "algorithms", None)
    of_others = isinstance(own, frozenset) and own.isdisjoint(preset.algorithms)
    return None if of_others else preset.algorithms


def names(option: str, values: str | Iterable[str], *, example: str) -> tuple[str, ...]:
    """One name or several, as a tuple.

    Raises:
        ConfigurationError: there is none, or one is not a string or is empty.
    """
    given = require_names(option, values, example=example)
    if not given:
        raise ConfigurationError(
            f"{option} must not be empty. Write for example {option}=[{example!r}]."
        )
    return given
