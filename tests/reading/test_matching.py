"""Text that was read to names, by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logo_retrieval.reading.matching import CLARITY, Names
from logo_retrieval.types import TextLine

CLASSES = (
    ("PHP",),
    ("YouTube",),
    ("Amazon Web Services", "AWS"),
    ("Facebook",),
    ("X",),
    ("百度", "Baidu"),
    ("Google",),
    ("Go",),
    (),
)


def read(*texts: str, confidence: float = 1.0) -> list[float]:
    """How clearly each class is named."""
    named, _ = Names(CLASSES).read_as([[TextLine(text, confidence) for text in texts]])
    return [round(float(value), 3) for value in named[0]]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("facebook", 3),
        ("FACEBOOK", 3),
        ("Fàcebook", 3),
        ("F a c e b o o k", 3),
        ("You Tube", 1),
        ("amazon web services", 2),
        ("Amazon-Web-Services", 2),
        ("百度", 5),
        ("ＢＡＩＤＵ", 5),
    ],
)
def test_case_accents_spaces_and_signs_do_not_matter(text: str, place: int) -> None:
    found = read(text)
    assert found[place] == 1.0 and max(found[:place] + found[place + 1 :]) == 0.0


def test_a_letter_of_a_long_name_may_be_misread_and_counts_less() -> None:
    assert read("facebock")[3] == pytest.approx((7 / 8) ** CLARITY.misread, abs=1e-3)
    assert read("tacebock")[3] == 0.0  # two of eight
    assert read("amazon web servlccs")[2] == pytest.approx((15 / 17) ** CLARITY.misread, abs=1e-3)
    assert read("phd")[0] == 0.0  # of a short name none


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Đuro", "DURO"),  # what the recogniser makes of drawings
        ("Æther", "AETHER"),
        ("Œuvre", "oeuvre"),
        ("Yapı Kredi", "YAPI KREDI"),
        ("İş Bankası", "IS BANKASI"),
        ("Straße", "STRASSE"),
        ("ΟΤΕ", "OTE"),
        ("Όμιλος", "OMIΛOΣ"),
        ("МТС", "MTC"),
        ("Рост", "POCT"),
    ],
)
def test_capitals_that_look_alike_are_the_same(name: str, text: str) -> None:
    for written, said in ((name, text), (name.upper(), text), (text, name)):
        named, _ = Names([[written], ["Zzz"]]).read_as([[TextLine(said, 1.0)]])
        assert named.tolist() == [[1.0, 0.0]]


def test_a_name_of_many_words() -> None:
    name = "The Hong Kong and Shanghai Banking Corporation"
    named, _ = Names([[name]]).read_as(
        [[TextLine("The Hong Kong and", 1.0), TextLine("Shanghai Banking Corporation", 1.0)]]
    )
    assert named.tolist() == [[1.0]]


def test_words_have_borders() -> None:
    assert read("phpipam")[0] == 0.0
    assert read("php ipam")[0] == pytest.approx(3 / 7, abs=1e-3)
    assert read("Légo")[7] == 0.0  # an accent is none
    named, _ = Names([["S-Bahn"]]).read_as([[TextLine("U S-Bahn", 1.0)]])  # of two letters apart each is a word
    assert named[0, 0] == pytest.approx(5 / 6)


@pytest.mark.parametrize(
    ("text", "share"), [("Bai百度", 6 / 9), ("百度Bai", 6 / 9), ("百度2026", 6 / 10), ("百度网盘", 0)]
)
def test_another_script_is_a_border(text: str, share: float) -> None:
    assert read(text)[5] == pytest.approx(share, abs=1e-3)


def test_a_name_within_a_longer_one_says_little() -> None:
    assert read("Google Fonts")[6] == pytest.approx(6 / 11, abs=1e-3)


def test_short_names_say_less_and_one_letter_nothing() -> None:
    assert (read("X")[4], read("Go")[7], read("PHP")[0], read("AWS")[2]) == (0.0, 0.5, 1.0, 1.0)


def test_a_name_may_go_over_two_lines() -> None:
    assert read("You", "Tube")[1] == 1.0
    assert read("amazon", "web services")[2] == 1.0
    named, _ = Names(CLASSES).read_as([[TextLine("You", 0.9), TextLine("", 0.0), TextLine("Tube", 0.8)]])
    assert named[0, 1] == pytest.approx(0.8)  # on the line between nothing was read


@pytest.mark.parametrize("text", ["OYouTube", "YouTubeO", "OYou Tube", "You TubeO"])
def test_a_symbol_may_be_read_as_the_first_or_the_last_letter_of_a_line(text: str) -> None:
    assert read(text)[1] == pytest.approx(CLARITY.stray, abs=1e-3)


def test_a_symbol_may_be_read_as_a_letter_that_stands_alone() -> None:
    assert read("O YouTube")[1] == pytest.approx(max(CLARITY.stray, 7 / 8), abs=1e-3)
    assert read("日 YouTube")[1] == pytest.approx(max(CLARITY.stray, 7 / 10), abs=1e-3)


@pytest.mark.parametrize("text", ["000", "1 0 1", "小", "V", "--", ""])
def test_what_symbols_are_read_as_does_not_count_as_written(text: str) -> None:
    assert Names(CLASSES).read_as([[TextLine(text, 1.0), TextLine("田", 1.0)]])[1].tolist() == [0.0]


def test_signs_of_the_law_are_no_letters() -> None:
    assert read("Facebook™")[3] == read("facebook®")[3] == 1.0


def test_what_the_reader_is_unsure_of_counts_less() -> None:
    assert read("facebook", confidence=0.6)[3] == 0.6


def test_how_clearly_anything_is_written() -> None:
    names = Names(CLASSES)
    _, written = names.read_as(
        [[TextLine("BBVA", 0.9)], [TextLine("", 0.0)], [], [TextLine("ab", 1.0), TextLine("infosys", 0.8)]]
    )
    sure = CLARITY.sure
    assert written.tolist() == pytest.approx([2 / 3 * 0.9**sure, 0.0, 0.0, 0.8**sure])


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("AVANZA", 1),
        ("bank", 2 / 3),
        ("Avanze", (5 / 6) ** CLARITY.misread),
        ("Avanza Fonder", 6 / 12),
        ("Avanza Bank", 1 / CLARITY.part),
        ("Avan", 0),
    ],
)
def test_a_part_of_a_name_may_stand_for_it(text: str, share: float) -> None:
    names = [["Avanza Bank"], ["Other"]]
    (named, _), (whole, _) = (Names(names, by_part=parts).read_as([[TextLine(text, 1.0)]]) for parts in ((0, 1), ()))
    assert named[0].tolist() == pytest.approx([CLARITY.part * share, 0])
    assert whole[0].tolist() == ([1, 0] if text == "Avanza Bank" else [0, 0])


@pytest.mark.parametrize("other", ["Delta", "Delta Faucets"])
def test_a_part_that_is_a_name_or_that_two_share_stands_for_none(other: str) -> None:
    named, _ = Names([["Delta Air Lines"], [other]], by_part=(0, 1)).read_as([[TextLine("DELTA", 1.0)]])
    assert named[0, 0] == 0 and named[0, 1] == (other == "Delta")


def test_two_classes_of_one_name_are_both_named() -> None:
    named, _ = Names((("Delta",), ("delta",))).read_as([[TextLine("Delta", 1.0)]])
    assert named.tolist() == [[1.0, 1.0]]


def test_what_is_spelled_as_one_name_is_no_misreading_of_another() -> None:
    named, _ = Names([["Facebook"], ["Facebock"]]).read_as([[TextLine("facebook", 1.0)]])
    assert named.tolist() == [[1.0, 0.0]]


def test_of_many_names_that_are_as_near_each_counts() -> None:
    named, _ = Names([[f"Model A{digit}"] for digit in range(10)]).read_as([[TextLine("MODEL AO", 1.0)]])
    assert named[0].min() == named[0].max() > 0.5


def test_a_screenshot_full_of_words_takes_no_time_to_speak_of() -> None:
    assert read(" ".join(["word"] * 5000) + " facebook")[3] == 0.0


@given(st.lists(st.text(max_size=40), max_size=4), st.floats(0, 1))
def test_whatever_is_read_counts_between_0_and_1(texts: list[str], confidence: float) -> None:
    named, written = Names(CLASSES).read_as([[TextLine(text, confidence) for text in texts]])
    assert named.shape == (1, len(CLASSES)) and 0 <= named.min() and named.max() <= 1 and 0 <= written[0] <= 1
