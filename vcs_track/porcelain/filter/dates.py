"""Dates as people write them, as spans of seconds since 1970 UTC."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, tzinfo

__all__ = ["is_relative", "span"]

_ISO = re.compile(
    r"(\d{4})(?:-(\d{2})(?:-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(\.\d{1,6})?)?"
    r"\s*(Z|[+-]\d{2}:?\d{2})?)?)?)?",
    re.ASCII | re.IGNORECASE,
)
_AGO = re.compile(
    r"(\d{1,6}|an?)\s+(second|minute|hour|day|week|month|year)s?\s+ago", re.ASCII | re.IGNORECASE
)
_SECONDS = {
    "second": 1,
    "minute": 60,
    "hour": 3_600,
    "day": 86_400,
    "week": 7 * 86_400,
    "month": 30 * 86_400,
    "year": 365 * 86_400,
}
_DAYS = {"today": 0, "yesterday": 1}


def is_relative(text: str) -> bool:
    """Return whether *text* is a date that depends on the current time."""
    word = text.strip().lower()
    return word == "now" or word in _DAYS or _AGO.fullmatch(word) is not None


def span(text: str, *, now: float = 0.0, zone: tzinfo = UTC) -> tuple[float, float] | None:
    """Return the first moment of *text* and the first one after it.

    A date stands for its whole day, a month for its whole month, a time without seconds
    for its minute. What has no width, as ``3 days ago``, begins and ends at once.

    Args:
        text: ``2026``, ``2026-01``, ``2026-01-31``, ``2026-01-31 14:05[:06][Z|+01:00]``,
            ``now``, ``today``, ``yesterday`` or ``3 days ago`` (also ``an hour ago``).
        now: The current time [s since 1970 UTC], for the last four.
        zone: Where days begin, and what a time without a zone is in.

    Returns:
        Both in seconds since 1970 UTC, or None if *text* is none of these.

    Example:
        >>> from vcs_track.porcelain.filter.dates import span
        >>> span("1970-01-02"), span("2 hours ago", now=10_000.0)
        ((86400.0, 172800.0), (2800.0, 2800.0))
    """
    word = text.strip().lower()
    if word == "now":
        return now, now
    try:
        if word in _DAYS:
            day = datetime.fromtimestamp(now, zone).date() - timedelta(days=_DAYS[word])
            return _midnight(day, zone), _midnight(day + timedelta(days=1), zone)
        if found := _AGO.fullmatch(word):
            count = 1 if found[1].startswith("a") else int(found[1])
            moment = now - count * _SECONDS[found[2].lower()]
            return moment, moment
        if found := _ISO.fullmatch(word):
            return _iso_span(found, zone)
    except (ValueError, OverflowError, OSError):
        return None  # a 31st of February, a year 0
    return None


def _iso_span(found: re.Match[str], zone: tzinfo) -> tuple[float, float]:
    year, month, day = int(found[1]), int(found[2] or 1), int(found[3] or 1)
    start = date(year, month, day)
    if found[2] is None:
        return _midnight(start, zone), _midnight(date(year + 1, 1, 1), zone)
    if found[3] is None:
        after = date(year + month // 12, month % 12 + 1, 1)
        return _midnight(start, zone), _midnight(after, zone)
    if found[4] is None:
        return _midnight(start, zone), _midnight(start + timedelta(days=1), zone)
    return _time_span(found, start, zone)


def _time_span(found: re.Match[str], day: date, zone: tzinfo) -> tuple[float, float]:
    offset = found[8].upper() if found[8] else ""
    clock = f"{found[4]}:{found[5]}:{found[6] or '00'}"
    moment = datetime.fromisoformat(f"{day.isoformat()}T{clock}{offset}")
    if not offset:
        moment = moment.replace(tzinfo=zone)
    start = moment.timestamp()
    if found[7]:
        start += float(found[7])
        return start, start
    return start, start + (1 if found[6] else 60)


def _midnight(day: date, zone: tzinfo) -> float:
    return datetime(day.year, day.month, day.day, tzinfo=zone).timestamp()
