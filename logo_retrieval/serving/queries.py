"""The parameters of requests; one that is not known is refused, like a wrong one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from logo_retrieval.inference.predict import AUTO, Auto, Text
from logo_retrieval.near_duplicates import NEAR_SIMILARITY, Kind
from logo_retrieval.open_set.fusion import OTHER_SHARE
from logo_retrieval.serving.problems import faults_of, wrong_fields

Share = Annotated[float, Field(gt=0, lt=1)]


def _share_or_auto(value: object) -> object:
    """One fault for what is neither, where pydantic would tell one for each."""
    try:
        if value == AUTO or (str(value).isascii() and 0 < float(str(value)) < 1):
            return value
    except ValueError:
        pass
    raise PydanticCustomError("share_or_auto", "Input should be 'auto', or a number above 0 and below 1")


class NoQuery(BaseModel):
    """No parameters."""

    model_config = ConfigDict(extra="forbid")


class ClassifyQuery(NoQuery):
    """Those of the command `classify`."""

    top: Annotated[int, Field(ge=1, le=1000, description="Labels and neighbours per picture.")] = 5
    max_false_accept: Annotated[
        Share | None,
        Field(description='Of logos that are "other", name a company for at most this share; by default 0.02.'),
    ] = None
    other_share: Annotated[
        Share | Auto,
        BeforeValidator(_share_or_auto),
        Field(description="How common such logos are among these pictures; with auto, what all of them show together."),
    ] = OTHER_SHARE
    text: Annotated[Text, Field(description="Read what is written: where it could change the answer, or not.")] = "auto"


class SimilarQuery(NoQuery):
    """That of the command `similar`."""

    top: Annotated[int, Field(ge=1, le=10_000, description="How many drawings.")] = 10


class DuplicatesQuery(NoQuery):
    """Those of the command `duplicates`."""

    threshold: Annotated[
        float, Field(ge=-1, le=1, description="Similarity from which on two drawings are duplicates.")
    ] = NEAR_SIMILARITY
    kind: Annotated[Kind, Field(description="The loosest that counts.")] = "drawing"
    against_index: Annotated[bool, Field(description="Look the pictures up in the index.")] = False


class UnenrolQuery(NoQuery):
    """Those of the command `unenroll`."""

    names: Annotated[list[str] | None, Field(description="Take back these names alone.")] = None


class EnrolQuery(NoQuery):
    """Those of the command `enroll`."""

    names: Annotated[list[str], Field(description="By which the company is known.")] = []
    force: Annotated[bool, Field(description="Also what the index has under another class.")] = False
    skip_unreadable: Annotated[bool, Field(description="Enrol the others where some cannot be read.")] = False


_LISTS = frozenset(("names",))
"""Parameters that may come several times."""


def check_once(names: Iterable[str]) -> None:
    """Refuses parameters that come several times: which one is meant nobody can tell.

    Raises:
        Problem: 422 that names them.
    """
    repeated = [name for name, times in Counter(names).items() if times > 1 and name not in _LISTS]
    if repeated:
        raise wrong_fields([(name, "expected once, got several times") for name in repeated])


def merged(query: EnrolQuery, fields: dict[str, list[str]]) -> EnrolQuery:
    """Parameters, and the same as fields of a body, which count where both are there; names add up.

    Raises:
        Problem: 422 when a field is not known, comes several times, or is not what it must be.
    """
    check_once(name for name, given in fields.items() for _ in given)
    values: dict[str, object] = query.model_dump(exclude_unset=True)
    for name, given in fields.items():
        values[name] = [*query.names, *given] if name == "names" else given[0]
    try:
        return EnrolQuery.model_validate(values)
    except ValidationError as error:
        raise faults_of(error.errors(), within=0) from error
