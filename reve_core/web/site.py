"""What the HTTP door knows about the address it stands at. Made from the settings; nothing here reads them."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import SecretStr


@dataclass(frozen=True, slots=True)
class Site:
    """
    ``public`` means public mode. ``public_url`` has no slash at its end and may be empty. ``trusted_hops`` is the number of proxies of the operator's
    own. The lists are of hosts or origins, empty for none (``allowed_hosts``: any). ``own_names_only``: over this
    computer's loopback only names that nobody else can own are answered to. ``sockets_per_address``,
    ``frames_per_second`` and ``requests_per_second`` hold in public mode, 0 for no limit. ``operator_token`` opens the metrics.
    """

    public: bool = False
    public_url: str = ""
    allowed_hosts: tuple[str, ...] = ()
    trusted_hops: int = 0
    embed_origins: tuple[str, ...] = ()
    cors_origins: tuple[str, ...] = ()
    own_names_only: bool = False
    sockets_per_address: int = 0
    frames_per_second: float = 0.0
    requests_per_second: float = 0.0
    operator_token: SecretStr | None = None
