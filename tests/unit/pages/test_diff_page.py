"""Tests of ``vcs_track.pages.diff_page`` and ``diff_markdown``."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings, strategies as st
from pages.pair import png

import vcs_track
from vcs_track.errors import ObjectNotFoundError
from vcs_track.pages import diff_page as pages
from vcs_track.pages.diff_markdown import diff_markdown
from vcs_track.pages.diff_page import diff_page
from vcs_track.porcelain.diff import Blob, Diff, HparamChange, MediaChange, TextChange

if TYPE_CHECKING:
    from collections.abc import Callable

    from vcs_track import Repository

__all__: list[str] = []

EMPTY = {"meta", "link", "img", "br", "line", "path"}


class Outline(HTMLParser):
    """What a browser would make of a page, as far as it matters here."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.handlers: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        self.handlers += [name for name, _ in attrs if name.startswith("on")]
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    repo = vcs_track.init(tmp_path_factory.mktemp("runs"))
    for name in ("a", "b"):
        repo.start_run(name).finish()
    return repo


def made(repo: Repository, *changes: object) -> Diff:
    return Diff(repo.run("a"), repo.run("b"), tuple(changes))  # type: ignore[arg-type]


def gone(_: object) -> bytes:
    raise ObjectNotFoundError("object '1234' is not here", oid="1234")


def blob(mime: str) -> tuple[Blob, ...]:
    return (Blob("x1-" + "0" * 32, 100, mime),)


class TestHostile:
    @settings(max_examples=50)
    @given(st.text(max_size=30), st.text(max_size=30))
    def test_any_text_stays_text(self, repo: Repository, name: str, value: str) -> None:
        """Whatever a name and a value are, the page is well formed and runs nothing."""
        diff = made(repo, HparamChange(name, "changed", value, f"<script>{value}</script>"))
        outline = Outline(diff_page(diff))

        assert [] == outline.open
        assert [] == outline.handlers
        assert not {"script", "iframe", "object", "embed", "base", "form"} & {*outline.seen}

    def test_names_of_runs_are_text_too(self) -> None:
        """The title, the heads and the legend show a name as it is."""
        repo = vcs_track.init()
        for name, y in (("<script>x</script>", 1.0), ("</title>&", 2.0)):
            with repo.start_run(name, notes="<img src=x>", tags=["<b>"]) as run:
                run.add_scalar("<svg onload=x>", y, 0)
                run.add_scalar("<svg onload=x>", y, 1)
        outline = Outline(diff_page(repo.diff("@{-1}", "@")))

        assert [] == outline.open
        assert [] == outline.handlers
        assert "img" not in outline.seen
        assert 1 == outline.seen.count("title") - outline.seen.count("g") - outline.seen.count(
            "svg"
        )


class TestUnreadable:
    @pytest.mark.parametrize(
        ("change", "mime"), [(TextChange, "text/plain"), (TextChange, "text/html"),
                             (MediaChange, "image/png")],
    )  # fmt: skip
    def test_bytes_that_are_not_here(
        self, change: type[TextChange], mime: str, repo: Repository
    ) -> None:
        """A missing blob leaves its place with a word, and the rest of the document."""
        broken = change("x @ 1", "changed", blob(mime), blob(mime), "x", 1, (gone, gone))
        diff = made(repo, broken, HparamChange("lr", "added", None, 1))

        assert "<code>lr</code>" in diff_page(diff)
        assert "`lr`" in diff_markdown(diff)
        assert "`x @ 1`" in diff_markdown(diff)
        assert "not here" in diff_page(diff)

    def test_bytes_that_are_no_image(self, repo: Repository) -> None:
        """What only calls itself an image has no picture of a difference."""

        def read(_: object) -> bytes:
            return b"no image"

        odd = MediaChange(
            "x", "changed", blob("image/png"), blob("image/png"), "x", None, (read, read)
        )

        assert "difference" not in diff_page(made(repo, odd))


class TestHistograms:
    def test_are_drawn_over_one_another(self) -> None:
        """Both outlines stand in one chart, with how many samples each has."""
        repo = vcs_track.init()
        for name, counts in (("a", [1, 2]), ("b", [3, 4])):
            with repo.start_run(name) as run:
                run.add_histogram("weights", counts, [0.0, 0.5, 1.0], step=0)
        text = diff_page(repo.diff("a", "b", only="media"))

        assert 2 == text.count('class="curve')
        assert ["3 samples", "7 samples"] == re.findall(r"[37] samples(?=</div>)", text)

    @pytest.mark.parametrize(
        "body",
        [b"", b"[]", b"nothing", b'{"counts":[1]}', b'{"counts":[-1],"edges":[0,1]}',
         b'{"counts":' + b"[1]" * 1000 + b"}"],
    )  # fmt: skip
    def test_what_is_none_is_a_row(self, body: bytes, repo: Repository) -> None:
        """Damaged ones are named in the table, and nothing is drawn."""

        def read(_: object) -> bytes:
            return body

        json = blob("application/json")
        diff = made(repo, MediaChange("w", "changed", json, json, "w", 0, (read, read)))

        assert "<code>w</code>" in diff_page(diff)
        assert "<svg" not in diff_page(diff)


class TestTooMuch:
    def test_large_images_are_left_out(
        self, repo: Repository, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A page has a limit of what is embedded, and says what is not."""
        monkeypatch.setattr(pages, "_EMBEDDED", 3000)

        def read(_: object) -> bytes:
            return png([[0, 255], [255, 0]])

        images = [
            MediaChange(f"x @ {n}", "added", None, blob("image/png"), "x", n, (read, read))
            for n in range(5)
        ]
        text = diff_page(made(repo, *images))

        assert 2 == text.count("<img ")
        assert 3 == text.count("left out, for the page would be too large")

    @pytest.mark.parametrize(
        ("kind", "mime"), [(TextChange, "text/plain"), (MediaChange, "image/png")]
    )
    def test_many_texts_and_images(
        self, kind: type[TextChange], mime: str, repo: Repository, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Only so many are read for a page, and all are named."""
        monkeypatch.setattr(pages, "_LOOKS", 5)
        read: set[int] = set()

        def reader(n: int) -> Callable[[object], bytes]:
            def taken(_: object) -> bytes:
                read.add(n)
                return png([[n]])

            return taken

        blobs = blob(mime)
        changes = [
            kind(f"x @ {n}", "changed", blobs, blobs, "x", n, (reader(n), reader(n)))
            for n in range(50)
        ]
        text = diff_page(made(repo, *changes))

        assert {*range(5)} == read
        assert all(f"<code>x @ {n}</code>" in text for n in range(50))

    def test_many_series(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The series that tell most have charts, the others stand in a table."""
        monkeypatch.setattr(pages, "_CHARTS", 3)
        repo = vcs_track.init()
        for factor in (1, 2):
            with repo.start_run("ab"[factor - 1]) as run:
                for n in range(10):
                    run.add_scalar(f"loss{n}", 1 + n * factor, 0)
                    run.add_scalar(f"loss{n}", 1 + n * factor, 1)
        text = diff_page(repo.diff("a", "b", only="series"))

        assert ["loss7", "loss8", "loss9"] == re.findall(r"<figure><h3><code>(\w+)", text)
        assert "6 more series, without charts" in text

    def test_long_lists_are_folded(self, repo: Repository) -> None:
        """In Markdown twenty rows of a kind are above the fold, the rest below it."""
        rows = [HparamChange(f"h{n}", "added", None, n) for n in range(50)]
        text = diff_markdown(made(repo, *rows))
        above, _, below = text.partition("<details><summary>30 more hyperparameters</summary>")

        assert (20, 30) == (above.count("| `+` |"), below.count("| `+` |"))
        assert "</details>" in below

    @pytest.mark.parametrize("most", [2000, 5000, 65_000])
    def test_never_too_long(self, most: int, repo: Repository) -> None:
        """Whatever differs, Markdown has at most so many characters, and says what is missing."""

        def read(_: object) -> bytes:
            return b"line\n" * 5000

        texts = [
            TextChange(f"t{n}", "added", None, blob("text/plain"), "t", n, (gone, read))
            for n in range(40)
        ]
        rows = [HparamChange("h" * 200 + str(n), "added", None, "|" * 200) for n in range(500)]
        text = diff_markdown(made(repo, *rows, *texts), most=most)

        assert len(text) <= most
        assert "Left out, for it would be too long:" in text
        assert text.count("<details>") == text.count("</details>")
