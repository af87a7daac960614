from __future__ import annotations

import base64
import gzip
import struct

import pytest

from logo_retrieval.errors import UnreadableImage
from logo_retrieval.images.sniff import MAX_BYTES, sniff

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 4"><path d="M0 0h4v4z"/></svg>'
ILLUSTRATOR = '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "svg11.dtd" [\n<!ENTITY ns "http://x/>"> ]>\n'


@pytest.mark.parametrize(
    "data",
    [
        SVG.encode(),
        b"\xef\xbb\xbf" + SVG.encode(),
        SVG.encode("utf-16"),
        SVG.encode("utf-16-le"),
        SVG.encode("utf-16-be"),
        SVG.encode("utf-32"),
        b"\n\t  " + SVG.encode(),
        ('<?xml version="1.0" encoding="ISO-8859-1"?><!-- Müller > <html> -->' + SVG).encode("latin-1"),
        ('<?xml version="1.0"?>\n' + ILLUSTRATOR + "<?xml-stylesheet href='a.css'?>" + SVG).encode(),
        b"<!--" + b"licence " * 20_000 + b"-->" + SVG.encode(),
        b'<svg:svg xmlns:svg="http://www.w3.org/2000/svg"/>',
        b"<svg>",
    ],
)
def test_svg_is_known_whatever_precedes_its_root(data: bytes) -> None:
    assert sniff(data) == "svg"


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (gzip.compress(SVG.encode(), mtime=0), "svgz"),
        (gzip.compress(SVG.encode() + b" " * 3_000_000, mtime=0), "svgz"),
        (gzip.compress(SVG.encode(), mtime=0)[:-12], "svgz"),
        (gzip.compress(SVG[:3].encode(), mtime=0) + gzip.compress(SVG[3:].encode(), mtime=0), "svgz"),
        (b"<!DOCTYPE svg [<!-- ' > ] --><?x ]> ?><!ENTITY c '<![CDATA[ x ]]>'>]>" + SVG.encode(), "svg"),
        (b"\x89PNG\r\n\x1a\n", "png"),
        (b"\xff\xd8\xff\xe0", "jpeg"),
        (b"GIF87a", "gif"),
        (b"GIF89a", "gif"),
        (b"RIFF\x10\0\0\0WEBPVP8L", "webp"),
        (b"\0\0\0\x1cftypavif\0\0\0\0mif1", "avif"),
        (b"\0\0\0\x1cftypmif1\0\0\0\0miafavif", "avif"),
        (b"BM" + bytes(12) + struct.pack("<I", 40), "bmp"),
        (b"II*\0", "tiff"),
        (b"MM\0*", "tiff"),
        (b"\0\0\1\0\1\0", "ico"),
        (b"\0\0\2\0\1\0", "cur"),
    ],
)
def test_formats_are_known_by_content(data: bytes, name: str) -> None:
    assert sniff(data) == name


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "0 bytes"),
        (bytes(1000), "NUL"),
        (b"<!DOCTYPE html><html><body>404", "HTML"),
        (b"<!doctype HTML PUBLIC 'x'>\n<p>", "HTML"),
        (b"<html><body>" + SVG.encode() + b"</body></html>", "HTML"),
        (b"<?xml version='1.0'?><!-- <svg> --><rss></rss>", "<rss>"),
        (b"<!-- <svg></svg> -->", "without a root"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0", "git-LFS"),
        (b"PK\3\4....", "ZIP"),
        (b"%PDF-1.7", "PDF"),
        (b"\r\n%PDF-1.7", "PDF"),
        (struct.pack("<IiiHH", 40, 8, 8, 1, 24) + bytes(24), "DIB"),
        (b"#define mark_width 16\n", "XBM"),
        (b"/* XPM */\nstatic char *mark[] = {", "XPM"),
        (b"%!PS-Adobe-3.0 EPSF-3.0", "EPS"),
        (b"\xc5\xd0\xd3\xc6", "EPS"),
        (b"\0\0\0\x0cftypheic", "HEIC"),
        (b"\0\0\0\x0cftypisom", "video"),
        (b"RIFF\x10\0\0\0WAVEfmt ", "sound"),
        (base64.b64encode(SVG.encode()), "Base64"),
        (base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(9)), "Base64"),
        (b"data:image/svg+xml;utf8," + SVG.encode(), "data: link"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\4CgBI" + bytes(50), "Xcode"),
        (b"\x89PNG\n\x1a\n", "transfer as text"),
        (b"\x89PNG\r\n\x1a\n".decode("latin-1").encode(), "transfer as text"),
        (b"\xff\xd8\xff\xe0".decode(errors="replace").encode(), "transfer as text"),
        (b"P6\n1 1\n255\n...", "PPM"),
        (b"\0\0\2\0\0\0\0\0\0\0\0\0\x09\0\x09\0\x18\0" + bytes(243), "TGA"),
        (bytes(50) + b"x" + b"TRUEVISION-XFILE.\0", "TGA"),
        (b"a.png".ljust(257, b"\0") + b"ustar", "tar"),
        (b"BMW is a company", "plain text"),
        (b"MIME-Version: 1.0\r\nContent-Type: image/png\r\n\r\n" + base64.b64encode(b"\x89PNG"), "e-mail"),
        (b"HTTP/1.1 200 OK\r\n\r\n\x89PNG\r\n\x1a\n" + bytes(50), "a PNG image that begins only at byte 19"),
        (b"\n\xff\xd8\xff\xe0" + bytes(50), "a JPEG image that begins only at byte 1"),
        (b"export default () => (" + SVG.encode() + b")", "an SVG drawing that begins only at byte 22"),
        (b"\0\5\x16\7\0\2\0\0Mac OS X        ", "macOS keeps beside"),
        (b"[InternetShortcut]\r\nURL=https://x/logo.png", "shortcut"),
        (b'{"error": "not found"}\n', "JSON"),
        (b"\0\0\2\0\0\0" + bytes(20), "no known image"),
        (gzip.compress(gzip.compress(SVG.encode(), mtime=0), mtime=0), "gzip"),
        (gzip.compress(b"hello", mtime=0), "gzip"),
        (bytes(range(128, 256)), "no known image"),
    ],
)
def test_other_files_are_refused_by_name(data: bytes, what: str) -> None:
    with pytest.raises(UnreadableImage, match="PNG, JPEG") as refusal:
        sniff(data)
    assert refusal.value.code == "unknown-format"
    assert what in refusal.value.text


def test_broken_gzip_is_corrupt() -> None:
    with pytest.raises(UnreadableImage) as refusal:
        sniff(b"\x1f\x8b\x08" + b"\xff" * 50)
    assert refusal.value.code == "corrupt"


def test_a_file_over_the_limit_is_refused_before_it_is_looked_at() -> None:
    with pytest.raises(UnreadableImage) as refusal:
        sniff(b"\x89PNG\r\n\x1a\n" + bytes(MAX_BYTES))
    assert refusal.value.code == "too-large"


@pytest.mark.parametrize("unit", [b"<!--", b"<?", b"<!DOCTYPE ", b'<!DOCTYPE svg "', b"<!DOCTYPE svg [ ] ", b" ", b'"'])
def test_endless_prologues_end(unit: bytes) -> None:
    with pytest.raises(UnreadableImage):
        sniff(b"<!DOCTYPE svg" + unit * 100_000)
