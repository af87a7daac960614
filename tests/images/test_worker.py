"""A decoder process by itself, with a test at the other end of its socket."""

from __future__ import annotations

import json
import os
import resource
import socket
import subprocess
import sys

import pytest
from drawings import svg

from logo_retrieval.errors import BackendError, UnreadableImage
from logo_retrieval.images.pool import processes
from logo_retrieval.images.pool.pool import DecoderPool
from logo_retrieval.images.pool.protocol import receive, send
from logo_retrieval.images.preparation import Preparation

SIDE = 32
CODE = "import json, sys; from logo_retrieval.images.pool.worker import main; main(json.loads(sys.argv[1]), 50)"


def test_it_answers_what_it_is_asked_until_the_other_end_hangs_up() -> None:
    ours, theirs = socket.socketpair()
    command = [sys.executable, "-c", CODE, json.dumps(Preparation(size_px=SIDE).to_dict())]
    with subprocess.Popen(command, stdin=theirs.fileno()) as process:
        theirs.close()
        stream = ours.makefile("rwb")
        assert receive(stream) == ({}, b"")  # it is ready

        def asked(want: str, data: bytes) -> tuple[dict[str, object], bytes]:
            send(stream, {"want": want}, data)
            answer = receive(stream)
            assert answer is not None
            return answer

        for want in ("whole", "all views", "views and lines"):
            answer, pixels = asked(want, svg("disc"))
            assert (answer["format"], answer["width"], answer["height"]) == ("svg", 100, 100)
            assert len(pixels) % (SIDE * SIDE * 3) == 0 and len(set(pixels)) > 1
        answer, pixels = asked("art", svg("disc"))
        assert len(pixels) == 4 * int(str(answer["columns"])) * int(str(answer["rows"]))
        answer, pixels = asked("whole", b"no picture")
        assert answer["code"] == "unknown-format" and pixels == b""
        stream.close()
        ours.close()
        assert process.wait(60) == 0


def test_a_renderer_that_is_not_there_is_a_fault_and_no_unreadable_picture() -> None:
    ours, theirs = socket.socketpair()
    code = f"import sys; sys.modules['cairosvg'] = None; {CODE}"
    command = [sys.executable, "-c", code, json.dumps(Preparation(size_px=SIDE, engine="cairosvg").to_dict())]
    with subprocess.Popen(command, stdin=theirs.fileno()) as process:
        theirs.close()
        stream = ours.makefile("rwb")
        receive(stream)
        send(stream, {"want": "whole"}, svg("disc"))
        answer = receive(stream)
        stream.close()
        ours.close()
        assert process.wait(60) == 0
    assert answer is not None and "libcairo2" in answer[0]["fault"]


def test_it_starts_without_what_takes_long_to_import() -> None:
    code = f"""
import sys
sys.path += {sys.path!r}
from logo_retrieval.images.pool import worker
from logo_retrieval.images.preparation import Preparation
worker._spare_metadata()
worker.decode_views(sys.stdin.buffer.read(), Preparation(), all_views=True)
print(*{{"numpy", "dataclasses", "inspect", "pathlib", "urllib.parse", "tinycss2"}} & sys.modules.keys())
"""
    data = svg("disc").replace(b"<svg ", b'<svg class="a-b" ')
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], input=data, capture_output=True, check=True)
    assert done.stdout.split() == []


@pytest.mark.parametrize("room", range(4))
def test_one_for_which_no_file_can_be_open_is_told_as_that(room: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    opened = [os.open(os.devnull, os.O_RDONLY) for _ in range(64)]  # no number below the last one is free
    with DecoderPool(Preparation(size_px=SIDE)) as pool:
        resource.setrlimit(resource.RLIMIT_NOFILE, (opened[-1] + 1 + room, hard))
        try:
            with pytest.raises(BackendError, match="cannot start a decoder process: .*Too many open files"):
                pool.decode_one(svg("disc"), all_views=False)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            for each in opened:
                os.close(each)
        assert not isinstance(pool.decode_one(svg("disc"), all_views=False), Exception)


@pytest.mark.parametrize("junk", [b"junk", b"[1]", b"\xff", b"[" * 9000])
def test_a_decoder_that_answers_with_something_else(monkeypatch: pytest.MonkeyPatch, junk: bytes) -> None:
    """Whatever took it over, the file is lost and the batch goes on."""
    script = f"""
import os, struct
os.write(0, struct.pack(">II", 2, 0) + b"{{}}")
os.read(0, 99)
os.write(0, struct.pack(">II", {len(junk)}, 0) + {junk!r})
os.read(0, 1)
"""
    monkeypatch.setattr(processes, "_START", script)
    with DecoderPool(Preparation(size_px=SIDE), processes=1) as pool:
        results = list(pool.decode([svg("disc"), svg("bars")], all_views=False))
    assert [result.code for result in results if isinstance(result, UnreadableImage)] == ["crashed", "crashed"]
