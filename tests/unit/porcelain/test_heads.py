"""Tests of ``vcs_track.porcelain.heads``."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from typing import Any, NamedTuple

import pytest
from hypothesis import given, strategies as st

from vcs_track.errors import CorruptObjectError, ObjectNotFoundError
from vcs_track.formats.manifest import RunManifest
from vcs_track.formats.oid import ObjectId, object_format
from vcs_track.plumbing.memory_objects import MemoryObjects
from vcs_track.porcelain.heads import current, history

SHA256 = object_format("sha256")
NOWHERE = ObjectId("f" * 64)


class Head(NamedTuple):
    """A state and its id."""

    oid: ObjectId
    state: RunManifest


class Histories:
    """Makes states on top of each other in memory."""

    def __init__(self) -> None:
        self.objects = MemoryObjects(SHA256)
        self.clock = 0

    def first(self, **labels: Any) -> Head:
        """Return the first state of a run."""
        return self._put(replace(RunManifest("r", "name", "finished", 1, 1), **labels))

    def edit(self, *heads: Head, at: int | None = None, **changes: Any) -> Head:
        """Return a state on top of *heads*, with the values of the last of them."""
        self.clock += 1
        when = 10 + self.clock if at is None else at
        parents = tuple(head.oid for head in heads)
        return self._put(replace(heads[-1].state, parents=parents, time_us=when, **changes))

    def _put(self, state: RunManifest) -> Head:
        return Head(self.objects.add(state.encode()), state)

    def value(self, *heads: Head) -> RunManifest:
        """Return the value of a run with these heads."""
        return current([head.oid for head in heads], self.objects)


@pytest.fixture
def past() -> Histories:
    """Return an empty past."""
    return Histories()


class TestOneHead:
    def test_is_the_value(self, past: Histories) -> None:
        """The value of a run with one head is that state."""
        head = past.edit(past.first(), notes="x")

        assert head.state == past.value(head)

    def test_ancestors_are_ignored(self, past: Histories) -> None:
        """A head that another replaces does not count, in whatever order they are listed."""
        first = past.first(notes="old")
        middle = past.edit(first, notes="middle")
        last = past.edit(middle, notes=None)

        for heads in permutations([first, middle, last]):
            assert last.state == past.value(*heads)

    def test_a_missing_head_is_named(self, past: Histories) -> None:
        """A head whose state is nowhere is an error with its id."""
        with pytest.raises(ObjectNotFoundError, match="ffffffffffff") as caught:
            current([NOWHERE], past.objects)

        assert NOWHERE == caught.value.oid


class TestTwoHeads:
    def test_a_field_changed_on_one_side_is_taken(self, past: Histories) -> None:
        """The older edit stands when the newer one changed something else."""
        base = past.first(notes="base", color="000000")
        older = past.edit(base, notes="older")
        newer = past.edit(base, color="ff0000")
        merged = past.value(older, newer)

        assert ("older", "ff0000") == (merged.notes, merged.color)

    def test_a_field_cleared_on_one_side_is_cleared(self, past: Histories) -> None:
        """Taking a note away is a change like any other."""
        base = past.first(notes="base")
        older = past.edit(base, notes=None)
        newer = past.edit(base, color="ff0000")

        assert past.value(older, newer).notes is None

    def test_a_field_changed_on_both_sides_takes_the_later(self, past: Histories) -> None:
        """Of two notes the one with the larger time stands."""
        base = past.first(notes="base")
        older = past.edit(base, notes="older")
        newer = past.edit(base, notes="newer")

        assert "newer" == past.value(newer, older).notes

    def test_equal_times_are_decided_by_id(self, past: Histories) -> None:
        """Two edits of the same microsecond have one winner everywhere."""
        base = past.first()
        one, two = past.edit(base, notes="one", at=9), past.edit(base, notes="two", at=9)

        assert {max(one, two, key=lambda head: head.oid).state.notes} == {
            past.value(one, two).notes, past.value(two, one).notes,
        }  # fmt: skip

    def test_tags_are_added_and_removed_as_each_side_did(self, past: Histories) -> None:
        """What one side added stays, what one side removed goes."""
        base = past.first(tags=("a", "b", "c"))
        one = past.edit(base, tags=("b", "c", "d"))
        two = past.edit(base, tags=("a", "b", "e"))

        assert ("b", "d", "e") == past.value(one, two).tags

    def test_writers_take_the_larger_count(self, past: Histories) -> None:
        """How much of a journal is sealed never goes back."""
        base = past.first(writers={"w": 3})
        one = past.edit(base, writers={"w": 9, "x": 1})
        two = past.edit(base, writers={"w": 5, "y": 2})

        assert {"w": 9, "x": 1, "y": 2} == past.value(one, two).writers

    def test_the_nearest_ancestor_is_the_base(self, past: Histories) -> None:
        """A change that both sides have in common is not taken for one of theirs."""
        first = past.first(notes="first")
        base = past.edit(first, notes="base")
        older = past.edit(base, notes="first")
        newer = past.edit(base, color="ff0000")

        assert "first" == past.value(older, newer).notes

    def test_without_a_common_ancestor_the_later_stands(self, past: Histories) -> None:
        """Two runs of one id that never met have the value of the later one, tags of both."""
        one = past.edit(past.first(notes="one"), at=100, tags=("a",))
        other = Histories()
        other.objects, other.clock = past.objects, 50
        two = other.edit(other.first(notes="two", color="ff0000"), at=200, tags=("b",))
        merged = past.value(one, two)

        assert ("two", ("a", "b")) == (merged.notes, merged.tags)

    def test_a_merge_can_be_edited_and_merged_again(self, past: Histories) -> None:
        """A state on top of both heads replaces both."""
        base = past.first()
        one, two = past.edit(base, notes="one"), past.edit(base, color="ff0000")
        both = past.edit(one, two, notes="both")

        assert both.state == past.value(one, two, both)

    def test_summary_agrees_with_what_it_is_made_of(self, past: Histories) -> None:
        """The merged summary shows the results of one side and the hand-set value of the other."""
        base = past.first(summary={"loss": 0.5})
        one = past.edit(base, results={"acc": 1}, summary={"loss": 0.5, "acc": 1})
        two = past.edit(base, summary_set={"best": 2}, summary={"loss": 0.5, "best": 2})

        assert {"loss": 0.5, "acc": 1, "best": 2} == past.value(one, two).summary

    def test_results_of_both_sides_count(self, past: Histories) -> None:
        """Late results of two clones are both there, the later one where they name the same."""
        base = past.first(results={"a": 1, "b": 1})
        one = past.edit(base, results={"a": 2, "b": 1, "c": 1})
        two = past.edit(base, results={"a": 3, "b": 1, "d": 1})

        assert {"a": 3, "b": 1, "c": 1, "d": 1} == past.value(one, two).results

    def test_a_hand_set_summary_stands_over_later_results(self, past: Histories) -> None:
        """The rule of the summary holds after a merge: by hand over results over series."""
        base = past.first()
        one = past.edit(base, summary_set={"acc": 5}, summary={"acc": 5})
        two = past.edit(base, results={"acc": 1}, summary={"acc": 1})

        assert {"acc": 5} == past.value(one, two).summary

    def test_unknown_keys_of_both_sides_are_kept(self, past: Histories) -> None:
        """A key of a newer version that the older head carries survives the merge."""
        base = past.first()
        one = past.edit(base, extra={"future": 1})
        two = past.edit(base, notes="two")

        assert {"future": 1} == past.value(one, two).extra

    def test_facts_of_compatible_apis_are_kept_one_by_one(self, past: Histories) -> None:
        """What both sides added for one API is there; of one fact the later stands.

        Seen to fail when the later side's facts stood for all.
        """
        base = past.first(extra={"faces": {"api": {"a": 1, "b": 1}}})
        one = past.edit(base, extra={"faces": {"api": {"a": 2, "b": 1, "c": 1}}})
        two = past.edit(base, extra={"faces": {"api": {"a": 3, "b": 1, "d": 1}, "x": {"y": 1}}})

        expected = {"api": {"a": 3, "b": 1, "c": 1, "d": 1}, "x": {"y": 1}}
        assert {"faces": expected} == past.value(one, two).extra

    def test_damaged_facts_do_no_harm(self, past: Histories) -> None:
        """Facts that are none, as a stranger may write them, stand in nobody's way."""
        base = past.first()
        one = past.edit(base, extra={"faces": 3})
        two = past.edit(base, extra={"faces": {"api": 4, "x": {"y": 1}}})

        assert {"y": 1} == past.value(one, two).extra["faces"]["x"]


class TestHistory:
    def test_lists_every_state_once_newest_first(self, past: Histories) -> None:
        """Both sides of a fork and what they have in common are in the history."""
        base = past.first()
        one, two = past.edit(base, notes="one"), past.edit(base, notes="two")
        both = past.edit(one, two)

        assert [both.oid, two.oid, one.oid, base.oid] == list(history([both.oid], past.objects))

    def test_missing_old_states_are_left_out(self, past: Histories) -> None:
        """A bundle without the older states of a run still has a history."""
        head = past.edit(past.first())
        orphan = replace(head.state, parents=(NOWHERE,), notes="orphan")
        oid = past.objects.add(orphan.encode())

        assert [oid] == list(history([oid], past.objects))

    def test_damage_is_not_taken_for_absence(self, past: Histories) -> None:
        """A damaged old state is an error, not a shorter history."""

        class Damaged(MemoryObjects):
            def read(self, oid: ObjectId) -> bytes:
                """Refuse every object."""
                raise CorruptObjectError("damaged", oid=oid)

        with pytest.raises(CorruptObjectError):
            history([past.first().oid], Damaged(SHA256))


CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "notes": st.sampled_from([None, "a", "b"]),
        "color": st.sampled_from([None, "ff0000", "00ff00"]),
        "status": st.sampled_from(["finished", "failed"]),
        "tags": st.sets(st.sampled_from("xyz")).map(lambda tags: tuple(sorted(tags))),
    },
)
SIDE = st.lists(st.tuples(st.integers(2, 5), CHANGES), min_size=1, max_size=3)


def grow(
    past: Histories, base: Head, edits: list[tuple[int, dict[str, Any]]], clone: str
) -> list[Head]:
    """Return the states of one clone, oldest first."""
    found = [base]
    for wait, changes in edits:
        at = found[-1].state.time_us + wait
        found.append(past.edit(found[-1], at=at, group=clone, **changes))
    return found[1:]


class TestProperties:
    @given(CHANGES, SIDE, SIDE)
    def test_two_clones_find_the_same_value(
        self, start: dict[str, Any], left: list[Any], right: list[Any]
    ) -> None:
        """Each field and tag comes from the side that changed it, in any order of the heads."""
        past = Histories()
        base = past.first(**start)
        one, two = grow(past, base, left, "l")[-1], grow(past, base, right, "r")[-1]
        merged = past.value(one, two)
        later = max(one, two, key=lambda head: (head.state.time_us, head.oid))

        assert merged == past.value(two, one)
        for field in ("notes", "color", "status"):
            was = getattr(base.state, field)
            changed = {
                getattr(head.state, field) for head in (one, two)
                if getattr(head.state, field) != was
            }  # fmt: skip
            expected = (
                getattr(later.state, field) if len(changed) == 2 else (changed or {was}).pop()
            )
            assert expected == getattr(merged, field)
        before, a, b = (set(head.state.tags) for head in (base, one, two))
        assert (before & a & b) | ((a | b) - before) == set(merged.tags)

    @given(st.lists(SIDE, min_size=2, max_size=4), st.randoms())
    def test_order_and_ancestors_change_nothing(self, sides: list[Any], random: Any) -> None:
        """However many heads and ancestors are listed in whatever order, the value is one."""
        past = Histories()
        base = past.first(tags=("x",))
        clones = [grow(past, base, side, str(n)) for n, side in enumerate(sides)]
        tips = [clone[-1] for clone in clones]
        everything = [base, *(head for clone in clones for head in clone)]
        random.shuffle(everything)

        assert past.value(*tips) == past.value(*reversed(tips)) == past.value(*everything)

    @given(SIDE, SIDE, SIDE)
    def test_merging_in_steps_keeps_what_only_one_clone_changed(
        self, left: list[Any], right: list[Any], far: list[Any]
    ) -> None:
        """A label set by one clone alone stands whether clones meet at once or in pairs."""
        past = Histories()
        base = past.first()
        tips = [grow(past, base, side, str(n))[-1] for n, side in enumerate((left, right, far))]
        met = past.value(*tips[:2])
        pair = past.edit(*tips[:2], **{
            name: getattr(met, name) for name in ("notes", "color", "status", "tags")
        })  # fmt: skip
        at_once, in_pairs = past.value(*tips), past.value(pair, tips[2])

        for field in ("notes", "color", "status"):
            changed = {getattr(tip.state, field) for tip in tips} - {getattr(base.state, field)}
            if len(changed) == 1:
                assert changed == {getattr(at_once, field), getattr(in_pairs, field)}
        assert at_once.tags == in_pairs.tags

    @given(st.permutations(["notes", "color", "status"]), st.lists(st.integers(2, 9), min_size=4))
    def test_grouping_changes_nothing(self, fields: list[str], waits: list[int]) -> None:
        """Edits of different fields, and redactions, are one value however clones meet.

        Seen to fail when redactions were merged as one field.
        """
        past = Histories()
        base = past.first(notes="old", tags=("x",))
        sides = [
            past.edit(
                base, at=10 + wait, tags=("x", field), redacted={str(n) * 64: {"reason": field}},
                **{field: {"notes": "new", "color": "ff0000", "status": "failed"}[field]},
            )
            for n, (field, wait) in enumerate(zip(fields, waits, strict=False))
        ]  # fmt: skip
        found = []
        for first, second, third in permutations(sides):
            pair = replace(
                past.value(first, second), parents=(first.oid, second.oid), time_us=50 + waits[3]
            )
            met = past.value(Head(past.objects.add(pair.encode()), pair), third)
            found.append((met.notes, met.color, met.status, met.tags, sorted(met.redacted)))

        assert 1 == len(set(map(repr, found)))
        assert ("new", "ff0000", "failed") == found[0][:3]
        assert (4, 3) == (len(found[0][3]), len(found[0][4]))
