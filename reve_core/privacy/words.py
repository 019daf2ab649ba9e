"""How long things are kept, in words for people."""

from __future__ import annotations

from reve_core.keeping import BACKUP_DAYS, SPENDING_DAYS, TRACE_DAYS, Keeping


def periods(kept: Keeping | None, trash_days: float) -> list[tuple[str, str]]:
    """What is kept, and how long. ``kept`` None: one person's app, where nothing goes by itself."""
    trash = ("What you deleted", f"{in_words(trash_days)} in the trash, or until you empty it")
    if kept is None:
        return [("Pictures, prompts and comparisons", "until you delete them"), trash]
    pictures = in_words(kept.picture_days)
    return [
        ("Pictures and their prompts", f"{pictures}, favourites too" if kept.picture_days else pictures),
        ("Comparisons with their pictures and votes", in_words(kept.comparison_days)),
        ("Failed and cancelled jobs", in_words(kept.failed_days)),
        trash,
        ("Your address, only as a hash that is another one every day", in_words(TRACE_DAYS)),
        ("What was refused, without the text", in_words(kept.event_days)),
        ("What you spent, as one number a day under a hashed name", in_words(SPENDING_DAYS)),
        (
            "Emergency copies of the database",
            f"at most {in_words(BACKUP_DAYS)} longer; what you delete leaves them at once",
        ),
    ]


def in_words(days: float) -> str:
    if not days:
        return "until you delete them"
    if days < 1:
        return f"{days * 24:g} hours"
    return "1 day" if days == 1 else f"{days:g} days"
