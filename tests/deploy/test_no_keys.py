"""Nothing that looks like a key is kept in git, and what holds keys is ignored by it."""

from __future__ import annotations

import re
import subprocess

import pytest

from reve_core.settings import ROOT

# Keys as services and people write them. Long and random: a word that is only named so is none.
SHAPES = {
    "a private key": re.compile(r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----\s+[A-Za-z0-9+/=\s]{64,}"),
    "a Reve key": re.compile(r"\bpapi\.[0-9a-f]{8}-[0-9a-f-]{27,}\.[A-Za-z0-9_-]{16,}"),
    "a fal key": re.compile(r"\b[0-9a-f]{8}-[0-9a-f-]{27}:[0-9a-f]{24,}"),
    "an OpenAI key": re.compile(r"\bsk-(?:proj-)?[A-Za-z0-9_-]{32,}"),
    "a GitHub token": re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{50,})"),
    "a Hugging Face token": re.compile(r"\bhf_[A-Za-z0-9]{30,}"),
    "an AWS key": re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
    "a Google key": re.compile(r"\bAIza[A-Za-z0-9_-]{35}"),
    "a Slack token": re.compile(r"\bxox[abprs]-[A-Za-z0-9-]{20,}"),
    "a Stripe key": re.compile(r"\b[rs]k_live_[A-Za-z0-9]{20,}"),
    "a Fly token": re.compile(r"\bFlyV1 fm\d[A-Za-z]_[A-Za-z0-9+/=_-]{40,}"),
    "a web token": re.compile(r"\beyJ[A-Za-z0-9_-]{15,}\.eyJ[A-Za-z0-9_-]{15,}\.[A-Za-z0-9_-]{20,}"),
    "a setting with a random value": re.compile(
        r"REVE_(?:SECRET|OPERATOR_TOKEN|API_KEY|FAL_KEY|OPENAI_KEY|MODERATION_KEY|WEBHOOK_SECRET)\s*[=:]\s*[\"']?"
        r"(?=[^\s\"']*[0-9])(?=[^\s\"']*[A-Z])(?=[^\s\"']*[a-z])[A-Za-z0-9_+/=-]{32,}(?=[\s\"']|$)"
    ),
}


def git(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=False, timeout=60)


def test_no_tracked_file_holds_what_looks_like_a_key() -> None:
    listed = git("ls-files", "-z")
    if listed.returncode:
        pytest.skip("no git here")
    suspects = []
    for name in filter(None, listed.stdout.split("\0")):
        path = ROOT / name
        if not path.is_file():
            continue
        text = path.read_bytes().decode("latin-1")
        suspects += [f"{name}: {what}" for what, shape in SHAPES.items() if shape.search(text)]
    assert suspects == []


@pytest.mark.parametrize("name", [".env", ".streamlit/secrets.toml", "data/reve.db", "data/secret"])
def test_git_ignores_what_holds_keys_and_data(name: str) -> None:
    if git("rev-parse").returncode:
        pytest.skip("no git here")
    assert git("check-ignore", "-q", name).returncode == 0
    assert git("ls-files", "--error-unmatch", name).returncode != 0


@pytest.mark.parametrize("name", [".streamlit/secrets.toml.example", "deploy/studio.env.example"])
def test_git_keeps_the_examples(name: str) -> None:
    if git("rev-parse").returncode:
        pytest.skip("no git here")
    assert git("check-ignore", "-q", name).returncode == 1


@pytest.mark.parametrize(
    "text",
    [
        "REVE_SECRET=" + "aB3_" * 12,
        "sk-" + "aB3" * 12,
        "hf_" + "aB3" * 12,
        "AKIA" + "ABCD1234" * 2,
        "papi." + "01234567-89ab-cdef-0123-456789abcdef" + "." + "x" * 24,
        "-----BEGIN PRIVATE KEY-----\n" + "MIIEvQ" * 20,
    ],
)
def test_a_key_would_be_seen(text: str) -> None:
    assert any(shape.search(text) for shape in SHAPES.values())
