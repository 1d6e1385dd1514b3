"""The `asgi-jwks` command: `main` is its entry point."""

from asgi_jwks.cli.main import main

__all__ = ["main"]
