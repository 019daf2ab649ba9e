"""Who is certainly dead: told by a lock that the kernel drops with the process."""

import subprocess
import sys
from pathlib import Path

from reve_core.engines.presence import FilePresence

ANNOUNCE = """
import sys, threading
from pathlib import Path
from reve_core.engines.presence import FilePresence
FilePresence(Path(sys.argv[1])).announce("123-abc")
print("here", flush=True)
threading.Event().wait(60)
"""


def test_a_worker_is_alive_while_its_process_is_and_dead_the_moment_it_is_killed(tmp_path: Path) -> None:
    here = FilePresence(tmp_path)
    other = subprocess.Popen([sys.executable, "-c", ANNOUNCE, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert other.stdout is not None
    with other, other.stdout:
        assert other.stdout.readline() == "here\n"
        assert not here.is_dead("123-abc")
        other.kill()
        other.wait(timeout=10)
        assert here.is_dead("123-abc")


def test_nobody_is_certainly_dead_who_never_announced_himself_here(tmp_path: Path) -> None:
    assert not FilePresence(tmp_path).is_dead("1-a")
    assert not FilePresence(tmp_path).is_dead("../../etc/passwd")


def test_one_is_never_dead_to_oneself_and_is_to_others_after_leaving(tmp_path: Path) -> None:
    mine, theirs = FilePresence(tmp_path), FilePresence(tmp_path)
    mine.announce("1-a")
    assert not mine.is_dead("1-a")
    assert not theirs.is_dead("1-a")
    mine.leave("1-a")
    assert theirs.is_dead("1-a")


def test_the_dead_are_forgotten_once_they_hold_no_lease(tmp_path: Path) -> None:
    here = FilePresence(tmp_path)
    for worker in ("1-a", "2-b", "3-c"):
        here.announce(worker)
    here.leave("1-a")
    here.leave("2-b")
    here.forget(leased={"2-b"})
    assert sorted(file.stem for file in tmp_path.iterdir()) == ["2-b", "3-c"]
    here.leave("3-c")
