"""endpoints — the paths that every HTTP listener has: /healthz, /readyz, /metrics.

OTP:      cf. the health checks of RabbitMQ and the handler of prometheus_httpd
Way:      http.http_server → [endpoints] → monitor.health, monitor.scraper
Process:  runs in the process of the request
"""

from __future__ import annotations

from typing import Final

from otp.erts.exits import CallError
from otp.kernel import node
from xmppd.http.messages import HttpError, HttpRequest, HttpResponse, json_response
from xmppd.http.routes import HttpRoute
from xmppd.monitor import health, scraper, worker_metrics
from xmppd.node import loop_lag

#: what a worker measures is loaded with what shows it
LOADED: Final = (worker_metrics, loop_lag)


def alive(request: HttpRequest) -> HttpResponse:
    """/healthz: the OS process lives and its loop turns, or this would not be answered."""
    return json_response({"status": "ok", "node": node.this()})


async def ready(request: HttpRequest) -> HttpResponse:
    """/readyz: 200 if this worker can do its work, else 503; the reasons are for monitors."""
    found = await health.reasons()
    told = {"status": "ready" if not found else "not ready", "node": node.this()}
    if found and request.trusted:
        return json_response({**told, "reasons": found}, 503)
    return json_response(told, 503 if found else 200)


async def show_metrics(request: HttpRequest) -> HttpResponse:
    """/metrics: those of all nodes, for monitors."""
    if not request.trusted:
        raise HttpError(403, "metrics are for the networks in `monitors`, and not by way of a proxy")
    openmetrics = "application/openmetrics-text" in request.header("accept")
    try:
        text, type_ = await scraper.scrape(openmetrics)
    except CallError:
        raise HttpError(503, "the metrics could not be gathered") from None
    return HttpResponse(200, text, type_)


ROUTES: Final = {"/healthz": HttpRoute(alive), "/readyz": HttpRoute(ready), "/metrics": HttpRoute(show_metrics)}
