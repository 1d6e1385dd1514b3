"""The guide's table of presets is that of the code: each call is made, each proof is the rule's.

After a preset was added or changed, write the table anew:

    uv run python -m tests.providers.test_guide
"""

import re
from pathlib import Path

from asgi_jwks import providers
from asgi_jwks.providers import ProviderIssuer

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "providers.md"
BEGIN, END = "<!-- presets -->", "<!-- /presets -->"

# Stand in the guide for ids that are GUIDs.
STANDING_FOR_IDS = {
    "TENANT-ID": "aaaabbbb-0000-cccc-1111-dddd2222eeee",
    "APP-ID": "11112222-bbbb-3333-cccc-4444dddd5555",
}

CALLS = """
auth0("example.eu.auth0.com", audience="https://api.example.com")
entra_id(tenant="TENANT-ID", audience="APP-ID", version="v2")
entra_id(tenant="TENANT-ID", audience="api://APP-ID", version="v1")
entra_external_id(tenant="TENANT-ID", audience="APP-ID")
azure_ad_b2c(tenant_name="contoso", tenant="TENANT-ID", policy="B2C_1_signin", audience="APP-ID")
okta("example.okta.com", audience="api://default", authorization_server="default")
cognito(region="eu-west-1", user_pool="eu-west-1_AbC123", client_id="1example23456789")
firebase("example-project")
keycloak("https://sso.example.com", realm="example", audience="my-api")
spring_authorization_server("https://auth.example.com", audience="messaging-client")
duende("https://ids.example.com", audience="orders")
openiddict("https://auth.example.com/", audience="orders")
ory_hydra("https://auth.example.com", audience="https://api.example.com")
zitadel("example-abc123.zitadel.cloud", audience="69234237810729019")
authentik("sso.example.com", application="orders", client_id="my-client-id")
dex("https://dex.example.com", client_id="web")
fusionauth("https://auth.example.com", issuer="acme.com", application_id="APP-ID")
pingfederate("https://pf.example.com", audience="orders")
pingam("https://am.example.com:443/am/oauth2/realms/root/realms/alpha", audience="web")
uaa("https://uaa.example.com", audience="orders")
xsuaa(subdomain="example", region="eu10", audience="orders!t1234")
supabase("abcdefghijklmnopqrst")
clerk("clerk.example.com", authorized_parties=["https://app.example.com"])
workos_connect("example.authkit.app", audience="https://api.example.com")
workos_session("client_01HXYZ", insecure_no_audience=True)
descope("P2abcDEF", insecure_no_audience=True)
logto("example.logto.app", audience="https://api.example.com")
casdoor("https://door.example.com", client_id="my-client-id")
node_oidc_provider("https://op.example.com", audience="https://api.example.com")
allauth("https://example.com", client_id="web")
simplejwt("https://example.com", audience="orders", jwks_uri="https://example.com/jwks.json")
flask_jwt_extended("https://example.com", audience="orders", jwks_uri="https://example.com/jwks.json")
kubernetes("https://kubernetes.default.svc.cluster.local", audience="https://api.example.com")
github_actions(audience="https://api.example.com", repositories=["example/deploy"])
gitlab(audience="https://api.example.com", projects=["example/deploy"])
ad_fs("adfs.example.com", audience="https://api.example.com")
cidaas("example.cidaas.de", client_id="my-client-id")
gravitee("https://am.example.com/my-domain/oidc", audience="https://api.example.com")
ibm_app_id("https://us-south.appid.cloud.ibm.com/oauth/v4/TENANT-ID", client_id="my-client-id")
janssen("https://jans.example.com", audience="https://api.example.com")
kanidm("idm.example.com", client_id="my-client-id")
stytch("project-live-1234abcd")
supertokens("https://api.example.com/auth", insecure_no_audience=True)
cloudflare_access("example", audience="32eafc7626e737136660e1b9b8b8f4f0")
vault("https://vault.example.com:8200", client_id="kFQbb3dJRGAX3FlkKXBnX9oQ5p")
openbao("https://bao.example.com:8200", client_id="kFQbb3dJRGAX3FlkKXBnX9oQ5p")
spiffe("https://oidc.example.org", trust_domain="example.org", audience="spiffe://example.org/api")
"""


def made(call: str) -> ProviderIssuer:
    """The issuer of a call in the guide."""
    for name, value in STANDING_FOR_IDS.items():
        call = call.replace(name, value)
    function = call.partition("(")[0]
    issuer: ProviderIssuer = eval(call, {function: getattr(providers, function)})
    return issuer


def row(call: str) -> str:
    preset = made(call).preset
    proof = preset.kind.proof or "no mark of another kind"
    where = f"`{preset.issuer}`"
    if preset.jwks_uri is not None:
        where += f", keys at `{preset.jwks_uri}`"
    return f"| `{call}` | {where} | {proof} | {' '.join(preset.notes)} |"


def table() -> str:
    head = (
        "| call | `iss`, and the keys where they are not discovered | an access token has | notes |"
    )
    rows = [row(call) for call in CALLS.strip().splitlines()]
    return "\n".join(["", head, "|---|---|---|---|", *rows, ""])


def written() -> str:
    text = GUIDE.read_text(encoding="utf-8")
    return text[text.index(BEGIN) + len(BEGIN) : text.index(END)]


def test_the_table_of_presets_is_that_of_the_code() -> None:
    """P3"""
    assert written() == table(), "write it anew: uv run python -m tests.providers.test_guide"


def test_a_preset_knows_its_name() -> None:
    """P3"""
    for call in CALLS.strip().splitlines():
        name = call.partition("(")[0]
        assert made(call).preset.provider == ("vault" if name == "openbao" else name)


def test_every_preset_is_in_the_table() -> None:
    """P3"""
    named = set(re.findall(r"^\| `(\w+)\(", written(), re.MULTILINE))
    presets = {name for name in providers.__all__ if name.islower()}
    assert presets - named == {"entra_id_tenants"}


def main() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    GUIDE.write_text(text.replace(BEGIN + written() + END, BEGIN + table() + END), encoding="utf-8")


if __name__ == "__main__":
    main()
