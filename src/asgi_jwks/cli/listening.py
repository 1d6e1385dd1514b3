"""The address that a command listens at: its port, and its URL."""

from typing import Final

import click

__all__ = ["PORT", "url_of"]

PORT: Final = click.IntRange(0, 65_535)
"""A port; 0 lets the system choose."""


def url_of(host: str, port: int) -> str:
    """The URL of a server at an address (RFC 3986, section 3.2.2: IPv6 in brackets)."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
