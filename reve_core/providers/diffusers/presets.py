"""
What is known of models that people run: how many steps, how much guidance, how large, and under which licence.

From the makers' pages as of November 2026; where ``from_memory`` names a value, nobody has read it there. Whatever the
operator says goes before it, and the licence is theirs to check before use.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Preset:
    """
    ``repo`` is the model's id at its hub. ``pipeline`` is the class that draws with it, and stands for a folder of another
    name. ``side`` is that of a square picture in pixels. ``guidance_as`` is what the pipeline calls its guidance.
    """

    repo: str
    title: str
    pipeline: str
    steps: int
    guidance: float
    licence: str
    side: int = 1024
    guidance_as: str = "guidance_scale"
    from_memory: tuple[str, ...] = ()


PRESETS = (
    # 9 passes are 8 steps of the model: its scheduler's last one does nothing.
    Preset("Tongyi-MAI/Z-Image-Turbo", "Z-Image Turbo", "ZImagePipeline", 9, 0.0, "Apache-2.0"),
    Preset("black-forest-labs/FLUX.2-klein-4B", "FLUX.2 klein 4B", "Flux2KleinPipeline", 4, 1.0, "Apache-2.0"),
    Preset("black-forest-labs/FLUX.2-klein-9B", "FLUX.2 klein 9B", "", 4, 1.0, "non-commercial"),
    Preset("baidu/ERNIE-Image-Turbo", "ERNIE Image Turbo", "", 8, 1.0, "Apache-2.0"),
    Preset(
        "Qwen/Qwen-Image-2512",
        "Qwen Image 2512",
        "QwenImagePipeline",
        50,
        4.0,
        "Apache-2.0",
        guidance_as="true_cfg_scale",
        from_memory=("repo", "steps", "guidance"),
    ),
    Preset(
        "Qwen/Qwen-Image",
        "Qwen Image",
        "",
        50,
        4.0,
        "Apache-2.0",
        guidance_as="true_cfg_scale",
        from_memory=("steps", "guidance"),
    ),
    Preset(
        "stabilityai/stable-diffusion-3.5-medium",
        "Stable Diffusion 3.5 Medium",
        "StableDiffusion3Pipeline",
        40,
        4.5,
        "Stability Community: free below a million dollars of revenue",
        from_memory=("repo", "steps"),
    ),
    Preset(
        "stabilityai/sdxl-turbo",
        "SDXL Turbo",
        "",
        4,
        0.0,
        "non-commercial",
        side=512,
        from_memory=("repo", "steps"),
    ),
    Preset(
        "Efficient-Large-Model/Sana_Sprint_1.6B_1024px_diffusers",
        "SANA Sprint 1.6B",
        "SanaSprintPipeline",
        2,
        4.5,
        "disputed: Apache-2.0 or NVIDIA's own, and Gemma's terms",
    ),
)


def by_name(name: str) -> Preset | None:
    """The preset of a repo id, or of a folder that is called like the last part of one."""
    wanted = name.casefold()
    for preset in PRESETS:
        repo = preset.repo.casefold()
        if wanted in (repo, repo.partition("/")[2]):
            return preset
    return None


def by_pipeline(pipeline: str) -> Preset | None:
    """What is usual for a class of pipelines: good for steps and guidance, not for a title or a licence."""
    return next((preset for preset in PRESETS if preset.pipeline and preset.pipeline == pipeline), None)
