"""The recogniser as a scikit-learn classifier; this module alone imports scikit-learn."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar, overload

import numpy as np
import numpy.typing as npt

from logo_retrieval.errors import BackendError, EnrolmentError, UnreadableImage
from logo_retrieval.images.source import Source
from logo_retrieval.inference.predict import how_many
from logo_retrieval.open_set.fusion import OTHER_SHARE
from logo_retrieval.samples import gallery_of, place_of, sources_of
from logo_retrieval.temporary_index import TemporaryIndex
from logo_retrieval.types import OTHER, Decision, Float64Array, Int64Array

try:
    from sklearn.base import BaseEstimator, ClassifierMixin
    from sklearn.utils.validation import check_is_fitted
except ImportError as error:
    raise BackendError("LogoRetrievalClassifier needs scikit-learn: install the extra [sklearn]") from error

if TYPE_CHECKING:
    from logo_retrieval.inference.predict import Text

Labels = npt.NDArray[np.str_]

Told = TypeVar("Told")


class LogoRetrievalClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """The recogniser for pipelines, grid searches and cross-validation. `fit` makes an index, and trains nothing.

    X is a list, Series or 1-d array of n sources (paths, bytes, Pillow images, arrays as `images.source.file_or_bytes`
    takes them), or a uint8 array of equal pictures, (n, h, w, 3) RGB or (n, h, w, 4) RGBA. y is n class names as text,
    `other` for drawings of no company that matters. Numbers are refused, so that `other` keeps its meaning:
    `cross_val_predict` with `method="predict_proba"`, which numbers the classes, does not work.

    The index lies in a temporary folder that goes with the fitted estimator; only a process that is killed leaves it. A
    pickle holds index and model. A process that was forked opens the folder anew.

    Args:
        model: see `models.resolve.opened_model`.
        max_false_accept: of logos of no known company, the largest share that may be given a company's name; None for
            the default of `LogoClassifier.classify`.
        other_share: how common such logos are among those that are asked about, above 0 and below 1; probabilities
            follow it.
        text: "auto", "always" or "never": whether what is written is read.
        on_unreadable: what `predict` and `predict_proba` do with a picture that cannot be read: "raise" an error that
            names it, or answer "other". In `fit` and `partial_fit` it is an error always.

    Attributes:
        classes_: (c,) class names in ascending order, `other` always among them.
        n_samples_fit_: how many pictures were given to `fit` and, since then, to `partial_fit`.
    """

    def __init__(
        self,
        *,
        model: str = "starter",
        max_false_accept: float | None = None,
        other_share: float = OTHER_SHARE,
        text: Text = "auto",
        on_unreadable: Literal["raise", "other"] = "raise",
    ) -> None:
        self.model = model
        self.max_false_accept = max_false_accept
        self.other_share = other_share
        self.text = text
        self.on_unreadable = on_unreadable

    def fit(self, X: Iterable[Source], y: Iterable[str]) -> Self:
        """Makes an index of labelled pictures. What was fitted before is forgotten.

        The same bytes in two classes are kept in both, and speak against each other.

        Args:
            X: n pictures, at least one.
            y: their n classes.

        Raises:
            UnreadableImage: when some cannot be read; it names them by their places in X.
            GalleryError: when none can be read, or a class name cannot stand.
            TypeError: when X is not n pictures, or a label is not text.
            ValueError: when X and y differ in length, or a label is not in Unicode form NFC or has white space around.
            ModelError: when the model is unknown or damaged.
        """
        gallery = gallery_of(X, y, 0)
        index = TemporaryIndex()
        try:
            report = index.build(gallery, self.model)
            if report.unreadable:
                raise _unreadable(report.unreadable)
        except BaseException:
            index.close()
            raise
        self._index = index
        self._count(len(gallery.records))
        return self

    def partial_fit(self, X: Iterable[Source], y: Iterable[str]) -> Self:
        """Enrols further pictures, of classes known or new: all of them, or nothing changes. At first it is `fit`.

        Args:
            X: n pictures, at least one.
            y: their n classes.

        Raises:
            EnrolmentError: when some cannot be read, which it names by their places in this X, or a class differs from
                a known one in case alone.
            TypeError, ValueError: as `fit`.
        """
        if not hasattr(self, "classes_"):
            return self.fit(X, y)
        gallery = gallery_of(X, y, self.n_samples_fit_)
        try:
            self._index.classifier.enroll_gallery(gallery, force=True)  # as in `fit`, where a clash is no error
        except EnrolmentError as error:
            raise EnrolmentError(error.faults, "Leave these out or correct them, and give all again.") from error
        self._count(self.n_samples_fit_ + len(gallery.records))
        return self

    def predict(self, X: Iterable[Source]) -> Labels:
        """The (n,) class of each picture, or `other`.

        A company is named where the evidence is such as at most `max_false_accept` of unknown logos have, so that the
        answer may be `other` where `predict_proba` has a company above it.

        Args:
            X: n pictures.

        Raises:
            NotFittedError: before `fit`.
            UnreadableImage: when a picture cannot be read, unless `on_unreadable` is "other"; it names its place in X.
            ValueError: when a parameter is out of range.
        """
        return np.array(self._each_answer(X, lambda answer: answer.label or OTHER, top=1), dtype=self.classes_.dtype)

    def predict_proba(self, X: Iterable[Source]) -> Float64Array:
        """The (n, c) probabilities in [0, 1], a column a class in the order of `classes_`, `other` among them.

        Rows sum to 1. That of a picture that cannot be read, with `on_unreadable="other"`, has 1 for `other`.

        Args:
            X: n pictures.

        Raises:
            NotFittedError, UnreadableImage, ValueError: as `predict`.
        """
        check_is_fitted(self)
        column = {name: place for place, name in enumerate(self.classes_.tolist())}

        def row_of(answer: Decision) -> Float64Array:
            row = np.zeros(len(column))
            for scored in answer.top:
                row[column[scored.label]] = scored.probability
            if answer.label is None:
                row[column[OTHER]] = 1.0
            return row

        return np.array(self._each_answer(X, row_of, top=len(column))).reshape(-1, len(column))

    @overload
    def kneighbors(
        self, X: Iterable[Source], n_neighbors: int = 5, return_distance: Literal[True] = True
    ) -> tuple[Float64Array, Int64Array]: ...

    @overload
    def kneighbors(
        self, X: Iterable[Source], n_neighbors: int = 5, *, return_distance: Literal[False]
    ) -> Int64Array: ...

    def kneighbors(
        self, X: Iterable[Source], n_neighbors: int = 5, return_distance: bool = True
    ) -> tuple[Float64Array, Int64Array] | Int64Array:
        """The fitted pictures most like each of n, nearest first.

        Args:
            X: n pictures.
            n_neighbors: k, at most the number of pictures that differ.
            return_distance: whether distances are wanted.

        Returns:
            distances: (n, k) float64 in [0, 2], 1 minus the cosine similarity.
            indices: (n, k) int64 places in the X of `fit` and, after those, in that of each `partial_fit`. Of pictures
                of one class with the same bytes only the first is there.

        Raises:
            NotFittedError: before `fit`.
            UnreadableImage: when a picture cannot be read, whatever `on_unreadable` says.
            ValueError: when k is below 1 or above the number of pictures.
        """
        check_is_fitted(self)
        n_items = sum(self._index.classifier.store.class_sizes().values())
        n_neighbors = how_many("n_neighbors", n_neighbors)
        if n_neighbors > n_items:
            raise ValueError(f"n_neighbors must be from 1 to the {n_items} different pictures, got {n_neighbors}")
        decisions = self._index.classifier.classify(sources_of(X), top=n_neighbors, text="never")
        _check_readable([decision.reason for decision in decisions])
        shape = len(decisions), n_neighbors
        near = [neighbour for decision in decisions for neighbour in decision.neighbours]
        indices = np.array([place_of(one.item) for one in near], np.int64).reshape(shape)
        distances = np.array([1.0 - one.similarity for one in near], np.float64).reshape(shape).clip(0.0, 2.0)
        return (distances, indices) if return_distance else indices

    def __sklearn_tags__(self) -> Any:  # noqa: ANN401
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.one_d_array = True
        tags.input_tags.string = True
        return tags

    def _count(self, n_samples: int) -> None:
        self.classes_: Labels = np.unique(self._index.classifier.classes)
        self.n_samples_fit_ = n_samples

    def _each_answer(self, X: Iterable[Source], told: Callable[[Decision], Told], *, top: int) -> list[Told]:
        """What is told by the answer to each picture; the answers, which list `top` classes, are not kept."""
        check_is_fitted(self)
        if self.on_unreadable not in ("raise", "other"):
            raise ValueError(f"on_unreadable must be 'raise' or 'other', got {self.on_unreadable!r}")
        if isinstance(self.other_share, str):  # "auto" would have an answer depend on what is asked beside it
            raise ValueError(f"other_share must be a number above 0 and below 1, got {self.other_share!r}")
        answers = self._index.classifier.classify_stream(
            sources_of(X),
            top=top,
            max_false_accept=self.max_false_accept,
            other_share=self.other_share,
            text=self.text,
        )
        found = [(told(answer), answer.reason) for answer in answers]
        if self.on_unreadable == "raise":
            _check_readable([reason for _, reason in found])
        return [each for each, _ in found]


def _check_readable(reasons: Sequence[str | None]) -> None:
    unreadable = [(f"X[{place}]", reason) for place, reason in enumerate(reasons) if reason is not None]
    if unreadable:
        raise _unreadable(unreadable)


def _unreadable(pictures: Sequence[tuple[str, str]]) -> UnreadableImage:
    """One error for some pictures, each with its name and "code: text"."""
    (first, reason), *others = pictures
    code, _, text = reason.partition(": ")
    named = ", ".join(name for name, _ in others[:5]) + (" and more" if len(others) > 5 else "")
    return UnreadableImage(code, f"{first}: {text}" + (f"; nor can {named} be read" if others else ""))
