"""Keys that are given rather than fetched: a JWK Set, or a shared secret.

It knows no networks: these keys are trusted for as long as the process lives, unless an operator
distrusts one.
"""

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from asgi_jwks.errors import ConfigurationError, InvalidKeySet
from asgi_jwks.events.log import log_event
from asgi_jwks.jose.algorithms import ASYMMETRIC_ALGORITHMS
from asgi_jwks.jose.encoding import EncodingError, json_object
from asgi_jwks.jose.json_limits import JWK_LIMITS
from asgi_jwks.jose.jwk_set import JWKSet
from asgi_jwks.jose.key import VerificationKey, symmetric_key
from asgi_jwks.jose.pem import is_pem, jwk_of_pem
from asgi_jwks.keys.distrust import DistrustedKeys, KeyName
from asgi_jwks.keys.key_set_observer import KeySetObserver

__all__ = ["SharedSecret", "StaticJWKSet"]


class _GivenKeys:
    """The common part of both: one set, always at hand."""

    #: The algorithms that these keys can be used with at all.
    algorithms: frozenset[str]

    def __init__(self, keys: JWKSet) -> None:
        self._keys = keys

    def at_hand(self) -> JWKSet:
        """The set."""
        return self._keys

    async def find(
        self, kid: str | None, algorithm: str, _screen: Callable[[], object]
    ) -> VerificationKey:
        """The key of a token. Raises InvalidToken if none, or more than one, fits."""
        return self._keys.select(kid, algorithm)

    def can_find_more(self) -> bool:
        """False: these are all keys there are."""
        return False

    def can_replace(self, _key: VerificationKey) -> bool:
        """False: given keys are never replaced."""
        return False

    async def replacement_for(self, _key: VerificationKey, _algorithm: str) -> None:
        """None: given keys are never replaced."""

    def same_source(self, other: object) -> bool:
        """Whether the other one has the same keys."""
        return isinstance(other, _GivenKeys) and self._keys.same_keys(other._keys)

    async def warm(self) -> None:
        """Nothing is to be fetched."""

    async def keep_fresh(self) -> None:
        """Nothing is to be refreshed."""

    async def aclose(self) -> None:
        """Nothing is to be closed."""


class StaticJWKSet(_GivenKeys):
    """Keys that are at hand: for air-gapped use, and for tests.

    Args:
        jwks: the keys: a JWK Set (RFC 7517, section 5), a JWK, or a public key or certificate in
            PEM. It is a mapping, text, bytes, or the path of a file; text that begins with neither
            a brace nor PEM is a path. Several keys in PEM are a mapping from their key ids; one
            without a key id serves tokens without one.

    Raises:
        ConfigurationError: there is no usable key in it.
    """

    algorithms = ASYMMETRIC_ALGORITHMS

    def __init__(self, jwks: Mapping[str, Any] | str | bytes | os.PathLike[str]) -> None:
        if not isinstance(jwks, Mapping | str | bytes | os.PathLike):
            raise ConfigurationError(
                "StaticJWKSet takes a dict, JSON or PEM text, or the path of a file; got "
                f"{type(jwks)!r}."
            )
        if isinstance(jwks, str) and not jwks.lstrip().startswith(("{", "-----BEGIN ")):
            jwks = Path(jwks)
        try:
            document = Path(jwks).read_bytes() if isinstance(jwks, os.PathLike) else jwks
        # ValueError: a path with a null byte, or one that has no encoding.
        except (OSError, ValueError) as error:
            raise ConfigurationError(f"The JWK Set file cannot be read: {error}.") from error
        try:
            keys = JWKSet.parse(_as_jwk_set(document))
        except (InvalidKeySet, ValueError) as error:
            raise ConfigurationError(
                f"{error}. Give a JWK Set, a JWK, or a public key in PEM: as a dict, as text, or "
                "as the path of its file."
            ) from error
        super().__init__(keys)
        self._whole: Final = keys
        self._distrusted: Final = DistrustedKeys(self._review)

    def distrust(self, *, kid: str | None = None, thumbprint: str | None = None) -> None:
        """Refuse a key from now on, until `trust_again` or a restart.

        Args:
            kid: a key id.
            thumbprint: the RFC 7638 thumbprint of key material, whatever its key id.

        Raises:
            ConfigurationError: none or both are given, or it is not such a name.
        """
        self._say(KeyName.of(kid=kid, thumbprint=thumbprint), is_distrusted=True)

    def trust_again(self, *, kid: str | None = None, thumbprint: str | None = None) -> None:
        """Undo `distrust`, by the same name.

        Raises:
            ConfigurationError: none or both are given, or it is not such a name.
        """
        self._say(KeyName.of(kid=kid, thumbprint=thumbprint), is_distrusted=False)

    def _say(self, name: KeyName, *, is_distrusted: bool) -> None:
        if self._distrusted.say(name, is_distrusted=is_distrusted, now=time.time()):
            said = KeySetObserver("given keys", log_event).said
            said(name, is_distrusted=is_distrusted, is_kept=False)

    def _review(self) -> None:
        self._keys = self._distrusted.trusted(self._whole)


def _as_jwk_set(document: Mapping[str, Any] | str | bytes) -> Mapping[str, Any] | bytes:
    """The document as a JWK Set.

    Raises ValueError for PEM that is not one public key.
    """
    if isinstance(document, Mapping):
        if "kty" in document:
            return {"keys": [document]}
        texts = {kid: _octets(text) for kid, text in document.items() if kid != "keys"}
        if texts and all(is_pem(text) for text in texts.values()):
            return {"keys": [jwk_of_pem(text, kid) for kid, text in texts.items()]}
        return document
    octets = _octets(document)
    if is_pem(octets):
        return {"keys": [jwk_of_pem(octets)]}
    try:
        read = json_object(octets, JWK_LIMITS)
    except EncodingError:
        # A whole set has more in it than one key may; its own reader says what is wrong.
        return octets
    return {"keys": [read]} if "kty" in read else octets


def _octets(text: object) -> bytes:
    if isinstance(text, str):
        return text.encode("utf-8", "surrogatepass")
    return text if isinstance(text, bytes) else b""


class SharedSecret(_GivenKeys):
    """A secret shared with whoever signs the tokens: for an API that signs its own.

    Whoever can verify with it can also sign; tokens of an identity provider are verified with
    its public keys instead.

    Args:
        secret: at least 32 bytes for HS256, 48 for HS384, 64 for HS512 (RFC 7518, section 3.2),
            made by a random generator: `secrets.token_bytes(32)`. Text is taken as UTF-8.
        algorithm: HS256, HS384 or HS512.

    Raises:
        ConfigurationError: the secret is too short, or is a public key or certificate.
    """

    def __init__(self, secret: bytes | str, *, algorithm: str = "HS256") -> None:
        if not isinstance(secret, str | bytes) or not isinstance(algorithm, str):
            raise ConfigurationError(
                "SharedSecret takes bytes or text, and the name of an algorithm. Write for example "
                'SharedSecret(os.environ["JWT_SECRET"], algorithm="HS256").'
            )
        try:
            octets = secret.encode() if isinstance(secret, str) else secret
            key = symmetric_key(octets, algorithm)
        except ValueError as error:
            raise ConfigurationError(
                f"SharedSecret: {error}. Make one with secrets.token_bytes(32)."
            ) from None
        self.algorithms = frozenset({algorithm})
        super().__init__(JWKSet((key,)))
