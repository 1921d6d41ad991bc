"""The open figures of pyplot, and which of them a writer has seen."""

from __future__ import annotations

import sys
from typing import Any
from weakref import WeakSet

__all__ = ["Figures"]


class Figures:
    """Tells which figures are new; keeps none alive."""

    def __init__(self) -> None:
        self._seen: WeakSet[Any] = WeakSet()

    def fresh(self) -> list[Any]:
        """Return the open figures that were not seen yet."""
        helpers = sys.modules.get("matplotlib._pylab_helpers")
        if helpers is None:
            return []
        managers = [helpers.Gcf.figs[number] for number in sorted(helpers.Gcf.figs)]
        figures = [manager.canvas.figure for manager in managers]
        return [figure for figure in figures if figure not in self._seen]

    def done(self, figure: Any, *, close: bool) -> None:
        """Remember *figure*, and close it if told so."""
        self._seen.add(figure)
        if close:
            sys.modules["matplotlib.pyplot"].close(figure)
