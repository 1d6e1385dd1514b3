"""Weak shared secrets: repetitions, and examples that documentation has printed.

A secret that was not made by a random generator may be noticed here; one that was cannot be told.
RFC 7518, section 8.8 wants the entropy, which no reader of a secret can see. Whether it is long
enough for an algorithm is not known here.
"""

from typing import Final

from asgi_jwks.jose.encoding import b64url_encode

__all__ = ["weakness_of"]

# A random secret of 32 bytes has some 30 different ones. Text of hexadecimal digits has 16 at most,
# and seldom all of them; it may be judged by the bytes that it spells instead.
_FEWEST_DISTINCT_BYTES: Final = 16

# Django's `startproject` begins the key of a new project so, for its own check to complain about.
_MARKED_AS_INSECURE: Final = b"django-insecure-"

# Of 32 bytes or more, each as it is published.
_EXAMPLES: Final = (
    # RFC 7515, appendix A.1, which RFC 7797, section 4 uses too; RFC 7520, section 3.5.
    "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
    "hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg",
    # FastAPI, "OAuth2 with Password (and hashing), Bearer with JWT tokens".
    "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
    # Flask, "Deploy to Production" and "Configuration Handling".
    "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf",
    # The debugger of jwt.io, for HS256, HS384 and HS512.
    "a-string-secret-at-least-256-bits-long",
    "a-valid-string-secret-that-is-at-least-384-bits-long",
    "a-valid-string-secret-that-is-at-least-512-bits-long-which-is-very-long",
    # Supabase, a local stack, and self-hosting with Docker.
    "super-secret-jwt-token-with-at-least-32-characters-long",
    "your-super-secret-jwt-token-with-at-least-32-characters-long",
    # PostgREST, "Tutorial 1"; Hasura, "Authentication using JWT".
    "reallyreallyreallyreallyverysafe",
    "3EK6FD+o0+c7tzBNVfjpMkNDi2yARAAKzQlk8O2IKoxQu4nF7EdAh8s3TwpHwrdWT6R",
    # Tutorials of JWTs with Spring Boot, and with ASP.NET Core.
    "404E635266556A586E3272357538782F413F4428472B4B6250645367566B5970",
    "THIS IS USED TO SIGN AND VERIFY JWT TOKENS, REPLACE IT WITH YOUR OWN SECRET, "
    "IT CAN BE ANY STRING",
    "this is my custom Secret key for authentication",
    # Sequences that people type when they are told to type 32 characters.
    "abcdefghijklmnopqrstuvwxyz012345",
    "abcdefghijklmnopqrstuvwxyz123456",
    "abcdefghijklmnopqrstuvwxyz0123456789",
    "abcdefghijklmnopqrstuvwxyz1234567890",
    "0123456789abcdefghijklmnopqrstuvwxyz",
    "1234567890abcdefghijklmnopqrstuvwxyz",
    "1234567890qwertyuiopasdfghjklzxcvbnm",
    "qwertyuiopasdfghjklzxcvbnm123456",
    "qwertyuiopasdfghjklzxcvbnm1234567890",
)


def _comparable(text: str) -> str:
    # Without case and punctuation, which people vary when they copy.
    return "".join(filter(str.isalnum, text.lower()))


_COMPARABLE_EXAMPLES: Final = frozenset(map(_comparable, _EXAMPLES))


def weakness_of(secret: bytes) -> str | None:
    """The weakness of a secret, in words that follow "it", or None.

    `secret` is not empty.
    """
    spelt = _spelt_in_hexadecimal(secret)
    if max(len(set(secret)), len(set(spelt))) < _FEWEST_DISTINCT_BYTES:
        return f"has fewer than {_FEWEST_DISTINCT_BYTES} different bytes"
    if _is_periodic(secret):
        return "repeats itself"
    if _is_example(secret):
        return "is an example from documentation that everyone knows"
    return None


def _spelt_in_hexadecimal(secret: bytes) -> bytes:
    try:
        return bytes.fromhex(secret.decode("ascii"))
    except ValueError:
        return b""


def _is_periodic(secret: bytes) -> bool:
    # With a period p, the secret without its first p bytes is the one without its last p bytes.
    return any(secret[p:] == secret[:-p] for p in range(1, len(secret) // 2 + 1))


def _is_example(secret: bytes) -> bool:
    if secret.startswith(_MARKED_AS_INSECURE):
        return True
    # As text, and as the octets that an example spells.
    spellings = (secret.decode("latin-1"), secret.hex(), b64url_encode(secret))
    return not _COMPARABLE_EXAMPLES.isdisjoint(map(_comparable, spellings))
