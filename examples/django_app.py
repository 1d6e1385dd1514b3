"""Django's ASGI application: wrapped in `asgi.py`, scopes demanded in the views.

What differs from `minimal.py`: views find the scope on Django's request, and a Django middleware
gives the middleware's answer to what they raise. It prints:

    200 {'sub': 'auth0|60c7a9f2b1d3e40069f8a2b7'}
    403 {'error': 'insufficient_scope', 'error_description': 'The access token does not grant \
what this request needs'}
"""

from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.utils.deprecation import MiddlewareMixin
from starlette.testclient import TestClient

from asgi_jwks import JWTBearerMiddleware, RequestError, access_token, requires
from asgi_jwks.asgi.guards import refusal_of
from asgi_jwks.testing import MockIssuer

issuer = MockIssuer()
reading = requires("read:messages")


async def me(request: ASGIRequest) -> JsonResponse:
    return JsonResponse({"sub": access_token(request.scope).subject})


async def messages(request: ASGIRequest) -> JsonResponse:
    reading.check_scope(request.scope)
    text = f"You have no messages, {access_token(request.scope).subject}."
    return JsonResponse([text], safe=False)


class Refusals(MiddlewareMixin):
    """Belongs into MIDDLEWARE."""

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, RequestError) or not isinstance(request, ASGIRequest):
            return None
        refusal = refusal_of(request.scope, error)
        headers = {name.decode(): value.decode() for name, value in refusal.headers}
        return HttpResponse(refusal.body, status=refusal.status, headers=headers)


urlpatterns = [path("me", me), path("messages", messages)]

settings.configure(
    ROOT_URLCONF=__name__, MIDDLEWARE=[f"{__name__}.Refusals"], ALLOWED_HOSTS=["testserver"]
)
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
