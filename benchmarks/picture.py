"""Draws the README's picture: `python benchmarks/picture.py MODEL [--work WORK]`.

Test drawings of the collection split, by artists whose packs are neither in the gallery nor known to the network, drawn
by lot: right or wrong, as they come. With WORK, which `calibrate.py` has filled, the answers are given by the weights
and the threshold that ship; these drawings are among the thousands to which they are fitted. Else by those of MODEL.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from bench_queries import SplitRows, ask, index_of, texts_of
from build_starter import calibrated
from embedded import embed_all
from logobench_data import Drawing
from PIL import Image, ImageDraw, ImageFont
from small import bench_of, options, parsed

from logo_retrieval import images
from logo_retrieval.images.decode import decode
from logo_retrieval.images.preparation import Preparation
from logo_retrieval.inference.knowledge import DEFAULT_FALSE_ACCEPT, Knowledge
from logo_retrieval.models.bundle import read_bundle
from logo_retrieval.open_set.fusion import named, probabilities

FONT = Path(images.__file__).parent / "fonts" / "LiberationSans-Regular.ttf"
BOLD = FONT.with_name("LiberationSans-Bold.ttf")
SEED = 2018
ROWS, COLUMNS, SHOWN = 5, 2, 3
CELL_WIDTH, CELL_HEIGHT, QUERY_PX, NEIGHBOUR_PX = 560, 132, 100, 70
INK, FAINT, RIGHT, WRONG = "#222222", "#777777", "#1a7f37", "#b35900"


def tile(drawing: Drawing, side_px: int) -> Image.Image:
    """A drawing as the line sees it."""
    view = decode(drawing.path.read_bytes(), Preparation(), all_views=False).views[0]
    return Image.fromarray(view).resize((side_px, side_px), Image.Resampling.LANCZOS)


def main() -> None:
    """Asks, draws, saves."""
    model = "bundle of a model trained on the training part of the split"
    parser = options(__doc__, output="picture.png", cache=True, model=model)
    parser.add_argument("--work", type=Path, help="folder that `calibrate.py` has filled")
    arguments = parsed(parser)
    bench, cache = bench_of(arguments)
    bundle = read_bundle(arguments.model)
    with tempfile.TemporaryDirectory() as scratch:
        decided = calibrated(bundle, arguments.work, Path(scratch) / "model") if arguments.work else bundle
        knowledge = Knowledge.read(decided, decided.config.decision)
    rooms = SplitRows.of(bench)
    drawn = embed_all(bench, bundle, cache)
    held = index_of(bench, drawn, rooms.train, knowledge)
    asked = np.sort(np.random.default_rng(SEED).choice(rooms.unseen, ROWS * COLUMNS, replace=False))
    scores = ask(bench, held, knowledge, drawn, asked, texts_of(bench, cache)[0]).scores
    answers = probabilities(scores.log_odds, held.other)
    thresholds = knowledge.thresholds(DEFAULT_FALSE_ACCEPT, held.profile)
    assert thresholds is not None  # noqa: S101
    labels = named(scores.log_odds, held.other, thresholds)

    page = Image.new("RGB", (COLUMNS * CELL_WIDTH, ROWS * CELL_HEIGHT), "white")
    pen = ImageDraw.Draw(page)
    large, small = ImageFont.truetype(BOLD, 20), ImageFont.truetype(FONT, 12)
    for place, (query, answer, place_of) in enumerate(zip(asked, answers, labels, strict=True)):
        left, top = place % COLUMNS * CELL_WIDTH + 16, place // COLUMNS * CELL_HEIGHT + 16
        label = bench.classes[place_of]
        truth = bench.drawings[query].label
        page.paste(tile(bench.drawings[query], QUERY_PX), (left, top))
        pen.rectangle((left, top, left + QUERY_PX, top + QUERY_PX), outline="#dddddd")
        pen.text((left + 116, top + 22), label, INK, large)
        verdict = "right" if label == truth else f"wrong: {truth}"
        pen.text((left + 116, top + 50), f"probability {answer[place_of]:.2f}", FAINT, small)
        pen.text((left + 116, top + 68), verdict, RIGHT if label == truth else WRONG, small)
        for rank in range(SHOWN):
            near = bench.drawings[rooms.train[scores.neighbours.ids[place, rank]]]
            x = left + 270 + rank * 92
            page.paste(tile(near, NEIGHBOUR_PX), (x, top))
            pen.text((x, top + NEIGHBOUR_PX + 4), near.label[:13], INK, small)
            pen.text((x, top + NEIGHBOUR_PX + 18), f"{scores.neighbours.similarities[place, rank]:.2f}", FAINT, small)
    page.quantize(128).save(arguments.output, optimize=True)


if __name__ == "__main__":
    main()
