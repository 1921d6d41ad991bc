"""Tests of ``vcs_track.porcelain.diff.walk``."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, strategies as st

import vcs_track
from vcs_track.formats.manifest import RunManifest, encode_document
from vcs_track.formats.oid import ObjectId, object_format
from vcs_track.plumbing.memory_objects import MemoryObjects
from vcs_track.porcelain.diff import KINDS, Change, HparamChange, diff
from vcs_track.porcelain.run_view import RunView

if TYPE_CHECKING:
    from pathlib import Path

    from vcs_track import Repository


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    """Return an empty repository."""
    return vcs_track.init(tmp_path).with_defaults(capture_git=False)


def hparams(repo: Repository, old: dict[str, Any], new: dict[str, Any]) -> list[Change]:
    """Return the changes between two runs with these hyperparameters."""
    for run_id, values in (("old", old), ("new", new)):
        repo.start_run(run_id, id=run_id, hparams=values).finish()
    return [change for change in repo.diff("old", "new") if change.kind == "hparam"]


class TestHparams:
    @pytest.mark.parametrize(
        ("old", "new"),
        [(1, 1.0), (1, "1"), (1, True), (0, False), (0.0, -0.0 or 0), (1.0, True), ("1", True),
         (None, 0), (None, ""), ((1, 2), [1, 2]), ({1}, [1]), (math.inf, -math.inf),
         (math.nan, "NaN"), (2**70, float(2**70)), ([1, [2.0]], [1, [2]])],
        ids=str,
    )  # fmt: skip
    def test_types_are_told_apart(self, repo: Repository, old: Any, new: Any) -> None:
        """1, 1.0, "1" and True are four values."""
        (change,) = hparams(repo, {"a": old, "same": 1}, {"a": new, "same": 1})

        assert (str(old), str(new), type(old), type(new)) == (
            str(change.old), str(change.new), type(change.old), type(change.new),
        )  # fmt: skip

    @pytest.mark.parametrize(
        "value", [math.nan, [math.nan, 1], (math.nan,), 2**70, {"x": {"y": math.nan}}], ids=str
    )
    def test_a_value_equals_itself(self, repo: Repository, value: Any) -> None:
        """NaN is no change, alone or in a list."""
        assert [] == hparams(repo, {"a": value, "b": 1}, {"b": 1, "a": value})

    def test_nested_names_are_dotted(self, repo: Repository) -> None:
        """Of a nested dictionary only what differs is shown."""
        changes = hparams(
            repo,
            {"optim": {"lr": 0.1, "beta": [0.9, 0.99]}, "gone": 1},
            {"optim": {"lr": 0.2, "beta": [0.9, 0.99]}, "new": {"deep": 2}},
        )

        assert [
            HparamChange("gone", "removed", 1, None), HparamChange("new.deep", "added", None, 2),
            HparamChange("optim.lr", "changed", 0.1, 0.2),
        ] == changes  # fmt: skip

    def test_zero_and_minus_zero(self, repo: Repository) -> None:
        """They compare equal, and are no change."""
        assert [] == hparams(repo, {"a": 0.0}, {"a": -0.0})

    def test_a_dot_in_a_name_hides_nothing(self, repo: Repository) -> None:
        """A key with a dot beside a nested one of the same name is still compared."""
        changes = hparams(repo, {"a.b": 2, "a": {"b": 1}}, {"a.b": 2, "a": {"b": 3}})

        assert [(1, 3)] == [(change.old, change.new) for change in changes]


class TestSeries:
    def test_equal_metrics_are_no_change_although_clocks_differ(self, repo: Repository) -> None:
        """The same values at the same steps are the same series."""
        for run_id, wall in (("old", 100.0), ("new", 200.0)):
            with repo.start_run(run_id, id=run_id) as run:
                for step in range(20):
                    run.add_scalar("loss", step / 3, step, walltime=wall + step)

        assert [] == [c for c in repo.diff("old", "new") if c.kind in ("series", "summary")]

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ([(0, 1.0)], [(0, 2.0)]), ([(0, 1.0)], [(1, 1.0)]), ([(0, 1.0)], [(0, 1)]),
            ([(0, 1.0)], [(0, 1.0), (1, 1.0)]), ([(0, 1)], [(0, True)]),
            ([(0, math.nan)], [(0, math.inf)]), ([(0, 1.0), (1, 2.0)], [(1, 2.0), (0, 1.0)]),
        ],
        ids=str,
    )  # fmt: skip
    def test_each_difference_shows(
        self, repo: Repository, old: list[tuple[int, Any]], new: list[tuple[int, Any]]
    ) -> None:
        """Another value, step, type, length or order is a change with both statistics."""
        for run_id, points in (("old", old), ("new", new)):
            with repo.start_run(run_id, id=run_id) as run:
                for step, value in points:
                    run.add_scalar("loss", value, step)
        (change,) = (c for c in repo.diff("old", "new") if c.kind == "series")

        assert ("loss", len(old), len(new)) == (
            change.name, change.old.count, change.new.count,
        )  # fmt: skip

    def test_a_series_of_one_run_only(self, repo: Repository) -> None:
        """What one side lacks is None."""
        repo.start_run(id="old").finish()
        with repo.start_run(id="new") as run:
            run.add_scalar("loss", 1.0, 0)
        changes = {c.kind: c for c in repo.diff("old", "new")}

        assert (None, 1) == (changes["series"].old, changes["series"].new.count)
        assert (None, 1.0) == (changes["summary"].old, changes["summary"].new)

    @pytest.mark.parametrize("what", ["epoch", "repetition"])
    def test_epoch_and_repetition_count(self, repo: Repository, what: str) -> None:
        """The same points in another epoch or repetition are a change."""
        for run_id in ("old", "new"):
            with repo.start_run(id=run_id) as run:
                if what == "repetition" and run_id == "new":
                    run.new_repetition()
                run.add_scalar("a", 1.0, 0, epoch=(run_id == "new" and what == "epoch" and 2) or 1)

        assert ["a"] == [c.name for c in repo.diff("old", "new") if c.kind == "series"]


class Counting(MemoryObjects):
    """Counts what is read."""

    def __init__(self) -> None:
        super().__init__(object_format("sha256"))
        self.reads: list[ObjectId] = []

    def read(self, oid: ObjectId) -> bytes:
        """Return the bytes of *oid*, and remember it."""
        self.reads.append(oid)
        return super().read(oid)


class TestCost:
    def test_columns_of_equal_series_are_not_read(self, repo: Repository) -> None:
        """Series are compared by their ids, and read where these differ."""
        for run_id in ("old", "new"):
            with repo.start_run(id=run_id) as run:
                for step in range(100):
                    run.add_scalar("same", step / 3, step)
                    run.add_scalar("other", len(run_id) * step + (run_id == "new"), step)
        columns = {
            chunk[key]
            for name in ("old", "new") for chunk in repo.run(name).series("same").chunks
            for key in ("value", "wall")
        }  # fmt: skip
        counting = Counting()
        for oid in repo.store.home.objects:
            counting.add(repo.store.home.objects.read(oid))
        sides = [RunView(repo.run(name).manifest, counting) for name in ("old", "new")]
        found = diff(*sides)

        assert ["other"] == [c.name for c in found if c.kind == "series"]
        assert set() == columns & set(counting.reads)

    def test_equal_manifests_are_not_read(self) -> None:
        """Documents with equal ids are equal and stay unread."""
        objects = Counting()
        oid = objects.add(encode_document("hparams/1", {"lr": 0.1}))
        views = [
            RunView(RunManifest(name, name, "finished", 1, 1, hparams=oid, env=oid), objects)
            for name in "ab"
        ]

        assert [] == diff(*views)
        assert [] == objects.reads


class TestOthers:
    def test_media_texts_and_files(self, repo: Repository, tmp_path: Path) -> None:
        """Items are matched by name and step, and compared by content."""
        for run_id in ("old", "new"):
            file = tmp_path / "weights.bin"
            file.write_text(run_id)
            with repo.start_run(id=run_id) as run:
                run.add_text("same", step=1, tag="t")
                run.add_text(run_id, step=2, tag="t")
                run.add_histogram("h", [1, len(run_id)], [0, 1, 2], step=1)
                run.add_file(file)
                if run_id == "new":
                    run.add_fragment("<b>x</b>", step=5, tag="f")

        assert [("text", "f @ 5"), ("text", "t @ 2"), ("file", "weights.bin")] == [
            (c.kind, c.name)
            for c in repo.diff("old", "new")
            if c.kind in ("media", "text", "file")
        ]

    def test_several_items_of_one_name(self, repo: Repository) -> None:
        """Items that share a name are compared as a list."""
        for run_id, texts in (("old", ["a", "b"]), ("new", ["a", "c"])):
            with repo.start_run(id=run_id) as run:
                for text in texts:
                    run.add_text(text, step=1, tag="t")
        (change,) = (c for c in repo.diff("old", "new") if c.kind == "text")

        assert (2, 2) == (len(change.old), len(change.new))

    def test_labels_results_and_summary(self, repo: Repository) -> None:
        """Note, tags and colour are labels, the group is identity; a result is no second summary."""
        with repo.start_run(id="old", notes="n", tags=["a"], project="p") as run:
            run.set_summary(best=1)
        with repo.start_run(id="new", tags=["a", "b"], group="g") as run:
            run.set_color("ff0000")
            run.set_summary(best=2)
            run.write_result(acc=0.5)
        found = {(c.kind, c.name): (c.old, c.new) for c in repo.diff("old", "new")}
        found.pop(("command", "argv"), None)

        assert {
            ("summary", "best"): (1, 2), ("result", "acc"): (None, 0.5), ("label", "note"): ("n", None),
            ("label", "tags"): (["a"], ["a", "b"]), ("identity", "project"): ("p", None),
            ("identity", "group"): (None, "g"), ("label", "color"): (None, "ff0000"),
        } == found  # fmt: skip

    def test_changes_are_plain_data_in_order(self, repo: Repository) -> None:
        """Changes come by kind, then name, and turn into dictionaries."""
        for n, run_id in enumerate(("old", "new")):
            with repo.start_run(id=run_id, hparams={"b": n, "a": n}, notes=str(n)) as run:
                run.add_scalar("x", n, 0)
                run.add_text(str(n))
        changes = repo.diff("old", "new")
        order = [(KINDS.index(c.kind), c.name) for c in changes]

        assert sorted(order) == order
        assert {
            "kind": "hparam", "name": "a", "way": "changed", "old": 0, "new": 1,
        } == changes[0].to_dict()  # fmt: skip

    def test_takes_names_and_views(self, repo: Repository) -> None:
        """Both sides may be given by name or as runs."""
        repo.start_run("one", id="a", notes="x").finish()
        repo.start_run("two", id="b").finish()

        assert repo.diff("one", "two") == repo.diff(repo.run("a"), repo.run("b"))

    def test_takes_the_run_that_was_just_made(self, repo: Repository) -> None:
        """An open or finished Run can be compared as it is."""
        with repo.start_run(id="a") as run:
            run.add_scalar("x", 1.0)

        assert [] == repo.diff(run, "a")


VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 3), st.floats(), st.text("ab1", max_size=2)
)
MAPS = st.dictionaries(st.sampled_from("abcd"), VALUES | st.lists(VALUES, max_size=2), max_size=4)


class TestProperties:
    @given(MAPS, MAPS)
    def test_a_diff_is_mirrored_and_nothing_differs_from_itself(
        self, left: dict[str, Any], right: dict[str, Any]
    ) -> None:
        """Exchanging the sides exchanges old and new; a run and itself do not differ."""
        objects = MemoryObjects(object_format("sha256"))
        one, two = (
            RunView(
                RunManifest(
                    name, name, "finished", 1, 1, results=values, summary=values,
                    hparams=objects.add(encode_document("hparams/1", values)),
                ),
                objects,
            )
            for name, values in (("a", left), ("b", right))
        )  # fmt: skip
        there, back = diff(one, two), diff(two, one)

        assert [] == diff(one, one) == diff(two, two)
        assert str([(c.kind, c.name, c.old, c.new) for c in there]) == str(
            [(c.kind, c.name, c.new, c.old) for c in back]
        )
