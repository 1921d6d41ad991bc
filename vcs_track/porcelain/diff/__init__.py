"""What differs between two runs.

``changes`` has one class a kind, ``result`` their sequence, ``walk`` finds them; ``groups`` and
``matrix`` are for more runs.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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

# Loaded when first used: who compares two runs needs nothing that is for many.
_HOMES = {
    "Blob": "changes",
    "Change": "changes",
    "CodeChange": "changes",
    "CodeFile": "changes",
    "CommandChange": "changes",
    "Course": "changes",
    "Diff": "result",
    "EnvChange": "changes",
    "FileChange": "changes",
    "GroupChange": "groups",
    "GroupDiff": "groups",
    "HparamChange": "changes",
    "IdentityChange": "changes",
    "InputChange": "changes",
    "KINDS": "changes",
    "LabelChange": "changes",
    "Matrix": "matrix",
    "MatrixRow": "matrix",
    "MediaChange": "changes",
    "ResultChange": "changes",
    "SeriesChange": "changes",
    "Spread": "groups",
    "SummaryChange": "changes",
    "TextChange": "changes",
    "compare_groups": "groups",
    "diff": "walk",
    "matrix_of": "matrix",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
