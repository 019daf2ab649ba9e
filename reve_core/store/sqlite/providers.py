"""The store's methods about providers: paused or not, and how long their pictures have taken."""

from datetime import datetime

from reve_core.models import ProviderState
from reve_core.store.sqlite.base import Side
from reve_core.store.sqlite.rows import state_of
from reve_core.store.sqlite.spending import spent_today


class ProviderSide(Side):
    def pause(self, provider: str, *, until: datetime | None, reason: str, own_keys: bool = False) -> None:
        with self.connections.write() as db:
            # A pause that waits for a person is never shortened by one that runs out by itself.
            db.execute(
                """
                insert into providers (name, paused, until, reason, probing, own_keys)
                    values (:name, 1, :until, :reason, 0, :own_keys)
                on conflict (name) do update set
                    reason = case when paused = 1 and until is null and :until is not null then reason else :reason end,
                    until = case when paused = 1 and until is null then null
                                 when :until is null then null
                                 else max(coalesce(until, 0), :until) end,
                    own_keys = case when paused = 1 then min(own_keys, :own_keys) else :own_keys end,
                    paused = 1, probing = 0
                """,
                {
                    "name": provider,
                    "until": until.timestamp() if until else None,
                    "reason": reason,
                    "own_keys": int(own_keys),
                },
            )

    def resume(self, provider: str) -> None:
        with self.connections.write() as db:
            # One call first, in case the reason is still there.
            db.execute(
                "update providers set paused = 0, until = null, reason = null, probing = 1 where name = ? and paused = 1",
                (provider,),
            )
            # Somebody may have added credits: what is left is known again after that call.
            db.execute("update providers set credits_left = null where name = ?", (provider,))

    def provider_states(self) -> dict[str, ProviderState]:
        now = self._clock()
        with self.connections.read() as db:
            states = [state_of(row) for row in db.execute("select * from providers").fetchall()]
        return {
            state.name: state
            for state in states
            if not (state.paused and state.until is not None and state.until.timestamp() <= now)
        }

    def spent_today(self, provider: str) -> float:
        with self.connections.read() as db:
            return spent_today(db, provider, self._clock())

    def durations(self, provider: str, model: str, *, limit: int = 50) -> list[float]:
        with self.connections.read() as db:
            rows = db.execute(
                """
                select finished_at - started_at from jobs
                where status = 'done' and provider = ? and model = ? and started_at is not null
                order by finished_at desc limit ?
                """,
                (provider, model, limit),
            ).fetchall()
        return [row[0] for row in rows]
