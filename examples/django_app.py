"""Django's ASGI application: wrapped in `asgi.py`, scopes demanded of the views.

What differs from `minimal.py`: `requires` is that of Django, and the token is that of Django's own
request. It prints:

    200 {'sub': 'auth0|60c7a9f2b1d3e40069f8a2b7'}
    403 {'error': 'insufficient_scope', 'error_description': 'The access token does not grant \
what this request needs'}
"""

from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.handlers.asgi import ASGIRequest
from django.http import JsonResponse
from django.urls import path
from starlette.testclient import TestClient

from asgi_jwks import JWTBearerMiddleware, access_token
from asgi_jwks.integrations.django import requires
from asgi_jwks.testing import MockIssuer

issuer = MockIssuer()


async def me(request: ASGIRequest) -> JsonResponse:
    return JsonResponse({"sub": access_token(request).subject})


@requires("read:messages")
async def messages(request: ASGIRequest) -> JsonResponse:
    text = f"You have no messages, {access_token(request).subject}."
    return JsonResponse([text], safe=False)


urlpatterns = [path("me", me), path("messages", messages)]

settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["testserver"])
app = JWTBearerMiddleware(
    get_asgi_application(),
    issuer=issuer.issuer,
    audience=issuer.audience,
    http_client=issuer.http_client(),
)

if __name__ == "__main__":
    client = TestClient(app, headers={"Authorization": f"Bearer {issuer.access_token()}"})
    for name in ("/me", "/messages"):
        response = client.get(name)
        print(response.status_code, response.json())
