"""Roles and nested claims, as Keycloak writes them, and a rule of the application's own.

What differs from `starlette_app.py`: the preset of Keycloak reads roles from `realm_access.roles`,
and `requires` demands them, or the value of any claim by its path, or asks the application's own
condition, which may be async. Roles are not scopes, so a challenge does not name them. It prints:

    /reports as editor: 200
    /reports as reader: 403
    /settings as editor of acme: 200
    /settings as editor of globex: 403
    /own as editor of acme: 200
"""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from asgi_jwks import AccessToken, JWTBearerMiddleware, requires
from asgi_jwks.providers import keycloak
from asgi_jwks.testing import MockIssuer

provider = MockIssuer(issuer="https://sso.example.com/realms/main", audience="orders")
paying = {"acme"}


@requires(roles="editor")
async def reports(request: Request) -> PlainTextResponse:
    return PlainTextResponse(request.url.path)


# The same role by its path, for issuers without a preset, and a claim of the tenant.
@requires(claims={"realm_access.roles": "editor", "organization.name": "acme"})
async def settings(request: Request) -> PlainTextResponse:
    return PlainTextResponse(request.url.path)


async def has_paid(token: AccessToken) -> bool:
    """Stands for a look into a database. True alone lets the request pass."""
    return token.claims["organization"]["name"] in paying


@requires(condition=has_paid)
async def own(request: Request) -> PlainTextResponse:
    return PlainTextResponse(request.url.path)


app = JWTBearerMiddleware(
    Starlette(
        routes=[Route("/reports", reports), Route("/settings", settings), Route("/own", own)]
    ),
    keycloak(
        "https://sso.example.com",
        realm="main",
        audience="orders",
        http_client=provider.http_client(),
    ),
)

if __name__ == "__main__":
    client = TestClient(app)

    def ask(path: str, role: str, name: str = "") -> None:
        token = provider.access_token(
            typ="Bearer",
            realm_access={"roles": [role]},
            organization={"name": name or "acme"},
        )
        response = client.get(path, headers={"Authorization": f"Bearer {token}"})
        print(f"{path} as {role}{f' of {name}' if name else ''}: {response.status_code}")

    ask("/reports", "editor")
    ask("/reports", "reader")
    ask("/settings", "editor", "acme")
    ask("/settings", "editor", "globex")
    ask("/own", "editor", "acme")
