"""Writes the results into README and pages of `docs/`: `python benchmarks/tables.py`; `--check` compares."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

from growth_tables import fitted, search_kinds, spreads, whole_indexes
from speed_tables import decoding, integers, serving, serving_memory, speed, stages
from table_rows import result, rows, with_interval

README = Path(__file__).resolve().parents[1] / "README.md"
PAGE = README.parent / "docs" / "measured.md"
GROWTH = PAGE.with_name("growth.md")


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


def own_index() -> list[str]:
    """What an index answers that holds nothing but companies that the network has never seen."""
    names = ("companies_right", "other_right", "ece", "companies_right_at_share", "nearest_right_at_share")
    titles = ("companies right", "other right", "ECE", "companies right at 2 % named falsely", "by the nearest drawing")
    lines = [["companies", "drawings of each", *titles]]
    for each in result("own_index")["sizes"]:
        cells = (f"{each[name]:.3f}" for name in names)
        lines.append([str(each["companies"]), str(each["drawings_of_each"]), *cells])
    return rows(*lines)


def strangers() -> list[str]:
    """How well the vectors of a network tell brands apart that it has never seen, by the nearest drawing alone."""
    shares = ("nearest drawing is right", "right and near enough")
    lines = [["network", "drawings of each", *shares]]
    for network, found in result("strangers")["networks"].items():
        for drawings, figures in found["drawings"].items():
            lines.append([network, drawings, *(with_interval(figures[name]) for name in shares)])
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


def themes() -> list[str]:
    """What the program as it ships answers about the icons of icon themes, and the plainest rule beside it."""
    shares = ("right", "named wrongly", "others named")
    lines = [["theme", "icons of companies", "right", "wrong company", "of others", "named falsely"]]
    lines[0] += ["nearest drawing: right", "wrong company", "named falsely"]
    for theme, found in result("themes")["themes"].items():
        program, nearest = (
            [with_interval(found[rule][name]) for name in shares] for rule in ("program", "nearest drawing")
        )
        lines.append([theme, str(found["companies"]), *program[:2], f"{found['others']:,}", program[2], *nearest])
    return rows(*lines)


def themes_by_probability() -> list[str]:
    """Of the names given to icons of icon themes, how many are right, by the probability stated for either share."""
    lines = [["probability stated", *("names given", "mean stated", "right") * 2]]
    of_half, of_auto = (
        {(found["from"], found["to"]): found for found in result("themes")[name]}
        for name in ("by probability", "by probability, auto")
    )
    for low, high in sorted({*of_half, *of_auto}):
        cells = [f"{low:.2f} to {high:.2f}"]
        for found in (of_half.get((low, high)), of_auto.get((low, high))):
            stated = ["0", "", ""]
            if found:
                stated = [str(found["named"]), f"{found['stated']:.3f}", with_interval(found["right"])]
            cells += stated
        lines.append(cells)
    return rows(*lines)


def themes_shares() -> list[str]:
    """How common others are among the icons, and how common the answers together make them out to be."""
    lines = [["theme", "share of others", "as the answers show it"]]
    for theme, found in result("themes")["themes"].items():
        lines.append([theme, *(f"{found['share of others'][name]:.3f}" for name in ("true", "shown"))])
    return rows(*lines)


def robustness() -> list[str]:
    """In which looks drawings by unseen artists are still nearest to their company."""
    shares = ("nearest drawing is right", "right and near enough")
    lines = [["look", *shares]]
    for look, found in result("robustness")["looks"].items():
        lines.append([look, *(with_interval(found[name]) for name in shares)])
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
    make.__name__.replace("_", " "): make
    for make in (
        *(logobench, known, trust, named, risk, evidence, reading, false_names, enrolment),
        *(own_index, strangers, held_packs, themes, themes_shares, themes_by_probability, robustness),
        *(ablation, near_duplicates, speed, decoding, serving, serving_memory, integers, stages),
    )
}
"""By the name that the page of results gives each."""

OF_GROWTH = {"whole indexes": whole_indexes, "fitted": fitted, "search kinds": search_kinds, "spreads": spreads}

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
    for page, tables in {PAGE: TABLES, GROWTH: OF_GROWTH, README: OF_README}.items():
        text = page.read_text(encoding="utf-8")
        if "--check" not in sys.argv:
            page.write_text(filled(text, tables), encoding="utf-8")
        elif filled(text, tables) != text:
            sys.exit(f"the tables of {page.name} are not those of the results: run benchmarks/tables.py")


if __name__ == "__main__":
    main()
