"""The look of another provider's access tokens, which a mock issuer gives to its own."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

__all__ = ["Imitation"]


@dataclass(frozen=True, slots=True)
class Imitation:
    """The members that the access tokens of a provider have, and lack.

    Attributes:
        claims: claims that they have.
        headers: JOSE header parameters that they have.
        without: names of claims that they lack.
    """

    claims: Mapping[str, object] = field(default_factory=dict)
    headers: Mapping[str, object] = field(default_factory=dict)
    without: Iterable[str] = ()

    def body(
        self, claims: Mapping[str, object], authority: Mapping[str, object]
    ) -> dict[str, object]:
        """The claims of a token that looks so.

        Args:
            claims: those of this issuer's own tokens, without authority.
            authority: `scope` and `permissions`; scopes are written where the provider has them.
        """
        look = {name: value for name, value in self.claims.items() if name != "aud"}
        body = {**claims, **look, **authority}
        if isinstance(self.claims.get("aud"), list) and isinstance(body["aud"], str):
            body["aud"] = [body["aud"]]
        scope = authority.get("scope")
        if isinstance(self.claims.get("scope"), list):
            body["scope"] = str(scope or "").split()
        if "scp" in self.claims and scope is not None:
            body["scp"] = body.pop("scope")
        for name in self.without:
            body.pop(name, None)
        return body
