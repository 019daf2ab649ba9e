"""
Tiny models with random weights, built from their configurations: no download, the same bytes every time.

Run as a program, so that its libraries, their seconds and their warnings stay out of the tests' own process:

    python -m tests.providers.diffusers.tiny FOLDER [HOW …]

makes ``FOLDER/sd`` (in the manner of Stable Diffusion 1) and ``FOLDER/zimage`` (of Z-Image), 7 MB together,
and for each ``HOW`` a copy of the first that is broken like that.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

CHAT = (
    "{% for message in messages %}{{ message['role'] }}: {{ message['content'] }}\n{% endfor %}"
    "{% if add_generation_prompt %}assistant: {% endif %}"
)


def stable_diffusion(folder: Path, width: int = 32) -> None:
    import torch
    from diffusers import AutoencoderKL, EulerDiscreteScheduler, StableDiffusionPipeline, UNet2DConditionModel
    from tokenizers.pre_tokenizers import ByteLevel
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

    torch.manual_seed(0)
    letters = sorted(ByteLevel.alphabet())  # stand-ins for the 256 bytes
    words = [*letters, *(letter + "</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    tokenizer = CLIPTokenizer(vocab={word: number for number, word in enumerate(words)}, merges=[], model_max_length=77)
    text_encoder = CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(tokenizer),
            hidden_size=width,
            intermediate_size=64,
            num_hidden_layers=2,
            num_attention_heads=4,
            max_position_embeddings=77,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )
    unet = UNet2DConditionModel(
        sample_size=8,
        in_channels=4,
        out_channels=4,
        layers_per_block=1,
        block_out_channels=(width, 2 * width),
        norm_num_groups=8,
        attention_head_dim=8,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=width,
    )
    vae = AutoencoderKL(
        block_out_channels=(8, 8, 16, 16),
        norm_num_groups=4,
        layers_per_block=1,
        latent_channels=4,
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
    )
    show_colours(vae)
    scheduler = EulerDiscreteScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        steps_offset=1,
        timestep_spacing="leading",
    )
    StableDiffusionPipeline(
        vae=vae,
        text_encoder=text_encoder,
        tokenizer=tokenizer,
        unet=unet,
        scheduler=scheduler,
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    ).save_pretrained(folder, safe_serialization=True)


def z_image(folder: Path, width: int = 32) -> None:
    """Flow matching, a chat model for the prompt, latents of 16 channels: what Stable Diffusion's manner leaves out."""
    import torch
    from diffusers import AutoencoderKL, FlowMatchEulerDiscreteScheduler, ZImagePipeline, ZImageTransformer2DModel
    from tokenizers.pre_tokenizers import ByteLevel
    from transformers import Qwen2Tokenizer, Qwen3Config, Qwen3Model

    torch.manual_seed(0)
    words = [*sorted(ByteLevel.alphabet()), "<|endoftext|>"]
    tokenizer = Qwen2Tokenizer(
        vocab={word: number for number, word in enumerate(words)}, merges=[], model_max_length=2048
    )
    tokenizer.chat_template = CHAT
    text_encoder = Qwen3Model(
        Qwen3Config(
            vocab_size=len(tokenizer),
            hidden_size=width,
            intermediate_size=64,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=2,
            head_dim=8,
        )
    )
    transformer = ZImageTransformer2DModel(
        in_channels=16,
        dim=48,
        n_layers=1,
        n_refiner_layers=1,
        n_heads=2,
        n_kv_heads=2,
        cap_feat_dim=width,
        axes_dims=[8, 8, 8],
        axes_lens=[1024, 64, 64],
    )
    with torch.no_grad():
        for name, values in transformer.named_parameters():
            if name.endswith("pad_token"):
                values.normal_(0, 0.02)
    vae = AutoencoderKL(
        block_out_channels=(8, 8, 16, 16),
        norm_num_groups=4,
        layers_per_block=1,
        latent_channels=16,
        scaling_factor=0.3611,
        shift_factor=0.1159,
        use_quant_conv=False,
        use_post_quant_conv=False,
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
    )
    show_colours(vae)
    ZImagePipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
        vae=vae,
        text_encoder=text_encoder,
        tokenizer=tokenizer,
        transformer=transformer,
    ).save_pretrained(folder, safe_serialization=True)


def show_colours(vae: Any) -> None:
    """
    Random weights forget what they saw. The encoder is taught for a moment that three channels of the latents are the
    colours, as a trained one's are in their way, so that small pictures can be made of them.
    """
    import torch

    chance = torch.Generator().manual_seed(2)
    teacher = torch.optim.Adam(vae.encoder.parameters(), lr=0.01)
    for _ in range(60):
        chart = torch.rand(4, 3, 8, 8, generator=chance) * 2 - 1
        seen = vae.encode(torch.nn.functional.interpolate(chart, (64, 64), mode="nearest")).latent_dist.mode()
        wrong = (seen[:, :3] - torch.nn.functional.interpolate(chart, seen.shape[-2:], mode="nearest")).square().mean()
        teacher.zero_grad()
        wrong.backward()
        teacher.step()


def broken(folder: Path, how: str) -> None:
    """Spoil a copy of the first model in one way."""
    import torch
    from safetensors.torch import load_file, save_file

    unet = folder / "unet" / "diffusion_pytorch_model.safetensors"
    vae = folder / "vae" / "diffusion_pytorch_model.safetensors"
    match how:
        case "weights gone":
            unet.unlink()
        case "weights cut":
            unet.write_bytes(unet.read_bytes()[:5000])
        case "a pointer in place of weights":
            unet.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")
        case "another shape":
            change(folder / "unet" / "config.json", {"cross_attention_dim": 48})
        case "class nobody knows":
            change(folder / "model_index.json", {"_class_name": "TomorrowsPipeline"})
        case "no prompts":
            change(folder / "model_index.json", {"_class_name": "DDPMPipeline"})
        case "only pickles":
            torch.save(load_file(unet), unet.with_suffix(".bin"))
            unet.unlink()
        case "no tokenizer file":
            for file in (folder / "tokenizer").iterdir():
                if file.name != "tokenizer_config.json":
                    file.unlink()
        case "a tokenizer too large":
            index = folder / "tokenizer" / "tokenizer.json"
            told = json.loads(index.read_text())
            told["model"]["vocab"] |= {f"word{number}": 1000 + number for number in range(500)}
            index.write_text(json.dumps(told))
        case "nan" | "nan in the decoder":
            at, layer = (unet, "conv_out.bias") if how == "nan" else (vae, "decoder.conv_out.bias")
            weights = load_file(at)
            weights[layer] = weights[layer] * float("nan")
            save_file(weights, at, metadata={"format": "pt"})


def change(file: Path, to: dict[str, object]) -> None:
    file.write_text(json.dumps(json.loads(file.read_text()) | to))


if __name__ == "__main__":
    base = Path(sys.argv[1])
    stable_diffusion(base / "sd")
    z_image(base / "zimage")
    for name in sys.argv[2:]:
        shutil.copytree(base / "sd", base / name)
        broken(base / name, name)
