"""Advice on proofs of possession: DPoP, certificates, bindings; by Reason."""

from collections.abc import Mapping
from typing import Final

from asgi_jwks._printable import printable
from asgi_jwks.errors import Advice, Reason
from asgi_jwks.events.hint import Hint
from asgi_jwks.tokens.refused_token import RefusedToken

__all__ = ["PROOF_REASONS", "on_binding", "on_proof"]

# Two URLs, of which one is of a stranger.
_LONGEST_DETAIL: Final = 512

_LIBRARY: Final = "have the client make its proofs with a library for DPoP (RFC 9449)"

_MENDS: Final[Mapping[Reason, str]] = {
    Reason.MISSING_PROOF: "have the client send one DPoP field beside the Authorization field, and "
    "look for a proxy that takes it away.",
    Reason.REPEATED_PROOF: "have the client send one proof, and look for a proxy that adds "
    "another.",
    Reason.PROOF_ALGORITHM: "have it sign with one of the algs of the challenge, or name its "
    "algorithm in DPoP(algorithms=...).",
    Reason.PROOF_URL: "public_origin of DPoP must be the address that clients use, with the path "
    "that a proxy takes away.",
    Reason.PROOF_TIME: "check the clocks of this machine and of the client; with DPoP(nonces=...) "
    "the clocks of clients do not count.",
    Reason.PROOF_NONCE: "nothing is to be done where the client tries again with it: have it use "
    "the DPoP-Nonce of each answer.",
    Reason.REPLAYED_PROOF: "have the client make a new proof for each request, for a retry as "
    "well; otherwise somebody else has sent it again.",
    Reason.TOO_MANY_PROOFS: "have the client send fewer requests, or raise proofs_per_sender of "
    "DPoP.",
    Reason.WRONG_PROOF_KEY: "have the client sign proofs with the key that it asked for the token "
    "with; otherwise the token is in other hands.",
    Reason.NOT_BOUND: "have the provider bind tokens to the client's key (cnf.jkt), or let the "
    'client send it as a Bearer token, which mode="allowed" takes.',
    Reason.WRONG_CERTIFICATE: "have the client connect with the certificate that it asked for the "
    "token with, and the proxy hand it on; otherwise the token is in other hands.",
    Reason.UNTRUSTED_CERTIFICATE_FIELD: "only a proxy may send that field: have yours take it out "
    "of requests from outside, and name yours in trusted_proxies or proxy_secret.",
    Reason.MALFORMED_CERTIFICATE: "look at how your proxy writes the certificate, and choose the "
    "source that fits it.",
}

PROOF_REASONS: Final = (
    *_MENDS,
    Reason.MALFORMED_PROOF,
    Reason.PROOF_HEADER,
    Reason.UNUSABLE_PROOF_KEY,
    Reason.PROOF_SIGNATURE,
    Reason.PROOF_CLAIM,
    Reason.PROOF_METHOD,
    Reason.PROOF_TOKEN_HASH,
)


def on_proof(token: RefusedToken) -> Advice:
    """A request that does not prove whose its token is."""
    phrase = token.reason.phrase
    detail = f" ({printable(token.detail, longest=_LONGEST_DETAIL)})" if token.detail else ""
    mend = _MENDS.get(token.reason, f"{_LIBRARY}.")
    return Advice(Hint.PROOF, lambda: f"{phrase[0].lower()}{phrase[1:]}{detail}: {mend}")


def on_binding(token: RefusedToken) -> Advice:
    """A token that is bound to a key, and presented as if it were not."""
    confirmation = token.claim("cnf")
    # The claims of a token that was accepted before are not at hand; the detail names the member.
    detail = token.detail or ""
    bound_by = [*confirmation] if isinstance(confirmation, dict) else []
    bound_by += [name for name in ("jkt", "x5t#S256") if detail.startswith(f"cnf.{name},")]
    by, option = "a key", ""
    if "jkt" in bound_by:
        by, option = "DPoP", 'dpop=DPoP(public_origin="https://...")'
    elif "x5t#S256" in bound_by:
        by, option = "mutual TLS", "certificate_sources=[...]"
    if token.rules is None or not token.rules.proven_bindings:
        mend = (
            f"write {option + ', or ' if option else ''}gateway_proves_binding=True if a gateway "
            "checks the proof; else have clients ask for tokens that are not bound."
        )
    elif detail.endswith(("dpop", "certificate_sources")):  # the option that there is not
        mend = f"write {option} as well."
    else:
        mend = (
            "have the client send it by the scheme DPoP with a proof, or with its certificate to "
            "one of the certificate_sources."
        )
    return Advice(
        Hint.SENDER_CONSTRAINED,
        lambda: (
            f"the token is bound to its sender by {by} (claim cnf), which the request does not "
            f"prove: {mend}"
        ),
    )
