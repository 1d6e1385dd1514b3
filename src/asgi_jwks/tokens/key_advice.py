"""Advice to the operator on algorithms, keys and signatures, by Reason.

Nothing of a token whose signature nobody has judged is ever part of the text to write.
"""

from typing import Final

from asgi_jwks._printable import printable, quoted
from asgi_jwks.errors import Advice
from asgi_jwks.events.hint import Hint
from asgi_jwks.jose.algorithms import SYMMETRIC_ALGORITHMS
from asgi_jwks.tokens.console_advice import of_legacy_secret
from asgi_jwks.tokens.refused_token import RefusedToken, listing

__all__ = [
    "on_algorithm",
    "on_ambiguous_key",
    "on_signature",
    "on_small_key",
    "on_unknown_key",
]

_WHOSE: Final = (
    "look whether the token is from another tenant or environment, and whether jwks_uri is that of "
    "its issuer; a new key may be on its way"
)


def on_algorithm(token: RefusedToken) -> Advice:
    """An algorithm that is not allowed, and which ones the published keys are for."""
    if token.header is None:
        return Advice(
            Hint.HEADER,
            lambda: (
                f"the header of the token is not one of a JWS: {printable(token.detail or '')}."
            ),
        )
    algorithm = token.header.algorithm
    if algorithm.lower() == "none":
        return Advice(
            Hint.UNSIGNED,
            lambda: (
                "the token has no signature (alg none), which is never accepted: either a client "
                "makes up tokens of its own, or somebody tries whether this API takes them."
            ),
        )
    if algorithm in SYMMETRIC_ALGORITHMS:
        mend = of_legacy_secret(None if token.rules is None else token.rules.issuer) or (
            "at Auth0 set the API's signing algorithm to RS256; for tokens that you sign yourself "
            "write keys=SharedSecret(...)"
        )
        return Advice(
            Hint.SHARED_SECRET,
            lambda: (
                f"the token's alg is {quoted(algorithm)} (unverified), that of a shared secret, "
                f"and {_allowed(token)}: {mend}."
            ),
        )
    published = frozenset[str]() if token.keys is None else token.keys.algorithms
    if token.rules is not None and published and published.isdisjoint(token.rules.algorithms):
        fitting = sorted(published)
        return Advice(
            Hint.NO_KEY_FITS_ALGORITHMS,
            lambda: (
                f"{_allowed(token)}, and no key of the issuer fits that; the token's alg is "
                f"{quoted(algorithm)} (unverified): write algorithms={fitting}, or those of them "
                "that your provider signs with."
            ),
        )
    return Advice(
        Hint.ALGORITHM,
        lambda: (
            f"the token's alg is {quoted(algorithm)} (unverified), and {_allowed(token)}"
            + (f"; the published keys fit {', '.join(sorted(published))}" if published else "")
            + ": add an algorithm to algorithms=[...] only if your provider says that it signs the "
            "tokens of this API with it."
        ),
    )


def on_unknown_key(token: RefusedToken) -> Advice:
    """A key id that is not among those at hand."""
    keys = token.keys
    # Keys that were given have no budget.
    is_spent = keys is not None and not keys.can_ask and keys.age_of() is not None
    hint = Hint.REFETCH_BUDGET_SPENT if is_spent else Hint.KEY

    def words() -> str:
        if token.header is None or token.header.kid is None:
            wanted = "the token names no key (it has no kid)"
        else:
            wanted = f"the token's kid is {quoted(token.header.kid)} (unverified)"
        if keys is None:
            return f"{wanted}, and no key at hand is meant by it: {_WHOSE}."
        at_hand = f"those at hand ({keys.origin}) are {listing(keys.set.key_ids)}"
        if hint is Hint.REFETCH_BUDGET_SPENT:
            return (
                f"{wanted}, and {at_hand}; unknown key ids have used up the refetch budget: "
                f"{_WHOSE}."
            )
        return f"{wanted}, and {at_hand}: {_WHOSE}."

    return Advice(hint, words)


def on_ambiguous_key(_token: RefusedToken) -> Advice:
    """More than one key for one header."""
    return Advice(
        Hint.AMBIGUOUS_KEY,
        lambda: (
            "the token does not say which key signed it, and several would fit: have the issuer "
            "write a kid into its tokens and publish each key under a kid of its own."
        ),
    )


def on_small_key(token: RefusedToken) -> Advice:
    """An RSA key that is smaller than the issuer's rules demand."""
    return Advice(
        Hint.KEY_SIZE,
        lambda: (
            f"{printable(token.detail or 'the RSA key is small')}, as min_rsa_bits "
            "demands: have the issuer sign with a larger key, or set min_rsa_bits to the size that "
            "its keys have."
        ),
    )


def on_signature(token: RefusedToken) -> Advice:
    """A signature that its key did not make."""

    def words() -> str:
        keys = "" if token.keys is None else f" (keys {token.keys.origin})"
        return (
            f"the signature was not made by the key that the token names{keys}: the token was "
            "changed or cut off, is from another environment, or is for the provider's own API "
            "(Microsoft Graph): have clients ask for a token for this API."
        )

    return Advice(Hint.SIGNATURE, words)


def _allowed(token: RefusedToken) -> str:
    allowed = () if token.rules is None else tuple(sorted(token.rules.algorithms))
    return f"algorithms allows {', '.join(allowed) or 'others'}"
