"""Dates as people write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from vcs_track.porcelain.filter.dates import is_relative, span

NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC).timestamp()


def at(*parts: int) -> float:
    """Return a moment in UTC as seconds."""
    return datetime(*parts, tzinfo=UTC).timestamp()  # type: ignore[arg-type,misc]


class TestSpan:
    @pytest.mark.parametrize(
        ("text", "start", "end"),
        [
            ("2026", at(2026, 1, 1), at(2027, 1, 1)),
            ("2026-12", at(2026, 12, 1), at(2027, 1, 1)),
            ("2024-02-29", at(2024, 2, 29), at(2024, 3, 1)),
            ("2026-01-31 14:05", at(2026, 1, 31, 14, 5), at(2026, 1, 31, 14, 6)),
            ("2026-01-31T14:05:06Z", at(2026, 1, 31, 14, 5, 6), at(2026, 1, 31, 14, 5, 7)),
            ("2026-01-31T14:05+01:00", at(2026, 1, 31, 13, 5), at(2026, 1, 31, 13, 6)),
            ("Today", at(2026, 3, 1), at(2026, 3, 2)),
            ("yesterday", at(2026, 2, 28), at(2026, 3, 1)),
            ("now", NOW, NOW),
            ("3 days ago", NOW - 3 * 86400, NOW - 3 * 86400),
            ("an hour ago", NOW - 3600, NOW - 3600),
            (" 2 Weeks  ago ", NOW - 14 * 86400, NOW - 14 * 86400),
        ],
    )
    def test_first_moment_and_first_one_after(self, text: str, start: float, end: float) -> None:
        """Each form stands for the time that it names, whole."""
        assert (start, end) == span(text, now=NOW)

    @pytest.mark.parametrize(
        "text",
        ["", "soon", "2026-02-30", "0000-01-01", "3 days", "2026-1-1", "9999", "-3 days ago"],
    )
    def test_other_texts_are_no_dates(self, text: str) -> None:
        """What is no date gives None, also where the calendar ends."""
        assert span(text, now=NOW) is None

    def test_days_begin_in_the_zone(self) -> None:
        """A date without a zone is a day of the zone that is given."""
        zone = timezone(timedelta(hours=2))

        assert at(2026, 1, 30, 22) == (span("2026-01-31", zone=zone) or (0, 0))[0]


class TestIsRelative:
    def test_only_dates_that_move_are_relative(self) -> None:
        """A calendar date needs no clock."""
        texts = ["now", "today", "Yesterday", "3 days ago", "2026-01-31", "soon"]

        assert texts[:4] == [text for text in texts if is_relative(text)]
