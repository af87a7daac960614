"""The recogniser in scikit-learn's hands."""

from __future__ import annotations

import copy
import gc
import io
import os
import sys
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from drawings import SHAPES, raster, ring, svg
from PIL import Image
from sklearn.base import clone, is_classifier
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import check_estimator

from logo_retrieval import LogoRetrievalClassifier, UnreadableImage
from logo_retrieval.errors import BackendError, EnrolmentError, GalleryError
from logo_retrieval.images.source import Source
from logo_retrieval.types import Decision

X = [svg(shape, place) for shape in SHAPES for place in range(3)]
Y = [shape for shape in SHAPES for _ in range(3)]
ASKED = [svg(shape, 4) for shape in SHAPES]
TINY = str(Path(__file__).parent / "embedding" / "data" / "tiny")

OF_TABLES = """
    classifier_data_not_an_array classifiers_classes classifiers_one_label classifiers_regression_target
    classifiers_train complex_data dict_unchanged dont_overwrite_parameters dtype_object estimator_sparse_array
    estimator_sparse_matrix estimator_sparse_tag estimators_dtypes estimators_empty_data_messages
    estimators_fit_returns_self estimators_nan_inf estimators_overwrite_params estimators_pickle
    f_contiguous_array_estimator fit1d fit2d_1feature fit2d_1sample fit2d_predict1d fit_check_is_fitted
    fit_idempotent fit_score_takes_y methods_sample_order_invariance methods_subset_invariance n_features_in
    n_features_in_after_fitting pipeline_consistency positive_only_tag_during_fit readonly_memmap_input
    requires_y_none supervised_y_2d supervised_y_no_nan
"""
REFUSED = {
    **{f"check_{name}": "an input is a picture, not a row of numbers" for name in OF_TABLES.split()},
    "check_estimators_partial_fit_n_features": "`partial_fit` takes new classes at any time, and no list of them",
}


@pytest.fixture(scope="module")
def fitted() -> LogoRetrievalClassifier:
    return LogoRetrievalClassifier().fit(X, Y)


@pytest.fixture
def mine(fitted: LogoRetrievalClassifier) -> LogoRetrievalClassifier:
    """A copy, to be changed."""
    return copy.deepcopy(fitted)


@pytest.fixture
def temporary(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where temporary folders are made, in processes that are started too."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


def test_what_scikit_learn_asks_of_an_estimator() -> None:
    """Its checks give every estimator a table of numbers: here those are run that do not need one."""

    class OfTables(LogoRetrievalClassifier):
        def __sklearn_tags__(self) -> object:
            tags = super().__sklearn_tags__()
            tags.input_tags.two_d_array = True  # else no check is run at all
            return tags

    results = check_estimator(OfTables(), expected_failed_checks=REFUSED, on_fail=None, on_skip=None)
    status = {result["check_name"]: result["status"] for result in results}
    assert {name for name, each in status.items() if each == "failed"} == set()
    assert {name for name in REFUSED if status.get(name, "xfail") != "xfail"} == set()
    assert sum(each == "passed" for each in status.values()) >= 14
    assert is_classifier(LogoRetrievalClassifier())


def test_parameters_are_stored_as_given() -> None:
    given: dict[str, Any] = {"max_false_accept": 0.1, "other_share": 0.9, "text": "never", "on_unreadable": "other"}
    estimator = LogoRetrievalClassifier(model=TINY, **given)
    assert clone(estimator).get_params() == {"model": TINY, **given}
    assert estimator.set_params(text="always").text == "always"
    assert "max_false_accept=0.1" in repr(estimator)


def test_answers(fitted: LogoRetrievalClassifier) -> None:
    assert fitted.classes_.tolist() == sorted(SHAPES)
    assert fitted.predict(ASKED).tolist() == list(SHAPES)
    assert fitted.score(ASKED, list(SHAPES)) == 1.0
    assert fitted.score(ASKED, ["disc"] * 4) == 0.25
    probabilities = fitted.predict_proba(ASKED)
    assert probabilities.shape == (4, 4) and probabilities.dtype == np.float64
    assert probabilities.sum(axis=1) == pytest.approx(1)
    assert fitted.classes_[probabilities.argmax(axis=1)].tolist() == list(SHAPES)
    assert fitted.predict([]).shape == (0,) and fitted.predict_proba([]).shape == (0, 4)


def test_parameters_count(fitted: LogoRetrievalClassifier) -> None:
    """They belong to the answer, so that they can be changed after fitting."""
    other = fitted.classes_.tolist().index("other")
    rare = copy.copy(fitted).set_params(other_share=0.999).predict_proba(ASKED)[0, other]
    assert rare > fitted.predict_proba(ASKED)[0, other]
    with pytest.raises(ValueError, match="above 0 and below 1, got 2"):
        copy.copy(fitted).set_params(other_share=2).predict(ASKED)
    with pytest.raises(ValueError, match="must be 'raise' or 'other', got 'ignore'"):
        copy.copy(fitted).set_params(on_unreadable="ignore").predict(ASKED)


def test_other_is_a_class_of_every_estimator() -> None:
    fitted = LogoRetrievalClassifier(model=TINY).partial_fit([svg("disc")], ["disc"])  # which may come first
    assert fitted.classes_.tolist() == ["disc", "other"] and fitted.n_samples_fit_ == 1
    assert fitted.predict_proba([svg("bars")]).shape == (1, 2)


def test_pictures_in_every_form(fitted: LogoRetrievalClassifier, tmp_path: Path) -> None:
    png = raster("PNG", "RGB")
    (tmp_path / "a.png").write_bytes(png)
    picture = Image.open(io.BytesIO(png))
    pixels = np.asarray(picture)
    forms: list[Source] = [png, str(tmp_path / "a.png"), tmp_path / "a.png", picture, pixels]
    alike = fitted.predict_proba(forms)
    assert fitted.predict(forms).tolist() == ["disc"] * 5 and np.ptp(alike, axis=0).max() < 1e-6
    for several in (np.stack([pixels, pixels]), np.array([png, png], object), np.array([str(tmp_path / "a.png")])):
        assert fitted.predict(several).tolist() == ["disc"] * len(several)


def test_neighbours(fitted: LogoRetrievalClassifier) -> None:
    distances, indices = fitted.kneighbors(X, n_neighbors=12)
    assert distances.shape == indices.shape == (12, 12) and indices.dtype == np.int64
    assert indices[:, 0].tolist() == list(range(12)) and distances[:, 0] == pytest.approx(0, abs=1e-6)
    assert (np.diff(distances) >= 0).all() and distances.max() <= 2
    assert all(sorted(row) == list(range(12)) for row in indices.tolist())
    assert np.array_equal(fitted.kneighbors(X, 12, return_distance=False), indices)
    with pytest.raises(ValueError, match="from 1 to the 12 different pictures, got 13"):
        fitted.kneighbors(X, 13)


def test_partial_fit_enrols(mine: LogoRetrievalClassifier, fitted: LogoRetrievalClassifier) -> None:
    assert mine.predict([ring(2)]).tolist() != ["ring"]
    assert mine.partial_fit([ring(0), ring(1), svg("disc", 5)], ["ring", "ring", "disc"]) is mine
    assert mine.classes_.tolist() == sorted([*SHAPES, "ring"]) and mine.n_samples_fit_ == 15
    assert mine.predict([ring(2)]).tolist() == ["ring"]
    assert mine.kneighbors([ring(0), ring(1), svg("disc", 5)], 1, return_distance=False).tolist() == [[12], [13], [14]]
    assert "ring" not in fitted.classes_  # of which it was a copy
    assert mine.fit(X, Y).classes_.tolist() == sorted(SHAPES)  # forgets it


def test_unreadable_pictures(mine: LogoRetrievalClassifier) -> None:
    broken = [ASKED[0], b"no image", ASKED[1], b"\x89PNG\r\n\x1a\n"]
    ask = (mine.predict, mine.predict_proba, mine.kneighbors, lambda given: LogoRetrievalClassifier().fit(given, Y[:4]))
    for each in ask:
        with pytest.raises(UnreadableImage, match=r"unknown-format: X\[1\]: .*; nor can X\[3\] be read"):
            each(broken)
    with pytest.raises(GalleryError, match=r"none of the 1 files can be used \(X\[0\]: unknown-format"):
        LogoRetrievalClassifier().fit([b"no image"], ["disc"])
    with pytest.raises(EnrolmentError, match=r"'X\[1\]' is unreadable: unknown-format: .* give all again"):
        mine.partial_fit([ring(), b"no image"], ["ring", "ring"])
    assert "ring" not in mine.classes_ and mine.kneighbors(X, 12)[1].max() == 11  # nothing has changed
    mine.set_params(on_unreadable="other")
    assert mine.predict(broken).tolist() == ["disc", "other", "bars", "other"]
    assert mine.predict_proba(broken)[[1, 3]].tolist() == [(mine.classes_ == "other").astype(float).tolist()] * 2
    with pytest.raises(UnreadableImage):
        mine.kneighbors(broken)


@pytest.mark.parametrize(
    ("pictures", "labels", "error", "message"),
    [
        (X, [*range(12)], TypeError, r"y\[0\] = 0 of type int: give them as text"),
        (X, None, TypeError, "expected y to be a list or 1-d array of class names, got NoneType"),
        (X, "disc", TypeError, "expected y to be a list .* got str"),
        (X, np.array([Y]), TypeError, "expected y to be a list .* got ndarray"),
        (X, Y[:2], ValueError, "12 pictures in X and 2 labels in y"),
        ([], [], ValueError, "one at least, got 0 pictures"),
        (X[0], Y, TypeError, "expected several sources, got one"),
        (np.zeros((12, 4)), Y, TypeError, "expected X to be n pictures.* got 2 dimensions"),
        (np.zeros((12, 9, 9), np.uint8), Y, TypeError, "got 3 dimensions"),
        (np.array(X), Y, TypeError, "cuts off zeros: use dtype=object"),
        (np.zeros((12, 9, 9, 3)), Y, TypeError, "expected an array of uint8"),
        (X, [" disc", *Y[1:]], ValueError, "without white space around, got ' disc'"),
        (X, ["Other", *Y[1:]], GalleryError, "'other' is reserved"),
        (X, ["Disc", *Y[1:]], GalleryError, "differ only in case"),
    ],
)
def test_what_cannot_be_fitted(pictures: object, labels: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        LogoRetrievalClassifier(model=TINY).fit(pictures, labels)  # type: ignore[arg-type]


def test_nothing_is_answered_before_fit() -> None:
    estimator = LogoRetrievalClassifier()
    for ask in (estimator.predict, estimator.predict_proba, estimator.kneighbors):
        with pytest.raises(NotFittedError):
            ask(ASKED)


def test_pipeline_and_search(tmp_path: Path) -> None:
    """Names of files, which a step before turns into pictures."""
    for place, content in enumerate(X):
        (tmp_path / f"{place}.svg").write_bytes(content)
    names = [f"{place}.svg" for place in range(12)]
    read = FunctionTransformer(lambda given: [(tmp_path / name).read_bytes() for name in given])
    shares, parts = {"logoretrievalclassifier__other_share": [0.5, 0.9]}, ([0, 1, 3, 4, 6, 7, 9, 10], [2, 5, 8, 11])
    search = GridSearchCV(make_pipeline(read, LogoRetrievalClassifier()), shares, cv=[parts])
    search.fit(names, Y)
    assert search.best_score_ == 1.0 and search.predict(names[:3]).tolist() == ["disc"] * 3


@pytest.mark.usefixtures("temporary")  # joblib kills its processes at an error
def test_cross_validation_in_one_process_and_in_two() -> None:
    estimator, tiny = LogoRetrievalClassifier(), LogoRetrievalClassifier(model=TINY)
    alone = cross_val_score(estimator, X, Y, cv=2, error_score="raise")
    assert alone.shape == (2,) and alone.mean() > 0.9
    assert cross_val_score(estimator, X, Y, cv=2, n_jobs=2, error_score="raise").tolist() == alone.tolist()
    with pytest.raises(UnreadableImage, match=r"unknown-format: X\[0\]"):  # the error itself, from another process
        cross_val_score(tiny, [b"no image", *X[1:]], Y, cv=2, n_jobs=2, error_score="raise")


def test_fitted_ones_are_kept_and_sent(mine: LogoRetrievalClassifier, tmp_path: Path) -> None:
    mine.partial_fit([ring(0), ring(1)], ["ring", "ring"])  # which still lies in the log of the index
    asked = [*ASKED, ring(2)]
    expected = mine.predict_proba(asked)
    joblib.dump(mine, tmp_path / "fitted.joblib")
    loaded = joblib.load(tmp_path / "fitted.joblib")
    assert np.array_equal(loaded.predict_proba(asked), expected)
    loaded.partial_fit([ring(3)], ["another"])
    assert "another" not in mine.classes_ and np.array_equal(mine.predict_proba(asked), expected)
    for jobs in (joblib.Parallel(n_jobs=2), joblib.Parallel(n_jobs=4, prefer="threads")):
        answers = jobs(joblib.delayed(mine.predict)([each]) for each in asked)
        assert np.concatenate(answers).tolist() == mine.predict(asked).tolist()


def test_answers_are_not_kept(fitted: LogoRetrievalClassifier, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("logo_retrieval.inference.stream._REMEMBERED", 1)
    monkeypatch.setattr(fitted, "on_unreadable", "other")
    alive: list[int] = []

    def n_alive() -> int:
        return sum(isinstance(each, Decision) for each in gc.get_objects())

    class Picture(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            alive.append(n_alive() if len(alive) % 50 == 0 else 0)
            return b"broken %d" % len(alive)

    before = n_alive()
    assert fitted.predict_proba([Picture() for _ in range(401)]).shape == (401, len(SHAPES))
    assert before <= max(alive) < before + 100


def test_a_forgotten_one_leaves_no_files(temporary: Path) -> None:
    estimator = LogoRetrievalClassifier(model=TINY).fit(X, Y)
    estimator.fit(X[:3], Y[:3])
    second = copy.deepcopy(estimator)
    assert second.predict(X[:1]).shape == (1,)
    assert len(list(temporary.iterdir())) == 2
    del estimator, second
    gc.collect()
    assert list(temporary.iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_forked_process_answers_and_leaves_the_files(mine: LogoRetrievalClassifier) -> None:
    before = mine.predict(ASKED).tolist()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writing, "\n".join(mine.predict(ASKED)).encode())
            del mine
            gc.collect()
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read().decode().split("\n")
    os.waitpid(child, 0)
    assert said == before == mine.predict(ASKED).tolist()


def test_without_scikit_learn_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import logo_retrieval

    monkeypatch.delitem(sys.modules, "logo_retrieval.estimator")
    monkeypatch.setitem(sys.modules, "sklearn.base", None)
    with pytest.raises(BackendError, match=r"needs scikit-learn: install the extra \[sklearn\]"):
        logo_retrieval.LogoRetrievalClassifier  # noqa: B018
    assert "LogoRetrievalClassifier" not in logo_retrieval.__all__  # so that `import *` works all the same
