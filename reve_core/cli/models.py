"""List what can be asked for here: models with price, usual wait and what they support."""

import argparse

from reve_core import bootstrap, waits
from reve_core.cli.asking import asked, views
from reve_core.cli.printing import printable
from reve_core.lineup import limits_of
from reve_core.views import price_words, supports

_HEAD = ("model", "called", "price", "usually", "supports")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--offline", action="store_true", help="do not ask servers for the models that they have")


def run(options: argparse.Namespace) -> int:
    """``PROVIDER/MODEL`` as ``compare --model`` takes it. Spends nothing."""
    settings = bootstrap.load_settings()
    studio = bootstrap.build(settings)
    try:
        rows = [_HEAD]
        names = [] if options.offline else list(limits_of(settings))
        ready = {name: health.ok for name, health in asked(studio.catalogue.check, names).items()}
        for view in views(studio, settings, offline=options.offline):
            for model in view.models:
                able = model.capabilities
                usual = studio.catalogue.usually(view.name, model)
                title = model.title if model.title.startswith(view.title) else f"{view.title} · {model.title}"
                name = f"{view.name}/{model.id}"
                price = price_words(able.price.credits, able.price.usd)
                state = "" if ready.get(view.name, True) else " (not ready, see doctor)"
                told = ", ".join(supports(able)) + (" (paused)" if view.paused else state)
                rows.append((printable(name), printable(title), price, waits.in_words(*usual.seconds), told))
    finally:
        studio.stop(0)
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD) - 1)]
    for row in rows:
        print("  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]))
    return 0
