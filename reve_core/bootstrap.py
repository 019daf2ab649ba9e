"""
Settings → service. The one place that knows which adapter stands behind which port.

The service is a module singleton behind a lock, not something of Streamlit's: its caches can be emptied by any visitor,
and a second service would be a second job manager.
"""

import functools
import logging
import sqlite3
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import ValidationError

from reve_core import webhooks
from reve_core.allowance import Allowance
from reve_core.blobs.local import LocalBlobs
from reve_core.engines.presence import FilePresence
from reve_core.engines.threads import ThreadEngine
from reve_core.errors import BlobError, ConfigurationError, OutOfOrder, ReveError, StoreDamaged, UnsafeConfiguration
from reve_core.guard.moderation import Moderator
from reve_core.guard.moderation.remote import RemoteModeration
from reve_core.guard.signing import Signer
from reve_core.guarding import Tally
from reve_core.jobs.manager import JobManager, ManagerConfig
from reve_core.jobs.previews import Previews
from reve_core.jobs.runner import Screen
from reve_core.keeping import BACKUP_DAYS, Keeping, Recipient
from reve_core.lineup import line_up
from reve_core.marks import make_marker
from reve_core.operating import Entry
from reve_core.ownkeys import OwnKeys
from reve_core.pictures.check import Caps
from reve_core.ports import Provider
from reve_core.secret import signing_secrets
from reve_core.service import Studio
from reve_core.settings import Settings
from reve_core.store.sqlite import SqliteStore, backup
from reve_core.store.sqlite.tally import tally
from reve_core.web.site import Site

log = logging.getLogger(__name__)

_MB = 1024 * 1024
_LEFTOVER_S = 3600.0
_BACKUP_S = 3000.0  # a little less than the hour between two rounds

_lock = threading.RLock()
_studio: Studio | None = None
_site: Site | None = None
_drain_s = 30.0


def load_settings() -> Settings:
    """Raises ConfigurationError that names the variable, never its value."""
    try:
        return Settings()
    except ValidationError as exc:
        wrong = "; ".join(
            f"REVE_{str(part['loc'][0]).upper()}: {part['msg'].removeprefix('Value error, ')}"
            for part in exc.errors(include_input=False)
        )
        raise ConfigurationError(f"These settings cannot be used. {wrong}.") from None


def get() -> Studio:
    """The one service of this process, built and started by the first who asks. Raises ReveError."""
    global _studio, _drain_s
    with _lock:
        if _studio is None:
            settings = load_settings()
            studio = _build_for(settings)
            studio.start()
            _studio, _drain_s = studio, settings.drain_s
        return _studio


def site() -> Site:
    """What the HTTP door needs to know of the settings. Raises ConfigurationError."""
    global _site
    if _site is None:
        with _lock:
            _site = _site or make_site(load_settings())
    return _site


def get_tally() -> Tally:
    """The numbers for whoever watches over the app. Raises ReveError."""
    return tally(load_settings().data_dir.expanduser().absolute() / "reve.db")


def use(studio: Studio | None, at: Site | None = None) -> None:
    """Put another service, and another site, in their place (tests)."""
    global _studio, _site
    with _lock:
        _studio, _site = studio, at


def drain() -> None:
    """Take up no more work. Takes no lock, so a signal handler may call it."""
    if _studio is not None:
        _studio.drain()


def stop() -> bool:
    """Drain and close. True when every running job finished."""
    global _studio
    with _lock:
        studio, _studio = _studio, None
    return True if studio is None else studio.stop(_drain_s)


def _build_for(settings: Settings) -> Studio:
    """``build``, whose errors may name folders, for those who may read them."""
    try:
        return build(settings)
    except UnsafeConfiguration:
        raise
    except ReveError as exc:
        if settings.mode != "public":
            raise
        _log_once(str(exc))
        raise OutOfOrder from exc


@functools.cache
def _log_once(text: str) -> None:
    """Whoever asks next tries to build it again, and there may be many."""
    log.error("%s", text)


def build(settings: Settings) -> Studio:
    """A service that has not been started. Raises ReveError where the data cannot be trusted or the settings are wrong."""
    receivers, _ = webhooks.check(settings)
    entry = Entry(token=settings.operator_token, emails=settings.operator_emails)
    marker = make_marker(settings)
    lined_up = line_up(settings)
    providers, limits = lined_up.providers, lined_up.limits
    if lined_up.default not in providers:
        raise ConfigurationError(
            f"REVE_PROVIDER names “{lined_up.default}”, which is not set up. Choose one of {', '.join(providers)}."
        )
    folder = settings.data_dir.expanduser().absolute()
    with suppress(OSError):  # the next line finds out what is wrong with it
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # prompts and pictures of strangers are nobody else's
    read_only = _why_read_only(folder, public=settings.mode == "public")
    store = _open_store(settings, folder, read_only)
    blobs = LocalBlobs(folder / "images", read_only=read_only is not None)
    config = ManagerConfig(
        limits=limits,
        lease_s=settings.lease_s,
        sweep_s=settings.sweep_s,
        call_timeout_s=settings.call_timeout_s,
        max_attempts=settings.max_attempts,
        min_free_bytes=settings.min_free_mb * _MB,
        caps=caps(settings),
    )
    signer = Signer(signing_secrets(settings, folder, read_only))
    public = settings.mode == "public"
    own_keys = OwnKeys() if public and settings.own_keys else None
    moderator = Moderator(settings.policy_file, on_fault=log.error) if settings.moderates else None
    screen = make_screen(settings, moderator)
    previews = Previews()
    manager = JobManager(
        store=store,
        blobs=blobs,
        providers=providers,
        engine=ThreadEngine(slots=settings.workers, cpu_slots=settings.cpu_workers),
        presence=FilePresence(folder / "workers"),
        config=config,
        tidy=lambda: _tidy(studio, store.path, folder),
        farewell=lambda: _back_up(store.path, folder),
        messenger=webhooks.make_messenger(settings, store, lambda: studio.catalogue),
        screen=screen,
        note=lambda claim, screened: studio.screening.note_service(claim.job, screened.flagged, screened.category),
        own_key=own_keys.find if own_keys is not None else lambda name: None,
        at_once=lambda: studio.admission.at_once(),
        previews=previews,
    )
    studio = Studio(
        store=store,
        blobs=blobs,
        providers=providers,
        limits=limits,
        default_provider=lined_up.default,
        worker=manager,
        preview=previews.get,
        access=store,
        grids=store,
        signer=signer,
        public=public,
        caps=config.caps,
        marker=marker,
        guard=store,
        ledger=store,
        records=store,
        allowance=allowance(settings) if public else None,
        moderator=moderator,
        has_moderation_service=screen is not None,
        own_keys=own_keys,
        receivers=receivers,
        operator_entry=entry,
        backups=folder / "backups",
        keeping=keeping(settings),
        recipients=recipients(settings, providers, asks=screen is not None),
        trash_days=settings.trash_days,
        read_only=read_only,
    )
    return studio


def make_providers(settings: Settings) -> dict[str, Provider]:
    """The providers that are set up, by name, without the service. Raises ConfigurationError."""
    return line_up(settings).providers


def allowance(settings: Settings) -> Allowance:
    """What a public link allows, unless the operator changes it."""
    return Allowance(
        visitor_per_minute=settings.visitor_per_minute,
        address_per_minute=settings.address_per_minute,
        link_per_minute=settings.link_per_minute,
        visitor_queue=settings.visitor_queue,
        address_queue=settings.address_queue,
        link_queue=settings.link_queue,
        at_once=settings.visitor_at_once,
        visitor_credits=settings.visitor_daily_credits,
        address_credits=settings.address_daily_credits,
        link_credits=settings.daily_credits,
        floor=settings.credits_floor,
    )


def keeping(settings: Settings) -> Keeping:
    """How long a public link keeps things."""
    return Keeping(
        failed_days=settings.failed_days,
        picture_days=settings.picture_days,
        comparison_days=settings.comparison_days,
        event_days=settings.event_days,
    )


def recipients(settings: Settings, providers: Mapping[str, Provider], *, asks: bool) -> list[Recipient]:
    """Who is sent prompts."""
    found = [
        Recipient(f"{provider.title} ({provider.sends_to})", "your prompt, when you choose it to make the picture")
        for provider in providers.values()
        if provider.sends_to
    ]
    if asks:
        host = urlsplit(settings.moderation_url).hostname or settings.moderation_url
        found.append(Recipient(host, "your prompt, to check it before a picture is made"))
    return found


def make_screen(settings: Settings, moderator: Moderator | None) -> Screen | None:
    """The moderation service, where one is configured and anything is moderated at all."""
    if moderator is None or not settings.moderation_url:
        return None
    return RemoteModeration(
        settings.moderation_url,
        key=settings.moderation_key,
        model=settings.moderation_model,
        timeout_s=settings.moderation_timeout_s,
        policy=moderator.policy,
    )


def caps(settings: Settings) -> Caps:
    return Caps(max_bytes=settings.max_image_mb * _MB, max_pixels=settings.max_image_megapixels * 1_000_000)


def restore(settings: Settings) -> backup.Restored:
    """Put the newest sound backup in the place of a damaged database. Raises ConfigurationError."""
    folder = settings.data_dir.expanduser().absolute()
    if FilePresence(folder / "workers").anybody():
        raise ConfigurationError("The app is running on this data folder. Stop it first, then restore.")
    return backup.restore(folder / "reve.db", folder / "backups", folder / "damaged")


def make_site(settings: Settings) -> Site:
    return Site(
        public=settings.mode == "public",
        public_url=settings.public_url,
        allowed_hosts=settings.allowed_hosts,
        trusted_hops=settings.trusted_hops,
        embed_origins=settings.embed_origins,
        cors_origins=settings.cors_origins,
        own_names_only=settings.mode != "public",
        sockets_per_address=settings.sockets_per_address,
        frames_per_second=settings.frames_per_second,
        requests_per_second=settings.requests_per_second,
        operator_token=settings.operator_token,
    )


def _why_read_only(folder: Path, *, public: bool) -> str | None:
    try:
        LocalBlobs(folder / "images").check_writable()
    except (ConfigurationError, BlobError) as exc:
        log.error("%s", exc)
        if public:
            return "Nothing new can be made here for now. Your pictures are safe, and can be looked at and downloaded."
        return (
            f"The data folder {folder} cannot be written, so nothing new can be made. "
            "Make it writable, or set REVE_DATA_DIR to another folder, then start again."
        )
    return None


def _open_store(settings: Settings, folder: Path, read_only: str | None) -> SqliteStore:
    try:
        return SqliteStore(folder / "reve.db", timeout_s=settings.db_timeout_s, read_only=read_only is not None)
    except StoreDamaged as exc:
        if read_only is None:
            backup.set_aside(Path(exc.path), folder / "damaged")
        raise


def _tidy(studio: Studio, database: Path, folder: Path) -> None:
    """
    The hourly round: empty old trash, remove leftovers, old keys and what is kept no longer, and copy the database if it
    has changed.
    """
    for chore in (
        studio.shelf.purge_old,
        studio.forget_old_keys,
        studio.privacy.tidy,
        functools.partial(studio.blobs.sweep, _LEFTOVER_S),
        functools.partial(_back_up, database, folder, at_least_s=_BACKUP_S),
        functools.partial(_drop_old_backups, studio, folder),
    ):
        try:
            chore()
        except ReveError as exc:
            log.warning("Tidying up: %s", exc)


def _drop_old_backups(studio: Studio, folder: Path) -> None:
    """Where pictures go by themselves, copies of the table that named them must not outlive them for long."""
    if studio.privacy.keeping is None:
        return
    try:
        backup.expire(folder / "backups", before=time.time() - BACKUP_DAYS * 86_400)
    except OSError as exc:
        log.warning("An old backup could not be deleted: %s", type(exc).__name__)


def _back_up(database: Path, folder: Path, *, at_least_s: float = 0.0) -> None:
    try:
        backup.back_up(database, folder / "backups", at_least_s=at_least_s)
    except (sqlite3.Error, OSError) as exc:
        log.warning("The database could not be copied to the backups: %s", type(exc).__name__)
