"""Fetching keys your own way: through a proxy, with a private CA, by httpx2, or by anything.

What differs from `minimal.py`: the provider is a real server on a loopback port, and its keys are
fetched by three clients, each of which a RemoteJWKSet takes as it is. Limits, retries and freshness
stay the package's. It prints:

    httpx: accepted
    httpx2: accepted
    a callable: accepted
"""

import ssl
from collections.abc import Mapping

import anyio.to_thread
import httpx
import httpx2

from asgi_jwks import AccessTokenVerifier, FetchResponse, RemoteJWKSet, TrustedIssuer
from asgi_jwks.testing import MockIssuer

private_ca = ssl.create_default_context()  # cafile="/etc/ssl/our-ca.pem"


async def fetch(url: str, headers: Mapping[str, str]) -> FetchResponse:
    """One GET, here by a client that blocks and so has a thread; exceptions are failed fetches."""
    response = await anyio.to_thread.run_sync(lambda: httpx.get(url, headers=dict(headers)))
    return FetchResponse(response.status_code, dict(response.headers), response.content)


async def main(issuer: MockIssuer) -> None:
    async with (
        httpx.AsyncClient(verify=private_ca) as client,  # proxy="http://proxy.internal:3128"
        httpx2.AsyncClient(verify=private_ca) as newer,
    ):
        key_sets = {
            "httpx": RemoteJWKSet(issuer=issuer.issuer, http_client=client),
            "httpx2": RemoteJWKSet(issuer=issuer.issuer, http_client=newer),
            "a callable": RemoteJWKSet(issuer=issuer.issuer, fetch=fetch),
        }
        for name, keys in key_sets.items():
            trusted = TrustedIssuer(issuer=issuer.issuer, audience=issuer.audience, keys=keys)
            await AccessTokenVerifier([trusted]).verify(issuer.access_token())
            print(f"{name}: accepted")


if __name__ == "__main__":
    provider = MockIssuer()
    with provider.serve():
        anyio.run(main, provider)
