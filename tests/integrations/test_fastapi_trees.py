"""Trees of FastAPI's applications and routers: one declaration is check, challenge and documents.

The oracle is the tree itself: a route needs all that is written at its levels, summed up by hand,
and nothing is read from FastAPI. A router's routes have the dependencies of all routers around and
of the application; those of an application that is mounted have its own alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from math import prod
from typing import Annotated, Any

import anyio
from fastapi import APIRouter, Depends, FastAPI, Security, WebSocket
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient
from tests.support.examples import examples
from tests.support.trusted import ISSUER

from asgi_jwks import AccessToken, StaticJWKSet, TrustedIssuer
from asgi_jwks.integrations.fastapi import JWTBearer

TRUSTED = TrustedIssuer(
    issuer=ISSUER.issuer, audience=ISSUER.audience, keys=StaticJWKSet(ISSUER.jwk_set())
)
RESOURCE = "https://testserver"
METADATA = "/.well-known/oauth-protected-resource"

Names = frozenset[str]


@dataclass(frozen=True)
class Needs:
    """The needs of a route, as the tree has them.

    `asked` are the scopes that FastAPI asks the token itself with: an override stands in for those.
    """

    asked: Names = frozenset()
    all: Names = frozenset()
    any_of: frozenset[Names] = frozenset()

    def __or__(self, other: "Needs") -> "Needs":
        return Needs(self.asked | other.asked, self.all | other.all, self.any_of | other.any_of)

    @property
    def named(self) -> list[str]:
        return sorted(self.asked.union(self.all, *self.any_of))

    def are_met_by(self, granted: Names, *, is_override: bool = False) -> bool:
        asked = frozenset() if is_override else self.asked
        return asked | self.all <= granted and all(group & granted for group in self.any_of)

    @property
    def alternatives(self) -> set[Names]:
        """The sets of scopes that are just enough."""
        enough = {self.asked | self.all | {*chosen} for chosen in product(*self.any_of)}
        return {one for one in enough if not any(less < one for less in enough)}

    @property
    def documented(self) -> set[Names]:
        """The same in a document, where more than 16 combinations are told in words alone."""
        is_long = prod(map(len, self.any_of)) > 16
        return {self.asked | self.all} if is_long else self.alternatives


@dataclass(frozen=True)
class Found:
    """A route of the tree."""

    needs: Needs
    is_websocket: bool
    app: FastAPI
    path_in_app: str
    override: Names | None


some = st.lists(st.sampled_from("abcdef"), unique=True, max_size=2)
dependencies = st.one_of(
    st.tuples(st.sampled_from(["security", "requires", "nested", "permissions"]), some),
    st.tuples(
        st.sampled_from(["any_of", "both"]),
        st.sampled_from([["u", "v", "w"], ["v", "w", "x"], ["u", "x"]]),
    ),
)
routes = st.lists(
    st.fixed_dictionaries(
        {"needs": st.lists(dependencies, min_size=1, max_size=2), "websocket": st.booleans()}
    ),
    min_size=1,
    max_size=2,
)


def nodes(below: Any) -> Any:
    return st.fixed_dictionaries(
        {
            "is_app": st.booleans(),
            # Of an application: the scopes of the token that stands in for all in it.
            "override": st.none() | some.map(frozenset),
            "own": st.lists(dependencies, max_size=1),
            # Where a router is included.
            "at": st.lists(dependencies, max_size=1),
            "routes": routes,
            "below": below,
        }
    )


trees = st.recursive(
    nodes(st.just([])), lambda below: nodes(st.lists(below, max_size=2)), max_leaves=4
)


def dependency(bearer: JWTBearer, how: str, names: list[str]) -> Any:
    """A dependency as an application writes it."""
    if how == "any_of":
        return Depends(bearer.requires(any_of=names))
    if how == "permissions" and names:
        return Depends(bearer.requires(permissions=names))
    if how == "both":
        return Security(bearer.requires(names[0], any_of=names[1:]), scopes=["g"])
    if how == "requires" and names:
        return Depends(bearer.requires(*names))
    if how == "nested":

        async def inner(token: Annotated[AccessToken, Security(bearer, scopes=names[1:])]) -> None:
            assert token.subject

        # The scopes of the outer one are those of all below it.
        return Security(inner, scopes=names[:1])
    return Security(bearer, scopes=names)


def needs_of(declared: list[tuple[str, list[str]]]) -> Needs:
    """The needs that some dependencies declare, by their names alone."""
    needs = Needs()
    for how, names in declared:
        if how == "any_of":
            needs |= Needs(any_of=frozenset({frozenset(names)}))
        elif how == "both":
            needs |= Needs(all=frozenset({names[0], "g"}), any_of=frozenset({frozenset(names[1:])}))
        elif how in {"requires", "permissions"}:
            needs |= Needs(all=frozenset(names))
        else:
            needs |= Needs(asked=frozenset(names))
    return needs


@dataclass
class Built:
    """The application of a tree, and its routes by path."""

    bearer: JWTBearer
    found: dict[str, Found] = field(default_factory=dict)
    apps: list[FastAPI] = field(default_factory=list)

    def made(self, declared: list[tuple[str, list[str]]]) -> list[Any]:
        return [dependency(self.bearer, how, names) for how, names in declared]

    def application(self, node: Any, path: str) -> FastAPI:
        app = FastAPI(dependencies=self.made(node["own"]))
        self.apps.append(app)
        override: Names | None = node["override"]
        if override is not None:
            token = verified(override)
            app.dependency_overrides[self.bearer] = lambda: token
        self.fill(app, node, path, needs_of(node["own"]), (app, len(path), override))
        return app

    def fill(self, router: Any, node: Any, path: str, above: Needs, of: Any) -> None:
        app, start, override = of
        for number, route in enumerate(node["routes"]):
            here = f"{path}/{number}"
            dependencies = self.made(route["needs"])
            if route["websocket"]:
                router.websocket(f"/{number}", dependencies=dependencies)(listen)
            else:
                router.get(f"/{number}", dependencies=dependencies)(endpoint)
            self.found[here] = Found(
                above | needs_of(route["needs"]), route["websocket"], app, here[start:], override
            )
        for number, below in enumerate(node["below"]):
            # FastAPI does not route to an application that is mounted in a router.
            if below["is_app"] and router is app:
                app.mount(f"/m{number}", self.application(below, f"{path}/m{number}"))
                continue
            inner = APIRouter(prefix=f"/r{number}", dependencies=self.made(below["own"]))
            around = above | needs_of(below["own"]) | needs_of(below["at"])
            self.fill(inner, below, f"{path}/r{number}", around, of)
            router.include_router(inner, dependencies=self.made(below["at"]))


async def endpoint() -> str:
    return "x"


async def listen(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.close()


def claims(granted: Names) -> dict[str, Any]:
    """Every name is granted as a scope and as a permission."""
    return {"scopes": " ".join(sorted(granted)), "permissions": sorted(granted)}


def bearing(granted: Names | None) -> list[tuple[bytes, bytes]]:
    """The field of a token with these grants; each is signed once."""
    if granted is None:
        return []
    if granted not in _signed:
        _signed[granted] = f"Bearer {ISSUER.access_token(**claims(granted))}".encode()
    return [(b"authorization", _signed[granted])]


_signed: dict[Names, bytes] = {}


def verified(granted: Names) -> AccessToken:
    """A token as a test puts it in the place of the JWTBearer."""
    names = sorted(granted)
    return AccessToken({"sub": "x", "scope": " ".join(names), "permissions": names})


async def asked(app: FastAPI, path: str, found: Found, granted: Names | None) -> Any:
    """The status and the scopes that the challenge names, by ASGI itself: clients take long."""
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "websocket.connect" if found.is_websocket else "http.request"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope: dict[str, Any] = {
        "type": "websocket" if found.is_websocket else "http",
        "method": "GET",
        "path": path,
        "root_path": "",
        "query_string": b"",
        "headers": bearing(granted),
        "extensions": {"websocket.http.response": {}},
    }
    await app(scope, receive, send)
    if sent[0]["type"] == "websocket.accept":
        return 200, []
    fields = dict(sent[0]["headers"])
    challenge = fields.get(b"www-authenticate", b"").decode()
    named = challenge.partition(' scope="')[2].rstrip('"').split()
    return sent[0]["status"], sorted(named)


def tokens_for(needs: Needs) -> Iterator[Names]:
    """Grants that meet the needs, and such that miss them by one."""
    for enough in sorted(needs.alternatives, key=sorted)[:3]:
        yield enough
        for lacking in enough:
            yield enough - {lacking}
    yield frozenset()


@examples(25)
@given(trees, st.booleans())
def test_check_challenge_document_and_metadata_are_one(tree: Any, attaches_all: bool) -> None:
    """K4, K6, K9: whatever level declares a need, in whichever way, and whoever stands in."""
    bearer = JWTBearer(TRUSTED, resource=RESOURCE)
    built = Built(bearer)
    app = built.application(tree, "")
    documented = built.apps if attaches_all else [app]
    for each in documented:
        bearer.attach(each)
    every = sorted({name for found in built.found.values() for name in found.needs.named})
    metadata = TestClient(app, base_url=RESOURCE).get(METADATA).json()
    assert sorted(metadata.get("scopes_supported", [])) == every
    for found in built.found.values():
        if not found.is_websocket and found.app in documented:
            operation = found.app.openapi()["paths"][found.path_in_app]["get"]
            documents = [frozenset(one["JWTBearer"]) for one in operation["security"]]
            assert len(documents) == len(set(documents))
            assert set(documents) == found.needs.documented
            assert {"401", "403", "503"} <= operation["responses"].keys()
    anyio.run(hold, app, built.found)


async def hold(app: FastAPI, routes: dict[str, Found]) -> None:
    """Ask each route with all kinds of tokens."""
    for path, found in routes.items():
        needs = found.needs
        if found.override is not None:
            is_met = needs.are_met_by(found.override, is_override=True)
            expected = (200, []) if is_met else (403, needs.named)
            assert await asked(app, path, found, None) == expected
            continue
        assert await asked(app, path, found, None) == (401, needs.named)
        for granted in tokens_for(needs):
            expected = (200, []) if needs.are_met_by(granted) else (403, needs.named)
            assert await asked(app, path, found, granted) == expected
