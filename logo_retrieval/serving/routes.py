"""`/v1`: what can be asked of an index and done to it."""

from __future__ import annotations

import hashlib
import io
import math
from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from fastapi.security import HTTPBearer
from starlette.convertors import PathConvertor, register_url_convertor

from logo_retrieval.gallery.records import plain_name
from logo_retrieval.inference.facts import facts_of
from logo_retrieval.serving import schema
from logo_retrieval.serving.access import check_access
from logo_retrieval.serving.duplicates import duplicates_among
from logo_retrieval.serving.leaving import unless_gone
from logo_retrieval.serving.problems import Problem, come_again
from logo_retrieval.serving.queries import (
    ClassifyQuery,
    DuplicatesQuery,
    EnrolQuery,
    NoQuery,
    SimilarQuery,
    UnenrolQuery,
    check_once,
    merged,
)
from logo_retrieval.serving.rows import collected, lines, rows_of
from logo_retrieval.serving.service import Service
from logo_retrieval.serving.settings import Scope
from logo_retrieval.serving.uploads import Upload, read_body
from logo_retrieval.types import OTHER

_TOKEN = HTTPBearer(auto_error=False, description="Needed where the service was started with tokens.")
router = APIRouter(prefix="/v1", dependencies=[Depends(_TOKEN)])  # for OpenAPI; `_enter` looks at it


class _AnyPath(PathConvertor):
    """The rest of an address, also where a file's name has a line break in it."""

    regex = "(?s:.*)"


register_url_convertor("rest", _AnyPath())

_LINES = "application/x-ndjson"
_SECONDS_A_PICTURE = 0.02
"""About what one takes on two cores, to say when a full queue will be shorter."""


def _enter(request: Request, scope: Scope) -> tuple[Service, str]:
    """The service, and who asks.

    Raises:
        Problem: 401 or 403 as in `check_access`, 422 for a parameter that is there twice, 503 while no index is open.
    """
    service: Service = request.app.state.service
    actor = check_access(request, service.settings, scope)
    check_once(name for name, _ in request.query_params.multi_items())
    _ = service.classifier  # or that it is not open
    return service, actor


@router.post(
    "/classify",
    summary="Say whose logo each picture shows",
    openapi_extra=schema.pictures(),
    responses=schema.answers([schema.ROW], *schema.OF_BODIES),
)
async def classify(request: Request, query: Annotated[ClassifyQuery, Query()]) -> Response:
    """One row a picture, in the order sent, as `logo-retrieval classify --format jsonl` writes them.

    A picture that cannot be read is a row with the reason. With `Accept: application/x-ndjson` the rows come as they
    are answered, one a line; with `other_share=auto` when all are.
    """
    service, _ = _enter(request, "read")
    _check_queue(service, 1)
    body = await read_body(request, service.settings.limits)
    _check_queue(service, len(body.pictures))
    rows = rows_of(service, body.pictures, query)
    if any(_LINES in kinds.lower() for kinds in request.headers.getlist("accept")):
        first = await unless_gone(request, anext(rows))  # a problem can be told before an answer begins, and not after
        return StreamingResponse(lines(first, rows), media_type=_LINES)
    return JSONResponse(await unless_gone(request, collected(rows)))


@router.post(
    "/similar",
    summary="List the drawings most like a picture",
    openapi_extra=schema.pictures(several=False),
    responses=schema.answers(schema.ROW["neighbours"], *schema.OF_BODIES),
)
async def similar(request: Request, query: Annotated[SimilarQuery, Query()]) -> Response:
    """Nearest first. A picture that cannot be read is a problem with the reason."""
    service, _ = _enter(request, "read")
    body = await read_body(request, service.settings.limits)
    if len(body.pictures) != 1:
        raise Problem(400, f"expected one picture, got {len(body.pictures)}")
    asking = service.ask(lambda classifier: classifier.similar(body.pictures[0].data, k=query.top))
    found = await unless_gone(request, asking)
    return JSONResponse([neighbour.to_dict() for neighbour in found])


@router.get(
    "/classes",
    summary="List the companies that the index knows",
    responses=schema.answers([{"name": "github", "items": 41, "names": ["GitHub"]}]),
)
async def classes(request: Request, query: Annotated[NoQuery, Query()]) -> Response:
    """Each with its number of drawings and the names by which it is known."""
    service, _ = _enter(request, "read")
    names, sizes = await service.read(lambda store: (store.class_names(), store.class_sizes()))
    return JSONResponse(
        [{"name": label, "items": size, "names": list(names.get(label, ()))} for label, size in sizes.items()]
    )


@router.get(
    "/classes/{name:rest}",
    summary="List the drawings of a company",
    responses=schema.answers({"name": "github", "items": ["github/mark.svg"], "names": ["GitHub"]}, 404),
)
async def one_class(request: Request, name: str, query: Annotated[NoQuery, Query()]) -> Response:
    """The ids of its drawings, and its names."""
    service, _ = _enter(request, "read")
    label = plain_name(name)
    names, items = await service.read(lambda store: (store.class_names(), store.items_of(label)))
    if label not in names:
        raise Problem(404, f"there is no class '{label}' in the index")
    return JSONResponse({"name": label, "items": items, "names": list(names[label])})


@router.post(
    "/classes/{name:rest}",
    summary="Enrol a company, or more drawings of it",
    status_code=201,
    openapi_extra=schema.pictures(
        fields={
            "names": {"type": "array", "items": {"type": "string"}},
            "force": {"type": "boolean"},
            "skip_unreadable": {"type": "boolean"},
        }
    ),
    responses=schema.answers(
        {"added": [{"item": "newco/logo.svg", "label": "newco"}], "named": [], "new_classes": ["newco"]},
        *schema.OF_CHANGES,
        *schema.OF_BODIES,
        status=201,
    )
    | {200: {"description": "All of it was there already."}},
)
async def enroll(request: Request, name: str, query: Annotated[EnrolQuery, Query()]) -> Response:
    """All drawings and names are added, or nothing changes; they take part in the next answer of every process.

    `names`, `force` and `skip_unreadable` may come as parameters or as fields of the body. With names there may be no
    drawing. 201 when something was added, 200 when all of it was there already.
    """
    service, actor = _enter(request, "enrol")
    body = await read_body(request, service.settings.limits, with_fields=True)
    asked = merged(query, body.fields)
    sources = [_named_file(picture) for picture in body.pictures]
    report = await service.change(
        "enroll",
        actor,
        lambda classifier: classifier.enroll(
            name, sources, names=asked.names, force=asked.force, skip_unreadable=asked.skip_unreadable
        ),
    )
    return JSONResponse(report.to_dict(), 201 if report.added or report.named else 200)


@router.delete(
    "/classes/{name:rest}",
    summary="Forget a company, or names of it",
    responses=schema.answers({"removed_classes": ["newco"]}, 404, *schema.OF_CHANGES),
)
async def unenroll_class(request: Request, name: str, query: Annotated[UnenrolQuery, Query()]) -> Response:
    """With its drawings and names; no copy of them stays in the index.

    With `names`, these alone are taken back: with the last one goes the label, unless it was given as a name itself,
    and with both a company that has no drawing.
    """
    service, actor = _enter(request, "admin")
    if query.names is not None:
        gone = await service.change("unenroll", actor, lambda classifier: classifier.unenroll(name, names=query.names))
        return JSONResponse({"removed_names": query.names, "removed_classes": gone})
    if plain_name(name) == OTHER:
        raise Problem(409, f"'{OTHER}' is what unknown logos are told by and stays: remove single drawings of it")
    gone = await service.change("unenroll", actor, lambda classifier: classifier.unenroll(name))
    return JSONResponse({"removed_classes": gone})


@router.delete(
    "/items/{item:rest}",
    summary="Remove a drawing",
    responses=schema.answers({"removed_item": "newco/logo.svg", "removed_classes": []}, 404, 507),
)
async def unenroll_item(request: Request, item: str, query: Annotated[NoQuery, Query()]) -> Response:
    """A company goes with its last drawing, unless it has names."""
    service, actor = _enter(request, "admin")
    gone = await service.change("unenroll", actor, lambda classifier: classifier.unenroll(items=[item]))
    return JSONResponse({"removed_item": item, "removed_classes": gone})


@router.get(
    "/items/{item:rest}/thumbnail",
    summary="A small picture of a drawing",
    response_class=Response,
    responses=schema.answers("WebP", 404, media="image/webp") | {304: {"description": "It is as it was."}},
)
async def thumbnail(request: Request, item: str, query: Annotated[NoQuery, Query()]) -> Response:
    """As WebP, at most 64 px wide and high."""
    service, _ = _enter(request, "read")
    picture = (await service.read(lambda store: store.thumbnails([item]))).get(item)
    if picture is None:
        raise Problem(404, f"there is no drawing '{item}' in the index")
    tag = f'"{hashlib.sha256(picture).hexdigest()[:16]}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    known = request.headers.get("if-none-match", "")
    if tag in known or known.strip() == "*":  # among others, or with the W/ of a proxy
        return Response(status_code=304, headers=headers)
    return Response(picture, media_type="image/webp", headers=headers)


@router.post(
    "/duplicates",
    summary="Find pictures that show the same logo",
    openapi_extra=schema.pictures(),
    responses=schema.answers({"clusters": [], "matches": None, "unreadable": []}, *schema.OF_BODIES),
)
async def duplicates(request: Request, query: Annotated[DuplicatesQuery, Query()]) -> Response:
    """Among the pictures, or with `against_index` those that the index has too.

    Clusters and matches are those of `logo-retrieval duplicates --format jsonl`.
    """
    service, _ = _enter(request, "read")
    body = await read_body(request, service.settings.limits)
    asking = service.compare(lambda classifier, go_on: duplicates_among(classifier, body.pictures, query, go_on))
    return JSONResponse(await unless_gone(request, asking))


@router.get("/info", summary="What the index holds, and which model made it", responses=schema.answers({}))
async def info(request: Request, query: Annotated[NoQuery, Query()]) -> Response:
    """As `logo-retrieval info --format json` says it, and the limits of the service."""
    service, _ = _enter(request, "read")
    facts = await service.read(lambda store: facts_of(store, service.index_name))
    limits = asdict(service.settings.limits)
    return JSONResponse({**facts, "limits": limits, "text": "auto"})


@router.get(
    "/log",
    summary="Who changed what, and when",
    responses=schema.answers([{"at": "2026-11-27T12:00:00+00:00", "action": "enroll", "detail": "class 'newco': ..."}]),
)
async def changes(request: Request, query: Annotated[NoQuery, Query()]) -> Response:
    """Oldest first; it outlives what it tells of, and holds no picture."""
    service, _ = _enter(request, "read")
    return JSONResponse([asdict(change) for change in await service.read(lambda store: store.changes())])


def _check_queue(service: Service, more: int) -> None:
    waiting, most = service.line.waiting, service.settings.limits.waiting
    if waiting + more > most:
        seconds = max(1, math.ceil(_SECONDS_A_PICTURE * waiting))
        raise come_again(429, f"{waiting} pictures wait, {more} more would be above {most}", seconds)


def _named_file(picture: Upload) -> io.BytesIO:
    file = io.BytesIO(picture.data)
    file.name = picture.name
    return file
