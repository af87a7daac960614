"""Several models as one bundle: each query is embedded by all of them, and their cosines are averaged."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from logo_retrieval.embedding.ensemble import side_by_side
from logo_retrieval.errors import ModelError
from logo_retrieval.heads.cosine import HEAD_FILE, HeadVectors
from logo_retrieval.models.bundle import CONFIG_NAME, ModelBundle, ModelConfig, int8_name, read_bundle, write_bundle

MEMBERS_FILE = "members.json"
"""The `model.json` of each member, in their order."""


def member_folders(folder: Path) -> list[Path]:
    """The model bundles directly below a folder, by name; `train` with several backbones leaves such a folder.

    What a killed process has left of one is hidden, and is none.
    """
    return sorted(path.parent for path in folder.glob(f"[!.]*/{CONFIG_NAME}"))


def read_members(folder: Path) -> list[ModelBundle]:
    """Opens the model bundles directly below a folder.

    Raises:
        ModelError: there are none, or one is damaged.
    """
    folders = member_folders(folder)
    if not folders:
        raise ModelError(f"'{folder}' must hold sub-folders that are model bundles, got none")
    return [read_bundle(member) for member in folders]


def write_ensemble(folder: Path, members: Sequence[ModelBundle], *, name: str) -> ModelBundle:
    """Joins model bundles into one whose embedding is the members' side by side (see `EnsembleEmbedder`).

    The head is joined in the same way where all members have one for the same targets, as members of one training do;
    else the ensemble has none and answers by its neighbours. The constants of the decision, which weigh cosines, are
    the mean of the members' where all have them.

    Args:
        folder: to write.
        members: at least one; pictures of one size.
        name: of the ensemble, for people.

    Raises:
        ModelError: the members take pictures of different sizes, one is itself an ensemble, a head is damaged, or the
            folder cannot be replaced.
    """
    configs = [member.config for member in members]
    sizes = {config.input_size_px for config in configs}
    if len(sizes) != 1:
        listed = ", ".join(f"{config.name} {config.input_size_px} px" for config in configs)
        raise ModelError(f"the members of an ensemble must take pictures of one size, got {listed}")
    if any(len(member.graphs) > 1 for member in members):
        raise ModelError("a member of an ensemble must be a single model, got an ensemble: name its members instead")
    files = {}
    for place, member in enumerate(members, start=1):
        files[_member_name(place)] = member.graphs[0].read_bytes()
        for integers in member.int8_graphs:  # though others have none: the graph may share kernels with them
            files[int8_name(_member_name(place))] = integers.read_bytes()
    files[MEMBERS_FILE] = (json.dumps([json.loads(config.to_json()) for config in configs], indent=2) + "\n").encode()
    head = _joined_head(members)
    if head is not None:
        files[HEAD_FILE] = head.to_bytes()
    return write_bundle(folder, _joined_config(configs, name), files)


def _member_name(place: int) -> str:
    return f"member-{place:03d}.onnx"


def _joined_head(members: Sequence[ModelBundle]) -> HeadVectors | None:
    if any(HEAD_FILE not in member.config.files for member in members):
        return None
    heads = [HeadVectors.read(member.path(HEAD_FILE), member.config.dim) for member in members]
    if any(head.classes != heads[0].classes for head in heads):
        return None
    return HeadVectors(side_by_side([head.vectors for head in heads]), heads[0].classes)


def _joined_config(configs: Sequence[ModelConfig], name: str) -> ModelConfig:
    constants = [config.decision for config in configs]
    shared = constants[0] if all(of_one.keys() == constants[0].keys() for of_one in constants) else {}
    decision = {key: sum(of_one[key] for of_one in constants) / len(constants) for key in shared}
    listed: dict[str, Any] = {
        each: " + ".join(dict.fromkeys(getattr(config, each) for config in configs))
        for each in ("backbone", "pooling", "weights", "licence", "paper")
    }
    return replace(configs[0], name=name, dim=sum(config.dim for config in configs), decision=decision, **listed)
