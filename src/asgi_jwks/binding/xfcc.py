"""Envoy's field `X-Forwarded-Client-Cert`, read strictly: one element, one certificate.

The form is that of Envoy's documentation of the field; it does not know who may write it.
"""

from asgi_jwks.binding.certificate import (
    malformed,
    thumbprint_of_hex,
    thumbprint_of_url_encoded_pem,
)

__all__ = ["thumbprint_of_xfcc"]


def thumbprint_of_xfcc(value: bytes) -> str:
    """The thumbprint that the one element names, by its Hash, its Cert, or both alike.

    Raises:
        InvalidRequest: there are several elements, no certificate, or two.
    """
    found: dict[bytes, str] = {}
    for name, content in _pairs(value):
        key = name.lower()
        if key in found:
            raise malformed("XFCC names the certificate twice")
        if key == b"hash":
            found[key] = thumbprint_of_hex(content)
        elif key == b"cert":
            found[key] = thumbprint_of_url_encoded_pem(content)
    if len(set(found.values())) != 1:
        raise malformed("XFCC has no certificate, or two")
    return next(iter(found.values()))


def _pairs(value: bytes) -> list[tuple[bytes, bytes]]:
    """The pairs of an element of XFCC: `name=value` or `name="value"`, separated by semicolons."""
    pairs: list[tuple[bytes, bytes]] = []
    rest = value
    while rest:
        name, equals, rest = rest.partition(b"=")
        if not equals or not name.isalpha():
            raise malformed("XFCC is not a list of pairs")
        content, rest = _quoted(rest) if rest[:1] == b'"' else _plain(rest)
        if rest[:1] == b",":
            raise malformed("XFCC has several elements")
        if rest and (rest[:1] != b";" or len(rest) == 1):
            raise malformed("XFCC is not a list of pairs")
        pairs.append((name, content))
        rest = rest[1:]
    return pairs


def _quoted(text: bytes) -> tuple[bytes, bytes]:
    """The content of a string between quotes, and the text behind it."""
    content = bytearray()
    position = 1
    while position < len(text):
        character = text[position : position + 1]
        if character == b'"':
            return bytes(content), text[position + 1 :]
        if character == b"\\":
            position += 1
            character = text[position : position + 1]
        content += character
        position += 1
    raise malformed("XFCC has a quote that is not closed")


def _plain(text: bytes) -> tuple[bytes, bytes]:
    end = min((p for p in (text.find(b";"), text.find(b",")) if p >= 0), default=len(text))
    return text[:end], text[end:]
