"""`asgi-jwks keys`: the keys that an issuer publishes, and which of them are usable."""

import time
from dataclasses import dataclass

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from asgi_jwks._printable import printable
from asgi_jwks.caching.freshness import TrustPeriod
from asgi_jwks.cli.key_document import KeyDocument, fetched_document, file_document
from asgi_jwks.cli.output import Status, json_option, tell
from asgi_jwks.cli.plain_text import plain_text
from asgi_jwks.cli.published_keys import PublishedKey, published_set
from asgi_jwks.cli.questions import ask, deadline_option, insecure_http_option
from asgi_jwks.cli.token_argument import existing_file
from asgi_jwks.errors import ConfigurationError
from asgi_jwks.fetching.request import DocumentRequest
from asgi_jwks.fetching.response import FetchResponse, freshness_advice

__all__ = ["Cache", "KeyListing", "keys", "listing_of", "show"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cache:
    """The header fields of a response that say how long it may be kept.

    Attributes:
        cache_control: the field Cache-Control.
        age: the field Age.
        etag: the field ETag.
        advised: seconds of freshness that these advise; None if they say nothing.
        used: seconds that a RemoteJWKSet with its defaults takes the set for fresh.
    """

    cache_control: str | None
    age: str | None
    etag: str | None
    advised: float | None
    used: float


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyListing:
    """The published keys of an issuer.

    Attributes:
        source: the URL or the file that they are from.
        keys: the keys in the document's order.
        usable: how many of them can verify signatures.
        error: why the document is not a usable key set; None if it is one.
        cache: what the response says of its freshness; None for a file.
    """

    source: str
    keys: tuple[PublishedKey, ...]
    usable: int
    error: str | None
    cache: Cache | None


@click.command()
@click.argument("source", type=plain_text, metavar="ISSUER|URL|FILE")
@deadline_option
@insecure_http_option
@json_option
def keys(source: str, deadline: float, allow_insecure_http: bool, json_wanted: bool) -> int:
    """List the keys that an issuer publishes, and why some are unusable.

    The issuer is discovered; a URL of a JWK Set and a file are read as they are. Exit status 1
    means that no key is usable, 2 that there is no answer.
    """
    path = existing_file(source)
    if path is not None:
        document = file_document(path)
    elif "://" in source:
        request = DocumentRequest(allow_insecure_http=allow_insecure_http)
        document = ask("the issuer", lambda: fetched_document(source, request), timeout=deadline)
    else:
        raise ConfigurationError(
            f"{source!r} is neither a file nor a URL. Write an issuer such as "
            "https://example.eu.auth0.com/, the URL of a JWK Set, or the path of a file."
        )
    listing = listing_of(document, now=time.time())
    tell("keys", listing, show, json_wanted=json_wanted)
    return Status.REFUSED if listing.error else Status.VALID


def listing_of(document: KeyDocument, *, now: float) -> KeyListing:
    """The keys of a document, at the time `now` in seconds since the epoch."""
    found = published_set(document.response.body, now=now)
    return KeyListing(
        source=document.source,
        keys=found.keys,
        usable=sum(key.usable for key in found.keys),
        error=found.error,
        cache=_cache(document.response) if document.response.headers else None,
    )


def _cache(response: FetchResponse) -> Cache:
    advised = freshness_advice(response)
    field = {
        name: None if (value := response.header(name)) is None else printable(value, longest=200)
        for name in ("cache-control", "age", "etag")
    }
    return Cache(
        cache_control=field["cache-control"],
        age=field["age"],
        etag=field["etag"],
        advised=advised,
        used=TrustPeriod().lifetime(advised),
    )


def show(out: Console, listing: KeyListing) -> None:
    """Write the listing for people."""
    out.print(Text(listing.source, "bold"))
    if listing.keys:
        out.print(_table(listing))
    out.print()
    if listing.error:
        out.print(Text(f"Not usable: {listing.error}.", "red"))
    else:
        out.print(Text(f"{listing.usable} of {len(listing.keys)} keys are usable."))
    if listing.cache is not None:
        out.print(Text(_freshness(listing.cache)))


def _table(listing: KeyListing) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("", "kty", "alg", "use", "size"):
        table.add_column(name, no_wrap=True)
    table.add_column("kid, thumbprint, certificate", overflow="fold")
    for key in listing.keys:
        mark = Text("ok", "green") if key.usable else Text("no", "red")
        cells = (key.kty, key.alg, key.use, key.size)
        table.add_row(mark, *(Text(cell or "-") for cell in cells), _names(key))
    return table


def _names(key: PublishedKey) -> Text:
    lines = [Text(key.kid or "-")]
    if key.thumbprint is not None:
        lines.append(Text(key.thumbprint, "dim"))
    if key.certificate_ends is not None:
        ends = f"certificate ends {key.certificate_ends}, {key.certificate_distance}"
        lines.append(Text(ends, "dim"))
    if key.reason is not None:
        lines.append(Text(key.reason, "red"))
    return Text("\n").join(lines)


def _freshness(cache: Cache) -> str:
    said = ", ".join(
        f"{name}: {value}"
        for name, value in (
            ("Cache-Control", cache.cache_control),
            ("Age", cache.age),
            ("ETag", cache.etag),
        )
        if value is not None
    )
    return f"{said or 'No Cache-Control, Age or ETag'}. Taken for fresh for {cache.used:g} s."
