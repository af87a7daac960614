"""What a run of `classify` comes to, for the terminal."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from logo_retrieval.types import Decision

_FEWEST = 20
"""Pictures from which on the share of unknown logos among them is spoken of."""


class Tally:
    """Counts the answers of a run."""

    def __init__(self) -> None:
        self._labels: Counter[str | None] = Counter()
        self._log_odds: list[float] = []

    @property
    def unreadable(self) -> int:
        """How many inputs could not be read."""
        return self._labels[None]

    def add(self, decision: Decision) -> None:
        """One more."""
        self._labels[decision.label] += 1
        if decision.log_odds is not None:
            self._log_odds.append(decision.log_odds)

    def show(self, other_share: float, *, is_whole: bool) -> None:
        """Says on standard error how many inputs got which kind of answer, and whether probabilities suit them.

        Args:
            other_share: that the probabilities are for.
            is_whole: whether these are all inputs, so that their share of unknown logos means something.
        """
        from logo_retrieval.open_set.mixture import are_far_apart, estimated_other_share
        from logo_retrieval.types import OTHER

        counts, unreadable = self._labels, self.unreadable
        named = sum(count for label, count in counts.items() if label not in (None, OTHER))
        companies = len(counts.keys() - {None, OTHER})
        kinds = f"{named} of {companies} companies, {counts[OTHER]} other, {unreadable} unreadable"
        click.echo(f"{counts.total()} inputs: {kinds}", err=True)
        shown = estimated_other_share(self._log_odds)
        if is_whole and len(self._log_odds) >= _FEWEST and are_far_apart(shown, other_share):
            click.echo(
                f"a share of {shown:g} of these logos seems to be of no known company; the probabilities are for "
                f"{other_share:g}: --other-share auto makes them fit",
                err=True,
            )
