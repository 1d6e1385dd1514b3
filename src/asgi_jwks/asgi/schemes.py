"""The schemes of authentication that a resource server offers, and their challenges.

See RFC 6750, section 3, and RFC 9449, section 7.1.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from asgi_jwks.tokens.issuer import Issuer

__all__ = ["BEARER", "DPOP", "ONLY_BEARER", "Schemes", "schemes_of"]

BEARER: Final = "Bearer"
DPOP: Final = "DPoP"

Parameters = Sequence[tuple[str, str]]

_UNAUTHORIZED: Final = 401


@dataclass(frozen=True, slots=True)
class Schemes:
    """The schemes that tokens are accepted by.

    Args:
        takes_bearer: whether a token may be accepted without a DPoP proof.
        algorithms: those of DPoP proofs; none where no issuer takes them.
    """

    takes_bearer: bool = True
    algorithms: tuple[str, ...] = ()

    def fields(
        self, status: int, used: str, common: Parameters, error: Parameters
    ) -> tuple[tuple[bytes, bytes], ...]:
        """The WWW-Authenticate fields of a refusal, one for each scheme.

        Args:
            status: 401 offers all schemes; other refusals name that of the request alone.
            used: the scheme of the request.
            common: the parameters of every challenge.
            error: those that tell why; only the scheme of the request has them, unless the request
                had no token.
        """
        is_about_a_token = any(name == "error" for name, _ in error)
        offered = [used]
        if status == _UNAUTHORIZED:
            offered = [DPOP] if self.algorithms else []
            if self.takes_bearer or (is_about_a_token and used == BEARER):
                offered.append(BEARER)
        return tuple(
            (
                b"www-authenticate",
                self._challenge(
                    scheme, [*common, *(error if scheme == used or not is_about_a_token else ())]
                ),
            )
            for scheme in offered
        )

    def _challenge(self, scheme: str, parameters: list[tuple[str, str]]) -> bytes:
        if scheme == DPOP and self.algorithms:
            parameters.append(("algs", " ".join(self.algorithms)))
        listed = ", ".join(f'{name}="{value}"' for name, value in parameters)
        return f"{scheme} {listed}".encode("ascii")


ONLY_BEARER: Final = Schemes()


def schemes_of(issuers: Iterable[Issuer]) -> Schemes:
    """The schemes that the tokens of some issuers are accepted by."""
    policies = [getattr(issuer.binding, "dpop", None) for issuer in issuers]
    demanded = [policy for policy in policies if policy is not None]
    if not demanded:
        return ONLY_BEARER
    takes_bearer = any(policy is None or policy.mode == "allowed" for policy in policies)
    algorithms = sorted({name for policy in demanded for name in policy.algorithms})
    return Schemes(takes_bearer, tuple(algorithms))
