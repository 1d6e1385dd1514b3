"""The TLS context of HTTP clients that ask loopback alone, by plain HTTP."""

import ssl

__all__ = ["no_tls"]


def no_tls() -> ssl.SSLContext:
    """A context that trusts no certificate at all.

    The system's certificates take up to a second to load, and nobody here needs them.
    """
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
