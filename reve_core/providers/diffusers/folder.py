"""
Where a model lies, and whether it can be one, without loading it.

A model is a folder with ``model_index.json``, or a repo id whose files a hub's own program has put into its cache. Nothing
is fetched: a model is tens of gigabytes, and whoever runs it chose when to download it.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_REPO = re.compile(r"[\w.-]+/[\w.-]+")
_LARGEST_INDEX = 1024 * 1024


class NotAModel(Exception):
    """``str()`` says what is wrong and what to do, without the folder's path."""


@dataclass(frozen=True, slots=True)
class Found:
    """``pipeline`` is the class that the folder is for. ``side``: of the squares it was trained on, in pixels, if it says."""

    folder: Path
    pipeline: str
    side: int | None


def name_of(given: str) -> str:
    """What a model is called where people see it: its repo id, or its folder's own name, never a path."""
    path = Path(given.strip())
    for part in (path, *path.parents):
        if part.name.startswith("models--"):  # inside the hub's cache
            return part.name.removeprefix("models--").replace("--", "/")
    return given.strip() if is_repo(given) and not path.expanduser().exists() else path.name or "model"


def is_repo(given: str) -> bool:
    return bool(_REPO.fullmatch(given.strip()))


def find(given: str) -> Found:
    """Raises NotAModel."""
    name = name_of(given)
    folder = Path(given.strip()).expanduser()
    if not folder.exists() and is_repo(given):
        folder = _in_cache(given.strip(), name)
    if not folder.exists():
        raise NotAModel(
            f"The model {name} was not found. Set REVE_DIFFUSERS_MODEL to its folder, or download it first: hf download {name}"
            if is_repo(name)
            else f"The model folder {name} was not found. Set REVE_DIFFUSERS_MODEL to the folder that holds model_index.json."
        )
    if not folder.is_dir():
        raise NotAModel(
            f"{name} is a file, not a model folder. Name the folder that holds model_index.json; "
            "a single .safetensors file has to be converted into one first."
        )
    return _looked_into(folder.absolute(), name)


def _in_cache(repo: str, name: str) -> Path:
    home = os.environ.get("HF_HOME") or os.path.join(
        os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "huggingface"
    )
    cache = Path(os.environ.get("HF_HUB_CACHE") or os.path.join(home, "hub")).expanduser()
    kept = cache / f"models--{repo.replace('/', '--')}"
    if not kept.is_dir():
        raise NotAModel(
            f"The model {name} is not on this machine. Download it first (hf download {name}), "
            "or set REVE_DIFFUSERS_MODEL to its folder."
        )
    try:
        revision = (kept / "refs" / "main").read_text(encoding="ascii").strip()
        return kept / "snapshots" / revision
    except (OSError, UnicodeDecodeError):
        snapshots = sorted(kept.glob("snapshots/*"))
        if len(snapshots) == 1:
            return snapshots[0]
    raise NotAModel(f"The model {name} was not downloaded whole. Download it again: hf download {name}")


def _looked_into(folder: Path, name: str) -> Found:
    if not (folder / "model_index.json").is_file():
        raise NotAModel(
            f"{name} is not a model folder: it has no model_index.json. "
            "Name the folder of a model in the diffusers layout, the one that holds that file."
        )
    index = _json(folder / "model_index.json")
    pipeline = index.get("_class_name") if index is not None else None
    if index is None or not isinstance(pipeline, str):
        raise NotAModel(f"The model {name} is damaged: its model_index.json cannot be read. Download it again.")
    for part, made_by in index.items():
        # A part that a model has is a pair of library and class; one that it goes without is a pair of nulls.
        if isinstance(made_by, list) and len(made_by) == 2 and all(made_by) and not _has_files(folder / part):
            raise NotAModel(f"The model {name} is incomplete: its part “{part}” is missing. Download it again.")
    return Found(folder, pipeline, _trained_side(folder))


def _has_files(part: Path) -> bool:
    return part.is_dir() and any(part.iterdir())


def _trained_side(folder: Path) -> int | None:
    unet = _json(folder / "unet" / "config.json")
    vae = _json(folder / "vae" / "config.json")
    if unet is None or vae is None:
        return None
    latent, blocks = unet.get("sample_size"), vae.get("block_out_channels")
    if not isinstance(latent, int) or not isinstance(blocks, list) or not 0 < len(blocks) < 8:
        return None
    side: int = latent * 2 ** (len(blocks) - 1)
    return side if 32 <= side <= 4096 else None


def _json(path: Path) -> Mapping[str, object] | None:
    try:
        if path.stat().st_size > _LARGEST_INDEX:
            return None
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None
