# ruff: noqa: E501 - drawings read better unbroken
"""Files for fuzzing: seeds of every format, and ways to spoil them. All chance comes from a seed."""

from __future__ import annotations

import gzip
import io
import random
from collections.abc import Iterator

from drawings import animated_gif, raster, svg
from PIL import Image

BODIES = (
    '<defs><linearGradient id="g" x1="0"><stop offset="0" stop-color="red"/><stop offset="1" stop-color="oklch(.5 .1 20)"/>'
    '</linearGradient></defs><rect id="r" class="a b" width="60" height="40" fill="url(#g)" transform="rotate(9 30 30)"/>',
    "<style>@media screen{.a:not(.b):nth-child(2n+1){fill:var(--c,#07c)}}@layer x{#r{fill:hsl(210deg 50% 50%)}}"
    '@keyframes k{to{opacity:1}}.b{animation:k 1s forwards;opacity:0}</style><g class="a"><path id="r" class="b" d="M1 1h50v50z"/></g>',
    '<symbol id="s" viewBox="0 0 9 9"><circle cx="4" cy="4" r="4"/></symbol><use href="#s" width="50" height="50"/>'
    '<clipPath id="c"><path d="M0 0h40v40z"/></clipPath><g clip-path="url(#c)"><ellipse rx="40" ry="30"/></g>',
    '<filter id="f"><feGaussianBlur stdDeviation="2"/><feOffset dx="3"/></filter><text x="5" y="50" filter="url(#f)">Ab</text>'
    '<mask id="m"><rect width="50" height="90" fill="#fff"/></mask><polygon mask="url(#m)" points="5,5 90,9 40,80"/>',
    '<pattern id="p" width="9" height="9" patternUnits="userSpaceOnUse"><circle r="3"/></pattern><rect width="90" height="90" '
    'fill="url(#p)"><animate attributeName="width" from="0" to="90" dur="1s"/></rect><marker id="k"><path d="M0 0h3"/></marker>',
    '<image width="40" height="40" href="data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9'
    'awAAAABJRU5ErkJggg=="/><switch><foreignObject><p/></foreignObject><rect width="20" height="20"/></switch>',
)
TOKENS = (
    "( ) { } < > / ' \" ; : , # % \\ \0 -1 0 1e999 nan inf 99999999999 2147483648 calc( var(--c) url(#r) url(#p) url(#f) "
    "url(data:x) href=\"#s\" id=\"s\" <g> </g> <use href='#r'/> <!-- --> <![CDATA[ ]]> &#10; &lt; &amp;x; <!DOCTYPE xmlns='' "
    "style='fill:red' d='M0 0' transform='scale(1e9)' viewBox='0 0 0 0' width='1e9' 🙂 \u2028 @import @media( :has( :not( "
    "<svg> </svg> <style> </style> <image href='#x'/> xlink:href= stdDeviation='1e9' r='-5' points='1,'"
).split(" ")
NUMBERS = (
    b"\0",
    b"\x7f",
    b"\x80",
    b"\xff",
    b"\xff\xff",
    b"\0\0\0\0",
    b"\xff\xff\xff\xff",
    b"\x7f\xff\xff\xff",
    b"\0\0\1\0",
)


def vectors() -> list[bytes]:
    """SVG of every part that the guard knows, one of them packed."""
    whole = [
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 100 100">'
        f"{body}</svg>".encode()
        for body in BODIES
    ]
    return [*whole, svg("disc"), gzip.compress(whole[1], mtime=0)]


def rasters() -> list[bytes]:
    """Every other format, with palettes, alpha, 16 bits, frames and metadata."""
    grey = io.BytesIO()
    Image.new("I;16", (40, 40), 30_000).save(grey, "PNG")
    frames = [Image.new("RGB", (48, 48), colour) for colour in ("white", "red", "blue")]
    moving = []
    for kind in ("PNG", "WEBP"):
        file = io.BytesIO()
        frames[0].save(file, kind, save_all=True, append_images=frames[1:], duration=50)
        moving.append(file.getvalue())
    exif = Image.Exif()
    exif[0x0112] = 6
    return [
        raster("PNG"),
        raster("PNG", "P"),
        raster("PNG", "L", icc_profile=b"x" * 300),
        grey.getvalue(),
        raster("JPEG", "RGB", exif=exif),
        raster("JPEG", "CMYK", progressive=True),
        raster("GIF", "P"),
        animated_gif(),
        raster("WEBP"),
        raster("WEBP", "RGB", lossless=True),
        raster("AVIF", "RGB"),
        raster("BMP", "RGB"),
        raster("TIFF", "RGB", compression="tiff_lzw"),
        raster("ICO", sizes=[(16, 16), (48, 48)]),
        raster("ICO", sizes=[(32, 32)], bitmap_format="bmp"),
        *moving,
    ]


def spoiled(seeds: list[bytes], count: int, seed: int) -> Iterator[bytes]:
    """Seeds, each spoiled in one to eight places."""
    chance = random.Random(seed)
    for _ in range(count):
        data = bytearray(chance.choice(seeds))
        for _ in range(chance.randint(1, 8)):
            _spoil(data, seeds, chance)
        yield bytes(data)


def _spoil(data: bytearray, seeds: list[bytes], chance: random.Random) -> None:
    place = chance.randrange(len(data) + 1)
    match chance.randrange(8):
        case 0 if place < len(data):
            data[place] ^= 1 << chance.randrange(8)
        case 1:
            data[place : place + chance.randint(1, 12)] = b""
        case 2:
            data[place:place] = chance.choice(TOKENS).encode("utf-8", "replace") * chance.choice((1, 1, 1, 2, 40))
        case 3:
            data[place : place + 4] = chance.choice(NUMBERS)
        case 4:
            first = chance.randrange(len(data) + 1)
            data[place:place] = data[first : first + chance.randint(1, 60)]
        case 5 if chance.random() < 0.2:
            del data[place:]
        case 6:
            other = chance.choice(seeds)
            first = chance.randrange(len(other))
            data[place : place + 30] = other[first : first + chance.randint(1, 60)]
        case _:
            data[place:place] = bytes(chance.randrange(256) for _ in range(chance.randint(1, 4)))
    data[:] = data[:200_000]
