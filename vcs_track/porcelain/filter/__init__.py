"""The filter language: which runs, and in which order.

::

    text --parse--> Filter --resolve(known names)--> Filter --matches(row)--> bool
    dict --from_mongo--^

The reference page "Filters" has the grammar and the rules. Nothing here reads a file, a
clock or the environment, and no text is ever evaluated as Python.
"""

from __future__ import annotations

from vcs_track.porcelain.filter.evaluate import Row
from vcs_track.porcelain.filter.expression import Filter, parse
from vcs_track.porcelain.filter.mongo import from_mongo
from vcs_track.porcelain.filter.nodes import Name
from vcs_track.porcelain.filter.order import SortKey, order_by
from vcs_track.porcelain.filter.printer import spell, to_text
from vcs_track.porcelain.filter.ranges import with_commits
from vcs_track.porcelain.filter.resolver import resolve

__all__ = [
    "Filter",
    "Name",
    "Row",
    "SortKey",
    "from_mongo",
    "order_by",
    "parse",
    "resolve",
    "spell",
    "to_text",
    "with_commits",
]
