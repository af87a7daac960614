"""The course of a training as a picture: loss, learning rate and validation macro F2 over the epochs."""

from __future__ import annotations

import io
from collections.abc import Sequence

from logo_retrieval.errors import BackendError
from logo_retrieval.training.log import F2, Entry

try:
    import matplotlib
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator
except ModuleNotFoundError as error:
    raise BackendError(f"curves need matplotlib ({error}): pip install 'logo-retrieval[train]'") from error

_PANELS = {"loss": "loss", "learning_rate": "learning rate", F2: "validation macro F2"}
_HEAD_ONLY = "head"


def curves_svg(log: Sequence[Entry]) -> str:
    """Draws the log of a training; the epochs in which only the head learned are shaded.

    Args:
        log: entries as `fit` reports them.

    Returns:
        An SVG with one panel a figure, the same for the same log.
    """
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "curves", "font.size": 9}):
        figure = Figure(figsize=(7, 7), layout="constrained")
        panels = figure.subplots(len(_PANELS), sharex=True)
        for panel, (key, title) in zip(panels, _PANELS.items(), strict=True):
            points = [(entry["epoch"], entry[key]) for entry in log if key in entry]
            panel.plot([epoch for epoch, _ in points], [value for _, value in points], marker=".", label=title)
            panel.set_ylabel(title)
            panel.grid(alpha=0.3)
            heads = [entry["epoch"] for entry in log if entry["phase"] == _HEAD_ONLY]
            if heads:
                panel.axvspan(min(heads) - 0.5, max(heads) + 0.5, color="grey", alpha=0.15, linewidth=0)
        panels[-1].set_xlabel("epoch")
        panels[-1].xaxis.set_major_locator(MaxNLocator(integer=True))
        file = io.StringIO()
        figure.savefig(file, format="svg", metadata={"Date": None})
    return file.getvalue()
