"""The words that a provider's console shows, checked where they are given to a preset.

They are domains, URLs, identifiers of tenants and names of realms; the sentences for the mistakes
that people make with them are here too. It knows neither tokens nor any one provider.
"""

import re
from typing import Final
from urllib.parse import urlsplit

from asgi_jwks.errors import ConfigurationError

__all__ = ["require_domain", "require_issuer", "require_label", "require_name", "require_tenant_id"]

# RFC 1123, section 2.1: labels, and a port. No address in brackets, since consoles show none.
_LABEL: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?")
_DOMAIN: Final = re.compile(rf"{_LABEL.pattern}(\.{_LABEL.pattern})*(:[0-9]{{1,5}})?")
_NAME: Final = re.compile(r"[A-Za-z0-9._~!$:@-]+")
_GUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_SHARED_TENANTS: Final = frozenset({"common", "organizations", "consumers"})


def require_domain(option: str, value: object, *, example: str) -> str:
    """A domain, without `https://` and without a path; in lower case.

    Raises:
        ConfigurationError: it is not a domain; the sentence has the domain in it, if there is one.
    """
    if not isinstance(value, str):
        raise ConfigurationError(
            f"{option} must be a domain; got {value!r}. Write for example {example!r}."
        )
    _, has_scheme, rest = value.rpartition("://")
    host, slash, _ = rest.partition("/")
    if has_scheme or slash:
        raise ConfigurationError(
            f"{option} is the domain alone, without https:// and without a path; got {value!r}. "
            f"Write {host!r}."
            if _DOMAIN.fullmatch(host)
            else f"{option} must be a domain such as {example!r}; got {value!r}."
        )
    if not _DOMAIN.fullmatch(value):
        raise ConfigurationError(f"{option} must be a domain such as {example!r}; got {value!r}.")
    return value.lower()


def require_label(option: str, value: object, *, example: str) -> str:
    """A name that is the first label of a provider's domain; in lower case.

    Raises:
        ConfigurationError: it is a whole domain or a URL, or is not a label.
    """
    text = value if isinstance(value, str) else ""
    if _LABEL.fullmatch(text):
        return text.lower()
    label = text.removeprefix("https://").partition(".")[0]
    raise ConfigurationError(
        f"{option} is the name alone, the first label of the domain; got {value!r}. Write "
        f"{option}={(label.lower() if _LABEL.fullmatch(label) else example)!r}."
    )


def require_issuer(option: str, value: object, *, example: str) -> str:
    """An absolute URL without query and fragment, as `iss` has it, and unchanged.

    Raises:
        ConfigurationError: it is not one, or it is the URL of a metadata document.
    """
    if not isinstance(value, str) or not _is_issuer(value):
        raise ConfigurationError(
            f"{option} must be an https URL without a query; got {value!r}. Write for example "
            f"{example!r}."
        )
    base, well_known, _ = value.partition("/.well-known/")
    if well_known:
        raise ConfigurationError(
            f"{option} is the issuer, not the URL of its metadata document; got {value!r}. Write "
            f'{base!r}, or {base + "/"!r} if the document\'s "issuer" ends with a slash.'
        )
    return value


def _is_issuer(value: str) -> bool:
    try:
        parts = urlsplit(value)
    except ValueError:  # an address in brackets that is not one
        return False
    usual = value.isprintable() and value.isascii() and not set(value) & set(" ?#")
    return (
        usual
        and parts.scheme in {"https", "http"}
        and parts.netloc != ""
        and "@" not in parts.netloc
        # Clients take these out of a URL, so that another one would be asked.
        and {".", ".."}.isdisjoint(parts.path.split("/"))
    )


def require_name(option: str, value: object, *, example: str) -> str:
    """A name that is one segment of a URL, such as a realm or project.

    Raises:
        ConfigurationError: it is empty, or has a slash, a space or another character of no name.
    """
    if not isinstance(value, str) or not _NAME.fullmatch(value) or not value.strip("."):
        raise ConfigurationError(
            f"{option} must be a name without slashes and spaces; got {value!r}. Write for example "
            f"{option}={example!r}."
        )
    return value


def require_tenant_id(option: str, value: object) -> str:
    """The GUID of a Microsoft Entra tenant, in lower case as tokens have it.

    Raises:
        ConfigurationError: it is the name of a tenant, or stands for many.
    """
    if isinstance(value, str) and _GUID.fullmatch(value):
        return value.lower()
    if isinstance(value, str) and value.lower() in _SHARED_TENANTS:
        raise ConfigurationError(
            f"{option}={value!r} is an address to sign in at, not a tenant: tokens carry the id of "
            "the user's own tenant in iss. Write the id of each tenant that you accept, the "
            '"Directory (tenant) ID" of its overview page: entra_id_tenants(["..."], ...).'
        )
    raise ConfigurationError(
        f'{option} must be the "Directory (tenant) ID", since tokens carry that id and not the '
        f"tenant's name; got {value!r}. Write for example "
        f'{option}="aaaabbbb-0000-cccc-1111-dddd2222eeee".'
    )
