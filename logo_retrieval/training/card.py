"""The card of a trained model: what a reader of its file must know, from facts alone."""

from __future__ import annotations

from collections.abc import Sequence

from logo_retrieval.models.bundle import ModelConfig
from logo_retrieval.training.data import TrainingSet
from logo_retrieval.training.log import F2, Entry
from logo_retrieval.training.recipe import Recipe
from logo_retrieval.types import OTHER

_HEADS = {
    "cosine": "a projection to unit vectors, and the cosine of each with one vector a target (`vectors` in head.npz)",
    "origin": "512 elu, 256 elu, softmax on the pooled features; for training only, answers come from the neighbours",
}


def model_card(config: ModelConfig, recipe: Recipe, data: TrainingSet, best: Entry, log: Sequence[Entry]) -> str:
    """Writes the card as Markdown.

    Args:
        config: of the bundle.
        recipe: of the training.
        data: it learned from.
        best: entry of the log of the epoch whose weights these are.
        log: of the training.
    """
    asked = int(data.validation.sum())
    f2 = best.get(F2)
    chosen = (
        "The epoch was chosen by these drawings, so the figure flatters a little. " if recipe.keep == "best" else ""
    )
    quality = (
        f"Validation macro F2 {f2:.3f} at epoch {best['epoch']}, on {asked:,} drawings that were kept from training. "
        f"{chosen}Measure on others with `logo-retrieval evaluate`."
        if f2 is not None
        else f"Not measured: no drawing was kept from training. The weights are those of epoch {best['epoch']}."
    )
    return f"""# {config.name}

Turns a picture of a logo into a vector of {config.dim} numbers of unit length; drawings of one company lie near each
other. Made for `logo-retrieval build-index --model`, which compares a query with the vectors of known drawings.

## Quality

{quality}

## Data

{_trained_on(data)}; {asked:,} more for validation.

## Training

- Backbone: {config.backbone}, pooling {config.pooling}. {config.paper}.
- Weights: {config.weights}.
- Head: {_HEADS[recipe.head]}.
- Pictures of {recipe.size_px} x {recipe.size_px} px, {recipe.batch} a step, {recipe.steps_per_epoch} steps an epoch, \
{len(log)} epochs, seed {recipe.seed}.
- Every number is in `recipe.json`, every epoch in `training.jsonl` and `curves.svg`.

## Licence

Weights: {config.licence}. Logos are marks of their owners; a model that recognises them grants no right to use them.

## For what it is, and limits

- For pictures that show a logo and little else, such as icons, favicons and brand assets; not for photographs.
- It knows the drawings that it was trained on best; a company that was not among them can be added to an index, with
  less certainty.
- Training shows no logo mirrored; a mirrored one mostly keeps its label all the same.
"""


def _trained_on(data: TrainingSet) -> str:
    labels = [data.classes[label] for label in data.labels[~data.validation]]
    companies = {label for label in labels if label != OTHER}
    other = labels.count(OTHER)
    targets = len(data.trained_targets) - len(companies)
    of_other = f"{other:,} of '{OTHER}' as {targets:,} targets" if other else f"none of '{OTHER}'"
    return (
        f"{len(labels):,} drawings to train on, {len(labels) - other:,} of {len(companies):,} companies and {of_other}"
    )
