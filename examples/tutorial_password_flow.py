"""FastAPI's tutorial on OAuth2 with password and hashing, done right, with the API's own tokens.

What differs from it: nothing is verified by hand, so expiry, issuer and audience are checked; the
hash is Argon2 by a maintained library; an unknown user costs as much time as a wrong password.
What differs from `tutorial_create_token.py`, of which it goes on: users, who log in. It prints:

    wrong password: 400
    ada: 200 {'username': 'ada'}, then 200 [{'item_id': 'Foo', 'owner': 'ada'}]
    bob: 400 {'detail': 'Inactive user'}, then 400 {'detail': 'Inactive user'}
"""

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


nobody = User("", hashing.hash("no password of anyone's"))
ada = User("ada", hashing.hash("lovelace"))
bob = User("bob", hashing.hash("builder"), disabled=True)
people = {user.username: user for user in (ada, bob)}
app = FastAPI()
bearer.attach(app)


@app.post("/token")
def log_in(form: Annotated[OAuth2PasswordRequestForm, Depends()]) -> dict[str, str]:
    user = people.get(form.username, nobody)
    if not hashing.verify(form.password, user.password_hash) or user is nobody:
        # RFC 6749, section 5.2; 401 is for clients that fail to authenticate.
        raise HTTPException(400, "Incorrect username or password")
    return {"access_token": create_token({"sub": user.username}, secret), "token_type": "bearer"}


def active_user(token: Annotated[AccessToken, Depends(bearer)]) -> User:
    user = people.get(token.subject or "")
    if user is None or user.disabled:
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
    wrong = {"username": "ada", "password": "builder"}
    print("wrong password:", client.post("/token", data=wrong).status_code)
    for username, password in {"ada": "lovelace", "bob": "builder"}.items():
        login = client.post("/token", data={"username": username, "password": password})
        token = login.json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        answers = [client.get(path) for path in ("/users/me/", "/users/me/items/")]
        print(f"{username}:", ", then ".join(f"{a.status_code} {a.json()}" for a in answers))
