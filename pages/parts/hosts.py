"""Whom the server answers: requests to this machine by its own names, and to names that the user vouches for."""

from __future__ import annotations

import os

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

LOCAL = frozenset({"127.0.0.1", "localhost", "[::1]"})
REFUSED = (
    "This dashboard answers only to 127.0.0.1, localhost and [::1]; to reach it by another name, start it with that "
    "name in SAELECT_HOSTS."
)


def allowed_hosts() -> frozenset[str]:
    """The host names, without a port, that may be asked for: this machine's, and those listed in SAELECT_HOSTS."""
    named = (name.strip().lower() for name in os.environ.get("SAELECT_HOSTS", "").split(","))
    return LOCAL.union(name for name in named if name)


def hostname(host: str) -> str:
    """The name in a Host header, without its port: `localhost:8501` → `localhost`, `[::1]:8501` → `[::1]`."""
    name, colon, port = host.strip().lower().rpartition(":")
    return name if colon and port.isascii() and port.isdigit() else host.strip().lower()


class KnownHosts:
    """Middleware that answers 403 to a page or a websocket asked for under a name that is not allowed.

    Without it a web page whose name is made to point to 127.0.0.1 (DNS rebinding) could drive the dashboard: for the
    browser, and for a check of the Origin alone, both are then the same site.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what may be answered."""
        hosts = [value.decode("latin-1") for name, value in scope.get("headers", ()) if name == b"host"]
        known = len(hosts) == 1 and hostname(hosts[0]) in allowed_hosts()
        if known or scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
        else:
            await PlainTextResponse(REFUSED, 403)(scope, receive, send)
