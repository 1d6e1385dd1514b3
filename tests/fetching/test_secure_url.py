"""Which URLs may be asked."""

import pytest

from asgi_jwks.errors import ConfigurationError
from asgi_jwks.fetching.secure_url import is_loopback, require_secure_url


@pytest.mark.parametrize(
    "url",
    [
        "https://issuer.example/",
        "https://issuer.example:8443/realms/one?v=2",
        "http://127.0.0.1:8000/",
        "http://[::1]/",
        "http://localhost/",
    ],
)
def test_keys_may_be_fetched_over_https_and_from_loopback(url: str) -> None:
    require_secure_url("jwks_uri", url, allow_insecure_http=False)


@pytest.mark.parametrize(
    "url",
    [
        "http://issuer.example/",
        "http://10.0.0.1/",
        "http://localhost.example/",
        "http://127.0.0.1.example/",
        "ftp://issuer.example/",
        "file:///etc/passwd",
        "issuer.example",
        "",
        "https://",
        "https://user@issuer.example/",
        "https://:secret@issuer.example/",
        "https://issuer.example/#keys",
        "https://issuer.example:99999/",
        "https://[::1/",
        "https://issuer.example/a\nb",
        "https://issuer.example/a b",
        None,
        7,
    ],
)
def test_keys_are_not_fetched_from_anywhere_else(url: str) -> None:
    """F14: the message says what to write."""
    with pytest.raises(ConfigurationError, match="jwks_uri must be an"):
        require_secure_url("jwks_uri", url, allow_insecure_http=False)


def test_plain_http_is_for_those_who_say_so() -> None:
    require_secure_url("jwks_uri", "http://issuer.internal/", allow_insecure_http=True)
    with pytest.raises(ConfigurationError, match="allow_insecure_http=True"):
        require_secure_url("jwks_uri", "http://issuer.internal/", allow_insecure_http=False)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.10", "::1", "localhost"])
def test_this_machine_is_loopback(host: str) -> None:
    """F19."""
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["", "10.0.0.1", "issuer.example", "localhost.example", "0.0.0.0"])
def test_any_other_host_is_not_loopback(host: str) -> None:
    """F19."""
    assert not is_loopback(host)
