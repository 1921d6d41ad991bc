"""Names that a stranger chose never become a path outside of where a command may write."""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
from contextlib import chdir
from pathlib import Path
from typing import Any

from hostile.content_tricks import series
from hostile.trial import picture
from hypothesis import given, settings, strategies as st

import vcs_track
from vcs_track.cli.main import run
from vcs_track.formats import canonical
from vcs_track.formats.manifest import MediaItem
from vcs_track.formats.typed_json import freeze

NASTY = [
    "../evil", "../../evil", "/tmp/vcs-track-evil", "..", ".", "a/../../evil", "-rf", "--help", "~", "~/evil",
    "$HOME", "`touch evil`", "$(touch evil)", "; touch evil", "| touch evil", "a\nb", "\x1b]0;owned\x07",
    "C:\\evil", "..\\evil", "\\\\host\\evil", "con", "nul.txt", ".git", ".git/hooks/post-checkout", ".runs/FORMAT",
    "a" * 300, "a/" * 100, "\u202egpj.evil", "e\u0301", "\u00e9", "%2e%2e%2fevil", "evil\0.png", " ", "*", "?", "heads",
]  # fmt: skip
names = st.one_of(
    st.sampled_from(NASTY),
    st.lists(st.sampled_from(["..", "/", "\\", ".", "evil", ".git", "\0", "\n", "-", " "]), max_size=6)
    .map("".join),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
)  # fmt: skip
MODES = ("100644", "100755", "120000")


def bundle(chosen: list[str], mode: str) -> bytes:
    """Return a bundle in which every name is one of *chosen*."""
    name, tag, media, key, path, target = chosen
    forge = series()
    oid = next(o for o, d in forge.objects.items() if d.startswith(b'{"@":"scalars/1"'))
    (one,) = canonical.loads(forge.objects.pop(oid))["series"].values()
    forge.heads.clear()
    blob = forge.blob(b"hello")
    kinds: list[tuple[str, dict[str, Any]]] = [
        ("image", {"tag": media}), ("file", {"name": media}), ("text", {"tag": media}),
        ("console", {"name": media}),
    ]  # fmt: skip
    items = [MediaItem(kind, blob, 5, "image/png", 1, **more).to_json() for kind, more in kinds]
    tree = "a" * 40
    code = {
        "@": "code/1", "tree": tree, "hash": "sha1", "commit": None, "gone": [], "left_out": [],
        "files": [
            {"p": path, "m": mode, "g": "b" * 40, "o": forge.blob(target.encode()),
             "s": len(target.encode())},
            {"p": f"{path}2", "m": "100644", "g": "b" * 40, "o": blob, "s": 5},
        ],
    }  # fmt: skip
    body = {"@": "scalars/1", "series": {tag: one, "a": one}}
    return forge.run(
        name=name, tags=[tag], group=name, project=name, job_type=tag, notes=name,
        scalars=forge.json(body), media=forge.json({"@": "media/1", "items": items}),
        hparams=forge.json({"@": "hparams/1", "v": freeze({key: key})}), code=forge.json(code),
        git={"commit": "c" * 40, "tree": tree, "branch": name, "remote": name},
        command={"argv": [name, tag], "cwd": path, "script": path, "inputs": {}},
    ).write()  # fmt: skip


COMMANDS = [
    ("import", "x.zip"), ("ls",), ("ls", "--json"), ("show", "evil"), ("show", "evil", "--json"),
    ("log",), ("export", "evil", "-o", "out.zip"), ("export", "evil", "--tree", "folders"),
    ("code", "evil"), ("restore", "evil", "--worktree", "restored"), ("whence", "x.zip"), ("fsck",),
    ("verify", "out.zip"), ("convert", "other", "--object-format", "xxh128"),
]  # fmt: skip
MAY_WRITE = ("repo/.runs/", "repo/out.zip", "repo/folders", "repo/restored", "repo/other")


def command(words: tuple[str, ...]) -> object:
    """Run one command; return its exit code."""
    try:
        return run(words)
    except SystemExit as leaving:
        return leaving.code


@settings(max_examples=40)
@given(st.lists(names, min_size=6, max_size=6), st.sampled_from(MODES))
def test_no_name_leads_outside(chosen: list[str], mode: str) -> None:
    """Through every command that writes, files appear where they may and nowhere else.

    Links that the code of a run has are made as they are, and nothing is written through them.
    Seen to fail when plain folders took a tag for the name of a file.
    """
    content = bundle(chosen, mode)
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(os.path.realpath(scratch))
        (place / "repo").mkdir()
        (place / "evil").write_text("as it was")
        vcs_track.init(place / "repo")
        (place / "repo" / "x.zip").write_bytes(content)
        before = picture(place)
        said = io.StringIO()
        with (
            chdir(place / "repo"), contextlib.redirect_stdout(said),
            contextlib.redirect_stderr(said),
        ):  # fmt: skip
            codes = [command(words) for words in COMMANDS]
        after = picture(place)

    different = {name for name in {**before, **after} if before.get(name) != after.get(name)}
    assert set() == {name for name in different if not name.startswith(MAY_WRITE)}
    assert set(codes) <= {0, 1, 2, 11, 12}
    assert "\x1b" not in said.getvalue()
    assert not Path("/tmp/vcs-track-evil").exists()


def test_the_names_come_in() -> None:
    """With names that only look dangerous every command does its work: the property sees them."""
    content = bundle(["../evil", "../evil", "../../evil", "../evil", "sub/a.py", "/etc"], "120000")
    with tempfile.TemporaryDirectory() as scratch, chdir(scratch):
        vcs_track.init(scratch)
        Path("x.zip").write_bytes(content)
        codes = {words[0]: command(words) for words in COMMANDS if words[0] != "whence"}
        assert Path("restored/sub/a.py").is_symlink()

    # The tree that the stranger named is not that of the files.
    assert 1 == codes.pop("restore")
    assert {0} == set(codes.values())
