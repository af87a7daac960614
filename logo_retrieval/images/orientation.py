"""Which way up a picture is, by its EXIF block."""

from __future__ import annotations

from PIL import Image

_EXIF_ORIENTATION = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def upright(pixels: Image.Image, image: Image.Image) -> tuple[Image.Image, bool]:
    """The pixels of an image as they are to be seen, and whether it lies on its side.

    From the EXIF block alone, as browsers do (Pillow looks into XMP too, and has turned a TIFF itself). A damaged one
    leaves the picture as it lies.
    """
    block = Image.Exif()
    try:
        block.load(image.info.get("exif", b""))
        orientation = int(block.get(_EXIF_ORIENTATION, 1))
    except Exception:  # EXIF is a little TIFF of its own, whose reader can fail in any way
        return pixels, False
    return pixels.transpose(_UPRIGHT[orientation]) if orientation in _UPRIGHT else pixels, 5 <= orientation <= 8
