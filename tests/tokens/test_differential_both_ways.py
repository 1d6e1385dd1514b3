"""Ours beside joserfc and jose on Node, both ways, over a generator of shapes.

What one of them refuses, ours refuses; and what it accepts, ours accepts, but for shapes that a
rule of ours forbids. Each part of a shape says which: so a rule that is missing shows, and a good
token that is refused shows as well.
"""

import base64
import json
import os
import random
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest

from asgi_jwks import AccessTokenVerifier, InvalidToken, StaticJWKSet, TrustedIssuer
from asgi_jwks.testing import MockIssuer, SigningKey

NOW: Final = 1_700_000_000
LEEWAY: Final = 5
ISSUER: Final = MockIssuer(clock=lambda: float(NOW))
KEY: Final = ISSUER.signing_key
STRANGER: Final = SigningKey.generate("RS256", kid=KEY.kid)
JWKS: Final[Any] = ISSUER.jwk_set()
SHAPES: Final = 1500

Members = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Part:
    """One thing about a token.

    Attributes:
        name: for failures.
        header, claims: members that replace those of a good token; GONE leaves one out.
        rule: the rule of ours that forbids it, which others need not have.
    """

    name: str
    header: Members = field(default_factory=dict)
    claims: Members = field(default_factory=dict)
    rule: str | None = None

    @property
    def names(self) -> set[str]:
        """The members that it is about."""
        return self.header.keys() | self.claims.keys()


GONE: Final = object()

NO_DATES: Final[list[object]] = ["1700003600", None, True, [NOW], {}, 10**18]

PARTS: Final = [
    *[Part(f"alg {a}", header={"alg": a}) for a in ("none", "RS512", "HS256", "rs256", "", None)],
    *[Part(f"kid {kid}", header={"kid": kid}) for kid in ("nobody", 1)],
    Part("no kid", header={"kid": GONE}),
    *[Part(f"typ {typ}", header={"typ": typ}) for typ in ("at+jwt", "JWT", "application/jwt")],
    Part("no typ", header={"typ": GONE}),
    *[
        Part(f"typ {typ}", header={"typ": typ}, rule="D9")
        for typ in ("dpop+jwt", "logout+jwt", "", "x")
    ],
    *[Part(f"crit {crit}", header={"crit": crit}, rule="D5") for crit in ([], ["exp"], "exp")],
    Part("crit b64", header={"crit": ["b64"], "b64": False}, rule="D5"),
    Part("b64", header={"b64": False}, rule="D5"),
    Part("zip", header={"zip": "DEF"}, rule="D5"),
    Part("cty", header={"cty": "JWT"}, rule="D8"),
    Part("jku", header={"jku": "https://evil.example/"}),
    Part("jwk", header={"jwk": STRANGER.public_jwk()}),
    Part("unknown members", header={"ver": "2.0", "nonce": "x"}),
    # exp, nbf and iat at their edges.
    *[Part(f"exp {n}", claims={"exp": NOW + n}) for n in (-3600, -6, -4, 1, 0.5)],
    *[Part(f"nbf {n}", claims={"nbf": NOW + n}) for n in (3600, 6, 4, -3600, 0.5)],
    *[Part(f"iat {n}", claims={"iat": NOW + n}) for n in (-3600, 0, 4)],
    *[Part(f"iat {n}", claims={"iat": NOW + n}, rule="G4") for n in (61, 3600)],
    Part("iat 30", claims={"iat": NOW + 30}),
    *[
        Part(f"{claim} {value!r}", claims={claim: value}, rule="G1")
        for claim in ("exp", "nbf", "iat")
        for value in NO_DATES
    ],
    Part("no exp", claims={"exp": GONE}),
    # The issuer and the audience.
    *[
        Part(f"iss {iss!r}", claims={"iss": iss})
        for iss in (GONE, "", ISSUER.issuer[:-1], ISSUER.issuer.upper(), 1, None, {})
    ],
    Part("iss [...]", claims={"iss": [ISSUER.issuer]}, rule="G5"),
    *[
        Part(f"aud {aud!r}", claims={"aud": aud})
        for aud in (GONE, "", "x", [], ["x"], None, 1, {}, f"{ISSUER.audience}/")
    ],
    *[
        Part(f"aud {aud!r}", claims={"aud": aud})
        for aud in ([ISSUER.audience], ["x", ISSUER.audience])
    ],
    *[
        Part(f"aud {aud!r}", claims={"aud": aud}, rule="G6")
        for aud in ([ISSUER.audience, 1], [ISSUER.audience, None], [[ISSUER.audience]])
    ],
    # Claims that another kind of token has, and others.
    *[
        Part(f"{claim} {value!r}", claims={claim: value}, rule="G8")
        for claim, value in (("token_use", "id"), ("at_hash", "x"), ("typ", "Refresh"))
    ],
    Part("nonce beside a grant", claims={"nonce": "n", "scp": "a"}),
    Part("nonce alone", claims={"nonce": "n", "client_id": GONE}, rule="G8"),
    *[Part(f"cnf {cnf}", claims={"cnf": cnf}, rule="G12") for cnf in ({}, {"jkt": "x"})],
    *[Part(f"sub {sub!r}", claims={"sub": sub}, rule="G7") for sub in (1, None, ["a"])],
    *[Part(f"jti {jti!r}", claims={"jti": jti}, rule="G7") for jti in (1, None)],
    *[Part(f"scope {scope!r}", claims={"scope": scope}) for scope in (1, ["a"], "a b", "")],
    Part("unicode", claims={"name": "é\U0001f600"}),
    Part("nested", claims={"a": {"b": [{"c": [1, 2.5, None, True]}]}}),
    Part("deep", claims={"a": [[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]}, rule="D10"),
    Part("a long number", claims={"a": 10**40}, rule="D10"),
]


@dataclass(frozen=True, slots=True)
class Form:
    """How a token is written: its bytes, from those of a good one."""

    name: str
    write: Callable[[bytes, bytes], str]
    rule: str | None = None


def b64(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def plain(header: bytes, claims: bytes) -> str:
    return KEY.sign(header, claims)


def resigned(change: Callable[[str], str]) -> Callable[[bytes, bytes], str]:
    """Change the signing input, and sign what came of it."""

    def write(header: bytes, claims: bytes) -> str:
        signing_input = change(plain(header, claims).rpartition(".")[0])
        return f"{signing_input}.{b64(KEY.signature(signing_input.encode()))}"

    return write


def changed(change: Callable[[str], str]) -> Callable[[bytes, bytes], str]:
    return lambda header, claims: change(plain(header, claims))


def twice(name: str) -> Callable[[bytes, bytes], str]:
    """A member that occurs twice in the payload, with the same value."""

    def write(header: bytes, claims: bytes) -> str:
        member = json.dumps({name: json.loads(claims).get(name)})[1:-1].encode()
        return plain(header, claims[:-1] + b"," + member + b"}")

    return write


FORMS: Final = [
    *[Form("plain", plain) for _ in range(12)],
    Form("of a stranger", lambda header, claims: STRANGER.sign(header, claims)),
    Form("signature cut", changed(lambda token: token[:-4])),
    Form("signature flipped", changed(lambda token: token[:-9] + "AAAA" + token[-5:])),
    Form("no signature", changed(lambda token: token.rpartition(".")[0] + ".")),
    Form("two parts", changed(lambda token: token.rpartition(".")[0])),
    Form("four parts", changed(lambda token: f"{token}.x")),
    Form("padded", changed(lambda token: f"{token}="), "D1"),
    Form("a line feed in it", changed(lambda token: f"{token[:-5]}\n{token[-5:]}"), "D1"),
    Form("the other alphabet", changed(lambda t: t.replace("-", "+").replace("_", "/")), "D1"),
    Form("padding signed along", resigned(lambda text: f"{text}="), "D1"),
    Form("exp twice", twice("exp"), "D2"),
    Form("aud twice", twice("aud"), "D2"),
    Form("a BOM", lambda header, claims: plain(header, b"\xef\xbb\xbf" + claims), "D1"),
    Form("UTF-16", lambda header, claims: plain(header, claims.decode().encode("utf-16")), "D12"),
    Form("trailing data", lambda header, claims: plain(header, claims + b"x")),
    Form("trailing space", lambda header, claims: plain(header, claims + b" \n")),
    Form("NaN", lambda header, claims: plain(header, claims[:-1] + b',"n":NaN}'), "D10"),
    Form("an array", lambda header, claims: plain(header, b"[" + claims + b"]")),
    Form("no payload", lambda header, _: plain(header, b"")),
]


@dataclass(frozen=True, slots=True)
class Shape:
    """A token, what it is made of, and the rules of ours that forbid it."""

    name: str
    token: str
    rules: frozenset[str]


def shapes() -> Iterator[Shape]:
    """The same ones each time: each part and form alone, then mixtures of up to three parts."""
    chance = random.Random(7519)
    for part in PARTS:
        yield shape(FORMS[0], part)
    for form in FORMS:
        yield shape(form)
    for _ in range(SHAPES):
        parts: list[Part] = []
        for part in chance.sample(PARTS, chance.randint(0, 3)):
            # What one part says, no other takes back.
            if not any(part.names & other.names for other in parts):
                parts.append(part)
        yield shape(chance.choice(FORMS), *parts)


def shape(form: Form, *parts: Part) -> Shape:
    header: Members = {"alg": "RS256", "kid": KEY.kid, "typ": "JWT"}
    claims: Members = {
        "iss": ISSUER.issuer,
        "aud": ISSUER.audience,
        "sub": "a",
        "exp": NOW + 3600,
        "client_id": "c",
    }
    for part in parts:
        header |= part.header
        claims |= part.claims
    written = [
        json.dumps({name: value for name, value in members.items() if value is not GONE}).encode()
        for members in (header, claims)
    ]
    return Shape(
        f"{form.name}: {', '.join(part.name for part in parts)}",
        form.write(*written),
        frozenset(rule for rule in (form.rule, *(part.rule for part in parts)) if rule),
    )


@pytest.fixture(scope="module")
def ours() -> list[tuple[Shape, bool]]:
    """Our verdicts."""
    trusted = TrustedIssuer(
        issuer=ISSUER.issuer, audience=ISSUER.audience, keys=StaticJWKSet(JWKS), leeway=LEEWAY
    )
    verifier = AccessTokenVerifier(trusted, clock=lambda: float(NOW))
    return [(made, accepts(verifier, made.token)) for made in shapes()]


def accepts(verifier: AccessTokenVerifier, token: str) -> bool:
    coroutine = verifier.verify(token)
    try:
        # With keys at hand the verifier waits for nothing, so no event loop is needed.
        coroutine.send(None)
    except StopIteration:
        return True
    except InvalidToken:
        return False
    raise AssertionError("the verifier waited")


def compare(ours: list[tuple[Shape, bool]], theirs: list[bool], *, lenient: set[str]) -> None:
    """Both ways; `lenient` are parts that ours accepts for a reason."""
    pairs = list(zip(ours, theirs, strict=True))
    laxer = [
        made.name
        for (made, accepted), other in pairs
        if accepted and not other and not any(name in made.name for name in lenient)
    ]
    assert laxer == []
    stricter = [made.name for (made, ok), other in pairs if other and not ok and not made.rules]
    assert stricter == []
    # No rule of ours lets through what it forbids, and both accept a good share.
    assert [made.name for (made, accepted), _ in pairs if accepted and made.rules] == []
    assert sum(ok and other for (_, ok), other in pairs) > SHAPES // 20


def test_joserfc_and_ours_agree(ours: list[tuple[Shape, bool]]) -> None:
    """D1-D12, G1-G7: but for the rules that ours has beyond it."""
    pytest.importorskip("joserfc", reason="joserfc is in the group `frameworks`")
    from joserfc import jws, jwt
    from joserfc.jwk import KeySet

    keys = KeySet.import_key_set(JWKS)
    # Members that are not understood and not critical are ignored (RFC 7515, section 4).
    registry = jws.JWSRegistry(algorithms=["RS256"], strict_check_header=False)
    rules = jwt.JWTClaimsRegistry(
        now=NOW,
        leeway=LEEWAY,
        iss={"essential": True, "value": ISSUER.issuer},
        aud={"essential": True, "value": str(ISSUER.audience)},
        exp={"essential": True},
    )

    def verdict(token: str) -> bool:
        try:
            rules.validate(jwt.decode(token, keys, registry=registry).claims)
        # Whatever it raises, it does not accept; some of it is not its own.
        except Exception:
            return False
        return True

    # A key in the header is ignored (D6); joserfc has for iat the leeway that it has for nbf.
    verdicts = [verdict(made.token) for made, _ in ours]
    compare(ours, verdicts, lenient={"plain: jwk", ", jwk", "iat 30"})


def test_jose_on_node_and_ours_agree(ours: list[tuple[Shape, bool]]) -> None:
    """D1-D12, G1-G7: but for the rules that ours has beyond it."""
    node = shutil.which("node")
    script = Path(__file__).with_name("jose_on_node.cjs")
    if node is None:
        pytest.skip("node is not installed")
    finds = [node, "-e", "require.resolve('jose')"]
    if subprocess.run(finds, cwd=script.parent, capture_output=True, check=False).returncode:
        pytest.skip("the package jose is not found by node; set NODE_PATH to where it is")
    case = {
        "tokens": [made.token for made, _ in ours],
        "jwks": JWKS,
        "issuer": ISSUER.issuer,
        "audience": ISSUER.audience,
        "leeway": LEEWAY,
        "now": NOW,
    }
    run = subprocess.run(
        [node, str(script)],
        input=json.dumps(case),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env=dict(os.environ),
    )
    compare(ours, json.loads(run.stdout), lenient=set())
