"""Parameters of OAuth requests, read strictly (RFC 6749, sections 2.3, 3.1 and 3.2).

It does not know accounts or grants.
"""

import base64
import binascii
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qsl, unquote_plus, urlsplit, urlunsplit

from asgi_jwks.testing.provider.claims import Audience, listed
from asgi_jwks.testing.provider.oauth_endpoint import Refused

__all__ = ["Form", "basic_credentials", "form_body", "url_parts"]

_MOST_FIELDS = 100


@dataclass(frozen=True, slots=True)
class Form:
    """The parameters of one request, in their order."""

    fields: Sequence[tuple[str, str]]

    @classmethod
    def parse(cls, text: str) -> "Form":
        """The parameters of a query or of a form.

        Raises:
            Refused: it is not a form, or a parameter other than `resource` is given twice.
        """
        try:
            fields = parse_qsl(text, max_num_fields=_MOST_FIELDS)
        except ValueError as error:
            raise Refused("invalid_request", "the form is not valid") from error
        # RFC 6749, sections 3.1 and 3.2: at most once; RFC 8707, section 2 has several resources.
        once = [name for name, _ in fields if name != "resource"]
        if len(set(once)) != len(once):
            raise Refused("invalid_request", "a parameter is given twice")
        return cls(fields)

    def get(self, name: str, default: str | None = None) -> str | None:
        """The value of a parameter, if it is given."""
        return next((value for found, value in self.fields if found == name), default)

    def required(self, name: str) -> str:
        """The value of a parameter that must be given.

        Raises:
            Refused: it is missing.
        """
        value = self.get(name)
        if not value:
            raise Refused("invalid_request", f"{name} is missing")
        return value

    def scopes(self, allowed: Sequence[str], *, default: Sequence[str]) -> tuple[str, ...]:
        """The scopes asked for, or the default (RFC 6749, section 3.3).

        Raises:
            Refused: one of them is not allowed.
        """
        wanted = tuple(dict.fromkeys((self.get("scope") or "").split()))
        if not set(wanted) <= set(allowed):
            raise Refused("invalid_scope", "a scope is asked for that is not allowed")
        return wanted or tuple(default)

    def audience(self, known: Audience) -> Audience:
        """The API that the token is for: Auth0's `audience` parameter, or all that there are.

        Raises:
            Refused: the API is not known.
        """
        asked = self.get("audience")
        if asked is None:
            return known if isinstance(known, str) else list(known)
        if asked not in listed(known):
            raise Refused("invalid_request", "the audience is not known here")
        return asked

    def resources(self, allowed: Collection[str]) -> tuple[str, ...]:
        """The resources that are asked for (RFC 8707, section 2), if any are.

        Raises:
            Refused: one is not an absolute URI without a fragment, or is not allowed.
        """
        known = {_spelled(resource): resource for resource in allowed}
        asked = dict.fromkeys(value for name, value in self.fields if name == "resource")
        for resource in asked:
            if not url_parts(resource, error="invalid_target").scheme or "#" in resource:
                raise Refused("invalid_target", "a resource is an absolute URI without a fragment")
            if _spelled(resource) not in known:
                raise Refused("invalid_target", "the resource is not known here")
        return tuple(dict.fromkeys(known[_spelled(resource)] for resource in asked))


def _spelled(uri: str) -> str:
    """A URI with its scheme and host in lower case (RFC 3986, section 6.2.2.1)."""
    parts = urlsplit(uri)
    return urlunsplit(parts._replace(netloc=parts.netloc.lower()))


def url_parts(url: str, *, error: str) -> SplitResult:
    """The parts of a URL that a client sent.

    Raises:
        Refused: it is not one; `error` is the code.
    """
    try:
        return urlsplit(url)
    except ValueError as fault:
        raise Refused(error, "a URL is not one") from fault


def form_body(content_type: str, body: bytes) -> Form:
    """The form that a request has as its body.

    Raises:
        Refused: it has none.
    """
    if content_type.partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        raise Refused("invalid_request", "send a form: application/x-www-form-urlencoded")
    try:
        text = body.decode()
    except ValueError as error:
        raise Refused("invalid_request", "the form is not valid") from error
    return Form.parse(text)


def basic_credentials(authorization: str) -> tuple[str, str]:
    """The client id and the secret of an Authorization field (RFC 6749, section 2.3.1).

    Raises:
        Refused: they are not written so.
    """
    scheme, _, credentials = authorization.partition(" ")
    try:
        pair = base64.b64decode(credentials, validate=True).decode()
    except (binascii.Error, ValueError):
        pair = ""
    client_id, colon, secret = pair.partition(":")
    if scheme.lower() != "basic" or not colon:
        raise Refused("invalid_client", "the Authorization header is not valid Basic")
    return unquote_plus(client_id), unquote_plus(secret)
