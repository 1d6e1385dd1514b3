"""A second reading of RFC 9449, section 4.3, from its text alone, to hold the package against.

It shares no code with the package: signatures are PyJWT's, URIs are RFC 3986's algorithm as it is
printed. It is lenient where the text is: each rule that it has is a MUST, or the normalisation
that servers SHOULD employ.
"""

import base64
import hashlib
import json
import re
from collections.abc import Sequence
from typing import Any

import jwt

__all__ = ["thumbprint_of", "verdict"]

_ALGORITHMS = {"ES256": "ES256", "EdDSA": "EdDSA", "Ed25519": "EdDSA", "RS256": "RS256"}
_PRIVATE = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}
_THUMBPRINT = {"EC": ("crv", "kty", "x", "y"), "OKP": ("crv", "kty", "x"), "RSA": ("e", "kty", "n")}
_DEFAULT_PORTS = {"http": "80", "https": "443"}


def verdict(
    proofs: Sequence[str], *, method: str, url: str, token: str, jkt: str, now: float
) -> str | None:
    """The number of the first rule that a request breaks; None where it breaks none."""
    if len(proofs) != 1:
        return "(1)"
    try:
        parts = proofs[0].strip(" \t").split(".")
        header, claims = (_object(_decoded(part)) for part in parts[:2])
        signature = _decoded(parts[2])
    except (ValueError, IndexError):
        return "(2)"
    if len(parts) != 3:
        return "(2)"
    texts = (claims.get(name) for name in ("jti", "htm", "htu", "ath"))
    if not all(isinstance(text, str) and text for text in texts) or not _is_number(claims, "iat"):
        return "(3)"
    if header.get("typ") != "dpop+jwt":
        return "(4)"
    if header.get("alg") not in [*_ALGORITHMS] or "crit" in header:
        return "(5)"
    jwk = header.get("jwk")
    signed = f"{parts[0]}.{parts[1]}".encode()
    if not isinstance(jwk, dict) or not _verifies(header["alg"], jwk, signed, signature):
        return "(6)"
    if not _PRIVATE.isdisjoint(name for name, value in jwk.items() if value is not None):
        return "(7)"
    if claims["htm"] != method:
        return "(8)"
    target = _normal(url)
    if target is None or _normal(claims["htu"]) != target:
        return "(9)"
    if not now - 60 <= claims["iat"] <= now + 5:
        return "(11)"
    digest = hashlib.sha256(token.encode("ascii")).digest()
    if claims["ath"] != _encoded(digest) or thumbprint_of(jwk) != jkt:
        return "(12)"
    return None


def _object(octets: bytes) -> dict[str, Any]:
    text = octets.decode("utf-8")
    if not text.startswith("{"):
        raise ValueError
    found: dict[str, Any] = json.loads(text, object_pairs_hook=_once)
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """RFC 7515, section 4, and RFC 7519, section 4: names must be unique."""
    if len(dict(pairs)) < len(pairs):
        raise ValueError
    return dict(pairs)


def _encoded(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    octets = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if _encoded(octets) != text:
        raise ValueError
    return octets


def _is_number(claims: dict[str, Any], name: str) -> bool:
    return type(claims.get(name)) in {int, float}


def _verifies(name: str, jwk: dict[str, Any], signed: bytes, signature: bytes) -> bool:
    algorithm = jwt.get_algorithm_by_name(_ALGORITHMS[name])
    public = {n: v for n, v in jwk.items() if n in {"kty", "crv", "x", "y", "n", "e"}}
    if name == "ES256" and jwk.get("crv") != "P-256":
        return False
    try:
        return bool(algorithm.verify(signed, algorithm.from_jwk(json.dumps(public)), signature))
    except (jwt.PyJWTError, ValueError, TypeError, AttributeError):
        return False


def thumbprint_of(jwk: dict[str, Any]) -> str:
    """The SHA-256 thumbprint of a JWK (RFC 7638)."""
    members = {name: jwk[name] for name in _THUMBPRINT[jwk["kty"]]}
    canonical = json.dumps(members, sort_keys=True, separators=(",", ":"))
    return _encoded(hashlib.sha256(canonical.encode()).digest())


def _normal(uri: str) -> tuple[str, str, str, str] | None:
    """RFC 3986, sections 6.2.2 and 6.2.3; None for what is not an absolute http or https URI."""
    found = re.fullmatch(r"([A-Za-z]+)://([^/?#]*)([^?#]*)(?:\?[^#]*)?(?:#.*)?", uri)
    if found is None or re.search(r"[\x00-\x20\x7F\\]", uri):
        return None
    scheme, authority, path = found[1].lower(), found[2].lower(), found[3]
    host, _, port = authority.partition(":")
    if scheme not in _DEFAULT_PORTS or not re.fullmatch(r"[a-z0-9._~!$&'()*+,;=-]+", host):
        return None
    if not re.fullmatch("[0-9]{0,5}", port) or re.search("%(?![0-9A-Fa-f]{2})", path):
        return None
    number = str(int(port or _DEFAULT_PORTS[scheme]))
    path = re.sub(r"[^A-Za-z0-9._~!$&'()*+,;=:@/%-]", lambda c: _escapes(c[0].encode()), path)
    path = re.sub("%(..)", lambda escape: _unescaped(escape[1]), path)
    return scheme, host, number, _without_dots(path) or "/"


def _escapes(octets: bytes) -> str:
    return "".join(f"%{octet:02X}" for octet in octets)


def _unescaped(digits: str) -> str:
    character = chr(int(digits, 16))
    return character if re.fullmatch("[A-Za-z0-9._~-]", character) else f"%{digits.upper()}"


def _without_dots(path: str) -> str:
    """Section 5.2.4, step by step."""
    left, kept = path, ""
    while left:
        if left.startswith(("/./", "/../")) or left in {"/.", "/.."}:
            if left.startswith("/.."):
                kept = kept[: kept.rfind("/")] if "/" in kept else ""
            left = "/" + left.split("/", 2)[2] if left.count("/") > 1 else "/"
        else:
            end = left.find("/", 1)
            segment, left = (left, "") if end < 0 else (left[:end], left[end:])
            kept += segment
    return kept
