"""Model bundles as strangers may make them, with checksums that fit: an error that says what is wrong."""

from __future__ import annotations

import io
import json
import os
import pickle
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from graphs import SIDE, WEIGHTS, WIDTH, graph
from test_bundle import CONFIG, FILES

from logo_retrieval.embedding import load_embedder
from logo_retrieval.errors import ModelError
from logo_retrieval.heads.cosine import HeadVectors
from logo_retrieval.models.bundle import INT8_FILE, MODEL_FILE, ModelBundle, read_bundle, write_bundle
from logo_retrieval.models.ensemble import write_ensemble
from logo_retrieval.open_set.impostors import Impostors
from logo_retrieval.packed import unit

DIM = 2
HEAD = {"vectors": np.ones((2, DIM), np.int8), "names": np.array(["a", "b"]), "classes": np.array([0, 1], np.uint8)}
IMPOSTORS = {
    "log_odds": np.ones(3, np.float32),
    "novel_log_odds": np.ones(3, np.float32),
    "novel_pairs": np.int64(9),
}


def npz(arrays: dict[str, object], *, compression: int = zipfile.ZIP_STORED) -> bytes:
    """An npz file; what is bytes goes into it as it is."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as parts:
        for name, array in arrays.items():
            content = io.BytesIO()
            if not isinstance(array, bytes):
                np.lib.format.write_array(content, np.asanyarray(array), allow_pickle=True)
            parts.writestr(f"{name}.npy", array if isinstance(array, bytes) else content.getvalue())
    return file.getvalue()


def npy(header: str) -> bytes:
    """The head of an array, and nothing behind it."""
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode()


class Runs:
    """What a pickle may do."""

    def __init__(self, proof: Path) -> None:
        self.proof = proof

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self.proof),)


def overlapping() -> bytes:
    """Its parts claim each other's bytes: the first one's place is given for both."""
    content = bytearray(
        npz({"classes": HEAD["classes"], "names": HEAD["names"], "vectors": np.zeros((999, DIM), np.int8)})
    )
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        sizes = [part.file_size for part in parts.infolist()]
    central = content.index(b"PK\x01\x02")
    content[central + 20 : central + 28] = 2 * (10 * sum(sizes)).to_bytes(4, "little")
    return bytes(content)


def encrypted() -> bytes:
    content = bytearray(npz(dict(HEAD)))
    content[content.index(b"PK\x01\x02") + 8] |= 1
    return bytes(content)


BAD = np.array(["ab"]).view(np.uint32).copy()
BAD[:] = 0x110000
HEADS = {
    "compressed": npz(dict(HEAD), compression=zipfile.ZIP_DEFLATED),
    "bomb": npz({**HEAD, "vectors": np.zeros((1 << 24, DIM), np.int8)}, compression=zipfile.ZIP_DEFLATED),
    "overlapping": overlapping(),
    "encrypted": encrypted(),
    "enormous": npz(
        {**HEAD, "vectors": npy("{'descr': '|i1', 'fortran_order': False, 'shape': (1000000000000000, 2)}\n")}
    ),
    "longer than numbers": npz(
        {**HEAD, "vectors": npy(f"{{'descr': '|i1', 'fortran_order': False, 'shape': ({10**30}, 2)}}\n")}
    ),
    "negative": npz({**HEAD, "vectors": npy("{'descr': '|i1', 'fortran_order': False, 'shape': (-1, 2)}\n")}),
    "code for a header": npz({**HEAD, "vectors": npy("__import__('os').getcwd()\n")}),
    "deep header": npz({**HEAD, "vectors": npy("(" * 9000 + "\n")}),
    "half a header": npz({**HEAD, "vectors": b"\x93NUMPY\x01"}),
    "objects": npz({**HEAD, "names": np.array(["a", None], object)}),
    "no array": npz({**HEAD, "names": b"a, b"}),
    "numbers for names": npz({**HEAD, "names": np.arange(2.0)}),
    "one name": npz({**HEAD, "names": np.array("a")}),
    "names in a square": npz({**HEAD, "names": np.array([["a"], ["b"]])}),
    "no characters": npz({**HEAD, "names": BAD.view("<U2").repeat(2)}),
    "no names": npz({name: array for name, array in HEAD.items() if name != "names"}),
    "no place": npz({**HEAD, "classes": np.array([0, 2], np.uint8)}),
    "a place before the first": npz({**HEAD, "classes": np.array([0, -1], np.int8)}),
    "floats for places": npz({**HEAD, "classes": np.arange(2.0)}),
    "one place": npz({**HEAD, "classes": np.uint8(0)}),
    "places in a square": npz({**HEAD, "classes": np.array([[0], [1]], np.uint8)}),
    "fewer vectors": npz({**HEAD, "vectors": np.ones((1, DIM), np.int8)}),
    "texts for places": npz({**HEAD, "classes": np.array(["a", "b"])}),
    "another width": npz({**HEAD, "vectors": np.ones((2, DIM + 1), np.int8)}),
    "floats": npz({**HEAD, "vectors": np.full((2, DIM), np.nan, np.float32)}),
    "nothing": npz({}),
    "no zip": b"vectors, classes",
    "an array": npy("{'descr': '|i1', 'fortran_order': False, 'shape': (0,)}\n"),
    "empty": b"",
}


@pytest.mark.parametrize("content", HEADS.values(), ids=HEADS.keys())
def test_heads(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "head.npz"
    file.write_bytes(npz(dict(HEAD)))
    assert HeadVectors.read(file, DIM).classes == ("a", "b")
    file.write_bytes(content)
    with pytest.raises(ModelError, match=r"head\.npz"):
        HeadVectors.read(file, DIM)


def test_pickles_are_not_run(tmp_path: Path) -> None:
    file, proof = tmp_path / "head.npz", tmp_path / "ran"
    bad = np.empty(2, object)
    bad[:] = [Runs(proof)] * 2
    for content in (
        npz({**HEAD, "names": bad}),
        pickle.dumps(Runs(proof)),
        npz({**HEAD, "classes": pickle.dumps(bad)}),
    ):
        file.write_bytes(content)
        with pytest.raises(ModelError, match=r"head\.npz"):
            HeadVectors.read(file, DIM)
    assert not proof.exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("log_odds", np.array([0, np.nan], np.float32)),
        ("log_odds", np.array([0.0])),
        ("novel_log_odds", np.array([[0]], np.float32)),
        ("novel_log_odds", np.array([np.inf], np.float32)),
        ("novel_pairs", np.int64(-1)),
        ("novel_pairs", np.float64("nan")),
        ("novel_pairs", np.arange(3)),
        ("novel_pairs", np.array("many")),
    ],
)
def test_impostors(tmp_path: Path, name: str, value: object) -> None:
    file = tmp_path / "impostors.npz"
    file.write_bytes(npz(dict(IMPOSTORS)))
    assert Impostors.read(file).novel_pairs == 9
    file.write_bytes(npz({**IMPOSTORS, name: value}))
    with pytest.raises(ModelError, match=r"impostors\.npz"):
        Impostors.read(file)


DEEP = 100_000


@pytest.mark.parametrize(
    "text",
    [
        "[" * DEEP,
        '{"schema": 2, "name": ' + '{"a":' * DEEP,
        "[" * DEEP + "]" * DEEP,
        '{"schema": 2, "dim": ' + "9" * 5000 + "}",
        "NaN",
        '"text"',
        "",
    ],
    ids=["open", "objects", "closed", "long number", "no number", "text", "nothing"],
)
def test_what_is_no_model_json(tmp_path: Path, text: str) -> None:
    write_bundle(tmp_path / "b", CONFIG, FILES)
    (tmp_path / "b" / "model.json").write_text(text)
    with pytest.raises(ModelError, match=r"model\.json"):
        read_bundle(tmp_path / "b")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 10**400, True, None, [1], {"a": 1}, "1"])
def test_constants_that_are_no_numbers(tmp_path: Path, value: object) -> None:
    write_bundle(tmp_path / "b", CONFIG, FILES)
    file = tmp_path / "b" / "model.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"decision": {"k": value}}))
    with pytest.raises(ModelError, match="decision must be an object of finite numbers"):
        read_bundle(tmp_path / "b")


def bundle_of(folder: Path, content: bytes, integers: bytes | None = None) -> ModelBundle:
    files = {MODEL_FILE: content} if integers is None else {MODEL_FILE: content, INT8_FILE: integers}
    return write_bundle(folder, replace(CONFIG, input_size_px=SIDE, dim=WIDTH), files)


VIEWS = np.ones((2, SIDE, SIDE, 3), np.uint8)
VECTORS = [np.frombuffer(WEIGHTS, np.float32).reshape(-1, WIDTH).sum(0)] * 2


def test_a_graph_that_holds_its_weights(tmp_path: Path) -> None:
    embedder = load_embedder(bundle_of(tmp_path / "b", graph()))
    np.testing.assert_allclose(embedder.embed(VIEWS), VECTORS)


def test_a_graph_that_gives_one_vector_for_all_pictures(tmp_path: Path, runtime: str) -> None:
    embedder = load_embedder(bundle_of(tmp_path / "b", graph(one_for_all=True)), runtime=runtime)
    assert embedder.embed(VIEWS[:1]).shape == (1, WIDTH)
    with pytest.raises(ModelError, match=r"the model must give \(2, 3\), got \(1, 3\): it is damaged"):
        embedder.embed(VIEWS)


def test_weights_in_the_file_of_the_integers(tmp_path: Path, runtime: str) -> None:
    """Also where an ensemble has given it another name, and others have none."""
    bundle = bundle_of(tmp_path / "b", graph(elsewhere=INT8_FILE), integers=WEIGHTS)
    found = load_embedder(bundle, runtime=runtime).embed(VIEWS)
    np.testing.assert_allclose(unit(found), unit(np.stack(VECTORS)), atol=1e-2)
    both = write_ensemble(tmp_path / "both", [bundle, bundle_of(tmp_path / "c", graph())], name="both")
    assert not both.int8_graphs
    np.testing.assert_allclose(
        unit(load_embedder(both, runtime=runtime).embed(VIEWS)[:, :WIDTH]), unit(found), atol=1e-2
    )


@pytest.mark.parametrize("integers", [WEIGHTS[:-1], b""], ids=["cut off", "empty"])
def test_too_little_in_the_file_of_the_integers(tmp_path: Path, runtime: str, integers: bytes) -> None:
    bundle = bundle_of(tmp_path / "b", graph(elsewhere=INT8_FILE), integers=integers)
    with pytest.raises(ModelError, match=r"cannot load .*model\.onnx"):
        load_embedder(bundle, runtime=runtime)


@pytest.mark.parametrize(
    "place",
    ["inside.bin", INT8_FILE, "../outside.bin", "outside.bin", "b/inside.bin", "absolute", "*/_ORT_MEM_ADDR_/*"],
)
def test_weights_in_other_files_are_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, runtime: str, place: str
) -> None:
    """Nor any in memory, though both libraries know a name for that."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "outside.bin").write_bytes(WEIGHTS)
    bundle = bundle_of(tmp_path / "b", graph(elsewhere=str(tmp_path / "outside.bin") if place == "absolute" else place))
    for name in ("inside.bin", INT8_FILE):  # that the bundle does not list
        (tmp_path / "b" / name).write_bytes(WEIGHTS)
    for own in (bundle, ModelBundle(Path("b"), bundle.config)):
        with pytest.raises(ModelError, match=r"cannot load .*model\.onnx"):
            load_embedder(own, runtime=runtime)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (graph(kind=10), "must take and give 32-bit floats"),
        (graph(kind=11), "cannot load|32-bit floats"),
        (graph(width=WIDTH + 1), "one vector"),
        (graph()[:-9], "cannot load"),
        (b"", "cannot load"),
        (b"ORTM" * 99, "cannot load"),
    ],
    ids=["other numbers", "doubles", "another width", "cut off", "empty", "junk"],
)
def test_graphs(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        load_embedder(bundle_of(tmp_path / "b", content))
