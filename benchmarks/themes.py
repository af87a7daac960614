"""The program as it ships, asked the app icons of eight icon themes: `python benchmarks/themes.py FOLDER`.

FOLDER holds packages of Debian, each unpacked into a folder of its name (`dpkg -x papirus-icon-theme_*.deb
FOLDER/papirus-icon-theme`): papirus-icon-theme 20230104-2, numix-icon-theme-circle 22.11.05-1, mint-y-icons 1.6.5-1,
deepin-icon-theme 2021.11.24-1, obsidian-icon-theme 3.5-1.1, faenza-icon-theme 1.3.1-3, moka-icon-theme 5.5.0-2 and
paper-icon-theme 1.5.0+git20200312.aa3e8af-4.

Links do not count, and files of the same bytes count once a theme. Numix and Paper have a drawing for each day of the
month, in some colours: the first of each colour counts. No other drawings differ by the number in their names alone:
the ids of Steam and of Chrome stand for different programs. Intervals are Wilson's (1927), of 95 %.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from held_packs import share
from logobench_data import CLASSES, DATA, OTHER
from small import options
from surroundings import write_result

from logo_retrieval import Decision, LogoClassifier
from logo_retrieval.inference.other_share import shown_share

LABELS = DATA / "themes.csv"
"""Every icon that is not plainly of no company: of which, or `UNCLEAR`."""

UNCLEAR = "unclear"
"""Made of a company's mark, for another product: left out of all figures but a count."""

ICONS = {
    "papirus": "papirus-icon-theme/usr/share/icons/Papirus/64x64/apps",
    "numix": "numix-icon-theme-circle/usr/share/icons/Numix-Circle/48/apps",
    "minty": "mint-y-icons/usr/share/icons/Mint-Y/apps/256",
    "bloom": "deepin-icon-theme/usr/share/icons/bloom/apps/96",
    "obsidian": "obsidian-icon-theme/usr/share/icons/Obsidian/apps/96",
    "faenza": "faenza-icon-theme/usr/share/icons/Faenza/apps/96",
    "moka": "moka-icon-theme/usr/share/icons/Moka/96x96@2x/apps",
    "paper": "paper-icon-theme/usr/share/icons/Paper/512x512/apps",
}
"""Where the icons of each theme lie in FOLDER."""

CALENDAR_DAY = re.compile(r"(calendar-[a-z]+)-\d+\.(?:svg|png)")
NEIGHBOURS = 100
"""So many nearest drawings are looked through for one of a company."""

BINS = (0.0, 0.5, 0.7, 0.9, 0.97, 1.0)


@dataclass(frozen=True)
class Icon:
    """An icon of a theme: `label` is a company, `OTHER` or `UNCLEAR`."""

    theme: str
    path: Path
    label: str


@dataclass(frozen=True)
class Answer:
    """What was answered about an icon.

    Attributes:
        icon: the one that was asked.
        named: the company that it was given, or `OTHER`, also when it cannot be read.
        probability: of that label, 0 when it cannot be read.
        nearest: the company whose drawing is nearest, `OTHER` when none is near.
        cosine: of that drawing, -1 when none is near.
    """

    icon: Icon
    named: str
    probability: float
    nearest: str
    cosine: float

    def nearest_above(self, cosine: float) -> str:
        """What the plainest rule answers."""
        return self.nearest if self.cosine > cosine else OTHER


def load_icons(folder: Path) -> list[Icon]:
    """Every icon that counts, with its label, by theme and name.

    Raises:
        SystemExit: when a theme is missing, or an icon of the table is.
    """
    with LABELS.open(encoding="utf-8", newline="") as rows:
        labels = {(row["theme"], row["file"]): row["label"] for row in csv.DictReader(rows)}
    if strangers := sorted({*labels.values()} - {*CLASSES.read_text(encoding="utf-8").split(), UNCLEAR}):
        raise SystemExit(f"{LABELS.name} has labels that are no class: {', '.join(strangers)}")
    icons = []
    for theme, place in ICONS.items():
        if not (folder / place).is_dir():
            raise SystemExit(f"expected the icons of {theme} in {folder / place}: unpack the package there")
        files = sorted(path for path in (folder / place).iterdir() if path.is_file() and not path.is_symlink())
        if missing := sorted({file for of, file in labels if of == theme} - {path.name for path in files}):
            raise SystemExit(f"{theme} lacks {missing[0]}, which the table has: it must be the version named above")
        first: dict[str | bytes, Path] = {}
        for path in files:
            day = CALENDAR_DAY.fullmatch(path.name)
            first.setdefault(day[1] if day else path.read_bytes(), path)
        icons += [Icon(theme, path, labels.get((theme, path.name), OTHER)) for path in first.values()]
    return icons


def answered(icon: Icon, decision: Decision) -> Answer:
    """An answer from a decision that lists `NEIGHBOURS` drawings."""
    near = next((each for each in decision.neighbours if each.label != OTHER), None)
    named, probability = decision.label or OTHER, decision.probability or 0.0
    return Answer(icon, named, probability, near.label if near else OTHER, near.similarity if near else -1.0)


def share_of(flags: Sequence[bool]) -> list[float]:
    """How many of some are true, with the interval."""
    return share(sum(flags), len(flags))


def figures(answers: Sequence[Answer], cosine: float) -> dict[str, Any]:
    """What became of some icons, and what the nearest drawing of a company above a cosine would have answered."""
    judged = [each for each in answers if each.icon.label != UNCLEAR]
    companies = [each for each in judged if each.icon.label != OTHER]
    others = [each for each in judged if each.icon.label == OTHER]
    found: dict[str, Any] = {
        "icons": len(answers),
        "unclear": len(answers) - len(judged),
        "unclear named": sum(each.named != OTHER for each in answers if each.icon.label == UNCLEAR),
        "companies": len(companies),
        "others": len(others),
    }
    rules = {
        "program": [each.named for each in judged],
        "nearest drawing": [each.nearest_above(cosine) for each in judged],
    }
    for rule, names in rules.items():
        given = list(zip((each.icon.label for each in judged), names, strict=True))
        found[rule] = {
            "right": share_of([name == label for label, name in given if label != OTHER]),
            "named wrongly": share_of([name not in (OTHER, label) for label, name in given if label != OTHER]),
            "others named": share_of([name != OTHER for label, name in given if label == OTHER]),
        }
    return found


def by_probability(answers: Sequence[Answer]) -> list[dict[str, Any]]:
    """Of the answers that name a company, how many are right, by what was stated."""
    named = [each for each in answers if each.icon.label != UNCLEAR and each.named != OTHER]
    bins: list[dict[str, object]] = []
    for low, high in pairwise(BINS):
        inside = [each for each in named if low < each.probability <= high]
        if inside:
            stated = round(float(np.mean([each.probability for each in inside])), 4)
            right = share_of([each.named == each.icon.label for each in inside])
            bins.append({"from": low, "to": high, "named": len(inside), "stated": stated, "right": right})
    return bins


def share_of_others(asked: Sequence[tuple[Icon, Decision]]) -> dict[str, float]:
    """How common others are among some icons, and how common the answers make them out to be."""
    true = float(np.mean([icon.label == OTHER for icon, _ in asked]))
    return {"true": round(true, 4), "shown": shown_share(decision for _, decision in asked)}


def cosine_for(answers: Sequence[Answer]) -> float:
    """The cosine above which the nearest drawing names as many others as the program does."""
    others = [each for each in answers if each.icon.label == OTHER]
    cosines = sorted((each.cosine for each in others), reverse=True)
    return cosines[sum(each.named != OTHER for each in others)]


def main() -> None:
    """Asks, writes the result and shows it."""
    arguments = options(__doc__, output="themes.json", folder="holds the unpacked packages").parse_args()
    icons = load_icons(arguments.folder)
    paths = [icon.path for icon in icons]
    with LogoClassifier.open() as classifier:
        decisions = classifier.classify(paths, top=NEIGHBOURS)
        fitting = classifier.classify(paths, top=NEIGHBOURS, other_share="auto")
    answers, fit = (list(map(answered, icons, given)) for given in (decisions, fitting))
    cosine = cosine_for(answers)
    themes = {theme: figures([each for each in answers if each.icon.theme == theme], cosine) for theme in ICONS}
    themes["all"] = figures(answers, cosine)
    for theme, found in themes.items():
        asked = [pair for pair in zip(icons, decisions, strict=True) if theme in ("all", pair[0].theme)]
        found["share of others"] = share_of_others([pair for pair in asked if pair[0].label != UNCLEAR])
    unreadable = [icon for icon, decision in zip(icons, decisions, strict=True) if decision.label is None]
    result = {
        "unreadable": [f"{icon.theme}/{icon.path.name}" for icon in unreadable],
        "cosine": round(cosine, 4),
        "themes": themes,
        "by probability": by_probability(answers),
        "by probability, auto": by_probability(fit),
    }
    write_result(arguments.output, "themes", result)
    for theme, found in themes.items():
        print(theme, found)


if __name__ == "__main__":
    main()
