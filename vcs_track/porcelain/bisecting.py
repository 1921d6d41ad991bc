"""The commit that made a number worse: git's bisection, with runs as verdicts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vcs_track.errors import InvalidValueError
from vcs_track.plumbing import git_base, git_bisect, gitlink
from vcs_track.plumbing.git_bisect import Outcome
from vcs_track.plumbing.git_log import history
from vcs_track.porcelain.best_so_far import hparam_changes
from vcs_track.porcelain.filter.evaluate import is_number

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vcs_track.plumbing.git_bisect import Term
    from vcs_track.plumbing.git_log import Commit
    from vcs_track.porcelain.diff import Change
    from vcs_track.porcelain.run_view import RunView
    from vcs_track.porcelain.runs_at import RunsAt

    Measure = Callable[[Path, "Commit"], RunView | None]
    Tell = Callable[["Step"], None]

__all__ = ["Bisected", "Bound", "Step", "bisect"]


@dataclass(frozen=True, slots=True)
class Bound:
    """What a good run has.

    Attributes:
        metric: Full name of the value.
        low: It is at least this; None for no such bound.
        high: It is at most this; None for no such bound.
    """

    metric: str
    low: float | None = None
    high: float | None = None

    def judge(self, run: RunView) -> Term:
        """Return ``good`` or ``bad``, and ``skip`` where there is no number.

        NaN is bad: it is what a training that diverged leaves.
        """
        value = run.flat.get(self.metric)
        if not is_number(value):
            return "skip"
        above = self.low is None or value >= self.low
        return "good" if above and (self.high is None or value <= self.high) else "bad"

    def __str__(self) -> str:
        limits = ((">=", self.low), ("<=", self.high))
        return " and ".join(f"{self.metric} {op} {at:g}" for op, at in limits if at is not None)


@dataclass(frozen=True, slots=True)
class Step:
    """A commit that was asked about.

    Attributes:
        commit: The commit.
        term: ``good``, ``bad`` or ``skip``.
        run: The run that decided, or None.
        value: Its value, or None.
        stored: Whether the run was there already.
        why: Why the commit was skipped, or nothing.
    """

    commit: Commit
    term: Term
    run: RunView | None = None
    value: Any = None
    stored: bool = True
    why: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the step as plain data, as ``--json`` prints it."""
        return {
            "commit": self.commit.id, "author": self.commit.author, "subject": self.commit.subject,
            "verdict": self.term, "run": None if self.run is None else self.run.id,
            "value": self.value, "stored": self.stored, "why": self.why,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bisected:
    """What a bisection found.

    Attributes:
        bound: What a good run has.
        steps: The commits that were asked about, in that order.
        first_bad: The first bad commit; None where several may be it.
        possible: All that may be it, the newest first.
        bad: The run of the first bad commit, or None.
        good: The run of the commit before it, or of the nearest good one that has one.
        changes: Hyperparameters that differ between these two.
    """

    bound: Bound
    steps: tuple[Step, ...]
    first_bad: Commit | None
    possible: tuple[Commit, ...]
    bad: RunView | None = None
    good: RunView | None = None
    changes: tuple[Change, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the end as plain data, as ``--json`` prints it."""
        first = self.first_bad
        return {
            "metric": self.bound.metric, "first_bad": None if first is None else first.id,
            "author": None if first is None else first.author,
            "subject": None if first is None else first.subject,
            "possible": [commit.id for commit in self.possible],
            "bad": None if self.bad is None else self.bad.id,
            "good": None if self.good is None else self.good.id,
            "changes": [change.to_dict() for change in self.changes],
        }  # fmt: skip


def bisect(
    folder: Path, runs: RunsAt, bound: Bound, good: str, bad: str, *,
    measure: Measure | None = None, tell: Tell | None = None,
) -> Bisected:  # fmt: skip
    """Return the first commit whose run is out of bounds.

    The newest finished run of exactly the code of a commit is its verdict. ``HEAD``, index and
    files of the work tree stay as they are.

    Args:
        folder: The folder that holds ``.runs``.
        runs: Where runs are found that may be verdicts.
        bound: What a good run has.
        good: A commit that is good.
        bad: A commit that is bad, and comes from it.
        measure: Makes a run of a commit that has none, in a work tree of it. Default: such a
            commit is skipped.
        tell: Is told of each step.

    Raises:
        CommitNotFoundError: If git does not know *good* or *bad*.
        GitError: If git cannot bisect between them.
        InvalidValueError: If they are the same, the wrong way round, or their runs say so.
    """
    ends = [history(folder, gitlink.resolve(folder, rev), single=True)[0] for rev in (good, bad)]
    _check_ends(folder, *ends)
    known = _Known(folder, runs, ends, bound)
    known.check_ends(ends)
    search = _Search(known, bound, measure, tell)
    with git_bisect.bisection(folder, ends[0].id, ends[1].id) as session:
        outcome = search.until_found(session, Path(folder).resolve().name)
    return search.told(outcome, ends)


def _check_ends(folder: Path, good: Commit, bad: Commit) -> None:
    if good.id == bad.id:
        raise InvalidValueError(
            f"good and bad are one commit, '{good.id[:10]}'", hint="name two, the good one older"
        )
    if git_base.is_ancestor(folder, bad.id, good.id):
        raise InvalidValueError(
            f"bad '{bad.id[:10]}' is older than good '{good.id[:10]}'",
            hint="swap --good and --bad, or --min and --max",
        )
    if not git_base.is_ancestor(folder, good.id, bad.id):
        git_base.merge_base(folder, good.id, bad.id)  # git begins with that one


class _Known:
    """The commits in question, and the runs that decide about them."""

    def __init__(self, folder: Path, runs: RunsAt, ends: Sequence[Commit], bound: Bound) -> None:
        self._folder = folder
        self._bound = bound
        commits = [*history(folder, f"{ends[0].id}..{ends[1].id}"), *ends]
        self.commits = {commit.id: commit for commit in commits}
        self._finder = runs
        self._runs = self._decided(commits)

    def _decided(self, commits: Sequence[Commit]) -> dict[str, RunView]:
        found = {}
        for commit, runs in self._finder.of(commits).items():
            telling = [run for run in runs
                       if run.status == "finished" and self._bound.judge(run) != "skip"]  # fmt: skip
            if telling:
                found[commit] = telling[0]
        return found

    def commit(self, oid: str) -> Commit:
        """Return a commit; one from before both ends is looked up."""
        if oid not in self.commits:
            (self.commits[oid],) = history(self._folder, oid, single=True)
            self._runs.update(self._decided([self.commits[oid]]))
        return self.commits[oid]

    def age(self, commit: Commit) -> int:
        """Return how many commits are newer, of those in question."""
        return list(self.commits).index(commit.id)

    def run(self, oid: str) -> RunView | None:
        """Return the run that decides about a commit."""
        return self._runs.get(oid)

    def add(self, oid: str, run: RunView) -> None:
        """Take in a run that was made meanwhile."""
        self._runs[oid] = run

    def check_ends(self, ends: Sequence[Commit]) -> None:
        """Refuse ends whose runs say otherwise.

        Raises:
            InvalidValueError: If there is one.
        """
        terms = []
        for term, commit in zip(("good", "bad"), ends, strict=True):
            run = self.run(commit.id)
            terms.append(term if run is None else self._bound.judge(run))
        if terms == ["bad", "good"]:
            raise InvalidValueError(
                f"by '{self._bound}' good is bad, and bad is good",
                hint="swap --good and --bad, or --min and --max",
            )
        for term, said, commit in zip(("good", "bad"), terms, ends, strict=True):
            run = self.run(commit.id)
            if run is not None and said != term:
                value = run.flat[self._bound.metric]
                raise InvalidValueError(
                    f"{term} '{commit.id[:10]}' is {said} by '{self._bound}'",
                    hint=f"run '{run.id}' has {value:g} there: name another commit, or bound",
                )


class _Search:
    """Asks about commits until one is found."""

    def __init__(
        self, known: _Known, bound: Bound, measure: Measure | None, tell: Tell | None
    ) -> None:
        self._known = known
        self._bound = bound
        self._measure = measure
        self._tell = tell
        self._steps: list[Step] = []

    def until_found(self, session: git_bisect.Bisection, name: str) -> Outcome:
        """Ask until git knows enough."""
        while True:
            outcome = session.outcome()
            if outcome is not None:
                return outcome
            left = session.left()
            wanted = session.next
            if wanted in left or wanted in self._known.commits:
                # Any that a run decides costs nothing, and git may be told of any.
                wanted = next((oid for oid in left if self._known.run(oid)), wanted)
            commit = self._known.commit(wanted)
            run = self._known.run(wanted)
            if run is None and self._measure is None and wanted in left:
                return Outcome(None, (session.bad, *left))
            step = self._stored(commit, run) if run else self._made(session, commit, name)
            self._steps.append(step)
            if self._tell is not None:
                self._tell(step)
            session.tell(step.term, [wanted])

    def _stored(self, commit: Commit, run: RunView) -> Step:
        return Step(commit, self._bound.judge(run), run, run.flat[self._bound.metric])

    def _made(self, session: git_bisect.Bisection, commit: Commit, name: str) -> Step:
        if self._measure is None:
            return Step(commit, "skip", why="it has no run")
        with session.checked_out(commit.id, name) as folder:
            run = self._measure(folder, commit)
        if run is None:
            return Step(commit, "skip", stored=False, why="no run was made")
        value = run.flat.get(self._bound.metric)
        if run.status != "finished":
            return Step(commit, "skip", run, value, stored=False, why=f"the run {run.status}")
        term = self._bound.judge(run)
        if term == "skip":
            return Step(commit, term, run, value, stored=False, why="the run has no such number")
        self._known.add(commit.id, run)
        return Step(commit, term, run, value, stored=False)

    def told(self, outcome: Outcome, ends: Sequence[Commit]) -> Bisected:
        """Return what was found, with the runs beside it."""
        possible = tuple(
            sorted((self._known.commit(oid) for oid in outcome.possible), key=self._known.age)
        )
        if outcome.first_bad is None:
            return Bisected(self._bound, tuple(self._steps), None, possible)
        first = self._known.commit(outcome.first_bad)
        bad = self._known.run(first.id)
        good = self._good_before(ends[0])
        changes = () if bad is None or good is None else hparam_changes(good, bad)
        return Bisected(self._bound, tuple(self._steps), first, possible, bad, good, changes)

    def _good_before(self, good: Commit) -> RunView | None:
        """Return the run of the newest commit that was found good."""
        found = [step.commit for step in self._steps if step.term == "good"]
        for commit in sorted([*found, good], key=self._known.age):
            run = self._known.run(commit.id)
            if run is not None:
                return run
        return None
