"""API tokens on the command line: shown once, kept as hashes, revoked for good."""

from pathlib import Path

import pytest

from reve_core import bootstrap
from reve_core.cli import main
from reve_core.models import PERSONAL
from reve_core.settings import Settings
from reve_core.visitors import Visitors


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("REVE_DATA_DIR", str(tmp_path))
    return tmp_path


def owner_of(token: str) -> str | None:
    studio = bootstrap.build(Settings())
    try:
        visitors: Visitors = studio.visitors
        return visitors.of_token(token)
    finally:
        studio.stop(0)


def create(capsys: pytest.CaptureFixture[str], name: str = "my script") -> tuple[str, str]:
    """The token's id and the token."""
    assert main(["token", "create", name]) == 0
    said = capsys.readouterr()
    assert "cannot be shown again." in said.err
    [token] = said.out.splitlines()
    return said.err.split()[1], token


def test_a_token_is_printed_alone_on_stdout_and_works(capsys: pytest.CaptureFixture[str]) -> None:
    _, token = create(capsys)
    assert token.startswith("reve_")
    assert len(token) > 40
    assert owner_of(token) == PERSONAL
    assert owner_of(token + "x") is None


def test_neither_the_list_nor_any_file_holds_the_token(capsys: pytest.CaptureFixture[str], data: Path) -> None:
    token_id, token = create(capsys, "nightly — 苍鹭")
    assert main(["token", "list"]) == 0
    said = capsys.readouterr()
    [line] = said.out.splitlines()
    assert line.startswith(token_id)
    assert line.endswith("valid               nightly — 苍鹭")
    assert token not in said.out + said.err
    for file in data.rglob("*"):
        if file.is_file():
            assert token.encode() not in file.read_bytes(), file


def test_a_revoked_token_is_refused_from_then_on_and_listed_as_revoked(capsys: pytest.CaptureFixture[str]) -> None:
    first_id, first = create(capsys, "first")
    _, second = create(capsys, "second")
    assert main(["token", "revoke", first_id]) == 0
    assert "Revoked." in capsys.readouterr().out
    assert (owner_of(first), owner_of(second)) == (None, PERSONAL)
    assert main(["token", "list"]) == 0
    newest, oldest = capsys.readouterr().out.splitlines()
    assert newest.endswith("second")
    assert "valid" in newest
    assert "revoked 20" in oldest


def test_a_token_cannot_be_revoked_twice_nor_one_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    token_id, _ = create(capsys)
    assert main(["token", "revoke", token_id]) == 0
    for given in (token_id, "unknown"):
        capsys.readouterr()
        assert main(["token", "revoke", given]) == 1
        assert capsys.readouterr().err.startswith("There is no valid token with this id.")


def test_an_empty_list_says_how_to_make_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["token", "list"]) == 0
    said = capsys.readouterr()
    assert said.out == ""
    assert "token create NAME" in said.err


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("", id="empty"),
        pytest.param("   ", id="blanks"),
        pytest.param("x" * 81, id="too long"),
        pytest.param("two\nlines", id="a line break"),
        pytest.param("\x1b[2Jgone", id="a control character"),
        pytest.param("backwards \u202e", id="a mark that turns the line round"),
    ],
)
def test_a_name_that_could_confuse_the_list_is_refused(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["token", "create", name]) == 1
    said = capsys.readouterr()
    assert said.err == "Give the token a name of 1 to 80 printable characters.\n"
    assert said.out == ""


def test_in_public_mode_each_token_has_a_gallery_of_its_own(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REVE_MODE", "public")
    monkeypatch.setenv("REVE_SECRET", "a-secret-that-only-tests-have-" * 2)
    (first_id, first), (second_id, second) = create(capsys), create(capsys)
    assert (owner_of(first), owner_of(second)) == (f"t-{first_id}", f"t-{second_id}")


def test_a_mistyped_action_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["token"])
    assert ended.value.code == 2
    assert "ACTION" in capsys.readouterr().err
