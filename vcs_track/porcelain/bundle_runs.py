"""The runs of a bundle, read in place."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from vcs_track.errors import CorruptError, InvalidValueError, RunNotFoundError, VcsTrackError
from vcs_track.porcelain import bundle, values
from vcs_track.porcelain.revision import resolve
from vcs_track.porcelain.run_view import RunView

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["in_bundle", "named_bundle", "runs_of"]


def named_bundle(text: str) -> tuple[Path, str] | None:
    """Return the bundle and the run that *text* names as ``x.zip:RUN``.

    Args:
        text: What somebody wrote; a path and the name of a run may both have colons. A path
            alone names the only run of a bundle.

    Returns:
        None where it is none of that.

    Raises:
        InvalidValueError: If there is no such file.
    """
    if text.lower().endswith(".zip") and "\0" not in text and Path(text).is_file():
        return Path(text), ""
    colons = [place for place, letter in enumerate(text) if letter == ":"]
    splits = [(text[:place], text[place + 1 :]) for place in colons]
    zips = [(path, run) for path, run in splits if path.lower().endswith(".zip")]
    for path, run in zips:
        if "\0" not in path and Path(path).is_file():
            return Path(path), run
    if zips:
        raise InvalidValueError(
            f"there is no bundle '{zips[0][0]}'", hint="give the path of a zip, then ':RUN'"
        )
    return None


def runs_of(path: Path) -> list[RunView]:
    """Return the runs of the bundle *path*, newest first; nothing is imported.

    Objects are checked against their ids when they are read.

    Raises:
        CorruptError: If it is no bundle, or a run in it is damaged.
        InvalidValueError: If there is no such file.
    """
    home = bundle.open_bundle(path)
    found = []
    for run, heads in bundle.heads_in(home).items():
        try:
            view = RunView.sealed(home.objects, heads)
            values.check_name(view.name)
            values.check_tags(view.manifest.tags)
        except VcsTrackError as error:
            raise CorruptError(f"run '{run}' in '{path.name}' is damaged: {error}") from error
        if view.id != run:
            raise CorruptError(f"head of run '{run}' leads to another run, '{view.id}'")
        found.append(view)
    return sorted(found, key=lambda view: (-view.manifest.created_us, view.id))


def in_bundle(path: Path, run: str, commit_of: Callable[[str], str]) -> RunView:
    """Return a run of the bundle *path*.

    Args:
        path: The bundle.
        run: As runs of a repository are named; nothing for the only run.
        commit_of: Gives the commit that a git revision names.

    Raises:
        AmbiguousRunError: If several runs match.
        CorruptError: If the bundle is damaged.
        InvalidValueError: If there is no such file, or it has more than one run and none is
            named.
        RunNotFoundError: If there is no such run.
    """
    runs = runs_of(path)
    if not run:
        if len(runs) == 1:
            return runs[0]
        shown = ", ".join(f"'{view.name}'" for view in runs[:5])
        raise InvalidValueError(
            f"'{path.name}' has {len(runs)} runs", hint=f"write '{path.name}:RUN', of {shown}"
        )
    try:
        return resolve(run, runs, commit_of)
    except RunNotFoundError as error:
        raise RunNotFoundError(f"{error.message} in '{path.name}'", hint=error.hint) from None
