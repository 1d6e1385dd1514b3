"""Loopback ports for servers that are told one: free, and reserved for as long as they are needed.

A port that the system chose is free for others once its socket is closed: the system may give it to
a connection of another test before the server is there that was to listen on it.
"""

import random
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Final

import pytest

__all__ = ["reserved_port", "reserving_ports"]

# Below those that a system chooses: from 32768 on, or from 49152 on (RFC 6335, section 6).
_PORTS: Final = range(20_000, 30_000)

_create_server: Final = socket.create_server


@contextmanager
def reserved_port() -> Iterator[int]:
    """A free port, which no other test of any process is given while the block runs."""
    # Not the module's own numbers, which begin anew with each test.
    for port in random.SystemRandom().sample(_PORTS, len(_PORTS)):
        reservation = _reservation(port)
        if reservation is not None:
            with reservation:
                yield port
            return
    raise AssertionError("no port is free")


@contextmanager
def reserving_ports() -> Iterator[None]:
    """Reserve the ports of a program that looks itself for free ones, by `socket.create_server`."""
    with ExitStack() as reserved, pytest.MonkeyPatch.context() as patch:

        def create_server(address: tuple[str, int], **options: Any) -> socket.socket:
            port = address[1] or reserved.enter_context(reserved_port())
            return _create_server((address[0], port), **options)

        patch.setattr(socket, "create_server", create_server)
        yield


def _reservation(port: int) -> socket.socket | None:
    """The UDP socket of this number, which nobody uses; None unless its TCP port is free."""
    reservation = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        reservation.bind(("127.0.0.1", port))
        _create_server(("127.0.0.1", port)).close()
    except OSError:
        reservation.close()
        return None
    return reservation
