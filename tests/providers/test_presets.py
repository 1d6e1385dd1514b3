"""Every kind of token that a provider signs, held against its preset and against the default rule.

The samples are headers and claims as providers publish them, signed anew: `source` says where they
were read. `default` is the verdict of the default rule on the same token.
"""

import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.explained import explained_as_verified

import asgi_jwks
from asgi_jwks import (
    AccessTokenVerifier,
    ConfigurationError,
    InvalidToken,
    Reason,
    RemoteJWKSet,
    StaticJWKSet,
    TrustedIssuer,
    providers,
)
from asgi_jwks.testing import SigningKey
from asgi_jwks.tokens import scopes
from asgi_jwks.tokens.access_token import AccessToken
from asgi_jwks.tokens.header_rules import JOSEHeader, read_header
from asgi_jwks.tokens.kind_marks import MARKS
from asgi_jwks.tokens.kinds import DEFAULT_KIND_RULE

SAMPLES = Path(__file__).parent / "samples"
KEYS = {name: SigningKey.generate(name, kid=name) for name in ("RS256", "ES256", "ES384")}
JWKS = StaticJWKSet({"keys": [key.public_jwk() for key in KEYS.values()]})

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    """One loop: no sample is judged differently on another, and there are hundreds."""
    return "asyncio"


def made(name: str, *args: object, **options: object) -> TrustedIssuer:
    """The issuer that a preset makes, or one without a preset."""
    room = asgi_jwks if name == "TrustedIssuer" else providers
    issuer: TrustedIssuer = getattr(room, name)(*args, **options)
    return issuer


@dataclass(frozen=True)
class Sample:
    """One file of `samples`."""

    name: str
    accepted: bool
    content: Mapping[str, Any]

    @property
    def claims(self) -> dict[str, Any]:
        claims: dict[str, Any] = self.content["claims"]
        return claims

    @property
    def preset(self) -> str:
        """The name of the preset; TrustedIssuer where there is none for the provider."""
        name: str = self.content["preset"]["name"]
        return name

    def call(self, **options: object) -> TrustedIssuer:
        """What the preset makes of the words that the sample has for it."""
        call = self.content["preset"]
        return made(self.preset, *call["args"], **{**call["kwargs"], **options})

    def issuer(self, **options: object) -> TrustedIssuer:
        """The same with keys at hand, which take the place of those that it would fetch."""
        return self.call(keys=JWKS, **({"jwks_uri": None} if self.own_keys else {}), **options)

    @property
    def own_keys(self) -> bool:
        return "jwks_uri" in self.content["preset"]["kwargs"]

    def token(self) -> str:
        """The header and claims as published, with a key of our own."""
        key = KEYS[self.content["header"]["alg"]]
        return key.sign({**self.content["header"], "kid": key.kid}, self.claims)

    def now(self) -> float:
        return float(self.claims.get("iat", 1_760_000_000)) + 1


def load() -> list[Sample]:
    return [
        Sample(
            "-".join((*path.parts[-3:-1], path.stem)),
            path.parent.name == "accepted",
            json.loads(path.read_text()),
        )
        for path in sorted(SAMPLES.glob("*/*/*.json"))
    ]


ALL = load()
each_sample = pytest.mark.parametrize("sample", ALL, ids=[sample.name for sample in ALL])


@each_sample
async def test_each_sample_is_explained_as_it_is_judged(sample: Sample) -> None:
    """O1: by its preset."""
    verifier = AccessTokenVerifier([sample.issuer()], clock=sample.now)
    explanation = await explained_as_verified(verifier, sample.token())
    assert (explanation.verdict == "valid") is sample.accepted


async def verified(issuer: TrustedIssuer, sample: Sample) -> AccessToken:
    verifier = AccessTokenVerifier([issuer], clock=sample.now)
    return await verifier.verify(sample.token())


@each_sample
async def test_a_preset_accepts_access_tokens_and_nothing_else(sample: Sample) -> None:
    """P3, G8, G9: for the reason that the sample states; what it grants is read."""
    if sample.accepted:
        token = await verified(sample.issuer(), sample)
        assert {
            "scopes": list(token.scopes),
            "roles": list(token.roles),
            "groups": list(token.groups),
            "permissions": list(token.permissions),
            "client_id": token.client_id,
            "subject": token.subject,
        } == sample.content["expected"]
        assert scopes.unreadable_grants(token.claims, sample.issuer().rules.grant_claims) == ()
        return
    with pytest.raises(InvalidToken) as refusal:
        await verified(sample.issuer(), sample)
    assert refusal.value.reason is Reason(sample.content["reason"])
    assert refusal.value.detail or refusal.value.reason in NEED_NO_DETAIL


NEED_NO_DETAIL = {Reason.WRONG_AUDIENCE, Reason.CHECK_FAILED, Reason.SENDER_CONSTRAINED}


@each_sample
async def test_the_default_rule_does_what_the_sample_states(sample: Sample) -> None:
    """G8"""
    issuer = sample.issuer(kind=DEFAULT_KIND_RULE)
    reason = "accepted"
    try:
        await verified(issuer, sample)
    except InvalidToken as refusal:
        reason = refusal.reason.value
    assert reason == sample.content["default"]


def test_there_are_samples_of_every_preset_of_both_kinds() -> None:
    """P3"""
    presets = {name for name in providers.__all__ if name.islower()}
    accepted = {sample.preset for sample in ALL if sample.accepted}
    refused = {sample.preset for sample in ALL if not sample.accepted}
    assert presets - accepted == {"entra_id_tenants"}
    assert presets - refused == {"entra_id_tenants", "openbao"}


ODD: list[object] = [
    None,
    0,
    5,
    True,
    "",
    " ",
    "\n",
    [],
    [None],
    ["", "a"],
    {},
    {"a": 1},
    b"x",
    object(),
]


@pytest.mark.parametrize("name", sorted({sample.preset for sample in ALL}))
def test_no_wrong_argument_is_an_error_of_another_kind(name: str) -> None:
    """A11: each argument of each preset in turn, replaced by values of other forms."""
    samples = [sample for sample in ALL if sample.preset == name]
    for sample in samples:
        call = sample.content["preset"]
        for place in [*range(len(call["args"])), *call["kwargs"], "checks"]:
            for value in ODD:
                args = [value if place == at else arg for at, arg in enumerate(call["args"])]
                kwargs = {**call["kwargs"], **({place: value} if isinstance(place, str) else {})}
                if place != "jwks_uri":
                    kwargs = {
                        **kwargs,
                        "keys": JWKS,
                        **({"jwks_uri": None} if sample.own_keys else {}),
                    }
                with contextlib.suppress(ConfigurationError):
                    made(name, *args, **kwargs)


async def test_every_preset_can_fetch_its_keys() -> None:
    """P3: the addresses are complete, whatever they lead to."""
    refusing = httpx.MockTransport(lambda request: httpx.Response(500))
    async with httpx.AsyncClient(transport=refusing) as client:
        for sample in ALL:
            issuer = sample.call(http_client=client)
            assert isinstance(issuer.keys, RemoteJWKSet)


def test_every_sample_says_where_it_was_read() -> None:
    """P3"""
    for sample in ALL:
        assert sample.content["source"], sample.name
        assert sample.content["kind"], sample.name


RULES = {sample.preset: sample.issuer().rules for sample in ALL}
SCALARS = st.sampled_from(
    [None, True, 0, 1.5, "", "x", "access", "Bearer", "AT.x", "spiffe://example.org/x"]
)
VALUES = SCALARS | st.lists(SCALARS, max_size=2) | st.dictionaries(st.just("rol"), SCALARS)
CLAIMS = st.dictionaries(
    st.sampled_from(
        sorted({*MARKS, *(name for sample in ALL for name in sample.claims)} - {"exp", "iat"})
    ),
    VALUES,
    max_size=6,
)


@given(
    name=st.sampled_from(sorted(RULES)),
    claims=CLAIMS,
    typ=st.sampled_from([None, "jwt", "at+jwt", "jose", "logout+jwt"]),
)
def test_whatever_the_claims_are_they_pass_or_are_refused(
    name: str, claims: dict[str, Any], typ: str | None
) -> None:
    """A8: garbage in: accepted or our error, never another exception."""
    rules = RULES[name]
    refused: InvalidToken | None = None
    try:
        rules.kind.check(JOSEHeader("RS256", None, typ), claims)
    except InvalidToken as refusal:
        refused = refusal
    assert refused is None or str(refused).isascii()
    for read in (scopes.granted_scopes, scopes.roles, scopes.groups, scopes.permissions):
        assert all(isinstance(granted, str) for granted in read(claims, rules.grant_claims))
    scopes.client_id(claims, rules.grant_claims)


def kind_of(sample: Sample, header: Mapping[str, Any], claims: Mapping[str, Any]) -> bool:
    """Whether the preset takes the header and the claims for those of an access token."""
    rule = sample.issuer().rules.kind
    try:
        rule.check(read_header(header), claims)
    except InvalidToken:
        return False
    return True


# The refused samples that pass if one claim is left out, and why the provider never leaves it out.
HANG_ON_ONE_CLAIM: dict[str, tuple[str, str]] = {
    "cidaas-refused-id_token_without_code": ("at_hash", "nothing else tells its kinds apart"),
    "clerk-refused-session_pending": ("sts", "version 2 of its tokens has it always"),
    "clerk-refused-template_pending": ("sts", "version 2 of its tokens has it always"),
    "dex-refused-id_token_hybrid": ("c_hash", "nothing else tells its kinds apart"),
    "supertokens-refused-second_factor_missing": ("st-mfa", "written once there are factors"),
    "fusionauth-refused-id_token_tty": ("tty", "the version that writes it writes it always"),
    "uaa-refused-id_token_bare": ("email_verified", "a boolean of every user"),
}


@pytest.mark.parametrize(
    "sample",
    [s for s in ALL if not s.accepted and s.preset != "TrustedIssuer"],
    ids=lambda sample: sample.name,
)
def test_no_refusal_hangs_on_a_claim_that_may_be_absent(sample: Sample) -> None:
    """G8: nonce and hashes are optional, and refreshed ID tokens have neither."""
    header = sample.content["header"]
    if kind_of(sample, header, sample.claims):
        # It is refused for its issuer, its audience or its binding.
        return
    passing = [
        name
        for name in sample.claims
        if kind_of(sample, header, {k: v for k, v in sample.claims.items() if k != name})
    ]
    expected = HANG_ON_ONE_CLAIM.get(sample.name)
    assert passing == ([] if expected is None else [expected[0]])


# Claims about a user and a sign-in, which a mapper, an action or a newer version may add.
OF_USERS: dict[str, object] = {
    "name": "Jane",
    "email": "jane@example.com",
    "email_verified": True,
    "preferred_username": "jane",
    "auth_time": 1_760_000_000,
    "acr": "1",
    "amr": ["pwd"],
    "sid": "s1",
    "azp": "web",
    "client_id": "web",
    "org_id": "org_1",
    "events": ["a"],
    "roles": ["a"],
    "groups": ["a"],
    "nonce": "",
}
# The presets whose rule is that access tokens do not have them.
NEVER_IN_ACCESS_TOKENS: dict[str, set[str]] = {
    "spring_authorization_server": {"azp"},
    "zitadel": {"azp"},
    "uaa": {"email_verified", "acr", "amr"},
    "xsuaa": {"email_verified", "acr", "amr"},
}


@pytest.mark.parametrize(
    "sample", [s for s in ALL if s.accepted], ids=[s.name for s in ALL if s.accepted]
)
def test_no_claim_about_a_user_shuts_an_access_token_out(sample: Sample) -> None:
    """G8, P3"""
    shut = {
        name
        for name, value in OF_USERS.items()
        if name not in sample.claims
        and not kind_of(sample, sample.content["header"], {**sample.claims, name: value})
    }
    assert shut == NEVER_IN_ACCESS_TOKENS.get(sample.preset, set())
    if "scope" in sample.claims or "scp" in sample.claims:
        # Keycloak before 24, and others, copied the nonce.
        assert kind_of(sample, sample.content["header"], {**sample.claims, "nonce": "n"})


OTHER_FORMS: list[object] = [None, 1, True, [], [None], [[]], {}, {"a": []}, ""]


@pytest.mark.parametrize("preset", sorted({sample.preset for sample in ALL}))
def test_a_claim_of_any_form_in_a_sample_raises_nothing_else(preset: str) -> None:
    """A8, G8: each claim of each sample in turn replaced by values of other forms."""
    for sample in ALL:
        if sample.preset != preset:
            continue
        rule = sample.issuer().rules.kind
        typ = sample.content["header"].get("typ")
        header = JOSEHeader("RS256", None, None if typ is None else typ.lower())
        for name in sample.claims:
            for value in OTHER_FORMS:
                with contextlib.suppress(InvalidToken):
                    rule.check(header, {**sample.claims, name: value})
