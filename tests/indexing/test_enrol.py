"""Companies enrolled while an index is in use."""

from __future__ import annotations

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from drawings import RING, ring, svg
from enrolled import files

from logo_retrieval import LogoClassifier
from logo_retrieval.errors import EnrolmentError, GalleryError, IndexStoreError
from logo_retrieval.models.resolve import copy_starter
from logo_retrieval.store.changes import compact
from logo_retrieval.store.index_store import IndexStore


def test_one_drawing_is_enough(classifier: LogoClassifier) -> None:
    assert classifier.classify([ring(1)])[0].label != "ring"
    report = classifier.enroll("ring", [ring()])
    assert (report.new_classes, [label for _, label in report.added]) == (["ring"], ["ring"])
    decision = classifier.classify([ring(1)])[0]
    assert decision.label == "ring" and decision.neighbours[0].item == report.added[0][0]
    assert "ring" in classifier.classes


def test_the_symbol_of_an_enrolled_lockup_is_known_alone(classifier: LogoClassifier) -> None:
    letters = "".join(f'<path d="M{x} 20h12v60h-12z"/>' for x in range(140, 400, 30))
    lockup = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 100">{RING}{letters}</svg>'
    classifier.enroll("ring", [lockup.encode()])
    assert len(classifier.store.class_vectors(["ring"])["ring"]) == 2
    (nearest,) = classifier.similar(ring(), k=1)
    assert nearest.label == "ring" and nearest.similarity > 0.9
    by_neighbour, by_head = next(
        (each.nearest, each.head) for each in classifier.classify([ring()])[0].top if each.label == "ring"
    )
    assert by_neighbour > 0.9 and by_head is not None and by_head < 0.9, "the head has whole drawings alone"


def test_a_known_class_takes_more_drawings_and_leaves_out_what_it_has(classifier: LogoClassifier) -> None:
    before = classifier.store.class_sizes()["disc"]
    report = classifier.enroll("disc", [svg("disc", 0), svg("disc", 5), svg("disc", 5)])
    assert len(report.added) == 1 and report.new_classes == []
    assert len(report.duplicates) == 2
    assert classifier.store.class_sizes()["disc"] == before + 1
    assert classifier.enroll("disc", [svg("disc", 5)]).added == []


def test_another_process_sees_it_in_its_next_answer(mine: Path, classifier: LogoClassifier) -> None:
    with LogoClassifier.open(mine) as elsewhere:
        assert elsewhere.classify([ring(1)])[0].label != "ring"
        classifier.enroll("ring", [ring()])
        assert elsewhere.classify([ring(1)])[0].label == "ring"
        classifier.unenroll("ring")
        assert elsewhere.classify([ring(1)])[0].label != "ring"
        assert "ring" not in elsewhere.classes


def test_unreadable_drawings_are_named_and_left_out_on_demand(mine: Path, classifier: LogoClassifier) -> None:
    before = files(mine)
    with pytest.raises(EnrolmentError, match="nothing was enrolled: .*unreadable: missing") as caught:
        classifier.enroll("ring", [b"no image", ring(), mine / "absent.svg"])
    assert len(caught.value.faults) == 2 and "unknown-format" in str(caught.value)
    with pytest.raises(EnrolmentError):
        classifier.enroll("ring", [b"no image"], skip_unreadable=True)
    with pytest.raises(EnrolmentError, match="no drawing was given"):
        classifier.enroll("ring", [])
    assert files(mine) == before
    report = classifier.enroll("ring", [b"no image", ring()], skip_unreadable=True)
    assert len(report.added) == len(report.unreadable) == 1


def test_what_another_class_has_is_refused_unless_forced(mine: Path, classifier: LogoClassifier) -> None:
    before = files(mine)
    nearly = svg("disc").replace(b'r="30"', b'r="30.2"')
    for drawing, reason in ((svg("disc"), "the same bytes as 'disc/0.svg' of class 'disc'"), (nearly, "looks like")):
        with pytest.raises(EnrolmentError, match=reason):
            classifier.enroll("ring", [ring(), drawing])
    assert files(mine) == before
    report = classifier.enroll("ring", [svg("disc")], force=True)
    assert len(report.added) == len(report.overruled) == 1


def test_drawings_unlike_each_other_are_remarked_on(classifier: LogoClassifier) -> None:
    wave = (
        b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 90 90"><path d="M0 0h90v9h-90zM0 40h40v9h-40z"/></svg>'
    )
    assert classifier.enroll("ring", [ring(0), ring(1)]).unlike == []
    ((name, similarity),) = classifier.enroll("ring", [wave, ring(2)]).unlike
    assert similarity < 0.3 and name.startswith("ring/")


@pytest.mark.parametrize(
    ("label", "reason"),
    [("Other", "rename the class 'Other'. Give another name"), ("Disc", "'disc' and 'Disc' differ only in case")],
)
def test_names_that_cannot_stand(mine: Path, classifier: LogoClassifier, label: str, reason: str) -> None:
    before = files(mine)
    with pytest.raises(EnrolmentError, match=reason):
        classifier.enroll(label, [ring()])
    assert files(mine) == before


def test_several_companies_at_once_or_none(mine: Path, classifier: LogoClassifier, tmp_path: Path) -> None:
    gallery = tmp_path / "new"
    for name, drawing in {"ring/a.svg": ring(), "rings/b.svg": ring(), "rings/c.svg": ring(3)}.items():
        (gallery / name).parent.mkdir(parents=True, exist_ok=True)
        (gallery / name).write_bytes(drawing)
    before = files(mine)
    with pytest.raises(EnrolmentError, match=r"rings/b.svg' and '.*/ring/a.svg' have the same bytes, but two classes"):
        classifier.enroll_gallery(gallery)
    assert files(mine) == before
    (gallery / "rings/b.svg").unlink()
    (gallery / "rings/c.svg").write_bytes(svg("bars", 6).replace(b"<path", b'<path transform="rotate(45 50 50)"'))
    report = classifier.enroll_gallery(gallery, force=True)
    assert report.new_classes == ["ring", "rings"]
    with pytest.raises(GalleryError):
        classifier.enroll_gallery(tmp_path / "absent")


def test_the_shipped_index_is_never_written() -> None:
    with LogoClassifier.open() as starter:
        with pytest.raises(IndexStoreError, match="read only"):
            starter.enroll("ring", [ring()])
        with pytest.raises(IndexStoreError, match="read only"):
            starter.unenroll("slack")


def test_enrolments_at_the_same_time_all_arrive(mine: Path) -> None:
    def enroll(place: int) -> None:
        with LogoClassifier.open(mine) as classifier:
            classifier.enroll("ring", [ring(place)])

    threads = [threading.Thread(target=enroll, args=(place,)) for place in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with IndexStore(mine) as store:
        assert store.class_sizes()["ring"] == 3 and store.faults() == []


def test_two_companies_at_once_with_one_drawing_are_told_to_one_of_them(classifier: LogoClassifier) -> None:
    drawings = [ring(place) for place in range(3)]
    with ThreadPoolExecutor(2) as threads:
        both = [threads.submit(classifier.enroll, label, drawings) for label in ("ring", "loop")]
        faults = [str(each.exception()) for each in both if each.exception() is not None]
    assert len(faults) == 1 and faults[0].count("has the same bytes as") == 3
    assert len({"ring", "loop"} & set(classifier.classes)) == 1


def test_the_log_says_who_did_what(mine: Path, classifier: LogoClassifier, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "anna")
    classifier.enroll("ring", [ring()])
    classifier.unenroll("ring")
    compact(mine)
    changes = classifier.store.changes()
    assert [change.action for change in changes[1:]] == ["enroll", "unenroll", "compact"]
    assert changes[1].detail == "class 'ring': 1 drawing, by anna"
    assert changes[2].detail == "class 'ring' with 1 drawing, by anna"


def test_a_name_that_came_in_meanwhile_is_noticed(mine: Path, classifier: LogoClassifier) -> None:
    with LogoClassifier.open(mine) as elsewhere:
        decode = elsewhere.engine.pool.decode

        def slowly(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401
            classifier.enroll("Ring", [ring(1)])
            return decode(*arguments, **options)

        elsewhere.engine.pool.decode = slowly  # type: ignore[method-assign]
        with pytest.raises(EnrolmentError, match="'Ring' and 'ring' differ only in case"):
            elsewhere.enroll("ring", [ring(0)])
    assert classifier.store.class_sizes()["Ring"] == 1 and "ring" not in classifier.classes


def test_two_new_companies_with_nearly_the_same_drawing(mine: Path, classifier: LogoClassifier, tmp_path: Path) -> None:
    for label, drawing in (("ring", ring()), ("loop", ring() + b"<!-- the same, other bytes -->")):
        (tmp_path / "new" / label).mkdir(parents=True)
        (tmp_path / "new" / label / "mark.svg").write_bytes(drawing)
    before = files(mine)
    with pytest.raises(EnrolmentError, match=r"ring/mark.svg' looks like '.*loop/mark.svg', given too"):
        classifier.enroll_gallery(tmp_path / "new")
    assert files(mine) == before
    assert len(classifier.enroll_gallery(tmp_path / "new", force=True).overruled) == 1


def test_one_source_is_not_taken_for_its_letters(classifier: LogoClassifier) -> None:
    for one in ("mark.svg", ring(), Path("mark.svg")):
        with pytest.raises(TypeError, match="put it into a list"):
            classifier.enroll("ring", one)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="put it into a list"):
            classifier.classify(one)  # type: ignore[arg-type]


def test_one_file_of_a_table_may_stand_for_two_companies(classifier: LogoClassifier, tmp_path: Path) -> None:
    (tmp_path / "x.svg").write_bytes(ring())
    table = tmp_path / "table.csv"
    table.write_text("path,label\nx.svg,ring\n")
    classifier.enroll_gallery(table)
    table.write_text("path,label\nx.svg,ring\nx.svg,loop\n")
    report = classifier.enroll_gallery(table, force=True)
    assert [label for _, label in report.added] == ["loop"] and len(report.duplicates) == 1


def diamond(more: str) -> bytes:
    shape = '<path d="M10 50L50 10L90 50L50 90z" fill="#039"/><circle cx="50" cy="50" r="18" fill="#fff"/>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100">{shape}{more}</svg>'.encode()


def test_a_false_name_is_corrected_by_a_drawing_of_other(tmp_path: Path) -> None:
    copy_starter(tmp_path / "mine")
    look_alike = diamond('<circle cx="50" cy="76" r="5" fill="#fff"/>')
    with LogoClassifier.open(tmp_path / "mine") as classifier:
        classifier.enroll("diamond", [diamond("")], force=True)
        before = classifier.classify([diamond(""), look_alike])
        assert [each.label for each in before] == ["diamond", "diamond"]
        report = classifier.enroll("other", [look_alike])
        assert (report.unlike, report.new_classes) == ([], [])
        ((name, label),) = report.added
        assert label == "other"
        assert [each.label for each in classifier.classify([diamond(""), look_alike])] == ["diamond", "other"]
        classifier.unenroll(items=[name])
        assert classifier.classify([diamond(""), look_alike]) == before


def test_an_index_stays_the_same_wherever_the_process_goes(
    mine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    shutil.copytree(mine, elsewhere / mine.name)
    monkeypatch.chdir(mine.parent)
    with LogoClassifier.open(mine.name) as classifier:
        monkeypatch.chdir(elsewhere)
        classifier.enroll("ring", [ring()])
        assert classifier.classify([ring(1)])[0].label == "ring"
    with LogoClassifier.open(elsewhere / mine.name) as other, LogoClassifier.open(mine) as same:
        assert "ring" not in other.classes and "ring" in same.classes


def test_a_drawing_that_was_added_under_a_wrong_name_is_of_the_right_one_for_all(mine: Path) -> None:
    with LogoClassifier.open(mine) as classifier, LogoClassifier.open(mine) as asked:
        classifier.enroll("wrong", [ring()])
        assert asked.classify([ring()])[0].label == "wrong"
        classifier.unenroll("wrong")  # and nobody asks until the number of the class and the item are others' again
        classifier.enroll("right", [ring()])
        assert asked.classify([ring()])[0].label == "right"
