"""A model bundle: one folder with `model.json`, which names its files and their SHA-256, and the files themselves."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Annotated

from logo_retrieval.durable import sync_folder, take_place, write_synced
from logo_retrieval.errors import ModelError
from logo_retrieval.fields import Numbers, Size, Text, Texts, built, is_digest, read_object

SCHEMA = 2
"""Version of `model.json`; a bundle of another version is not read."""

CONFIG_NAME = "model.json"

MODEL_FILE = "model.onnx"
"""The file with the embedder's graph; an ensemble has one a member, such as `member-1.onnx`."""

_GRAPH_SUFFIX = ".onnx"
_INT8_SUFFIX = "-int8.onnx"
_SIBLING = re.compile(r"\.(?:new|old)-[0-9a-f]{8}")

_FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")


def _is_file_name(name: str) -> bool:
    return _FILE_NAME.fullmatch(name) is not None and name != CONFIG_NAME


def _is_files(value: object) -> bool:
    return isinstance(value, dict) and all(_is_file_name(name) and is_digest(digest) for name, digest in value.items())


_FILES = "an object of plain file names, each with 64 hexadecimal digits"
Files = Annotated[Mapping[str, str], _FILES, _is_files]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelConfig:
    """What a bundle says about its model.

    Attributes:
        name: of this model, for people.
        backbone: a name of the backbone catalogue; of an ensemble several, joined by " + ".
        input_size_px: side of the square pictures it takes, in pixels.
        dim: embedding width.
        pooling: how feature maps became one vector: "avg", "max" or "gem".
        weights: where the weights came from.
        licence: of the weights.
        paper: that describes the backbone.
        decision: constants of the decision, fitted for this model; may be empty.
        versions: of the libraries that made the model, by distribution name.
        files: SHA-256 in hexadecimal of each file, by file name.
    """

    name: Text
    backbone: Text
    input_size_px: Size
    dim: Size
    pooling: Text
    weights: Text
    licence: Text
    paper: Text
    decision: Numbers = field(default_factory=dict)
    versions: Texts = field(default_factory=dict)
    files: Files = field(default_factory=dict)

    def to_json(self) -> str:
        """Gives the canonical text: the same config always gives the same bytes."""
        return json.dumps({"schema": SCHEMA, **asdict(self)}, sort_keys=True, indent=2, ensure_ascii=True) + "\n"

    @classmethod
    def from_json(cls, text: str) -> ModelConfig:
        """Reads what `to_json` wrote.

        Raises:
            ModelError: it is not JSON, of another schema, a field is missing, unknown or of the wrong type, or a file
                name is no plain name.
        """
        try:
            values = read_object(text)
            schema = values.pop("schema", None)
            if schema != SCHEMA:
                raise ValueError(f"must have schema {SCHEMA}, got {schema!r}: export the model again")
            return built(cls, values)
        except ValueError as error:
            raise ModelError(f"{CONFIG_NAME} {error}") from error


def int8_name(name: str) -> str:
    """Of the file that holds a graph in 8-bit integers, by that of the graph.

    >>> int8_name("model.onnx")
    'model-int8.onnx'
    """
    return name.removesuffix(_GRAPH_SUFFIX) + _INT8_SUFFIX


INT8_FILE = int8_name(MODEL_FILE)
"""What a graph calls the file whose kernels it shares, the same network in integers, even where its name is another."""


@dataclass(frozen=True, slots=True)
class ModelBundle:
    """A bundle on disk, checked.

    Attributes:
        folder: that holds it.
        config: its `model.json`.
    """

    folder: Path
    config: ModelConfig

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical `model.json`; it names every file's SHA-256, so it stands for the whole bundle."""
        return hashlib.sha256(self.config.to_json().encode()).hexdigest()

    @property
    def graphs(self) -> list[Path]:
        """The files with the graphs of its embedders, in the order of their names: one, or of an ensemble several.

        Raises:
            ModelError: the bundle has none.
        """
        names = [name for name in self.config.files if name.endswith(_GRAPH_SUFFIX) and not name.endswith(_INT8_SUFFIX)]
        return [self.path(name) for name in sorted(names) or [MODEL_FILE]]

    @property
    def int8_graphs(self) -> list[Path]:
        """The files with the same graphs in 8-bit integers, in the same order; none unless all of them are there."""
        names = [int8_name(graph.name) for graph in self.graphs]
        return [self.path(name) for name in names] if set(names) <= set(self.config.files) else []

    def others(self, graph: Path) -> dict[str, Path]:
        """The files that one of its graphs may take weights from, by what the graph calls them."""
        name = int8_name(graph.name)
        return {INT8_FILE: self.path(name)} if name in self.config.files else {}

    def path(self, name: str) -> Path:
        """Gives the path of one of its files.

        Raises:
            ModelError: the bundle lists no such file.
        """
        if name not in self.config.files:
            raise ModelError(f"model bundle {self.folder} has no file {name!r}, only {sorted(self.config.files)}")
        return self.folder / name


def write_bundle(folder: Path, config: ModelConfig, files: Mapping[str, bytes]) -> ModelBundle:
    """Writes a bundle, whole or not at all.

    The files go to a sibling folder that is renamed when all of it is on disk. A bundle already there is replaced.

    Args:
        folder: to write; its parent is made when missing.
        config: all but `files`, which is filled in.
        files: content by plain file name.

    Raises:
        ModelError: a file name is not plain, the config cannot be read back, or `folder` holds anything but a bundle.
    """
    for name in files:
        if not _is_file_name(name):
            raise ModelError(f"a bundle's file needs a plain name such as 'model.onnx', got {name!r}")
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    text = replace(config, files=digests).to_json()
    bundle = ModelBundle(Path(folder), ModelConfig.from_json(text))
    check_replaceable(bundle.folder)
    bundle.folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = _sibling(bundle.folder, "new")
    try:
        fresh.mkdir()
        for name, content in {**files, CONFIG_NAME: text.encode()}.items():
            write_synced(fresh / name, content)
        sync_folder(fresh)
        if bundle.folder.exists():
            bundle.folder.rename(_sibling(bundle.folder, "old"))
        take_place(fresh, bundle.folder)
        for left in bundle.folder.parent.glob(".*"):  # of this writer and of those before it that were killed
            if _SIBLING.fullmatch(left.name.removeprefix(f".{bundle.folder.name}")):
                shutil.rmtree(left)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return bundle


def read_bundle(folder: Path) -> ModelBundle:
    """Opens a bundle and checks every byte of it.

    Raises:
        ModelError: `folder` is no bundle, of another schema, or a file is missing or does not have its SHA-256.
    """
    bundle = described_bundle(folder)
    check_files(bundle)
    return bundle


def described_bundle(folder: Path) -> ModelBundle:
    """Opens a bundle by its `model.json` alone; its files are not looked at.

    Raises:
        ModelError: `folder` is no bundle, or of another schema.
    """
    return ModelBundle(Path(folder), _read_config(Path(folder)))


def check_files(bundle: ModelBundle) -> None:
    """Checks every byte of a bundle's files.

    Raises:
        ModelError: a file is missing or does not have its SHA-256.
    """
    folder = bundle.folder
    for name, expected in bundle.config.files.items():
        path = folder / name
        if not path.is_file():
            raise ModelError(f"model bundle {folder}: {name} is listed in {CONFIG_NAME}, but missing")
        with path.open("rb") as stream:
            got = hashlib.file_digest(stream, "sha256").hexdigest()
        if got != expected:
            raise ModelError(f"model bundle {folder}: {name} must have SHA-256 {expected}, got {got}: copy it again")


def _read_config(folder: Path) -> ModelConfig:
    path = folder / CONFIG_NAME
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"{folder} is no model bundle: cannot read its {CONFIG_NAME}: {error}") from error
    try:
        return ModelConfig.from_json(text)
    except ModelError as error:
        raise ModelError(f"model bundle {folder}: {error}") from error


def check_replaceable(folder: Path) -> None:
    """Only a bundle, or an empty folder, may be replaced: anything else holds what is not ours.

    Raises:
        ModelError: there is anything else.
    """
    if not folder.exists() and not folder.is_symlink():
        return
    if not folder.is_dir() or folder.is_symlink():
        raise ModelError(f"{folder} exists and is not a folder: choose another place for the bundle")
    present = {path.name for path in folder.iterdir()}
    foreign = present - {CONFIG_NAME, *_read_config(folder).files} if present else present
    if foreign:
        raise ModelError(f"{folder} holds {min(foreign)!r}, which belongs to no bundle: choose another place")


def _sibling(folder: Path, role: str) -> Path:
    return folder.parent / f".{folder.name}.{role}-{secrets.token_hex(4)}"
