"""layers: what stands around the routes, from the outermost in. Pure ASGI, so that a client that leaves is noticed."""

from starlette.types import ASGIApp

from tapehead.api.access.bodies import BodyLimit
from tapehead.api.access.gate import Gate
from tapehead.api.access.headers import SecurityHeaders
from tapehead.api.app import make_app
from tapehead.api.compress import Compression
from tapehead.api.head import HeadRequests
from tapehead.api.measure.requests import RequestLayer
from tapehead.api.options import Options
from tapehead.api.patience import Patience
from tapehead.api.service import Service


def make_layers(service: Service, options: Options) -> ASGIApp:
    """Return the application with everything around it; the last line is the outermost layer."""
    app: ASGIApp = HeadRequests(Compression(Patience(make_app(service, options))))
    app = BodyLimit(app, options)
    app = Gate(app, service.house.access, options)
    app = SecurityHeaders(app)
    return RequestLayer(app, service.measure.metrics, service.measure.traffic)
