"""Models of a training, kept as artifacts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from vcs_track.compat.wandb.artifacts.artifact import Artifact

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vcs_track.compat.wandb.run import Run

__all__ = ["keep_model"]


def keep_model(run: Run, name: str, path: str | Path, aliases: Sequence[str] = ()) -> None:
    """Log a file or a folder as a version of an artifact of type ``model``.

    Nothing is done for a run that is disabled.

    Args:
        run: The run.
        name: Name of the artifact.
        path: The file or folder.
        aliases: Aliases of the version, besides ``latest``.
    """
    if run.disabled:
        return
    artifact = Artifact(name, type="model")
    if Path(path).is_dir():
        artifact.add_dir(str(path))
    else:
        artifact.add_file(str(path))
    run.log_artifact(artifact, aliases=list(aliases))
