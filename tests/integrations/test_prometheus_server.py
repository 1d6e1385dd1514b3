"""A real Prometheus scrapes a real server through a played outage, and evaluates the alerts."""

from pathlib import Path

from tests.support.examples import only_in_ci
from tests.support.prometheus_server import AUDIENCE, PROGRAM, prometheus
from tests.support.servers import SERVERS, running

from asgi_jwks.testing import MockIssuer, SigningKey


@only_in_ci()
def test_it_is_seen_through_an_outage(tmp_path: Path) -> None:
    """N2, N4, N8, N9: fresh, failing, expired, and well again; each alert can be evaluated."""
    issuer = MockIssuer(audience=AUDIENCE, key=SigningKey.generate("RS256"))
    with issuer.serve():
        program = PROGRAM.format(
            issuer=issuer.issuer, audience=AUDIENCE, max_age=1.0, max_stale=1.0
        )
        with running(SERVERS[0], tmp_path, program=program) as server:
            server.wait_until_it_answers()
            target = server.url.removeprefix("http://")
            with prometheus(tmp_path, target=target) as seen:
                key_set = f'key_set="{issuer.issuer}"'
                token = issuer.access_token()
                assert server.get(token=token) == 200
                requests = 'asgi_jwks_requests_total{outcome="accepted"} > 0'
                assert seen.wait_for(requests) >= 1
                alerts = seen.get("rules")["groups"][0]["rules"]
                assert {alert["name"] for alert in alerts} >= {"AsgiJwksKeysExpired"}
                issuer.jwks.fail(500)
                failures = f'asgi_jwks_key_set_fetches_total{{outcome="failure",{key_set}}} > 0'
                assert seen.wait_for(failures) >= 1
                assert seen.wait_for(f'asgi_jwks_key_set_state{{state="expired",{key_set}}} == 1')
                assert server.get(token=token) == 503
                assert server.get("/health") == 503
                assert server.get("/health/live") == 200
                assert seen.wait_for('asgi_jwks_requests_total{outcome="unavailable"} > 0') >= 1
                assert seen.wait_for(f"asgi_jwks_key_set_trust_remaining_seconds{{{key_set}}}") == 0
                issuer.reset()
                well = f'asgi_jwks_key_set_state{{state=~"fresh|due",{key_set}}} == 1'
                assert seen.wait_for(well) == 1
                assert server.get(token=token) == 200
                alerts = seen.get("rules")["groups"][0]["rules"]
                assert {alert["health"] for alert in alerts} == {"ok"}
