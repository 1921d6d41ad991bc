"""The runs of a bundle, read in place."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from vcs_track.errors import InvalidValueError, RunNotFoundError
from vcs_track.plumbing.bundle_store import BundleStore
from vcs_track.porcelain.lookup import Lookup

if TYPE_CHECKING:
    from vcs_track.porcelain.run_view import RunView

__all__ = ["in_bundle", "named_bundle", "only_run"]


def named_bundle(text: str, folder: Path | None = None) -> tuple[Path, str] | None:
    """Return the bundle and the run that *text* names as ``x.zip:RUN``.

    Args:
        text: What somebody wrote; a path and the name of a run may both have colons. A path
            alone names the only run of a bundle.
        folder: Where its path begins. Default: the current folder.

    Returns:
        None where it is none of that.

    Raises:
        InvalidValueError: If there is no such file.
    """
    folder = folder or Path()
    if text.lower().endswith(".zip") and "\0" not in text and (folder / text).is_file():
        return folder / text, ""
    colons = [place for place, letter in enumerate(text) if letter == ":"]
    splits = [(text[:place], text[place + 1 :]) for place in colons]
    zips = [(path, run) for path, run in splits if path.lower().endswith(".zip")]
    for path, run in zips:
        if "\0" not in path and (folder / path).is_file():
            return folder / path, run
    if zips:
        raise InvalidValueError(
            f"there is no bundle '{zips[0][0]}'", hint="give the path of a zip, then ':RUN'"
        )
    return None


def in_bundle(path: Path, run: str, around: Path) -> RunView:
    """Return a run of the bundle *path*; nothing is imported.

    Args:
        path: The bundle.
        run: As runs of a repository are named; nothing for the only run.
        around: A folder in the git repository that is asked about commits.

    Raises:
        AmbiguousRunError: If several runs match.
        CorruptError: If the bundle is damaged.
        InvalidValueError: If there is no such file, or it has more than one run and none is
            named.
        RunNotFoundError: If there is no such run.
    """
    lookup = Lookup(BundleStore(path, around))
    try:
        return lookup.run(run) if run else only_run(lookup)
    except RunNotFoundError as error:
        raise RunNotFoundError(f"{error.message} in '{path.name}'", hint=error.hint) from None


def only_run(lookup: Lookup) -> RunView:
    """Return the run of a bundle that has no other.

    Raises:
        CorruptError: If it is damaged.
        InvalidValueError: If there are several, or none.
    """
    name = lookup.store.place.name
    runs = lookup.store.home.heads()
    if len(runs) == 1:
        return lookup.run(next(iter(runs)))
    shown = ", ".join(f"'{view.name}'" for view in lookup.runs()[:5])
    hint = f"write '{name}:RUN', of {shown}" if shown else ""
    raise InvalidValueError(f"'{name}' has {len(runs)} runs", hint=hint)
