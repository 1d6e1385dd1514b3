"""The tenant that a published key is for, where the document says so.

Microsoft Entra ID writes a member `issuer` beside each key: a template that stands for every
tenant, or the issuer of the one tenant that the key signs for, such as that of personal accounts.
Such a member is compared here with the issuer whose keys are read. It does not know which provider
publishes the document, nor what else makes a key usable.
"""

import re
from collections.abc import Mapping
from typing import Final

from asgi_jwks.jose.skip_reason import SkipReason, UnusableKeyError

__all__ = ["require_own_tenant"]

_TENANT_ID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def require_own_tenant(jwk: object, issuer: str | None) -> None:
    """Refuse a key that names a tenant, where the issuer is another one.

    Nothing is concluded where either has no tenant id in it: both versions of a tenant's issuer,
    and the hosts of external tenants, have the same id.

    Args:
        jwk: the key, as the document has it.
        issuer: the configured issuer; None where it is not known.

    Raises:
        UnusableKeyError: of_another_tenant.
    """
    named = jwk.get("issuer") if isinstance(jwk, Mapping) else None
    if issuer is None or not isinstance(named, str):
        return
    theirs = frozenset(_TENANT_ID.findall(named.lower()))
    ours = frozenset(_TENANT_ID.findall(issuer.lower()))
    if theirs and ours and theirs.isdisjoint(ours):
        raise UnusableKeyError(SkipReason.OF_ANOTHER_TENANT)
