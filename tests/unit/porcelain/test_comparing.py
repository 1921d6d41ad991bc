"""Which runs a user means by the two sides of a comparison."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import vcs_track
from vcs_track.errors import (
    AmbiguousRunError,
    ExpressionError,
    InvalidTypeError,
    InvalidValueError,
    RunNotFoundError,
)

if TYPE_CHECKING:
    from pathlib import Path

    from vcs_track import Repository

__all__: list[str] = []

A = ("a0", "a1", "a2")
B = ("b0", "b1", "b2")


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    """Return a repository with two groups of three runs; B is better."""
    repo = vcs_track.init(tmp_path).with_defaults(capture_git=False)
    for seed in range(3):
        for group, acc in (("a", 0.5), ("b", 0.9 + seed / 50)):
            params = {"model": f"net-{group}", "seed": seed}
            with repo.start_run(
                f"{group} run", id=f"{group}{seed}", group=f"grp {group}", hparams=params
            ) as run:
                run.add_scalars({"val/acc": acc + seed**2 / 100, "loss": 1}, step=0)
    return repo


class TestSides:
    @pytest.mark.parametrize(
        "text",
        ["model = net-b", "hparams.model in ('net-b')", "grp b", "b run", "b0,b1, b2",
         "id like 'b%'", "group = 'grp b'"],
    )  # fmt: skip
    def test_texts(self, repo: Repository, text: str) -> None:
        """A side is a filter, a group, a name that several runs have, or names with commas."""
        found = repo.compare("model = net-a", text, over="seed")

        assert (set(A), set(B)) == (set(found.a.ids), set(found.b.ids))
        assert (text, "hparams.seed", 3) == (found.b.text, found.over, found.differences[0].pairs)
        assert ("better", ()) == (found.differences[0].verdict, found.warnings)

    def test_objects(self, repo: Repository) -> None:
        """Sets, runs and lists of runs are sides too; a run that is named twice counts once."""
        lists: list[Any] = [
            repo.runs("model = net-b"),
            list(repo.runs("model = net-b")),
            [*B, "b0"],
        ]

        assert [set(B)] * 3 == [set(repo.compare("grp a", each).b.ids) for each in lists]

    def test_prefixes_and_places(self, repo: Repository) -> None:
        """Whatever names a run elsewhere names it here."""
        assert ("b2",) == repo.compare("a0", "@").b.ids

    def test_a_name_that_is_a_group_too(self, repo: Repository) -> None:
        """Where a word may mean two sets it is not guessed."""
        repo.start_run("grp a", id="x").finish()

        with pytest.raises(AmbiguousRunError) as caught:
            repo.compare("grp a", "grp b")
        assert "group = 'grp a'" in caught.value.hint

    @pytest.mark.parametrize(
        ("text", "error", "message"),
        [
            ("nope", RunNotFoundError, "no run matches 'nope'"),
            ("a0,nope", RunNotFoundError, "no run matches 'nope'"),
            ("", RunNotFoundError, "no run matches ''"),
            ("model = nope", RunNotFoundError, "no run matches 'model = nope'"),
            ("model =", ExpressionError, "expected a name or a value"),
            ("mdel = net-a", ExpressionError, "unknown name 'mdel'"),
            ("model = net-b", InvalidValueError, "is on both sides"),
            ([], RunNotFoundError, "no run matches"),
            (5, InvalidTypeError, "a side"),
        ],
    )  # fmt: skip
    def test_wrong_sides(
        self, repo: Repository, text: Any, error: type[Exception], message: str
    ) -> None:
        """A side without runs, or with a mistake, is a clear error."""
        with pytest.raises(error, match=message):
            repo.compare(text, "model = net-b")


class TestNames:
    def test_main_number_by_default(self, repo: Repository) -> None:
        """Held-out data tells most."""
        found = repo.compare("grp a", "grp b")

        assert ["summary.val/acc"] == [one.metric for one in found.differences]

    def test_several_numbers(self, repo: Repository) -> None:
        """Each number has its result, in the order asked for."""
        found = repo.compare("grp a", "grp b", metric=["loss", "metrics.val/acc.max"])

        assert [("summary.loss", "not tested"), ("metrics.val/acc.max", "better")] == [
            (one.metric, one.verdict) for one in found.differences
        ]

    @pytest.mark.parametrize(
        ("how", "error"),
        [
            ({"over": "sed"}, ExpressionError), ({"metric": "val/ac"}, ExpressionError),
            ({"metric": "model"}, ExpressionError), ({"better": "more"}, InvalidValueError),
            ({"over": "seed, model"}, InvalidValueError), ({"over": 5}, InvalidTypeError),
            ({"metric": [5]}, InvalidTypeError),
        ],
        ids=str,
    )  # fmt: skip
    def test_wrong_names(
        self, repo: Repository, how: dict[str, Any], error: type[Exception]
    ) -> None:
        """Names are checked as in filters."""
        with pytest.raises(error):
            repo.compare("grp a", "grp b", **how)

    def test_what_is_compared_is_no_warning(self, repo: Repository) -> None:
        """The filters say what is compared; what else differs is warned of."""
        repo.start_run("c", id="c", hparams={"model": "net-c", "seed": 9, "lr": 3}).finish()
        found = repo.compare("model = net-a", "model = net-c", metric="val/acc")

        assert [one for one in found.warnings if "differ in" in one] == [
            "A and B also differ in hparams.lr"
        ]

    def test_a_live_run_is_compared_with_a_warning(self, repo: Repository) -> None:
        """What goes on can be looked at, and is said not to be finished."""
        run = repo.start_run("live", id="live", hparams={"model": "net-c", "seed": 1})
        run.add_scalar("val/acc", 0.5, 0)
        found = repo.compare("grp a", "live")
        run.finish()

        assert "1 of 1 runs of B did not finish: live (running)" in found.warnings
        assert "not tested" == found.differences[0].verdict
