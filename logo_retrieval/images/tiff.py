"""Kinds of TIFF that Pillow does not know, or takes for something else."""

from __future__ import annotations

from typing import Any

from PIL import Image, ImageChops, ImageFile, ImagePalette

KINDS: dict[Any, tuple[str, str]] = {
    **{(order, 5, (1,), 1, (8,) * 5, (alpha,)): ("CMYK", "CMYKX") for order in (b"II", b"MM") for alpha in (1, 2)},
    **{(order, 1, (1,), 1, (16, 16), (alpha,)): ("RGBA", "RGBA") for order in (b"II", b"MM") for alpha in (1, 2)},
    (b"MM", 0, (1,), 1, (16,), ()): ("I;16B", "I;16B"),
}
"""What Pillow's table lacks: printing inks with opacity (below what is transparent there is paper), grey of 16
bits with opacity, which is read as four bytes, and grey from white."""

_PHOTOMETRIC, _PLANES, _COLOURS, _EXTRA = 262, 284, 320, 338
_WHITE_IS_ZERO, _SEPARATE, _ASSOCIATED = 0, 2, 1


def set_right(image: ImageFile.ImageFile) -> None:
    """Sets right what Pillow has made of the header: colours of a palette that have 8 bits in place of 16.

    Raises:
        SyntaxError: when grey of 16 bits and its opacity lie apart.
    """
    tags: Any = getattr(image, "tag_v2", {})
    colours = tags.get(_COLOURS, ())
    if image.mode in ("P", "PA") and max(colours) < 256:
        image.palette = ImagePalette.raw("RGB;L", bytes(colours))
    if _is_wide_pair(image) and tags.get(_PLANES) == _SEPARATE:
        raise SyntaxError("grey of 16 bits apart from its opacity")


def as_meant(image: ImageFile.ImageFile, pixels: Image.Image) -> Image.Image:
    """Pixels as the tags mean them: what is 0 may be white, and bytes may be the halves of grey and its opacity."""
    tags: Any = getattr(image, "tag_v2", {})
    if image.mode.startswith("I;16") and tags.get(_PHOTOMETRIC) == _WHITE_IS_ZERO:  # others Pillow turns round itself
        return ImageChops.invert(pixels)
    if not _is_wide_pair(image):
        return pixels
    high_byte_first = tags.prefix == b"MM" and image.info["compression"] == "raw"  # what is unpacked is native
    grey, alpha = (pixels.getchannel(band) for band in ("RB" if high_byte_first else "GA"))
    return Image.merge("La" if tags[_EXTRA] == (_ASSOCIATED,) else "LA", (grey, alpha)).convert("LA")


def _is_wide_pair(image: ImageFile.ImageFile) -> bool:
    """Whether it is grey, by its tags, that was opened as four bytes."""
    return image.mode == "RGBA" and getattr(image, "tag_v2", {}).get(_PHOTOMETRIC) == 1
