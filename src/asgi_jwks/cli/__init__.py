"""The `asgi-jwks` command. What lives only here: its entry point."""

from asgi_jwks.cli.command import main

__all__ = ["main"]
