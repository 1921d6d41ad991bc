"""The artifacts that a run used, as links to versions that are here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vcs_track.compat.wandb.artifacts import event
from vcs_track.compat.wandb.artifacts.checks import parse
from vcs_track.compat.wandb.artifacts.event import Event
from vcs_track.compat.wandb.artifacts.inputs import input_of
from vcs_track.compat.wandb.artifacts.inventory import Inventory
from vcs_track.compat.wandb.errors import Error
from vcs_track.compat.wandb.facts import FACE
from vcs_track.formats.oid import check64

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vcs_track.compat.wandb.artifacts.version import Version
    from vcs_track.compat.wandb.importing.story import Story
    from vcs_track.formats.offline_record import Used
    from vcs_track.porcelain.repository import Repository
    from vcs_track.porcelain.run import Run

__all__ = ["keep_used"]


def keep_used(
    story: Story, run: Run, at: float, notes: list[str], repos: Sequence[Repository]
) -> None:
    """Keep what a run used.

    The records have names and types of versions, and no digests. A version that is here by this
    name and type becomes an input of the run; of any other one the name is kept.

    Args:
        story: The run.
        run: The open run of the store.
        at: When it began, seconds since 1970 UTC.
        notes: Is told what is not here.
        repos: Where to look for versions, one after the other.
    """
    if not story.used:
        return
    inventories = [Inventory.of(repo) for repo in repos]
    for number, one in enumerate(story.used):
        found = _find(one, story, inventories)
        if found is None:
            notes.append(
                f"artifact {one.name!r:.200}, which it used, is not here: its name is kept"
            )
            continue
        told = f"{run.id}\0use\0{number}\0{found.id}"
        link = Event(
            f"wandb-{check64(told.encode()):016x}", "use", int(at * 1e6) + number, run.id,
            {"of": found.id},
        )  # fmt: skip
        run.set_face(event.FACE, **{link.id: link.to_json()})
        read = input_of(found.document.manifest, f"artifact/{parse(one.name).name}")
        if read is not None:
            run.add_input(read)
    run.set_face(FACE, used=[{"name": one.name, "type": one.type} for one in story.used])


def _find(one: Used, story: Story, inventories: Sequence[Inventory]) -> Version | None:
    for inventory in inventories:
        try:
            wanted = parse(one.name)
            found = inventory.find(wanted, story.facts.entity, story.facts.project or None)
        except Error:
            continue
        if one.type in ("", found.document.type):
            return found
    return None
