"""Tests of ``vcs_track.porcelain.verify``: verdicts, and signatures by the real ssh-keygen."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

import vcs_track
from vcs_track.errors import CorruptError, InvalidValueError, NotInstalledError, VcsTrackError
from vcs_track.porcelain.verify import sign, verify

if TYPE_CHECKING:
    from pathlib import Path

needs_ssh = pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="there is no ssh-keygen")


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """Return a bundle of one run."""
    folder = tmp_path / "one"
    folder.mkdir()
    repo = vcs_track.init(folder).with_defaults(capture_git=False)
    with repo.start_run("r", hparams={"lr": 0.1}) as run:
        run.add_scalar("loss", 0.5, 0)
        run.add_text("hello " * 100)
    return repo.export("r", tmp_path / "x.zip")


def make_key(folder: Path, name: str = "key") -> Path:
    """Make a key without a passphrase."""
    key = folder / name
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", key],
        check=True, timeout=60,
    )  # fmt: skip
    return key


def allow(folder: Path, key: Path, who: str = "ann@example.org", more: str = "") -> Path:
    """Write a file of allowed signers."""
    public = key.with_name(key.name + ".pub").read_text()
    file = folder / "allowed"
    file.write_text(f"{who} {more}{public}")
    return file


class TestVerify:
    def test_a_good_one(self, bundle: Path) -> None:
        """The verdict counts what the bundle holds."""
        verdict = verify(bundle)
        opened = vcs_track.open(bundle)

        assert (True, "", 1, bundle.stat().st_size) == (
            verdict.ok, verdict.why, verdict.runs, verdict.size,
        )  # fmt: skip
        assert len(list(opened.store.home.objects)) == verdict.objects
        assert verdict.signature is None

    def test_each_changed_byte_is_found(self, bundle: Path) -> None:
        """One other bit anywhere in the file is damage, or says that another tool wrote it.

        The latter is two letters of the comment at the end; all else is checked then too.
        Seen to fail when entries that are no objects were not checked.
        """
        content = bundle.read_bytes()
        good = []
        for place in range(0, len(content), 7):
            data = bytearray(content)
            data[place] ^= 1
            bundle.write_bytes(data)
            verdict = verify(bundle)
            if verdict.ok and not verdict.zipped_again:
                good.append(place)

        assert [] == good

    def test_equal_content_has_an_equal_root(self, bundle: Path, tmp_path: Path) -> None:
        """How it is compressed does not count; which runs there are does."""
        repo = vcs_track.open(tmp_path / "one")
        other = repo.export("r", tmp_path / "other.zip", reproducible=True)
        repo.edit("r", notes="edited")
        newer = repo.export("r", tmp_path / "newer.zip")

        assert verify(bundle).root == verify(other).root
        assert verify(bundle).root != verify(newer).root

    def test_nothing_is_left_behind(self, bundle: Path) -> None:
        """No file is made beside the bundle, nor changed."""
        before = {path: path.stat() for path in bundle.parent.iterdir()}
        verify(bundle)

        assert before == {path: path.stat() for path in bundle.parent.iterdir()}

    def test_no_file(self, tmp_path: Path) -> None:
        """A file that is not there is no verdict."""
        with pytest.raises(InvalidValueError, match="there is no bundle"):
            verify(tmp_path / "x.zip")

        assert [] == list(tmp_path.iterdir())


@needs_ssh
class TestSignatures:
    def test_a_signer_that_is_allowed(self, bundle: Path, tmp_path: Path) -> None:
        """The signature is good, and says who made it."""
        key = make_key(tmp_path)
        made = sign(bundle, key)
        found = verify(bundle, signatures=True, allowed_signers=allow(tmp_path, key)).signature

        assert bundle.with_name("x.zip.sig") == made
        assert found is not None
        assert ("good", "ann@example.org") == (found.status, found.signer)
        assert found.key.startswith("ED25519 key SHA256:")

    def test_ssh_keygen_agrees(self, bundle: Path, tmp_path: Path) -> None:
        """What is signed here is checked by hand too, and the other way round."""
        key = make_key(tmp_path)
        made = sign(bundle, key)
        by_hand = ["ssh-keygen", "-Y", "verify", "-n", "vcs-track", "-f", str(allow(tmp_path, key)),
                   "-I", "ann@example.org", "-s", str(made)]  # fmt: skip
        done = subprocess.run(
            by_hand, input=bundle.read_bytes(), capture_output=True, timeout=60, check=False
        )
        made.unlink()
        subprocess.run(
            ["ssh-keygen", "-Y", "sign", "-n", "vcs-track", "-f", key, bundle],
            check=True, capture_output=True, timeout=60,
        )  # fmt: skip
        found = verify(bundle, allowed_signers=tmp_path / "allowed", signatures=True).signature

        assert 0 == done.returncode
        assert found is not None
        assert "good" == found.status

    def test_worth_less(self, bundle: Path, tmp_path: Path) -> None:
        """A stranger's key, a key for other things, another file and no file are told apart.

        Seen to fail when any well-made signature was good.
        """
        key, other = make_key(tmp_path), make_key(tmp_path, "other")

        def status(allowed: Path | None = None) -> str:
            found = verify(bundle, signatures=True, allowed_signers=allowed).signature
            assert found is not None
            return found.status

        unsigned = status()
        sign(bundle, key)
        nobody = status()
        stranger = status(allow(tmp_path, other))
        only_git = status(allow(tmp_path, key, more='namespaces="git" '))
        good = status(allow(tmp_path, key))
        vcs_track.open(tmp_path / "one").edit("r", notes="other")
        vcs_track.open(tmp_path / "one").export("r", bundle, force=True)
        changed = status(allow(tmp_path, key))

        assert ["none", "unknown", "unknown", "unknown", "good", "bad"] == [
            unsigned, nobody, stranger, only_git, good, changed,
        ]  # fmt: skip

    def test_gits_allowed_signers_count(self, bundle: Path, tmp_path: Path) -> None:
        """Where no file is named, that of git is used."""
        key = make_key(tmp_path)
        sign(bundle, key)
        allow(tmp_path, key)
        for command in (["init", "-q"], ["config", "gpg.ssh.allowedSignersFile", "allowed"]):
            subprocess.run(["git", *command], cwd=tmp_path, check=True, timeout=60)
        found = verify(bundle, signatures=True).signature

        assert found is not None
        assert "good" == found.status

    def test_odd_names_are_only_names(self, bundle: Path, tmp_path: Path) -> None:
        """A key whose path looks like an option, or has shell words, is a key."""
        key = make_key(tmp_path, "-f; touch pwned $(touch pwned)")
        path = bundle.rename(tmp_path / "-x $(touch pwned).zip")
        sign(path, key)
        found = verify(path, signatures=True, allowed_signers=allow(tmp_path, key)).signature

        assert found is not None
        assert "good" == found.status
        assert not (tmp_path / "pwned").exists()

    def test_a_signature_is_not_replaced_unasked(self, bundle: Path, tmp_path: Path) -> None:
        """It takes force to sign once more."""
        key = make_key(tmp_path)
        made = sign(bundle, key)
        made.write_text("precious")
        with pytest.raises(InvalidValueError, match="exists"):
            sign(bundle, key)
        kept = made.read_text()
        sign(bundle, key, force=True)

        assert "precious" == kept
        assert made.read_bytes().startswith(b"-----BEGIN SSH SIGNATURE-----")

    def test_what_cannot_be_signed(self, bundle: Path, tmp_path: Path) -> None:
        """No key, what is no key, and a damaged bundle leave no signature."""
        (tmp_path / "text").write_text("no key")
        with pytest.raises(InvalidValueError, match="there is no key"):
            sign(bundle, tmp_path / "nothing")
        with pytest.raises(VcsTrackError, match="ssh-keygen cannot sign"):
            sign(bundle, tmp_path / "text")
        data = bytearray(bundle.read_bytes())
        data[len(data) // 2] ^= 1
        bundle.write_bytes(data)
        with pytest.raises(CorruptError):
            sign(bundle, make_key(tmp_path))

        assert not bundle.with_name("x.zip.sig").exists()

    def test_without_the_program(
        self, bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Where OpenSSH is not installed that is said."""
        key = make_key(tmp_path)
        monkeypatch.setenv("PATH", os.fspath(tmp_path))
        with pytest.raises(NotInstalledError, match="'ssh-keygen' is not installed") as caught:
            sign(bundle, key)

        assert "OpenSSH" in caught.value.hint
