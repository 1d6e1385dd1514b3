"""FastAPI's tutorial on OAuth2 with password and hashing, done right, with the API's own tokens.

What differs from it: nothing is verified by hand, so expiry, issuer and audience are checked; the
hash is Argon2 by a maintained library; an unknown user costs as much time as a wrong password. A
wrong password is 400 `invalid_grant` and not 401 (RFC 6749, section 5.2), since `/token` takes no
token. What differs from `tutorial_create_token.py`, of which it goes on: users log in. It prints:

    wrong password: 400 invalid_grant
    ada: 200 {'username': 'ada', 'email': 'ada@example.com', 'full_name': 'Ada Lovelace', \
'disabled': False}, then 200 [{'item_id': 'Foo', 'owner': 'ada'}]
    bob: 400 {'detail': 'Inactive user'}, then 400 {'detail': 'Inactive user'}
"""

from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException
from fastapi.responses import JSONResponse
from fastapi.security import OAuth2PasswordRequestForm
from pwdlib import PasswordHash
from pydantic import BaseModel
from starlette.testclient import TestClient
from tutorial_create_token import bearer, create_token, secret

from asgi_jwks import AccessToken


class User(BaseModel):
    username: str
    email: str | None = None
    full_name: str | None = None
    disabled: bool = False


hashing = PasswordHash.recommended()
ada = User(username="ada", email="ada@example.com", full_name="Ada Lovelace")
bob = User(username="bob", email="bob@example.com", full_name="Bob Builder", disabled=True)
people = {user.username: user for user in (ada, bob)}
hashes = {"ada": hashing.hash("lovelace"), "bob": hashing.hash("builder")}
nobody = hashing.hash("nobody's")
app = FastAPI()
bearer.attach(app)


@app.post("/token")
def log_in(form: Annotated[OAuth2PasswordRequestForm, Depends()]) -> JSONResponse:
    if not hashing.verify(form.password, hashes.get(form.username, nobody)):
        return JSONResponse({"error": "invalid_grant"}, 400)
    token = create_token({"sub": form.username}, secret)
    return JSONResponse({"access_token": token, "token_type": "bearer"})


def active_user(token: Annotated[AccessToken, Depends(bearer)]) -> User:
    user = people.get(token.subject or "")
    if user is None or user.disabled:
        raise HTTPException(400, "Inactive user")
    return user


ActiveUser = Annotated[User, Depends(active_user)]


@app.get("/users/me/")
async def me(user: ActiveUser) -> User:
    return user


@app.get("/users/me/items/")
async def items(user: ActiveUser) -> list[dict[str, str]]:
    return [{"item_id": "Foo", "owner": user.username}]


if __name__ == "__main__":
    client = TestClient(app)
    refused = client.post("/token", data={"username": "ada", "password": "builder"})
    print("wrong password:", refused.status_code, refused.json()["error"])
    for username, password in {"ada": "lovelace", "bob": "builder"}.items():
        login = client.post("/token", data={"username": username, "password": password})
        client.headers["Authorization"] = f"Bearer {login.json()['access_token']}"
        answers = [client.get(path) for path in ("/users/me/", "/users/me/items/")]
        print(f"{username}:", ", then ".join(f"{a.status_code} {a.json()}" for a in answers))
