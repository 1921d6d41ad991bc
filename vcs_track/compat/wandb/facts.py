"""What a run says of itself: id, name, project, where it is, how far it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from vcs_track.compat.wandb import names
from vcs_track.compat.wandb.errors import BadTypeError, UsageError
from vcs_track.compat.wandb.term import termwarn
from vcs_track.errors import VcsTrackError

if TYPE_CHECKING:
    from pathlib import Path

    from vcs_track.compat.wandb.folder import Folder
    from vcs_track.compat.wandb.rows import Rows
    from vcs_track.compat.wandb.settings import Settings
    from vcs_track.compat.wandb.wanted import Wanted
    from vcs_track.porcelain.run import Run as Native

__all__ = ["FACE", "Facts"]

FACE = "wandb"


class Facts:
    """The part of a run that tells what it is."""

    _native: Native
    _wanted: Wanted
    _folder: Folder
    _rows: Rows
    _id: str
    _name: str
    _tags: tuple[str, ...]
    _notes: str | None
    _project: str
    _resumed: bool
    _first_step: int
    _start_time: float
    _finished: bool

    def _refuse(self, what: str) -> NoReturn:
        raise UsageError(
            f"Run ({self._id}) is finished. The call to `{what}` cannot be used any more.",
            hint="call wandb.init() for a new run, or with resume='must' to go on with this one",
        )

    def _check(self, what: str) -> None:
        if self._finished:
            self._refuse(what)

    # ---- what can be set ---------------------------------------------------------------

    @property
    def id(self) -> str:
        """The id."""
        return self._id

    @property
    def name(self) -> str:
        """The display name."""
        return self._name

    @name.setter
    def name(self, name: str) -> None:
        self._check("name")
        try:
            text = names.check_text(name, "name")
            self._native.set_name(text)
        except VcsTrackError as error:
            raise UsageError(error.message) from None
        object.__setattr__(self, "_name", text)

    @property
    def notes(self) -> str | None:
        """The notes, or None."""
        return self._notes

    @notes.setter
    def notes(self, notes: str | None) -> None:
        self._check("notes")
        if notes is not None and not isinstance(notes, str):
            raise BadTypeError(f"notes must be text, not {type(notes).__name__}")
        self._native.set_note(notes)
        object.__setattr__(self, "_notes", notes)

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags."""
        return self._tags

    @tags.setter
    def tags(self, tags: Any) -> None:
        self._check("tags")
        try:
            found = names.check_tags(tags)
        except (ValueError, TypeError) as error:
            termwarn(f"{error}; the tags stay as they are")
            return
        self._native.set_tags(dict.fromkeys(found))
        self._native.set_face(FACE, tags=list(found))
        object.__setattr__(self, "_tags", found)

    # ---- what is fixed -----------------------------------------------------------------

    @property
    def project(self) -> str:
        """The project."""
        return self._project

    def project_name(self) -> str:
        """Return the project."""
        return self._project

    @property
    def entity(self) -> str:
        """The entity, a free label."""
        return self._wanted.entity

    @property
    def group(self) -> str:
        """The group; an empty text without one."""
        return self._wanted.group

    @property
    def job_type(self) -> str:
        """The type of job; an empty text without one."""
        return self._wanted.job_type

    @property
    def path(self) -> str:
        """Entity, project and id, as far as they are there, joined by slashes."""
        return "/".join(part for part in (self.entity, self._project, self._id) if part)

    @property
    def dir(self) -> str:
        """The folder for files of the run; what is in it at the end is kept."""
        return str(self._files_dir)

    @property
    def _files_dir(self) -> Path:
        return self._folder.files

    @property
    def sync_dir(self) -> str:
        """The folder of the run."""
        return str(self._folder.path)

    @property
    def step(self) -> int:
        """The step of the row that is committed next."""
        return self._rows.step

    @property
    def starting_step(self) -> int:
        """The first step of this process."""
        return self._first_step

    @property
    def start_time(self) -> float:
        """When the run started, seconds since 1970 UTC."""
        return self._start_time

    @property
    def resumed(self) -> bool:
        """Whether the run goes on where an earlier process ended."""
        return self._resumed

    @property
    def sweep_id(self) -> str | None:
        """The sweep that the run belongs to, or None."""
        found: str | None = self._wanted.settings.sweep_id
        return found

    @property
    def mode(self) -> str:
        """``run``, or ``dryrun`` where offline mode was asked for."""
        return "dryrun" if self.offline else "run"

    @property
    def offline(self) -> bool:
        """Whether offline mode was asked for; nothing is ever sent anywhere."""
        return self._wanted.mode == "offline"

    @property
    def disabled(self) -> bool:
        """False: this run is kept."""
        return False

    @property
    def settings(self) -> Settings:
        """A copy of the settings."""
        return self._wanted.settings.copy()

    @property
    def _settings(self) -> Settings:
        return self._wanted.settings

    @property
    def _attach_id(self) -> str:
        return self._id
