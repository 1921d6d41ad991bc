"""The read side of one run, live or sealed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from vcs_track.errors import (
    CorruptError,
    RunNotFoundError,
    SeriesNotFoundError,
    VcsTrackError,
)
from vcs_track.formats import manifest as manifests, typed_json
from vcs_track.formats.series import Chunk, decode_scalars
from vcs_track.porcelain import heads as head_rules, values
from vcs_track.porcelain.inputs import inputs_of
from vcs_track.porcelain.near import did_you_mean
from vcs_track.porcelain.reads import Reads
from vcs_track.porcelain.run_facts import RunFacts
from vcs_track.porcelain.seal import live_state

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vcs_track.formats.manifest import RunManifest
    from vcs_track.formats.oid import ObjectId
    from vcs_track.plumbing.packs import Objects
    from vcs_track.plumbing.store import Store
    from vcs_track.porcelain.inputs import Input
    from vcs_track.porcelain.points import Media
    from vcs_track.porcelain.series import Series

__all__ = ["RunView"]


class RunView(RunFacts, Reads):
    """A run as it was when looked up; nothing is read before it is asked for.

    Args:
        manifest: Its state.
        objects: Where its objects are.
        heads: Ids of its heads, the latest first; empty for a run that was never sealed.

    Example:
        >>> import tempfile, vcs_track
        >>> repo = vcs_track.init(tempfile.mkdtemp())
        >>> with repo.start_run("demo", hparams={"lr": 0.1}, tags=["first"]) as run:
        ...     run.add_scalar("loss", 0.5, 0)
        >>> view = repo.run("demo")
        >>> view.status, view.hparams, view.summary, view.tags, view.series_tags
        ('finished', {'lr': 0.1}, {'loss': 0.5}, ['first'], ['loss'])
    """

    def __init__(
        self, manifest: RunManifest, objects: Objects, heads: tuple[ObjectId, ...] = ()
    ) -> None:
        self.manifest = manifest
        self.objects = objects
        self.heads = heads

    @classmethod
    def load(cls, store: Store, run: str) -> RunView:
        """Return the run with this id.

        Raises:
            CorruptError: If a bundle's head leads to another run, or to one with a name that
                none can have.
            RunNotFoundError: If the store has no such run.
        """
        live = live_state(store, run)
        heads = store.home.head_folder.of(run)
        if live is not None:
            return cls(live[0], live[1], tuple(head_rules.tips(heads, live[1])))
        if not heads:
            raise RunNotFoundError(f"no run has the id '{run}'")
        store.check_documents(heads)
        view = cls.sealed(store.home.objects, heads)
        if not store.trusted:
            _check(view, run)
        return view

    @classmethod
    def sealed(cls, objects: Objects, heads: Sequence[ObjectId]) -> RunView:
        """Return the run with these heads as it is sealed."""
        state = head_rules.current(heads, objects)
        if state.status == "running":
            state = replace(state, status="crashed")  # its last journals are gone
        return cls(state, objects, tuple(head_rules.tips(heads, objects)))

    def view(self) -> RunView:
        """Return this run."""
        return self

    # ---- what it is --------------------------------------------------------------------

    @property
    def id(self) -> str:
        """The run id."""
        return self.manifest.run

    @property
    def name(self) -> str:
        """The display name."""
        return self.manifest.name

    @property
    def status(self) -> str:
        """``running``, ``finished``, ``failed``, ``killed`` or ``crashed``."""
        return self.manifest.status

    @property
    def tags(self) -> list[str]:
        """The tags, sorted."""
        return sorted(self.manifest.tags)

    @property
    def note(self) -> str | None:
        """The note, or None."""
        return self.manifest.notes

    @property
    def color(self) -> str | None:
        """The colour for tables and plots, as ``ff0000``, or None."""
        return self.manifest.color

    @property
    def created(self) -> datetime:
        """When it started, UTC."""
        return datetime.fromtimestamp(self.manifest.created_us / 1e6, UTC)

    @property
    def ended(self) -> datetime | None:
        """When it ended, UTC; None while it runs."""
        us = self.manifest.ended_us
        return None if us is None else datetime.fromtimestamp(us / 1e6, UTC)

    @property
    def duration(self) -> float:
        """Seconds from start to end, or to the newest state of a live run."""
        end = self.manifest.ended_us or self.manifest.time_us
        return (end - self.manifest.created_us) / 1e6

    @property
    def summary(self) -> dict[str, Any]:
        """One value for each tag.

        The last one, or what was set by hand or as a result.
        """
        return dict(self.manifest.summary)

    @property
    def results(self) -> dict[str, Any]:
        """What ``write_result`` recorded."""
        return dict(self.manifest.results)

    @property
    def git(self) -> dict[str, Any]:
        """What git said when the run started; empty outside git."""
        return dict(self.manifest.git or {})

    @property
    def command(self) -> dict[str, Any]:
        """The command line."""
        return dict(self.manifest.command or {})

    @property
    def inputs(self) -> list[Input]:
        """The files and folders that it was said to read, by name."""
        return inputs_of(self.manifest.command)

    @property
    def code(self) -> ObjectId | None:
        """Id of the captured code, or None where none was captured."""
        return self.manifest.code

    @cached_property
    def hparams(self) -> dict[str, Any]:
        """The hyperparameters, nested and typed as they were given."""
        return self._document(self.manifest.hparams, "hparams/1")

    @cached_property
    def env(self) -> dict[str, Any]:
        """The environment, with Python, host, packages and variables."""
        return self._document(self.manifest.env, "env/1")

    def _document(self, oid: ObjectId | None, kind: str) -> dict[str, Any]:
        if oid is None:
            return {}
        found: dict[str, Any] = typed_json.thaw(
            manifests.decode_document(self.objects.read(oid), kind)["v"]
        )
        return found

    @cached_property
    def history(self) -> list[RunManifest]:
        """The manifests of the run, newest first."""
        return list(head_rules.history(self.heads, self.objects).values())

    # ---- series and media --------------------------------------------------------------

    @cached_property
    def _scalars(self) -> dict[str, list[Chunk]]:
        oid = self.manifest.scalars
        return {} if oid is None else decode_scalars(self.objects.read(oid))

    @property
    def series_tags(self) -> list[str]:
        """The tags of all series, sorted."""
        return sorted(self._scalars)

    def series(self, tag: str) -> Series:
        """Return the series *tag*.

        Raises:
            SeriesNotFoundError: If there is none; the hint names near ones.
        """
        from vcs_track.porcelain.series import Series

        try:
            chunks = self._scalars[tag]
        except KeyError:
            raise SeriesNotFoundError(
                f"run '{self.id}' has no series '{tag}'",
                hint=did_you_mean(tag, self.series_tags),
            ) from None
        return Series(tag, chunks, self.objects)

    @cached_property
    def _media(self) -> list[Media]:
        from vcs_track.porcelain.points import Media

        oid = self.manifest.media
        if oid is None:
            return []
        items = manifests.decode_media(self.objects.read(oid))
        said = {oid: one["reason"] for oid, one in self.manifest.redacted.items()}
        return [Media(item, self.objects, said.get(item.oid)) for item in items]

    def media(
        self,
        kind: str | None = None,
        *,
        step: int | None = None,
        tag: str | None = None,
        epoch: float | None = None,
        repetition: int | None = None,
    ) -> list[Media]:
        """Return the media that match all given arguments, in order of logging."""
        wanted = {"kind": kind, "step": step, "tag": tag, "epoch": epoch, "repetition": repetition}
        given = {key: value for key, value in wanted.items() if value is not None}
        return [
            item
            for item in self._media
            if all(getattr(item, key) == value for key, value in given.items())
        ]

    def to_dict(self) -> dict[str, Any]:
        """Return the run as plain data, as ``--json`` prints it."""
        m = self.manifest
        return {
            "id": m.run, "name": m.name, "status": m.status,
            "created": self.created.isoformat(),
            "ended": self.ended.isoformat() if self.ended else None,
            "duration": self.duration, "project": m.project, "group": m.group,
            "job_type": m.job_type, "tags": self.tags, "note": m.notes, "color": m.color,
            "hparams": self.hparams, "summary": self.summary, "results": self.results,
            "git": self.git, "command": self.command, "exit": m.exit, "gaps": list(m.gaps),
            "head": self.heads[0] if self.heads else None,
        }  # fmt: skip

    def __repr__(self) -> str:
        return f"<RunView {self.id} '{self.name}' {self.status}>"

    def _repr_html_(self) -> str:
        from vcs_track.porcelain.notebook_view import run_table

        return run_table(self)


def _check(view: RunView, run: str) -> None:
    """Refuse a stranger's run that is not *run*, or has an odd name."""
    if view.id != run:
        raise CorruptError(f"head of run '{run}' leads to another run, '{view.id}'")
    try:
        values.check_name(view.name)
        values.check_tags(view.manifest.tags)
    except VcsTrackError as error:
        raise CorruptError(f"run '{run}' is damaged: {error}") from None
