"""Files: who else on the machine, or on the web, could read what the app keeps."""

from __future__ import annotations

import re
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

from reve_core.cli.careful.finding import Finding, warning
from reve_core.cli.careful.spending import is_paid_by_the_link
from reve_core.cli.careful.surroundings import Surroundings
from reve_core.settings import Settings

_NETWORK = re.compile(
    r"nfs\d?|cifs|smb\w*|ncpfs|afs|ceph|glusterfs|lustre|gpfs|beegfs|davfs\d?|fuse\.(sshfs|s3fs|rclone|gcsfuse|glusterfs|ceph\w*|davfs\d?|goofys|blobfuse\d?|mount-s3|hf\S*)"
)
_SHARED = re.compile(r"9p|virtiofs|vboxsf|vmhgfs|fuse(\..+)?")
_PASSING = re.compile(r"tmpfs|ramfs")
_SERVED_NAMES = {"public_html", "htdocs", "wwwroot", "www"}
_SERVED_FOLDERS = tuple(Path(each) for each in ("/srv/http", "/srv/www", "/usr/share/nginx", "/usr/share/caddy"))
_AS_IT_IS = ("-c", "safe.directory=*", "-c", "core.fsmonitor=false")
_SECRET_FILES = (".streamlit/secrets.toml", ".env")


def findings(settings: Settings, around: Surroundings) -> Iterator[Finding]:
    data = settings.data_dir.expanduser().absolute()
    yield from _data(data, around, paid=is_paid_by_the_link(settings))
    for name in _SECRET_FILES:
        path = around.root / name
        if path.exists() and is_open_to_others(path):
            yield _open_to_others(f"The file {name} with your keys", f"chmod 600 {path}", around)
    for variable, file in (
        ("REVE_PROVIDERS_FILE", settings.providers_file),
        ("REVE_PRICES_FILE", settings.prices_file),
        ("REVE_POLICY_FILE", settings.policy_file),
    ):
        if file is not None and is_open_to_others(file.expanduser().absolute(), stat.S_IWOTH):
            yield Finding(
                "writable",
                f"The file of {variable} can be changed by every user of this machine: where keys and prompts are sent, what counts as spent, what is let through. Run `chmod o-w {file}`.",
                refuses=not around.in_container,
            )
    for name in _tracked(around.root):
        yield Finding(
            "git",
            f"{name} is tracked by git, so your keys go wherever the code goes. Run `git rm --cached {name}`, and replace the keys in it.",
        )
    for what, path in (("The data folder", data), ("The app's folder", around.root)):
        if served := _served_from(path, around.root):
            yield Finding("served", f"{what} lies in {served}, which web servers hand out. Move it elsewhere.")
    if around.is_root:
        yield warning(
            "root", "This runs as root. Run the app as a user of its own, who owns nothing but the data folder."
        )


def _data(data: Path, around: Surroundings, *, paid: bool) -> Iterator[Finding]:
    if data.exists() and is_open_to_others(data):
        yield _open_to_others(f"The data folder {data} with all prompts and pictures", f"chmod 700 {data}", around)
    kind = filesystem_of(data, around.mounts)
    if _NETWORK.fullmatch(kind):
        yield Finding(
            "network",
            f"The data folder is on a network file system ({kind}), where the database can be damaged. Put it on a disk of this machine (REVE_DATA_DIR).",
        )
    elif _SHARED.fullmatch(kind):
        yield warning(
            "network",
            f"The data folder is on {kind}, shared with another system. A disk of this machine is safer for the database.",
        )
    elif _PASSING.fullmatch(kind) or (kind == "overlay" and around.in_container):
        where = (
            f"on {kind}, which is empty after a restart"
            if kind != "overlay"
            else "in the container itself and goes with it"
        )
        books = " Each day's spending is written there too: every restart would begin a new budget." if paid else ""
        text = f"The data folder is {where}.{books} Put it on a disk or a mounted volume (REVE_DATA_DIR)."
        yield Finding("passing", text, refuses=paid)


def _open_to_others(what: str, command: str, around: Surroundings) -> Finding:
    text = f"{what} can be read by every user of this machine. Run `{command}`."
    return Finding("readable", text, refuses=not around.in_container)


def is_open_to_others(path: Path, how: int = stat.S_IROTH | stat.S_IWOTH) -> bool:
    """Whether somebody who is neither the owner nor of the group may read or write it, and can get there."""
    try:
        mode = path.stat().st_mode
        ways_in = all(folder.stat().st_mode & stat.S_IXOTH for folder in path.resolve().parents)
    except OSError:
        return False
    return ways_in and bool(mode & how)


def filesystem_of(path: Path, mounts: str) -> str:
    """The kind of file system that ``path`` lies on, such as ``ext4``; empty where nobody can say."""
    longest, kind = -1, ""
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        fields = before.split()
        if len(fields) < 5 or not after:
            continue
        point = Path(re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), fields[4]))
        if (path == point or point in path.parents) and len(point.parts) >= longest:
            longest, kind = len(point.parts), after.split()[0]
    return kind


def _tracked(root: Path) -> list[str]:
    """Of the files with secrets, those that git keeps; none where there is no git."""
    try:
        ran = subprocess.run(
            # Also where the code belongs to somebody else than who runs this.
            ["git", "-C", str(root), *_AS_IT_IS, "ls-files", "-z", "--", *_SECRET_FILES],
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return []
    return [name for name in ran.stdout.split("\0") if name] if ran.returncode == 0 else []


def _served_from(path: Path, root: Path) -> str:
    """The folder that ``path`` lies in and a web server usually hands out; empty for none."""
    for folder in (path, *path.parents):
        if folder.name in _SERVED_NAMES or folder in _SERVED_FOLDERS or folder == root / "static":
            return str(folder)
    return ""
