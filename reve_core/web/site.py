"""What the HTTP door knows about the address it stands at. Made from the settings; nothing here reads them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Site:
    """
    ``public`` means public mode. ``public_url`` has no slash at its end and may be empty. ``trusted_hops`` is the number of proxies of the operator's
    own. The rest are lists of hosts or origins, empty for none (``allowed_hosts``: any).
    """

    public: bool = False
    public_url: str = ""
    allowed_hosts: tuple[str, ...] = ()
    trusted_hops: int = 0
    embed_origins: tuple[str, ...] = ()
    cors_origins: tuple[str, ...] = ()
