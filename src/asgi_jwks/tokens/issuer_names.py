"""The configured issuers by name, and the one that a wrong name was meant for.

How names are compared for trust is not known here: that is exact everywhere else. The cost of a
search does not grow with the number of issuers (requirement W5).
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from asgi_jwks.events.hint import Hint

__all__ = ["IssuerNames", "likeness"]

# Microsoft Entra ID: the issuers of both versions of its tokens, and what a tenant id looks like.
_V1: Final = re.compile(r"https://sts\.windows\.net/([^/]+)/")
_V2: Final = re.compile(r"https://login\.microsoftonline\.com/([^/]+)/v2\.0")
_TENANT_ID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

# Okta: the org authorization server is https://example.okta.com, a custom one stands below it.
_CUSTOM: Final = "/oauth2/"

_WELL_KNOWN: Final = "/.well-known/"

# Requirement A7: a name that was not meant for anything is not worth much work.
_LONGEST_COMPARED: Final = 2048


class IssuerNames:
    """The names of the configured issuers.

    Args:
        names: the issuer identifiers.
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        self.all: Final = tuple(names)
        self._known: Final = frozenset(self.all)
        self._by_likeness: Final[Mapping[str, str]] = {likeness(name): name for name in self.all}
        named = [name for name in self.all if _names_tenant_by_domain(name)]
        self._with_tenant_name: Final = named[0] if named else None
        self._custom: Final[Mapping[str, str]] = {
            name.partition(_CUSTOM)[0]: name for name in self.all if _CUSTOM in name
        }

    def custom_of(self, name: str) -> str | None:
        """The configured custom authorization server of an org of Okta, by the org's issuer."""
        return self._custom.get(name)

    def meant_by(self, name: str) -> tuple[Hint, str] | None:
        """The mistake by which this name is not a configured one, and the one meant."""
        name = name[:_LONGEST_COMPARED]
        spelled = self._by_likeness.get(likeness(name))
        if spelled is not None:
            return Hint.ISSUER_SPELLING, spelled
        tenant = _tenant(name)
        if tenant is None:
            return None
        for other in (
            f"https://sts.windows.net/{tenant}/",
            f"https://login.microsoftonline.com/{tenant}/v2.0",
        ):
            if other in self._known:
                return Hint.ENTRA_VERSION, other
        if self._with_tenant_name is not None and _TENANT_ID.fullmatch(tenant):
            return Hint.TENANT_NAME, self._with_tenant_name
        return None


def likeness(name: str) -> str:
    """A name without the parts that people overlook: scheme, case, slashes at the end.

    The path of a metadata document is overlooked as well.
    """
    _, _, rest = name.strip().casefold().rpartition("://")
    return rest.partition(_WELL_KNOWN)[0].rstrip("/")


def _tenant(name: str) -> str | None:
    found = _V1.fullmatch(name) or _V2.fullmatch(name)
    return None if found is None else found[1]


def _names_tenant_by_domain(name: str) -> bool:
    tenant = _tenant(name)
    return tenant is not None and _TENANT_ID.fullmatch(tenant) is None
