"""Who is set up here: the settings alone, the file alone, the file over the settings, and every way to get it wrong."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import SecretStr

from reve_core import lineup, settings
from reve_core.errors import ConfigurationError
from reve_core.lineup import configs, line_up, set_up
from reve_core.ports import ProviderConfig
from reve_core.settings import Settings

CANARY = "sk-canary-4c1b-not-a-real-key"
Write = Callable[[str], Settings]


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(settings, "SECRETS_FILE", tmp_path / "secrets.toml")
    for name in ("REVE_API_KEY", "REVE_FAL_KEY", "REVE_OPENAI_KEY", "REVE_PROVIDERS_FILE", "LAB_KEY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Settings with this text as the providers' file."""

    def written(text: str, **more: object) -> Settings:
        path = tmp_path / "providers.toml"
        path.write_text(text, encoding="utf-8")
        return Settings(**{"providers_file": path, **more})  # type: ignore[arg-type]

    return written  # type: ignore[return-value]


def named(found: list[ProviderConfig], name: str) -> ProviderConfig:
    [one] = [config for config in found if config.name == name]
    return one


def refusal(about: Settings) -> str:
    with pytest.raises(ConfigurationError) as error:
        line_up(about)
    told = str(error.value)
    assert "\n" not in told
    assert CANARY not in told
    assert error.value.__cause__ is None or CANARY not in str(error.value.__cause__)
    return told


# -- what is set up


def test_with_nothing_set_there_is_the_sketch_alone() -> None:
    assert [config.name for config in configs(Settings())] == ["sketch"]
    assert list(line_up(Settings()).providers) == ["sketch"]


def test_the_settings_alone_set_up_one_of_each_kind() -> None:
    found = configs(
        Settings(
            api_key=SecretStr("papi.x"),
            fal_key=SecretStr("id:secret"),
            fal_models="reve/2.1/text-to-image fal-ai/flux/schnell",  # type: ignore[arg-type]
            openai_url="http://localhost:8080/v1/",
            diffusers_model="/models/klein",
        )
    )
    assert [config.name for config in found] == ["sketch", "reve", "fal", "openai", "diffusers"]
    assert all(config.kind == config.name for config in found)
    assert named(found, "fal").models == ("reve/2.1/text-to-image", "fal-ai/flux/schnell")
    assert named(found, "openai").options == {"base_url": "http://localhost:8080/v1"}
    assert named(found, "openai").key is None
    assert named(found, "diffusers").models == ("/models/klein",)


def test_naming_a_provider_as_the_default_is_enough_to_have_it_there() -> None:
    for name in ("reve", "fal", "openai", "diffusers"):
        assert name in [config.name for config in configs(Settings(provider=name))]


def test_the_file_alone_may_have_several_of_one_kind_each_with_its_name_and_limits(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAB_KEY", CANARY)
    about = write("""
        [[provider]]
        kind = "reve"
        name = "east"
        title = "East gateway"
        base_url = "https://east.example"
        key_env = "LAB_KEY"
        concurrency = 1
        per_minute = 0
        daily_usd = 5
        timeout_s = 900

        [[provider]]
        kind = "reve"
        name = "west"
        base_url = "https://west.example"
    """)
    made = line_up(about)
    assert list(made.providers) == ["sketch", "east", "west"]
    assert [made.providers[name].title for name in ("east", "west")] == ["East gateway", "Reve"]
    assert [made.providers[name].sends_to for name in ("east", "west")] == ["east.example", "west.example"]
    east, west = made.limits["east"], made.limits["west"]
    assert (east.concurrency, east.per_minute, east.daily_credits, east.timeout_s) == (1, None, 3750, 900)
    assert (west.concurrency, west.per_minute, west.daily_credits, west.timeout_s) == (3, 10, None, None)


def test_an_entry_of_a_known_name_changes_what_the_settings_say_and_keeps_the_rest(write: Write) -> None:
    about = write(
        """
        [[provider]]
        kind = "reve"
        title = "Our gateway"
        max_dim = 1024
        """,
        api_key=SecretStr("papi.x"),
        api_url="https://gateway.example",
        api_concurrency=7,
    )
    found = configs(about)
    assert [config.name for config in found] == ["sketch", "reve"]
    changed = named(found, "reve")
    assert (changed.title, changed.concurrency) == ("Our gateway", 7)
    assert changed.key is not None
    assert (changed.options["base_url"], changed.options["max_dim"]) == ("https://gateway.example", 1024)


def test_each_says_where_it_is_set_up(write: Write) -> None:
    about = write('[[provider]]\nkind = "reve"\n[[provider]]\nkind = "openai"\nname = "lab"\nkey_env = "LAB_KEY"',
                  api_key=SecretStr("papi.x"))  # fmt: skip
    told = {each.config.name: (each.source, each.variables) for each in set_up(about)}
    assert told == {
        "sketch": ("the app itself", ()),
        "reve": ("the settings and providers.toml", ("REVE_API_KEY",)),
        "lab": ("providers.toml", ("LAB_KEY",)),
    }


def test_the_first_of_the_file_is_offered_first_where_the_settings_say_nothing(write: Write) -> None:
    text = '[[provider]]\nkind = "sketch"\n[[provider]]\nkind = "reve"\nname = "east"\n[[provider]]\nkind = "reve"\nname = "west"'
    assert line_up(write(text)).default == "east"
    assert line_up(write(text, provider="west")).default == "west"
    assert line_up(write(text, provider="sketch")).default == "sketch"
    assert line_up(write(text, fal_key=SecretStr("id:secret"))).default == "fal"
    assert line_up(write("")).default == "sketch"


def test_an_empty_file_sets_up_nothing_more(write: Write) -> None:
    assert [config.name for config in configs(write("# nothing yet\n"))] == ["sketch"]


def test_a_path_is_taken_from_home_or_from_the_folder_the_app_was_started_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.toml").write_text('[[provider]]\nkind = "reve"\nname = "east"')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for spelling in ("mine.toml", "~/mine.toml", str(tmp_path / "mine.toml")):
        monkeypatch.setenv("REVE_PROVIDERS_FILE", spelling)
        assert "east" in [config.name for config in configs(Settings())]


# -- keys


@pytest.mark.parametrize("where", ["environment", "secrets.toml"])
def test_a_key_is_taken_from_the_variable_that_the_file_names(
    write: Write, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, where: str
) -> None:
    if where == "environment":
        monkeypatch.setenv("LAB_KEY", CANARY)
    else:
        (tmp_path / "secrets.toml").write_text(f'LAB_KEY = "{CANARY}"')
    lab = named(configs(write('[[provider]]\nkind = "openai"\nname = "lab"\nkey_env = "LAB_KEY"')), "lab")
    assert lab.key is not None
    assert lab.key.get_secret_value() == CANARY
    assert CANARY not in repr(lab)


def test_another_secret_of_a_kind_comes_from_a_variable_too(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAB_KEY", CANARY)
    about = write("""
        [[provider]]
        kind = "reve"
        base_url = "https://gateway.example"
        proxy_authorization_env = "LAB_KEY"
    """)
    option = named(configs(about), "reve").options["proxy_authorization"]
    assert option.get_secret_value() == CANARY
    assert line_up(about).providers["reve"].sends_to == "gateway.example"


def test_a_variable_that_is_not_set_leaves_the_provider_there_without_a_key_and_is_told(
    write: Write, caplog: pytest.LogCaptureFixture
) -> None:
    about = write('[[provider]]\nkind = "reve"\nname = "east"\nkey_env = "LAB_KEY"')
    with caplog.at_level(logging.WARNING, lineup.__name__):
        made = line_up(about)
    assert "“east” lacks a key" in caplog.text
    assert not made.providers["east"].check().ok


@pytest.mark.parametrize("field", ["key", "api_key", "token", "password", "proxy_authorization"])
def test_a_secret_in_the_file_is_refused_without_being_quoted(write: Write, field: str) -> None:
    told = refusal(write(f'[[provider]]\nkind = "reve"\nname = "east"\n{field} = "{CANARY}"'))
    assert "“east”" in told
    assert f"{field}_env" in told


@pytest.mark.parametrize("value", [f'"{CANARY}"', '"sk_live_0123456789abcdef"', "7", '""', '"$LAB_KEY"'])
def test_a_key_in_the_place_of_the_variables_name_is_refused_without_being_quoted(write: Write, value: str) -> None:
    told = refusal(write(f'[[provider]]\nkind = "reve"\nname = "east"\nkey_env = {value}'))
    assert "key_env of “east”" in told
    assert value.strip('"') == "" or value.strip('"') not in told


# -- mistakes: which entry, and what to do


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param('[[provider]]\nname = "x"', ("Entry 1", "says no kind", 'kind = "openai"'), id="no kind"),
        pytest.param("[[provider]]\nkind = 7", ("Entry 1", "says no kind"), id="a kind that is no text"),
        pytest.param(
            '[[provider]]\nkind = "dall-e"\nname = "x"',
            ("“x” of providers.toml", "no provider of the kind “dall-e”", "sketch, reve, fal, openai, diffusers"),
            id="an unknown kind",
        ),
        pytest.param(
            '[[provider]]\nkind = "sketch"\ncolour = "red"',
            ("“sketch”", "no option colour", "delay_s"),
            id="an unknown option",
        ),
        pytest.param(
            f'[[provider]]\nkind = "reve"\nname = "x"\nconcurrency = "{CANARY}"',
            ("“x” of providers.toml", "concurrency", "integer"),
            id="a number that is none",
        ),
        pytest.param(
            '[[provider]]\nkind = "reve"\nname = "x"\nconcurrency = 0',
            ("“x”", "concurrency", "greater than or equal to 1"),
            id="nothing at once",
        ),
        pytest.param(
            '[[provider]]\nkind = "reve"\nname = "x"\nmodels = "one"',
            ("“x”", "models", 'models = ["one", "two"]'),
            id="models that are no list",
        ),
        pytest.param(
            f'[[provider]]\nkind = "sketch"\ndelay_s = "{CANARY}"',
            ("“sketch”", "delay_s", "number"),
            id="an option of the wrong type",
        ),
        pytest.param(
            '[[provider]]\nkind = "reve"\nname = "My Gateway"',
            ("“My Gateway”", "small letters"),
            id="a name with blanks",
        ),
        pytest.param("[[provider]]\nkind = \"reve\"\nname = 7", ("“7”", "small letters"), id="a name that is no text"),
        pytest.param(
            '[[provider]]\nkind = "reve"\nname = "x"\n[[provider]]\nkind = "reve"\nname = "x"',
            ("two entries named “x”", "a name of its own"),
            id="two of one name",
        ),
        pytest.param(
            '[[provider]]\nkind = "openai"\n[[provider]]\nkind = "openai"',
            ("two entries named “openai”",),
            id="two without a name",
        ),
        pytest.param(
            '[[provider]]\nkind = "reve"\nname = "sketch"',
            ("“sketch”", "kind “reve”", "another name"),
            id="a name that another kind has",
        ),
        pytest.param('[provider]\nkind = "reve"', ("[[provider]]", "double brackets"), id="single brackets"),
        pytest.param('provider = ["reve"]', ("[[provider]]",), id="no tables"),
        pytest.param('[[providers]]\nkind = "reve"', ("[[provider]]",), id="another heading"),
        pytest.param('kind = "reve"', ("[[provider]]",), id="no heading"),
        pytest.param(
            f'[[provider]]\nkind = "reve"\nkey_env = "{CANARY}\n',
            ("providers.toml is not TOML", "line 3", "unset REVE_PROVIDERS_FILE"),
            id="broken, at a line with a key",
        ),
        pytest.param(
            '[[provider]]\nkind = "reve"\nname = "x"\nbase_url = "https://me:pass@gateway.example"',
            ("“x”", "user name or a password"),
            id="a password in an address",
        ),
    ],
)  # fmt: skip
def test_a_mistake_in_the_file_is_told_with_the_entry_and_what_to_do(
    write: Write, text: str, words: tuple[str, ...]
) -> None:
    told = refusal(write(text))
    for word in words:
        assert word in told


def test_a_file_that_is_not_there_is_told_with_the_whole_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    told = refusal(Settings(providers_file=Path("nowhere.toml")))
    assert str(tmp_path / "nowhere.toml") in told
    assert "No such file" in told


def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    path = tmp_path / "providers.toml"
    path.write_bytes(b"\xff\xfe\x00")
    assert "is not TOML" in refusal(Settings(providers_file=path))


def test_one_wrong_entry_is_told_before_anything_is_built_however_right_the_others_are(write: Write) -> None:
    told = refusal(
        write('[[provider]]\nkind = "reve"\nname = "good"\n[[provider]]\nkind = "reve"\nname = "bad"\nx = 1')
    )
    assert "“bad”" in told
    assert "good" not in told
