"""Whatever the bytes, the guard raises nothing but `UnreadableImage`."""

import gzip

from bomb_drawings import BLUR, image, raster, svg
from drawn import guarded
from hypothesis import given, settings
from hypothesis import strategies as st

from logo_retrieval.errors import UnreadableImage

SEEDS = [
    svg(
        '<style>.a{fill:url(#g)}</style><linearGradient id="g"><stop/></linearGradient>'
        '<path class="a" d="M0 0a9 9 0 115 5z"/>'
    ),
    svg(
        BLUR
        + '<g transform="rotate(5) scale(2,3)"><use href="#u" x="5%"/></g><text id="u" filter="url(#f)">&amp;</text>'
    ),
    svg('<pattern id="p" width="1" height="9%"/><rect width="9" height="9" style="fill:url(#p)"/>' + image(raster())),
    svg("<text>&a;</text>", '<!DOCTYPE svg [<!ENTITY a "b"><!ATTLIST g id CDATA "x">]>'),
    gzip.compress(svg('<path d="M0 0h9"/>'), mtime=0),
    svg("<path/>").decode().encode("utf-16"),
]


def check_total(data: bytes) -> None:
    try:
        text = guarded(data)
    except UnreadableImage:
        return
    assert text.startswith("<svg ")


@given(st.binary(max_size=300))
@settings(max_examples=150)
def test_random_bytes_are_unreadable_at_worst(data: bytes) -> None:
    check_total(data)
    check_total(b"<svg>" + data)


@given(
    seed=st.sampled_from(SEEDS),
    edits=st.lists(
        st.tuples(
            st.integers(0, 2000),
            st.integers(0, 12),
            st.binary(max_size=4)
            | st.sampled_from([b"<", b">", b"&", b'"', b"url(", b"1e9", b"-", b"nan", b"%", b"{", b"#", b"0"]),
        ),
        min_size=1,
        max_size=6,
    ),
)
@settings(max_examples=400)
def test_mutated_drawings_are_unreadable_at_worst(seed: bytes, edits: list[tuple[int, int, bytes]]) -> None:
    for position, removed, inserted in edits:
        position %= len(seed)
        seed = seed[:position] + inserted + seed[position + removed :]
    check_total(seed)
