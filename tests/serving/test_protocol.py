"""HTTP as it comes in the wild: methods, headers, connections that are slow, broken off or no HTTP at all."""

from __future__ import annotations

import asyncio
import gzip
import mimetypes
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from drawings import ring, svg
from fastapi import FastAPI
from prometheus_client.parser import text_string_to_metric_families
from raw_requests import sent
from served import Served, served

from logo_retrieval.serving.app import create_app
from logo_retrieval.serving.gate import HEADERS
from logo_retrieval.serving.settings import Settings

SVG = {"Content-Type": "image/svg+xml"}


@pytest.fixture(scope="module")
def service(index: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One that waits two seconds for a request."""
    with served(index, tmp_path_factory.mktemp("service"), "--request-timeout", 2) as service:
        yield service


@pytest.fixture
def client(service: Served) -> Iterator[httpx.Client]:
    with service.client() as client:
        yield client


def test_head_is_answered_as_get_without_the_body(client: httpx.Client) -> None:
    for path in ("/", "/healthz", "/readyz", "/metrics", "/v1/info", "/v1/classes"):
        got, head = client.get(path), client.head(path)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-type"] == got.headers["content-type"]
    assert client.head("/v1/classes/nobody").status_code == 404


def test_a_method_that_is_not_for_an_address_is_told_which_are(client: httpx.Client) -> None:
    for method, path, allowed in (
        ("GET", "/v1/classify", {"POST"}),
        ("PUT", "/v1/classify", {"POST"}),
        ("PATCH", "/v1/info", {"GET", "HEAD"}),
        ("POST", "/healthz", {"GET", "HEAD"}),
        ("PUT", "/v1/classes/disc", {"DELETE", "GET", "HEAD", "POST"}),
        ("GET", "/v1/items/disc/0.svg", {"DELETE"}),
        ("POST", "/v1/items/disc/0.svg/thumbnail", {"DELETE", "GET", "HEAD"}),
        ("POST", "/", {"GET", "HEAD"}),
        ("DELETE", "/main.js", {"GET", "HEAD"}),
    ):
        answer = client.request(method, path)
        assert answer.status_code == 405 and set(answer.headers["allow"].split(", ")) == allowed
    assert client.get("/v1/info/").status_code == client.post("/v1/classfy").status_code == 404


def test_the_headers_of_every_answer(client: httpx.Client, service: Served) -> None:
    """Those of errors, too, and of what is no HTTP."""
    answers = [client.get(path).headers for path in ("/", "/v1/info", "/v1/nothing", "/nothing")]
    refused = sent(service, b"POST /v1/classify HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n")
    head, _, body = refused.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ") and b"application/problem+json" in head and b'"status": 400' in body
    answers.append(httpx.Headers(dict(line.decode().split(": ", 1) for line in head.split(b"\r\n")[1:])))
    for headers in answers:
        assert all(headers[name.decode()] == value.decode() for name, value in HEADERS)
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "access-control-allow-origin" not in headers
    assert all(len(headers["x-request-id"]) == 32 for headers in answers[:-1])
    for wished, taken in (("mine-1", True), ("two words", False)):
        headers = client.get("/healthz", headers={"X-Request-Id": wished}).headers
        assert (headers["x-request-id"] == wished) is taken


def test_an_origin_that_is_no_address_is_refused(client: httpx.Client) -> None:
    for origin in ("http://[::1", "null", "", "http://localhost.evil"):
        answer = client.post("/v1/classify", content=svg("disc"), headers={**SVG, "Origin": origin})
        assert answer.status_code == 403


def test_an_encoded_body_is_refused(client: httpx.Client) -> None:
    packed = gzip.compress(svg("disc"))
    answer = client.post("/v1/classify", content=packed, headers={**SVG, "Content-Encoding": "gzip"})
    assert answer.status_code == 415 and "Content-Encoding" in answer.json()["detail"]


def test_file_names_as_clients_write_them(client: httpx.Client) -> None:
    """Alone in UTF-8 or Latin-1; with `filename*`, which counts more, as .NET does."""
    extended = b"filename*=utf-8''b%C3%BCro.svg"
    for name in (
        b'filename="%b"' % "büro.svg".encode(),
        b'filename="%b"' % "büro.svg".encode("latin-1"),
        extended,
        b'filename="=?utf-8?B?YsO8cm8uc3Zn?="; ' + extended,
        extended + b'; filename="buro.svg"',
    ):
        headers = [(b"Content-Type", b"image/svg+xml"), (b"Content-Disposition", b"attachment; " + name)]
        assert client.post("/v1/classify", content=svg("disc"), headers=headers).json()[0]["path"] == "büro.svg"
        head = b'--x\r\nContent-Disposition: form-data; name="files"; ' + name
        body = head + b"\r\n\r\n" + svg("disc") + b"\r\n--x--\r\n"
        answer = client.post("/v1/classify", content=body, headers={"Content-Type": "multipart/form-data; boundary=x"})
        assert answer.json()[0]["path"] == "büro.svg", name


def test_file_names_that_cannot_be_read_are_refused(client: httpx.Client) -> None:
    for name in (
        b"filename*=idna''x",
        b"filename*=undefined''x",
        b"filename*%b=x" % (b"9" * 5000),
        b"filename*0*=x; filename*=y",
    ):
        headers = [(b"Content-Type", b"image/svg+xml"), (b"Content-Disposition", b"attachment; " + name)]
        answer = client.post("/v1/classify", content=svg("disc"), headers=headers)
        assert answer.status_code == 400 and "RFC 6266" in answer.json()["detail"]
    head = b"--x\r\nContent-Disposition: form-data; name=files; filename*=a\0b''x"
    body = head + b"\r\n\r\n" + svg("disc") + b"\r\n--x--\r\n"
    answer = client.post("/v1/classify", content=body, headers={"Content-Type": "multipart/form-data; boundary=x"})
    assert answer.status_code == 400


def test_boundaries_are_taken_with_and_without_quotes(client: httpx.Client) -> None:
    for boundary in ("===12===", "----=_Part_0_1.2", "a/b", "a b"):
        body = b'--%b\r\nContent-Disposition: form-data; name="files"\r\n\r\n%b\r\n--%b--\r\n'
        content = body % (boundary.encode(), svg("disc"), boundary.encode())
        for written in (boundary, f'"{boundary}"'):
            headers = {"Content-Type": f"multipart/form-data; charset=utf-8; boundary={written}"}
            assert client.post("/v1/classify", content=content, headers=headers).status_code == 200, written
    for lacking in ("", "; boundary=", "; boundary*=undefined''x"):
        headers = {"Content-Type": f"multipart/form-data{lacking}"}
        answer = client.post("/v1/classify", content=content, headers=headers)
        assert answer.status_code == 400 and "let the client set that header" in answer.json()["detail"]


def test_a_picture_may_be_of_any_type_of_image(client: httpx.Client) -> None:
    for kind in ("image/*", "IMAGE/PNG", "image/svg+xml; charset=utf-8", "application/octet-stream"):
        answer = client.post("/v1/classify", content=svg("disc"), headers={"Content-Type": kind})
        assert answer.status_code == 200, kind


def test_half_a_character_in_a_file_name_is_escaped(client: httpx.Client) -> None:
    headers = {**SVG, "Content-Disposition": "attachment; filename*=utf-7''a+2AA-.svg"}
    answer = client.post("/v1/classify", content=svg("disc"), headers=headers)
    assert answer.json()[0]["path"] == "a\\ud800.svg"


def test_a_parameter_among_the_fields_is_refused(client: httpx.Client) -> None:
    """Or else it would be passed over."""
    for operation in ("classify", "similar", "duplicates"):
        answer = client.post(f"/v1/{operation}", files=[("files", svg("disc"))], data={"top": "2"})
        assert answer.status_code == 422 and answer.json()["errors"][0]["field"] == "top"


def test_an_address_that_is_not_utf_8_is_refused(client: httpx.Client) -> None:
    for path in ("/v1/classes/B%FCro", "/v1/classes/newco?names=B%FCro", "/v1/classes/%ED%A0%80"):
        answer = client.post(path)
        assert answer.status_code == 400 and "UTF-8" in answer.json()["detail"]


def test_a_check_that_names_no_host_is_answered(service: Served) -> None:
    """As HAProxy sends it; browsers always name one."""
    assert sent(service, b"GET /healthz HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.1 200 ")
    assert sent(service, b"GET /healthz HTTP/1.0\r\nHost:\r\n\r\n").startswith(b"HTTP/1.1 403 ")
    assert sent(service, b"POST /v1/classify HTTP/1.0\r\nOrigin: null\r\n\r\n").startswith(b"HTTP/1.1 403 ")


def test_lines_are_had_however_they_are_asked_for(client: httpx.Client) -> None:
    for accept in ([("Accept", "Application/X-NDJSON")], [("Accept", "a/b"), ("Accept", "application/x-ndjson;q=0.5")]):
        answer = client.post("/v1/classify", content=svg("disc"), headers=[*SVG.items(), *accept])
        assert answer.headers["content-type"] == "application/x-ndjson"


def test_a_thumbnail_that_is_known_is_not_sent_again(client: httpx.Client) -> None:
    tag = client.get("/v1/items/disc/0.svg/thumbnail").headers["etag"]
    for known in (tag, f"W/{tag}", f'"x", {tag}', "*"):
        answer = client.get("/v1/items/disc/0.svg/thumbnail", headers={"If-None-Match": known})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag)
    assert client.get("/v1/items/disc/0.svg/thumbnail", headers={"If-None-Match": '"x"'}).status_code == 200


def test_a_file_of_the_page_comes_whole_and_by_the_way_it_was_asked_for(client: httpx.Client) -> None:
    """Whatever part is wished for; and a proxy may have put the page below a path."""
    whole = client.get("/main.js")
    assert whole.headers["accept-ranges"] == "none"
    for part in ("bytes=0-9", "bytes=9-1", "lines=1", "bytes=99999999-"):
        answer = client.get("/main.js", headers={"Range": part})
        assert (answer.status_code, answer.content) == (200, whole.content)
    for path, place in (("/docs", "./docs/"), ("//evil.example/%2e%2e/docs", "./docs/")):
        answer = client.get(f"{client.base_url}".rstrip("/") + path)
        assert (answer.status_code, answer.headers["location"]) == (307, place)


def test_who_breaks_off_is_no_fault(service: Served) -> None:
    """Neither while the body is sent nor before the answer."""
    begun = b"POST /v1/classify HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=x\r\n"
    parts = b"".join(
        b'--x\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\n%b%d\r\n' % (svg("bars"), place)
        for place in range(300)
    )
    body = parts + b"--x--\r\n"
    for part in (body[:1000], body):
        sent(service, b"%bContent-Length: %d\r\n\r\n%b" % (begun, len(body), part), abort=True)
    end = time.monotonic() + 20
    while len(gone := [line for line in service.log() if line.get("status") == 499]) < 2 and time.monotonic() < end:
        time.sleep(0.05)
    assert len(gone) == 2
    assert [line for line in service.log() if line["level"] == "error" or line.get("status") == 500] == []


def test_methods_that_nobody_knows_are_counted_together(client: httpx.Client) -> None:
    """Or else whoever asks could fill the memory."""
    for place in range(3):
        client.request(f"METHOD{place}", "/v1/info")
    families = text_string_to_metric_families(client.get("/metrics").text)
    methods = {each.labels["method"] for family in families for each in family.samples if "method" in each.labels}
    assert "other" in methods and not any(method.startswith("METHOD") for method in methods)


def test_every_answer_is_described(client: httpx.Client) -> None:
    described = client.get("/openapi.json").json()
    assert described["components"]["securitySchemes"]["HTTPBearer"]["scheme"] == "bearer"
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            wanted = {"403", "429", "500"}
            if path.startswith("/v1"):
                wanted |= {"401", "422", "503"}
                assert operation["security"] == [{"HTTPBearer": []}]
            if method == "delete" or path == "/v1/classes/{name}" and method == "post":
                wanted |= {"507"}
            if "requestBody" in operation:
                wanted |= {"400", "408", "413", "415"}
            assert wanted <= set(operation["responses"]), (method, path)
    assert client.get("/v1/classes?a=b").status_code == 422
    assert {"200", "201"} <= set(described["paths"]["/v1/classes/{name}"]["post"]["responses"])
    assert "304" in described["paths"]["/v1/items/{item}/thumbnail"]["get"]["responses"]


def test_a_line_break_in_a_file_name(mine: Path, tmp_path: Path) -> None:
    with served(mine, tmp_path) as service, service.client() as client:
        (added,) = client.post("/v1/classes/ring", files=[("files", ("a\nb.svg", ring()))]).json()["added"]
        address = f"/v1/items/{quote(added['item'], safe='')}"
        assert client.get(f"{address}/thumbnail").status_code == 200
        assert client.delete(address).json()["removed_classes"] == ["ring"]
        assert client.post("/v1/classes/a%0Ab", files=[("files", ring())]).status_code == 422


def test_a_fault_is_a_problem_with_the_id_of_its_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Of a route that was put into the real application beside its own."""
    gate = create_app(Settings(tmp_path))
    app: FastAPI = gate._app  # type: ignore[attr-defined]

    async def faulty() -> None:
        raise ZeroDivisionError

    app.add_api_route("/faulty", faulty)

    async def asked() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(gate), base_url="http://localhost") as client:
            return await client.get("/faulty")

    answer = asyncio.run(asked())
    assert answer.status_code == 500 and answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-request-id"] in answer.json()["detail"]
    assert [record.exc_info[0] for record in caplog.records if record.exc_info] == [ZeroDivisionError]


def test_scripts_are_scripts_whatever_the_system_says_of_their_ending(tmp_path: Path) -> None:
    """As where the registry of Windows has them as text: browsers would take none, and the page be empty."""
    before = mimetypes.types_map[".js"]
    mimetypes.add_type("text/plain", ".js")

    async def asked() -> httpx.Response:
        gate = httpx.ASGITransport(create_app(Settings(tmp_path)))
        async with httpx.AsyncClient(transport=gate, base_url="http://localhost") as client:
            return await client.get("/main.js")

    try:
        assert "/javascript" in asyncio.run(asked()).headers["content-type"]
    finally:
        mimetypes.add_type(before, ".js")
