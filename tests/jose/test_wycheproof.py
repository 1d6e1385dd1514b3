"""Project Wycheproof's vectors for JWS and JWK, run where ASGI_JWKS_WYCHEPROOF_DIR names them.

They are not part of this repository: clone C2SP/wycheproof and set the variable to its
`testvectors_v1` folder.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from tests.support.published_secrets import published_symmetric_key

from asgi_jwks.errors import InvalidKeySet, InvalidToken
from asgi_jwks.jose.encoding import EncodingError, b64url_decode
from asgi_jwks.jose.jwk_set import JWKSet
from asgi_jwks.jose.jws import decode_header, decode_signature, segments_of

FOLDER = os.environ.get("ASGI_JWKS_WYCHEPROOF_DIR")

pytestmark = pytest.mark.skipif(FOLDER is None, reason="ASGI_JWKS_WYCHEPROOF_DIR is not set")

# (file, tcId) -> our answer, where it differs from the file's, and why.
DIFFERENT: dict[tuple[str, int], tuple[bool, str]] = {
    ("signature", 346): (False, "a PS384 token under a key with alg PS256: E2 wants them equal"),
    ("signature", 347): (False, "the key's alg is ES521, which is registered nowhere"),
    ("signature", 350): (False, "as 346"),
    ("signature", 351): (False, "as 347"),
    ("signature", 367): (True, "the same bytes as 357, which is valid: the padding got lost"),
    ("signature", 370): (True, "the same bytes as 357, which is valid: the padding got lost"),
    ("signature", 372): (False, "a foreign character in the header, which RFC 7515 forbids"),
    ("signature", 373): (False, "a foreign character in the payload, which RFC 7515 forbids"),
    ("key", 2): (False, "a set of symmetric keys: oct is never taken from a set"),
    ("key", 7): (True, "a key with the ROCA weakness: whose keys to trust is the issuer's affair"),
    ("key", 13): (False, "as 2"),
    ("key", 14): (False, "as 2"),
    ("key", 15): (False, "as 2"),
}


def cases() -> list[Any]:
    if FOLDER is None:
        return []
    return [
        pytest.param(
            file,
            group.get("public") or group["private"],
            test,
            id=f"{file}-{test['tcId']}-{test['comment']}",
        )
        for file in ("signature", "key")
        for group in json.loads((Path(FOLDER) / f"json_web_{file}_test.json").read_bytes())[
            "testGroups"
        ]
        for test in group["tests"]
    ]


def verifies(jwk: dict[str, Any], token: str) -> bool:
    try:
        header_segment, payload_segment, signature_segment, signing_input = segments_of(
            token.encode()
        )
        header, signature = decode_header(header_segment), decode_signature(signature_segment)
        b64url_decode(payload_segment)
        if jwk.get("kty") == "oct":
            secret = b64url_decode(jwk["k"].encode())
            keys, kid = JWKSet((published_symmetric_key(secret, jwk["alg"]),)), None
        else:
            keys, kid = JWKSet.parse(jwk if "keys" in jwk else {"keys": [jwk]}), header.get("kid")
        # Some groups name no kid, or another one than the token; the key is meant all the same.
        key = keys.find(kid, header["alg"]) or keys.find(None, header["alg"])
    except (EncodingError, InvalidKeySet, InvalidToken, ValueError):
        return False
    return key is not None and key.verify(header["alg"], signing_input, signature)


@pytest.mark.parametrize(("file", "jwk", "test"), cases())
def test_wycheproof(file: str, jwk: dict[str, Any], test: dict[str, Any]) -> None:
    token = test["jws"]
    ours = isinstance(token, str) and verifies(jwk, token)
    expected, why = DIFFERENT.get((file, test["tcId"]), (test["result"] == "valid", ""))
    assert ours is expected, why or test["comment"]
