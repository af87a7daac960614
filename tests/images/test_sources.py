"""What a picture may come as."""

from __future__ import annotations

import io
import os
import socket
import subprocess
from pathlib import Path
from random import Random

import numpy as np
import pytest
from conftest import without_root
from drawings import svg
from PIL import Image, ImageOps
from rasters import saved

from logo_retrieval.classifier import LogoClassifier
from logo_retrieval.errors import UnreadableImage
from logo_retrieval.images.raster import RasterPicture
from logo_retrieval.images.sniff import MAX_BYTES
from logo_retrieval.images.source import Source, file_or_bytes, files_or_bytes, read_source


def picture(mode: str = "RGBA") -> Image.Image:
    image = Image.new("RGBA", (64, 64), (255, 255, 255, 255))
    image.paste((200, 30, 30, 255), (10, 10, 54, 40))
    return image.convert(mode)


@pytest.mark.parametrize("mode", ["RGBA", "RGB", "L", "P", "1", "LA", "CMYK", "I;16", "F", "HSV", "I"])
def test_a_pillow_image_of_any_mode_is_answered(mode: str) -> None:
    with LogoClassifier.open() as classifier:
        assert classifier.classify([picture(mode)])[0].status == "ok"


@pytest.mark.parametrize("mode", ["PA", "RGBX", "RGBa", "La", "I;16L", "I;16N", "YCbCr", "LAB"])
def test_modes_that_no_png_has_become_one_that_has(mode: str) -> None:
    plain = file_or_bytes(Image.new(mode, (8, 8)))
    assert isinstance(plain, bytes) and Image.open(io.BytesIO(plain)).size == (8, 8)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "AVIF", "TIFF"])
def test_a_pillow_image_is_turned_as_its_file_is(format: str) -> None:
    """Once: `ImageOps.exif_transpose` and Pillow itself, of a TIFF, take the note away when they have turned it."""
    exif = Image.Exif()
    exif[0x0112] = 6
    file = saved(picture("RGB").crop((0, 0, 64, 50)), format, exif=exif, quality=95)
    of_file = RasterPicture.open(file, format.lower())
    for image in (Image.open(io.BytesIO(file)), ImageOps.exif_transpose(Image.open(io.BytesIO(file)))):
        plain = file_or_bytes(image)
        assert isinstance(plain, bytes)
        in_memory = RasterPicture.open(plain, "png")
        assert (in_memory.width, in_memory.height) == (of_file.width, of_file.height) == (50, 64)
        assert in_memory.render(64).tobytes() == of_file.render(64).tobytes()


@pytest.mark.parametrize("full", [1, 255, 60_000])
def test_numbers_and_floats_in_memory_are_those_of_their_file(full: int) -> None:
    grey = picture("F").point(lambda value: value * (full / 255))
    for image in (grey, grey.convert("I")):
        plain, of_file = file_or_bytes(image), RasterPicture.open(saved(image, "TIFF"), "tiff")
        assert isinstance(plain, bytes)
        assert RasterPicture.open(plain, "png").render(64).tobytes() == of_file.render(64).tobytes()


def test_a_picture_in_memory_that_would_be_too_large_a_file_is_read_smaller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("logo_retrieval.images.source.MAX_BYTES", 20_000)
    plain = file_or_bytes(Image.effect_noise((300, 200), 90))
    assert isinstance(plain, bytes) and Image.open(io.BytesIO(plain)).size == (150, 100)


def test_a_pillow_image_that_cannot_be_read_is_corrupt_and_the_rest_is_answered() -> None:
    noise = Image.effect_noise((99, 99), 90).convert("RGB")
    torn = Image.open(io.BytesIO(saved(noise)[:1400]))
    head, mark, pixels = saved(noise, "AVIF").partition(b"mdat")
    damaged = Image.open(io.BytesIO(head + mark + pixels[:9] + Random(1).randbytes(len(pixels) - 9)))
    with pytest.raises(RuntimeError):
        damaged.copy()
    with LogoClassifier.open() as classifier:
        rows = classifier.classify([torn, picture(), Image.new("RGB", (0, 0)), damaged])
    assert [row.status for row in rows] == ["unreadable", "ok", "unreadable", "unreadable"]
    assert all(str(rows[place].reason).startswith("corrupt:") for place in (0, 2, 3))


def test_all_kinds_of_sources_of_one_picture_give_one_vector(tmp_path: Path) -> None:
    file = tmp_path / "a.png"
    picture().save(file)
    with file.open("rb") as opened, LogoClassifier.open() as classifier:
        sources: list[Source] = [
            str(file),
            file,
            file.read_bytes(),
            bytearray(file.read_bytes()),
            memoryview(file.read_bytes()),
        ]
        sources += [opened, io.BytesIO(file.read_bytes()), picture(), np.asarray(picture()), np.asarray(picture("RGB"))]
        vectors = np.stack([each for each in classifier.embed(sources) if each is not None])
        assert vectors.shape == (10, classifier.store.manifest.dim) and np.abs(vectors - vectors[0]).max() < 1e-6
        assert np.linalg.norm(vectors[0]) == pytest.approx(1, abs=1e-5)
        none, vector = classifier.embed([b"no image", svg("disc")])
        assert none is None and vector is not None
        assert classifier.embed([]) == []


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (np.zeros((4, 4), np.float32), "expected an array of uint8"),
        (np.zeros((4, 4, 2), np.uint8), r"got uint8, \(4, 4, 2\)"),
        (io.StringIO("text"), "open it 'rb'"),
        (7, "got int"),
        (None, "got NoneType"),
    ],
)
def test_anything_else_is_refused_with_what_was_expected(source: object, said: str) -> None:
    with pytest.raises(TypeError, match=said):
        file_or_bytes(source)  # type: ignore[arg-type]


def test_the_place_of_what_is_no_picture_is_told() -> None:
    with pytest.raises(TypeError, match="at place 2: expected a path, .* got float"):
        list(files_or_bytes(["a.svg", b"x", float("nan")]))  # type: ignore[list-item]


def test_an_open_file_is_read_from_its_beginning(tmp_path: Path) -> None:
    written = io.BytesIO()
    written.write(b"<svg/>")
    assert [file_or_bytes(written) for _ in range(2)] == [b"<svg/>"] * 2
    (tmp_path / "a.svg").write_bytes(b"<svg/>")
    with subprocess.Popen(["cat", tmp_path / "a.svg"], stdout=subprocess.PIPE) as stream:
        assert isinstance(stream.stdout, io.BufferedReader) and file_or_bytes(stream.stdout) == b"<svg/>"


def test_one_source_instead_of_several_is_refused() -> None:
    with LogoClassifier.open() as classifier:
        for source in (picture(), np.asarray(picture()), np.zeros((9, 9), np.uint8), io.BytesIO(b"x"), "a.svg"):
            with pytest.raises(TypeError, match="expected several sources"):
                classifier.classify(source)  # type: ignore[arg-type]


@pytest.mark.parametrize("address", ["https://example.com/a.svg", "HTTP://example.com", "data:image/png;base64,AAAA"])
def test_an_address_is_not_fetched(address: str) -> None:
    with pytest.raises(UnreadableImage, match="^missing: .* nothing is fetched"):
        read_source(Path(address))


@pytest.mark.parametrize(
    "text", ['<svg xmlns="http://www.w3.org/2000/svg"/>', "\n<?xml version='1.0'?><svg/>" + "x" * 5000]
)
def test_the_text_of_a_drawing_is_no_path(text: str) -> None:
    with pytest.raises(UnreadableImage, match="^missing: this is the text of a drawing, .* in Python its bytes"):
        read_source(Path(text))


def test_a_path_as_an_address_is_told_as_it_was_given() -> None:
    with pytest.raises(UnreadableImage, match="file:///tmp/a.svg is an address, .*: give the path alone"):
        read_source(Path("file:///tmp/a.svg"))


def test_a_file_whose_name_looks_like_an_address_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("data:x.svg").write_bytes(b"<svg/>")
    assert read_source(Path("data:x.svg")) == b"<svg/>"


def test_an_enrolled_drawing_may_be_a_picture_in_memory(tmp_path: Path) -> None:
    for label, shape in (("disc", "disc"), ("bars", "bars")):
        (tmp_path / "art" / label).mkdir(parents=True)
        (tmp_path / "art" / label / "1.svg").write_bytes(svg(shape))
    with LogoClassifier.build(tmp_path / "art", index=tmp_path / "index") as classifier:
        classifier.enroll("newco", [picture()])
        assert classifier.classify([picture()])[0].label == "newco"


def refusal(source: bytes | Path) -> UnreadableImage:
    with pytest.raises(UnreadableImage) as refused:
        read_source(source)
    return refused.value


def test_what_is_no_regular_file_is_missing(tmp_path: Path) -> None:
    pipe, end, loop = tmp_path / "pipe", tmp_path / "socket", tmp_path / "loop"
    os.mkfifo(pipe)
    loop.symlink_to(loop)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(end))
        for source in (end, loop, tmp_path, Path("/dev/zero"), tmp_path / "none", Path("a\0b"), Path("x" * 5000)):
            assert refusal(source).code == "missing"
    assert refusal(pipe).text == f"{pipe} is a named pipe, not a file"


def test_a_file_over_the_limit_is_not_read(tmp_path: Path) -> None:
    huge = tmp_path / "huge.png"
    with huge.open("wb") as file:
        file.truncate(1 << 40)
    assert refusal(huge).code == refusal(bytes(MAX_BYTES + 1)).code == "too-large"


def test_a_file_without_permission_is_denied(open_folder: Path) -> None:
    secret = open_folder / "secret.png"
    secret.write_bytes(b"<svg/>")
    secret.chmod(0)
    with without_root():
        assert refusal(secret).code == "denied"
