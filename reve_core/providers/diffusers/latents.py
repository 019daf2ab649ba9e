"""
Small pictures of what a model is still drawing, straight from its latents.

Decoding each step would cost as much as the step. A matrix from channels to colours is nearly free, and it is fitted to the
model's own autoencoder when it is loaded: a chart of colours is encoded, and least squares say which channels mean which
colour. Where the fit is poor, or the family is not known, there is no small picture.
"""

from __future__ import annotations

import io
import logging
from typing import Any, Self

_CHART = 256  # side of the chart in pixels
_SHOWN = 128  # shortest side of a small picture
_LONGEST = 192
_GOOD = 0.5  # of the colours' variance that the matrix has to explain
_QUALITY = 72
_PLAIN = frozenset(
    {"StableDiffusionPipeline", "StableDiffusionXLPipeline", "StableDiffusion3Pipeline", "ZImagePipeline"}
)
_PACKED = frozenset({"FluxPipeline"})  # four neighbours of 16 channels in one token of 64
_NORMED = frozenset({"Flux2KleinPipeline", "Flux2Pipeline"})  # the same, and each channel brought to one scale

log = logging.getLogger(__name__)


class Lens:
    """``matrix`` is (channels + 1) × 3, colours from -1 to 1. ``grain``: pixels of the picture to one of the latents."""

    def __init__(self, matrix: Any, grain: int) -> None:
        self._matrix = matrix
        self._grain = grain

    @classmethod
    def of(cls, pipe: Any) -> Self | None:
        """None where there is nothing to see."""
        import torch

        try:
            with torch.no_grad():
                return cls._fitted(pipe)
        except Exception as exc:  # a picture without small ones before it is still a picture
            log.warning("No small pictures of this model: %s", type(exc).__name__)
            return None

    @classmethod
    def _fitted(cls, pipe: Any) -> Self | None:
        import torch

        name = type(pipe).__name__
        if name not in _PLAIN | _PACKED | _NORMED:
            return None
        chart = _chart(torch)
        vae = pipe.vae
        where = next(vae.parameters())
        device = getattr(pipe, "_execution_device", where.device)
        latents = vae.encode(chart.to(device, where.dtype)).latent_dist.mode()
        if name in _NORMED:
            latents = _folded(latents)
            mean = vae.bn.running_mean.view(1, -1, 1, 1).to(latents)
            spread = (vae.bn.running_var.view(1, -1, 1, 1) + vae.config.batch_norm_eps).sqrt().to(latents)
            latents = (latents - mean) / spread
        else:
            latents = (latents - (getattr(vae.config, "shift_factor", None) or 0.0)) * vae.config.scaling_factor
            latents = _folded(latents) if name in _PACKED else latents
        latents = latents.float().cpu()
        wanted = torch.nn.functional.interpolate(chart, latents.shape[-2:], mode="area")
        values = _flat(torch, latents)
        colours = wanted.permute(0, 2, 3, 1).reshape(-1, 3)
        matrix = torch.linalg.lstsq(values, colours).solution
        missed = (values @ matrix - colours).square().sum() / (colours - colours.mean(0)).square().sum()
        if not bool(torch.isfinite(matrix).all()) or 1 - float(missed) < _GOOD:
            return None
        return cls(matrix, _CHART // latents.shape[-1])

    def look(self, latents: Any, width: int, height: int) -> bytes:
        """A JPEG of a few kilobytes, empty where these latents are not of the kind that was fitted."""
        import torch
        from PIL import Image

        found = latents[0].detach().float().cpu()
        rows, columns = height // self._grain, width // self._grain
        channels = self._matrix.shape[0] - 1
        if found.ndim == 2 and tuple(found.shape) == (rows * columns, channels):
            found = found.T.reshape(channels, rows, columns)
        if found.ndim != 3 or found.shape[0] != channels:
            return b""
        # Early on some schedulers hold noise of many times the usual size, and everything would be glaring.
        found = found / max(1.0, float(found.std()))
        colours = (_flat(torch, found[None]) @ self._matrix).reshape(*found.shape[1:], 3)
        pixels = ((colours.clamp(-1, 1) + 1) * 127.5).byte().numpy()
        image = Image.fromarray(pixels)
        factor = max(_SHOWN / min(image.size), 1.0)
        factor = min(factor, _LONGEST / max(image.size)) if factor * max(image.size) > 2 * _LONGEST else factor
        if factor != 1.0:
            size = (round(image.width * factor), round(image.height * factor))
            image = image.resize(size, Image.Resampling.BICUBIC)
        out = io.BytesIO()
        image.save(out, "JPEG", quality=_QUALITY)
        return out.getvalue()


def _chart(torch: Any) -> Any:
    """Two squares of colours, -1 to 1: one of soft transitions, one of hard edges. The same every time."""
    chance = torch.Generator("cpu").manual_seed(1)
    soft = torch.rand(1, 3, 16, 16, generator=chance) * 2 - 1
    hard = torch.rand(1, 3, 16, 16, generator=chance) * 2 - 1
    size = (_CHART, _CHART)
    bigger = torch.nn.functional.interpolate
    return torch.cat([bigger(soft, size, mode="bicubic").clamp(-1, 1), bigger(hard, size, mode="nearest")])


def _folded(latents: Any) -> Any:
    """Two by two neighbours into the channels, as these models see them."""
    count, channels, rows, columns = latents.shape
    split = latents.view(count, channels, rows // 2, 2, columns // 2, 2)
    return split.permute(0, 1, 3, 5, 2, 4).reshape(count, channels * 4, rows // 2, columns // 2)


def _flat(torch: Any, latents: Any) -> Any:
    """One row for each place, and a one at its end for the constant part."""
    rows = latents.permute(0, 2, 3, 1).reshape(-1, latents.shape[1])
    return torch.cat([rows, torch.ones(rows.shape[0], 1)], dim=1)
