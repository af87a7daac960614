"""Writes the results into README and `docs/measured.md`: `python benchmarks/tables.py`; `--check` compares."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).resolve().parent / "results"
README = Path(__file__).resolve().parents[1] / "README.md"
PAGE = README.parent / "docs" / "measured.md"


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
    lines = [["method", "all: macro F2", "unseen shapes", "degraded", "companies right", "other right", "AUROC", "ECE"]]
    origin = [{**entry, "method": f"2018, {entry['method']}"} for entry in result("origin")["methods"]]
    for entry in origin + result("logobench")["methods"]:
        f2 = [with_interval(entry[asked]["macro_f2"]) for asked in ("all", "unseen", "degraded")]
        found = entry["all"]
        figures = (found.get(name) for name in ("company_accuracy", "other_recall", "auroc", "ece"))
        lines.append([entry["method"], *f2, *("" if each is None else f"{each[0]:.3f}" for each in figures)])
    return rows(*lines)


def with_interval(figure: list[float]) -> str:
    """A figure with its 95 % interval."""
    return "{:.3f} ({:.3f}-{:.3f})".format(*figure)


def known() -> list[str]:
    """What both networks answer about drawings by artists that they have not seen."""
    lines = [["network", "asked", "queries", "macro F2", "companies right", "other right", "AUROC"]]
    lines[0] += ["companies right where 2 % of these unknown logos are named", "the same by the nearest drawing alone"]
    for network, entry in result("open_set")["networks"].items():
        for asked in ("as drawn", "unseen shapes", "degraded", "copies of known drawings", "no other in the index"):
            found = entry[asked]
            figures = (with_interval(found[name]) for name in ("macro_f2", "companies_right", "other_right", "auroc"))
            at_share = found.get("companies_right_at_share", {})
            plain = (f"{at_share[rule]:.3f}" if at_share else "" for rule in ("fusion", "nearest drawing"))
            lines.append([network, asked, f"{found['queries']:,}", *figures, *plain])
    return rows(*lines)


def trust() -> list[str]:
    """How far probabilities can be trusted, by the share of unknown logos."""
    lines = [
        ["network", "unknown logos", "ECE", "named rightly, of those named", "largest gap of a bin of named answers"]
    ]
    for network, entry in result("open_set")["networks"].items():
        for share, found in entry["calibration"].items():
            figures = (f"{found[name]:.3f}" for name in ("ece", "named_right", "worst_bin"))
            lines.append([network, f"{float(share):.0%}", *figures])
    return rows(*lines)


def named() -> list[str]:
    """Stated and true share of right names by bin, of the held-out network's answers."""
    bins = {
        share: found["named_bins"] for share, found in result("open_set")["networks"]["held out"]["calibration"].items()
    }
    lines = [["unknown logos", *(f"bin {place}" for place in range(1, 1 + max(map(len, bins.values()))))]]
    for share, found in bins.items():
        cells = [f"{stated:.2f} stated, {true:.2f} right, {n}" for n, stated, true in found]
        lines.append([f"{float(share):.0%}", *cells, *[""] * (len(lines[0]) - 1 - len(cells))])
    return rows(*lines)


def risk() -> list[str]:
    """Of the surest answers, the share that is wrong."""
    networks = result("open_set")["networks"]
    curves = {name: dict(entry["risk_coverage"]) for name, entry in networks.items()}
    lines = [["answers taken, surest first", *(f"{name}: wrong" for name in curves)]]
    for coverage in next(iter(curves.values())):
        lines.append([f"{coverage:.0%}", *(f"{found[coverage]:.3f}" for found in curves.values())])
    return rows(*lines)


def evidence() -> list[str]:
    """What each part of the evidence is worth."""
    lines = [["evidence", "log-loss", "AUROC", "macro F2"]]
    for part, found in result("open_set")["evidence"].items():
        lines.append([part, *(f"{found[name]:.4f}" for name in ("nll", "auroc", "macro_f2"))])
    return rows(*lines)


def reading() -> list[str]:
    """What is right with what is written and without, by what there is to read."""
    lines = [["network", "drawings", "companies, unknown", "companies right, unread", "read", "other right, unread"]]
    lines[0] += ["read", "ECE at 30, 60, 90 % unknown, unread", "read"]
    for network, entry in result("open_set")["networks"].items():
        for kind, found in entry["reading"].items():
            cells = [network, kind, f"{found['companies']:,}, {found['unknown']:,}"]
            for what in ("companies_right", "other_right"):
                cells += [f"{found[how][what]:.3f}" if what in found[how] else "" for how in ("unread", "read")]
            for how in ("unread", "read"):
                cells.append(", ".join(f"{each:.3f}" for each in found[how].get("ece", {}).values()))
            lines.append(cells)
    return rows(*lines)


def false_names() -> list[str]:
    """Shares of false names, asked for and given."""
    networks = result("open_set")["networks"]
    head = [f"{name}: {what}" for name in networks for what in ("given", "companies right")]
    lines = [["asked for", *head]]
    for share in networks["held out"]["false_accept"]:
        found = [entry["false_accept"][share] for entry in networks.values()]
        lines.append([share, *(f"{each[name]:.3f}" for each in found for name in ("given", "companies_right"))])
    return rows(*lines)


def enrolment() -> list[str]:
    """Companies that the network has never seen, enrolled sixty at a time."""
    columns = {
        "new_right": "new: right",
        "new_right_degraded": "degraded",
        "old_right": "old: right",
        "old_moved": "old answers moved",
        "other_right": "other right",
        "ece": "ECE",
        "plain_new_right": "fixed cosine: new right",
        "plain_other_right": "other right",
    }
    lines = [["drawings", *columns.values()]]
    for drawings, found in result("open_set")["enrolment"].items():
        if drawings.isdigit():
            lines.append([drawings, *(f"{found[name]:.3f}" for name in columns)])
    return rows(*lines)


def held_packs() -> list[str]:
    """What the program as it ships answers about packs that nobody has learned."""
    shares = ("right", "wrong company", "nearest drawing is right", "nearly the same as a known drawing")
    lines = [["pack", "drawings of companies", *shares, "of others", "named falsely"]]
    for pack, found in result("held_packs")["packs"].items():
        cells = (with_interval(found[name]) for name in shares)
        falsely = with_interval(found["named falsely"])
        lines.append([pack, str(found["companies"]), *cells, str(found["others"]), falsely])
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
    lines.append(second_run_row(result("second_run")))
    return rows(*lines)


def second_run_row(second: dict[str, Any]) -> list[str]:
    """Files that were answered before."""
    return [
        f"`classify --cache` of {second['files']:,} files again",
        f"{second['cpu_s']['second']:.1f} CPU s",
        f"the first run, {second['cpu_s']['first']:.0f} CPU s",
        f"1 / {second['ratio']:.0f}",
    ]


def serving() -> list[str]:
    """The service beside the library on the same cores."""
    found = result("serving")
    library = found["library"]
    lines = [["", "files a second", "share of the library's", "median ms", "99 of 100 below, ms"]]
    lines.append(["the library, all in one call", f"{library['files_a_second']:.0f}", "1", "", ""])
    lines.append(["the library, one after another", "", "", f"{library['p50_ms']:.0f}", f"{library['p99_ms']:.0f}"])
    for clients, figures in found["clients"].items():
        lines.append(
            [
                f"the service, {clients} client{'' if clients == '1' else 's'}",
                f"{figures['files_a_second']:.0f}",
                f"{figures['share_of_library']:.2f}",
                f"{figures['p50_ms']:.0f}",
                f"{figures['p99_ms']:.0f}",
            ]
        )
    return rows(*lines)


def serving_memory() -> list[str]:
    """Whether the service grows over an hour's worth of requests."""
    after = result("serving_memory")["after"]
    lines = [["after so many requests", "the service, MiB", "its decoders, MiB"]]
    for part in (after[0], after[len(after) // 2 - 1], after[-1]):
        lines.append([f"{part['requests']:,}", str(part["service_mb"]), str(part["decoders_mb"])])
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


def summary() -> list[str]:
    """The recipe of 2018, the plainest rule and what `classify` does, for the README."""
    lines = [["", "macro F2", "unseen shapes", "degraded", "companies right", "other right"]]
    methods = {entry["method"]: entry for entry in result("logobench")["methods"]}
    chosen = {
        "the recipe of 2018, retrained": result("origin")["methods"][0],
        "nearest drawing above a cosine": methods["nearest drawing"],
        "fusion, nothing read": methods["fusion, nothing read"],
        "fusion": methods["fusion"],
    }
    for name, entry in chosen.items():
        f2 = [with_interval(entry[asked]["macro_f2"]) for asked in ("all", "unseen", "degraded")]
        lines.append([name, *f2, *(f"{entry['all'][each][0]:.3f}" for each in ("company_accuracy", "other_recall"))])
    return rows(*lines)


TABLES = {
    "logobench": logobench,
    "known": known,
    "trust": trust,
    "named": named,
    "risk": risk,
    "evidence": evidence,
    "reading": reading,
    "false names": false_names,
    "enrolment": enrolment,
    "ablation": ablation,
    "held packs": held_packs,
    "near duplicates": near_duplicates,
    "speed": speed,
    "serving": serving,
    "serving memory": serving_memory,
}
"""By the name that the page of results gives each."""

OF_README = {"summary": summary}


def filled(text: str, tables: dict[str, Callable[[], list[str]]]) -> str:
    """A page with each table in its place."""
    for name, make in tables.items():
        block = f"<!-- table: {name} -->\n" + "\n".join(make()) + "\n<!-- end -->"
        places = re.findall(rf"<!-- table: {name} -->\n.*?<!-- end -->", text, flags=re.DOTALL)
        if len(places) != 1:
            raise SystemExit(f"the page must have one place for the table {name}, got {len(places)}")
        text = text.replace(places[0], block)
    return text


def main() -> None:
    """Fills, or checks."""
    for page, tables in {PAGE: TABLES, README: OF_README}.items():
        text = page.read_text(encoding="utf-8")
        if "--check" not in sys.argv:
            page.write_text(filled(text, tables), encoding="utf-8")
        elif filled(text, tables) != text:
            sys.exit(f"the tables of {page.name} are not those of the results: run benchmarks/tables.py")


if __name__ == "__main__":
    main()
