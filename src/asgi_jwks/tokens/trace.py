"""`Trace`: how far the procedure came with one token, for advice and explanations.

Neither the token nor its signature is in it: error collectors record what a frame has at hand.
"""

from collections.abc import Mapping
from typing import Any

from asgi_jwks.tokens.header_rules import JOSEHeader
from asgi_jwks.tokens.issuer import Issuer

__all__ = ["Trace"]


class Trace:
    """The parts of one token that were read, and the facts that were found.

    `parts` is the number of its parts, `header` and `claims` are None until they were read,
    `issuer` until it was chosen, and `is_signed` tells whether one of the issuer's keys made the
    signature. `verifications` counts the keys that were tried, and `is_accepted` tells whether
    steps (1) to (6) are passed.
    """

    __slots__ = ("claims", "header", "is_accepted", "is_signed", "issuer", "parts", "verifications")

    def __init__(self, parts: int) -> None:
        self.parts = parts
        self.header: JOSEHeader | None = None
        self.claims: Mapping[str, Any] | None = None
        self.issuer: Issuer | None = None
        self.is_signed = False
        self.verifications = 0
        self.is_accepted = False
