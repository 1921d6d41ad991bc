from __future__ import annotations

import io
import zlib

import pytest

from vcs_track.formats.offline_log import MAGIC, OfflineLog, pack_log

__all__: list[str] = []

BLOCK = 1 << 15


def read(data: bytes) -> tuple[list[bytes], OfflineLog]:
    log = OfflineLog(io.BytesIO(data).read)
    return list(log), log


class TestOfflineLog:
    @pytest.mark.parametrize("size", [0, 1, BLOCK - 15, BLOCK - 14, BLOCK - 13, BLOCK, 100_000])
    def test_a_record_of_any_size_comes_back(self, size: int) -> None:
        """Records that fill, miss or cross the end of a block are all read."""
        records = [b"a" * size, b"b", b"c" * size, b"d" * 40]
        found, log = read(pack_log(records))

        assert records == found
        assert (True, 0, 0, False) == (log.sound, log.damaged, log.large, log.cut)

    def test_the_form_is_that_of_wandb(self) -> None:
        """The bytes are those that wandb 0.31 writes: header, checksum, length, kind."""
        check = zlib.crc32(b"\x01one").to_bytes(4, "little")

        assert b":W&B\xe1\xbe\x00" + check + b"\x03\x00\x01one" == pack_log([b"one"])

    def test_a_file_of_something_else_has_no_records(self) -> None:
        """A file without the header is told from an empty one of wandb."""
        found, log = read(b"something else")

        assert ([], False) == (found, log.sound)
        assert read(MAGIC)[1].sound

    def test_what_is_cut_is_told(self) -> None:
        """Whole records before the cut are read, at every length."""
        data = pack_log([b"one", b"two"])
        found = [read(data[:length]) for length in range(len(MAGIC), len(data))]

        assert [[b"one"]] * 10 == [records for records, _ in found[-10:]]
        assert all(log.damaged == 0 for _, log in found)
        assert [length not in (0, 10) for length in range(len(found))] == [
            log.cut for _, log in found
        ]

    def test_a_bad_chunk_costs_its_block(self) -> None:
        """Reading goes on with the first record that begins in a later block."""
        records = [bytes([n]) * 1000 for n in range(100)]
        data = bytearray(pack_log(records))
        data[20] ^= 1
        found, log = read(bytes(data))

        assert records[-len(found) :] == found
        assert 60 < len(found) < 70
        assert 1 == log.damaged

    def test_blocks_that_were_never_written(self) -> None:
        """A block of zeros is passed over, as the disk may have made it."""
        data = pack_log([b"one"])
        later = pack_log([b"x" * BLOCK, b"two"])
        padded = data + bytes(BLOCK - len(data)) + later[BLOCK:]
        found, log = read(padded)

        assert [b"one", b"two"] == found
        assert 0 == log.damaged
