"""The rows of pictures, all together or line by line."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence

from logo_retrieval.errors import LogoRetrievalError
from logo_retrieval.inference.other_share import at_share, shown_share
from logo_retrieval.inference.predict import AUTO
from logo_retrieval.rows import decision_row, settings_text
from logo_retrieval.serving.problems import wrong_fields
from logo_retrieval.serving.queries import ClassifyQuery
from logo_retrieval.serving.service import Service
from logo_retrieval.serving.uploads import Upload
from logo_retrieval.types import Decision


async def rows_of(
    service: Service, pictures: Sequence[Upload], query: ClassifyQuery
) -> AsyncIterator[dict[str, object]]:
    """One a picture, in their order, as each is answered; where all of them tell the share, when all are.

    All are of the index that is open when the first is asked for.

    Raises:
        Problem: 422 for a share of false names that its model cannot vouch for, 503 while none is open.
    """
    engine, index = service.classifier.engine, service.index_name
    try:
        policy = engine.policy(
            top=query.top, max_false_accept=query.max_false_accept, other_share=query.other_share, text=query.text
        )
    except (ValueError, LogoRetrievalError) as error:
        raise wrong_fields([("max_false_accept", str(error))]) from error
    answers = service.line.answers([picture.data for picture in pictures], engine, policy)
    share = query.other_share
    if share == AUTO:
        asked = [decision async for decision in answers]
        share = shown_share(asked)
        answers = _each(at_share(asked, share, policy))
    settings = settings_text(share, query.max_false_accept, query.text)
    names = (picture.name for picture in pictures)
    async for decision in answers:
        yield decision_row(next(names), decision, index, settings)


async def _each(decisions: list[Decision]) -> AsyncIterator[Decision]:
    for decision in decisions:
        yield decision


async def lines(first: dict[str, object], others: AsyncIterator[dict[str, object]]) -> AsyncIterator[str]:
    """As JSON, one a line."""
    yield json.dumps(first) + "\n"
    async for row in others:
        yield json.dumps(row) + "\n"


async def collected(rows: AsyncIterator[dict[str, object]]) -> list[dict[str, object]]:
    """All of them."""
    return [row async for row in rows]
