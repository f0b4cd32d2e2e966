"""layers: what stands around the routes, from the outermost in. Pure ASGI, so that a client that leaves is noticed."""

from starlette.types import ASGIApp

from tapehead.api.app import make_app
from tapehead.api.measure.requests import RequestLayer
from tapehead.api.options import Options
from tapehead.api.service import Service


def make_layers(service: Service, options: Options) -> ASGIApp:
    """Return the application with everything around it; the last line is the outermost layer."""
    app: ASGIApp = make_app(service, options)
    return RequestLayer(app, service.measure.metrics, service.measure.traffic)
