"""Which values the costly properties of an element may have, without deciding the cascade."""

from __future__ import annotations

import math
from collections import defaultdict

from logo_retrieval.images.guard.tree import Drawing, Element
from logo_retrieval.images.guard.values import declarations

INHERITED = frozenset(
    "fill stroke stroke-width stroke-dasharray marker marker-start marker-mid marker-end font-size".split()
)
ISOLATING = frozenset("filter mask clip-path opacity mix-blend-mode isolation".split())
_FOLLOWED = INHERITED | ISOLATING | {"transform"}

# Milliseconds to try one selector on one element, and to apply one declaration.
_SELECTOR, _DECLARATION = 1e-4, 2e-4

Styles = dict[str, list[str]]
"""Property -> the values that it may have."""


class Cascade:
    """The style sheets of a drawing, as far as they matter to its cost."""

    def __init__(self, drawing: Drawing) -> None:
        self._followed: dict[str, list[tuple[str, str]]] = defaultdict(list)
        self._declared: dict[str, int] = defaultdict(int)
        self.milliseconds = 0.0
        """To match all selectors against all elements."""
        for rule in drawing.rules:
            followed = [pair for pair in dict.fromkeys(rule.declarations) if pair[0] in _FOLLOWED]
            for selector in rule.selectors:
                # A matcher that backtracks tries every choice of ancestors, until it runs out of them.
                tries = math.comb(drawing.depth, min(selector.ancestors, drawing.depth // 2))
                self.milliseconds += _SELECTOR * drawing.elements * tries
                self._declared[selector.key] += len(rule.declarations)
                self._followed[selector.key] += followed

    def styles(self, element: Element, inherited: Styles) -> tuple[Styles, float]:
        """The values that may apply to an element, and the milliseconds to find them.

        What its attributes and style say is taken as certain; every rule that might match adds its values, whether or
        not it really matches and wins.
        """
        certain = {name: value for name, value in element.attributes.items() if name in _FOLLOWED}
        certain.update(pair for pair in declarations(element.attributes.get("style", "")) if pair[0] in _FOLLOWED)
        styles = {**inherited, **{name: [value] for name, value in certain.items()}}
        if not self._declared:
            return styles, 0.0
        keys = [element.tag, "*", f"#{element.attributes.get('id')}"]
        keys += [f".{name}" for name in element.attributes.get("class", "").split()]
        for name, value in [pair for key in keys for pair in self._followed.get(key, ())]:
            if value not in styles.get(name, ()):
                styles[name] = [*styles.get(name, ()), value]
        return styles, _DECLARATION * sum(self._declared.get(key, 0) for key in keys)
