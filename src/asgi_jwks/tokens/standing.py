"""Whether a token that was accepted would be accepted still, without the token itself.

The trust in its issuer and its key, and the caller's own checks, can change after the verdict. Its
expiry is known beforehand, and a proof of possession is for one request.
"""

from asgi_jwks.errors import InvalidToken, Reason
from asgi_jwks.tokens.access_token import AccessToken, basis_of
from asgi_jwks.tokens.issuer import Issuer
from asgi_jwks.tokens.issuers import TrustedIssuers
from asgi_jwks.tokens.steps import run_checks

__all__ = ["check_standing"]


async def check_standing(issuers: TrustedIssuers, token: AccessToken) -> None:
    """Judge an accepted token again, as far as the verdict can change before it expires.

    Args:
        issuers: the trusted issuers.
        token: an accepted token.

    Raises:
        RequestError: its next request would be refused.
        TemporarilyUnavailable: it could not be judged: the trust in the keys has lapsed, or the
            resolver cannot tell.
    """
    issuer = await issuers.named({"iss": token.issuer})
    await _check_key(issuer, token)
    if issuer.checks:
        await run_checks(issuer.checks, token)


async def _check_key(issuer: Issuer, token: AccessToken) -> None:
    basis = basis_of(token)
    # A shared secret is given once and for all.
    if basis.thumbprint is None or basis.algorithm is None:
        return
    keys = issuer.keys.at_hand()
    # By its key id, as for a request: the same material may be trusted under another one.
    key = (
        keys.find(basis.key_id, basis.algorithm)
        if keys is not None
        # The token was vouched for: it waits, and may cost a fetch.
        else await issuer.keys.find(basis.key_id, basis.algorithm, _nothing_else)
    )
    if key is None or key.thumbprint != basis.thumbprint:
        raise InvalidToken(Reason.UNKNOWN_KEY, "its key is not trusted any more")


def _nothing_else() -> None:
    """The claims were judged before."""
