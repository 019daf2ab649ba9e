"""What is known of a model before anything is loaded, and what is said of one that cannot be."""

import json
from pathlib import Path

import pytest

from reve_core.errors import ConfigurationError, RequestRejected, ServiceClosed
from reve_core.ports import ProviderConfig
from reve_core.providers.diffusers import KIND
from reve_core.providers.diffusers.catalogue import Options, models_of
from reve_core.providers.diffusers.sizes import STEP, shapes_for, size_for
from tests.providers.diffusers.helpers import CONTEXT, HOUSE, ask, fake, folder


def models(*given: object, **options: object) -> list:
    config = ProviderConfig.model_validate(
        {"kind": "diffusers", "name": "diffusers", "models": given, "options": options}
    )
    return models_of(config, config.options_as(Options), HOUSE.max_pixels)


@pytest.mark.parametrize(
    ("ratio", "size"),
    [("1:1", (1024, 1024)), ("4:3", (1184, 896)), ("3:2", (1248, 832)), ("16:9", (1376, 768)), ("9:16", (768, 1376))],
)
def test_a_shape_becomes_sides_that_every_family_takes(ratio: str, size: tuple[int, int]) -> None:
    assert size_for(ratio, 1024 * 1024) == size


def test_only_shapes_that_come_out_right_are_offered() -> None:
    assert shapes_for(1024 * 1024) == ("1:1", "4:3", "3:4", "3:2", "2:3", "16:9", "9:16")
    assert shapes_for(64 * 64) == ("1:1",)
    assert size_for("1:1", 1) == (STEP, STEP)


def test_a_known_model_has_its_own_steps_and_says_its_licence(tmp_path: Path) -> None:
    [turbo] = models("Tongyi-MAI/Z-Image-Turbo")
    assert (turbo.steps, turbo.guidance, turbo.title) == (9, 0.0, "Z-Image Turbo")
    assert turbo.note == "Licence: Apache-2.0 (check before use)."
    assert turbo.has_preview
    [in_a_folder] = models(str(folder(tmp_path / "sdxl-turbo", "StableDiffusionXLPipeline")))
    assert (in_a_folder.steps, in_a_folder.area) == (4, 512 * 512)


def test_a_folder_of_another_name_is_known_by_its_pipeline_but_not_by_its_licence(tmp_path: Path) -> None:
    [model] = models(str(folder(tmp_path / "mine", "Flux2KleinPipeline")))
    assert (model.steps, model.guidance, model.title, model.note) == (4, 1.0, "mine", "")


def test_what_the_operator_says_of_one_model_goes_before_what_is_said_of_all(tmp_path: Path) -> None:
    first = {"id": str(folder(tmp_path / "z-image-turbo")), "steps": 3, "title": "Ours", "licence": "Our own."}
    one, other = models(first, "Tongyi-MAI/Z-Image-Turbo", steps=5, offload="model", max_megapixels=0.25)
    assert (one.steps, one.title, one.note, one.offload) == (3, "Ours", "Our own.", "model")
    assert (other.steps, other.title) == (5, "Z-Image Turbo")
    assert one.area == other.area == 250_000


def test_a_unet_tells_the_size_that_it_was_trained_on(tmp_path: Path) -> None:
    model = folder(tmp_path / "mine")
    for part, told in {"unet": {"sample_size": 64}, "vae": {"block_out_channels": [1, 2, 3, 4]}}.items():
        (model / part).mkdir()
        (model / part / "config.json").write_text(json.dumps(told))
    assert models(str(model))[0].area == 512 * 512


def test_two_folders_of_one_name_are_two_models(tmp_path: Path) -> None:
    found = models(str(folder(tmp_path / "a" / "mine")), str(folder(tmp_path / "b" / "mine")))
    assert [model.id for model in found] == ["mine", "mine-2"]


def test_no_path_is_shown(tmp_path: Path) -> None:
    cached = tmp_path / "models--some--model" / "snapshots" / "abc"
    assert [model.id for model in models(str(folder(cached)), str(tmp_path / "gone"))] == ["some/model", "gone"]


@pytest.mark.parametrize(
    "options", [{"steps": 0}, {"device": "toaster"}, {"dtype": "int8"}, {"max_megapixels": 0}, {"speling": 1}]
)
def test_an_option_that_cannot_be_is_refused_by_its_name(tmp_path: Path, options: dict[str, object]) -> None:
    config = ProviderConfig(kind="diffusers", name="diffusers", models=(str(folder(tmp_path)),), options=options)
    with pytest.raises(ConfigurationError, match=next(iter(options))):
        KIND.make(config, HOUSE)
    if "device" not in options:
        config = ProviderConfig(kind="diffusers", name="diffusers", models=({"id": str(tmp_path), **options},))
        with pytest.raises(ConfigurationError, match=next(iter(options))):
            KIND.make(config, HOUSE)


def test_without_a_model_it_says_which_variable_to_set() -> None:
    with pytest.raises(ConfigurationError, match="REVE_DIFFUSERS_MODEL"):
        KIND.make(ProviderConfig(kind="diffusers", name="diffusers"), HOUSE)


# ---------------------------------------------------------------- what cannot be a model


def test_without_the_libraries_it_pauses_with_the_command_that_installs_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reve_core.providers.diffusers.provider.LIBRARIES", ("json", "no_such_library"))
    provider = fake(folder(tmp_path))
    assert "pip install -r requirements-diffusers.txt" in provider.check().text
    assert not provider.check().ok
    with pytest.raises(ServiceClosed, match="pip install"):
        provider.generate(ask("a fox"), CONTEXT)


def broken(tmp_path: Path, how: str) -> str:
    at = tmp_path / "mine"
    match how:
        case "not there":
            return str(at)
        case "not downloaded":
            return "some/model"
        case "a file":
            at.write_text("weights")
        case "empty":
            at.mkdir()
        case "no json":
            folder(at)
            (at / "model_index.json").write_text("{")
        case "no class":
            folder(at)
            (at / "model_index.json").write_text("[]")
        case "a part is missing":
            folder(at)
            (at / "model_index.json").write_text(json.dumps({"_class_name": "X", "unet": ["diffusers", "Y"]}))
        case "half downloaded":
            (tmp_path / "hub" / "models--some--model" / "snapshots").mkdir(parents=True)
            return "some/model"
    return str(at)


BROKEN = {
    "not there": "was not found. Set REVE_DIFFUSERS_MODEL",
    "not downloaded": "hf download some/model",
    "a file": "is a file, not a model folder",
    "empty": "has no model_index.json",
    "no json": "model_index.json cannot be read",
    "no class": "model_index.json cannot be read",
    "a part is missing": "“unet” is missing. Download it again",
    "half downloaded": "not downloaded whole",
}


@pytest.mark.parametrize("how", BROKEN)
def test_what_is_no_model_is_refused_in_words_and_only_pauses_where_nothing_else_works(
    installed: None, tmp_path: Path, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    given = broken(tmp_path, how)
    alone = fake(given)
    health = alone.check()
    assert not health.ok
    assert BROKEN[how] in health.text
    with pytest.raises(ServiceClosed) as refused:
        alone.generate(ask("a fox"), CONTEXT)
    assert BROKEN[how] in str(refused.value)
    assert str(tmp_path) not in str(refused.value) + health.text
    with pytest.raises(RequestRejected):
        fake(given, folder(tmp_path / "sound")).generate(ask("a fox"), CONTEXT)


def test_a_repo_id_is_found_in_the_local_cache(
    installed: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    folder(tmp_path / "models--some--model" / "snapshots" / "abc")
    (tmp_path / "models--some--model" / "refs").mkdir()
    (tmp_path / "models--some--model" / "refs" / "main").write_text("abc\n")
    provider = fake("some/model")
    assert provider.models[0].id == "some/model"
    assert provider.check().ok
