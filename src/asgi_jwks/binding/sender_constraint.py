"""The binding of tokens to a sender (RFC 7800, RFC 8705, RFC 9449).

The order: the confirmation, the client's certificate, the DPoP proof; the first that fails names
the error. Every confirmation that a token has must hold.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from asgi_jwks.binding.certificate_sources import CertificateSource, certificate_of
from asgi_jwks.binding.confirmation import read_confirmation
from asgi_jwks.binding.dpop_policy import DPoP
from asgi_jwks.binding.possession import ProofOfPossession
from asgi_jwks.binding.replay import ReplayMemory
from asgi_jwks.errors import ConfigurationError, InvalidToken, Reason
from asgi_jwks.events.event import Listener

__all__ = ["SenderConstraint", "sender_constraint"]


@dataclass(frozen=True, slots=True)
class SenderConstraint:
    """The demands of an issuer on whoever presents its tokens.

    Args:
        dpop: the demands on DPoP proofs; None takes no token that needs one.
        certificate_sources: where the certificate of a client is taken from.
    """

    dpop: DPoP | None
    certificate_sources: tuple[CertificateSource, ...]

    @property
    def kinds(self) -> frozenset[Literal["dpop", "certificate"]]:
        """The kinds of binding whose proof it judges."""
        by_key: set[Literal["dpop", "certificate"]] = set() if self.dpop is None else {"dpop"}
        return frozenset(by_key | {"certificate"} if self.certificate_sources else by_key)

    @property
    def memory_of_proofs(self) -> object:
        """Where used DPoP proofs are remembered; None where they are not."""
        return None if self.dpop is None else self.dpop.memory_of_proofs

    @property
    def replay_memory(self) -> ReplayMemory | None:
        """The memory of used proofs in this process, if there is one."""
        return None if self.dpop is None else self.dpop.replay_memory

    def with_memory_of(self, other: "SenderConstraint") -> "SenderConstraint | None":
        """These demands, with the used DPoP proofs that others remember; see DPoP."""
        if self.dpop is None or other.dpop is None or self.dpop is other.dpop:
            return self
        dpop = self.dpop.with_memory_of(other.dpop)
        return None if dpop is None else replace(self, dpop=dpop)

    def add_listener(self, listener: Listener) -> None:
        """Have a listener hear of the uses of proofs."""
        if self.dpop is not None:
            self.dpop.add_listener(listener)

    async def check(
        self,
        claims: Mapping[str, Any],
        digest: bytes,
        request: ProofOfPossession | None,
        now: float,
    ) -> None:
        """Check that a request proves all that its token is bound to.

        Args:
            claims: the verified claims of the token.
            digest: the SHA-256 of the token.
            request: the request that presents it; None where nothing of it is known.
            now: seconds since the epoch.

        Raises:
            InvalidToken: the token is bound to something that the request does not prove, or not
                bound where it has to be.
            InvalidProof: the DPoP proof is not a good one.
            InvalidRequest: a certificate that cannot be read, or not from whom it should come.
            TooManyProofs: the sender has sent too many proofs.
            ReplayStoreUnavailable: whether a proof was used before cannot be told.
        """
        confirmation = read_confirmation(claims)
        certificate = None
        if request is not None and self.certificate_sources:
            # A field of a stranger is refused whatever the token says.
            certificate = certificate_of(self.certificate_sources, request)
        if confirmation.certificate is not None and confirmation.certificate != certificate:
            if not self.certificate_sources:
                raise InvalidToken(
                    Reason.SENDER_CONSTRAINED, "cnf.x5t#S256, and there are no certificate_sources"
                )
            detail = f"the thumbprint {certificate}" if certificate else "no certificate"
            raise InvalidToken(Reason.WRONG_CERTIFICATE, detail)
        uses_dpop = request is not None and request.uses_dpop
        if confirmation.jkt is None:
            if uses_dpop or (self.dpop is not None and self.dpop.mode == "required"):
                raise InvalidToken(Reason.NOT_BOUND, "cnf.jkt is missing")
            return
        if self.dpop is None:
            raise InvalidToken(Reason.SENDER_CONSTRAINED, "cnf.jkt, and there is no dpop")
        # RFC 9449, section 7.2: as a Bearer token, it would be good for a thief.
        if request is None or not uses_dpop:
            raise InvalidToken(Reason.SENDER_CONSTRAINED, "cnf.jkt, by another scheme than DPoP")
        await self.dpop.prove(request, jkt=confirmation.jkt, digest=digest, now=now)


def sender_constraint(dpop: object, certificate_sources: object) -> SenderConstraint | None:
    """The rule that the options of an issuer ask for, if there is one.

    Raises:
        ConfigurationError: an option is wrong.
    """
    if dpop is not None and not isinstance(dpop, DPoP):
        raise ConfigurationError(
            f'dpop must be DPoP(public_origin="https://api.example.com") or None; got {dpop!r}.'
        )
    sources = _sources(certificate_sources)
    return None if dpop is None and not sources else SenderConstraint(dpop, sources)


def _sources(given: object) -> tuple[CertificateSource, ...]:
    sources: tuple[Any, ...] = tuple(given) if isinstance(given, list | tuple) else ()
    found = tuple(
        source
        for source in sources
        if callable(getattr(source, "find_certificate", None)) and not isinstance(source, type)
    )
    if not isinstance(given, list | tuple) or len(found) != len(sources):
        raise ConfigurationError(
            f"certificate_sources must be a list of sources; got {given!r}. Write for example "
            'certificate_sources=[TLSExtension()], or [ClientCertField(trusted_proxies=["10.0.0.7"'
            "])]."
        )
    return found
