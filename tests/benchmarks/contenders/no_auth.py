"""The bare app behind nothing: the zero of the scale."""

from starlette.types import ASGIApp

from .contender import Contender, Trust


def _wrap(app: ASGIApp, trust: Trust) -> ASGIApp:
    return app


CONTENDER = Contender(
    name="no auth",
    distribution=None,
    counted="the app alone; subtracted from every other row",
    wrap=_wrap,
)
