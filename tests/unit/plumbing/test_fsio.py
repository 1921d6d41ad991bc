"""Tests of ``vcs_track.plumbing.fsio``."""

from __future__ import annotations

import errno
import mmap
import os
import stat
import subprocess
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from vcs_track.errors import StorageError
from vcs_track.plumbing import fsio, mounts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def refuse(number: int) -> Any:
    """Return a system call that fails with *number*."""

    def call(*args: object, **kwargs: object) -> None:
        raise OSError(number, os.strerror(number))

    return call


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """Mount a file system of *size* on *folder*, where this process may."""
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    try:
        mounted = (
            os.geteuid() == 0
            and not subprocess.run(command, capture_output=True, check=False).returncode
        )
    except FileNotFoundError:
        mounted = False
    if not mounted:
        pytest.skip("needs the right to mount a small file system")
    try:
        yield folder
    finally:
        # Lazily: a test that failed may have left a file open.
        subprocess.run(["umount", "-l", folder], check=True)


class TestStorageErrors:
    @pytest.mark.parametrize(
        ("number", "hint"),
        [
            (errno.ENOSPC, "free some disk space"), (errno.EDQUOT, "quota"),
            (errno.EROFS, "read-only"), (errno.EACCES, "permissions"), (errno.EPERM, "permissions"),
            (errno.EMFILE, "too many files"),
        ],
    )  # fmt: skip
    def test_what_the_disk_refuses_is_translated(self, number: int, hint: str) -> None:
        """The message says what failed and why, the hint what to do."""
        with (
            pytest.raises(StorageError, match=r"^cannot seal run 'x': [a-z]") as caught,
            fsio.storage_errors("seal run 'x'"),
        ):
            raise OSError(number, os.strerror(number))

        assert hint in caught.value.hint
        assert isinstance(caught.value.__cause__, OSError)

    def test_an_error_is_translated_once(self) -> None:
        """The innermost place names what failed."""
        with (
            pytest.raises(StorageError, match=r"^cannot write b"),
            fsio.storage_errors("do a"),
            fsio.storage_errors("write b"),
        ):
            raise OSError(errno.EIO, "I/O error")

    def test_an_error_without_number_keeps_its_text(self) -> None:
        """Errors of libraries say what they said."""
        with (
            pytest.raises(StorageError, match="cannot do a: timed out"),
            fsio.storage_errors("do a"),
        ):
            raise OSError("timed out")

    def test_other_errors_pass(self) -> None:
        """A mistake in the program is not taken for one of the disk."""
        with pytest.raises(ValueError, match="x"), fsio.storage_errors("do a"):
            raise ValueError("x")


class TestFolders:
    def test_parents_are_made_and_synced(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Each new name survives a power cut: its parent is synced after it was made."""
        synced: list[tuple[int, bool]] = []
        deep = tmp_path / "a" / "b"
        real = os.fsync

        def fsync(fd: int) -> None:
            synced.append((os.fstat(fd).st_ino, deep.exists()))
            real(fd)

        monkeypatch.setattr(os, "fsync", fsync)
        fsio.make_dirs(deep)

        assert [(tmp_path.stat().st_ino, False), (deep.parent.stat().st_ino, True)] == synced

    def test_what_is_there_stays(self, tmp_path: Path) -> None:
        """Making a folder again changes nothing, also in eight threads at once."""
        deep = tmp_path / "a" / "b" / "c"
        errors: list[BaseException] = []
        barrier = threading.Barrier(8)

        def make() -> None:
            barrier.wait()
            try:
                fsio.make_dirs(deep)
            except OSError as error:
                errors.append(error)

        threads = [threading.Thread(target=make) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert ([], True) == (errors, deep.is_dir())

    def test_listing(self, tmp_path: Path) -> None:
        """Names are sorted; no folder, or a file, has none."""
        for name in "bca":
            (tmp_path / name).touch()

        assert ["a", "b", "c"] == fsio.list_dir(tmp_path)
        assert ([], []) == (fsio.list_dir(tmp_path / "none"), fsio.list_dir(tmp_path / "a"))

    def test_only_empty_folders_are_removed(self, tmp_path: Path) -> None:
        """A folder with something in it, or none at all, is left as it is."""
        (tmp_path / "empty").mkdir()
        (tmp_path / "full" / "x").mkdir(parents=True)
        for name in ("empty", "full", "none"):
            fsio.remove_dir(tmp_path / name)

        assert ["full"] == fsio.list_dir(tmp_path)

    @pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOTSUP])
    def test_a_disk_that_cannot_sync_folders_is_used(
        self, tmp_path: Path, number: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A network disk without that call is no error; a broken disk is."""
        monkeypatch.setattr(os, "fsync", refuse(number))
        fsio.fsync_dir(tmp_path)
        monkeypatch.setattr(os, "fsync", refuse(errno.EIO))

        with pytest.raises(OSError, match="error"):
            fsio.fsync_dir(tmp_path)


class TestPublish:
    def test_the_content_appears_at_once_and_synced(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """No reader sees half a file: the bytes are on disk before the name is there."""
        seen: list[bool] = []
        path = tmp_path / "FORMAT"
        real = os.fsync

        def fsync(fd: int) -> None:
            seen.append(path.exists())
            real(fd)

        monkeypatch.setattr(os, "fsync", fsync)
        fsio.publish(path, b"content")

        assert ([False, True], b"content") == (seen, path.read_bytes())
        assert ["FORMAT"] == fsio.list_dir(tmp_path)

    def test_an_existing_file_wins(self, tmp_path: Path) -> None:
        """What is there already stays as it is, and nothing is left behind."""
        path = tmp_path / "FORMAT"
        path.write_bytes(b"first")
        fsio.publish(path, b"second")

        assert (b"first", ["FORMAT"]) == (path.read_bytes(), fsio.list_dir(tmp_path))

    def test_one_of_many_wins(self, tmp_path: Path) -> None:
        """Eight at once leave one whole file, and every reader sees the same."""
        path = tmp_path / "FORMAT"
        barrier = threading.Barrier(8)
        seen: set[bytes] = set()

        def publish(n: int) -> None:
            barrier.wait()
            fsio.publish(path, b"%d" % n * 5000)
            seen.add(path.read_bytes())

        for _ in range(5):
            path.unlink(missing_ok=True)
            seen.clear()
            threads = [threading.Thread(target=publish, args=(n,)) for n in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

            assert {path.read_bytes()} == seen
        assert ["FORMAT"] == fsio.list_dir(tmp_path)

    def test_without_hard_links(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A disk without hard links gets the file by renaming."""
        monkeypatch.setattr(os, "link", refuse(errno.EPERM))
        fsio.publish(tmp_path / "FORMAT", b"content")

        assert b"content" == (tmp_path / "FORMAT").read_bytes()
        assert ["FORMAT"] == fsio.list_dir(tmp_path)

    def test_without_hard_links_the_promises_are_the_same(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Without hard links, too, an existing file wins and a new name is synced."""
        monkeypatch.setattr(os, "link", refuse(errno.EPERM))
        synced: list[int] = []
        real = os.fsync

        def fsync(fd: int) -> None:
            synced.append(os.fstat(fd).st_ino)
            real(fd)

        monkeypatch.setattr(os, "fsync", fsync)
        fsio.publish(tmp_path / "FORMAT", b"first")
        fsio.publish(tmp_path / "FORMAT", b"second")

        assert tmp_path.stat().st_ino in synced
        assert b"first" == (tmp_path / "FORMAT").read_bytes()

    def test_a_full_disk_leaves_nothing(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Trying again and again on a full disk does not fill it further."""
        monkeypatch.setattr(os, "write", refuse(errno.ENOSPC))
        with pytest.raises(OSError, match="space"):
            fsio.publish(tmp_path / "FORMAT", b"content")

        assert [] == fsio.list_dir(tmp_path)


class TestLinkOrCopy:
    def test_a_link_costs_no_space(self, tmp_path: Path) -> None:
        """On one disk both names are one file."""
        old, new = tmp_path / "old", tmp_path / "new"
        old.write_bytes(b"pack")
        fsio.link_or_copy(old, new, tmp_path)

        assert old.samefile(new)
        assert not (tmp_path / "tmp").exists()

    def test_what_is_there_stays(self, tmp_path: Path) -> None:
        """An existing file is not touched."""
        old, new = tmp_path / "old", tmp_path / "new"
        old.write_bytes(b"pack")
        new.write_bytes(b"mine")
        fsio.link_or_copy(old, new, tmp_path)

        assert b"mine" == new.read_bytes()

    @pytest.mark.parametrize("number", [errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP])
    def test_where_links_do_not_work_it_is_a_synced_copy(
        self, tmp_path: Path, number: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Across disks the bytes are copied, synced, made read-only, and then named."""
        old, new = tmp_path / "old", tmp_path / "new"
        old.write_bytes(b"pack" * 1000)
        named: list[bool] = []
        real = os.fsync

        def fsync(fd: int) -> None:
            named.append(new.exists())
            real(fd)

        monkeypatch.setattr(os, "fsync", fsync)
        monkeypatch.setattr(os, "link", refuse(number))
        fsio.link_or_copy(old, new, tmp_path)

        assert (b"pack" * 1000, 0o444) == (new.read_bytes(), stat.S_IMODE(new.stat().st_mode))
        assert ([False], ["new", "old"]) == (named[:1], fsio.list_dir(tmp_path))

    def test_a_copy_that_was_killed_is_made_again(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Half a copy from last time does not stand in the way."""
        old, new = tmp_path / "old", tmp_path / "new"
        old.write_bytes(b"pack")
        (tmp_path / "new.0123456789abcdef~").write_bytes(b"pa")
        monkeypatch.setattr(os, "link", refuse(errno.EXDEV))
        fsio.link_or_copy(old, new, tmp_path)

        assert b"pack" == new.read_bytes()


class TestFiles:
    def test_writing_never_replaces(self, tmp_path: Path) -> None:
        """A new file must be new."""
        fsio.write_new(tmp_path / "x", b"first")

        with pytest.raises(FileExistsError):
            fsio.write_new(tmp_path / "x", b"second")
        assert b"first" == fsio.read(tmp_path / "x")

    def test_empty_files_are_made_once(self, tmp_path: Path) -> None:
        """Of many who create a file one is told that it did."""
        assert [True, False] == [fsio.create_empty(tmp_path / "x") for _ in range(2)]
        assert b"" == fsio.read(tmp_path / "x")

    def test_removing_what_is_gone(self, tmp_path: Path) -> None:
        """That a file is gone already is no error."""
        fsio.unlink(tmp_path / "none")
        fsio.create_empty(tmp_path / "x")
        fsio.unlink(tmp_path / "x")

        assert [] == fsio.list_dir(tmp_path)

    def test_short_writes_are_continued(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Where the kernel takes a part only, the rest follows."""
        write, pwrite, pread = os.write, os.pwrite, os.pread
        monkeypatch.setattr(os, "write", lambda fd, data: write(fd, data[:3]))
        monkeypatch.setattr(os, "pwrite", lambda fd, data, at: pwrite(fd, data[:3], at))
        monkeypatch.setattr(os, "pread", lambda fd, n, at: pread(fd, min(n, 3), at))
        fd = fsio.create(tmp_path / "x")
        fsio.append(fd, b"0123456789")
        fsio.pwrite(fd, b"abcdefg", 2)

        assert b"01abcdefg9" == fsio.pread(fd, 100, 0)
        assert b"cdef" == fsio.pread(fd, 4, 4)
        fsio.close(fd)

    def test_children_inherit_nothing(self, tmp_path: Path) -> None:
        """A program that a training starts gets none of our files."""
        (tmp_path / "x").touch()
        fds = [
            fsio.create(tmp_path / "y"), fsio.open_read(tmp_path / "x"),
            fsio.open_write(tmp_path / "x"),
        ]  # fmt: skip

        assert [False] * 3 == [os.get_inheritable(fd) for fd in fds]
        for fd in fds:
            fsio.close(fd)


class TestReserve:
    def test_new_bytes_are_reserved_zeros(self, tmp_path: Path) -> None:
        """A grown file has its old content, zeros behind, and the blocks to hold them."""
        fd = fsio.create(tmp_path / "x")
        fsio.append(fd, b"head")
        fsio.reserve(fd, 4, 70_000)

        assert b"head" + bytes(69_996) == fsio.read(tmp_path / "x")
        assert os.fstat(fd).st_blocks * 512 >= 70_000
        fsio.close(fd)

    def test_a_full_disk_is_an_error_and_no_signal(self, tmp_path: Path) -> None:
        """A reservation that does not fit is refused; what is mapped can be written still."""
        with small_disk(tmp_path, "256k") as folder:
            fd = fsio.create(folder / "x")
            fsio.reserve(fd, 0, 65_536)
            window = fsio.map_window(fd, 0, 65_536)
            with pytest.raises(OSError, match="space") as caught:
                fsio.reserve(fd, 65_536, 1 << 20)
            window[65_532:] = b"kept"
            found = fsio.pread(fd, 4, 65_532)
            window.close()
            fsio.close(fd)

        assert (errno.ENOSPC, b"kept") == (caught.value.errno, found)


class TestMapping:
    def test_a_window_writes_through(self, tmp_path: Path) -> None:
        """What is stored in a window is in the file, for every other process."""
        fd = fsio.create(tmp_path / "x")
        fsio.reserve(fd, 0, 3 * mmap.PAGESIZE)
        window = fsio.map_window(fd, mmap.PAGESIZE, mmap.PAGESIZE)
        window[5:8] = b"abc"
        code = "import sys; print(open(sys.argv[1], 'rb').read()[int(sys.argv[2]):][:3])"
        command = [sys.executable, "-c", code, str(tmp_path / "x"), str(mmap.PAGESIZE + 5)]
        out = subprocess.run(command, capture_output=True, check=True)

        assert b"b'abc'\n" == out.stdout
        window.close()
        fsio.close(fd)

    def test_reading(self, tmp_path: Path) -> None:
        """A file is read as its bytes; an empty one and a folder have none."""
        (tmp_path / "x").write_bytes(b"content")
        (tmp_path / "empty").touch()

        assert b"content" == fsio.map_read(tmp_path / "x")[:]
        assert (b"", b"") == (fsio.map_read(tmp_path / "empty"), fsio.map_read(tmp_path))

    def test_a_disk_that_cannot_map_is_read(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Where mapping fails the bytes are read."""
        (tmp_path / "x").write_bytes(b"content")
        monkeypatch.setattr(mmap, "mmap", refuse(errno.ENODEV))

        assert b"content" == fsio.map_read(tmp_path / "x")


class TestFileSystem:
    def test_a_mounted_one_is_known_by_its_type(self, tmp_path: Path) -> None:
        """A folder has the type of the disk that is mounted there; tmpfs may be mapped."""
        with small_disk(tmp_path, "64k") as folder:
            found = mounts.file_system(folder), mounts.safe_to_map(folder)

        assert ("tmpfs", True) == found

    def test_others_are_not_mapped(self, tmp_path: Path) -> None:
        """What is not known to protect mapped writes is not trusted with them."""
        assert "proc" == mounts.file_system(type(tmp_path)("/proc"))
        assert not mounts.safe_to_map(type(tmp_path)("/proc"))
        assert ("", False) == (
            mounts.file_system(tmp_path / "none"), mounts.safe_to_map(tmp_path / "none"),
        )  # fmt: skip
