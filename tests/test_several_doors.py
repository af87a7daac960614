"""One index, changed by chance through several doors and asked through each, beside a model of it in plain Python.

Store, engine, command line and service are the real ones; drawings and their vectors are made up.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
import unicodedata
from collections.abc import Callable, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from conftest import Run
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from made_up_drawings import TINY, make_up, vector, view

from logo_retrieval import LogoClassifier, LogoRetrievalError
from logo_retrieval.gallery.records import Gallery, GalleryRecord, free_name
from logo_retrieval.images.fingerprint import thumbnail
from logo_retrieval.indexing.build import build_index
from logo_retrieval.serving.app import create_app
from logo_retrieval.serving.gate import Gate
from logo_retrieval.serving.settings import Settings
from logo_retrieval.store.vectors import vector_blob

BUILT = {"acme/1": ("acme", 1), "acme/5": ("acme", 5), "bolt/2": ("bolt", 2), "other/3": ("other", 3)}
LABELS = ["newco", "newco", " newco ", "NewCo", "a\u0308rzte", "a/b?c#d", "other", "bolt", "x" * 255, "y" * 256, ""]
NAMES = ["newco", "newco", "N.C.", "N.C.", "New  Co", "Ärzte", "東京", "", "z" * 101]
FILES = ["a.svg", "a.svg#2", "ü 😀.svg", "100%?.svg", "thumbnail", "-x.svg", "n" * 240]
FRESH, BROKEN, DOORS = 7, 8, st.sampled_from(["python", "beside", "command", "service"])
ASKED = [b"0", b"1", b"2", b"3", b"4", b"5", b"6", b"7", b"broken"]
Files = Sequence[tuple[str, int]]


def bare(name: str) -> str:
    return "".join(unicodedata.normalize("NFC", name).split()).casefold()


class Model:
    """What the index must say; a change that is to be refused gives words that are in what every door says of it."""

    def __init__(self) -> None:
        self.classes, self.items, self.lines = ["acme", "bolt", "other", "newco"], dict(BUILT), 2
        self.names = {"newco": ["newco"]}

    def enrol(self, given: str, files: Files, names: Sequence[str], force: bool = False, skip: bool = False) -> str:
        label = unicodedata.normalize("NFC", given).strip()
        texts = {bare(name): " ".join(name.split()) for name in reversed(names)}
        records: dict[str, int] = {}
        for file, seed in files:
            records[free_name(f"{label}/{file}", records)] = seed
        firsts = {seed: name for name, seed in reversed(records.items()) if seed != BROKEN}
        fresh = [(name, seed) for name, seed in records.items() if firsts.get(seed) == name]
        fresh = [(name, seed) for name, seed in fresh if (label, seed) not in self.items.values()]
        refusals = {
            "a class name m": not 0 < len(label) < 256,
            "a name must be text": not all(0 < len(text) < 101 for text in texts.values()),
            "has no names": texts and label == "other",
            "differ only in case": any(bare(its) == bare(label) != "" and its != label for its in self.classes),
            "is unreadable": BROKEN in records.values() and not (skip and (firsts or texts)),
            "no drawing was given": not (firsts or texts),
            "has the same bytes": not force and {seed for _, seed in fresh} & {seed for _, seed in self.items.values()},
        }
        if words := [words for words, is_so in refusals.items() if is_so]:
            return words[0]
        for name, seed in fresh:
            self.items[free_name(name, self.items)] = label, seed
        known = self.names.get(label, [])
        new = [texts[spelt] for spelt in dict.fromkeys(map(bare, names)) if spelt not in map(bare, known)]
        if new and not known:  # the label is the first where it is given, and else comes along
            others = [text for text in new if text != label]
            new = [label, *others] if label in new else [*others, label]
        self.names |= {label: known + new} if new else {}
        self.classes += [label] * (label not in self.classes and bool(fresh or new))
        self.lines += bool(fresh) + bool(new)
        return ""

    def unenrol(self, label: str, name: str, item: str) -> str:
        known = self.names.get(label, [])
        refusals = {
            "and stays": label == "other" and not name,
            "there is no class": not item and label not in self.classes,
            "there is no drawing": item and item not in self.items,
            "has no name": name and name not in known,
        }
        if words := [words for words, is_so in refusals.items() if is_so]:
            return words[0]
        kept = [each for each in known if each not in (name, label)] if name else []
        if name and label in known and label != name and (kept or known[0] == label):
            kept = [label, *kept] if known[0] == label else [*kept, label]
        self.names |= {label: kept} if label else {}
        gone = {item} if item else set() if name else {each for each, (its, _) in self.items.items() if its == label}
        self.items = {each: its for each, its in self.items.items() if each not in gone}
        there = {its for its, _ in self.items.values()} | {its for its, own in self.names.items() if own}
        self.classes = [each for each in self.classes if each in there]
        self.lines += 1
        return ""


class Doors(RuleBasedStateMachine):
    """The index, open twice in this process and once in a service, and the command line."""

    def __init__(self, run: Run, built: Path) -> None:
        super().__init__()
        self.run, self.model, self.home = run, Model(), Path(tempfile.mkdtemp(dir=built.parent))
        self.folder = Path(shutil.copytree(built, self.home / "index"))
        self.python, self.beside = LogoClassifier.open(self.folder), LogoClassifier.open(self.folder, cache=self.home)
        self.gate = create_app(Settings(self.folder))
        assert isinstance(self.gate, Gate)
        self.gate.service._open(self.folder)
        self.loop, transport = asyncio.Runner(), httpx.ASGITransport(self.gate)
        self.client = httpx.AsyncClient(transport=transport, base_url="http://localhost/v1/")

    def teardown(self) -> None:
        assert isinstance(self.gate, Gate)
        self.loop.run(self.gate.service.close())
        for opened in (self.loop, self.python, self.beside):
            opened.close()
        shutil.rmtree(self.home)

    def written(self, name: str, data: bytes) -> Path:
        file = Path(tempfile.mkdtemp(dir=self.home), name)
        file.write_bytes(data)
        return file

    def service(self, method: str, address: str, **sent: Any) -> httpx.Response:  # noqa: ANN401
        return self.loop.run(self.client.request(method, address, **sent))

    def change(self, door: str, words: str, in_python: Callable[[Any], object], *ways: Any) -> None:  # noqa: ANN401
        """Changes the index through a door, which must refuse what the model refuses, and say the same of it."""
        said, (command, request) = "", ways
        if door == "command":
            done = self.run(*command, "--index", self.folder)
            said = done.err if done.code not in (0, 3) else ""
        elif door == "service":
            answer = self.service(*request[:2], **request[2])
            said = "" if answer.is_success else answer.json()["detail"]
        else:
            try:
                in_python(getattr(self, door))
            except LogoRetrievalError as error:
                said = str(error)
        assert words in said and bool(words) == bool(said), (words, said)

    @rule(
        label=st.sampled_from(LABELS),
        files=st.lists(st.tuples(st.sampled_from(FILES), st.sampled_from([0, 1, 2, 4, 5, 6, BROKEN])), max_size=2),
        names=st.lists(st.sampled_from(NAMES), max_size=2),
        options=st.tuples(st.booleans(), st.booleans()),
        door=DOORS,
    )
    def enrol(self, label: str, files: Files, names: list[str], options: tuple[bool, bool], door: str) -> None:
        paths = [self.written(name, ASKED[seed]) for name, seed in files]
        told: Any = dict(zip(("force", "skip_unreadable", "names"), (*options, names), strict=True))
        words = [*["--force"] * options[0], *["--skip-unreadable"] * options[1], *(f"--name={name}" for name in names)]
        sent = [("files", (path.name, path.read_bytes())) for path in paths]
        self.change(
            door if paths else "service",  # as a form without files
            self.model.enrol(label, files, names, *options),
            lambda classifier: classifier.enroll(label, paths, **told),
            ["enroll", f"--class={label}", *words, *paths],
            ("POST", f"classes/{quote(label, safe='')}", {"data": told, "files": sent}),
        )

    @rule(data=st.data(), door=DOORS)
    def unenrol(self, data: st.DataObject, door: str) -> None:
        found = [(label, "", "") for label in (*self.model.classes, "nobody")]
        found += [(label, name, "") for label, own in self.model.names.items() for name in own] * 2
        found += [("", "", item) for item in self.model.items] + [("", "", "acme/none"), ("acme", "nobody", "")]
        label, name, item = data.draw(st.sampled_from(found))
        words = [f"--item={item}"] if item else [f"--class={label}", *[f"--name={name}"] * bool(name)]
        only: Any = {"items": [item]} if item else {"label": label, "names": [name] if name else None}
        address = f"items/{quote(item, safe='')}" if item else f"classes/{quote(label, safe='')}"
        self.change(
            door,
            self.model.unenrol(label, name, item),
            lambda classifier: classifier.unenroll(**only),
            ["unenroll", *words],
            ("DELETE", address, {"params": {"names": name} if name else {}}),
        )

    @rule(label=st.sampled_from(LABELS), names=st.lists(st.sampled_from(NAMES), max_size=2))
    def what_was_added_is_taken_away(self, label: str, names: list[str]) -> None:
        model, before = deepcopy(self.model), self.told()
        if model.enrol(label, [("q.svg", FRESH)], names):
            return
        report = self.python.enroll(label, [ASKED[FRESH]], names=names)
        assert self.told() != before
        self.beside.unenroll(items=[item for item, _ in report.added])
        if given := [name for _, name in report.named if name in map(" ".join, map(str.split, names))]:
            self.python.unenroll(report.named[0][0], names=given)
        self.model.lines = model.lines + 1 + bool(given)
        assert self.told() == before

    @rule()
    def renew(self) -> None:
        assert self.run("compact", "--index", self.folder).code == 0
        self.model.lines += 1
        self.python.close()
        self.python = LogoClassifier.open(self.folder)

    def told(self) -> object:
        names, items_of = self.python.store.class_names(), self.python.store.items_of
        return self.python.classify(ASKED), names, list(map(items_of, names))

    @invariant()
    def holds(self) -> None:
        model, store, answers = self.model, self.python.store, self.python.classify(ASKED)
        items = {label: [item for item, (its, _) in model.items.items() if its == label] for label in model.classes}
        assert {label: store.items_of(label) for label in store.class_sizes()} == items
        assert store.class_names() == {label: tuple(model.names.get(label, ())) for label in model.classes}
        assert (store.faults(), store.is_wiped(), len(store.changes())) == ([], True, model.lines)
        assert answers == self.beside.classify(ASKED)
        told = [json.loads(json.dumps(answer.to_dict())) for answer in answers]
        rows = self.service("POST", "classify", files=[("files", data) for data in ASKED]).json()
        assert [{key: row[key] for key in told[0]} for row in rows] == told
        for seed, answer in enumerate(answers[:-1]):
            nearest = answer.neighbours[0].item if answer.neighbours else ""
            assert all(each.similarity <= 1 and each.item in model.items for each in answer.neighbours)
            assert seed not in {held for _, held in model.items.values()} or model.items[nearest][1] == seed
        kept = b"".join(file.read_bytes() for file in self.folder.iterdir() if file.is_file())
        for seed in {*range(BROKEN)} - {held for _, held in model.items.values()}:
            assert vector_blob(vector(seed)[0]) not in kept and thumbnail(view(seed))[20:] not in kept
        assert "東京" in str(model.names) or "東京".encode() not in kept
        facts, info = self.service("GET", "info").json(), self.run("info", "--index", self.folder, "--format", "json")
        assert facts | json.loads(info.out) == facts
        assert self.run("verify", "--index", self.folder).code == 0


def test_all_doors_say_what_the_model_says(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_up(monkeypatch)
    records = [GalleryRecord(name, label, Path(name), name, content=ASKED[n]) for name, (label, n) in BUILT.items()]
    build_index(Gallery(tuple(records), ()), tmp_path / "built", TINY)
    with LogoClassifier.open(tmp_path / "built") as classifier:
        classifier.enroll("newco", names=["newco"])
    few = settings(max_examples=8, stateful_step_count=14, deadline=None, derandomize=True, database=None)
    run_state_machine_as_test(lambda: Doors(run, tmp_path / "built"), settings=few)  # type: ignore[arg-type]
