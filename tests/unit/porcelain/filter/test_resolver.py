"""What a filter means once the names are known."""

from __future__ import annotations

import pytest

from vcs_track.errors import ExpressionError, InvalidTypeError, InvalidValueError
from vcs_track.porcelain.filter import parse, resolve, to_text

KNOWN = {
    "hparams.lr",
    "hparams.optimizer",
    "hparams.sgd",
    "summary.acc",
    "metrics.acc.max",
    "env.python",
}
NOW = 1_000_000_000.0


def resolved(text: str) -> str:
    """Return what is left of *text*, as text."""
    return to_text(resolve(parse(text), KNOWN).at(NOW).tree)


class TestWords:
    @pytest.mark.parametrize(
        ("text", "meaning"),
        [
            ("optimizer = adam", "hparams.optimizer = 'adam'"),
            ("optimizer = sgd", "hparams.optimizer = hparams.sgd"),
            ("optimizer in (adam, 'sgd')", "hparams.optimizer in ('adam', 'sgd')"),
            ("best in tags", "tags contains 'best'"),
            ("tags contains best", "tags contains 'best'"),
            ("env.python = 3.11.7", "env.python = '3.11.7'"),
            ("commit = 3f9a1c", "commit = '3f9a1c'"),
            ("status = FINISHED", "status = 'finished'"),
        ],
    )
    def test_bare_word_that_is_no_name_is_a_text(self, text: str, meaning: str) -> None:
        """On the right of a comparison a word needs no quotes, unless it is a name."""
        assert meaning == resolved(text)

    @pytest.mark.parametrize(
        "text",
        ["adam = optimizer", "lr > foo + 1", "lr = hparams.foo", "lr = `foo`", "duration > foo"],
    )
    def test_word_elsewhere_is_an_unknown_name(self, text: str) -> None:
        """A prefix, quotes, arithmetic or a number beside it ask for a name."""
        with pytest.raises(ExpressionError, match="unknown name"):
            resolved(text)


class TestQuotedValues:
    @pytest.mark.parametrize(
        ("text", "meaning"),
        [
            ("params.lr = '0.1'", "hparams.lr in ('0.1', 0.1)"),
            ("params.lr != '1'", "not hparams.lr in ('1', 1)"),
            ("params.lr = 'True'", "hparams.lr in ('True', true)"),
            ("lr in ('0.1', 'x')", "hparams.lr in ('0.1', 0.1, 'x')"),
            ("name = '5'", "name = '5'"),
        ],
    )
    def test_quoted_number_equals_both(self, text: str, meaning: str) -> None:
        """MLflow quotes every parameter, so a quoted number is looked up as both."""
        assert meaning == resolved(text)

    @pytest.mark.parametrize(
        ("text", "position"),
        [
            ("lr < '0.1'", 5),
            ("'0.1' > lr", 0),
            ("id = 5", 5),
            ("'5' = duration", 0),
            ("metrics.acc.max > 'x'", 18),
            ("dirty = 1", 8),
            ("lr < true", 5),
            ("tags > 'a'", 7),
            ("tags in (1, 'a')", 9),
            ("name contains 5", 14),
            ("created = soon", 10),
            ("created = '2026-02-30'", 10),
            ("created = true", 10),
            ("lr + 'a' > 1", 5),
            ("name + 1 > 1", 0),
            ("duration like 'x'", 0),
            ("created contains '2026'", 0),
        ],
    )
    def test_what_could_never_match_is_an_error(self, text: str, position: int) -> None:
        """A type that no run can have is pointed at."""
        with pytest.raises(ExpressionError) as caught:
            resolved(text)

        assert position == caught.value.position


class TestDates:
    @pytest.mark.parametrize(
        ("text", "meaning"),
        [
            ("created < '1970-01-02'", "created < 86400.0"),
            ("created <= '1970-01-02'", "created < 172800.0"),
            ("created > 1970-01-02", "created >= 172800.0"),
            ("created >= '1970-01-02'", "created >= 86400.0"),
            ("'1970-01-02' <= created", "created >= 86400.0"),
            ("created = '1970-01-02'", "created >= 86400.0 and created < 172800.0"),
            ("created != '1970-01-02'", "created < 86400.0 or created >= 172800.0"),
            ("ended > '10 seconds ago'", "ended > 999999990.0"),
            ("started > now", "started > 1000000000.0"),
            ("started in ('10 seconds ago')", "started = 999999990.0"),
            ("created > 5", "created > 5"),
            ("name > '2026-01-31'", "name > '2026-01-31'"),
        ],
    )
    def test_day_is_before_around_or_after(self, text: str, meaning: str) -> None:
        """Dates become numbers, and a day counts as a whole."""
        assert meaning == resolved(text)

    def test_relative_date_needs_the_time(self) -> None:
        """Without a clock there is no '3 days ago'."""
        with pytest.raises(InvalidValueError, match="depends on the current time"):
            resolve(parse("created > '3 days ago'"), KNOWN).matches({"created": 0.0})

    def test_relative_date_moves_with_the_time(self) -> None:
        """One filter is asked at many moments."""
        found = resolve(parse("not created < yesterday"), KNOWN)
        row = {"created": 100_000.0}

        assert [True, True, False] == [
            found.matches(row, now=day * 86_400.0) for day in (1.0, 2.5, 3.0)
        ]


class TestFilter:
    def test_keeps_its_text(self) -> None:
        """Errors later on point into what the user wrote."""
        assert "acc>.9" == resolve(parse("acc>.9"), KNOWN).text

    def test_is_resolved_once(self) -> None:
        """Resolving again changes nothing."""
        once = resolve(parse("acc > 0.9"), KNOWN)

        assert once is resolve(once, set())

    def test_unresolved_filter_is_not_asked(self) -> None:
        """A filter that nobody resolved raises instead of matching nothing."""
        with pytest.raises(InvalidValueError, match="not resolved"):
            parse("acc > 0.9").matches({})

    def test_cannot_be_changed(self) -> None:
        """A filter is a value."""
        with pytest.raises(AttributeError):
            parse("acc > 0.9").text = "x"  # type: ignore[misc]

    def test_text_is_no_filter(self) -> None:
        """A text has to be parsed first."""
        with pytest.raises(InvalidTypeError, match="expected a Filter"):
            resolve("acc > 0.9", KNOWN)  # type: ignore[arg-type]

    def test_names_come_once_in_order(self) -> None:
        """Every name that is asked for is listed."""
        found = resolve(parse("acc > lr and (dirty or acc < 1)"), KNOWN).names()

        assert ["summary.acc", "hparams.lr", "dirty"] == [name.path for name in found]
