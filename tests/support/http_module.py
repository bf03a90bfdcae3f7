"""http_module — a module of the server that answers over HTTP."""

from __future__ import annotations

from xmppd.gen_mod import Mod
from xmppd.gen_mod_http import http_handler
from xmppd.http.messages import HttpError, HttpRequest, HttpResponse, json_response


@http_handler("/where")
def where(request: HttpRequest, mod: Mod) -> HttpResponse:
    return json_response({"host": mod.host, "query": request.query})


@http_handler("/teapot/")
async def teapot(request: HttpRequest, mod: Mod) -> HttpResponse:
    raise HttpError(418, "short and stout")
