"""Every trick of the corpus is refused, says why, costs little and changes nothing.

``hostile.zip_tricks`` and ``hostile.content_tricks`` make the bundles; ``hostile.trial`` tries
them by the dozen in a process that may have a gigabyte of addresses and no more.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache, partial
from typing import TYPE_CHECKING

import pytest
from hostile import content_tricks, zip_tricks
from hostile.forge import sound
from hostile.trial import SECONDS, Result, trials

if TYPE_CHECKING:
    from hostile.zip_tricks import Trick

_AT_ONCE = 40
_REFUSED = (2, 12)  # of another object format, or damaged
_ANSWERED = (0, 1, 2, 11, 12)
# What is wrong with these is the comment, which a zip of another tool has not.
_IN_THE_COMMENT = ("comment-counts", "a-comment-that-is")


def _foreign() -> dict[str, Trick]:
    """Return the tricks with zips as those of another tool, which are read by other rules."""

    def build(trick: Trick) -> bytes:
        content = zip_tricks.of_another_tool(trick.build())
        assert content is not None
        return content

    return {
        name: replace(trick, build=partial(build, trick))
        for name, trick in zip_tricks.TRICKS.items()
        if not name.startswith(
            (*_IN_THE_COMMENT, "file-", "cut-at", "a-bomb", "a-million", "an-index-that")
        )
        and zip_tricks.of_another_tool(trick.build()) is not None
    }


CORPORA: dict[str, dict[str, Trick]] = {
    "foreign": _foreign(),
    "zip": zip_tricks.TRICKS,
    "content": content_tricks.TRICKS,
    "harmless": content_tricks.HARMLESS,
}


@cache
def _part(corpus: str, number: int) -> dict[str, Result]:
    names = sorted(CORPORA[corpus])[number * _AT_ONCE : (number + 1) * _AT_ONCE]
    bundles = {name: CORPORA[corpus][name].build() for name in names}
    return trials({"sound": sound().write(), **bundles})


def tried(corpus: str, name: str) -> Result:
    """Return what came of one bundle; its neighbours are tried with it."""
    return _part(corpus, sorted(CORPORA[corpus]).index(name) // _AT_ONCE)[name]


def check_refused(trick: Trick, result: Result) -> None:
    """Demand that it was refused for its reason, in time, and that nothing is otherwise."""
    assert result.code in _REFUSED, result.said
    assert re.search(trick.words, result.said), result.said
    assert "\x1b" not in result.said
    assert ([], []) == (result.changed, result.strays)
    assert result.seconds < SECONDS


def test_what_the_tricks_bend_is_sound() -> None:
    """The bundle behind every trick is taken in, and everything that is asked has an answer."""
    result = _part("zip", 0)["sound"]

    assert 0 == result.code, result.said
    assert [] == result.strays
    assert {0, 2, 11} == {code for code, _, _ in result.questions.values()}  # it has no series


@pytest.mark.parametrize("name", sorted(zip_tricks.TRICKS))
def test_a_zip_that_misleads_is_refused(name: str) -> None:
    """What is wrong with the zip is said, nothing is changed, no time or memory is lost.

    A form that an honest tool writes too may also be taken in, as what it would be without.
    Seen to fail without the comparison of local headers with the directory, without the look
    for gaps, and without the limits of entries and growth.
    """
    trick, result = zip_tricks.TRICKS[name], tried("zip", name)
    if trick.honest and result.code == 0:
        same = _part("zip", 0)["sound"].questions["show evil --json"][1]

        assert same == result.questions["show evil --json"][1]
        assert [] == result.strays
    else:
        check_refused(trick, result)


@pytest.mark.parametrize("name", sorted(CORPORA["foreign"]))
def test_a_zip_of_another_tool_that_misleads_is_refused(name: str) -> None:
    """The rules for zips that were zipped again forgive what is honest, and nothing else.

    Seen to fail while a folder could have bytes in it.
    """
    trick, result = CORPORA["foreign"][name], tried("foreign", name)
    if trick.honest and result.code == 0:
        same = _part("zip", 0)["sound"].questions["show evil --json"][1]

        assert same == result.questions["show evil --json"][1]
        assert [] == result.strays
    else:
        check_refused(replace(trick, words=f"not a bundle|{trick.words}"), result)


@pytest.mark.parametrize("name", sorted(content_tricks.TRICKS))
def test_contents_that_lie_are_refused(name: str) -> None:
    """What is wrong inside of a sound zip is said, nothing is changed, nothing is lost.

    Seen to fail without the check of chunks against their columns, of members against their
    types, of sets against colliding hashes, and without the limit of values in a document.
    """
    check_refused(content_tricks.TRICKS[name], tried("content", name))


@pytest.mark.parametrize("corpus", ["zip", "foreign", "content"])
@pytest.mark.timeout(300)
def test_verify_refuses_what_import_refuses(corpus: str) -> None:
    """Who only looks at a bundle is told the same as who takes it in."""
    found = {name: tried(corpus, name) for name in CORPORA[corpus]}
    verdicts = {name: result.verdict for name, result in found.items() if result.verdict}
    # A bundle of another object format is sound in itself.
    other = {"another-object-format"}

    wrong = {
        name: verdict
        for name, verdict in verdicts.items()
        if name not in other and verdict[0] not in _REFUSED and found[name].code != 0
    }
    assert {} == wrong


@pytest.mark.parametrize("name", sorted(content_tricks.HARMLESS))
def test_what_is_odd_and_harmless_is_taken_in(name: str) -> None:
    """Odd values, names and media come in, and no question about them fails or rules the screen."""
    result = tried("harmless", name)
    escaped = {
        question: said
        for question, (code, said, seconds) in result.questions.items()
        if code not in _ANSWERED or "\x1b" in said or seconds > SECONDS
    }

    assert 0 == result.code, result.said
    assert {} == escaped
    assert [] == result.strays
    assert 0 == result.questions["fsck"][0]
