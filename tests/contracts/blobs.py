"""What every blob store promises. An adapter's tests inherit ``BlobsContract`` and give it a ``blobs`` fixture."""

from __future__ import annotations

import threading

import pytest

from reve_core.errors import BlobConflict, BlobError, BlobMissing
from reve_core.ports import BlobInfo, Blobs

JOB = "0123456789abcdef0123456789abcdef"
KEY = f"{JOB}-1.png"
THUMB = f"{JOB}-1-thumb.webp"
ENOUGH = 1_000_000

NOT_KEYS = [
    "",
    "picture.png",
    f"{JOB}.png",
    f"{JOB}-1.svg",
    f"{JOB}-1.html",
    f"{JOB}-1.png.html",
    f"{JOB}-1.png\n",
    f"{JOB}-1.png\x00",
    f"{JOB.upper()}-1.png",
    f"{JOB}-1234567.png",
    f"{JOB}-١.png",
    f"../{JOB}-1.png",
    f"/etc/{JOB}-1.png",
    "../../etc/passwd",
]


class BlobsContract:
    @pytest.fixture
    def blobs(self) -> Blobs:
        raise NotImplementedError

    def test_what_was_put_comes_back(self, blobs: Blobs) -> None:
        data = bytes(range(256)) * 100
        blobs.put(KEY, data)
        assert blobs.get(KEY, max_bytes=len(data)) == data

    def test_an_empty_blob_is_a_blob(self, blobs: Blobs) -> None:
        blobs.put(KEY, b"")
        assert blobs.get(KEY, max_bytes=0) == b""

    def test_the_same_bytes_may_be_put_again(self, blobs: Blobs) -> None:
        blobs.put(KEY, b"heron")
        blobs.put(KEY, b"heron")
        assert blobs.get(KEY, max_bytes=ENOUGH) == b"heron"

    @pytest.mark.parametrize("other", [b"", b"her", b"heros", b"heron and fox"])
    def test_other_bytes_under_a_taken_key_are_refused_and_change_nothing(self, blobs: Blobs, other: bytes) -> None:
        blobs.put(KEY, b"heron")
        with pytest.raises(BlobConflict) as refusal:
            blobs.put(KEY, other)
        assert refusal.value.key == KEY
        assert blobs.get(KEY, max_bytes=ENOUGH) == b"heron"

    def test_a_missing_blob_says_so(self, blobs: Blobs) -> None:
        with pytest.raises(BlobMissing) as refusal:
            blobs.get(KEY, max_bytes=ENOUGH)
        assert refusal.value.key == KEY
        assert blobs.path(KEY) is None
        assert blobs.find(f"{JOB}-1") == []

    def test_more_bytes_than_asked_for_are_refused_not_cut(self, blobs: Blobs) -> None:
        blobs.put(KEY, b"heron")
        with pytest.raises(BlobError):
            blobs.get(KEY, max_bytes=4)

    def test_find_names_the_picture_of_an_attempt_and_not_its_thumbnail_or_neighbours(self, blobs: Blobs) -> None:
        blobs.put(THUMB, b"small")
        blobs.put(f"{JOB}-11.png", b"eleven")
        blobs.put(f"{JOB}-1.webp", b"web")
        blobs.put(KEY, b"heron")
        assert blobs.find(f"{JOB}-1") == [BlobInfo(KEY, 5), BlobInfo(f"{JOB}-1.webp", 3)]
        assert blobs.find(f"{JOB}-1-thumb") == [BlobInfo(THUMB, 5)]

    def test_a_deleted_blob_is_gone_and_its_key_is_free_again(self, blobs: Blobs) -> None:
        blobs.put(KEY, b"heron")
        blobs.delete(KEY)
        assert blobs.find(f"{JOB}-1") == []
        blobs.put(KEY, b"fox")
        assert blobs.get(KEY, max_bytes=ENOUGH) == b"fox"

    def test_deleting_what_is_not_there_is_no_error(self, blobs: Blobs) -> None:
        blobs.delete(KEY)
        blobs.delete(KEY)

    @pytest.mark.parametrize("name", NOT_KEYS)
    def test_a_name_that_is_no_key_reaches_no_file(self, blobs: Blobs, name: str) -> None:
        with pytest.raises(BlobError):
            blobs.put(name, b"heron")
        with pytest.raises(BlobMissing):
            blobs.get(name, max_bytes=ENOUGH)
        assert blobs.path(name) is None
        assert blobs.find(name.removesuffix(".png") if ".." in name or "/" in name else "..") == []
        blobs.delete(name)

    def test_of_two_writers_of_one_key_one_wins_whole(self, blobs: Blobs) -> None:
        answers: list[str] = []
        gate = threading.Barrier(8, timeout=10)

        def write(number: int) -> None:
            gate.wait()
            try:
                blobs.put(KEY, bytes([number]) * 50_000)
                answers.append("stored")
            except BlobConflict:
                answers.append("refused")

        threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
        assert sorted(answers) == ["refused"] * 7 + ["stored"]
        assert len(set(blobs.get(KEY, max_bytes=ENOUGH))) == 1

    def test_free_room_is_a_number_or_unknown(self, blobs: Blobs) -> None:
        room = blobs.free_bytes()
        assert room is None or room > 0

    def test_a_sweep_leaves_finished_blobs_alone(self, blobs: Blobs) -> None:
        blobs.put(KEY, b"heron")
        assert blobs.sweep(-1000) == 0
        assert blobs.get(KEY, max_bytes=ENOUGH) == b"heron"
