"""Keys that are unavailable: the operator reads the address, why, and the remedy."""

import pytest

from asgi_jwks.errors import KeySetUnavailable, ReplayStoreUnavailable
from asgi_jwks.events import Hint
from asgi_jwks.tokens.outage_advice import advise_on_outage

URL = "https://issuer.example/timed out/jwks"

REMEDIES = {
    "ConnectError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed": "SSL_CERT_FILE",
    "ConnectError: [SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1006)": "not spoken",
    "ConnectError: [Errno -2] Name or service not known": "DNS",
    "ConnectError: [Errno 8] nodename nor servname provided, or not known": "DNS",
    "ConnectError: All connection attempts failed": "host and port",
    "no complete answer within 5 s": "drops packets",
    "ConnectTimeout": "drops packets",
    "HTTP status 302, a redirect to 'https://x.example/'; redirects are not followed": "jwks_uri=",
    "The document is the issuer's metadata, which names the address": "leave jwks_uri= out",
    "The JWK Set is not strict JSON: not JSON": "login page",
    "The document is not a JWK Set: it has no 'keys' array": "login page",
    "HTTP status 404": "no such document",
    "HTTP status 403": "refuses this machine",
    "HTTP status 407": "refuses this machine",
    "HTTP status 429": "asked again",
    "HTTP status 503": "asked again",
    "something that nobody has seen": "check that this machine reaches that address",
}


@pytest.mark.parametrize(("why", "remedy"), REMEDIES.items(), ids=str)
def test_an_outage_names_the_url_and_why_and_the_remedy(why: str, remedy: str) -> None:
    """P4, F22: by the text of the failure, and never by that of the URL."""
    advice = advise_on_outage(KeySetUnavailable(f"{URL.replace(' ', '%20')}: {why}"))
    assert advice.hint == Hint.KEYS_UNAVAILABLE
    assert f"jwks: {why}): " in advice.sentence.replace('\\"', '"').replace("\\'", "'")
    assert remedy in advice.sentence.partition("): ")[2]


def test_the_metadata_of_another_issuer_are_told_by_its_name() -> None:
    """P4, F22"""
    why = f"{URL} is the metadata of another issuer: its `issuer` is 'https://b.example'"
    assert (
        "write issuer= as the document has it" in advise_on_outage(KeySetUnavailable(why)).sentence
    )


def test_a_store_that_fails_is_told_with_the_option() -> None:
    """P4"""
    advice = advise_on_outage(ReplayStoreUnavailable("Redis is silent"))
    assert advice.hint == Hint.REPLAY_STORE
    assert "Redis is silent" in advice.sentence
    assert 'on_store_failure="local"' in advice.sentence
