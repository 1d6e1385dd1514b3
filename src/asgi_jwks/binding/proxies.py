"""Whom a header field about the client's certificate is believed from (RFC 9440, section 4)."""

import hmac
from collections.abc import Iterable
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any, Final

from asgi_jwks.errors import ConfigurationError, InvalidRequest, Reason

__all__ = ["BelievedProxies"]

_UNIX: Final = "unix"
_SHORTEST_SECRET: Final = 16


class BelievedProxies:
    """The proxies in front, by their addresses or by a secret that they send along.

    Args:
        trusted_proxies: addresses and networks, such as "10.0.0.0/8"; "unix" for a Unix socket,
            where a request has no address.
        proxy_secret: the name of a field, and the secret that the proxy writes into it: an address
            proves nothing where the server takes it from a field of the request itself. With both,
            both must hold.

    Raises:
        ConfigurationError: neither is given, or one is wrong.
    """

    def __init__(
        self,
        trusted_proxies: str | Iterable[str] | None,
        proxy_secret: tuple[str, str] | None,
    ) -> None:
        if trusted_proxies is None and proxy_secret is None:
            raise ConfigurationError(
                "Whoever can reach this server can send a field about a certificate. Say which "
                'proxies are believed: trusted_proxies=["10.0.0.7"], or '
                'proxy_secret=("X-Proxy-Secret", os.environ["PROXY_SECRET"]).'
            )
        names = _names(trusted_proxies)
        self._knows_addresses: Final = trusted_proxies is not None
        self._takes_unix: Final = _UNIX in names
        self._networks: Final = tuple(_network(name) for name in names if name != _UNIX)
        self._secret: Final = None if proxy_secret is None else _secret(proxy_secret)

    def check(self, client: str | None, fields: Iterable[tuple[bytes, bytes]]) -> None:
        """Raise InvalidRequest unless a request came by one of the proxies."""
        if self._knows_addresses and not self._is_address_believed(client):
            raise InvalidRequest(Reason.UNTRUSTED_CERTIFICATE_FIELD, "not from a trusted proxy")
        if self._secret is not None:
            name, secret = self._secret
            found = [value for field, value in fields if field == name]
            if len(found) != 1 or not hmac.compare_digest(found[0], secret):
                raise InvalidRequest(
                    Reason.UNTRUSTED_CERTIFICATE_FIELD, "without the secret of the proxy"
                )

    def _is_address_believed(self, client: str | None) -> bool:
        if client is None:
            return self._takes_unix
        try:
            address: Any = ip_address(client)
        except ValueError:
            return False
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        return any(address in network for network in self._networks)


def _names(proxies: str | Iterable[str] | None) -> tuple[Any, ...]:
    if proxies is None:
        return ()
    if isinstance(proxies, str):
        return (proxies,)
    names = tuple(proxies) if isinstance(proxies, Iterable) else ()
    if not names:
        raise ConfigurationError(
            f"trusted_proxies must be addresses or networks; got {proxies!r}. Write for example "
            'trusted_proxies=["10.0.0.7"].'
        )
    return names


def _network(name: object) -> Any:
    try:
        # A number would be taken as an address.
        return ip_network(name if isinstance(name, str) else "")
    except ValueError:
        raise ConfigurationError(
            f'trusted_proxies: {name!r} is neither an address nor a network, and not "unix". '
            'Write for example "10.0.0.7" or "10.0.0.0/8".'
        ) from None


def _secret(given: object) -> tuple[bytes, bytes]:
    match given:
        case (str(name), str(secret)) if (
            name.isascii() and name and secret.isascii() and len(secret) >= _SHORTEST_SECRET
        ):
            return name.lower().encode(), secret.encode()
    raise ConfigurationError(
        "proxy_secret must be the name of a field and a secret of at least "
        f"{_SHORTEST_SECRET} ASCII characters. Write for example "
        'proxy_secret=("X-Proxy-Secret", os.environ["PROXY_SECRET"]).'
    )
