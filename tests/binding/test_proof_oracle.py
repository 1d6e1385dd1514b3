"""Proofs that are bent in many ways, held against a second reading of RFC 9449."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st
from tests.support.proof_oracle import thumbprint_of, verdict

from asgi_jwks import DPoP, InvalidProof, InvalidToken
from asgi_jwks.binding.possession import ProofOfPossession
from asgi_jwks.testing.proofs import ath_of

NOW = 1_700_000_000.0
ORIGIN = "https://api.example.com"
TOKEN = "header.payload.signature"
KEYS: list[tuple[str, Any]] = [
    ("ES256", ec.generate_private_key(ec.SECP256R1())),
    ("ES256", ec.generate_private_key(ec.SECP256R1())),
    ("EdDSA", ed25519.Ed25519PrivateKey.generate()),
    ("RS256", rsa.generate_private_key(65537, 2048)),
]
# Without a memory, so that examples know nothing of each other.
DEMANDS = DPoP(public_origin=ORIGIN, consume_proofs=False)


def public(number: int) -> dict[str, Any]:
    algorithm, key = KEYS[number]
    jwk = json.loads(jwt.get_algorithm_by_name(algorithm).to_jwk(key.public_key()))
    return {n: v for n, v in jwk.items() if n in {"kty", "crv", "x", "y", "n", "e"}}


PUBLIC = [public(number) for number in range(len(KEYS))]


@dataclass
class Sent:
    """A request with its proof, before the proof is signed, to be bent."""

    key: int = 0
    bound_to: int = 0
    method: str = "GET"
    path: str = "/a"
    header: dict[str, Any] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)
    jwk: Any = None
    htu: Callable[[str], str] = str
    write: list[Callable[[str], str]] = field(default_factory=list)
    signature: Callable[[bytes], bytes] = bytes
    finish: Callable[[str], list[str]] = lambda proof: [proof]

    def proofs(self) -> list[str]:
        algorithm, private = KEYS[self.key]
        jwk = {**PUBLIC[self.key], **self.jwk} if isinstance(self.jwk, dict) else self.jwk
        header = {"typ": "dpop+jwt", "alg": algorithm, "jwk": jwk or PUBLIC[self.key]}
        claims = {
            "jti": "1",
            "htm": self.method,
            "htu": self.htu(ORIGIN + self.path),
            "iat": NOW,
            "ath": ath_of(TOKEN),
        }
        texts = [json.dumps(dropped({**header, **self.header}))]
        texts.append(json.dumps(dropped({**claims, **self.claims})))
        for place, write in enumerate(self.write):
            texts[place % 2] = write(texts[place % 2])
        signed = ".".join(encoded(text.encode("utf-8", "surrogatepass")) for text in texts)
        made = jwt.get_algorithm_by_name(algorithm).sign(signed.encode(), private)
        return self.finish(f"{signed}.{encoded(self.signature(made))}")


GONE = object()


def dropped(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not GONE}


def encoded(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


Bend = Callable[[Sent], object]


def claim(name: str, *values: Any) -> list[Bend]:
    return [lambda sent, value=value: sent.claims.update({name: value}) for value in values]  # type: ignore[misc]  # a lambda with a default


def parameter(name: str, *values: Any) -> list[Bend]:
    return [lambda sent, value=value: sent.header.update({name: value}) for value in values]  # type: ignore[misc]  # a lambda with a default


def attribute(name: str, *values: Any) -> list[Bend]:
    return [lambda sent, value=value: setattr(sent, name, value) for value in values]  # type: ignore[misc]  # a lambda with a default


def again(text: str) -> str:
    """The first member of an object, once more."""
    name, value = next(iter(json.loads(text).items()))
    return f"{text[:-1]}, {json.dumps(name)}: {json.dumps(value)}}}"


PATHS = (
    *("/", "/a/b", "/a%2Fb", "/a%2fb", "/%61", "/a/../b", "/a//b", "/a/", "/A", "/%7Eu", "/~u"),
    *("/a;x=1", "/a%20b", "/caf%C3%A9", "/caf%c3%a9", "/a/./b", "/%2e%2e/b", "/..", "/a:b@c"),
    *("/a+b", "/a'(b)", "/a,b=c", "/%00", "/a%25b", "/..;/b", "/a\\b", "/a%zz", "/a?b=c"),
)
URLS: tuple[Callable[[str], str], ...] = (
    *(lambda u: f"{u}?q=1#f", lambda u: f"{u}#f", lambda u: f" {u}", lambda u: f"{u}\n"),
    *(lambda u: u.replace("https://api", "HTTPS://API"), lambda u: u.replace("com/", "com:443/")),
    *(lambda u: u.replace("com/", "com:0443/"), lambda u: u.replace("com/", "com:/")),
    *(lambda u: u.replace("com/", "com:444/"), lambda u: u.replace("https", "http")),
    *(lambda u: u.replace("//", "//user@"), lambda u: u.replace("com/", "com./")),
    *(lambda u: u.replace("com/", "org/"), lambda u: u.upper(), lambda u: f"{u}/"),
    *(lambda u: u.replace("com/", "com/./"), lambda u: u.replace("com/", "com/x/../")),
    *(lambda u: u.replace("com/", "com//"), lambda u: u.replace("com/", "com\\")),
    *(lambda u: u.removeprefix("https:"), lambda u: u.removeprefix(ORIGIN), lambda u: f"{u}%"),
    *(lambda u: u.replace("/a", "/%61"), lambda u: u.replace("%2F", "/"), lambda u: f"{u}\u00e9"),
    *(lambda u: u.replace("%C3%A9", "\u00e9"), lambda u: u.replace("~", "%7E"), lambda u: ""),
)
BENDS: list[Bend] = [
    *attribute("path", *PATHS),
    *attribute("htu", *URLS),
    *attribute("key", 1, 2, 3),
    *attribute("bound_to", 1, 2, 3),
    *attribute("method", "POST", "get"),
    *attribute(
        "jwk", {"d": "AA"}, {"d": None}, {"k": "AA"}, {"oth": []}, {"x": "AA"}, {"kid": "a"}
    ),
    *attribute("jwk", {"crv": "P-384"}, {"kty": "oct"}, {"kty": 7}, "x", ["x"], PUBLIC[1]),
    *parameter("typ", "DPoP+JWT", "application/dpop+jwt", "JWT", None, 7, GONE),
    *parameter("alg", "none", "HS256", "es256", "Ed25519", "RS256", None, ["ES256"], GONE),
    *parameter("crit", [], ["exp"]),
    *parameter("kid", "a", 7),
    *parameter("jku", "https://x.example"),
    *claim("jti", "", 7, None, GONE, "\u0000", "\u00e9"),
    *claim("htm", "get", "POST", "GET ", 7, GONE),
    *claim("htu", 7, None, GONE),
    *claim("iat", NOW - 60, NOW - 60.5, NOW + 5, NOW + 5.5, int(NOW), str(NOW), True, GONE),
    *claim("ath", "", ath_of("x"), f"{ath_of(TOKEN)}=", ath_of(TOKEN)[:-1], 7, GONE),
    *claim("nonce", "a"),
    *attribute("write", [again], [str, again], [lambda t: f"{t} "], [lambda t: f"\ufeff{t}"]),
    *attribute("write", [lambda t: f"[{t}]"], [str, lambda t: f"{t}{{}}"], [str, lambda _: "7"]),
    *attribute("signature", lambda s: s[:-1], lambda s: s + b"\0", lambda s: bytes(len(s))),
    *attribute("finish", lambda p: [], lambda p: [p, p], lambda p: [f"{p},{p}"], lambda p: [""]),
    *attribute("finish", lambda p: [f" {p}\t"], lambda p: [f"{p}="], lambda p: [f"{p}.x"]),
    *attribute("finish", lambda p: [p.replace(".", "..", 1)], lambda p: [p.rpartition(".")[0]]),
]


def is_accepted(sent: Sent, proofs: list[str]) -> bool:
    request = ProofOfPossession.received(
        method=sent.method,
        path=sent.path.encode(),
        fields=[(b"dpop", proof.encode()) for proof in proofs],
        uses_dpop=True,
        client=None,
        tls=None,
        used=set(),
    )
    digest = base64.urlsafe_b64decode(ath_of(TOKEN) + "=")
    proving = DEMANDS.prove(
        request, jkt=thumbprint_of(PUBLIC[sent.bound_to]), digest=digest, now=NOW
    )
    try:
        proving.send(None)
    except StopIteration:
        return True
    except (InvalidProof, InvalidToken):
        return False
    raise AssertionError("it waits for something")


def expected(sent: Sent, proofs: list[str]) -> str | None:
    jkt = thumbprint_of(PUBLIC[sent.bound_to])
    url = ORIGIN + sent.path
    return verdict(proofs, method=sent.method, url=url, token=TOKEN, jkt=jkt, now=NOW)


@given(st.lists(st.sampled_from(BENDS), max_size=3))
def test_a_proof_is_accepted_where_no_rule_is_broken(bends: list[Bend]) -> None:
    """I2-I7, I9: in both directions, whatever is bent together."""
    sent = Sent()
    for bend in bends:
        bend(sent)
    proofs = sent.proofs()
    broken = expected(sent, proofs)
    assert is_accepted(sent, proofs) is (broken is None), (broken, proofs)


def test_each_bend_breaks_the_rule_that_it_should_break() -> None:
    """I2-I7, I9: one by one; between them they break every rule."""
    broken = set()
    for bend in BENDS:
        sent = Sent()
        bend(sent)
        proofs = sent.proofs()
        rule = expected(sent, proofs)
        assert is_accepted(sent, proofs) is (rule is None), (rule, proofs)
        broken.add(rule)
    assert broken == {None, *(f"({number})" for number in (1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12))}
