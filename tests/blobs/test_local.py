from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from reve_core.blobs import local
from reve_core.blobs.local import LocalBlobs
from reve_core.errors import BlobError, ConfigurationError, DiskFull
from tests.contracts.blobs import JOB, KEY, THUMB, BlobsContract
from tests.mounts import read_only, small_disk

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "pictures"


@pytest.fixture
def blobs(root: Path) -> LocalBlobs:
    return LocalBlobs(root)


def files(root: Path) -> list[str]:
    return sorted(path.name for path in root.rglob("*") if path.is_file())


class TestLocalBlobs(BlobsContract):
    @pytest.fixture
    def blobs(self, root: Path) -> LocalBlobs:
        return LocalBlobs(root)


class TestLocalBlobsWithoutHardLinks(BlobsContract):
    """A file system such as exFAT refuses ``link``."""

    @pytest.fixture
    def blobs(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> LocalBlobs:
        def refuse(*args: object) -> None:
            raise OSError(errno.EPERM, "Operation not permitted")

        monkeypatch.setattr(local.os, "link", refuse)
        return LocalBlobs(root)

    # Without links, two writers of one key can overtake each other; the module says why that does no harm.
    test_of_two_writers_of_one_key_one_wins_whole = None  # type: ignore[assignment]


def test_pictures_survive_the_process_that_stored_them(root: Path) -> None:
    LocalBlobs(root).put(KEY, b"heron")
    assert LocalBlobs(root).get(KEY, max_bytes=100) == b"heron"


def test_the_file_lies_in_a_folder_named_by_the_first_two_digits(root: Path, blobs: LocalBlobs) -> None:
    blobs.put(KEY, b"heron")
    assert blobs.path(KEY) == str(root / "01" / KEY)
    assert files(root) == [KEY]


def test_a_link_planted_under_a_key_is_not_served(root: Path, blobs: LocalBlobs, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("key")
    (root / "01").mkdir()
    (root / "01" / KEY).symlink_to(secret)
    assert blobs.path(KEY) is None
    assert blobs.find(f"{JOB}-1") == []


def test_the_room_left_is_the_disks(root: Path, blobs: LocalBlobs) -> None:
    with small_disk(root):
        room = blobs.free_bytes()
        assert room is not None
        assert 100_000 < room <= 256 * 1024


# ---------------------------------------------------------------- row 7: killed between the temporary file and its name

KILLED = """
import os, signal, sys
from pathlib import Path
from reve_core.blobs import local
blobs = local.LocalBlobs(Path(sys.argv[1]))
write = os.write
def die(*args):
    if sys.argv[2] == "write":
        write(args[0], args[1][:1000])
    os.kill(os.getpid(), signal.SIGKILL)
setattr(local.os, sys.argv[2], die)
blobs.put(sys.argv[3], b"heron" * 10_000)
"""


@pytest.mark.parametrize("step", ["write", "link"])
def test_a_process_killed_before_the_picture_has_its_name_leaves_no_partial_picture(root: Path, step: str) -> None:
    child = subprocess.run(
        [sys.executable, "-c", KILLED, str(root), step, KEY], cwd=REPOSITORY, check=False, timeout=20
    )
    assert child.returncode == -signal.SIGKILL
    blobs = LocalBlobs(root)
    assert blobs.find(f"{JOB}-1") == []
    assert blobs.path(KEY) is None
    (leftover,) = files(root)
    assert leftover.endswith(".tmp")

    assert blobs.sweep(older_than_s=3600) == 0, "another process may still be writing it"
    assert LocalBlobs(root, clock=lambda: time.time() + 3601).sweep(older_than_s=3600) == 1
    assert files(root) == []
    blobs.put(KEY, b"heron" * 10_000)
    assert len(blobs.get(KEY, max_bytes=50_000)) == 50_000


def test_a_process_killed_after_the_picture_has_its_name_has_stored_it_whole(root: Path) -> None:
    child = subprocess.run(
        [sys.executable, "-c", KILLED, str(root), "unlink", KEY], cwd=REPOSITORY, check=False, timeout=20
    )
    assert child.returncode == -signal.SIGKILL
    blobs = LocalBlobs(root, clock=lambda: time.time() + 3601)
    assert blobs.get(KEY, max_bytes=50_000) == b"heron" * 10_000
    assert blobs.sweep(older_than_s=3600) == 1
    assert blobs.get(KEY, max_bytes=50_000) == b"heron" * 10_000


def test_whichever_system_call_fails_the_key_holds_all_or_nothing_and_can_be_put_again(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first call fails, then the second, and so on, until a run gets by without a failure."""
    failures = 0
    for nth in range(1, 50):
        blobs = LocalBlobs(root / str(nth))
        countdown = nth

        def failing(real: Callable[..., object]) -> Callable[..., object]:
            def call(*args: object, **options: object) -> object:
                nonlocal countdown
                countdown -= 1
                if countdown == 0:
                    raise OSError(errno.EIO, "Input/output error")
                return real(*args, **options)

            return call

        with monkeypatch.context() as patch:
            for name in ("open", "write", "fsync", "link", "unlink", "mkdir"):
                patch.setattr(local.os, name, failing(getattr(os, name)))
            try:
                blobs.put(KEY, b"heron")
                failure = ""
            except BlobError as exc:
                failures, failure = failures + 1, str(exc)
        assert str(root) not in failure
        assert [info.size for info in blobs.find(f"{JOB}-1")] in ([], [5])
        blobs.put(KEY, b"heron")
        assert blobs.get(KEY, max_bytes=5) == b"heron"
        if countdown > 0:
            break
    assert 6 <= failures < 49


# ---------------------------------------------------------------- row 8: the disk is full


def test_a_full_disk_is_named_as_such_and_keeps_no_leftover(root: Path) -> None:
    with small_disk(root, "256k"):
        blobs = LocalBlobs(root)
        blobs.put(KEY, b"h" * 100_000)
        with pytest.raises(DiskFull, match="disk is full"):
            blobs.put(f"{JOB}-2.png", b"h" * 300_000)
        assert files(root) == [KEY]
        assert blobs.get(KEY, max_bytes=100_000) == b"h" * 100_000
        blobs.put(THUMB, b"h" * 20_000)


def test_the_pictures_on_a_full_disk_can_still_be_shown_after_a_restart(root: Path) -> None:
    with small_disk(root, "256k"):
        blobs = LocalBlobs(root)
        blobs.put(KEY, b"h" * 100_000)
        with pytest.raises(OSError, match="No space"):
            (root / "filler").write_bytes(b"x" * 300_000)
        again = LocalBlobs(root)
        assert again.get(KEY, max_bytes=100_000) == b"h" * 100_000
        assert files(root) == [KEY, "filler"]


# ---------------------------------------------------------------- row 10: the folder cannot be written to


def test_a_read_only_disk_is_refused_at_start_by_the_name_of_the_folder(root: Path) -> None:
    with small_disk(root):
        blobs = LocalBlobs(root)
        blobs.put(KEY, b"heron")
        with read_only(root):
            with pytest.raises(ConfigurationError, match="read-only") as refusal:
                LocalBlobs(root)
            assert str(root) in str(refusal.value)
            assert blobs.get(KEY, max_bytes=5) == b"heron"
            with pytest.raises(BlobError) as failure:
                blobs.put(THUMB, b"small")
            assert str(root) not in str(failure.value)


def test_a_folder_that_is_a_file_is_refused_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "pictures").write_text("not a folder")
    with pytest.raises(ConfigurationError) as refusal:
        LocalBlobs(tmp_path / "pictures")
    assert str(tmp_path / "pictures") in str(refusal.value)


def test_the_check_at_start_leaves_nothing_behind(root: Path) -> None:
    LocalBlobs(root).check_writable()
    assert files(root) == []
