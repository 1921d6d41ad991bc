"""Tests of ``vcs_track.formats.any_zip``."""

from __future__ import annotations

import io
import struct
import zipfile
from typing import TYPE_CHECKING

import pytest

from vcs_track.errors import CorruptError
from vcs_track.formats import any_zip, pack

if TYPE_CHECKING:
    from collections.abc import Callable

FILES = {"a/": b"", "a/b.json": b'{"x": 1}' * 40, "a/c": b"", "d": bytes(range(256))}
RECORD, LOCAL, END = b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06"


class _Pipe(io.RawIOBase):
    """What cannot be gone back in: a zip written to it has data descriptors."""

    def __init__(self) -> None:
        self.content = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self.content += data
        return len(data)


def make(*, level: int = 6, wide: bool = False, pipe: bool = False, comment: bytes = b"") -> bytes:
    """Return a zip of FILES as the standard library writes it."""
    stream = _Pipe() if pipe else io.BytesIO()
    method = zipfile.ZIP_DEFLATED if level else zipfile.ZIP_STORED
    with zipfile.ZipFile(stream, "w", method, compresslevel=level or None) as archive:
        archive.comment = comment
        for name, data in FILES.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_STORED if name.endswith("/") else method
            with archive.open(info, "w", force_zip64=wide) as file:
                file.write(data)
    return bytes(stream.content) if isinstance(stream, _Pipe) else stream.getvalue()


def contents(data: bytes) -> dict[str, bytes]:
    """Return what the parser found, stored entries only as they are."""
    found = any_zip.read_entries(data)
    return {each.name: data[each.start : each.start + each.stored] for each in found}


class TestReadEntries:
    @pytest.mark.parametrize("pipe", [False, True])
    @pytest.mark.parametrize("wide", [False, True])
    def test_entries_are_where_they_are_said_to_be(self, *, pipe: bool, wide: bool) -> None:
        """With descriptors and zip64 or without, names, sizes and bytes are found."""
        data = make(level=0, wide=wide, pipe=pipe, comment=b"hello")

        assert contents(data) == FILES

    def test_all_that_deflate_does(self) -> None:
        """Deflated entries tell both lengths, folders that they are folders."""
        data = make(level=9)
        found = {each.name: each for each in any_zip.read_entries(data)}

        assert {name: len(content) for name, content in FILES.items()} == {
            name: each.size for name, each in found.items()
        }
        assert found["a/b.json"].stored < found["a/b.json"].size
        assert [True, False] == [found["a/"].is_folder, found["a/c"].is_folder]

    def test_the_other_slash(self) -> None:
        """Some tools write the slash of their system."""
        data = make(level=0).replace(b"a/b.json", b"a\\b.json")

        assert "a/b.json" in contents(data)


def at(data: bytes, magic: bytes, offset: int, value: bytes) -> bytes:
    """Return *data* with other bytes at an offset behind the first *magic*."""
    place = data.index(magic) + offset
    return data[:place] + value + data[place + len(value) :]


def both(data: bytes, offset_local: int, offset_record: int, value: bytes) -> bytes:
    """Return *data* with other bytes in the first local header and the first record."""
    return at(at(data, LOCAL, offset_local, value), RECORD, offset_record, value)


BENDS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "nothing": ("no zip", lambda _: b""),
    "cut": ("no zip", lambda data: data[:-30]),
    "junk behind": ("after the end", lambda data: data + b"junk"),
    "junk before": ("does not stand where", lambda data: b"junk" + data),
    "encrypted": ("encrypted", lambda data: both(data, 6, 8, b"\x01\x00")),
    "strongly": ("encrypted", lambda data: both(data, 6, 8, b"\x40\x00")),
    "patched": ("not known", lambda data: both(data, 6, 8, b"\x20\x00")),
    "bzip2": ("method 12", lambda data: both(data, 8, 10, b"\x0c\x00")),
    "second disk": ("split", lambda data: at(data, RECORD, 34, b"\x01\x00")),
    "two disks": ("split", lambda data: at(data, END, 4, b"\x01\x00")),
    "half a count": ("split", lambda data: at(data, END, 8, b"\x01\x00")),
    "more entries": ("does not stand where", lambda data: at(data, END, 8, b"\x05\x00\x05\x00")),
    "fewer entries": ("longer", lambda data: at(data, END, 8, b"\x03\x00\x03\x00")),
    "link": ("link", lambda data: at(data, RECORD, 38, struct.pack("<I", 0o120777 << 16))),
    "device": ("link", lambda data: at(data, RECORD, 38, struct.pack("<I", 0o060600 << 16))),
    "other name": ("differs", lambda data: at(data, LOCAL, 30, b"x")),
    "other CRC": ("differs", lambda data: at(data, RECORD, 16, b"\x01\x02\x03\x04")),
    "lies": ("cannot have", lambda data: at(data, RECORD, 24, b"\xff\xff\xff\x00")),
    "outside": ("cannot have", lambda data: at(data, RECORD, 20, b"\xff\xff\xff\x00")),
    "overlap": ("overlaps", lambda data: data[: data.rindex(RECORD) + 42] + bytes(4)
                + data[data.rindex(RECORD) + 46 :]),
    "ours": ("another version", lambda data: data[:-2] + b"\x03\x00vt2"),
}  # fmt: skip


class TestStrict:
    @pytest.mark.parametrize("bend", sorted(BENDS))
    def test_what_could_mislead_is_refused(self, bend: str) -> None:
        """A zip that two readers could take for two things is none."""
        words, change = BENDS[bend]

        with pytest.raises(CorruptError, match=words):
            any_zip.read_entries(change(make(level=0)))

    def test_one_name_twice(self) -> None:
        """Of two entries of one name neither is taken."""
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            archive.writestr("a", b"1")
            with pytest.warns(UserWarning, match="Duplicate"):
                archive.writestr("a", b"2")

        with pytest.raises(CorruptError, match="two entries of one name"):
            any_zip.read_entries(stream.getvalue())

    def test_a_descriptor_that_is_none(self) -> None:
        """The bytes behind an entry that was streamed have to be its lengths."""
        data = make(level=0, pipe=True)
        place = data.index(b"PK\x07\x08") + 4

        with pytest.raises(CorruptError, match="descriptor"):
            any_zip.read_entries(data[:place] + b"\x99" + data[place + 1 :])

    def test_a_bomb(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Entries that together would grow without bound are refused unread."""
        monkeypatch.setattr(pack, "_ANYWAY", 1 << 20)
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            for number in range(3):
                with archive.open(f"{number}", "w") as file:
                    for _ in range(4):
                        file.write(bytes(1 << 20))

        with pytest.raises(CorruptError, match="would grow"):
            any_zip.read_entries(stream.getvalue())

    def test_too_many_entries(self) -> None:
        """A count beyond the limit is refused before anything is read of them."""
        end = struct.pack("<IQHHIIQQQQ", 0x06064B50, 44, 45, 45, 0, 0, 2_000_000, 2_000_000, 0, 0)
        locator = struct.pack("<IIQI", 0x07064B50, 0, 0, 1)
        short = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 65535, 65535, 0, 0, 0)

        with pytest.raises(CorruptError, match="does not stand where"):
            any_zip.read_entries(end + locator + short)

    def test_any_byte_may_be_wrong(self) -> None:
        """Whatever byte is another, there is an answer or our error."""
        data = make(level=6, pipe=True, wide=True)
        wrong = []
        for place in range(len(data)):
            bent = bytearray(data)
            bent[place] ^= 0xFF
            try:
                any_zip.read_entries(bytes(bent))
            except CorruptError:
                continue
            except Exception as error:  # noqa: BLE001 -- any other is what the test looks for
                wrong.append((place, repr(error)))

        assert [] == wrong
