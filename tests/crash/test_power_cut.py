"""No power cut breaks a promise: every state that a harsh disk could be left in is opened.

Where a test fails, its findings name the promise, as in ``run a: crashed, with 4 of 5
'loss'``; :func:`crash.stories.explore` yields them state by state.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any, Final

import pytest
from crash.power import Recorder, Sync, Told, cuts, laid_out, states, write_tree
from crash.stories import (
    Story,
    adopting,
    ending,
    explore,
    findings,
    growing,
    joining,
    moving,
    recorded,
    relaying,
    resuming,
    scratch,
    see_run,
    starting,
    training,
)
from crash.tap import tapped

from vcs_track.plumbing import fsio

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from crash.power import Tree
    from crash.stories import Telling

    from vcs_track.porcelain.repository import Repository


# What is told, how its journal is written, and how many states there are at the least at
# every second moment.
TOLD: Final[list[tuple[Telling, str, int]]] = [
    (moving, "mmap", 250),
    (resuming, "mmap", 125),
    (joining, "mmap", 100),
    (relaying, "mmap", 150),
    (ending, "mmap", 100),
    (ending, "pwrite", 500),
    (growing, "mmap", 75),
    (training, "mmap", 250),
    (training, "pwrite", 600),
]
ALL: Final = [pytest.param(*told, id=f"{told[0].__name__}-{told[1]}") for told in TOLD]


@pytest.mark.parametrize(("story", "engine", "least"), ALL)
def test_no_power_cut_breaks_a_promise(story: Telling, engine: str, least: int) -> None:
    """What was flushed, finished or edited is there; nothing is there that nobody logged.

    Seen to fail with each sync of the code left out, see below.
    """
    assert [] == findings(recorded(story, engine), least, every=2, extra=12)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(8))
@pytest.mark.parametrize(("story", "engine", "least"), ALL)
def test_no_power_cut_of_many_breaks_a_promise(
    story: Telling, engine: str, least: int, part: int
) -> None:
    """The same, looked at after every write and every few points, with more states drawn."""
    assert [] == findings(recorded(story, engine, 3), start=part, every=8, extra=100)


# ---- is each sync needed? --------------------------------------------------------------

# Syncs that no power cut needs, and why.
SUPERFLUOUS: Final = {
    "init: .runs/local/.git": "what is missing there is made again",
    "shelve: .runs/local/packs/b-*.zip": "a pack is synced before it has a name; git's are not",
    "shelve: .runs/local/packs/p-*.zip": "the same",
    "edit: .runs/local/heads": "it was synced when the run was sealed",
    "hand_over: .runs/local/live/*/*.j": "the first sync of what it holds covers it",
}


def sites() -> dict[str, list[Telling]]:
    """Return what is synced by which call, and the stories in which it is."""
    found: dict[str, list[Telling]] = {}
    for story in dict.fromkeys(story for story, *_ in TOLD):
        for site in {event.site for event in recorded(story) if isinstance(event, Sync)}:
            found.setdefault(site, []).append(story)
    return found


def is_needed(site: str, stories: list[Telling]) -> bool:
    """Return whether a promise of *stories* can break without the sync at *site*."""
    return any(why for story in stories for _, why in explore(recorded(story), without=site))


def test_every_sync_is_needed() -> None:
    """Leave out one sync of one call, whichever it is, and a power cut breaks a promise.

    These are planted bugs, one after the other: a pack's data and its name, the head and its
    folder, the journal at start, flush and end, its name, the spool, the parts of a new
    repository; for runs that end, are sealed meanwhile, edited, imported, exported, shelved.
    """
    found = {site: stories for site, stories in sites().items() if site not in SUPERFLUOUS}

    assert len(found) > 30
    assert [] == [site for site, stories in found.items() if not is_needed(site, stories)]


@pytest.mark.slow
@pytest.mark.parametrize("known", SUPERFLUOUS)
def test_superfluous_syncs_are(known: str) -> None:
    """No promise breaks without a sync that is listed as superfluous."""
    for story in sites()[known]:
        assert [] == findings(recorded(story), without=known, seldom=True)


# ---- the next program ------------------------------------------------------------------


def go_on(story: Story) -> Repository:
    """Open the repository; started runs must stay as they are seen then."""
    repo = story.open()
    for run in repo.runs():
        if story.promises[run.id].started:
            seen = see_run(run)
            items = tuple((name, item) for name, found in seen.items.items() for item in found)
            story.tell(run.id, items=items, synced=len(items), status=(seen.status,))
    return repo


def repeat(story: Story) -> None:
    """Do again what a dead program may have been doing, and one more run."""
    promises = story.promises
    wanted = {run: promise.notes[-1] for run, promise in promises.items() if promise.notes[-1]}
    repo = go_on(story)
    if "b" in promises and not promises["b"].started:
        story.take_in(repo, "b")
    for run, notes in wanted.items():
        story.edit(repo, run, notes)
    last = story.start(repo, "z")
    story.points(last, 5)
    story.flush(last)
    story.finish(last)


@pytest.mark.parametrize("doing", ["init", "start_run", "flush", "finish", "import_", "edit"])
def test_a_program_dies_and_the_next_one_does_it_again(doing: str) -> None:
    """What the second program is told is done survives a power cut, whoever began it.

    The first one dies in front of each sync of its call. Seen to fail when a name that was
    found was taken as certain: the folders of a repository, a folder of heads, what an import
    had already, and the head of a run whose journals a seal then deleted.
    """
    events = recorded(moving)
    found = []
    for moment, event in enumerate(events):
        if isinstance(event, Sync) and event.site.startswith(f"{doing}:"):
            disk, _ = next(cuts(events, start=moment))
            with scratch() as folder:
                write_tree(disk.tree(disk.pending, {}), folder)
                story = Story(folder, before=events[:moment])
                with tapped(story.recorder):
                    repeat(story)
            found += findings(story.recorder.events, start=moment, seldom=True)

    assert [] == found


def live_states() -> list[tuple[Tree, Any]]:
    """Return states of a training that leave a journal behind, and what is promised then."""
    chance = random.Random(7)
    return [
        (tree, promises)
        for disk, promises in cuts(recorded(training))
        for tree in states(disk, chance, 1)
        if promises and any(path.endswith(".j") for path in tree)
    ]


def second_cuts(seed: int, count: int) -> list[str]:
    """Return what a second power cut breaks during the recovery from a first one."""
    found = []
    for tree, promises in random.Random(seed).sample(live_states(), count):
        before = [*laid_out(tree), Told(promises)]
        with scratch() as folder:
            write_tree(tree, folder)
            story = Story(folder, before=before)
            with tapped(story.recorder):
                go_on(story)
        found += findings(story.recorder.events, start=len(before))
    return found


def test_second_cut_during_the_recovery() -> None:
    """Recovery that is cut can be repeated: nothing is lost, and what it sealed stays.

    Seen to fail when the journals were removed before the head was synced.
    """
    assert [] == second_cuts(7, 12)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_second_cut_during_many_recoveries(seed: int) -> None:
    """The same from many more states."""
    assert [] == second_cuts(seed, 15)


def has_strange_journal(tree: Tree) -> bool:
    """Return whether a journal may have held points, and cannot be read."""
    journals = [content or b"" for path, content in tree.items() if path.endswith(".j")]
    return any(content[:4] != b"VTJ1" and content.strip(b"\0") for content in journals)


def test_a_start_that_was_cut_can_be_tried_again() -> None:
    """A run of the same id starts as if nothing had been, with its name; nothing is reported.

    Seen to fail when a 'primary' without a journal stayed: the next start took itself for a
    joiner, and lost name, command and environment.
    """
    names, reports = set[str](), set[str]()
    for disk, _ in cuts(recorded(starting)):
        for tree in states(disk, random.Random(7), 0):
            if has_strange_journal(tree):
                continue  # that one is kept, and reported
            with scratch() as folder:
                write_tree(tree, folder)
                story = Story(folder)
                repo = story.open()
                reports.update(repo.store.skipped)
                if not repo.runs():
                    story.finish(story.start(repo, "a"))
                    names.add(repo.run("a").name)

    assert ({"run a"}, set()) == (names, reports)


def test_what_git_brought_is_adopted_for_good() -> None:
    """A run from the shelf that the store has taken in is the store's, and whole.

    What a power cut makes of the shelf itself is git's: it is reported there. Seen to fail when
    a pack was linked into the store although git had never synced its data.
    """
    mine = ("run ", "store ", "the repository")

    assert [] == [why for why in findings(recorded(adopting)) if why.startswith(mine)]


# ---- the model -------------------------------------------------------------------------


class TestDisk:
    def after(self, folder: Path, *steps: Callable[[], Any], without: str = "-") -> list[Tree]:
        """Return the states after *steps*, which change *folder*."""
        recorder = Recorder(folder)
        with tapped(recorder):
            for step in steps:
                step()
        *_, (disk, _) = cuts(recorder.events, without=without)
        return list(states(disk, random.Random(7), 5))

    def test_new_file_is_missing_empty_cut_or_garbage(self, tmp_path: Path) -> None:
        """A file that nobody synced may have any length and any bytes, or no name."""
        path = tmp_path / "x"
        found = self.after(tmp_path, lambda: fsio.write_new(path, b"abcd", sync=False))
        contents = [tree["x"] for tree in found if tree]

        assert {} in found
        assert {b"abcd", b"", b"ab", bytes(4)} < set(contents)
        assert 5 == len(set(contents))

    def test_synced_file_is_there_or_not(self, tmp_path: Path) -> None:
        """A synced file without a synced name is missing or whole."""
        path = tmp_path / "x"

        assert [{"x": b"abcd"}, {}] == self.after(tmp_path, lambda: fsio.write_new(path, b"abcd"))

    def test_synced_folder_is_certain(self, tmp_path: Path) -> None:
        """After both syncs one state is left."""
        path = tmp_path / "x"

        assert [{"x": b"abcd"}] == self.after(tmp_path, lambda: fsio.publish(path, b"abcd"))

    def test_rename_is_whole_or_not_at_all(self, tmp_path: Path) -> None:
        """A renamed file has its old or its new name, until the new one's folder is synced."""
        old, new = tmp_path / "x", tmp_path / "sub" / "y"
        found = self.after(
            tmp_path,
            lambda: fsio.publish(old, b"abcd"),
            lambda: fsio.make_dirs(new.parent),
            lambda: fsio.rename(old, new),
            lambda: fsio.fsync_dir(tmp_path),
        )

        assert [{"sub": None, "sub/y": b"abcd"}, {"sub": None, "x": b"abcd"}] == found

    def test_folder_without_a_name_takes_its_files_along(self, tmp_path: Path) -> None:
        """A synced file in a folder whose own name is not synced may be gone."""
        path = tmp_path / "sub" / "x"
        found = self.after(
            tmp_path,
            lambda: fsio.make_dirs(path.parent),
            lambda: fsio.publish(path, b""),
            without="make_dirs: .",
        )

        assert [{"sub": None, "sub/x": b""}, {}] == found

    def test_pages_reach_the_disk_in_any_order(self, tmp_path: Path) -> None:
        """Of two pages that changed, each may be the only one that is new; a mapping too."""
        path = tmp_path / "x"

        def store() -> None:
            fsio.publish(path, bytes(8192))
            fd = fsio.open_write(path)
            window = fsio.map_window(fd, 0, 8192)
            window[0], window[4096] = 1, 2
            fsio.chmod(path, 0o600)  # any call: the mapping is looked at
            fsio.close(fd)

        found = self.after(tmp_path, store)
        heads = {(tree["x"] or b"")[::4096] for tree in found}

        assert {b"\1\2", b"\0\0", b"\1\0", b"\0\2"} == heads
