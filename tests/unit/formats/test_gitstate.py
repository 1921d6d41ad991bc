"""The bytes of git status, read exactly."""

from __future__ import annotations

from hypothesis import given, strategies as st

from vcs_track.formats.gitstate import GitState, GitUnreadable, parse_status

HEADER = (
    b"# branch.oid " + b"a" * 40,
    b"# branch.head main",
    b"# branch.upstream origin/main",
    b"# branch.ab +12 -3",
    b"# stash 4",
)
CHANGED = b"1 .M N... 100644 100644 100644 " + b"b" * 40 + b" " + b"b" * 40 + b" "
RENAMED = b"2 R. N... 100644 100644 100644 " + b"b" * 40 + b" " + b"b" * 40 + b" R100 "

names = st.binary(min_size=1).filter(lambda name: b"\0" not in name)


def joined(*entries: bytes) -> bytes:
    return b"".join(entry + b"\0" for entry in entries)


class TestParseStatus:
    def test_header(self) -> None:
        """Every line of the header finds its field; unknown ones are passed over."""
        state, branch = parse_status(joined(*HEADER), root="/r")

        assert GitState("/r", "a" * 40, "main", "origin/main", 12, 3) == state
        assert b"main" == branch

    def test_nothing_known(self) -> None:
        """No output is a state in which nothing is known."""
        assert (GitState("/r", None, None), None) == parse_status(b"", root="/r")

    def test_placeholders(self) -> None:
        """A detached HEAD, a branch without commit and unknown counts become None."""
        out = joined(b"# branch.oid (initial)", b"# branch.head (detached)", b"# branch.ab +? -?")

        assert GitState("/r", None, None) == parse_status(out, root="/r")[0]

    def test_bytes_that_are_not_utf8(self) -> None:
        """The kept name is text, the returned one is exact."""
        state, branch = parse_status(b"# branch.head gr\xfcn\0", root="/r")

        assert ("gr\ufffdn", b"gr\xfcn") == (state.branch, branch)

    @given(new=st.lists(names), changed=st.lists(names), renamed=st.lists(st.tuples(names, names)))
    def test_names_are_never_taken_for_lines(
        self, new: list[bytes], changed: list[bytes], renamed: list[tuple[bytes, bytes]]
    ) -> None:
        """Whatever the files are called, counts and header come out right."""
        out = joined(
            *HEADER,
            *(CHANGED + name for name in changed),
            *(part for name, old in renamed for part in (RENAMED + name, old)),
            *(b"? " + name for name in new),
        )
        state, _ = parse_status(out, root="/r")

        assert (bool(changed or renamed), len(new)) == (state.dirty, state.untracked)
        assert ("main", 12) == (state.branch, state.ahead)


class TestToJson:
    def test_root_is_left_out(self) -> None:
        """A manifest keeps every field but what is local: the folder, and the paths in it."""
        kept = GitState("/home/me/r", "a" * 40, "main").to_json()

        assert "/home/me/r" not in kept.values()
        assert GitState.__slots__[1:-1] == tuple(kept)
        assert "changes" == GitState.__slots__[-1]

    def test_reason_is_kept(self) -> None:
        """Where there is no state, the manifest says why."""
        assert {"unreadable": "why"} == GitUnreadable("why", "hint").to_json()
