"""Transcripts of the commands: against the mock issuer, the samples, and a provider that runs.

    python -m tests.support.transcripts FOLDER [ISSUER AUDIENCE TOKEN]

It writes one file for each; the last one where an issuer that runs, and a token of it, are given.
"""

import contextlib
import io
import os
import shlex
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import anyio
from rich.console import Console
from tests.providers.test_presets import ALL, Sample
from tests.support.running_console import running_console

from asgi_jwks import AccessTokenVerifier
from asgi_jwks.cli import main
from asgi_jwks.cli.explain import explained, show
from asgi_jwks.testing import MockIssuer, ProofKey, forge
from asgi_jwks.testing.certificates import ClientCertificate

__all__: list[str] = []

APP = """\
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from asgi_jwks import JWTBearerMiddleware


async def me(request):
    return JSONResponse({"sub": request.user.identity})


app = JWTBearerMiddleware(
    Starlette(routes=[Route("/me", me)]), issuer="ISSUER", audience="https://api.example.com"
)
"""


class Transcript:
    """Runs commands and keeps what they said."""

    def __init__(self) -> None:
        self.text = ""

    def run(self, line: str, **values: str) -> str:
        """Run a command line; `$NAME` stands for a value, which is not printed."""
        argv = shlex.split(line)
        for name, value in values.items():
            argv = [word.replace(f"${name.upper()}", value) for word in argv]
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = main(argv[1:])
        self.text += f"$ {line}\n{out.getvalue()}{err.getvalue()}[status {status}]\n\n"
        return out.getvalue()


def of_the_mock_issuer() -> str:
    """Every command, with tokens good and bad, and the issuer well and broken."""
    told = Transcript()
    told.run("asgi-jwks --help")
    with running_console() as (page, issuer, api), tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        Path("my_api.py").write_text(APP.replace("ISSUER", issuer.issuer), encoding="utf-8")
        whom = "--issuer $ISSUER --audience https://api.example.com"
        tokens: dict[str, Callable[[], str]] = {
            "good": issuer.access_token,
            "expired": lambda: issuer.access_token(lifetime=-60),
            "for another API": lambda: issuer.access_token(audience="https://other.example"),
            "of another issuer": lambda: issuer.access_token(iss="https://evil.example/"),
            "an ID token": lambda: issuer.id_token(aud=issuer.audience),
            "changed": lambda: forge.with_changed_payload(issuer.access_token(), sub="admin"),
            "alg none": lambda: forge.with_alg_none(issuer.access_token()),
            "opaque": lambda: "3f9a1c0d",
        }
        for name, token in tokens.items():
            told.text += f"# {name}\n"
            told.run(f"asgi-jwks explain $TOKEN {whom}", token=token(), issuer=issuer.issuer)
        told.run("asgi-jwks explain $TOKEN --app my_api:app", token=issuer.access_token())
        told.run(f"asgi-jwks explain $TOKEN --json {whom}", token="a.b", issuer=issuer.issuer)
        _with_requests(told, issuer, whom)
        told.run("asgi-jwks inspect $TOKEN", token=issuer.access_token())
        told.run("asgi-jwks keys $ISSUER", issuer=issuer.issuer)
        told.run("asgi-jwks provider auth0 --domain example.eu.auth0.com")
        told.run("asgi-jwks token --console $PAGE --shape Okta --json", page=page)
        told.run("asgi-jwks attack my_api:app --path /me")
        told.run("asgi-jwks doctor $ISSUER --api $API/me", issuer=issuer.issuer, api=api)
        for fault in (issuer.jwks.fail, issuer.jwks.garbage, issuer.jwks.empty):
            fault()
            told.text += f"# the JWKS endpoint: {fault.__name__}\n"
            told.run("asgi-jwks doctor $ISSUER", issuer=issuer.issuer)
            told.run("asgi-jwks keys $ISSUER", issuer=issuer.issuer)
            told.run(
                f"asgi-jwks explain $TOKEN {whom}",
                token=issuer.access_token(),
                issuer=issuer.issuer,
            )
        os.chdir("/")
    told.run("asgi-jwks demo")
    return told.text


def _with_requests(told: Transcript, issuer: MockIssuer, whom: str) -> None:
    """Tokens that are bound to their sender, and requests that are pasted whole."""
    url, values = "https://api.example.com/me", {"issuer": issuer.issuer}
    key, own, other = ProofKey(), ClientCertificate.generate(), ClientCertificate.generate()
    Path("client.pem").write_text(own.pem, encoding="utf-8")
    Path("other.pem").write_text(other.pem, encoding="utf-8")
    bound = issuer.access_token(cnf=own.confirmation)
    for options in ("--certificate client.pem", "--certificate other.pem", ""):
        told.text += f"# bound to the certificate client.pem: {options or 'none is shown'}\n"
        told.run(f"asgi-jwks explain $TOKEN {options} {whom}", token=bound, **values)
    token = issuer.access_token(cnf=key.confirmation)
    fields = {"authorization": f"DPoP {token}", "dpop": key.proof("GET", url, token)}
    head = "".join(f"{name}: {value}\n" for name, value in fields.items())
    headers = "".join(f" \\\n  -H '{name}: {value}'" for name, value in fields.items())
    for name, text in {
        "request.txt": f"GET /me HTTP/1.1\nhost: api.example.com\n{head}",
        "copied-as-curl.txt": f"curl '{url}'{headers}",
        "for-another-url.txt": f"GET /you HTTP/1.1\nhost: api.example.com\n{head}",
    }.items():
        Path(name).write_text(text, encoding="utf-8")
        told.text += f"# a pasted request with a DPoP proof: {name}\n"
        told.run(f"asgi-jwks explain --request {name} {whom}", **values)


def of_the_samples() -> str:
    """The explanation of every sample of every provider, by its preset."""
    out = io.StringIO()
    console = Console(file=out, width=100, highlight=False)

    async def one(sample: Sample) -> None:
        verifier = AccessTokenVerifier([sample.issuer()], clock=sample.now)
        console.print(f"# {sample.name}", markup=False)
        show(console, explained(verifier, await verifier.explain(sample.token())))
        console.print()

    for sample in ALL:
        anyio.run(one, sample)
    return out.getvalue()


def of_a_provider(issuer: str, audience: str, token: str) -> str:
    """An issuer that runs, and a token of it."""
    told = Transcript()
    values = {"issuer": issuer, "audience": audience, "token": token}
    told.run("asgi-jwks keys $ISSUER", **values)
    told.run("asgi-jwks doctor $ISSUER", **values)
    told.run("asgi-jwks inspect $TOKEN", **values)
    told.run("asgi-jwks explain $TOKEN --issuer $ISSUER --audience $AUDIENCE", **values)
    told.run("asgi-jwks explain $TOKEN --issuer $ISSUER/ --audience $AUDIENCE", **values)
    told.run("asgi-jwks explain $TOKEN --issuer $ISSUER --audience https://other.example", **values)
    preset = "--provider node_oidc_provider --issuer $ISSUER --audience $AUDIENCE"
    told.run(f"asgi-jwks explain $TOKEN {preset}", **values)
    return told.text


def write(folder: Path, real: list[str]) -> None:
    """Write all transcripts."""
    folder.mkdir(parents=True, exist_ok=True)
    folder = folder.resolve()
    (folder / "mock-issuer.txt").write_text(of_the_mock_issuer(), encoding="utf-8")
    (folder / "samples.txt").write_text(of_the_samples(), encoding="utf-8")
    if real:
        (folder / "provider.txt").write_text(of_a_provider(*real), encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]), sys.argv[2:])
