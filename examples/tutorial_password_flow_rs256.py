"""FastAPI's tutorial on OAuth2 with password and hashing, with an identity provider's tokens.

What differs from `tutorial_password_flow.py`: `/token` is the provider's, and so are the passwords.
The API has no secret, and verifies RS256 tokens with the keys that the provider publishes; what it
knows of a user is in the token. The password grant itself is for tests and for moving away from:
OAuth 2.1 leaves it out, and `fastapi_app.py` shows what replaces it. It prints:

    wrong password: 400 invalid_grant
    ada: 200 {'username': 'ada', 'email': 'ada@example.com', 'full_name': 'Ada Lovelace', \
'disabled': False}, then 200 [{'item_id': 'Foo', 'owner': 'ada'}]
    bob: 400 {'detail': 'Inactive user'}, then 400 {'detail': 'Inactive user'}
"""

from typing import Annotated, TypedDict, cast

from fastapi import Depends, FastAPI, HTTPException, Request
from starlette.testclient import TestClient

from asgi_jwks import access_token
from asgi_jwks.integrations.fastapi import JWTBearer
from asgi_jwks.testing import MockIssuer


class UserClaims(TypedDict):
    nickname: str
    email: str
    name: str
    disabled: bool


provider = MockIssuer()
ada = UserClaims(nickname="ada", email="ada@example.com", name="Ada Lovelace", disabled=False)
bob = UserClaims(nickname="bob", email="bob@example.com", name="Bob Builder", disabled=True)
provider.add_user("ada", "lovelace", **ada)
provider.add_user("bob", "builder", **bob)

bearer = JWTBearer(
    issuer=provider.issuer,
    audience=provider.audience,
    required_claims=list(UserClaims.__annotations__),
    http_client=provider.http_client(),
)
app = FastAPI(dependencies=[Depends(bearer)])
bearer.attach(app)


def active_user(request: Request) -> UserClaims:
    user = access_token(request, lambda claims: cast("UserClaims", claims)).claims
    if user["disabled"]:
        raise HTTPException(400, "Inactive user")
    return user


ActiveUser = Annotated[UserClaims, Depends(active_user)]


@app.get("/users/me/")
async def me(user: ActiveUser) -> dict[str, str | bool]:
    shown = {"username": user["nickname"], "email": user["email"], "full_name": user["name"]}
    return {**shown, "disabled": user["disabled"]}


@app.get("/users/me/items/")
async def items(user: ActiveUser) -> list[dict[str, str]]:
    return [{"item_id": "Foo", "owner": user["nickname"]}]


if __name__ == "__main__":
    api, idp = TestClient(app), TestClient(provider.app)
    login = {"grant_type": "password", "username": "ada", "password": "builder"}
    refused = idp.post("/token", data=login)
    print("wrong password:", refused.status_code, refused.json()["error"])
    for username, password in {"ada": "lovelace", "bob": "builder"}.items():
        login |= {"username": username, "password": password}
        token = idp.post("/token", data=login).json()["access_token"]
        api.headers["Authorization"] = f"Bearer {token}"
        answers = [api.get(path) for path in ("/users/me/", "/users/me/items/")]
        print(f"{username}:", ", then ".join(f"{a.status_code} {a.json()}" for a in answers))
