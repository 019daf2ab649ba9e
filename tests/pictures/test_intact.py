"""Row 6 of the faults to survive: the file on the disk is no longer what was stored."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from reve_core.pictures.intact import is_intact
from tests.pictures.samples import encoded, image

PNG = encoded("PNG", image(200, 200))
DIGEST = hashlib.sha256(PNG).hexdigest()


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    file = tmp_path / "picture.png"
    file.write_bytes(PNG)
    return file


def test_an_unchanged_file_is_intact(stored: Path) -> None:
    assert is_intact(stored, len(PNG), DIGEST)
    assert is_intact(str(stored), len(PNG), DIGEST)


@pytest.mark.parametrize(
    "left", [0, len(PNG) // 5, len(PNG) // 2, len(PNG) - 12, len(PNG) - 1], ids=["0", "20 %", "50 %", "-12", "-1"]
)
def test_a_file_cut_short_on_the_disk_is_damaged(stored: Path, left: int) -> None:
    stored.write_bytes(PNG[:left])
    assert not is_intact(stored, len(PNG), DIGEST)


def test_a_file_of_the_same_size_with_one_other_byte_is_damaged(stored: Path) -> None:
    changed = bytearray(PNG)
    changed[-1] ^= 1
    stored.write_bytes(changed)
    assert not is_intact(stored, len(PNG), DIGEST)


def test_a_file_with_something_behind_it_is_damaged(stored: Path) -> None:
    stored.write_bytes(PNG + b"\x00")
    assert not is_intact(stored, len(PNG), DIGEST)


def test_a_file_that_is_gone_or_a_folder_is_damaged(tmp_path: Path) -> None:
    assert not is_intact(tmp_path / "gone.png", len(PNG), DIGEST)
    assert not is_intact(tmp_path, len(PNG), DIGEST)
