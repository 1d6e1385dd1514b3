"""Who is meant by a token: one name for each principal, whoever chooses its parts."""

from hypothesis import given
from hypothesis import strategies as st

from asgi_jwks import AccessToken
from asgi_jwks.tokens.principal import Basis, ClaimReading, qualified_identity

# The characters that a name is put together with, and their escapes.
NAMES = st.text("%|7C25a", max_size=8)


def token(**claims: object) -> AccessToken:
    verified = {"iss": "https://i|1/", "exp": 4_000_000_000, **claims}
    return AccessToken(verified, verified, Basis(ClaimReading(identity="qualified")))


@given(issuer=NAMES, subject=NAMES)
def test_issuer_and_subject_can_be_read_from_a_qualified_name(issuer: str, subject: str) -> None:
    """P1: so that no two principals have one name."""
    escaped, _, rest = qualified_identity(issuer, subject).partition("|")
    assert rest == subject
    assert escaped.replace("%7C", "|").replace("%25", "%") == issuer


def test_a_token_without_a_subject_is_that_of_its_client() -> None:
    """P1: an empty one names nobody."""
    assert token(sub="7", client_id="web").principal == ("https://i|1/", "7")
    for nobody in ({}, {"sub": ""}):
        assert token(client_id="web", **nobody).principal == ("https://i|1/", "web")
        assert token(**nobody).principal == ("https://i|1/", "")
    assert token(client_id="web").identity == "https://i%7C1/|web"
