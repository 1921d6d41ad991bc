"""Does the index say what the runs do?"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final

from vcs_track.porcelain.index_row import STATISTICS

if TYPE_CHECKING:
    from vcs_track.plumbing.index import Index

__all__ = ["differences"]

_LONGEST: Final = 2 + len(STATISTICS)
_STATISTICS: Final = ", ".join(f'm."{name}"' for name in STATISTICS)
_RUN: Final = (
    "r.created_us, r.name, r.status, r.project, r.\"group\", r.job_type, r.note, r.tags, r.ended,"
    " r.duration, r.\"commit\", r.code, r.branch, r.dirty, r.host, r.user"
)  # fmt: skip
# What one index says of each run, without the numbers that it gave by chance.
_SAID: Final = (
    f"SELECT r.run, {_RUN} FROM {{0}}.run r",
    "SELECT r.run, k.name, v.v FROM {0}.kv v JOIN {0}.run r ON r.k = v.run"
    " JOIN {0}.key k ON k.k = v.key",
    f"SELECT r.run, k.name, {_STATISTICS} FROM {{0}}.metric m JOIN {{0}}.run r ON r.k = m.run"
    " JOIN {0}.key k ON k.k = m.key",
    "SELECT r.run, k.name, v.v FROM {0}.facetv v JOIN {0}.run r ON v.facet IN (r.git, r.env)"
    " JOIN {0}.key k ON k.k = v.key",
)


def differences(index: Index, fresh: Index) -> dict[str, list[str]]:
    """Return what *index* says otherwise than *fresh*, by run.

    Args:
        index: What is to be checked.
        fresh: What was made of the runs just now.
    """
    name = f"fresh_{secrets.token_hex(4)}"
    found: dict[str, list[str]] = {}
    with index.attached(fresh.path, name):
        for said in _SAID:
            mine, right = said.format("main"), said.format(name)
            for sql in (f"{mine} EXCEPT {right}", f"{right} EXCEPT {mine}"):
                for row in index.rows(sql):
                    what = str(row[1]) if len(row) <= _LONGEST else "its facts"
                    if what not in found.setdefault(row[0], []):
                        found[row[0]].append(what)
    return found
