"""The application: `/v1`, the page, and what runs the service is told by."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from http import HTTPStatus
from importlib.metadata import version
from mimetypes import MimeTypes
from pathlib import Path, PurePosixPath

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import Match, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from logo_retrieval.errors import IndexRebuilt, LogoRetrievalError
from logo_retrieval.serving.gate import REQUEST_ID, Gate
from logo_retrieval.serving.logs import FACTS, LOGGER
from logo_retrieval.serving.metrics import MEDIA_TYPE
from logo_retrieval.serving.problems import Problem, come_again, faults_of, problem_of
from logo_retrieval.serving.routes import router
from logo_retrieval.serving.schema import problems_of
from logo_retrieval.serving.service import Service
from logo_retrieval.serving.settings import Settings

_PAGE = Path(__file__).with_name("page")
_TYPES = MimeTypes()
"""Of files, as Python knows them; what a system says, as the registry of Windows, may keep browsers from scripts."""


class _Page(StaticFiles):
    """Files that a browser asks for anew each time, whole, so that all of them are of one version."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers; a wish for a part of a file is passed over, as HTTP lets every server do."""
        headers = [(name, value) for name, value in scope["headers"] if name != b"range"]
        await super().__call__({**scope, "headers": headers}, receive, send)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, or that it is as it was; that there is none comes before that the method is none for it."""
        response = await super().get_response(path, {**scope, "method": "GET"})
        if scope["method"] != "GET":  # the gate has made it of HEAD
            raise HTTPException(405)
        if isinstance(response, FileResponse):
            response.headers["content-type"] = f"{_TYPES.guess_type(response.path)[0]}; charset=utf-8"
        response.headers["cache-control"] = "no-cache"
        response.headers["accept-ranges"] = "none"
        if "location" in response.headers:  # with a slash, from here: a proxy may have put the page elsewhere
            response.headers["location"] = "./" + "".join(f"{name}/" for name in PurePosixPath(path).parts[-1:])
        return response


def create_app(settings: Settings) -> ASGIApp:
    """The service of one index, as an ASGI application."""
    service = Service(settings)

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        opening = asyncio.create_task(service.open())
        try:
            yield
        finally:
            await service.close()
            opening.cancel()
            with suppress(asyncio.CancelledError):
                await opening

    app = FastAPI(
        title="logo-retrieval",
        summary="Whose logo a picture shows.",
        version=version("logo-retrieval"),
        lifespan=life,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        redirect_slashes=False,
    )
    app.state.service = service
    app.include_router(router)
    for path, act, summary, problems in (
        ("/healthz", _alive, "Whether the process lives", ()),
        ("/readyz", _ready, "Whether it can answer", (503,)),
        ("/metrics", _metrics, "Figures for Prometheus", ()),
    ):
        said = problems_of(403, 429, 500, *problems)
        app.add_api_route(path, act, methods=["GET"], summary=summary, tags=["operation"], responses=said)
    app.router.default = _Page(directory=_PAGE, html=True)  # a mount would take what no method of a route does
    app.add_exception_handler(Problem, _as_problem)
    app.add_exception_handler(HTTPException, _as_http_problem)
    app.add_exception_handler(RequestValidationError, _as_wrong_fields)
    app.add_exception_handler(LogoRetrievalError, _as_error)
    app.add_exception_handler(Exception, _as_it_is)
    return Gate(app, service)


async def _alive() -> Response:
    return JSONResponse({"status": "alive"})


async def _ready(request: Request) -> Response:
    service: Service = request.app.state.service
    if obstacle := service.obstacle():
        service.renew()  # it may have passed, and who shares out requests sends none until then
        raise come_again(503, obstacle, 2)
    return JSONResponse({"status": "ready", "index": service.index_name})


async def _metrics(request: Request) -> Response:
    service: Service = request.app.state.service
    return Response(service.metrics.text(), media_type=MEDIA_TYPE)


async def _as_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)  # noqa: S101
    return error.response()


async def _as_http_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    detail = {
        404: f"there is nothing at {request.url.path}: see /docs",
        405: f"{request.method} is not for {request.url.path}: see /docs",
    }.get(error.status_code, str(error.detail))
    headers = {"Allow": _allowed(request)} if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED else error.headers
    return Problem(error.status_code, detail, headers=headers).response()


def _allowed(request: Request) -> str:
    """The methods for an address, of all routes that lead to it; the page is all that leads to any other."""
    routes = [route for route in (*router.routes, *request.app.routes) if isinstance(route, Route)]
    found = [route.methods or () for route in routes if route.matches(request.scope)[0] is not Match.NONE]
    methods = {method for each in found for method in each} or {"GET"}
    return ", ".join(sorted(methods | ({"HEAD"} if "GET" in methods else set())))


async def _as_wrong_fields(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    return faults_of(error.errors(), within=1).response()


async def _as_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, LogoRetrievalError)  # noqa: S101
    if isinstance(error, IndexRebuilt):
        service: Service = request.app.state.service
        service.renew()
        if obstacle := service.obstacle():
            return come_again(503, obstacle, 5).response()
    problem = problem_of(error)
    if problem.status == HTTPStatus.INTERNAL_SERVER_ERROR:
        LOGGER.error(problem.detail, extra={FACTS: {"request": request.scope[REQUEST_ID]}})
    return problem.response()


async def _as_it_is(request: Request, error: Exception) -> Response:
    """A fault is answered and logged by the gate, and so is that nobody waits any more."""
    raise error
