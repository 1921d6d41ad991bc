"""What differs between two runs.

``changes`` has one class a kind, ``result`` their sequence, ``walk`` finds them; ``groups`` and
``matrix`` are for more runs.
"""

from __future__ import annotations

from vcs_track.porcelain.diff.changes import (
    KINDS,
    Blob,
    Change,
    CodeChange,
    CodeFile,
    CommandChange,
    Course,
    EnvChange,
    FileChange,
    HparamChange,
    IdentityChange,
    InputChange,
    LabelChange,
    MediaChange,
    ResultChange,
    SeriesChange,
    SummaryChange,
    TextChange,
)
from vcs_track.porcelain.diff.groups import GroupChange, GroupDiff, Spread, compare_groups
from vcs_track.porcelain.diff.matrix import Matrix, MatrixRow, matrix_of
from vcs_track.porcelain.diff.result import Diff
from vcs_track.porcelain.diff.walk import diff

__all__ = [
    "KINDS",
    "Blob",
    "Change",
    "CodeChange",
    "CodeFile",
    "CommandChange",
    "Course",
    "Diff",
    "EnvChange",
    "FileChange",
    "GroupChange",
    "GroupDiff",
    "HparamChange",
    "IdentityChange",
    "InputChange",
    "LabelChange",
    "Matrix",
    "MatrixRow",
    "MediaChange",
    "ResultChange",
    "SeriesChange",
    "Spread",
    "SummaryChange",
    "TextChange",
    "compare_groups",
    "diff",
    "matrix_of",
]
