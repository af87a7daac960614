"""Where pandas meets this package: DataFrames in and out. pandas is imported only when a DataFrame is asked for."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from logo_retrieval.errors import BackendError, GalleryError
from logo_retrieval.gallery.records import Gallery, gallery_of_rows
from logo_retrieval.gallery.tables import known_columns
from logo_retrieval.images.source import Source, check_several
from logo_retrieval.open_set.fusion import OTHER_SHARE
from logo_retrieval.rows import columns, flattened
from logo_retrieval.types import Decision

if TYPE_CHECKING:
    from pandas import DataFrame

    from logo_retrieval.classifier import LogoClassifier
    from logo_retrieval.evaluation.result import Evaluation
    from logo_retrieval.inference.predict import Auto, Text


def gallery_of_frame(frame: DataFrame) -> Gallery:
    """A DataFrame with the columns path and label as a gallery; paths are relative to the working directory.

    Raises:
        TypeError: when it is no DataFrame.
        GalleryError: when a column is missing, a cell is neither text nor empty, or a class name cannot stand.
    """
    if not hasattr(frame, "itertuples"):
        raise TypeError(f"expected a folder, a table, a pandas DataFrame or a Gallery, got {type(frame).__name__}")
    known = known_columns("the DataFrame", [str(name) for name in frame.columns])
    cells = zip(*(frame[column].tolist() for column in known), strict=True)
    rows = (
        (number, {column: _text(cell, column, number) for column, cell in zip(known, row, strict=True)})
        for number, row in enumerate(cells, start=1)
    )
    return gallery_of_rows(rows, "the DataFrame", Path())


def _text(cell: object, column: str, number: int) -> str:
    if isinstance(cell, str | os.PathLike):
        return os.fsdecode(cell)
    if cell is None or _pandas().isna(cell) is True:
        return ""
    raise GalleryError(f"expected text in the column {column}, got {cell!r:.80} in row {number} of the DataFrame")


def classify_frame(
    classifier: LogoClassifier,
    sources: Iterable[Source],
    *,
    top: int = 1,
    max_false_accept: float | None = None,
    other_share: float | Auto = OTHER_SHARE,
    text: Text = "auto",
) -> DataFrame:
    """One row an input, in their order, with the columns of `classify --format csv`, but for index and settings.

    These are path (None of a picture in memory), status, label, probability in [0, 1], top_1_label, top_1_probability,
    neighbour_1_item, neighbour_1_label, neighbour_1_similarity in [-1, 1], reason and text. What an input does not
    have is missing, as its label where it cannot be read.

    Args:
        classifier: of an open index.
        sources: as `LogoClassifier.classify` takes them; of a Series the rows keep its index.
        top: how many labels and neighbours each row lists.
        max_false_accept: see `LogoClassifier.classify`.
        other_share: likewise.
        text: likewise.

    Raises:
        BackendError: when pandas is not installed.
        TypeError: when it is one source, or a whole DataFrame.
        ValueError, ModelError: as `LogoClassifier.classify`.
    """
    pandas = _pandas()
    if isinstance(sources, pandas.DataFrame):
        raise TypeError("expected several sources, got a DataFrame: give the column that holds them, as frame['path']")
    check_several(sources)
    index = sources.index if isinstance(sources, pandas.Series) else None
    given = list(sources)
    decisions = classifier.classify(
        given, top=top, max_false_accept=max_false_accept, other_share=other_share, text=text
    )
    rows = [_row(_path(source), decision, top) for source, decision in zip(given, decisions, strict=True)]
    return pandas.DataFrame(rows, index=index, columns=list(_row(None, Decision("unreadable"), top)))


def evaluation_frame(evaluation: Evaluation) -> DataFrame:
    """One row a file of an evaluation, in its order.

    The columns are those of `FileResult`: path, label, expected, predicted, probability in [0, 1], status, reason,
    in_index, and for the nearest drawing neighbour_1_item, neighbour_1_label, neighbour_1_similarity in [-1, 1].

    Raises:
        BackendError: when pandas is not installed.
    """
    return _pandas().DataFrame([_file_row(file.to_dict()) for file in evaluation.files])


def _row(path: str | None, decision: Decision, top: int) -> dict[str, object]:
    return flattened({"path": path, **decision.to_dict()}, top)


def _path(source: Source) -> str | None:
    return os.fsdecode(source) if isinstance(source, str | os.PathLike) else None


def _file_row(file: dict[str, Any]) -> dict[str, object]:
    nearest = file.pop("nearest")
    return file | columns("neighbours", [] if nearest is None else [nearest], 1)


def _pandas() -> Any:  # noqa: ANN401  (pandas has no types)
    try:
        import pandas
    except ImportError as error:
        raise BackendError("DataFrames need pandas: install the extra [pandas]") from error
    return pandas
