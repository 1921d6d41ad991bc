"""What differs between two runs.

``changes`` has one class a kind, ``result`` their sequence, ``walk`` finds them.
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
    "HparamChange",
    "IdentityChange",
    "InputChange",
    "LabelChange",
    "MediaChange",
    "ResultChange",
    "SeriesChange",
    "SummaryChange",
    "TextChange",
    "diff",
]
