"""What a repository uses where a call says nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Defaults"]


@dataclass(frozen=True, slots=True)
class Defaults:
    """Defaults of new runs; the configuration fills them in from above.

    Attributes:
        mode: ``normal`` or ``disabled``.
        name: Display name of new runs.
        run_id: Id to join or to give to a new run.
        project: Project of new runs.
        group: Group of new runs.
        job_type: Job type of new runs.
        tags: Tags of new runs.
        notes: Note of new runs.
        rank: Rank of this process in a distributed training.
        resume: ``allow``, ``must`` or ``never``.
        strict: Raise where a record cannot be written.
        capture_git: Whether git is asked about the code.
        capture_code: Whether changed code is kept.
        code_largest: Bytes of a file of the code; of larger ones only size and hash are kept.
        code_most: Bytes of such files of one run together.
        include_ignored: Patterns of files to keep with the code although git ignores them.
        commit_largest: Bytes of a pack that `commit` gives to git; a larger one is refused.
        sync_interval: Seconds between background syncs.
        journal_engine: ``auto``, ``mmap`` or ``pwrite``.
        cache: Folder of the user for what can be made again.
        variables: Environment variables to record.
    """

    mode: str = "normal"
    name: str | None = None
    run_id: str | None = None
    project: str | None = None
    group: str | None = None
    job_type: str | None = None
    tags: tuple[str, ...] = ()
    notes: str | None = None
    rank: int | None = None
    resume: str | None = None
    strict: bool = False
    capture_git: bool = True
    capture_code: bool = True
    code_largest: int = 5 << 20
    code_most: int = 50 << 20
    include_ignored: tuple[str, ...] = ()
    commit_largest: int = 50 << 20
    sync_interval: float = 1.0
    journal_engine: str = "auto"
    cache: Path | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
