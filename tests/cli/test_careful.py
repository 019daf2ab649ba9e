"""`doctor --public`: a careful set-up passes, and each careless change to it is refused with its own reason."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import os
import re
import shutil
import stat
import subprocess
import tempfile
import tomllib
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit import config as streamlit_config

from reve_core import bootstrap
from reve_core.allowance import Allowance
from reve_core.cli import main
from reve_core.cli.careful import Finding, Surroundings, findings, screen, spending
from reve_core.cli.careful.files import filesystem_of, is_open_to_others
from reve_core.cli.careful.keys import is_example
from reve_core.cli.careful.surroundings import variable_of
from reve_core.guard.moderation import engine
from reve_core.settings import ROOT, Settings


def drawn(name: str, length: int) -> str:
    """As good as drawn at random, and the same in every process: the tests are called after what they are given."""
    return urlsafe_b64encode(hashlib.sha512(name.encode()).digest()).decode()[:length]


SECRET = drawn("secret", 64)
TOKEN = drawn("token", 32)
KEY = drawn("key", 32)
DISK = "21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
CAREFUL: dict[str, object] = {
    "mode": "public",
    "secret": SECRET,
    "operator_token": TOKEN,
    "api_key": KEY,
    "public_url": "https://pictures.example",
    "allowed_hosts": "pictures.example",
    "trusted_hops": 1,
}


_load_once = functools.cache(engine.load)


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "load", _load_once)  # a policy takes a moment to read
    for name in os.environ:
        if name.startswith(("REVE_", "STREAMLIT_")):
            monkeypatch.delenv(name)


@pytest.fixture
def around(tmp_path: Path) -> Surroundings:
    root = tmp_path / "app"
    (root / ".streamlit").mkdir(parents=True)
    shutil.copy(ROOT / ".streamlit" / "config.toml", root / ".streamlit")
    (root / "data").mkdir(mode=0o700)
    return Surroundings(
        environ={"STREAMLIT_SERVER_ADDRESS": "127.0.0.1"},
        root=root,
        home=tmp_path / "home",
        mounts=DISK,
        is_root=False,
        in_container=False,
    )


def found(around: Surroundings, allowance: Allowance | None = None, **changes: object) -> list[Finding]:
    settings = Settings(**{"data_dir": around.root / "data", **CAREFUL, **changes})  # type: ignore[arg-type]
    return list(findings(settings, allowance or bootstrap.allowance(settings), around))


def test_a_careful_set_up_has_nothing_against_it(around: Surroundings) -> None:
    assert found(around) == []


def test_a_careful_set_up_that_only_sketches_needs_no_budget(around: Surroundings) -> None:
    free = {
        "api_key": None,
        "daily_credits": 0,
        "visitor_daily_credits": 0,
        "address_daily_credits": 0,
        "credits_floor": 0,
    }
    assert found(around, provider="sketch", **free) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"mode": "personal"}, "REVE_MODE is personal"),
        ({"secret": None}, "REVE_SECRET is not set"),
        ({"secret": SECRET[:31]}, "shorter than 32"),
        ({"secret": f"{SECRET},guess-me"}, "shorter than 32"),
        ({"secret": "ab" * 24}, "too even"),
        ({"secret": "replace-this-with-what-the-command-prints"}, "an example that everybody can read"),
        ({"secret": f"{SECRET} my-own-password-for-this-very-link"}, "an example that everybody can read"),
        ({"daily_credits": 0}, "REVE_DAILY_CREDITS is 0"),
        ({"visitor_daily_credits": 0}, "one visitor can spend the budget of all"),
        ({"address_daily_credits": 0}, "ever new cookies"),
        ({"api_key": None, "api_url": "https://gateway.example", "daily_credits": 0}, "REVE_DAILY_CREDITS is 0"),
        (
            {
                "api_key": None,
                "api_proxy_authorization": KEY,
                "api_url": "https://gateway.example",
                "daily_credits": 0,
            },
            "REVE_DAILY_CREDITS is 0",
        ),
        ({"api_key": None, "fal_key": KEY, "daily_credits": 0}, "REVE_DAILY_CREDITS is 0"),
        ({"fal_key": "your-secret-key-of-fal"}, "REVE_FAL_KEY is a placeholder"),
        ({"fal_key": TOKEN}, "REVE_FAL_KEY and REVE_OPERATOR_TOKEN have the same value"),
        ({"openai_key": "sk-replace-me-with-a-real-one"}, "REVE_OPENAI_KEY is a placeholder"),
        ({"openai_key": SECRET}, "REVE_OPENAI_KEY and REVE_SECRET have the same value"),
        ({"visitor_per_minute": 0}, "REVE_VISITOR_PER_MINUTE is 0"),
        ({"address_per_minute": 0}, "REVE_ADDRESS_PER_MINUTE is 0"),
        ({"link_per_minute": 0}, "REVE_LINK_PER_MINUTE is 0"),
        ({"visitor_queue": 0}, "REVE_VISITOR_QUEUE is 0"),
        ({"address_queue": 0}, "REVE_ADDRESS_QUEUE is 0"),
        ({"link_queue": 0}, "REVE_LINK_QUEUE is 0"),
        ({"visitor_at_once": 0}, "one visitor can take every worker"),
        ({"sockets_per_address": 0}, "REVE_SOCKETS_PER_ADDRESS is 0"),
        ({"frames_per_second": 0}, "REVE_FRAMES_PER_SECOND is 0"),
        ({"requests_per_second": 0}, "REVE_REQUESTS_PER_SECOND is 0"),
        ({"moderation": "off"}, "REVE_MODERATION is off"),
        ({"policy_file": Path("/nowhere/policy.toml")}, "cannot be read"),
        ({"public_url": ""}, "REVE_PUBLIC_URL is not set"),
        ({"public_url": "http://pictures.example"}, "REVE_PUBLIC_URL is not https"),
        ({"allowed_hosts": ""}, "REVE_ALLOWED_HOSTS lets every host name in"),
        ({"allowed_hosts": "pictures.example *"}, "REVE_ALLOWED_HOSTS lets every host name in"),
        ({"allowed_hosts": "other.example"}, "leaves out pictures.example"),
        ({"trusted_hops": 0}, "all visitors would share one address"),
        ({"operator_token": None}, "Nobody can open the operator page"),
        ({"operator_token": None, "operator_emails": "me@pictures.example"}, "Nobody can open the operator page"),
        ({"operator_token": TOKEN[:23]}, "shorter than 24"),
        ({"operator_token": SECRET}, "REVE_OPERATOR_TOKEN and REVE_SECRET have the same value"),
        ({"api_key": "papi.test-not-a-key"}, "REVE_API_KEY is a placeholder"),
        ({"api_key": SECRET}, "REVE_API_KEY and REVE_SECRET have the same value"),
        ({"embed_origins": "http://blog.example"}, "REVE_EMBED_ORIGINS lets http://blog.example frame the app"),
    ],
    ids=lambda value: (
        str(value)
        if isinstance(value, dict) and SECRET not in str(value) and TOKEN not in str(value) and KEY not in str(value)
        else ""
    ),
)
def test_a_careless_setting_is_refused_with_its_reason(
    around: Surroundings, changes: dict[str, object], words: str
) -> None:
    refusals = [each.text for each in found(around, **changes) if each.refuses]
    assert len(refusals) == 1, refusals
    assert words in refusals[0]
    for text in refusals:
        assert "\n" not in text
        assert text.endswith((".", "`."))
        for canary in (SECRET, TOKEN, KEY):
            assert canary not in text


def test_frames_without_https_are_refused(around: Surroundings) -> None:
    framed = found(around, public_url="http://pictures.example", embed_origins="https://blog.example")
    assert sorted(each.code for each in framed if each.refuses) == ["embed", "https"]


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("client.showErrorDetails", '"full"', "must be none"),
        ("client.showErrorDetails", '"type"', "must be none"),
        ("client.showErrorDetails", "true", "must be none"),
        ("client.showErrorLinks", '"auto"', "must be false"),
        ("client.toolbarMode", '"developer"', "developer's menu"),
        ("server.enableXsrfProtection", "false", "must be true"),
        ("server.enableCORS", "false", "must be true"),
        ("server.enableStaticServing", "true", "must be false"),
        ("server.enableAgentApi", "true", "must be false"),
        ("server.maxUploadSize", "200", "more than 40 MB"),
        ("server.maxMessageSize", "200", "more than 25 MB"),
        ("server.maxWidgetStateSize", "25", "more than 4 MB"),
        ("server.corsAllowedOrigins", '["*"]', "every site's scripts"),
    ],
)
@pytest.mark.parametrize("where", ["file", "environment", "home"])
def test_a_careless_option_of_streamlit_is_refused_wherever_it_is_set(
    around: Surroundings, where: str, option: str, value: str, words: str
) -> None:
    section, _, name = option.partition(".")
    if where == "environment":
        around = dataclasses.replace(around, environ={**around.environ, variable_of(option): value.strip('"')})
    else:
        path = around.root / ".streamlit" / "config.toml"
        path.write_text("\n".join(line for line in path.read_text().splitlines() if not line.startswith(f"{name} ")))
        if where == "home":
            path = around.home / ".streamlit" / "config.toml"
            path.parent.mkdir(parents=True)
            path.write_text(f"[{section}]\n")
        path.write_text(path.read_text().replace(f"[{section}]\n", f"[{section}]\n{name} = {value}\n"))
    [refusal] = [each.text for each in found(around) if each.refuses]
    assert words in refusal
    assert option in refusal


def test_no_file_of_streamlits_options_leaves_its_own_defaults_which_are_refused(around: Surroundings) -> None:
    (around.root / ".streamlit" / "config.toml").unlink()
    text = " ".join(each.text for each in found(around) if each.refuses)
    for option in ("client.showErrorDetails", "client.showErrorLinks", "server.maxUploadSize", "server.maxMessageSize"):
        assert option in text


def test_the_options_that_are_looked_at_are_streamlits_and_so_are_their_variables_and_defaults() -> None:
    known = streamlit_config._config_options_template
    for option, default in [(each[0], each[1]) for each in (*screen._SWITCHES, *screen._SIZES)]:
        assert known[option].default_val == default, option
        assert known[option].env_var == variable_of(option)


@pytest.fixture
def street() -> Iterator[Path]:
    """A folder that every user of this machine can get into."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def test_a_data_folder_that_others_can_read_is_refused(around: Surroundings, street: Path) -> None:
    open_to_all = street / "data"
    open_to_all.mkdir()
    open_to_all.chmod(0o755)
    if not is_open_to_others(open_to_all):
        pytest.skip("others cannot get to the folder for temporary files here")
    [refusal] = found(around, data_dir=open_to_all)
    assert (refusal.refuses, f"Run `chmod 700 {open_to_all}`" in refusal.text) == (True, True)
    [alone] = found(dataclasses.replace(around, in_container=True), data_dir=open_to_all)
    assert not alone.refuses
    open_to_all.chmod(0o750)
    assert found(around, data_dir=open_to_all) == []
    open_to_all.chmod(0o755)
    street.chmod(0o700)  # nobody gets that far
    assert found(around, data_dir=open_to_all) == []


def test_a_secrets_file_that_others_can_read_is_refused(around: Surroundings, street: Path) -> None:
    shutil.copytree(around.root, street / "app")
    around = dataclasses.replace(around, root=street / "app")
    (street / "app" / "data").chmod(0o700)
    for name in (".streamlit/secrets.toml", ".env"):
        path = around.root / name
        path.write_text("")
        path.chmod(0o644)
        if not is_open_to_others(path):
            pytest.skip("others cannot get to the folder for temporary files here")
        [refusal] = found(around)
        assert refusal.refuses
        assert f"Run `chmod 600 {path}`" in refusal.text
        path.chmod(0o600)
        assert found(around) == []


def test_a_secrets_file_that_git_keeps_is_refused(around: Surroundings) -> None:
    def git(*arguments: str) -> None:
        subprocess.run(["git", "-C", str(around.root), *arguments], check=True, capture_output=True)

    git("init", "-q")
    (around.root / ".streamlit" / "secrets.toml").write_text("")
    assert found(around) == []
    git("add", ".streamlit/secrets.toml")
    [refusal] = found(around)
    assert refusal.refuses
    assert "tracked by git" in refusal.text


@pytest.mark.parametrize(
    ("kind", "refuses"),
    [
        ("nfs4", True),
        ("cifs", True),
        ("fuse.sshfs", True),
        ("fuse.rclone", True),
        ("9p", False),
        ("virtiofs", False),
        ("tmpfs", True),
    ],
)
def test_a_data_folder_on_another_machines_disk_is_refused(around: Surroundings, kind: str, refuses: bool) -> None:
    mounts = f"{DISK}44 21 0:40 / {around.root} rw - {kind} host:/share rw\n"
    [finding] = found(dataclasses.replace(around, mounts=mounts))
    assert finding.refuses == refuses
    assert kind in finding.text


def test_a_data_folder_that_a_restart_empties_is_refused_where_money_is_spent(around: Surroundings) -> None:
    inside = dataclasses.replace(around, mounts=DISK.replace("ext4", "overlay"), in_container=True)
    [finding] = found(inside)
    assert finding.refuses
    assert "every restart would begin a new budget" in finding.text
    [finding] = found(inside, api_key=None)
    assert not finding.refuses
    assert found(dataclasses.replace(inside, in_container=False)) == []


def test_the_nearest_mount_counts_and_blanks_in_its_name_are_understood() -> None:
    mounts = (
        f"{DISK}2 1 0:1 / /mnt/two\\040words rw - nfs4 host:/x rw\n3 1 0:2 / /mnt/two\\040words/in rw - xfs /dev/b rw\n"
    )
    assert filesystem_of(Path("/mnt/two words/data"), mounts) == "nfs4"
    assert filesystem_of(Path("/mnt/two words/in/data"), mounts) == "xfs"
    assert filesystem_of(Path("/mnt/two wordsmiths"), mounts) == "ext4"
    assert filesystem_of(Path("/mnt"), "") == ""


@pytest.mark.parametrize("inside", ["static/data", "www/data", "public_html/data"])
def test_a_data_folder_that_a_web_server_hands_out_is_refused(around: Surroundings, inside: str) -> None:
    [refusal] = found(around, data_dir=around.root / inside)
    assert refusal.refuses
    assert "web servers hand out" in refusal.text


def test_what_an_operator_changed_counts_and_is_mended_there(around: Surroundings) -> None:
    settings = Settings(**CAREFUL)  # type: ignore[arg-type]
    changed = dataclasses.replace(bootstrap.allowance(settings), link_credits=0)
    [refusal] = found(around, changed)
    assert "REVE_DAILY_CREDITS" in refusal.text
    assert "operator page" in refusal.text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"credits_floor": 0}, "REVE_CREDITS_FLOOR is 0"),
        ({"visitor_daily_credits": 6_000}, "as much as everybody has together"),
        ({"daily_credits": 750_000}, "lets a day cost $1,000"),
        ({"visitor_per_minute": 1000}, "REVE_VISITOR_PER_MINUTE is 1,000"),
        ({"picture_days": 0}, "kept for ever"),
        ({"log_prompts": True}, "REVE_LOG_PROMPTS"),
        ({"min_free_mb": 0}, "REVE_MIN_FREE_MB"),
        ({"cors_origins": "http://tools.example"}, "REVE_CORS_ORIGINS"),
        ({"api_url": "http://gateway.internal"}, "REVE_API_URL is not https"),
        (
            {"openai_key": KEY, "openai_url": "http://models.internal/v1", "openai_models": "gpt-image-2"},
            "REVE_OPENAI_URL is not https",
        ),
        ({"webhook_hosts": "http://hooks.internal"}, "REVE_WEBHOOK_HOSTS"),
        ({"operator_emails": "me@pictures.example"}, "REVE_OPERATOR_EMAILS lets nobody in"),
        ({"embed_origins": "https://blog.example"}, "STREAMLIT_SERVER_XSRF_COOKIE_SAME_SITE"),
    ],
)
def test_what_is_only_worth_a_thought_does_not_refuse(
    around: Surroundings, changes: dict[str, object], words: str
) -> None:
    [finding] = found(around, **changes)
    assert not finding.refuses
    assert words in finding.text


def test_who_listens_where_is_worth_a_thought(around: Surroundings) -> None:
    everywhere = dataclasses.replace(around, environ={})
    [finding] = found(everywhere)
    assert (finding.refuses, finding.code) == (False, "port")
    assert found(dataclasses.replace(everywhere, in_container=True)) == []
    certificate = {"STREAMLIT_SERVER_SSL_CERT_FILE": "/etc/studio.pem", "STREAMLIT_SERVER_ADDRESS": "127.0.0.1"}
    [finding] = found(dataclasses.replace(around, environ=certificate), trusted_hops=0)
    assert (finding.refuses, finding.code) == (False, "hops")
    [finding] = found(dataclasses.replace(around, is_root=True))
    assert (finding.refuses, finding.code) == (False, "root")


def test_a_sign_in_by_openid_connect_takes_the_place_of_the_token(around: Surroundings) -> None:
    path = around.root / ".streamlit" / "secrets.toml"
    path.write_text('[auth]\nredirect_uri = "https://pictures.example/oauth2callback"\n')
    path.chmod(0o600)
    assert found(around, operator_token=None, operator_emails="me@pictures.example") == []


def test_every_placeholder_in_the_examples_is_known_for_one_even_where_the_examples_are_missing() -> None:
    values = []
    for name in (".streamlit/secrets.toml.example", "deploy/studio.env.example"):
        text = (ROOT / name).read_text(encoding="utf-8")
        values += re.findall(
            r'^#? ?REVE_(?:SECRET|OPERATOR_TOKEN|API_KEY|FAL_KEY|OPENAI_KEY) ?= ?"?([^"\s]+)', text, re.MULTILINE
        )
    assert len(values) >= 10
    assert all(is_example(value, "") for value in values), values


def test_the_examples_name_settings_that_there_are_with_values_that_they_take() -> None:
    known = {f"REVE_{name.upper()}" for name in Settings.model_fields}
    env = (ROOT / "deploy" / "studio.env.example").read_text(encoding="utf-8")
    toml = (ROOT / ".streamlit" / "secrets.toml.example").read_text(encoding="utf-8")
    for text, values in (
        (env, dict(re.findall(r"^(REVE_\w+)=(.*)$", env, re.MULTILINE))),
        (toml, tomllib.loads(toml)),
    ):
        assert set(re.findall(r"^#? ?(REVE_\w+)", text, re.MULTILINE)) <= known
        settings = Settings(**{name.removeprefix("REVE_").lower(): value for name, value in values.items()})
        assert settings.mode == "public"
    assert tomllib.loads(re.sub(r"(?m)^# (?=[A-Z\[a-z_]+ ?[=\]])", "", toml))["auth"]  # with the rest put in force


def test_a_secret_that_stands_in_the_pages_is_an_example(around: Surroundings) -> None:
    (around.root / "README.md").write_text(f"Set it, as in `REVE_SECRET={SECRET}`, and go.\n")
    [refusal] = found(around)
    assert "an example that everybody can read" in refusal.text


def test_a_day_has_its_price() -> None:
    settings = Settings(**CAREFUL)  # type: ignore[arg-type]
    told = spending.worst(settings, bootstrap.allowance(settings))
    assert (
        told
        == "Paid with your money: Reve. A day costs at most 6,000 credits (about $8.00), one address at most 2,400, "
        "one visitor at most 600."
    )


# -- providers of a file


@pytest.fixture
def lab(around: Surroundings, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """A providers' file with one more gateway, whose key is in ``LAB_KEY``."""

    def written(more: str = "", *, key: str = KEY) -> Path:
        monkeypatch.setenv("LAB_KEY", key)
        path = around.root / "providers.toml"
        entry = '[[provider]]\nkind = "reve"\nname = "lab"\ntitle = "Lab"\nbase_url = "https://lab.example"\nkey_env = "LAB_KEY"\n'
        path.write_text(entry + more)
        path.chmod(0o644)
        return path

    return written


def test_a_provider_of_the_file_is_paid_by_the_link_as_well(around: Surroundings, lab: Callable[[str], Path]) -> None:
    file = lab("daily_usd = 2")
    assert found(around, providers_file=file) == []
    [refusal] = found(around, providers_file=file, api_key=None, daily_credits=0)
    assert "REVE_DAILY_CREDITS is 0" in refusal.text
    settings = Settings(**{**CAREFUL, "providers_file": file})  # type: ignore[arg-type]
    told = spending.worst(settings, bootstrap.allowance(settings))
    assert told.startswith("Paid with your money: Reve, Lab. A day costs at most 6,000 credits")
    assert told.endswith(", at Lab at most $2.00.")


def test_where_every_payer_has_a_budget_of_its_own_they_bound_the_day(
    around: Surroundings, lab: Callable[[str], Path]
) -> None:
    settings = Settings(**{**CAREFUL, "api_key": None, "own_keys": False, "providers_file": lab("daily_usd = 2")})  # type: ignore[arg-type]
    told = spending.worst(settings, bootstrap.allowance(settings))
    assert "at most 1,500 credits (about $2.00)" in told


def test_a_placeholder_in_the_variable_of_a_files_key_is_refused(
    around: Surroundings, lab: Callable[..., Path]
) -> None:
    [refusal] = found(around, providers_file=lab(key="papi.test-not-a-key"))
    assert (refusal.code, "LAB_KEY is a placeholder" in refusal.text) == ("key", True)


def test_two_providers_may_be_one_account(around: Surroundings, lab: Callable[[str], Path]) -> None:
    assert found(around, providers_file=lab()) == []  # LAB_KEY and REVE_API_KEY are alike
    [refusal] = found(around, providers_file=lab(), secret=KEY + SECRET, api_key=KEY + SECRET)
    assert refusal.code == "same"


def test_a_key_on_its_way_in_the_clear_is_worth_a_thought(around: Surroundings, lab: Callable[[str], Path]) -> None:
    path = lab()
    path.write_text(path.read_text().replace("https://", "http://"))
    [finding] = found(around, providers_file=path)
    assert (finding.refuses, finding.code) == (False, "plain")
    assert "base_url of the provider “lab” is not https" in finding.text
    path.write_text(path.read_text().replace("lab.example", "127.0.0.1:8080"))
    assert found(around, providers_file=path) == []


def test_a_model_that_costs_money_without_a_price_is_refused(around: Surroundings) -> None:
    bought = {"openai_key": KEY, "openai_url": "https://models.example/v1", "openai_models": "dreamer-9"}
    [refusal] = found(around, **bought)
    assert (refusal.code, refusal.refuses) == ("price", True)
    assert "dreamer-9 of the provider “openai”" in refusal.text
    prices = around.root / "prices.toml"
    prices.write_text(
        '[[price]]\nprovider = "openai"\nmodel = "*"\nusd = 0.1\nas_of = 2026-11-01\nsource = "our contract"\n'
    )
    assert found(around, **bought, prices_file=prices) == []


def test_a_server_of_ones_own_costs_nothing_and_needs_no_budget(around: Surroundings) -> None:
    free = {
        "api_key": None,
        "daily_credits": 0,
        "visitor_daily_credits": 0,
        "address_daily_credits": 0,
        "credits_floor": 0,
    }
    assert found(around, **free, openai_url="http://127.0.0.1:8080/v1", openai_models="flux") == []


def test_a_file_of_providers_that_others_can_change_is_refused(
    around: Surroundings, street: Path, lab: Callable[[str], Path]
) -> None:
    path = street / "providers.toml"
    path.write_text(lab().read_text())
    path.chmod(0o644)
    assert found(around, providers_file=path) == []
    path.chmod(0o666)
    if not is_open_to_others(path):
        pytest.skip("others cannot get to the folder for temporary files here")
    [refusal] = found(around, providers_file=path)
    assert refusal.refuses
    assert f"Run `chmod o-w {path}`" in refusal.text


def test_providers_that_cannot_be_lined_up_are_told_once(around: Surroundings, lab: Callable[[str], Path]) -> None:
    [refusal] = found(around, providers_file=lab("colour = 1"))
    assert (refusal.code, "no option colour" in refusal.text) == ("providers", True)


def told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], data: Path, **changes: str
) -> tuple[int, str]:
    for name, value in {**CAREFUL, "data_dir": data, **changes}.items():
        monkeypatch.setenv(f"REVE_{name.upper()}", str(value))
    monkeypatch.setenv("STREAMLIT_SERVER_ADDRESS", "127.0.0.1")
    status = main(["doctor", "--public", "--offline"])
    return status, capsys.readouterr().out


def test_the_command_passes_a_careful_set_up_and_shows_no_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    status, out = told(monkeypatch, capsys, data)
    assert status == 0, out
    assert "✗" not in out
    assert "✓ Nothing careless" in out
    assert "A day costs at most 6,000 credits" in out
    for canary in (SECRET, TOKEN, KEY):
        assert canary not in out


def test_the_command_refuses_with_every_reason_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out = told(monkeypatch, capsys, tmp_path / "data", secret="", daily_credits="0", allowed_hosts="")
    assert status == 1
    refusals = [line for line in out.splitlines() if line.startswith("  ✗ ")]
    assert len(refusals) == 3, out
    assert "Do not post this link yet: 3 to mend (✗)" in out


def test_what_keeps_the_app_from_being_built_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text("version = 1")
    providers = tmp_path / "providers.toml"
    providers.write_text('[[provider]]\nkind = "sketch"\ncolour = "red"\n')
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    for changes, words in (
        ({"providers_file": str(providers)}, "no option colour"),
        ({"policy_file": str(policy)}, "cannot be used"),
        ({"provider": "dream"}, "Choose one of sketch, reve"),
        ({"secret": "guess-me"}, "too even"),
    ):
        for name in ("REVE_POLICY_FILE", "REVE_PROVIDER", "REVE_PROVIDERS_FILE"):
            monkeypatch.delenv(name, raising=False)
        status, out = told(monkeypatch, capsys, data, **changes)
        assert (status, out.count(words)) == (1, 1), out
        assert "Do not post this link yet" in out


def test_without_the_option_the_doctor_asks_for_none_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("REVE_DATA_DIR", str(tmp_path))
    assert main(["doctor", "--offline"]) == 0
    assert "A link for everybody" not in capsys.readouterr().out


def test_the_private_parts_of_a_file_mode_are_what_counts(tmp_path: Path) -> None:
    path = tmp_path / "none"
    assert not is_open_to_others(path)
    path.write_text("")
    path.chmod(0o640)
    assert not is_open_to_others(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
