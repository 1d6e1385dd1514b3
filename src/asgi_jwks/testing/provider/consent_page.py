"""The pages of the authorization endpoint, in plain HTML, for people who click.

It does not know OAuth's rules: it gets values and escapes them.
"""

from collections.abc import Iterable
from html import escape

from starlette.responses import HTMLResponse

__all__ = ["consent_page", "error_page"]

# No script, no frame, no address of this page elsewhere (RFC 9700, sections 4.2.4 and 4.16).
_HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
}


def consent_page(
    *, client: str, users: Iterable[str], scopes: Iterable[str], apis: Iterable[str], ticket: str
) -> HTMLResponse:
    """A form that lets a person allow or deny."""
    options = "".join(f"<option>{escape(name)}</option>" for name in users)
    return _page(
        f"{escape(client)} asks for access",
        f"<p>To: {_listed(apis)}<p>Scopes: {_listed(scopes)}"
        f'<form method="post"><input type="hidden" name="ticket" value="{escape(ticket)}">'
        f'<p><label>As <select name="username">{options}</select></label>'
        '<p><button name="decision" value="allow">Allow</button> '
        '<button name="decision" value="deny">Deny</button></form>',
        status=200,
    )


def error_page(error: str, description: str) -> HTMLResponse:
    """An error that is shown and not sent on, since nobody knows where to."""
    return _page(escape(error), f"<p>{escape(description)}", status=400)


def _page(title: str, body: str, *, status: int) -> HTMLResponse:
    page = f'<!doctype html><html lang="en"><title>{title}</title><h1>{title}</h1>{body}</html>'
    return HTMLResponse(page, status, _HEADERS)


def _listed(values: Iterable[str]) -> str:
    return ", ".join(map(escape, values)) or "none"
