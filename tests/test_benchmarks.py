"""Every script of the benchmarks still runs from its first line to its last, with hardly any data."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import themes
from average_weights import average, card_line
from calibration import Trial
from logobench_data import DATA
from networks import BRANDS, CLEAN, DEGRADED, NOVEL_CLEAN, Queries
from released import read_release, write_release
from surroundings import RESULTS

from logo_retrieval.evaluation.fitting import Asked
from logo_retrieval.models.resolve import starter_model
from logo_retrieval.open_set.evidence import ClassProfile, Features

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"
CACHE, WORK, STARTER = "CACHE", "WORK", "STARTER"
"""What a test puts folders in the place of: the cache, an empty one, and the model that ships."""

SMALL: dict[str, tuple[str, ...]] = {
    "ablation": (WORK, "--variant", "mirrored", "--cache", CACHE),
    "bombs": (),
    "bulk": ("--cache", CACHE),
    "clarity": ("--cache", CACHE),
    "cold_start": (),
    "decode": ("--cache", CACHE),
    "duplicates_speed": (),
    "embedding": ("--cache", CACHE),
    "enrolment_speed": (),
    "growth": ("--cache", CACHE),
    "held_packs": ("--cache", CACHE),
    "logobench": (STARTER, "--cache", CACHE),
    "near_duplicates": (STARTER, "--cache", CACHE),
    "nearness": (STARTER, "--cache", CACHE),
    "origin": (WORK, "--cache", CACHE),
    "picture": (STARTER, "--cache", CACHE),
    "integers": (STARTER, "--cache", CACHE),
    "robustness": (STARTER, "--cache", CACHE),
    "search": (),
    "search_at_scale": ("--cache", CACHE),
    "second_run": ("--cache", CACHE),
    "serving": ("--cache", CACHE),
    "serving_memory": ("--cache", CACHE),
    "strangers": (STARTER, "--cache", CACHE),
    "training": ("--cache", CACHE),
    "traits": (STARTER, "--cache", CACHE),
}
"""Scripts and what they are given beside `--small` and `--output`."""

ELSEWHERE = {
    "tables": "the test of the README compares what it writes",
    "train_on_device": "the test of training on a device runs it for a few steps",
}
NOT_SMALL = {
    "average_weights": "needs trained networks",
    "build_starter": "writes the index that ships, and needs trained networks",
    "calibrate": "writes the weights that ship, and needs trained networks",
    "collect_packs": "fetches packages",
    "export_starter": "needs trained networks",
    "make_fonts": "needs packages of fonts",
    "make_fetched_data": "needs packages of logos and emoji",
    "make_generic_data": "needs packages of icons",
    "make_logobench_data": "needs the art as it was collected",
    "make_quality_gate": "writes a fixture of the tests, and needs trained networks",
    "make_reader": "needs the published recogniser",
    "make_samples": "writes the samples",
    "make_vintage_data": "needs the art as it was collected",
    "make_wide_data": "needs the art as it was collected",
    "open_set": "needs trained networks, one of which has not seen thirty companies",
    "own_index": "needs trained networks, one of which has not seen thirty companies",
    "released": "a test of the released weights runs what is in it",
    "themes": "needs packages of icon themes, whose art is not here",
    "train_starter": "trains for hours, on every drawing there is",
}


def test_every_script_is_run_or_says_why_not() -> None:
    scripts = [each.stem for each in BENCHMARKS.glob("*.py") if "\n    main()\n" in each.read_text(encoding="utf-8")]
    assert sorted(scripts) == sorted([*SMALL, *ELSEWHERE, *NOT_SMALL])


def ran(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(BENCHMARKS / f"{name}.py"), *arguments, "--small"]
    # what a script runs is not tested by that: it does not count as covered
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    return subprocess.run(command, capture_output=True, text=True, env=environment)


def kept() -> dict[Path, int]:
    """When each file that is kept was changed."""
    return {path: path.stat().st_mtime_ns for folder in (RESULTS, DATA) for path in folder.rglob("*")}


@pytest.mark.large
@pytest.mark.parametrize("name", SMALL)
def test_it_runs_small_and_writes_only_where_it_is_told(name: str, cache: Path, tmp_path: Path) -> None:
    places = {CACHE: cache, WORK: tmp_path / "work", STARTER: starter_model().folder}
    given = [str(places.get(each, each)) for each in SMALL[name]]
    before = kept()
    outcome = ran(name, *given, "--output", str(tmp_path / "output.json" if name != "picture" else tmp_path / "a.png"))
    assert outcome.returncode == 0, outcome.stderr[-3000:]
    (written,) = (path for path in tmp_path.iterdir() if path.is_file())
    assert written.stat().st_size > 100
    assert kept() == before


def test_small_results_do_not_go_over_those_that_are_kept() -> None:
    outcome = ran("search")
    assert outcome.returncode == 2 and "--small needs an --output outside the results" in outcome.stderr


def test_released_weights_are_within_half_a_step(tmp_path: Path) -> None:
    chance = np.random.default_rng(3)
    per_channel = chance.uniform(0.01, 4, 8)
    kernels = {
        "best_0000": chance.normal(size=(3, 3, 5, 8)) * per_channel,
        "best_0001": chance.normal(size=(3, 3, 8, 1)) * per_channel[:, None],  # depthwise: its channels come third
        "best_0002": np.zeros((4, 8)),
        "best_0003": per_channel,
    }
    arrays: dict[str, Any] = {name: values.astype(np.float16) for name, values in kernels.items()}
    np.savez(tmp_path / "start.npz", facts=np.array('{"epoch": 7}'), **arrays)
    write_release(tmp_path / "released.npz", tmp_path / "start.npz")
    read_release(tmp_path / "released.npz", tmp_path / "again.npz")
    with np.load(tmp_path / "again.npz") as again:
        assert str(again["facts"]) == '{"epoch": 7}' and set(again) == {"facts", *arrays}
        for name, values in arrays.items():
            axes = {"best_0000": (0, 1, 2), "best_0001": (0, 1, 3), "best_0002": (0,)}.get(name)
            largest = np.abs(values.astype(np.float32)).max(axes, keepdims=True) if axes else 0 * per_channel
            assert np.all(np.abs(again[name] - values.astype(np.float32)) <= 0.502 * largest / 127)


def weights_of(file: Path, values: list[float], *, epochs: int, targets: tuple[str, ...] = ("a", "b")) -> Path:
    facts = {"targets": targets, "log": [{"epoch": 1 + place} for place in range(epochs)]}
    np.savez(file, facts=np.array(json.dumps(facts)), best_0000=np.array(values, np.float16))
    return file


def test_a_mean_of_weights_says_what_it_is_the_mean_of(tmp_path: Path) -> None:
    one = weights_of(tmp_path / "one.npz", [1, 2, -4], epochs=2)
    other = weights_of(tmp_path / "other.npz", [3, 2, 1], epochs=5)
    mean = tmp_path / "mean.npz"
    average(one, other, mean)
    with np.load(mean) as arrays:
        np.testing.assert_array_equal(arrays["best_0000"], np.array([2, 2, -1.5], np.float16))
        assert arrays["best_0000"].dtype == np.float16 and len(json.loads(str(arrays["facts"]))["log"]) == 5
    assert card_line(mean) == "- The weights are the mean of those after 2 and after 5 epochs.\n"
    assert card_line(one) == card_line(other) == ""
    stranger = weights_of(tmp_path / "stranger.npz", [3, 2, 1], epochs=5, targets=("a", "c"))
    with pytest.raises(SystemExit, match="other targets"):
        average(one, stranger, mean)


def packages(folder: Path) -> Path:
    """Icon themes of no art, with every file that the table of labels has."""
    for theme, place in themes.ICONS.items():
        (folder / place).mkdir(parents=True)
        for row in themes.LABELS.read_text(encoding="utf-8").splitlines():
            if row.startswith(f"{theme},"):
                file = row.split(",")[1]
                (folder / place / file).write_text(f"{theme} {file}", encoding="utf-8")
    return folder


def test_icons_of_themes_count_once_and_have_their_labels(tmp_path: Path) -> None:
    numix = packages(tmp_path) / themes.ICONS["numix"]
    drawn = {"calendar-blue-01": "1", "calendar-blue-02": "2", "calendar-red-01": "3", "mine-1": "4", "mine-2": "5"}
    for name, content in {**drawn, "same-as-mine": "4"}.items():
        (numix / f"{name}.svg").write_text(content, encoding="utf-8")
    (numix / "link.svg").symlink_to(numix / "mine-1.svg")
    found = {icon.path.name: icon.label for icon in themes.load_icons(tmp_path) if icon.theme == "numix"}
    others = [name for name, label in found.items() if label == "other"]
    assert others == ["calendar-blue-01.svg", "calendar-red-01.svg", "mine-1.svg", "mine-2.svg"]
    assert found["github.svg"] == "github" and found["chromium.svg"] == themes.UNCLEAR


def test_another_version_of_a_theme_is_told(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="expected the icons of papirus"):
        themes.load_icons(tmp_path)
    (packages(tmp_path) / themes.ICONS["minty"] / "atom.png").unlink()
    with pytest.raises(SystemExit, match=r"minty lacks atom\.png"):
        themes.load_icons(tmp_path)


def test_the_nearest_drawing_names_as_many_others_as_the_program() -> None:
    def answer(label: str, named: str, probability: float, nearest: str, cosine: float) -> themes.Answer:
        return themes.Answer(themes.Icon("numix", Path("a.svg"), label), named, probability, nearest, cosine)

    answers = [
        answer("a", "a", 0.99, "a", 0.9),
        answer("a", "other", 0.8, "b", 0.85),
        answer("other", "b", 0.6, "b", 0.7),
        answer("other", "other", 0.9, "a", 0.8),
        answer("other", "other", 0.9, "other", -1.0),
        answer("unclear", "a", 0.7, "a", 0.95),
    ]
    cosine = themes.cosine_for(answers)
    found = themes.figures(answers, cosine)
    assert cosine == 0.7 and (found["unclear"], found["unclear named"]) == (1, 1)
    shares = {rule: {name: each[0] for name, each in found[rule].items()} for rule in ("program", "nearest drawing")}
    third = 0.3333
    assert shares["program"] == {"right": 0.5, "named wrongly": 0, "others named": third}
    assert shares["nearest drawing"] == {"right": 0.5, "named wrongly": 0.5, "others named": third}
    bins = themes.by_probability(answers)
    assert [(each["from"], each["named"], each["right"][0]) for each in bins] == [(0.5, 1, 0), (0.97, 1, 1)]


def test_unknown_logos_that_vouch_teach_one_half_alone() -> None:
    """Else each would be judged by weights that were fitted to it."""
    kinds = np.repeat([CLEAN, DEGRADED, BRANDS, CLEAN, NOVEL_CLEAN], 20)
    true = np.repeat([0, 0, 0, 1, 2], 20)
    n = len(kinds)
    groups, none = np.array([f"group {row}" for row in range(n)]), np.zeros(n)
    queries = Queries(
        np.zeros((n, 4), np.float32), np.arange(n), np.zeros((n, 272), np.uint8), groups, groups, kinds, true, groups
    )
    features = Features(np.zeros((n, 3), np.float32), None, np.zeros((n, 3, 1)), np.zeros((n, 1)))
    trial = Trial(
        queries,
        Asked(
            features,
            ClassProfile(np.ones(3, np.int64), np.array([False, True, False]), np.array([False, False, True])),
            true,
            0,
            none,
        ),
    )
    first, second = (trial.may_teach(half) for half in (0, 1))
    assert np.array_equal(first & second, true == 1) and (first | second).all()
