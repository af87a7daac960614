"""Names of companies enrolled, refused, shared and removed, with drawings and without."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from drawings import ring, svg
from enrolled import answers, files

from logo_retrieval import LogoClassifier
from logo_retrieval.errors import EnrolmentError, IndexStoreError
from logo_retrieval.evaluation.run import evaluate
from logo_retrieval.gallery.names import MOST_NAMES, cleaned_names, new_names, remarks_on
from logo_retrieval.gallery.records import read_gallery
from logo_retrieval.indexing.build import build_index
from logo_retrieval.models.resolve import starter_model
from logo_retrieval.store.index_store import IndexStore
from logo_retrieval.store.schema import INDEX_FILE


def names(classifier: LogoClassifier, label: str) -> tuple[str, ...]:
    return classifier.store.class_names()[label]


def test_names_are_cleaned_and_each_counts_once() -> None:
    given = ["  New\t Co\n", "NEWCO", unicodedata.normalize("NFD", "Café"), "Café", "C++", "C", "3M", "楽天"]
    assert cleaned_names(given) == ("New Co", "Café", "C++", "C", "3M", "楽天")
    assert cleaned_names(["x" * 100]) == ("x" * 100,)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ([""], "a letter or digit among them, got ''"),
        ([" \n "], "a letter or digit among them, got ''"),
        (["?!"], r"a letter or digit among them, got '\?!'"),
        (["x" * 101], "1 to 100 characters .* of 101 characters"),
        (["a\0b"], r"without control characters, .* got 'a\\x00b'"),
        (["fine"] * (MOST_NAMES + 1), "at most 50 names at once, got 51"),
    ],
)
def test_names_that_cannot_stand(mine: Path, classifier: LogoClassifier, given: list[str], reason: str) -> None:
    before = files(mine)
    with pytest.raises(EnrolmentError, match=reason):
        classifier.enroll("ring", [ring()], names=["Ring", *given][-len(given) :])
    assert files(mine) == before


def test_all_names_at_fault_are_told_of() -> None:
    with pytest.raises(EnrolmentError) as caught:
        cleaned_names(["", "fine", "--"])
    assert len(caught.value.faults) == 2


def test_one_name_is_not_taken_for_its_letters(classifier: LogoClassifier) -> None:
    with pytest.raises(TypeError, match="put it into a list"):
        classifier.enroll("ring", names="Ring")


def test_first_names_bring_the_label_along() -> None:
    assert new_names({"newco": ("New Co",)}, {}) == {"newco": ("New Co", "newco")}
    assert new_names({"newco": ("New Co",)}, {"newco": ()}) == {"newco": ("New Co", "newco")}
    assert new_names({"Newco": ("Newco", "NC")}, {}) == {"Newco": ("Newco", "NC")}
    assert new_names({"Newco": ("NC", "Newco")}, {}) == {"Newco": ("Newco", "NC")}, "first, for it was given itself"
    assert new_names({"newco": ("NEW CO", "NC")}, {"newco": ("New Co",)}) == {"newco": ("NC",)}
    assert new_names({"newco": ("NewCo",)}, {"newco": ("New Co",)}) == {}


def test_names_of_two_classes() -> None:
    stored = {"apple": (), "corps": ("Apple", "Apple Corps"), "?": (), "other": ()}
    assert list(remarks_on({"fruit": ("A-p p.l e", "fruit", "Other")}, stored)) == [
        "'A-p p.l e' is a name of class 'apple' too: where it is read it speaks for both",
        "'A-p p.l e' is a name of class 'corps' too: where it is read it speaks for both",
    ]
    assert list(remarks_on({"apple": ("Apple", "apple")}, {"apple": ()})) == []
    assert len(list(remarks_on({"fruit": ("Apple", "apple")}, {"apple": ("Apple",)}))) == 1, "one sentence"
    assert list(remarks_on({"!": ("Bang", "!")}, stored)) == [], "labels without letters are no names alike"
    first, second = remarks_on({"see": ("C#", "삼성")}, {"c": ("C++",)})
    assert first == "'C#' of class 'see' says nothing where it is read: one letter is read into many symbols"
    assert second.startswith("'삼성' of class 'see' says nothing where it is read: Latin, Greek, Chinese and")
    assert len(list(remarks_on({"editor": ("Notepad++",)}, {"notepad": ()}))) == 1, "signs are not read"


def test_a_company_known_by_its_names_alone(mine: Path, classifier: LogoClassifier) -> None:
    report = classifier.enroll("newco", names=["New Co", "New Company"])
    assert report.named == [("newco", "New Co"), ("newco", "New Company"), ("newco", "newco")]
    assert (report.new_classes, report.added, report.remarks) == (["newco"], [], [])
    assert "newco" in classifier.classes and classifier.store.class_sizes()["newco"] == 0
    generation = classifier.store.generation()
    again = classifier.enroll("newco", names=["NEW CO"])
    assert (again.named, again.new_classes) == ([], []) and classifier.store.generation() == generation
    more = classifier.enroll("newco", names=["NC", "New Co"])
    assert (more.named, more.new_classes) == ([("newco", "NC")], [])
    assert names(classifier, "newco") == ("New Co", "New Company", "newco", "NC")
    assert [change.detail.partition(",")[0] for change in classifier.store.changes()[1:]] == [
        "class 'newco': 3 names",
        "class 'newco': 1 name",
    ]
    drawn = classifier.enroll("newco", [ring()])
    assert drawn.new_classes == [] and classifier.classify([ring(1)])[0].label == "newco"
    assert classifier.unenroll(items=[drawn.added[0][0]]) == [], "the names stay"
    assert classifier.store.class_sizes()["newco"] == 0 and classifier.store.faults() == []


def test_drawings_and_names_at_once_or_neither(mine: Path, classifier: LogoClassifier) -> None:
    before = files(mine)
    with pytest.raises(EnrolmentError, match="the same bytes as"):
        classifier.enroll("ring", [svg("disc")], names=["Ring"])
    with pytest.raises(EnrolmentError, match="is unreadable: unknown-format.*Leave them out"):
        classifier.enroll("ring", [b"no image"], names=["Ring"])
    with pytest.raises(EnrolmentError, match="no drawing was given, and no name"):
        classifier.enroll("ring")
    with pytest.raises(EnrolmentError, match="'disc' and 'Disc' differ only in case"):
        classifier.enroll("Disc", names=["Ring"])
    with pytest.raises(EnrolmentError, match="many unknown brands, and has no names"):
        classifier.enroll("other", names=["Ring"])
    assert files(mine) == before
    report = classifier.enroll("ring", [ring()], names=["Ring Inc."])
    assert len(report.added) == 1 and report.named == [("ring", "Ring Inc."), ("ring", "ring")]
    assert report.new_classes == ["ring"]
    skipped = classifier.enroll("loop", [b"no image"], names=["Loop"], skip_unreadable=True)
    assert len(skipped.unreadable) == 1 and skipped.new_classes == ["loop"]


def test_a_name_that_another_class_has_is_remarked_on(classifier: LogoClassifier) -> None:
    assert classifier.enroll("newco", names=["Disc"]).remarks == [
        "'Disc' is a name of class 'disc' too: where it is read it speaks for both"
    ]
    assert classifier.enroll("third", names=["New-Co!"]).remarks == [
        "'New-Co!' is a name of class 'newco' too: where it is read it speaks for both"
    ]


def test_a_name_that_cannot_be_read_is_remarked_on(classifier: LogoClassifier) -> None:
    unread = ["Яндекс", "ארומה", "تلكوم", "삼성", "टाटा", "ไทย", "Банк", "word " * 13]
    said = classifier.enroll("newco", names=unread).remarks
    assert len(said) == len(unread) and all("says nothing where it is read" in remark for remark in said)
    for name in ("МТС", "ΑΛΦΑ", "百度网", "ソニー", "佐々木", "Ørsted", "Łódź", "360", "Ωmega Я Co"):
        assert classifier.enroll("another", names=[name]).remarks == []


def test_a_label_that_another_class_is_known_by_is_remarked_on(classifier: LogoClassifier) -> None:
    classifier.enroll("newco", names=["New Company"])
    report = classifier.enroll("new company", [ring()])
    assert report.remarks == ["'new company' is a name of class 'newco' too: where it is read it speaks for both"]
    assert classifier.enroll("new company", [ring(1)]).remarks == [], "it was said"


def test_a_class_without_drawings_disturbs_nothing(mine: Path, classes: Path, classifier: LogoClassifier) -> None:
    before = [decision.label for decision in answers(mine)]
    size = len(classifier.drawings())
    classifier.enroll("newco", names=["New Co"])
    assert [decision.label for decision in answers(mine)] == before
    assert len(classifier.drawings()) == size
    result = evaluate(classifier, read_gallery(classes))
    assert "newco" not in {each.name for each in result.classes}
    build_index(read_gallery(classes), mine, starter_model(), names={"disc": ["Disc Ltd"], "absent": ["Absent"]})
    assert "newco" not in classifier.classes and names(classifier, "disc") == ("Disc Ltd",)
    assert b"Absent" not in (mine / INDEX_FILE).read_bytes()


def test_names_removed_without_trace(mine: Path, classifier: LogoClassifier) -> None:
    before = answers(mine)
    classifier.enroll("ring", [ring()], names=["Grand Circle Company", "Kreisgesellschaft"])
    assert b"Kreisgesellschaft" in b"".join(files(mine).values())
    assert classifier.unenroll("ring") == ["ring"]
    kept = b"".join(files(mine).values())
    assert b"Grand Circle" not in kept and b"Kreisgesellschaft" not in kept
    assert "ring" not in classifier.store.class_names() and answers(mine) == before


def test_another_process_sees_names_and_two_at_once_both_arrive(mine: Path, classifier: LogoClassifier) -> None:
    with LogoClassifier.open(mine) as elsewhere:
        classifier.enroll("newco", names=["New Co"])
        assert "newco" in elsewhere.classes
        assert elsewhere.enroll("newco", names=["New Co", "NC"]).named == [("newco", "NC")]
    with IndexStore(mine) as store:
        assert store.class_names()["newco"] == ("New Co", "newco", "NC")


def test_the_shipped_index_takes_no_names() -> None:
    with LogoClassifier.open() as starter, pytest.raises(IndexStoreError, match="read only"):
        starter.enroll("slack", names=["Slack"])
