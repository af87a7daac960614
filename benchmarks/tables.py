"""Writes the measured results into the README: `python benchmarks/tables.py`; `--check` says whether they are there."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).resolve().parent / "results"
FALSE_NAMES = ("false_accept", "companies_right")
README = Path(__file__).resolve().parents[1] / "README.md"


def result(name: str) -> dict[str, Any]:
    """A results file."""
    values: dict[str, Any] = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
    return values


def rows(*cells: list[str]) -> list[str]:
    """A table in Markdown, the first row being its head."""
    head, *body = cells
    return ["| " + " | ".join(row) + " |" for row in (head, ["---"] * len(head), *body)]


def logobench() -> list[str]:
    """Every method on every set of queries, the recipe of 2018 first."""
    (split,) = result("logobench")["splits"].values()
    sets = ("all", "unseen", "degraded")
    lines = [["method", "views", "all: macro F2", "unseen shapes", "degraded", "wide: right", "other right", "AUROC"]]
    for entry in result("origin")["methods"]:
        lines.append([f"2018, {entry['method']}", "squashed", *quality(entry, sets)])
    for entry in split["methods"]:
        lines.append([entry["method"], "all" if entry["all_views"] else "whole", *quality(entry, sets)])
    return rows(*lines)


def quality(entry: dict[str, Any], sets: tuple[str, ...]) -> list[str]:
    """The figures of one method."""
    f2 = [with_interval(entry[asked]["macro_f2"]) for asked in sets]
    others = (("wide", "company_accuracy"), ("all", "other_recall"), ("all", "auroc"))
    return f2 + [f"{entry[asked][figure][0]:.3f}" for asked, figure in others]


def with_interval(figure: list[float]) -> str:
    """A figure with its 95 % interval."""
    return "{:.3f} ({:.3f}-{:.3f})".format(*figure)


def shape_split() -> list[str]:
    """Every method on the shape split, of the companies that the held-out training knows."""
    sets = ("all", "degraded")
    lines = [["method", "views", "new shapes: macro F2", "degraded", "wide: right", "other right", "AUROC"]]
    for entry in result("enrolment")["fusion"]["methods"]:
        lines.append([entry["method"], "all" if entry["all_views"] else "whole", *quality(entry, sets)])
    return rows(*lines)


def enrolment() -> list[str]:
    """What enrolled companies are worth, by number of drawings and by what the head has of them."""
    lines = [
        ["drawings", "head", "new companies: right", "other shapes: right", "old: macro F2", "other right"]
        + ["named at 0.05", "ECE"]
    ]
    for number, methods in result("enrolment")["drawings"].items():
        for method, entry in methods.items():
            lines.append(
                [
                    number,
                    method,
                    with_interval(entry["right"]),
                    with_interval(entry["right_other_shapes"]),
                    f"{entry['old_macro_f2_change'][0]:+.3f}",
                    f"{entry['other_recall']:.3f}",
                    f"{entry['false_accept_0.05']:.3f}" if "false_accept_0.05" in entry else "",
                    f"{entry['ece']:.3f}" if "ece" in entry else "",
                ]
            )
    return rows(*lines)


def enrolment_met() -> list[str]:
    """Brands that training knew as `other`, enrolled; and the companies that it knew, under other names."""
    results = result("enrolment_met")
    lines = [
        ["drawings", "right", "right at 0.05", "called other", "old companies: right", "other right", "named at 0.05"]
    ]
    for number, entry in results["drawings"].items():
        brands = [with_interval(entry[name]) for name in ("right", "right_named", "called_other")]
        old = [f"{entry[name]:.3f}" for name in ("companies_right", "other_right", "false_accept")]
        lines.append([number, *brands, *old])
    return rows(*lines)


def renamed() -> list[str]:
    """The companies that training knew, under their own names and under others."""
    lines = [["names in the index", "macro F2", "companies: right", "other right"]]
    for name, entry in result("enrolment_met")["known"].items():
        lines.append([name, *(with_interval(entry[each]) for each in ("macro_f2", "company_accuracy", "other_recall"))])
    return rows(*lines)


def told_apart() -> list[str]:
    """Scores of showing a known company."""
    sets = result("open_set")["scores"]
    head = [f"{name}: {what}" for name in sets for what in ("AUROC", "`other` above 95 % of companies")]
    lines = [["score", *head]]
    for score in next(iter(sets.values())):
        cells = [with_interval(each[score][what]) for each in sets.values() for what in ("auroc", "fpr_at_95_tpr")]
        lines.append([score, *cells])
    return rows(*lines)


def ensemble() -> list[str]:
    """Several models against one, and what was gained."""
    lines = [["method", "all: macro F2", "gained", "unseen shapes", "gained", "degraded", "gained"]]
    for name, entry in result("ensemble")["methods"].items():
        cells = []
        for asked in ("all", "unseen", "degraded"):
            cells.append(f"{entry[asked]['macro_f2'][0]:.3f}")
            cells.append("" if name == "model 1" else "{:+.3f} ({:+.3f} to {:+.3f})".format(*entry[asked]["gained"]))
        lines.append([name, *cells])
    return rows(*lines)


def ablation() -> list[str]:
    """What short trainings gain or lose by one change."""
    lines = [["training", "as drawn: macro F2", "gained", "degraded: macro F2", "gained"]]
    for name, entry in result("ablation")["variants"].items():
        cells = []
        for asked in ("clean", "degraded"):
            cells.append(f"{entry[f'{asked}_macro_f2'][0]:.3f}")
            gained = "{:+.3f} ({:+.3f} to {:+.3f})".format(*entry[f"{asked}_macro_f2_gained"])
            cells.append("" if name == "everything" else gained)
        lines.append([name, *cells])
    return rows(*lines)


def open_set() -> list[str]:
    """Shares of false names, asked for and given."""
    sets = result("open_set")["sets"]
    lines = [["asked for", *(f"{name}: {what}" for name in sets for what in ("given", "companies right"))]]
    for entries in zip(*sets.values(), strict=True):
        share = entries[0]["asked"]
        cells = [with_interval(each[what]) for each in entries for what in FALSE_NAMES]
        lines.append(["" if share is None else f"{share:.2f}", *cells])
    return rows(*lines)


def near_duplicates() -> list[str]:
    """Every method at its threshold of that precision."""
    results = result("near_duplicates")
    lines = [["method", f"recall at precision {results['precision']}", "threshold"]]
    for name, entry in results["methods"].items():
        found = entry["at_precision"]
        if found["recall"][0] == 0:
            lines.append([name, "not reached", ""])
        else:
            unit = "cosine {:.2f}" if name == "embedding" else "{:.0f} bits"
            lines.append([name, with_interval(found["recall"]), unit.format(abs(found["threshold"]))])
    return rows(*lines)


def speed() -> list[str]:
    """Whole commands, embedding and decoding, each beside what it is compared with."""
    cold, embedding, decoding = result("cold_start"), result("embedding-starter"), result("decode")
    figures = cold["low_median_high"]
    lines = [["", "median", "compared with", "ratio"]]
    lines.append(
        [
            "`logo-retrieval --help`",
            f"{figures['help']['cpu_s'][1]:.2f} CPU s",
            "an empty Python program",
            f"{cold['cpu_ratios']['help / interpreter']:.2f}",
        ]
    )
    for name, values in figures.items():
        if name.startswith("classify"):
            lines.append(
                [
                    f"cold `classify` of one {name.split('.')[-1].upper()}",
                    f"{values['cpu_s'][1]:.2f} CPU s, {values['peak_mb'][1]:.0f} MB",
                    "loading ONNX Runtime and the graph, one run",
                    f"{cold['cpu_ratios'][f'{name} / bare model']:.2f}",
                ]
            )
    for batch in ("batch_1", "batch_32"):
        ours = embedding["times"]["onnxruntime-fp32"][batch]["cpu_ms_per_image"]["median"]
        lines.append(
            [
                f"embedding, {batch.replace('_', ' ')}",
                f"{ours:.1f} CPU ms an image",
                "ONNX Runtime alone",
                f"{embedding['cpu_ratio_to_bare'][batch]:.2f}",
            ]
        )
    lines.append(enrolment_row(result("enrolment_speed")))
    lines.append(duplicates_row(result("duplicates_speed")))
    lines.append(decode_row(decoding))
    lines.append(training_row(result("training")))
    return rows(*lines)


def enrolment_row(enrolment: dict[str, Any]) -> list[str]:
    """Enrolling into a large index."""
    return [
        f"`enroll` {enrolment['drawings']} drawings into {enrolment['items']:,}",
        f"{enrolment['median_wall_s']['enroll']:.2f} s",
        "decoding and embedding them",
        f"{enrolment['ratios']['enroll / decode and embed']:.2f}",
    ]


def duplicates_row(duplicates: dict[str, Any]) -> list[str]:
    """Duplicates within a large index."""
    small, large = duplicates["runs"]
    return [
        f"`duplicates` among {large['items']:,}",
        f"{large['wall_s']:.0f} s, {large['memory_mb']} MB",
        f"{small['items']:,}: {small['wall_s']:.0f} s, {small['memory_mb']} MB",
        f"{duplicates['ratios']['wall_s']:.1f}; memory {duplicates['ratios']['memory_mb']:.1f}",
    ]


def decode_row(decoding: dict[str, Any]) -> list[str]:
    """Decoding a mixed folder."""
    one, *_, every = decoding["processes"].items()
    cpu = decoding["cpu_ms_per_file"]
    return [
        f"decoding a mixed folder, {every[0]} processes",
        f"{every[1]['files_per_s']:.0f} files/s, {cpu['workers'] + cpu['parent']:.1f} CPU ms a file",
        f"1 process ({one[1]['files_per_s']:.0f} files/s)",
        f"{decoding['speed_up']:.2f} as quick",
    ]


def training_row(training: dict[str, Any]) -> list[str]:
    """Making pictures to train on, beside the step that uses them."""
    cpu = training["cpu_ms_per_image"]
    return [
        f"a training picture, augmented, {training['size_px']} px",
        f"{cpu['unpack and augment']:.1f} CPU ms",
        f"its step: {cpu['step, pointwise alone']:.0f} CPU ms, pointwise convolutions alone, or {cpu['step']:.0f}, all",
        f"{training['ratios']['augment / step, pointwise alone']:.2f}",
    ]


TABLES = {
    "logobench": logobench,
    "ensemble": ensemble,
    "ablation": ablation,
    "shape split": shape_split,
    "told apart": told_apart,
    "open set": open_set,
    "enrolment": enrolment,
    "enrolment met": enrolment_met,
    "renamed": renamed,
    "near duplicates": near_duplicates,
    "speed": speed,
}
"""By the name that the README gives each."""


def filled(text: str) -> str:
    """The README with each table in its place."""
    for name, make in TABLES.items():
        block = f"<!-- table: {name} -->\n" + "\n".join(make()) + "\n<!-- end -->"
        places = re.findall(rf"<!-- table: {name} -->\n.*?<!-- end -->", text, flags=re.DOTALL)
        if len(places) != 1:
            raise SystemExit(f"{README.name} must have one place for the table {name}, got {len(places)}")
        text = text.replace(places[0], block)
    return text


def main() -> None:
    """Fills, or checks."""
    text = README.read_text(encoding="utf-8")
    if "--check" in sys.argv:
        sys.exit(
            filled(text) != text and "the tables of the README are not those of the results: run benchmarks/tables.py"
        )
    README.write_text(filled(text), encoding="utf-8")


if __name__ == "__main__":
    main()
