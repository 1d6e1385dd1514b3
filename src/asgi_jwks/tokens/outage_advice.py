"""Advice to the operator on keys, or a store of used proofs, that are unavailable.

The error names the URL and why; here is the remedy, by marks in the texts of this package, of
httpx, and of the operating system. An unknown text has a remedy that is true of all.
"""

import re
from typing import Final

from asgi_jwks._printable import printable
from asgi_jwks.errors import Advice, ReplayStoreUnavailable, TemporarilyUnavailable
from asgi_jwks.events.hint import Hint

__all__ = ["advise_on_outage"]

# Our own sentences, and the URL that failed in them.
_LONGEST_EXPLANATION: Final = 1024

# From the one that tells most; the first that occurs counts.
_REMEDIES: Final = tuple(
    (re.compile(marks, re.IGNORECASE), remedy)
    for marks, remedy in (
        (
            "CERTIFICATE_VERIFY_FAILED",
            "the certificate is not trusted here: if it is that of a private CA, or of a proxy "
            "that opens TLS, set SSL_CERT_FILE to its PEM file",
        ),
        (
            "WRONG_VERSION_NUMBER|UNEXPECTED_EOF|record layer failure",
            "TLS is not spoken at that port: check scheme, port, and HTTPS_PROXY",
        ),
        (
            "Name or service not known|name resolution|nodename nor servname|getaddrinfo"
            "|No address associated",
            "the name cannot be resolved: check its spelling, and DNS as this machine sees it",
        ),
        (
            "connection attempts failed|Connection refused|unreachable",
            "no connection is possible: check host and port, firewall rules, and HTTPS_PROXY",
        ),
        (
            "no complete answer|timeout|timed out",
            "look for a firewall that drops packets, and for a proxy that HTTPS_PROXY must name; "
            "timeout= of a RemoteJWKSet is for an endpoint that is slow",
        ),
        (
            "metadata of another issuer",
            "write issuer= as the document has it, if that is your provider",
        ),
        (
            "is the issuer's metadata",
            "leave jwks_uri= out, and the keys are discovered from issuer=",
        ),
        (
            "a redirect to|map of key ids|names (a|no) jwks_uri",
            "write jwks_uri= as your provider's documentation has it",
        ),
        (
            "not JSON|not UTF-8|'keys' array",
            "something else than the provider's document is there, such as a login page of a "
            "network or a proxy: open the address from this machine",
        ),
        (
            "HTTP status (404|410)",
            "there is no such document: check issuer=, or write jwks_uri= as your provider's "
            "documentation has it",
        ),
        (
            "HTTP status 40[137]",
            "the provider, or a proxy on the way, refuses this machine: open the address from it",
        ),
        (
            "HTTP status (429|5)",
            "the provider fails, and is asked again: look at its status page",
        ),
    )
)
_OTHERWISE: Final = "check that this machine reaches that address, and that your provider names it"


def advise_on_outage(error: TemporarilyUnavailable) -> Advice:
    """The advice on a request that could not be judged."""
    if isinstance(error, ReplayStoreUnavailable):
        return Advice(
            Hint.REPLAY_STORE,
            lambda: (
                f"whether a DPoP proof was used before cannot be told ({_why(error)}): see that "
                "the store runs and that this machine reaches it, or write "
                'on_store_failure="local", by which a proof may pass once in each process.'
            ),
        )
    return Advice(
        Hint.KEYS_UNAVAILABLE,
        lambda: f"tokens cannot be verified now ({_why(error)}): {_remedy(str(error))}.",
    )


def _why(error: TemporarilyUnavailable) -> str:
    return printable(str(error), longest=_LONGEST_EXPLANATION)


def _remedy(text: str) -> str:
    # The text of another mistake must not be found in a URL.
    words = re.sub(r"https?://\S+", "", text)
    return next((remedy for marks, remedy in _REMEDIES if marks.search(words)), _OTHERWISE)
