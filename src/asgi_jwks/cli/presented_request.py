"""The request that presents a token: pasted whole, or its parts by options.

The verdict on it is that of `binding`; here its parts are put together, and the rule by which an
issuer without settings of its own judges them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypedDict

import click
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from asgi_jwks.binding.certificate_sources import ClientCertField, EnvoyXFCC, TLSExtension
from asgi_jwks.binding.dpop_policy import DPoP
from asgi_jwks.binding.possession import ProofOfPossession
from asgi_jwks.cli.copied_command import copied_request, is_copied_command
from asgi_jwks.cli.pasted_request import PastedRequest, pasted_request
from asgi_jwks.cli.plain_text import plain_text
from asgi_jwks.cli.token_argument import bare_token, text_of, token_of
from asgi_jwks.errors import Reason

__all__ = ["Presented", "RequestParts", "missing_part", "presented", "request_options"]

# Whoever pastes a request vouches for its fields, and so for the proxy that wrote them.
_PROXY: Final = "127.0.0.1"


class RequestParts(TypedDict):
    """The options about the request."""

    request: str | None
    proof: str | None
    request_url: str | None
    request_method: str | None
    request_from: str
    certificate: str | None


@dataclass(frozen=True, slots=True, repr=False)
class Presented:
    """A token and the request that it came with.

    Attributes:
        token: the token.
        proof: the parts of the request that prove whose it is; None where none was told.
        assumed: options of an issuer that states none about proofs.
    """

    token: str
    proof: ProofOfPossession | None
    assumed: Mapping[str, Any]


def request_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options about the request that presents the token."""
    options = (
        click.option(
            "--request",
            metavar="FILE",
            help="The request with the token: its first line and its fields, pasted into a file, "
            "or as a browser copies it as cURL (bash); - for standard input. TOKEN is left out "
            "then.",
        ),
        click.option(
            "--proof",
            metavar="PROOF",
            help="The field DPoP of the request: as it is, @FILE, or - for standard input.",
        ),
        click.option(
            "--request-url", type=plain_text, metavar="URL", help="The whole URL of the request."
        ),
        click.option(
            "--request-method",
            type=plain_text,
            metavar="METHOD",
            help="Its method; GET unless given.",
        ),
        click.option(
            "--request-from",
            type=plain_text,
            metavar="ADDRESS",
            default=_PROXY,
            show_default=True,
            help="The address that it came from, for fields that certain proxies may write.",
        ),
        click.option(
            "--certificate",
            metavar="FILE",
            help="The certificate of the client (mTLS), in PEM or DER.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def presented(words: tuple[str, ...], parts: RequestParts) -> Presented:
    """The token of a command line, and the request that presents it.

    Args:
        words: the token, as `token_of` reads it; none where the request is pasted.
        parts: the options about the request.

    Raises:
        CannotTell: a file is unreadable.
        UsageError: parts are missing, there twice, or not of their form.
        ConfigurationError: the URL is not one that a proof can be for.
    """
    if parts["request"] is not None:
        return _pasted(words, parts)
    if not words:
        raise click.UsageError("Missing argument 'TOKEN', or the option --request.")
    proof, url = parts["proof"], parts["request_url"]
    if (proof is None) is not (url is None):
        raise click.UsageError("Give --proof and --request-url together.")
    if proof is None and parts["certificate"] is None:
        return Presented(token_of(words), None, {})
    fields = () if proof is None else (("dpop", token_of((proof,))),)
    request = PastedRequest(parts["request_method"] or "GET", url or "/", fields)
    scheme = "Bearer" if proof is None else "DPoP"
    return _presented(token_of(words), request, url, parts, scheme=scheme)


def missing_part(reason: Reason | None, parts: RequestParts) -> str | None:
    """The remedy for a refusal because a part of the request was not given here.

    None where the request was given, or where the refusal has another cause.
    """
    if parts["request"] is not None or parts["certificate"] is not None:
        return None
    if reason is Reason.SENDER_CONSTRAINED and parts["proof"] is None:
        return (
            "the token is bound to its sender (claim cnf), and nothing of the request was given: "
            "give the client's certificate by --certificate, its DPoP proof by --proof and "
            "--request-url, or the whole request by --request."
        )
    if reason is Reason.WRONG_CERTIFICATE:
        return (
            "the token is bound to the client's certificate (claim cnf), which was not given: give "
            "it by --certificate, or the whole request by --request."
        )
    return None


def _pasted(words: tuple[str, ...], parts: RequestParts) -> Presented:
    if words or parts["proof"] is not None or parts["request_method"] is not None:
        raise click.UsageError(
            "--request has the token, the proof and the method: give it without them."
        )
    text = text_of(parts["request"] or "")
    request = copied_request(text) if is_copied_command(text) else pasted_request(text)
    credentials = request.values("authorization")
    if len(credentials) != 1:
        raise click.UsageError(f"The request has {len(credentials)} Authorization fields, not one.")
    url = parts["request_url"] or request.url
    if url.startswith("/"):
        raise click.UsageError("The request has no Host: give its whole URL by --request-url.")
    scheme = "DPoP" if credentials[0][:5].lower() == "dpop " else "Bearer"
    fields = tuple(field for field in request.fields if field[0] != "authorization")
    told = PastedRequest(request.method, parts["request_url"] or request.target, fields)
    return _presented(
        bare_token(credentials[0]),
        told,
        url if request.values("dpop") else None,
        parts,
        scheme=scheme,
    )


def _presented(
    token: str, request: PastedRequest, url: str | None, parts: RequestParts, *, scheme: str
) -> Presented:
    """A token and the rest of its request; `url` is that of a proof."""
    tls = None
    if parts["certificate"] is not None:
        tls = {"client_cert_chain": [_pem(parts["certificate"])]}
    octets = [(name.encode("latin-1"), _octets(value)) for name, value in request.fields]
    proof = ProofOfPossession(
        method=request.method,
        url=request.target,
        fields=octets,
        scheme=scheme,
        client=parts["request_from"],
        tls=tls,
    )
    believed = parts["request_from"]
    assumed: dict[str, Any] = {
        "certificate_sources": [
            TLSExtension(),
            ClientCertField(trusted_proxies=believed),
            EnvoyXFCC(trusted_proxies=believed),
        ]
    }
    if url is not None:
        assumed["dpop"] = DPoP(public_origin=_origin(url), consume_proofs=False)
    return Presented(token, proof, assumed)


def _octets(value: str) -> bytes:
    return value.encode("utf-8", "surrogateescape")


def _origin(url: str) -> str:
    """The origin of a request's URL, which DPoP checks for its form."""
    scheme, slashes, rest = url.partition("://")
    return f"{scheme}{slashes}{rest.partition('/')[0].partition('?')[0]}"


def _pem(path: str) -> str:
    """The first certificate of a file, in PEM."""
    octets = _octets(text_of(path))
    try:
        certificate = (
            x509.load_pem_x509_certificates(octets)[0]
            if b"-----BEGIN" in octets
            else x509.load_der_x509_certificate(octets)
        )
    except ValueError:
        raise click.UsageError("--certificate is not a certificate in PEM or DER.") from None
    return certificate.public_bytes(Encoding.PEM).decode()
