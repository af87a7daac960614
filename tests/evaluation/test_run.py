"""An evaluation of seven files, its figures worked by hand."""

from __future__ import annotations

from dataclasses import astuple, replace
from pathlib import Path

import pytest
from drawings import ring, scrawl, svg

from logo_retrieval import LogoClassifier
from logo_retrieval.errors import IndexStoreError
from logo_retrieval.evaluation.result import FIGURES, Confusion, Evaluation
from logo_retrieval.evaluation.run import evaluate
from logo_retrieval.gallery.records import Gallery, read_gallery
from logo_retrieval.types import OTHER

FILES = {
    "bars/new.svg": svg("bars", 3),
    "bars/wrong.svg": svg("disc", 4),
    "disc/copy.svg": svg("disc", 0),  # in the index
    "disc/new.svg": svg("disc", 3),
    "nova/unknown.svg": svg("ärzte", 3),  # the index knows no nova
    "other/broken.png": b"\x89PNG\r\n\x1a\n nothing more",
    "other/new.svg": svg("other", 3),
}


def laid(root: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    return root


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return laid(tmp_path_factory.mktemp("asked"), FILES)


@pytest.fixture(scope="module")
def evaluation(index: Path, data: Path) -> Evaluation:
    with LogoClassifier.open(index) as classifier:
        return evaluate(classifier, read_gallery(data))


def test_every_file_has_its_row_in_order(evaluation: Evaluation, data: Path) -> None:
    rows = [(file.path, file.label, file.expected, file.predicted) for file in evaluation.files]
    assert rows == [
        (str(data / "bars/new.svg"), "bars", "bars", "bars"),
        (str(data / "bars/wrong.svg"), "bars", "bars", "disc"),
        (str(data / "disc/copy.svg"), "disc", "disc", "disc"),
        (str(data / "disc/new.svg"), "disc", "disc", "disc"),
        (str(data / "nova/unknown.svg"), "nova", "other", "ärzte"),
        (str(data / "other/broken.png"), "other", "other", None),
        (str(data / "other/new.svg"), "other", "other", "other"),
    ]
    assert [file.status for file in evaluation.files] == ["ok"] * 5 + ["unreadable", "ok"]
    assert str(evaluation.files[5].reason).startswith("corrupt: ") and evaluation.files[5].probability is None
    assert [file.in_index for file in evaluation.files] == [False, False, True, False, False, False, False]


def test_the_figures(evaluation: Evaluation) -> None:
    assert list(evaluation.figures) == list(FIGURES)
    values = {name: figure.value for name, figure in evaluation.figures.items() if figure is not None}
    # tp, right answer, answered of bars 1, 2, 1; disc 2, 2, 3; other 1, 3, 1, and F2 = 5 tp / (4 right + answered).
    assert values["macro_f2"] == pytest.approx((5 / 9 + 10 / 11 + 5 / 13) / 3)
    assert values["company_accuracy"] == 3 / 4
    assert values["other_recall"] == pytest.approx(1 / 3)
    assert values["top5_accuracy"] == pytest.approx(6 / 7)  # there are but four labels


def test_the_figures_of_probabilities(evaluation: Evaluation, index: Path) -> None:
    """Of the six files that were answered, from what `classify` says of them."""
    answered = [file for file in evaluation.files if file.predicted]
    with LogoClassifier.open(index) as classifier:
        decisions = classifier.classify([file.file for file in answered])
    assert [decision.label for decision in decisions] == [file.predicted for file in answered]
    rows = [{each.label: each.probability for each in decision.top} for decision in decisions]
    truth = [file.expected for file in answered]
    squares = [sum((p - (name == t)) ** 2 for name, p in row.items()) for row, t in zip(rows, truth, strict=True)]
    known = [1 - row["other"] for row in rows]
    beaten = [(known[i] > known[j]) + 0.5 * (known[i] == known[j]) for i in range(4) for j in (4, 5)]
    figures = {name: figure.value for name, figure in evaluation.figures.items() if figure is not None}
    assert figures["brier"] == pytest.approx(sum(squares) / 6, abs=1e-3)
    assert figures["auroc"] == pytest.approx(sum(beaten) / 8)
    bins = [each for each in evaluation.reliability if each.count]
    gaps = sum(each.count * abs((each.accuracy or 0) - (each.confidence or 0)) for each in bins)
    assert sum(each.count for each in bins) == 6 and figures["ece"] == pytest.approx(gaps / 6)


def test_classes_and_confusions(evaluation: Evaluation) -> None:
    assert [astuple(each) for each in evaluation.classes] == [
        ("bars", 2, 1, 1.0, 0.5, pytest.approx(5 / 9)),
        ("disc", 2, 3, pytest.approx(2 / 3), 1.0, pytest.approx(10 / 11)),
        ("ärzte", 0, 1, 0.0, None, 0.0),
        ("other", 3, 1, 1.0, pytest.approx(1 / 3), pytest.approx(5 / 13)),
    ]
    asked = [each.f2 for each in evaluation.classes if each.support]
    macro = evaluation.figures["macro_f2"]
    assert macro is not None and macro.value == pytest.approx(sum(asked) / len(asked))
    assert evaluation.confusions == (Confusion("bars", "disc", 1), Confusion("other", "ärzte", 1))


def test_what_the_reader_must_know(evaluation: Evaluation) -> None:
    leaked, unreadable, unknown = evaluation.notes
    assert leaked.startswith("1 of 7 files are in the index byte for byte")
    assert unreadable.startswith("1 of 7 files could not be read: they count as wrong")
    assert unknown.startswith("1 files are of 1 classes that the index does not know") and "'nova'" in unknown
    assert evaluation.unknown_classes == {"nova": 1} and evaluation.leaked == 1


def test_mistakes_come_surest_first_and_without_the_unreadable(evaluation: Evaluation) -> None:
    mistakes = evaluation.mistakes
    assert {(each.expected, each.predicted) for each in mistakes} == {("bars", "disc"), ("other", "ärzte")}
    assert (mistakes[0].probability or 0) >= (mistakes[1].probability or 0)
    assert mistakes[0].nearest is not None and mistakes[0].nearest.label == mistakes[0].predicted


@pytest.mark.parametrize(
    ("kept", "absent", "note"),
    [
        (("bars/new.svg", "disc/new.svg"), {"other_recall", "auroc", "fpr_at_95_tpr"}, "no file is 'other'"),
        (("other/new.svg",), {"company_accuracy", "auroc", "fpr_at_95_tpr"}, "every file is 'other'"),
        (("other/broken.png",), set(FIGURES) - {"macro_f2", "other_recall", "top5_accuracy"}, "could not be read"),
    ],
)
def test_nothing_is_said_that_the_files_cannot_tell(
    index: Path, tmp_path: Path, kept: tuple[str, ...], absent: set[str], note: str
) -> None:
    data = laid(tmp_path, {name: FILES[name] for name in kept})
    seen: list[tuple[int, int]] = []
    with LogoClassifier.open(index) as classifier:
        found = evaluate(classifier, read_gallery(data), progress=lambda done, total: seen.append((done, total)))
    assert {name for name, figure in found.figures.items() if figure is None} == absent
    assert any(note in each for each in found.notes)
    assert seen == [(place, len(kept)) for place in range(1, len(kept) + 1)]


def test_probabilities_are_judged_for_the_share_that_is_stated(index: Path, tmp_path: Path) -> None:
    data = laid(tmp_path, {f"other/{seed}.svg": scrawl(seed) for seed in range(9)} | {"disc/new.svg": svg("disc", 3)})
    with LogoClassifier.open(index) as classifier:
        half, most = (evaluate(classifier, data, other_share=share) for share in (0.5, 0.9))
        answers = classifier.classify([file.file for file in most.files], other_share=0.9)
    assert [file.probability for file in most.files] == [answer.probability for answer in answers]
    assert [file.predicted for file in most.files] == [file.predicted for file in half.files]
    assert half.notes == [
        "90% of the files are 'other', the probabilities are for 50%: how good they are for such a mix, "
        "--other-share 0.9 shows"
    ]
    assert most.notes == [] and most.to_dict()["other_share"] == 0.9
    files = half.files * 1000
    counts = {OTHER: len(files) - 1, "disc": 1}
    classes = tuple(replace(one, support=counts.get(one.name, 0)) for one in half.classes)
    (note,) = replace(half, files=files, classes=classes).notes
    assert note.startswith("99.9% of the files") and note.endswith("--other-share 0.999 shows")
    assert replace(half, files=files, classes=classes, other_share=0.999).notes == []  # who follows it is done


def test_a_class_in_other_letters_is_the_same_where_that_is_certain(index: Path, tmp_path: Path) -> None:
    folder = laid(
        tmp_path, {"Bars/new.svg": svg("bars", 3), "ÄRZTE/new.svg": svg("ärzte", 3), "Nova/a.svg": svg("disc", 4)}
    )
    with LogoClassifier.open(index) as classifier:
        found = evaluate(classifier, read_gallery(folder))
    assert {file.label: file.expected for file in found.files} == {"Bars": "bars", "ÄRZTE": "ärzte", "Nova": "other"}
    assert found.remarks == ("the class 'Bars' is taken for 'bars'", "the class 'ÄRZTE' is taken for 'ärzte'")
    assert found.unknown_classes == {"Nova": 1} and found.notes[0].startswith("1 files are of 1 classes")


def test_classes_that_come_meanwhile_are_an_error(mine: Path, classes: Path) -> None:
    def enroll(done: int, total: int) -> None:
        if done == 1:
            other.enroll("ring", [ring(0)])

    gallery = read_gallery(classes)
    many = Gallery(tuple(replace(gallery.records[0], name=str(place)) for place in range(99)), ())
    with LogoClassifier.open(mine) as classifier, LogoClassifier.open(mine) as other:
        with pytest.raises(IndexStoreError, match="evaluate again"):
            evaluate(classifier, many, progress=enroll)
