"""What can differ between two runs: one frozen class a kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any, ClassVar, Final, Literal, Self

from vcs_track.porcelain import values
from vcs_track.porcelain.diff import lines as line_rules, looks, numbers, versions

__all__ = [
    "KINDS",
    "Blob",
    "Change",
    "CodeChange",
    "CodeFile",
    "CommandChange",
    "Course",
    "EnvChange",
    "FileChange",
    "HparamChange",
    "IdentityChange",
    "InputChange",
    "LabelChange",
    "MediaChange",
    "NumberChange",
    "ResultChange",
    "SeriesChange",
    "SummaryChange",
    "TextChange",
    "Way",
    "plain",
    "way_of",
]

Way = Literal["added", "removed", "changed"]

_BACK: Final[dict[str, Way]] = {"added": "removed", "removed": "added", "changed": "changed"}


@dataclass(frozen=True, slots=True)
class Blob:
    """Bytes that a run keeps.

    Attributes:
        oid: Id of the bytes.
        size: Number of bytes.
        mime: Media type.
    """

    oid: str
    size: int
    mime: str


@dataclass(frozen=True, slots=True)
class Course:
    """A series in a few numbers.

    Attributes:
        count: Number of points.
        last: The last value.
        min: The smallest, None where all are NaN.
        max: The largest, None where all are NaN.
        mean: Their mean.
        first_step: The lowest step.
        last_step: The highest step.
    """

    count: int
    last: Any
    min: Any
    max: Any
    mean: Any
    first_step: int
    last_step: int


@dataclass(frozen=True, slots=True)
class CodeFile:
    """A file of the code of a run.

    Attributes:
        mode: As git has it: ``100644``, ``100755``, ``120000``, ``160000``, ``040000`` for a
            tree. Nothing for a file that was not kept.
        blob: Git's id of the content. Of a file that was not kept what is known of it.
    """

    mode: str
    blob: str


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """One thing that differs.

    Two are equal when all that they say is the same; NaN equals itself.

    Attributes:
        kind: One of :data:`vcs_track.porcelain.diff.KINDS`.
        name: What it is called: a dotted name, a tag, a path.
        way: ``added``, ``removed`` or ``changed``. Tells what is absent from what is None.
        old: Its value in the first run, None where *way* is ``added``.
        new: Its value in the second run, None where *way* is ``removed``.
    """

    kind: ClassVar[str] = ""
    # What is worked out from the fields, and printed beside them.
    derived: ClassVar[tuple[str, ...]] = ()

    name: str
    way: Way
    old: Any
    new: Any

    def mirrored(self) -> Self:
        """Return the change from the second run to the first."""
        return replace(self, way=_BACK[self.way], old=self.new, new=self.old)

    def to_dict(self) -> dict[str, Any]:
        """Return the change as plain data, as ``--json`` prints it.

        Example:
            >>> from vcs_track.porcelain.diff import HparamChange
            >>> HparamChange("lr", "changed", 0.1, 0.2).to_dict()
            {'kind': 'hparam', 'name': 'lr', 'way': 'changed', 'old': 0.1, 'new': 0.2}
        """
        told = {name: plain(getattr(self, name)) for name in self._told()}
        for name in self.derived:
            value = getattr(self, name)
            told[name] = list(value) if isinstance(value, tuple) else value
        return {"kind": self.kind, **told}

    def _told(self) -> list[str]:
        return [each.name for each in fields(self) if each.compare]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Change) or type(self) is not type(other):
            return NotImplemented
        # As plain data: NaN in a course equals itself too.
        return all(
            values.same(plain(getattr(self, name)), plain(getattr(other, name)))
            for name in self._told()
        )

    def __hash__(self) -> int:
        return hash((self.kind, self.name, self.way))


def way_of(old: Any, new: Any, missing: Any = None) -> Way:
    """Return how *old* became *new*, where *missing* is nothing."""
    if old is missing:
        return "added"
    return "removed" if new is missing else "changed"


def plain(value: Any) -> Any:
    """Return *value* as plain data: a dictionary for what has fields."""
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, tuple) and any(map(is_dataclass, value)):
        return [plain(item) for item in value]
    return value


@dataclass(frozen=True, slots=True, eq=False)
class NumberChange(Change):
    """A value that is a number more often than not."""

    derived: ClassVar[tuple[str, ...]] = ("delta", "relative", "better")

    @property
    def delta(self) -> float | None:
        """New less old, None where that is no finite number."""
        return numbers.delta(self.old, self.new)

    @property
    def relative(self) -> float | None:
        """The delta as a share of the old value, None where there is none."""
        return numbers.relative(self.old, self.new)

    @property
    def better(self) -> bool | None:
        """Whether it got better, None where its name does not say how."""
        return numbers.better(self.name, self.old, self.new)


# ---- one class a kind ------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class IdentityChange(Change):
    """What the run is, when it was made, and where it belongs.

    Its *name* is one of ``id name status created ended duration project group job_type commit
    branch dirty``. What no two runs share (id, name and times) is left out unless asked for.
    """

    kind: ClassVar[str] = "identity"


@dataclass(frozen=True, slots=True, eq=False)
class HparamChange(Change):
    """A hyperparameter, by its dotted name.

    1, 1.0, True and "1" are four values.
    """

    kind: ClassVar[str] = "hparam"


@dataclass(frozen=True, slots=True, eq=False)
class SummaryChange(NumberChange):
    """A value of the summary that is no result."""

    kind: ClassVar[str] = "summary"


@dataclass(frozen=True, slots=True, eq=False)
class ResultChange(NumberChange):
    """A value that ``write_result`` recorded."""

    kind: ClassVar[str] = "result"


@dataclass(frozen=True, slots=True, eq=False)
class SeriesChange(Change):
    """The points of one tag; *old* and *new* are a :class:`Course` each.

    All but *old* and *new* is None where one of the runs has no such series, and where the
    points cannot be read (the notes of the diff say so).

    Attributes:
        parts_at: The first step at which values, steps or epochs part. Points are compared by
            their place within each repetition and rank.
        gap: The largest distance of values at a common step, None without a common step.
        gap_at: That step, the first of several; None where there is no distance.
        area: The area between the curves over the steps that both span, each repetition and
            rank by itself, then added up. Distances are taken at the steps of both curves,
            which are straight in between. Values that are not finite, and points whose step is
            not above all before, are left out. None where they share no stretch.
    """

    kind: ClassVar[str] = "series"
    derived: ClassVar[tuple[str, ...]] = ("delta", "relative", "better")

    parts_at: int | None = None
    gap: float | None = None
    gap_at: int | None = None
    area: float | None = None

    def _ends(self) -> tuple[Any, Any]:
        both = self.old is not None and self.new is not None
        return (self.old.last, self.new.last) if both else (None, None)

    @property
    def delta(self) -> float | None:
        """New less old of the last values, None where that is no finite number."""
        return numbers.delta(*self._ends())

    @property
    def relative(self) -> float | None:
        """The delta as a share of the old last value, None where there is none."""
        return numbers.relative(*self._ends())

    @property
    def better(self) -> bool | None:
        """Whether the last value got better, None where the name does not say how."""
        return numbers.better(self.name, *self._ends())


@dataclass(frozen=True, slots=True, eq=False)
class _Stored(Change):
    """Items that share a name and a step.

    *old* and *new* are tuples of :class:`Blob`, None where a side has none.

    Attributes:
        label: The name without the step: a tag or a file name.
        step: The step, None where there is none.
        reads: What reads the bytes of the first and of the second run; no part of what the
            change says.
    """

    label: str = ""
    step: int | None = None
    reads: tuple[Callable[[Any], bytes], Callable[[Any], bytes]] | None = field(
        default=None, repr=False, compare=False
    )

    def mirrored(self) -> Self:
        """Return the change from the second run to the first."""
        back = Change.mirrored(self)
        return back if self.reads is None else replace(back, reads=self.reads[::-1])

    def data(self, place: int = 0) -> tuple[bytes | None, bytes | None]:
        """Return the bytes of both sides, None where a side has no such item.

        Args:
            place: Which of several items, from 0.

        Raises:
            ObjectNotFoundError: If the bytes are not here.
        """
        sides = (self.old or (), self.new or ())
        if self.reads is None:
            return None, None
        found = [
            read(side[place].oid) if place < len(side) else None
            for read, side in zip(self.reads, sides, strict=True)
        ]
        return found[0], found[1]


@dataclass(frozen=True, slots=True, eq=False)
class MediaChange(_Stored):
    """Images, figures and histograms of one tag and step."""

    kind: ClassVar[str] = "media"

    def pixels(self, place: int = 0) -> float | None:
        """Return the share of pixels that differ, from 0 to 1.

        Args:
            place: Which of several items, from 0.

        Returns:
            None where there are no two images that can be compared; :meth:`trouble` says why.
        """
        return looks.look(self.data, place).share

    def picture(self, place: int = 0) -> bytes | None:
        """Return a PNG of how far each pixel differs, black for not at all.

        Args:
            place: Which of several items, from 0.

        Returns:
            None where there are no two images that can be compared; :meth:`trouble` says why.
        """
        return looks.look(self.data, place, draw=True).picture

    def trouble(self, place: int = 0) -> str:
        """Return why two images cannot be compared, nothing where they can.

        Args:
            place: Which of several items, from 0.
        """
        return looks.look(self.data, place).why


@dataclass(frozen=True, slots=True, eq=False)
class TextChange(_Stored):
    """Texts, fragments, console output and notebook cells of one tag and step."""

    kind: ClassVar[str] = "text"

    def lines(self, context: int = 3, place: int = 0) -> list[str]:
        """Return how the lines differ, as ``diff -u`` shows it.

        Args:
            context: How many equal lines stay around what differs.
            place: Which of several items, from 0.

        Returns:
            Lines without their ends, ``@@ ... @@`` and then lines that begin with a blank,
            ``-`` or ``+``; no head lines. Nothing for bytes that are no text, or are not here.
        """
        return line_rules.unified(self.data, place, context)

    def counts(self, place: int = 0) -> tuple[int, int] | None:
        """Return how many lines were added and removed, None for what is no text.

        Args:
            place: Which of several items, from 0.
        """
        return line_rules.counts(self.data, place)


@dataclass(frozen=True, slots=True, eq=False)
class FileChange(_Stored):
    """Files that were added to the run under one name."""

    kind: ClassVar[str] = "file"


@dataclass(frozen=True, slots=True, eq=False)
class InputChange(Change):
    """A file or folder that the run was said to read.

    *old* and *new* are a :class:`Blob`.
    """

    kind: ClassVar[str] = "input"


@dataclass(frozen=True, slots=True, eq=False)
class EnvChange(Change):
    """Python, a package (``packages.NAME``), the host, a GPU, a variable."""

    kind: ClassVar[str] = "env"
    derived: ClassVar[tuple[str, ...]] = ("direction",)

    @property
    def direction(self) -> Literal["up", "down"] | None:
        """Where the version of a package or of Python went, None for all else."""
        return versions.direction(self.name, self.old, self.new)


@dataclass(frozen=True, slots=True, eq=False)
class CommandChange(Change):
    """A part of the command: its words, its folder."""

    kind: ClassVar[str] = "command"


@dataclass(frozen=True, slots=True, eq=False)
class LabelChange(Change):
    """The note, the colour or the tags: what may be edited later."""

    kind: ClassVar[str] = "label"
    derived: ClassVar[tuple[str, ...]] = ("gained", "lost")

    @property
    def gained(self) -> tuple[str, ...]:
        """The tags that only the second run has; nothing for other labels."""
        return self._only(self.new, self.old)

    @property
    def lost(self) -> tuple[str, ...]:
        """The tags that only the first run has; nothing for other labels."""
        return self._only(self.old, self.new)

    def _only(self, here: Any, there: Any) -> tuple[str, ...]:
        if self.name != "tags":
            return ()
        return tuple(sorted(set(here or ()) - set(there or ())))


@dataclass(frozen=True, slots=True, eq=False)
class CodeChange(Change):
    """A file of the code, by its path.

    *old* and *new* are a :class:`CodeFile`. Where the files cannot be told apart one change, named
    ``.``, stands for the whole tree.

    Attributes:
        added: Lines that only the second run has. None for what is no text, and where the
            content is not here.
        removed: Lines that only the first run has, or None.
    """

    kind: ClassVar[str] = "code"

    added: int | None = None
    removed: int | None = None

    def mirrored(self) -> Self:
        """Return the change from the second run to the first."""
        return replace(Change.mirrored(self), added=self.removed, removed=self.added)


KINDS: Final = (
    "identity", "hparam", "summary", "result", "series", "media", "text", "file", "input", "env",
    "command", "label", "code",
)  # fmt: skip
