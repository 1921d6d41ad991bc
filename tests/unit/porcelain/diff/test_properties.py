"""What holds for the diff of any two runs."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings, strategies as st
from unit.porcelain.diff.made import Counting, chunked, view

from vcs_track.formats.manifest import MediaItem, encode_media
from vcs_track.formats.series import encode_scalars
from vcs_track.porcelain import values
from vcs_track.porcelain.diff import KINDS, compare_groups, diff, matrix_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vcs_track.porcelain.diff import Change
    from vcs_track.porcelain.run_view import RunView

NAMES = st.sampled_from(["a", "b", "a.b", "val/acc"])
# Many that are equal and not the same.
VALUES = (
    st.sampled_from(
        [
            None,
            False,
            0,
            0.0,
            -0.0,
            True,
            1,
            1.0,
            "1",
            "",
            math.nan,
            math.inf,
            [1],
            [1.0],
            [True],
            (1,),
        ]
    )
    | st.floats()
)
MAPS = st.dictionaries(NAMES, VALUES, max_size=4)
NESTED = st.dictionaries(NAMES, VALUES | MAPS, max_size=4)
NUMBERS = st.one_of(st.booleans(), st.integers(-3, 3), st.floats())
POINTS = st.lists(
    st.tuples(st.integers(0, 5), NUMBERS, st.integers(0, 1), st.sampled_from([None, 0, 1])),
    min_size=1, max_size=8,
)  # fmt: skip
WORDS = st.none() | st.sampled_from(["x", "y"])


@st.composite
def runs(draw: st.DrawFn, objects: Counting, name: str) -> RunView:
    """Draw a run that has something of most kinds."""
    results = draw(MAPS)
    sizes = draw(st.lists(st.integers(1, 4), min_size=1, max_size=2))
    body = {tag: chunked(points, sizes, objects)
            for tag, points in draw(st.dictionaries(NAMES, POINTS, max_size=3)).items()}  # fmt: skip
    items = [
        MediaItem(kind, objects.add(data), len(data), "text/plain", 1, tag, None, step)
        for kind, data, tag, step in draw(st.lists(st.tuples(
            st.sampled_from(["text", "image", "fragment"]), st.sampled_from([b"1", b"2\n", b"\0"]),
            NAMES, st.integers(0, 2),
        ), max_size=4))
    ]  # fmt: skip
    git = {"commit": draw(WORDS), "branch": draw(WORDS), "dirty": draw(st.none() | st.booleans())}
    return view(
        name, objects, name=draw(st.sampled_from(["n", "m"])),
        status=draw(st.sampled_from(["finished", "failed"])), created_us=draw(st.integers(1, 3)),
        project=draw(WORDS), group=draw(WORDS), job_type=draw(WORDS), notes=draw(WORDS),
        color=draw(WORDS), tags=tuple(draw(st.sets(st.sampled_from("pqr")))), git=git,
        results=results, summary={**results, **draw(MAPS)}, hparams=draw(NESTED), env=draw(NESTED),
        command={"argv": draw(st.lists(st.sampled_from("ab"), max_size=2)), "cwd": draw(WORDS)},
        scalars=objects.add(encode_scalars(body)) if body else None,
        media=objects.add(encode_media(items)) if items else None,
    )  # fmt: skip


PAIRS = st.builds(Counting).flatmap(
    lambda objects: st.tuples(runs(objects, "old"), runs(objects, "new"))
)


def patched(old: Mapping[str, Any], changes: Sequence[Change]) -> dict[str, Any]:
    """Return what *changes* make of *old*."""
    found = dict(old)
    for change in changes:
        if change.way == "added":
            assert change.name not in found
        else:
            assert values.same(found.pop(change.name), change.old)
        if change.way != "removed":
            found[change.name] = change.new
    return found


def told(run: RunView) -> dict[str, dict[str, Any]]:
    """Return what is told of a run in its manifest and the documents of plain values."""
    m = run.manifest
    own = {name: value for name, value in m.summary.items()
           if name not in m.results or not values.same(m.results[name], value)}  # fmt: skip
    identity = {
        "id": m.run, "name": m.name, "status": m.status, "created": run.created,
        "duration": run.duration, "project": m.project, "group": m.group,
        "job_type": m.job_type, **(m.git or {}),
    }  # fmt: skip
    labels = {"note": m.notes, "color": m.color, "tags": sorted(m.tags)}
    return {
        "identity": {k: v for k, v in identity.items() if v is not None},
        "hparam": values.flatten(run.hparams), "summary": own, "result": dict(m.results),
        "env": values.flatten(run.env), "command": dict(m.command or {}),
        "label": {k: v for k, v in labels.items() if v is not None},
    }  # fmt: skip


class TestAny:
    @given(PAIRS)
    def test_nothing_differs_from_itself(self, pair: tuple[RunView, RunView]) -> None:
        """A run has no difference from itself, nor from another run that has all it has."""
        old, _ = pair
        manifest = replace(old.manifest, run="other", time_us=9)
        twin = type(old)(manifest, old.objects)

        assert [] == diff(old, old)
        assert [] == diff(old, twin)

    @given(PAIRS)
    def test_is_mirrored(self, pair: tuple[RunView, RunView]) -> None:
        """The diff from b to a is that from a to b, with its sides exchanged."""
        old, new = pair
        there = diff(old, new, everything=True)

        assert there.mirrored() == diff(new, old, everything=True)
        assert there.mirrored().mirrored() == there

    @given(PAIRS)
    def test_makes_one_run_of_the_other(self, pair: tuple[RunView, RunView]) -> None:
        """What is told of b is what is told of a, and the changes to it; types included.

        Seen to fail when a summary that was set over its result was left out, and when 1 and
        True were one value.
        """
        old, new = pair
        found = diff(old, new, everything=True)
        before, after = told(old), told(new)

        for kind, expected in after.items():
            assert values.same(expected, patched(before[kind], found.of(kind)))

    @given(PAIRS)
    def test_stands_in_order(self, pair: tuple[RunView, RunView]) -> None:
        """Kinds in their order, each name once, and plain data of all."""
        found = diff(*pair, everything=True)
        kinds = [KINDS.index(change.kind) for change in found]
        keys = [(change.kind, change.name) for change in found]

        assert sorted(kinds) == kinds
        assert len(set(keys)) == len(keys)
        assert keys == [(each["kind"], each["name"]) for each in found.to_dict()["changes"]]

    @settings(max_examples=50)
    @given(PAIRS, st.sets(st.sampled_from(KINDS), min_size=1))
    def test_only_is_a_part_of_all(self, pair: tuple[RunView, RunView], only: set[str]) -> None:
        """With ``only`` there are the changes of these kinds, and no others."""
        whole = diff(*pair)

        assert diff(*pair, only=only) == [change for change in whole if change.kind in only]

    @settings(max_examples=50)
    @given(PAIRS)
    def test_tables_of_many_agree(self, pair: tuple[RunView, RunView]) -> None:
        """A matrix of two runs, and groups of one run each, have the names that a diff has.

        Series that are chunked otherwise may vary in a matrix, which reads no points. Seen to
        fail when groups took 0.0 and -0.0 for two values.
        """
        old, new = pair
        kinds = set(KINDS) - {"series"}
        expected = [(change.kind, change.name) for change in diff(*pair, only=kinds)]
        rows = [(row.kind, row.name) for row in matrix_of(pair, only=kinds)]
        groups = compare_groups(("a", "b"), [old], [new], only=kinds)

        assert sorted(expected) == sorted(rows)
        assert sorted(expected) == sorted((change.kind, change.name) for change in groups)
        assert [] == list(compare_groups(("a", "b"), pair, pair[::-1], only=kinds))
