"""Coverage-guided fuzzing of everything that reads bytes from outside (atheris, libFuzzer).

    uv run --isolated --with atheris python tests/fuzz/fuzz.py TARGET -max_total_time=600

TARGET is one of `jose`, `header`, `jwks`, `verify`, `kinds`, `presets`. What follows it goes to
libFuzzer: a folder to keep the corpus in, `-max_len=`, a file to run again. A finding is any
exception that is not ours, or a promise broken: each target says which. What it finds becomes a
test beside the code.
"""

import sys
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

Target = Callable[[bytes], None]

# asgi_jwks is imported inside the targets: atheris instruments what is imported after it.


def jose() -> Target:
    """Base64url, JSON and the compact serialization: a value in its one spelling, or our error."""
    import json

    from asgi_jwks.errors import InvalidToken, Reason
    from asgi_jwks.jose.encoding import EncodingError, b64url_decode, b64url_encode, json_object
    from asgi_jwks.jose.json_limits import CLAIMS_LIMITS
    from asgi_jwks.jose.jws import parse_compact
    from asgi_jwks.jose.member_scan import member_of
    from asgi_jwks.jose.read_only import KeptObject

    def run(data: bytes) -> None:
        try:
            decoded = b64url_decode(data)
        except EncodingError as error:
            require(len(data) < 16 or repr(data)[2:-1] not in str(error), "the error quotes bytes")
        else:
            require(b64url_encode(decoded).encode() == data, "two spellings of one value")
        found: str | None = None
        with suppress(EncodingError):
            found = member_of(data, "iss")
        try:
            value = json_object(data, CLAIMS_LIMITS)
        except EncodingError:
            pass
        else:
            require(found in (None, value.get("iss")), "two readers of `iss` differ")
            require(KeptObject(value).copy() == value, "a copy that differs")
            require(data.count(b"{") > 0 and parts_of(value) <= 1537, "more than the limits allow")
            require(value == json.loads(data.decode("utf-8")), "another value than json's")
            json.dumps(value, allow_nan=False, ensure_ascii=False).encode("utf-8")
        try:
            parse_compact(data)
        except InvalidToken as refusal:
            require(refusal.reason is Reason.MALFORMED, "another reason than malformed")

    return run


def parts_of(value: Any) -> int:
    """The members and elements in a value, and the value itself."""
    if not isinstance(value, dict | list):
        return 1
    inner = value.values() if isinstance(value, dict) else value
    return 1 + sum(map(parts_of, inner))


def header() -> Target:
    """Any header fields and any path: 400 or 401 with a challenge, and nobody gets in."""
    from asgi_jwks import (
        AuthorizationHeader,
        Cookie,
        JWTBearerMiddleware,
        SharedSecret,
        WebSocketSubprotocol,
    )

    async def app(scope: Any, receive: Any, send: Any) -> None:
        path = scope["path"]
        require(path == "/health" or path.startswith("/static/"), "somebody got in")
        segments = set(path[1:].split("/"))
        require(segments.isdisjoint({"", ".", ".."}), "an ambiguous path got in")
        require(scope["claims"] == {}, "somebody is known")

    guard: Any = JWTBearerMiddleware(
        app,
        issuer="https://issuer.example/",
        audience="api",
        keys=SharedSecret(bytes(range(32))),
        public_paths=["/health", "/static/*"],
        token_sources=[AuthorizationHeader(), Cookie("at"), WebSocketSubprotocol()],
    )

    def run(data: bytes) -> None:
        value, _, rest = data.partition(b"\n")
        cookie, _, path = rest.partition(b"\n")
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        text = path.decode("utf-8", "replace")
        scope: dict[str, Any] = {
            "type": "http" if len(data) % 2 else "websocket",
            "method": "GET",
            "path": text,
            "raw_path": path,
            "headers": [(b"authorization", value), (b"cookie", cookie)],
            "subprotocols": text.split(","),
            "extensions": {"websocket.http.response": {}},
        }
        finish(guard(scope, None, send))
        if sent:
            require(sent[0]["status"] in {400, 401}, "another status than 400 or 401")
            challenge = dict(sent[0]["headers"])[b"www-authenticate"]
            require(challenge.isascii() and b"\n" not in challenge, "a challenge in pieces")

    return run


def jwks() -> Target:
    """Any document: a set whose every key has its algorithms and a thumbprint, or our error."""
    from asgi_jwks.errors import InvalidKeySet, InvalidToken
    from asgi_jwks.jose.jwk_set import JWKSet

    def run(data: bytes) -> None:
        try:
            keys = JWKSet.parse(data)
        except InvalidKeySet:
            return
        require(0 < len(keys.keys) <= 512, "an empty set, or too many keys")
        for key in keys.keys:
            require(key.kty in {"RSA", "EC", "OKP"}, "a kind of key that is not for publishing")
            require(bool(key.algorithms), "a key without an algorithm")
            require(len(key.thumbprint) == 43, "no thumbprint")
            for algorithm in key.algorithms:
                require(not algorithm.startswith("HS"), "a published key that is a secret")
                require(not key.verify(algorithm, b"message", data[:64]), "anything verifies")
                try:
                    keys.select(key.kid, algorithm)
                except InvalidToken as refusal:
                    require(refusal.reason.value == "ambiguous_key", "a key is not found")

    return run


def verify() -> Target:
    """Tokens that are signed right, of any header and payload: accepted only under the rules."""
    import hmac

    from asgi_jwks import (
        AccessTokenVerifier,
        InvalidToken,
        SharedSecret,
        TrustedIssuer,
    )
    from asgi_jwks.jose.encoding import b64url_encode

    secret = bytes(range(32))
    now = 1_700_000_000
    verifier = AccessTokenVerifier(
        [
            TrustedIssuer(
                issuer="https://issuer.example/", audience="api", keys=SharedSecret(secret)
            )
        ],
        clock=lambda: now,
        verified_tokens=2,
    )

    def run(data: bytes) -> None:
        header, separator, payload = data.partition(b"\n")
        token = data
        if separator:
            signing_input = f"{b64url_encode(header)}.{b64url_encode(payload)}".encode()
            signature = b64url_encode(hmac.digest(secret, signing_input, "sha256"))
            token = signing_input + b"." + signature.encode()
        try:
            access_token = finish(verifier.verify(token))
        except InvalidToken:
            return
        claims = access_token.claims
        audience = claims["aud"]
        require(bool(separator), "an unsigned token was accepted")
        require(claims["iss"] == "https://issuer.example/", "another issuer's token")
        require("api" in (audience if isinstance(audience, list) else [audience]), "another API's")
        require(claims["exp"] > now - 5, "an expired token")
        require("cnf" not in claims, "a token that is bound to a key")
        other_kind = {"events", "at_hash"} & claims.keys()
        require(not other_kind or b"at+jwt" in header.lower(), "another kind of token")
        require(all(isinstance(scope, str) for scope in access_token.scopes), "odd scopes")

    return run


# Claims in front of which only a header of at+jwt lets a token pass, whatever their values.
MARKS_BY_NAME = frozenset({"at_hash", "c_hash", "s_hash", "token_introspection"})
# The same for claims that name the kind, but for these values.
ACCESS_BY_VALUE = {
    "typ": frozenset({"bearer", "dpop", "access", "access_token", "jwt", "at+jwt"}),
    "token_use": frozenset({"access"}),
}
NAMES_OF_OTHERS = (
    "refresh",
    "RefreshToken",
    "id_token",
    "ID-Token",
    "logout_token",
    "DSR",
    "reset",
)


def kinds() -> Target:
    """Any header type and claims, by every rule: a verdict, and never one that a mark forbids."""
    from asgi_jwks import InvalidToken, Reason
    from asgi_jwks.jose.encoding import EncodingError, json_object
    from asgi_jwks.tokens import scopes
    from asgi_jwks.tokens.header_rules import JOSEHeader, read_header
    from asgi_jwks.tokens.kinds import DEFAULT_KIND_RULE

    made = [issuer.rules for issuer in issuers().values()]

    def run(data: bytes) -> None:
        first, _, second = data.partition(b"\n")
        try:
            members, claims = json_object(first), json_object(second)
            header = read_header({"alg": "RS256", **members})
        except (EncodingError, InvalidToken):
            return
        for rules in made:
            is_accepted = passes(rules.kind, header, claims)
            # The order of claims says nothing.
            require(
                passes(rules.kind, header, dict(reversed(claims.items()))) is is_accepted, "order"
            )
            for read in (scopes.granted_scopes, scopes.roles, scopes.groups, scopes.permissions):
                names = read(claims, rules.grant_claims)
                require(all(type(name) is str and name for name in names), "odd grants")
                require(len(set(names)) == len(names), "a grant occurs twice")
            client = scopes.client_id(claims, rules.grant_claims)
            require(client is None or (type(client) is str and client != ""), "an odd client")
        if not passes(DEFAULT_KIND_RULE, header, claims) or header.type == "at+jwt":
            return
        require(header.type in {None, "jwt"}, "another header type was accepted")
        require(MARKS_BY_NAME.isdisjoint(claims), "a mark of another kind was accepted")
        for name, values in ACCESS_BY_VALUE.items():
            value = claims.get(name, min(values))
            require(type(value) is str and value.lower() in values, f"another {name} was accepted")
        for name in ("token_type", "tokenType", "TokenType", "tokenName", "tok_type", "type"):
            require(claims.get(name) not in NAMES_OF_OTHERS, f"another {name} was accepted")

    def passes(rule: Any, header: JOSEHeader, claims: Any) -> bool:
        try:
            rule.check(header, claims)
        except InvalidToken as refusal:
            expected = {Reason.NOT_AN_ACCESS_TOKEN, Reason.WRONG_TYPE}
            require(refusal.reason in expected, "another reason than the kind")
            require(str(refusal).isascii(), "the refusal quotes the token")
            return False
        return True

    return run


def issuers() -> dict[str, Any]:
    """An issuer of each preset, by name."""
    from asgi_jwks import SharedSecret, providers

    made: dict[str, Any] = {}
    for name, (args, kwargs) in WORDS_OF_CONSOLES.items():
        made[name] = getattr(providers, name)(*args, **kwargs, keys=SharedSecret(bytes(range(32))))
    return made


def presets() -> Target:
    """Any text as an argument of any preset: our error, or one URL and keys of its own host."""
    from urllib.parse import urlsplit

    from asgi_jwks import ConfigurationError, SharedSecret, providers

    secret = SharedSecret(bytes(range(32)))
    # In alphabetical order; each is made once, so that its module is instrumented.
    names = sorted(issuers())
    # Names of issuers that need not be URLs.
    free = {"fusionauth", "descope", "simplejwt", "flask_jwt_extended"}

    def run(data: bytes) -> None:
        if len(data) < 2:
            return
        name = names[data[0] % len(names)]
        args, kwargs = WORDS_OF_CONSOLES[name]
        text = data[2:].decode("utf-8", "surrogateescape")
        place = data[1] % (len(args) + len(kwargs))
        given = [text if at == place else word for at, word in enumerate(args)]
        named = {
            option: text if at + len(args) == place and isinstance(word, str) else word
            for at, (option, word) in enumerate(kwargs.items())
        }
        try:
            issuer = getattr(providers, name)(*given, **named, keys=secret)
        except ConfigurationError:
            return
        preset = issuer.preset
        require(issuer.rules.issuer == preset.issuer, "two issuers")
        urls = [] if name in free else [preset.issuer]
        for url in [*urls, *filter(None, [preset.jwks_uri])]:
            parts = urlsplit(url)
            require(url.isascii() and url.isprintable() and " " not in url, "not a URL")
            require(parts.scheme in {"https", "http"}, "another scheme")
            require("@" not in parts.netloc and not parts.query and not parts.fragment, "odd parts")
            segments = parts.path.split("/")
            require(".." not in segments and "." not in segments, "a path that goes elsewhere")
        if preset.jwks_uri is not None and name in SAME_HOST:
            hosts = {urlsplit(preset.issuer).netloc, urlsplit(preset.jwks_uri).netloc}
            require(len(hosts) == 1, "keys of another host")

    return run


TARGETS: dict[str, Callable[[], Target]] = {
    "jose": jose,
    "header": header,
    "jwks": jwks,
    "verify": verify,
    "kinds": kinds,
    "presets": presets,
}

TENANT = "aaaabbbb-0000-cccc-1111-dddd2222eeee"
APP = "11112222-bbbb-3333-cccc-4444dddd5555"
API = "https://api.example.com"
AUTH = "https://auth.example.com"

# The presets, each with words that its provider's console could show.
WORDS_OF_CONSOLES: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {
    "auth0": (("example.eu.auth0.com",), {"audience": API}),
    "entra_id": ((), {"tenant": TENANT, "audience": APP, "version": "v2"}),
    "entra_external_id": ((), {"tenant": TENANT, "audience": APP}),
    "azure_ad_b2c": (
        (),
        {"tenant_name": "contoso", "tenant": TENANT, "policy": "B2C_1_in", "audience": APP},
    ),
    "okta": (("example.okta.com",), {"audience": API, "authorization_server": "default"}),
    "cognito": ((), {"region": "eu-west-1", "user_pool": "eu-west-1_A1", "client_id": "c"}),
    "firebase": (("example-project",), {}),
    "keycloak": (("https://sso.example.com",), {"realm": "r", "audience": "api", "client": "c"}),
    "spring_authorization_server": ((AUTH,), {"audience": API}),
    "duende": ((AUTH,), {"audience": API}),
    "openiddict": ((f"{AUTH}/",), {"audience": API}),
    "ory_hydra": ((AUTH,), {"audience": API}),
    "zitadel": (("example.zitadel.cloud",), {"audience": "1", "project": "1"}),
    "authentik": (("sso.example.com",), {"application": "a", "client_id": "c"}),
    "dex": ((AUTH,), {"client_id": "c"}),
    "fusionauth": ((AUTH,), {"issuer": "acme.com", "application_id": APP}),
    "pingfederate": ((AUTH,), {"audience": API, "client_id_claim": "client_id"}),
    "pingam": ((AUTH,), {"audience": API}),
    "uaa": ((AUTH,), {"audience": API}),
    "xsuaa": ((), {"subdomain": "example", "region": "eu10", "audience": "o!t1"}),
    "supabase": (("abcdef",), {"audience": "authenticated"}),
    "clerk": (("clerk.example.com",), {"authorized_parties": API}),
    "workos_connect": (("example.authkit.app",), {"audience": API}),
    "workos_session": (("client_1",), {"audience": API}),
    "descope": (("P2abc",), {"audience": API}),
    "logto": (("example.logto.app",), {"audience": API}),
    "casdoor": ((AUTH,), {"client_id": "c"}),
    "node_oidc_provider": ((AUTH,), {"audience": API}),
    "allauth": ((AUTH,), {"client_id": "c"}),
    "ad_fs": (("adfs.example.com",), {"audience": API}),
    "cidaas": (("example.cidaas.de",), {"client_id": "c"}),
    "gravitee": ((AUTH,), {"audience": API}),
    "ibm_app_id": (("https://eu-de.appid.cloud.ibm.com/oauth/v4/t",), {"client_id": "c"}),
    "janssen": ((AUTH,), {"audience": API}),
    "kanidm": (("idm.example.com",), {"client_id": "c"}),
    "stytch": (("project-test-1",), {}),
    "supertokens": ((AUTH,), {"audience": API}),
    "simplejwt": ((AUTH,), {"audience": API}),
    "flask_jwt_extended": ((AUTH,), {"audience": API}),
    "kubernetes": ((AUTH,), {"audience": API}),
    "github_actions": ((), {"audience": API, "repositories": "a/b", "enterprise": "octo"}),
    "gitlab": ((AUTH,), {"audience": API, "projects": "a/b"}),
    "cloudflare_access": (("example",), {"audience": "32eafc76"}),
    "vault": ((AUTH,), {"client_id": "c", "namespace": "team"}),
    "spiffe": ((AUTH,), {"trust_domain": "example.org", "audience": API}),
}

# The keys are where the issuer is.
SAME_HOST = frozenset(
    {"azure_ad_b2c", "cognito", "xsuaa", "supabase", "clerk", "cloudflare_access"}
)
SAME_HOST |= frozenset({"uaa", "vault"})

_GOOD_HEADER = b'{"alg":"HS256","typ":"JWT"}'
_GOOD_CLAIMS = b'{"iss":"https://issuer.example/","aud":["api"],"exp":1700000600,"scope":"a b"}'

# What fuzzing starts from: one good input of each form, so that it need not find JSON by itself.
SEEDS: dict[str, tuple[bytes, ...]] = {
    "jose": (
        b"eyJhbGciOiJIUzI1NiJ9",
        _GOOD_CLAIMS,
        b"e30.e30.AA",
        b'{"a":[1.5e3,"\\ud83d\\ude00"]}',
        b'{"a":{"iss":"b"},"c":"\\"iss\\"{","iss" : "https:\\/\\/issuer.example"}',
    ),
    "header": (
        b"Bearer e30.e30.AA\nat=x; b=c\n/admin",
        b"Basic YTpi\n\n/health",
        b"\nat=e30.e30.AA\n/static/a.css",
        b"\n\nbearer,e30.e30.AA,chat",
    ),
    "jwks": (
        b'{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"a","use":"sig",'
        b'"x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}',
        b'{"keys":[{"kty":"EC","crv":"P-256","alg":"ES256","key_ops":["verify"],'
        b'"x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",'
        b'"y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}',
        b'{"keys":[{"kty":"RSA","kid":"r","e":"AQAB","n":"' + b"w" * 342 + b'"}]}',
        b'{"a":[{"b":["]"]}],"keys":[{"kid":1,"kid":2},[0],7,{"a":"\\"}"},{"kty":"OKP",'
        b'"crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}',
    ),
    "kinds": (
        b'{"typ":"JWT"}\n{"azp":"c","client_id":"c","scope":"a b","scp":["c"],"roles":[]}',
        b'{"typ":"at+jwt"}\n{"at_hash":"x","nonce":"n","realm_access":{"roles":["r"]}}',
        b'{}\n{"typ":"Bearer","token_use":"access","events":[],"type":"app","drn":"DS"}',
        b'{"typ":"logout+jwt"}\n{"events":{},"code":"c","error":"e","granted_scopes":["a"]}',
        b'{}\n{"urn:zitadel:iam:org:project:roles":{"admin":{"1":"x"}},"token_type":"refresh"}',
        b'{}\n{"tokenType":"access-token","roles":[{"name":"r"}],"permissions":null,"sid":"sess_1"}',
    ),
    "presets": tuple(
        bytes((index, place)) + text
        for index in range(0, 37, 4)
        for place, text in enumerate(
            (
                b"https://example.com/a",
                b"example.com",
                b"a/b",
                b"11112222-bbbb-3333-cccc-4444dddd5555",
            )
        )
    ),
    "verify": (
        _GOOD_HEADER + b"\n" + _GOOD_CLAIMS,
        b'{"alg":"HS256","typ":"at+jwt","kid":"k"}\n{"iss":"https://issuer.example/","aud":"api",'
        b'"exp":1700000600,"nbf":1,"iat":1,"sub":"s","cnf":{},"permissions":["p"]}',
        b"e30.e30.AA",
    ),
}


BACKSLASH = chr(92)

# Words that no fuzzer finds by changing bytes.
WORDS = (
    *("alg", "typ", "kid", "crit", "b64", "zip", "cty", "RS256", "HS256", "none", "at+jwt", "JWT"),
    *("iss", "sub", "aud", "exp", "nbf", "iat", "jti", "scope", "scp", "permissions", "cnf"),
    *("events", "nonce", "token_use", "at_hash", "client_id", "azp", "https://issuer.example/"),
    *("keys", "kty", "RSA", "EC", "OKP", "oct", "use", "sig", "enc", "key_ops", "verify", "crv"),
    *("P-256", "P-384", "P-521", "Ed25519", "ES256", "EdDSA", "NaN", "Infinity", "1e999", "true"),
    *("tokenType", "tokenName", "tok_type", "drn", "DSR", "refresh", "logout", "granted_scopes"),
    *("token_introspection", "c_hash", "realm_access", "roles", "groups", "jti", "AT.", "sid"),
    *("/realms/", "/v1/", "/oauth/token", "https://", "-admin.okta.com", "/.well-known/"),
    *(
        "null",
        BACKSLASH + "ud800",
        "Bearer ",
        "bearer",
        "at=",
        "/health",
        "/static/",
        "%2e",
        "%2f",
        "..",
    ),
)


def require(promise: bool, broken: str) -> None:
    """Raise AssertionError unless the promise is kept; also under `python -O`."""
    if not promise:
        raise AssertionError(broken)


def finish(coroutine: Any) -> Any:
    """The result of a coroutine that waits for nothing, since its keys are at hand."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    raise AssertionError("it waited")


def main() -> None:
    """Fuzz the target that the command line names."""
    if len(sys.argv) < 2 or sys.argv[1] not in TARGETS:
        raise SystemExit(__doc__)
    sys.path.insert(0, str(Path(__file__).parents[2] / "src"))
    name = sys.argv.pop(1)
    atheris = import_module("atheris")
    with atheris.instrument_imports(include=["asgi_jwks"]):
        target = TARGETS[name]()
    with TemporaryDirectory() as seeds:
        for index, seed in enumerate(SEEDS[name]):
            (Path(seeds) / f"{index}").write_bytes(seed)
        words = Path(seeds) / "words"
        words.write_text("".join(f'"{word.replace(BACKSLASH, BACKSLASH * 2)}"\n' for word in WORDS))
        # libFuzzer ends the process itself; the folder is the system's to clean up then.
        atheris.Setup([*sys.argv, f"-dict={words}", seeds], target)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
