"""FastAPI's tutorial on OAuth2 with password and hashing, done right, with the API's own tokens.

What differs from it: nothing is verified by hand, so expiry, issuer and audience are checked; the
hash is Argon2 by a maintained library; an unknown user costs as much time as a wrong password.
What differs from `tutorial_create_token.py`, of which it goes on: users, who log in. It prints:

    wrong password: 400
    /users/me/: 200 {'username': 'ada'}
    /users/me/items/: 200 [{'item_id': 'Foo', 'owner': 'ada'}]
    /users/me/: 400 {'detail': 'Inactive user'}
    /users/me/items/: 400 {'detail': 'Inactive user'}
"""

import secrets
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import OAuth2PasswordRequestForm
from pwdlib import PasswordHash
from starlette.testclient import TestClient
from tutorial_create_token import bearer, create_token, secret

from asgi_jwks import AccessToken

hashing = PasswordHash.recommended()


@dataclass(frozen=True, slots=True)
class User:
    username: str
    password_hash: str
    disabled: bool = False


nobody = User("", hashing.hash(secrets.token_hex()))
people = {
    "ada": User("ada", hashing.hash("lovelace")),
    "bob": User("bob", hashing.hash("builder"), disabled=True),
}
app = FastAPI()
bearer.attach(app)


@app.post("/token")
def log_in(form: Annotated[OAuth2PasswordRequestForm, Depends()]) -> dict[str, str]:
    user = people.get(form.username, nobody)
    if not hashing.verify(form.password, user.password_hash):
        # RFC 6749, section 5.2; 401 is for clients that fail to authenticate.
        raise HTTPException(400, "Incorrect username or password")
    token = create_token({"sub": user.username}, secret)
    return {"access_token": token, "token_type": "bearer"}


def active_user(token: Annotated[AccessToken, Depends(bearer)]) -> User:
    user = people.get(token.subject or "", nobody)
    if user is nobody or user.disabled:
        raise HTTPException(400, "Inactive user")
    return user


ActiveUser = Annotated[User, Depends(active_user)]


@app.get("/users/me/")
async def me(user: ActiveUser) -> dict[str, str]:
    return {"username": user.username}


@app.get("/users/me/items/")
async def items(user: ActiveUser) -> list[dict[str, str]]:
    return [{"item_id": "Foo", "owner": user.username}]


if __name__ == "__main__":
    client = TestClient(app)
    wrong = client.post("/token", data={"username": "ada", "password": "builder"})
    print("wrong password:", wrong.status_code)
    for username, password in {"ada": "lovelace", "bob": "builder"}.items():
        login = {"username": username, "password": password}
        token = client.post("/token", data=login).json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        for path in ("/users/me/", "/users/me/items/"):
            response = client.get(path)
            print(f"{path}: {response.status_code}", response.json())
