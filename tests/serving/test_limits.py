"""What the service does not take, who may not ask, and in which shape it says so."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from drawings import ring, svg
from served import Served, served

from logo_retrieval.serving.settings import Limits, Settings, read_tokens, token

MARK = ("mark.svg", svg("disc"))
NOISE = b"<svg xmlns='http://www.w3.org/2000/svg'>" + b" " * 1_200_000 + b"</svg>"


@pytest.fixture(scope="module")
def service(index: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One with small limits."""
    options = ("--max-file-mb", 1, "--max-body-mb", 2, "--max-files", 5, "--queue", 6)
    with served(index, tmp_path_factory.mktemp("service"), *options) as service:
        yield service


@pytest.fixture
def client(service: Served) -> Iterator[httpx.Client]:
    with service.client() as client:
        yield client


def check_problem(answer: httpx.Response, status: int, *words: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert problem["status"] == status and problem["type"] == "about:blank" and problem["title"]
    assert status != 422 or problem["title"] == "Unprocessable Content"  # as RFC 9110 has it, with every Python
    assert all(word in problem["detail"] for word in words), problem["detail"]
    return problem


def test_bodies_that_are_not_what_is_expected(client: httpx.Client) -> None:
    check_problem(client.post("/v1/classify", files=[("picture", MARK)]), 400, "files", "picture")
    check_problem(client.post("/v1/classify", data={"a": "b"}), 415, "application/x-www-form-urlencoded")
    check_problem(client.post("/v1/classify"), 415, "no type")
    check_problem(client.post("/v1/classify", json={"url": "http://127.0.0.1/"}), 415, "application/json")
    multipart = {"Content-Type": "multipart/form-data; boundary=x"}
    check_problem(client.post("/v1/classify", content=b"--x\r\nno", headers=multipart), 400, "well-formed")
    check_problem(client.post("/v1/classify", content=b"--x--\r\n", headers=multipart), 400)
    check_problem(client.post("/v1/classify", content=b"x", headers={"Content-Type": "multipart/form-data"}), 400)
    two = [("files", MARK), ("files", MARK)]
    check_problem(client.post("/v1/similar", files=two), 400, "one picture, got 2")


def test_parameters_that_are_not_what_they_must_be(client: httpx.Client) -> None:
    for parameters, field in (
        ({"top": 0}, "top"),
        ({"top": "x"}, "top"),
        ({"other_share": 1}, "other_share"),
        ({"other_share": "nan"}, "other_share"),
        ({"other_share": "most"}, "other_share"),
        ({"max_false_accept": 1e-9}, "max_false_accept"),
        ({"text": "sometimes"}, "text"),
        ({"tops": 3}, "tops"),
    ):
        problem = check_problem(client.post("/v1/classify", files=[("files", MARK)], params=parameters), 422, field)
        assert [fault["field"] for fault in problem["errors"]] == [field]
    wrong = client.post("/v1/classes/ring", files=[("files", ring())], data={"force": "perhaps"})
    assert check_problem(wrong, 422, "force")["errors"][0]["field"] == "force"
    check_problem(client.post("/v1/classes/ring", files=[("files", ring())], data={"forced": "1"}), 422, "forced")


def test_a_parameter_that_comes_twice_is_refused(client: httpx.Client) -> None:
    """Or else one of the values would be passed over. Names are a list."""
    for method, path, field in (
        ("POST", "/v1/classify?top=1&top=2", "top"),
        ("POST", "/v1/similar?top=1&%74op=1", "top"),
        ("POST", "/v1/duplicates?kind=picture&kind=drawing", "kind"),
        ("POST", "/v1/classes/ring?force=true&names=a&force=false", "force"),
    ):
        problem = check_problem(client.request(method, path, files=[("files", MARK)]), 422, field, "once")
        assert [fault["field"] for fault in problem["errors"]] == [field]
    fields = {"names": ["Ring", "Rings"], "skip_unreadable": ["false", "true"]}
    problem = check_problem(client.post("/v1/classes/ring", files=[("files", ring())], data=fields), 422, "once")
    assert [fault["field"] for fault in problem["errors"]] == ["skip_unreadable"]


def test_what_is_not_there(client: httpx.Client) -> None:
    check_problem(client.get("/v1/nothing"), 404, "/v1/nothing")
    check_problem(client.get("/../../../etc/passwd"), 404)
    check_problem(client.get("/%2e%2e/%2e%2e/etc/passwd"), 404)
    check_problem(client.get("/v1/classes/nobody"), 404, "nobody")
    check_problem(client.get("/v1/items/nothing/thumbnail"), 404, "nothing")
    check_problem(client.get("/v1/items/..%2F..%2Fetc%2Fpasswd/thumbnail"), 404)
    check_problem(client.put("/v1/classify"), 405, "PUT")


def test_too_large_and_too_many(client: httpx.Client) -> None:
    check_problem(client.post("/v1/classify", files=[("files", NOISE)]), 413, "1,000,000")
    check_problem(client.post("/v1/classify", content=NOISE, headers={"Content-Type": "image/png"}), 413, "1,000,000")
    check_problem(client.post("/v1/classify", files=[("files", MARK)] * 6), 413, "5 files")
    check_problem(client.post("/v1/classify", files=[("files", NOISE)] * 2), 413, "2,000,000")
    many_fields = {f"field{place}": "x" for place in range(300)}
    check_problem(client.post("/v1/classes/a", files=[("files", MARK)], data=many_fields), 413)
    check_problem(client.post("/v1/classes/a", files=[("files", MARK)], data={"names": "x" * 20_000}), 413, "names")


def test_a_body_of_no_announced_length_ends_at_the_limit(service: Served) -> None:
    """Of 200 MB in chunks only about the allowed 2 MB are taken."""
    place = urlsplit(service.url)
    with socket.create_connection((str(place.hostname), place.port or 0), timeout=60) as connection:
        connection.sendall(
            b"POST /v1/classify HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=x\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n"
        )
        begin = b'--x\r\nContent-Disposition: form-data; name="note"\r\n\r\n'
        sent = 0
        try:
            connection.sendall(b"%x\r\n%b\r\n" % (len(begin), begin))
            for _ in range(200):
                connection.sendall(b"f4240\r\n" + b"y" * 1_000_000 + b"\r\n")
                sent += 1
        except OSError:
            pass
        assert sent < 100
    assert service.metric('logo_requests_total{method="POST",route="/v1/classify",status="413"}') >= 1


def test_a_full_queue_says_when_to_come_again(service: Served) -> None:
    def ask(_: int) -> httpx.Response:
        with service.client() as client:
            return client.post("/v1/classify", files=[("files", MARK)] * 5)

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(ask, range(24)))
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused and {answer.status_code for answer in answers} == {200, 429}
    for answer in refused:
        check_problem(answer, 429, "wait")
        assert int(answer.headers["retry-after"]) >= 1
    assert service.metric("logo_waiting_pictures") == 0


def test_pages_of_other_sites_are_kept_out(client: httpx.Client) -> None:
    for headers in (
        {"Origin": "http://evil.example"},
        {"Host": "evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
    ):
        check_problem(client.post("/v1/classes/ring", files=[("files", ring())], headers=headers), 403)
    for headers in ({"Origin": str(client.base_url).rstrip("/")}, {"Sec-Fetch-Site": "same-origin"}):
        assert client.post("/v1/classify", files=[("files", MARK)], headers=headers).status_code == 200
    check_problem(client.get("/v1/classes", headers={"Host": "evil.example"}), 403)
    assert client.get("/", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 200  # somebody followed a link


def test_behind_a_proxy_a_service_with_tokens_has_any_name(index: Path, tmp_path: Path) -> None:
    """It listens to its own machine, and the proxy passes on what it is called by others."""
    secret = "0123456789abcdef"
    with served(index, tmp_path, "--token", secret) as service, service.client() as client:
        called = {"Host": "logos.example", "Origin": "https://logos.example", "Authorization": f"Bearer {secret}"}
        assert client.get("/", headers=called).status_code == 200
        assert client.post("/v1/classify", files=[("files", MARK)], headers=called).status_code == 200
        check_problem(client.get("/v1/info", headers={"Host": "logos.example"}), 401)
        stranger = {**called, "Origin": "https://evil.example"}
        check_problem(client.post("/v1/classify", files=[("files", MARK)], headers=stranger), 403)


def test_tokens_have_scopes(mine: Path, tmp_path: Path) -> None:
    secrets = {scope: f"{scope}-secret-0123456789" for scope in ("read", "enrol", "admin")}
    file = tmp_path / "tokens.txt"
    file.write_text("# who may what\n" + "".join(f"{scope}er {scope} {secret}\n" for scope, secret in secrets.items()))
    with served(mine, tmp_path, "--host", "127.0.0.1", "--tokens", file) as service, service.client() as client:

        def ask(method: str, path: str, scope: str | None, **body: Any) -> httpx.Response:  # noqa: ANN401
            headers = {} if scope is None else {"Authorization": f"Bearer {secrets.get(scope, scope)}"}
            return client.request(method, path, headers=headers, **body)

        drawing = {"files": [("files", ("a.svg", ring()))]}
        missing = ask("GET", "/v1/classes", None)
        check_problem(missing, 401, "Authorization")
        assert missing.headers["www-authenticate"] == "Bearer"
        check_problem(ask("GET", "/v1/classes", "wrong"), 401)
        assert ask("GET", "/v1/classes", "read").status_code == 200
        check_problem(ask("POST", "/v1/classes/ring", "read", **drawing), 403, "'reader'", "'enrol'")
        assert ask("POST", "/v1/classes/ring", "enrol", **drawing).status_code == 201
        check_problem(ask("DELETE", "/v1/classes/ring", "enrol"), 403, "'admin'")
        assert ask("DELETE", "/v1/items/ring/a.svg", "admin").status_code == 200
        log = ask("GET", "/v1/log", "read").json()
        assert [change["detail"].rsplit(", by ", 1)[1] for change in log[1:]] == ["token 'enroler'", "token 'adminer'"]
        assert client.get("/healthz").status_code == client.get("/readyz").status_code == 200
        assert not any(secret in service.log_file.read_text() for secret in secrets.values())


def test_beyond_this_machine_nothing_changes_without_tokens(mine: Path, tmp_path: Path) -> None:
    with served(mine, tmp_path, "--host", "0.0.0.0") as service:
        port = urlsplit(service.url).port
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=60) as client:
            assert client.post("/v1/classify", files=[("files", MARK)]).status_code == 200
            check_problem(client.post("/v1/classes/ring", files=[("files", ring())]), 403, "--tokens")
            check_problem(client.delete("/v1/classes/disc"), 403, "--tokens")


def test_a_large_request_does_not_hold_up_a_small_one(index: Path, tmp_path: Path) -> None:
    with served(index, tmp_path) as service:
        pictures = [("files", (f"{place}.svg", svg("bars", place % 3) + b" " * place)) for place in range(400)]

        def large() -> float:
            with service.client() as client:
                assert len(client.post("/v1/classify", files=pictures).json()) == 400
            return time.monotonic()

        with ThreadPoolExecutor(1) as thread, service.client() as client:
            ending = thread.submit(large)
            while service.metric("logo_waiting_pictures") < 100:
                time.sleep(0.01)
            assert client.post("/v1/classify", files=[("files", MARK)]).status_code == 200
            assert time.monotonic() < ending.result()


def test_settings_say_what_is_wrong_with_them() -> None:
    with pytest.raises(ValueError, match="scope must be one of read, enrol, admin, got 'write'"):
        token("a", "0123456789abcdef", "write")
    with pytest.raises(ValueError, match="at least 16"):
        token("a", "short", "read")
    for lines, words in (
        (["a read"], "line 1 must be a name, a scope and a secret, got 2 words"),
        (["", "a read 0123456789abcdef", "a admin 0123456789abcdeg"], "line 3: the name 'a'"),
        (["# nothing"], "no token"),
    ):
        with pytest.raises(ValueError, match=words):
            read_tokens(lines)
    with pytest.raises(ValueError, match="never fit a queue"):
        Limits(files=100, waiting=50)
    for endless in (float("inf"), 1e9):
        with pytest.raises(ValueError, match="request_s must be 86,400 at most"):
            Limits(request_s=endless)
    for host, alone in (
        ("127.0.0.1", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("10.0.0.1", False),
    ):
        assert Settings(Path("index"), host=host).is_loopback is alone
