"""What the server does around the pages: security headers, and a cookie for each visitor."""

import asyncio
import time
import traceback
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path

from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from digitlab import __version__
from digitlab.dataset_import.expiry import remove_expired_datasets
from digitlab.errors import LimitError
from digitlab.hosting_limits import check_limit, load_limits
from digitlab.log import log_event, write_log
from digitlab.owners import OWNER_COOKIE, create_owner, read_signed_owner, sign_owner
from digitlab.runs.limits import remove_expired_runs
from digitlab.tuning.expiry import remove_expired_studies
from digitlab.ui.hosting import is_hosted
from digitlab.ui.streamlit_internals import count_sessions, measure_uploads

# Community Cloud shows the app in a frame.
_FRAME_ANCESTORS = "'self' https://*.streamlit.app https://share.streamlit.io"
_HEADERS = {
    # Streamlit writes styles into the page, and loads its components' scripts from blobs; Plotly's
    # WebGL charts, such as the parallel coordinates, build functions from strings.
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; "
        "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
        "connect-src 'self' data: blob: ws: wss:; worker-src 'self' blob:; media-src 'self' blob:; "
        "object-src 'none'; base-uri 'self'; form-action 'self'; "
        f"frame-ancestors {_FRAME_ANCESTORS}"
    ),
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "X-Content-Type-Options": "nosniff",
}
_COOKIE_AGE_S = 365 * 24 * 3600
_CLEAN_UP_INTERVAL_S = 3600


def build_middleware() -> Sequence[Middleware]:
    """What wraps every request, the outermost first."""
    return (Middleware(SecurityHeaders), Middleware(OwnerCookie), Middleware(UploadQuota))


@asynccontextmanager
async def serve_visitors(_: object) -> AsyncIterator[None]:
    """While the server of a hosted app runs: write a log, and delete what was left long ago."""
    if is_hosted():
        write_log()
        log_event("server_started", version=__version__)
    task = asyncio.create_task(_clean_up_every_hour())
    try:
        yield
    finally:
        task.cancel()


def log_page_error(error: Exception) -> None:
    """Log which error a page did not expect, and where; its message may hold a visitor's input."""
    *_, place = traceback.extract_tb(error.__traceback__)
    log_event(
        "page_error",
        error=type(error).__name__,
        place=f"{Path(place.filename).name}:{place.lineno}",
    )


async def _clean_up_every_hour() -> None:
    while is_hosted():
        # Reads many files: not in the thread that serves all visitors.
        await asyncio.to_thread(_clean_up)
        await asyncio.sleep(_CLEAN_UP_INTERVAL_S)


def _clean_up() -> None:
    limits = load_limits()
    log_event(
        "cleaned_up",
        runs=remove_expired_runs(limits),
        studies=remove_expired_studies(limits),
        datasets=remove_expired_datasets(limits),
    )


def build_routes() -> Sequence[BaseRoute]:
    """What the server answers besides the pages."""
    return (Mount("/api/v1", _LazyApi()),)


class _LazyApi:
    """Loads the API with its first request: most users never need its packages (15 MB)."""

    def __init__(self) -> None:
        self._api: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if self._api is None:
            self._api = import_module("digitlab.api.app").build_api(count_sessions)
        begin_s = time.perf_counter()

        async def send_and_log(message: Message) -> None:
            await send(message)
            if message["type"] == "http.response.start":
                duration_ms = round(1000 * (time.perf_counter() - begin_s), 1)
                log_event(
                    "api_request",
                    method=scope.get("method"),
                    # Without the query, and of a run without its secret id.
                    path="/".join(scope["path"].split("/")[:4]),
                    status=message["status"],
                    ms=duration_ms,
                )

        await self._api(scope, receive, send_and_log)


class SecurityHeaders:
    """Adds headers to every response that keep a browser from doing what the app does not need."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        await self._app(scope, receive, send_with_headers)


class OwnerCookie:
    """Gives a browser that opens a page of a hosted app its owner's cookie."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        connection = HTTPConnection(scope) if scope["type"] == "http" else None
        if connection is None or not _needs_cookie(connection):
            await self._app(scope, receive, send)
            return

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).append("set-cookie", _format_cookie(connection))
            await send(message)

        await self._app(scope, receive, send_with_cookie)


class UploadQuota:
    """Refuses further uploads to a hosted app when the files of a session, or of all, are many."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http" and scope["method"] == "PUT" and is_hosted():
            # The address ends with the ids of the session and the file.
            *_, session_id, _ = scope["path"].split("/")
            limits = load_limits()
            own_bytes, all_bytes = measure_uploads(session_id)
            try:
                check_limit(
                    own_bytes <= 1e6 * limits.uploads_mb,
                    f"Your uploads take {limits.uploads_mb:g} MB. Reload the page to start again.",
                )
                check_limit(
                    all_bytes <= 1e6 * limits.all_uploads_mb,
                    "The uploads of all visitors fill the server's memory. Try again later.",
                )
            except LimitError as error:
                await Response(str(error), 413)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def _needs_cookie(connection: HTTPConnection) -> bool:
    """Whether a browser opens a page, and is not known yet."""
    return (
        "text/html" in connection.headers.get("accept", "")
        and is_hosted()
        and read_signed_owner(connection.cookies.get(OWNER_COOKIE, "")) is None
    )


def _format_cookie(connection: HTTPConnection) -> str:
    response = Response()
    # A proxy in front ends the encryption, and says so.
    scheme = connection.headers.get("x-forwarded-proto", connection.url.scheme)
    response.set_cookie(
        OWNER_COOKIE,
        sign_owner(create_owner()),
        max_age=_COOKIE_AGE_S,
        httponly=True,
        samesite="lax",
        secure=scheme == "https",
    )
    return response.headers["set-cookie"]
