"""Share links, API tokens and one-time passes: hashes in, owners out."""

import sqlite3
from datetime import UTC, datetime

from reve_core.grants import ApiToken, Share
from reve_core.store.sqlite.base import Side
from reve_core.store.sqlite.rows import instant


class AccessSide(Side):
    def add_share(self, share: Share, token_hash: str) -> None:
        with self.connections.write() as db:
            db.execute(
                """
                insert into shares (id, token_hash, job_id, comparison_id, owner, created_at, expires_at, revoked_at,
                                    show_prompt, show_settings, published, may_vote, show_grid, views)
                values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
                (
                    share.id,
                    token_hash,
                    share.job_id,
                    share.comparison_id,
                    share.owner,
                    share.created_at.timestamp(),
                    _seconds(share.expires_at),
                    _seconds(share.revoked_at),
                    share.show_prompt,
                    share.show_settings,
                    share.published,
                    share.may_vote,
                    share.show_grid,
                    share.views,
                ),
            )

    def share_of_token(self, token_hash: str) -> Share | None:
        with self.connections.read() as db:
            row = db.execute("select * from shares where token_hash = ?", (token_hash,)).fetchone()
        return share_of(row) if row else None

    def share(self, share_id: str, *, owner: str) -> Share | None:
        with self.connections.read() as db:
            row = db.execute("select * from shares where id = ? and owner = ?", (share_id, owner)).fetchone()
        return share_of(row) if row else None

    def shares(self, owner: str, *, before: str | None = None, limit: int = 50) -> list[Share]:
        follows = "and seq < (select seq from shares where id = ? and owner = ?)" if before is not None else ""
        values = (owner, before, owner, limit) if before is not None else (owner, limit)
        with self.connections.read() as db:
            rows = db.execute(
                f"select * from shares where owner = ? {follows} order by seq desc limit ?", values
            ).fetchall()
        return [share_of(row) for row in rows]

    def revoke_share(self, share_id: str, *, owner: str, at: datetime) -> bool:
        with self.connections.write() as db:
            return bool(
                db.execute(
                    "update shares set revoked_at = ? where id = ? and owner = ? and revoked_at is null",
                    (at.timestamp(), share_id, owner),
                ).rowcount
            )

    def count_view(self, share_id: str) -> None:
        with self.connections.write() as db:
            db.execute("update shares set views = views + 1 where id = ?", (share_id,))

    def add_token(self, token: ApiToken, token_hash: str) -> None:
        with self.connections.write() as db:
            db.execute(
                "insert into api_tokens (id, token_hash, name, owner, created_at) values (?, ?, ?, ?, ?)",
                (token.id, token_hash, token.name, token.owner, token.created_at.timestamp()),
            )

    def token(self, token_hash: str) -> ApiToken | None:
        with self.connections.read() as db:
            row = db.execute(
                "select * from api_tokens where token_hash = ? and revoked_at is null", (token_hash,)
            ).fetchone()
        return _token_of(row) if row else None

    def tokens(self) -> list[ApiToken]:
        with self.connections.read() as db:
            rows = db.execute("select * from api_tokens order by created_at desc, rowid desc").fetchall()
        return [_token_of(row) for row in rows]

    def revoke_token(self, token_id: str, *, at: datetime) -> bool:
        with self.connections.write() as db:
            return bool(
                db.execute(
                    "update api_tokens set revoked_at = ? where id = ? and revoked_at is null",
                    (at.timestamp(), token_id),
                ).rowcount
            )

    def add_pass(self, token_hash: str, *, owner: str, until: datetime) -> None:
        with self.connections.write() as db:
            db.execute(
                "insert into passes (token_hash, owner, until) values (?, ?, ?)",
                (token_hash, owner, until.timestamp()),
            )

    def forget_passes(self, *, now: datetime) -> int:
        with self.connections.write() as db:
            return db.execute(
                "delete from passes where until <= ? or taken_at is not null", (now.timestamp(),)
            ).rowcount

    def find_pass(self, token_hash: str, *, now: datetime) -> str | None:
        with self.connections.read() as db:
            row = db.execute(
                "select owner from passes where token_hash = ? and taken_at is null and until > ?",
                (token_hash, now.timestamp()),
            ).fetchone()
        return row["owner"] if row else None

    def take_pass(self, token_hash: str, *, now: datetime) -> str | None:
        with self.connections.write() as db:
            row = db.execute(
                "update passes set taken_at = ? where token_hash = ? and taken_at is null and until > ? returning owner",
                (now.timestamp(), token_hash, now.timestamp()),
            ).fetchone()
        return row["owner"] if row else None


def _seconds(at: datetime | None) -> float | None:
    return None if at is None else at.timestamp()


def share_of(row: sqlite3.Row) -> Share:
    return Share(
        id=row["id"],
        job_id=row["job_id"],
        comparison_id=row["comparison_id"],
        owner=row["owner"],
        created_at=datetime.fromtimestamp(row["created_at"], UTC),
        expires_at=instant(row["expires_at"]),
        revoked_at=instant(row["revoked_at"]),
        show_prompt=bool(row["show_prompt"]),
        show_settings=bool(row["show_settings"]),
        published=bool(row["published"]),
        may_vote=bool(row["may_vote"]),
        show_grid=bool(row["show_grid"]),
        views=row["views"],
        hidden_at=instant(row["hidden_at"]),
    )


def _token_of(row: sqlite3.Row) -> ApiToken:
    return ApiToken(
        id=row["id"],
        name=row["name"],
        owner=row["owner"],
        created_at=datetime.fromtimestamp(row["created_at"], UTC),
        revoked_at=instant(row["revoked_at"]),
    )
