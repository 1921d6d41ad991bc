"""Zips that mislead: one function a trick, its docstring says what is wrong with it.

Each takes a sound bundle and bends it. `TRICKS` has them by name, with the words that the refusal
must have. What an honest tool may have written as well, who zipped an unpacked bundle again, is
marked so: it is refused, or taken in as what it would be if it were not bent.
"""

from __future__ import annotations

import re
import struct
import zlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hostile.archive import Archive, Member
from hostile.forge import NOWHERE, sound

if TYPE_CHECKING:
    from collections.abc import Callable

    Build = Callable[[], bytes]

__all__ = ["TRICKS", "Trick", "of_another_tool"]


@dataclass(frozen=True)
class Trick:
    """One bundle that must not be believed.

    Attributes:
        build: Makes it.
        words: A pattern that the refusal matches.
        wrong: What is wrong with it.
        honest: Whether another tool may have written the like.
    """

    build: Build
    words: str
    wrong: str
    honest: bool = False


TRICKS: dict[str, Trick] = {}


def of_another_tool(content: bytes) -> bytes | None:
    """Return a bundle without the comment that says whose it is; None if it has none.

    Such a zip is read by other rules, which forgive what honest tools do.
    """
    end = re.search(rb"(?s)(PK\x05\x06.{16})..vt1 n=\d+\Z", content[-64:])
    return content[: len(content[:-64]) + end.end(1)] + b"\0\0" if end else None


def trick(words: str, *, honest: bool = False) -> Callable[[Build], Build]:
    """Enter a function into the corpus."""

    def enter(build: Build) -> Build:
        assert build.__doc__
        name = build.__name__.replace("_", "-")
        TRICKS[name] = Trick(build, words, build.__doc__.partition("\n")[0], honest)
        return build

    return enter


def many(name: str, words: str, wrong: str, build: Build, *, honest: bool = False) -> None:
    """Enter one of several of a kind."""
    assert name not in TRICKS
    TRICKS[name] = Trick(build, words, wrong, honest)


def archive(**changes: object) -> Archive:
    """Return a sound bundle as an archive, with some attributes otherwise."""
    return replace(Archive(sound().members()), **changes)  # type: ignore[arg-type]


def bent(which: bytes, **changes: object) -> Archive:
    """Return a sound bundle in which the first entry that begins with *which* is otherwise."""
    found = archive()
    place = next(i for i, m in enumerate(found.members) if m.name.startswith(which))
    found.members[place] = found.members[place].but(**changes)
    return found


def added(member: Member, *, first: bool = False) -> bytes:
    """Return a sound bundle with one entry more."""
    found = archive()
    found.members.insert(0 if first else len(found.members), member)
    return found.write()


DAMAGED = "damaged|another format|differs|disagree|not one of a pack|end record|no entry"
OVERLAP = "no entry of a bundle|overlaps|gap|twice|two entries|differs|disagree|not one of a pack|sorted|damaged"
NAME = "another format|no entry of a bundle|not the name of a head|not named by|damaged|sorted|does not end with|not one of a pack|cannot|counts"


# ---- where entries stand ---------------------------------------------------------------


@trick(OVERLAP)
def two_records_over_one_entry() -> bytes:
    """Two names for the same bytes."""
    found = archive()
    last = found.members[-1]
    twin = last.but(name=b"objects/" + NOWHERE.encode(), written=False)
    content = Archive([*found.members, twin])
    # Its record says that it stands where the other does.
    at = sum(len(member.entry()) for member in found.members[:-1])
    content.members[-1] = twin.but(record={"offset": at})
    return content.write()


@trick(OVERLAP)
def twenty_records_over_one_entry() -> bytes:
    """A few bytes that would be read twenty times."""
    found = archive()
    at = sum(len(member.entry()) for member in found.members[:-1])
    last = found.members[-1]
    twins = [
        last.but(name=b"objects/%064x" % n, written=False, record={"offset": at})
        for n in range(20)
    ]
    return Archive([*found.members, *twins]).write()


@trick(OVERLAP)
def an_entry_inside_another() -> bytes:
    """The data of one entry holds the local header of the next."""
    inner = Member(b"objects/" + NOWHERE.encode(), b"inside")
    outer = Member(b"README.txt", b"x" * 10 + inner.entry() + b"x" * 10)
    rest = sound().members()[1:]
    at = 30 + len(outer.name) + 10
    return Archive([outer, *rest, inner.but(written=False, record={"offset": at})]).write()


@trick(OVERLAP)
def an_entry_that_nobody_lists() -> bytes:
    """Bytes between two entries that no record names."""
    found = archive()
    hidden = Member(b"objects/" + NOWHERE.encode(), b"hidden", listed=0)
    found.members.insert(2, hidden)
    return found.write()


@trick("gap|overlaps|bytes stand between")
def a_gap_between_entries() -> bytes:
    """Bytes behind an entry that belong to none."""
    return bent(b"README", behind=b"between").write()


@trick("bytes stand between|gap")
def a_gap_before_the_directory() -> bytes:
    """Bytes behind the last entry that belong to none."""
    return archive(gap=b"between").write()


@trick("overlaps|gap|does not stand|damaged")
def bytes_in_front() -> bytes:
    """A program stands in front, offsets count from the zip."""
    return archive(before=b"#!/bin/sh\nexit 1\n").write()


@trick("overlaps|gap")
def bytes_in_front_that_are_counted() -> bytes:
    """A program stands in front, offsets count from the file: it runs itself."""
    return archive(before=b"#!/bin/sh\nexit 1\n", shift=False).write()


@trick("end record|after the end|not a bundle")
def bytes_behind() -> bytes:
    """Bytes stand behind the end record."""
    return archive(after=b"behind").write()


@trick("overlaps|gap|does not stand|end record")
def another_zip_in_front() -> bytes:
    """Two zips one behind the other: which one is read depends on the tool."""
    return archive().write() + archive().write()


@trick("not a bundle")
def another_zip_behind() -> bytes:
    """An empty zip behind a bundle hides it from most tools."""
    return archive().write() + Archive([], comment=b"").write()


@trick("end record|not a bundle|bytes stand")
def two_end_records() -> bytes:
    """The comment holds another end record, with a comment of its own."""
    inner = Archive([], comment=b"").write()
    return archive(comment=inner + b"vt1 n=2").write()


@trick("overlaps|gap|twice|two entries|sorted", honest=True)
def a_directory_that_is_not_sorted() -> bytes:
    """Records stand in another order than that of the names."""
    found = archive(order=False)
    found.members.reverse()
    return found.write()


# ---- directory against local header ----------------------------------------------------

for _field, _value in {
    "crc": 1, "stored": 3, "size": 3, "method": 0, "flags": 2, "need": 45, "time": 1,
}.items():  # fmt: skip
    for _side in ("local", "record"):
        many(
            f"{_side}-{_field}-differs", DAMAGED + "|longer|does not inflate|claims|gap",
            f"The {_side} header has another {_field}.",
            lambda side=_side, field=_field, value=_value: bent(  # type: ignore[misc]
                b"objects/", **{side: {field: value}}
            ).write(),
            honest=_field in ("flags", "need", "time"),
        )  # fmt: skip


@trick(DAMAGED)
def local_name_differs() -> bytes:
    """The local header has the name of another object."""
    return bent(b"objects/", local={"name": b"objects/" + NOWHERE.encode()}).write()


@trick(DAMAGED)
def local_name_is_longer() -> bytes:
    """The local header takes the first bytes of the data for its name."""
    return bent(b"README", local={"n_name": 12}).write()


# ---- features that a pack has not -------------------------------------------------------


@trick(DAMAGED, honest=True)
def a_data_descriptor() -> bytes:
    """Sizes stand behind the data, as tools write that cannot go back."""
    found = archive()
    for place, one in enumerate(found.members):
        told = (zlib.crc32(one.data), len(one.packed()), len(one.data))
        found.members[place] = one.but(
            fields={"flags": 8}, local={"crc": 0, "stored": 0, "size": 0},
            behind=struct.pack("<IIII", 0x08074B50, *told),
        )  # fmt: skip
    return found.write()


@trick(DAMAGED + "|descriptor")
def a_descriptor_that_lies() -> bytes:
    """The descriptor has other sizes than the directory."""
    lie = struct.pack("<IIII", 0x08074B50, 0, 1, 2)
    return bent(
        b"objects/", fields={"flags": 8}, local={"crc": 0, "stored": 0, "size": 0}, behind=lie
    ).write()


@trick(DAMAGED + "|descriptor|gap|overlaps")
def a_descriptor_that_is_missing() -> bytes:
    """A descriptor is announced and not there."""
    return bent(b"objects/", fields={"flags": 8}).write()


for _name, _flag in {"encrypted": 1, "strongly-encrypted": 0x41, "masked": 0x2000,
                     "patched": 0x20, "reserved-flag": 0x80}.items():  # fmt: skip
    many(
        f"an-entry-that-is-{_name}", DAMAGED + "|encrypted|not known",
        f"The flags say that it is {_name}.",
        lambda flag=_flag: bent(b"objects/", fields={"flags": flag}).write(),  # type: ignore[misc]
    )  # fmt: skip

for _method in (1, 6, 9, 12, 14, 93, 95, 98, 99, 0xFFFF):
    many(
        f"method-{_method}", DAMAGED + "|method", f"Packed by method {_method}.",
        lambda method=_method: bent(b"objects/", fields={"method": method}).write(),  # type: ignore[misc]
    )  # fmt: skip

for _name, _mode in {"symbolic-link": 0o120777, "folder": 0o040755, "device": 0o060666,
                     "pipe": 0o010644, "socket": 0o140777}.items():  # fmt: skip
    many(
        f"a-{_name}", DAMAGED + "|link", f"Its mode is that of a {_name}.",
        lambda mode=_mode: bent(b"objects/", record={"external": mode << 16}).write(),  # type: ignore[misc]
    )  # fmt: skip

many(
    "mode-setuid", DAMAGED, "Its mode has the bits that give rights.",
    lambda: bent(b"objects/", record={"external": 0o106777 << 16}).write(), honest=True,
)  # fmt: skip


@trick(DAMAGED, honest=True)
def extra_fields() -> bytes:
    """Extra fields, as tools write that keep times and owners."""
    extra = struct.pack("<HH", 0x5455, 5) + b"\x03\0\0\0\0"
    return bent(b"objects/", local={"extra": extra}, record={"extra": extra}).write()


@trick(DAMAGED)
def an_extra_field_in_the_local_header_alone() -> bytes:
    """The local header hides bytes in front of its data that it does not count."""
    return bent(b"objects/", local={"n_extra": 5}).write()


@trick(DAMAGED, honest=True)
def a_comment_on_an_entry() -> bytes:
    """A record with a comment."""
    return bent(b"objects/", record={"comment": b"hello"}).write()


@trick("split|not one of a pack|end record")
def several_disks() -> bytes:
    """The end record says that it is one of several files."""
    return archive(end={"disk": 1, "cd_disk": 1}).write()


@trick(DAMAGED + "|split")
def an_entry_on_another_disk() -> bytes:
    """A record says that its data is in another file."""
    return bent(b"objects/", record={"disk": 3}).write()


# ---- names ------------------------------------------------------------------------------

_LONG = b"objects/" + b"a" * 65_000
for _name, _raw in {
    "climbs": b"../../evil", "climbs-from-objects": b"objects/../../evil",
    "absolute": b"/etc/evil", "absolute-object": b"objects//etc/evil", "drive": b"C:\\evil",
    "backslashes": b"..\\..\\evil", "share": b"\\\\host\\share", "nul": b"a\0b",
    "nul-at-the-end": b"README.txt\0", "newline": b"a\nb", "escape": b"\x1b]0;owned\x07",
    "utf-8": "\u202eevil".encode(), "not-utf-8": b"\xff\xfe", "empty": b"", "dot": b".",
    "long": _LONG, "space": b" ", "git": b".git/hooks/post-checkout",
    "head-climbs": b"heads/../../x", "head-of-nothing": b"heads/", "head-short": b"heads/evil.abc",
    "head-folder": b"heads/evil/" + NOWHERE.encode(), "head-nul": b"heads/evil\0." + b"0" * 64,
    "head-of-a-device": b"heads/con." + b"0" * 63, "code-climbs": b"code/../x." + b"0" * 64,
    "object-upper-case": b"objects/" + b"F" * 64, "object-short": b"objects/" + b"f" * 63,
    "object-of-another-format": b"objects/x1-" + b"f" * 32, "object-is-no-id": b"objects/evil",
    "behind-objects": b"zzz", "case-clash": b"Bundle.json", "case-clash-of-objects":
    b"OBJECTS/" + b"0" * 64, "stranger": b"setup.py", "nested-bundle": b"other/bundle.json",
}.items():  # fmt: skip
    many(
        f"name-{_name}", f"{NAME}|has \\d+ entries|{DAMAGED}|has no entry", f"An entry called {_raw[:30]!r}.",
        lambda raw=_raw: added(Member(raw, b"evil")),  # type: ignore[misc]
    )  # fmt: skip


@trick(NAME)
def a_folder_as_an_entry() -> bytes:
    """A folder with bytes in it."""
    return added(Member(b"objects/", b"evil", record={"external": 0o040755 << 16}))


@trick(DAMAGED + "|" + NAME, honest=True)
def folders_as_entries() -> bytes:
    """Folders, as most tools write them."""
    found = archive()
    for name in (b"objects/", b"heads/"):
        found.members.append(Member(name, record={"external": 0o040755 << 16}))
    return found.write()


for _kind in (b"README", b"bundle.json", b"heads/", b"objects/"):
    many(
        f"twice-{_kind.decode().strip('/')}", OVERLAP, f"Two records of one {_kind.decode()}.",
        lambda kind=_kind: bent(kind, listed=2).write(),  # type: ignore[misc]
    )  # fmt: skip
    many(
        f"two-entries-{_kind.decode().strip('/')}", OVERLAP,
        f"Two entries of one name, a {_kind.decode()}.",
        lambda kind=_kind: added(  # type: ignore[misc]
            next(m for m in sound().members() if m.name.startswith(kind)).but(data=b"other")
        ),
    )  # fmt: skip


@trick("no entry of a bundle")
def a_head_with_bytes_in_it() -> bytes:
    """A head is a name, and holds nothing."""
    return bent(b"heads/", data=b"evil").write()


# ---- counts and sizes that lie ----------------------------------------------------------

for _claim in (0, 1, 3, 65_534):
    many(
        f"end-claims-{_claim}", "directory|end record|not a bundle|bytes stand|longer|gap",
        f"The end record counts {_claim} entries.",
        lambda claim=_claim: archive(end={"here": claim, "entries": claim}).write(),  # type: ignore[misc]
    )  # fmt: skip
for _count in (b"0", b"1", b"3", b"999999999", b"-1", b"9" * 30):
    many(
        f"comment-counts-{_count.decode()[:12]}", "end record|directory|damaged|another format|counts",
        f"The comment counts {_count.decode()[:12]} objects.",
        lambda count=_count: archive(comment=b"vt1 n=" + count).write(),  # type: ignore[misc]
    )  # fmt: skip
for _name, _end in {
    "start-outside": {"start": 1 << 30}, "start-0": {"start": 0}, "size-0": {"size": 0},
    "size-outside": {"size": 1 << 30}, "other-counts": {"here": 1},
}.items():  # fmt: skip
    many(
        f"end-{_name}", "directory|end record|split", f"The end record says {_end}.",
        lambda end=_end: archive(end=end).write(),  # type: ignore[misc]
    )  # fmt: skip
for _offset in (1, 30, 1 << 20, 0xFFFFFFFF):
    many(
        f"offset-{_offset}", "overlaps|gap|outside|cut short|claims",
        f"A record says that its data begin at {_offset}.",
        lambda offset=_offset: bent(b"objects/", record={"offset": offset}).write(),  # type: ignore[misc]
    )  # fmt: skip


@trick("end record|vt|another version")
def a_comment_of_another_version() -> bytes:
    """A pack of a version that nobody knows yet."""
    return archive(comment=b"vt2 n=2").write()


@trick("end record|not a bundle|twice|after the end", honest=True)
def a_huge_comment() -> bytes:
    """A comment of the largest length."""
    return archive(comment=b"x" * 65_535).write()


@trick("end record|after the end")
def a_comment_that_is_shorter_than_it_says() -> bytes:
    """The end record says that more follows."""
    return archive(end={"n_comment": 400}).write()


@trick("end record|after the end")
def a_comment_that_is_longer_than_it_says() -> bytes:
    """The end record says that nothing follows."""
    return archive(end={"n_comment": 0}).write()


for _name, _wide in {
    "that-nobody-needs": {}, "count": {"here": 1 << 40, "entries": 1 << 40},
    "size": {"size": 1 << 60}, "start": {"start": (1 << 64) - 1}, "magic": {"magic": 1},
    "length": {"length": 1 << 40}, "disks": {"disk": 1, "cd_disk": 1},
}.items():  # fmt: skip
    many(
        f"zip64-{_name}", "zip64|end record|directory|split|bytes stand|two end records",
        f"A zip64 end record says {_wide or 'the same again'}.",
        lambda wide=_wide: archive(  # type: ignore[misc]
            end64=wide, end={"here": 0xFFFF, "entries": 0xFFFF} if wide else {}
        ).write(),
        honest=not _wide,
    )  # fmt: skip
for _name, _there in {"elsewhere": {"at": 5}, "outside": {"at": 1 << 60}, "disks": {"disks": 2},
                      "magic": {"magic": 7}}.items():  # fmt: skip
    many(
        f"zip64-locator-{_name}", "zip64|end record|directory",
        f"The locator of the zip64 end record says {_there}.",
        lambda there=_there: archive(  # type: ignore[misc]
            end64={}, locator=there, end={"here": 0xFFFF, "entries": 0xFFFF}
        ).write(),
    )  # fmt: skip


@trick("zip64|end record|directory")
def zip64_that_is_missing() -> bytes:
    """The end record points to a zip64 end record that is not there."""
    return archive(end={"here": 0xFFFF, "entries": 0xFFFF}).write()


@trick(DAMAGED + "|zip64|claims")
def a_zip64_field_that_lies() -> bytes:
    """A record takes its sizes from a field that says 16 EB."""
    extra = struct.pack("<HHQQ", 1, 16, (1 << 64) - 1, (1 << 64) - 1)
    return bent(
        b"objects/", record={"extra": extra, "size": 0xFFFFFFFF, "stored": 0xFFFFFFFF}
    ).write()


@trick("1,000,000")
def a_million_entries_and_one() -> bytes:
    """More entries than a bundle may have, none with any data."""
    lines = bytearray()
    one = Member(b"heads/%07d." % 0)
    for n in range(1_000_001):
        lines += one.but(name=b"h%07d" % n).line(0) if n < 1 else _LINE(n)
    return _many_empty(bytes(lines), 1_000_001)


def _LINE(n: int) -> bytes:  # noqa: N802 -- a constant with a hole
    return _TEMPLATE + b"h%07d" % n


_TEMPLATE = Member(b"h0000000").line(0)[:-8]


def _many_empty(lines: bytes, count: int) -> bytes:
    head = Member(b"README.txt", b"").entry()
    wide = Archive(
        [],
        end64={"here": count, "entries": count, "size": len(lines), "start": len(head)},
        locator={"at": len(head) + len(lines)},
        comment=b"vt1 n=0",
        end={"here": 0xFFFF, "entries": 0xFFFF, "size": len(lines), "start": len(head)},
    )
    return head + lines + wide.write()


# ---- data that lie ----------------------------------------------------------------------


@trick("longer than|CRC|claims")
def more_than_it_says() -> bytes:
    """Fifty megabytes in an entry that says a thousand bytes."""
    return added(
        Member(b"objects/" + NOWHERE.encode(), bytes(50_000_000), 8, fields={"size": 1000})
    )


@trick("CRC|length|damaged|claims")
def less_than_it_says() -> bytes:
    """A few bytes in an entry that says a gigabyte."""
    return added(Member(b"objects/" + NOWHERE.encode(), b"x" * 99, 8, fields={"size": 1 << 30}))


@trick("CRC|length|damaged|claims|2 GiB|grow")
def four_gigabytes_it_says() -> bytes:
    """An entry of the largest size that fits in 32 bits, both ways."""
    return added(Member(b"objects/" + NOWHERE.encode(), b"x", fields={"size": 0xFFFFFFFE}))


@trick("CRC|length")
def a_crc_that_is_wrong_in_both_places() -> bytes:
    """The bytes are not those that were written."""
    return bent(b"objects/", fields={"crc": 0}).write()


@trick("hash|sha256|corrupt")
def bytes_of_another_object() -> bytes:
    """Everything fits but the id: only the hash tells."""
    return bent(b"objects/", data=b"evil").write()


@trick("does not inflate|longer|damaged")
def deflated_data_that_are_none() -> bytes:
    """The data of an entry are no stream of deflate."""
    return bent(b"objects/", raw=b"\xff" * 50).write()


@trick("longer|damaged|CRC")
def deflated_data_that_are_cut() -> bytes:
    """The stream of deflate ends in the midst."""
    whole = next(m for m in sound().members() if m.name.startswith(b"objects/")).packed()
    return bent(b"objects/", raw=whole[:-5]).write()


@trick("longer")
def bytes_behind_the_deflated_data() -> bytes:
    """Bytes behind the end of the stream, inside the entry."""
    whole = next(m for m in sound().members() if m.name.startswith(b"objects/")).packed()
    return bent(b"objects/", raw=whole + b"hidden").write()


@trick("longer|does not inflate|CRC|damaged")
def an_endless_stream() -> bytes:
    """Blocks of deflate that hold nothing, and no last one."""
    return bent(b"objects/", raw=b"\0\0\0\xff\xff" * 200_000).write()


def _grown(name: bytes, mebibytes: int) -> Member:
    """Return an entry that inflates to so much, and is honest about it."""
    packer = zlib.compressobj(9, wbits=-15)
    block = bytes(1 << 20)
    raw = b"".join(packer.compress(block) for _ in range(mebibytes)) + packer.flush()
    crc = 0
    for _ in range(mebibytes):
        crc = zlib.crc32(block, crc)
    return Member(name, b"", 8, raw, fields={"size": mebibytes << 20, "crc": crc})


@trick("would grow")
def a_bomb() -> bytes:
    """Sixteen entries that inflate to a gigabyte each, a thousand times their size."""
    found = archive()
    one = _grown(b"", 1024)
    found.members += [one.but(name=b"objects/%064x" % n) for n in range(16)]
    return found.write()


@trick("larger|limit|has no entry|no bundle|not a bundle|256|too large|cannot")
def an_index_that_is_a_bomb() -> bytes:
    """A bundle.json of a gigabyte."""
    found = sound().members()
    found[1] = _grown(b"bundle.json", 1024)
    return Archive(found).write()


# ---- files that are cut -----------------------------------------------------------------

for _at in (0, 1, 21, 22, 29, 100, 0.25, 0.5, 0.75, -200, -64, -30, -22, -8, -1):
    many(
        f"cut-at-{_at}", "damaged|end record|not a bundle|cut short",
        f"Nothing is left behind byte {_at}.",
        lambda at=_at: (  # type: ignore[misc]
            (whole := archive().write())[: int(at * len(whole)) if isinstance(at, float) else at]
        ),
    )  # fmt: skip
for _name, _content in {
    "nothing": b"", "zeros": bytes(100), "only-an-end": Archive([]).write(),
    "a-script": b"#!/bin/sh\nrm -rf /\n", "lfs": b"version https://git-lfs.github.com/spec/v1\n",
    "gzip": b"\x1f\x8b\x08\0" + bytes(50), "tar": b"evil".ljust(512, b"\0") * 4,
    "pickle": b"\x80\x04\x95cos\nsystem\n(S'true'\ntR.", "repeated-magic": b"PK\x05\x06" * 20_000,
    "repeated-local": b"PK\x03\x04" * 20_000,
}.items():  # fmt: skip
    many(
        f"file-{_name}", "damaged|end record|not a bundle|LFS", f"A file of {_name}.",
        lambda content=_content: content,  # type: ignore[misc]
    )  # fmt: skip
