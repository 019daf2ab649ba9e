"""Pictures on Streamlit's own media route: put there once as they are, and let go of when there is no room for more."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from streamlit.runtime.media_file_manager import MediaFileManager
from streamlit.runtime.media_file_storage import MediaFileStorageError
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage

from pages.parts import media
from pages.parts.media import Media


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def storage(monkeypatch: pytest.MonkeyPatch) -> MemoryMediaFileStorage:
    storage = MemoryMediaFileStorage("/media")
    manager = MediaFileManager(storage)
    monkeypatch.setattr(media, "_manager", lambda: manager)
    return storage


@pytest.fixture
def shelf(clock: Clock) -> Media:
    return Media(room=100, clock=clock)


def once(data: bytes, mime: str = "image/webp") -> Callable[[], tuple[bytes, str]]:
    """Reads a picture, and only the first time."""
    left = [data]
    return lambda: (left.pop(), mime)


def never() -> tuple[bytes, str]:
    raise AssertionError("It was read once more.")


def there(storage: MemoryMediaFileStorage, url: str) -> bool:
    try:
        storage.get_file(url.rpartition("/")[2])
    except MediaFileStorageError:
        return False
    return True


def test_a_picture_is_read_once_and_stands_there_byte_for_byte(shelf: Media, storage: MemoryMediaFileStorage) -> None:
    url = shelf.url("a.webp", once(b"the bytes"))
    assert shelf.url("a.webp", never) == url
    assert url.startswith("media/")
    assert url.endswith(".webp")
    found = storage.get_file(url.removeprefix("media/"))
    assert (found.content, found.mimetype) == (b"the bytes", "image/webp")


def test_it_outlives_the_runs_that_streamlit_counts_by(shelf: Media, storage: MemoryMediaFileStorage) -> None:
    url = shelf.url("a.webp", once(b"a"))
    media._manager().clear_session_refs()
    media._manager().remove_orphaned_files()
    assert there(storage, url)


def test_the_one_nobody_has_asked_for_longest_makes_room(shelf: Media, storage: MemoryMediaFileStorage) -> None:
    a, b = (shelf.url(name, once(name.encode() * 40)) for name in "ab")
    shelf.url("a", never)
    c = shelf.url("c", once(b"c" * 40))
    assert [there(storage, url) for url in (a, b, c)] == [True, False, True]
    assert there(storage, shelf.url("b", once(b"b" * 40)))  # and it comes back when it is asked for


def test_one_that_is_larger_than_the_room_is_shown_all_the_same(shelf: Media, storage: MemoryMediaFileStorage) -> None:
    assert there(storage, shelf.url("large", once(b"x" * 500)))


def test_what_was_deleted_goes_soon(shelf: Media, storage: MemoryMediaFileStorage, clock: Clock) -> None:
    kept, gone = (shelf.url(name, once(name.encode())) for name in ("kept", "gone"))
    shelf.sweep(lambda name: name == "kept")
    assert there(storage, gone)  # not with every run: looking costs
    clock.now += 61
    shelf.sweep(lambda name: name == "kept")
    assert [there(storage, url) for url in (kept, gone)] == [True, False]


def test_two_pictures_of_the_same_bytes_do_not_take_each_other_away(
    shelf: Media, storage: MemoryMediaFileStorage, clock: Clock
) -> None:
    one, other = (shelf.url(name, once(b"same")) for name in ("one", "other"))
    assert one == other
    clock.now += 61
    shelf.sweep(lambda name: name == "one")
    assert there(storage, one)


def test_what_cannot_be_read_says_why_and_is_tried_again(shelf: Media, storage: MemoryMediaFileStorage) -> None:
    def fails() -> tuple[bytes, str]:
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        shelf.url("a", fails)
    assert there(storage, shelf.url("a", once(b"back")))
