"""From spellings to canonical names."""

from __future__ import annotations

import pytest

from vcs_track.errors import ExpressionError, InvalidTypeError
from vcs_track.porcelain.filter import order_by
from vcs_track.porcelain.filter.lexer import tokenize
from vcs_track.porcelain.filter.names import NameBook
from vcs_track.porcelain.filter.nodes import Name

KNOWN = {
    "hparams.lr",
    "hparams.optim.lr",
    "hparams.depth",
    "hparams.env.name",
    "hparams.state",
    "summary.val/acc",
    "summary.acc",
    "results.acc",
    "results.f1",
    "summary.depth",
    "metrics.val/acc.last",
    "metrics.val/acc.max",
    "metrics.a.max.last",
    "git.remote",
}


def resolved(text: str, known: set[str] = KNOWN) -> str:
    """Return the canonical name of what is written."""
    token = tokenize(text)[0]
    return NameBook(known, text).resolve(Name(token.pieces, token.bare)).path


class TestResolve:
    @pytest.mark.parametrize(
        ("text", "path"),
        [
            ("status", "status"),
            ("lr", "hparams.lr"),
            ("optim.lr", "hparams.optim.lr"),
            ("params.lr", "hparams.lr"),
            ("config.optim.lr", "hparams.optim.lr"),
            ("val/acc", "summary.val/acc"),
            ("`val/acc`", "summary.val/acc"),
            ("acc", "summary.acc"),
            ("f1", "results.f1"),
            ("metrics.val/acc", "metrics.val/acc.last"),
            ("metrics.val/acc.min", "metrics.val/acc.min"),
            ("val/acc.max", "metrics.val/acc.max"),
            ("metrics.a.max", "metrics.a.max.last"),
            ('metrics["a.max"]', "metrics.a.max.last"),
            ("metrics.`a.max`.min", "metrics.a.max.min"),
            ("attributes.start_time", "started"),
            ("attributes.run_name", "name"),
            ("username", "user"),
            ("state", "hparams.state"),
            ("env.name", "hparams.env.name"),
            ("git.remote", "git.remote"),
            ("summary_metrics.acc", "summary.acc"),
            ("run.hparams.lr", "hparams.lr"),
            ("run.lr", "hparams.lr"),
            ("run.name", "name"),
            ("flag:lr", "hparams.lr"),
            ("flag:optim.lr", "hparams.optim.lr"),
            ("attr:status", "status"),
            ("scalar:val/acc", "metrics.val/acc.last"),
            ("scalar:acc", "summary.acc"),
        ],
    )
    def test_spelling(self, text: str, path: str) -> None:
        """Prefixes of other tools and names without one find the only meaning."""
        assert path == resolved(text)

    def test_hparam_and_summary_of_one_name_are_ambiguous(self) -> None:
        """Nobody guesses between a setting and an outcome."""
        with pytest.raises(ExpressionError, match="ambiguous") as caught:
            resolved("depth")

        assert "write 'hparams.depth' or 'summary.depth'" == caught.value.hint

    @pytest.mark.parametrize(
        ("text", "near"),
        [
            ("sttaus", "'status'"),
            ("lrr", "'hparams.lr'"),
            ("params.dpth", "'hparams.depth'"),
            ("val/ac", "'summary.val/acc'"),
            ("lr/2", "put blanks"),
        ],
    )
    def test_unknown_name_has_near_ones(self, text: str, near: str) -> None:
        """A misspelt name is an error that names what was meant."""
        with pytest.raises(ExpressionError, match=f"unknown name '{text}'") as caught:
            resolved(text)

        assert near in caught.value.hint

    @pytest.mark.parametrize(
        ("text", "path"),
        [("lr", "lr"), ("params.lr", "hparams.lr"), ("metrics.a", "metrics.a.last")],
    )
    def test_without_runs_every_name_is_taken(self, text: str, path: str) -> None:
        """An empty repository cannot tell a wrong name from a new one."""
        assert path == resolved(text, {"git.remote"})

    def test_attribute_is_checked_without_runs_too(self) -> None:
        """There are no other attributes, whatever the runs hold."""
        with pytest.raises(ExpressionError, match=r"unknown name 'attributes\.foo'"):
            resolved("attributes.foo", set())

    def test_long_name_in_a_large_store_is_refused_fast(self) -> None:
        """Neither the name nor the number of names makes the search for near ones long."""
        known = {f"hparams.{'x' * (i % 40)}{i}" for i in range(20_000)}

        with pytest.raises(ExpressionError) as caught:
            resolved("a" * 9000, known)

        assert 200 > len(caught.value.message)

    def test_one_text_is_no_collection(self) -> None:
        """A text would be taken for its letters."""
        with pytest.raises(InvalidTypeError, match="expected a collection"):
            order_by("lr", "hparams.lr")
