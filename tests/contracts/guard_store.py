"""
What every GuardStore promises, and every JobStore beside it: who is let in, what is charged to whom, whose turn it is.

An adapter's tests inherit ``GuardStoreContract`` and give it a ``store`` and, beside it in the same place, ``guard`` and
``grids``.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from reve_core.allowance import Allowance, Terms
from reve_core.errors import Banned, LimitReached
from reve_core.guard.admission import day_of
from reve_core.guarding import Audit, Ban, Verdicts
from reve_core.models import Claim, JobRequest, JobStatus, Limits, Once, Order, Placed, Receipt, Review
from reve_core.ports import ComparisonStore, GuardStore, JobStore
from tests.contracts.comparison_store import at_once, bought, comparison
from tests.contracts.job_store import T0, Clock, image, request

NO_LIMITS = Allowance()
TODAY = day_of(T0)
LIMITS = {"fake": Limits(1000), "other": Limits(1000)}


def terms(visitor: str = "ana", address: str = "home", day: str = TODAY, **allowed: float) -> Terms:
    return Terms(visitor, address, day, replace(NO_LIMITS, **allowed), (f"address:{address}",))  # type: ignore[arg-type]


def ask(
    store: JobStore, count: int = 1, *, on: Terms | None = None, credits: float = 10, owner: str = "", **order: Any
) -> Placed:
    """Placed, or the refusal raised. The owner is the visitor, unless it is said."""
    on = terms() if on is None else on
    prompt = order.pop("prompt", "a heron")
    wanted = order.pop("requests", (request(prompt),) * count)
    [answer] = store.submit([Order(wanted, owner or on.visitor, terms=on, credits=(credits,) * len(wanted), **order)])
    if not isinstance(answer, Placed):
        raise answer
    return answer


def refused(store: JobStore, *args: Any, **kwargs: Any) -> LimitReached:
    with pytest.raises(LimitReached) as caught:
        ask(store, *args, **kwargs)
    return caught.value


def take(store: JobStore, at_once: int | None = None) -> Claim:
    held = store.claim("w", lease_s=60, limits=LIMITS, at_once=at_once)
    assert held is not None
    return held


def call(store: JobStore) -> Claim:
    held = take(store)
    assert store.begin_call(held, idempotent=False)
    return held


def finish(store: JobStore, held: Claim, credits: float | None, left: float | None = None) -> None:
    receipt = Receipt(credits_used=credits, credits_left=left)
    assert store.arrived(held, receipt)
    assert store.done(held, image(held), receipt)


class GuardStoreContract:
    @pytest.fixture
    def clock(self) -> Clock:
        return Clock()

    def spent(self, guard: GuardStore, visitor: str = "ana", address: str = "home", day: str = TODAY) -> list[float]:
        """What visitor, address and link have used of 1,000 credits of that day."""
        found = []
        for scope in ("visitor_credits", "address_credits", "link_credits"):
            standing = guard.standing(visitor, terms(visitor, address, day, **{scope: 1000}))
            assert standing.credits_left is not None
            found.append(1000 - standing.credits_left)
        return found

    # -- rates

    def test_a_minutes_submissions_may_come_all_at_once_and_then_one_by_one(
        self, store: JobStore, clock: Clock
    ) -> None:
        on = terms(visitor_per_minute=6)
        for _ in range(6):
            ask(store, 3, on=on)
        refusal = refused(store, on=on)
        assert (refusal.code, refusal.limit, refusal.window_s) == ("rate_visitor", 6, 60)
        assert refusal.retry_after_s == pytest.approx(10)
        clock.pass_(9)
        assert refused(store, on=on).retry_after_s == pytest.approx(1)
        clock.pass_(1.001)
        ask(store, on=on)
        assert refused(store, on=on).code == "rate_visitor"

    @pytest.mark.parametrize(
        ("scope", "other"),
        [("visitor", terms("ben", "home")), ("address", terms("ben", "work")), ("link", None)],
    )
    def test_a_rate_counts_for_whom_it_is_for_and_nobody_else(
        self, store: JobStore, scope: str, other: Terms | None
    ) -> None:
        allowed = {f"{scope}_per_minute": 2}
        ask(store, on=terms(**allowed))
        ask(store, on=terms("ana" if scope == "visitor" else "cleo", "home", **allowed))
        assert refused(store, on=terms(**allowed)).code == f"rate_{scope}"
        if other is None:
            assert refused(store, on=terms("ben", "work", **allowed)).code == "rate_link"
        else:
            ask(store, on=replace(other, allowance=replace(NO_LIMITS, **allowed)))  # type: ignore[arg-type]

    def test_a_refused_order_debits_nothing_anywhere(self, store: JobStore, guard: GuardStore, clock: Clock) -> None:
        both = {"visitor_per_minute": 6, "link_per_minute": 2, "visitor_credits": 100.0}
        ask(store, on=terms("ben", "work", **both))
        ask(store, on=terms("ben", "work", **both))
        before = guard.standing("ana", terms(**both))
        for _ in range(6):
            assert refused(store, on=terms(**both)).code == "rate_link"
        assert guard.standing("ana", terms(**both)) == before
        assert store.pending_count("ana") == 0
        clock.pass_(61)
        for _ in range(2):
            ask(store, on=terms(**both))

    def test_an_order_seen_before_costs_nothing_even_where_nothing_more_would_be_let_in(
        self, store: JobStore, guard: GuardStore
    ) -> None:
        on = terms(visitor_per_minute=1, visitor_queue=1, visitor_credits=10)
        first = ask(store, on=on, once=Once("key", "digest"))
        for _ in range(3):
            again = ask(store, on=on, once=Once("key", "digest"))
            assert again.replayed
            assert [job.id for job in again.jobs] == [job.id for job in first.jobs]
        assert self.spent(guard) == [10, 10, 10]

    @pytest.mark.parametrize("back_s", [20, 60, 3_600, 400 * 86_400])
    def test_a_clock_that_is_set_back_locks_nobody_out(self, store: JobStore, clock: Clock, back_s: float) -> None:
        on = terms(visitor_per_minute=2)
        ask(store, on=on)
        ask(store, on=on)
        clock.pass_(-back_s)
        clock.pass_(120)
        ask(store, on=on)
        ask(store, on=on)
        assert refused(store, on=on).retry_after_s <= 30.001

    # -- queues

    def test_a_line_holds_no_more_of_one_visitor_than_it_may_and_says_what_fits(self, store: JobStore) -> None:
        on = terms(visitor_queue=5)
        ask(store, 3, on=on)
        refusal = refused(store, 3, on=on)
        assert refusal.code == "queue_visitor"
        assert "3 pictures on their way" in str(refusal)
        assert "2 more would fit" in str(refusal)
        assert "6 pictures at once" in str(refused(store, 6, on=on))
        ask(store, 2, on=on)
        held = call(store)
        assert refused(store, on=on).code == "queue_visitor"  # one that runs is still on its way
        finish(store, held, 10)
        ask(store, on=on)
        ask(store, 5, on=terms("ben", visitor_queue=5))

    def test_many_cookies_behind_one_address_share_what_the_address_may_queue(self, store: JobStore) -> None:
        allowed = {"visitor_queue": 4, "address_queue": 6}
        ask(store, 4, on=terms("ana", **allowed))
        assert refused(store, 4, on=terms("ben", **allowed)).code == "queue_address"
        ask(store, 2, on=terms("ben", **allowed))
        ask(store, 4, on=terms("cleo", "work", **allowed))
        ask(store, 4, on=terms("dora", "", **allowed))
        ask(store, 4, on=terms("emil", "", **allowed))

    def test_the_whole_line_has_an_end(self, store: JobStore) -> None:
        for number in range(4):
            ask(store, 2, on=terms(f"v{number}", f"a{number}", link_queue=8))
        assert refused(store, on=terms("new", "new", link_queue=8)).code == "queue_link"

    def test_what_waits_for_a_person_closes_the_line_to_nobody_else(self, store: JobStore, guard: GuardStore) -> None:
        allowed = {"link_queue": 4}
        held = ask(store, 4, on=terms("ana", "cafe", **allowed), review=Review.PERSON).jobs
        assert refused(store, on=terms("eve", "hotel", **allowed), review=Review.PERSON).code == "queue_link"
        on = terms("ben", **allowed)
        assert guard.standing("ben", on).queue_left == 4
        ask(store, 4, on=on)
        assert refused(store, on=terms("eve", "hotel", **allowed)).code == "queue_link"
        assert guard.approve(held[0].id)
        assert guard.standing("ben", on).queue_left == 0

    # -- budgets

    def test_credits_are_reserved_at_once_and_refused_past_the_days_budget(
        self, store: JobStore, guard: GuardStore
    ) -> None:
        on = terms(visitor_credits=45)
        ask(store, 4, on=on)
        refusal = refused(store, on=on)
        assert refusal.code == "budget_visitor"
        assert refusal.retry_after_s == pytest.approx(86_400 - T0 % 86_400)
        assert "5 of 45 left" in str(refusal)
        assert self.spent(guard) == [40, 40, 40]
        ask(store, on=on, credits=0)  # what costs nothing can always be made

    @pytest.mark.parametrize("scope", ["visitor", "address", "link"])
    def test_a_budget_is_for_whom_it_is_for(self, store: JobStore, scope: str) -> None:
        allowed = {f"{scope}_credits": 20.0}
        ask(store, 2, on=terms(**allowed))
        assert refused(store, on=terms(**allowed)).code == f"budget_{scope}"
        stranger = terms("ben", "work", **allowed)
        if scope == "link":
            assert refused(store, on=stranger).code == "budget_link"
        else:
            ask(store, on=stranger)

    def test_a_new_day_has_a_budget_of_its_own(self, store: JobStore, guard: GuardStore) -> None:
        ask(store, on=terms(visitor_credits=10))
        tomorrow = day_of(T0 + 86_400)
        ask(store, on=terms(day=tomorrow, visitor_credits=10))
        assert self.spent(guard) == self.spent(guard, day=tomorrow) == [10, 10, 10]

    @pytest.mark.parametrize(("used", "charged"), [(7, 7), (35, 35), (0, 0), (None, 10)])
    def test_a_finished_job_is_charged_what_it_really_took(
        self, store: JobStore, guard: GuardStore, used: float | None, charged: float
    ) -> None:
        ask(store)
        held = call(store)
        assert self.spent(guard) == [10, 10, 10]
        finish(store, held, used)
        assert self.spent(guard) == [charged] * 3

    def test_a_job_cancelled_in_line_is_given_back(self, store: JobStore, guard: GuardStore) -> None:
        placed = ask(store, 2)
        store.cancel(placed.jobs[0].id)
        assert self.spent(guard) == [10, 10, 10]

    def test_a_call_that_was_not_charged_is_given_back_when_the_job_ends(
        self, store: JobStore, guard: GuardStore
    ) -> None:
        ask(store)
        held = call(store)
        assert store.requeue(held, delay_s=0, why="Busy.", free=False, outcome="not_charged")
        assert self.spent(guard) == [10, 10, 10]  # it will be tried again
        assert store.fail(call(store), "no_picture", "No.", outcome="not_charged")
        assert self.spent(guard) == [0, 0, 0]

    def test_a_refusal_by_the_provider_is_charged_what_it_took(self, store: JobStore, guard: GuardStore) -> None:
        ask(store)
        assert store.fail(call(store), "refused", "No.", outcome="refused", receipt=Receipt(credits_used=10))
        assert self.spent(guard) == [10, 10, 10]
        ask(store)
        assert store.fail(call(store), "refused", "No.", outcome="refused", receipt=Receipt(credits_used=0))
        assert self.spent(guard) == [10, 10, 10]

    def test_what_nobody_knows_stays_charged_and_stays_so_when_it_is_given_up(
        self, store: JobStore, guard: GuardStore
    ) -> None:
        [job] = ask(store).jobs
        assert store.unknown(call(store), "Lost.")
        assert self.spent(guard) == [10, 10, 10]
        assert store.give_up(job.id, "Given up.")
        assert self.spent(guard) == [10, 10, 10]

    def test_a_late_success_is_charged_once(self, store: JobStore, guard: GuardStore) -> None:
        ask(store)
        held = call(store)
        assert store.unknown(held, "Lost.")
        receipt = Receipt(credits_used=12)
        assert store.done(held, image(held), receipt)
        assert self.spent(guard) == [12, 12, 12]

    def test_run_again_is_a_second_charge_on_the_day_that_it_is_asked_for(
        self, store: JobStore, guard: GuardStore
    ) -> None:
        [job] = ask(store).jobs
        assert store.unknown(call(store), "Lost.")
        tomorrow = day_of(T0 + 86_400)
        assert store.again(job.id, when=[JobStatus.UNKNOWN], terms=terms(day=tomorrow), credits=10)
        assert self.spent(guard) == [10, 10, 10]
        assert self.spent(guard, day=tomorrow) == [10, 10, 10]
        finish(store, call(store), 8)
        assert self.spent(guard) == [10, 10, 10]
        assert self.spent(guard, day=tomorrow) == [8, 8, 8]

    def test_a_retry_is_let_in_like_an_order(self, store: JobStore, guard: GuardStore) -> None:
        on = terms(visitor_credits=10)
        [job] = ask(store, on=on).jobs
        assert store.fail(call(store), "no_picture", "No.", outcome="not_charged")
        ask(store, on=on)
        with pytest.raises(LimitReached) as caught:
            store.again(job.id, when=[JobStatus.FAILED], terms=on, credits=10)
        assert caught.value.code == "budget_visitor"
        again = store.get(job.id)
        assert again is not None
        assert again.status is JobStatus.FAILED
        assert self.spent(guard) == [10, 10, 10]

    def test_a_job_that_is_purged_stays_in_the_books(self, store: JobStore, guard: GuardStore) -> None:
        [job] = ask(store).jobs
        finish(store, call(store), 9)
        store.trash([job.id], True)
        assert store.purge([job.id]) == 1
        assert self.spent(guard) == [9, 9, 9]

    def test_a_visitors_own_key_costs_the_link_nothing(self, store: JobStore, guard: GuardStore) -> None:
        on = terms(visitor_credits=10)
        wanted = (request(), JobRequest(prompt="a fox", provider="other", model="m"))
        placed = ask(store, requests=wanted, on=on, own_keys={"fake": "k-1"})
        assert [job.own_key for job in placed.jobs] == ["k-1", None]
        assert self.spent(guard) == [10, 10, 10]
        assert refused(store, on=on).code == "budget_visitor"
        ask(store, on=on, own_keys={"fake": "k-1"})
        while (held := store.claim("w", lease_s=60, limits={"fake": Limits(9)})) is not None:
            assert store.begin_call(held, idempotent=False)
            finish(store, held, 150)
        assert self.spent(guard) == [10, 10, 10]

    def test_nothing_is_begun_that_would_leave_the_provider_below_the_floor(self, store: JobStore) -> None:
        on = terms(floor=100)
        ask(store, on=on)  # nobody knows yet what is left
        finish(store, call(store), 10, left=125)
        ask(store, 2, on=on)
        refusal = refused(store, on=on)
        assert refusal.code == "credits_exhausted"
        ask(store, on=on, credits=0)
        store.resume("fake")  # somebody added credits
        ask(store, on=on)

    def test_a_comparison_is_let_in_whole_or_not_at_all(
        self, store: JobStore, guard: GuardStore, grids: ComparisonStore
    ) -> None:
        on = terms("me", visitor_credits=25, visitor_queue=10)
        with pytest.raises(LimitReached) as caught:
            grids.create_comparison(comparison(), [bought("a"), bought("b"), bought("c")], terms=on)
        assert caught.value.code == "budget_visitor"
        assert grids.comparison(comparison().id, owner=None) is None
        grids.create_comparison(comparison(), [bought("a"), bought("b")], terms=on)
        assert self.spent(guard, "me") == [20, 20, 20]
        with pytest.raises(LimitReached):
            grids.change_comparison(comparison(), [bought("c")], terms=on)
        assert {cell.key for cell in grids.cells(comparison().id)} == {"a", "b"}

    def test_a_job_held_back_by_a_comparisons_cap_is_given_back(
        self, store: JobStore, guard: GuardStore, grids: ComparisonStore
    ) -> None:
        grids.create_comparison(
            comparison(cap_usd=1.0), [bought("a"), bought("b")], terms=terms("me", visitor_credits=100)
        )
        finish(store, call(store), 10)
        assert store.claim("w", lease_s=60, limits=LIMITS) is None
        assert self.spent(guard, "me") == [10, 10, 10]

    def test_threads_at_once_never_let_in_more_than_there_is(self, store: JobStore, guard: GuardStore) -> None:
        on = terms(link_credits=70)

        def one() -> bool:
            [answer] = store.submit([Order((request(),), "ana", terms=on, credits=(10,))])
            return isinstance(answer, Placed)

        assert sum(at_once(20, one)) == 7
        assert self.spent(guard) == [70, 70, 70]

    # -- standing

    def test_the_standing_tells_what_the_next_order_would_meet(
        self, store: JobStore, guard: GuardStore, clock: Clock
    ) -> None:
        allowed = {
            "visitor_per_minute": 3,
            "visitor_queue": 5,
            "address_queue": 50,
            "visitor_credits": 100.0,
            "link_credits": 90.0,
        }
        ask(store, 2, on=terms(**allowed))
        found = guard.standing("ana", terms(**allowed))
        assert (found.credits_left, found.scarcest) == (70, "link")
        assert (found.waiting, found.queue_left, found.submissions_left, found.next_in_s) == (2, 3, 2, 0)
        assert found.resets_at == datetime.fromtimestamp(T0 - T0 % 86_400 + 86_400, UTC)
        ask(store, on=terms(**allowed))
        ask(store, on=terms(**allowed))
        found = guard.standing("ana", terms(**allowed))
        assert found.submissions_left == 0
        assert found.next_in_s == pytest.approx(20)
        free = guard.standing("ana", terms())
        assert (free.credits_left, free.queue_left, free.submissions_left) == (None, None, None)

    def test_forgotten_limits_are_those_of_the_past(self, store: JobStore, guard: GuardStore, clock: Clock) -> None:
        on = terms(visitor_per_minute=2, visitor_credits=100)
        ask(store, on=on)
        assert guard.forget_limits(before_day=TODAY, now=clock()) == 0
        assert guard.standing("ana", on).submissions_left == 1
        assert guard.forget_limits(before_day=day_of(T0 + 86_400), now=clock() + 120) > 0
        assert self.spent(guard) == [0, 0, 0]

    # -- turns

    def test_a_newcomer_is_next_but_few_however_much_others_have_in_line(self, store: JobStore) -> None:
        ask(store, 200, on=terms("hog", "a"), prompt="hog")
        take(store)
        ask(store, 1, on=terms("ben", "b"), prompt="ben")
        ask(store, 3, on=terms("cleo", "c"), prompt="cleo")
        ask(store, 1, on=terms("dora", "d"), prompt="dora")
        began = [take(store).job.request.prompt for _ in range(9)]
        assert {"ben", "dora"} < set(began[:4])
        assert began.count("cleo") == 3

    def test_whoever_asks_for_dearer_pictures_takes_turns_less_often(self, store: JobStore) -> None:
        ask(store, 40, on=terms("dear", "a"), prompt="dear", credits=30)
        ask(store, 40, on=terms("cheap", "b"), prompt="cheap", credits=10)
        began = [take(store).job.request.prompt for _ in range(24)]
        assert began.count("cheap") == pytest.approx(18, abs=1)

    def test_a_key_of_ones_own_buys_no_more_turns_than_the_links_credits(self, store: JobStore) -> None:
        junk = ask(store, 20, on=terms("ana", "cafe"), credits=150, own_keys={"fake": "k-1"}).jobs
        paid = ask(store, 2, on=terms("ben"), credits=150).jobs
        taken = [take(store).job.id for _ in range(4)]
        assert taken == [junk[0].id, paid[0].id, junk[1].id, paid[1].id]

    def test_nor_does_a_retry_with_one(self, store: JobStore) -> None:
        mine = ask(store, 3, on=terms("ana", "cafe"), credits=150).jobs
        for job in mine:
            store.cancel(job.id)
            assert store.again(job.id, when=[JobStatus.CANCELLED], terms=terms("ana", "cafe"), credits=150, own_key="k")
        [paid] = ask(store, on=terms("ben"), credits=150).jobs
        assert paid.id in [take(store).job.id for _ in range(2)]

    def test_no_visitor_has_more_running_than_one_may(self, store: JobStore) -> None:
        ask(store, 5, on=terms("ana", "a"), prompt="ana")
        ask(store, 1, on=terms("ben", "b"), prompt="ben")
        began = [take(store, at_once=2).job.request.prompt for _ in range(3)]
        assert sorted(began) == ["ana", "ana", "ben"]
        assert store.claim("w", lease_s=60, limits=LIMITS, at_once=2) is None
        assert store.claim("w", lease_s=60, limits=LIMITS, at_once=3) is not None

    def test_new_cookies_of_one_address_take_one_turn_together(self, store: JobStore, clock: Clock) -> None:
        for number in range(10):
            ask(store, 2, on=terms(f"sock{number}", "a"), prompt="puppet")
        ask(store, 2, on=terms("ben", "b"), prompt="ben")
        began = [take(store).job.request.prompt for _ in range(4)]
        assert began.count("ben") == 2
        assert store.claim("w", lease_s=60, limits=LIMITS, at_once=2) is None

    def test_a_visitor_of_ten_minutes_has_a_turn_of_their_own(self, store: JobStore, clock: Clock) -> None:
        ask(store, on=terms("ana"), prompt="ana")
        take(store)
        clock.pass_(601)
        ask(store, 6, on=terms("sock"), prompt="sock")
        ask(store, 1, on=terms("ana"), prompt="ana")
        assert "ana" in [take(store).job.request.prompt for _ in range(2)]

    def test_a_long_line_at_one_provider_holds_up_nobody_at_another(self, store: JobStore) -> None:
        ask(store, 50, on=terms("hog", "a"), prompt="hog")
        take(store)
        other = (JobRequest(prompt="ben", provider="other", model="m"),)
        ask(store, requests=other, on=terms("ben", "b"))
        assert take(store).job.request.prompt == "ben"

    def test_who_cancels_does_not_wait_for_what_was_cancelled(self, store: JobStore) -> None:
        placed = ask(store, 30, on=terms("ana", "a"), prompt="old")
        for job in placed.jobs:
            store.cancel(job.id)
        ask(store, 3, on=terms("ben", "b"), prompt="ben")
        ask(store, 1, on=terms("ana", "a"), prompt="new")
        assert "new" in [take(store).job.request.prompt for _ in range(2)]

    def test_the_position_is_the_sequence_in_which_jobs_are_taken(self, store: JobStore) -> None:
        ask(store, 4, on=terms("ana", "a"), prompt="ana")
        take(store)
        ask(store, 2, on=terms("ben", "b"), prompt="ben")
        waiting = sorted(store.pending(None), key=lambda job: job.position or 0)
        waiting = [job for job in waiting if job.position]
        assert [job.position for job in waiting] == [1, 2, 3, 4, 5]
        assert [take(store).job.id for _ in waiting] == [job.id for job in waiting]

    def test_who_asks_next_is_told_how_many_come_before_and_not_how_many_there_are(
        self, store: JobStore, guard: GuardStore
    ) -> None:
        hog, guest = terms("hog"), terms("guest", "elsewhere")
        ask(store, 40, on=hog)
        take(store)
        ask(store, on=guest, review=Review.PERSON)  # what waits for a person holds up nobody
        for who, expected in ((hog, 40), (guest, 3), (terms("new", "here"), 2)):
            ahead = store.ahead("fake", guard.turn_name(who), 10)
            assert ahead == expected
            [job] = ask(store, on=who).jobs
            found = store.get(job.id)
            assert found is not None
            assert found.position == ahead  # the one that runs came before as well
            store.cancel(job.id)
        assert store.ahead("other", guard.turn_name(hog), 10) == 0

    def test_a_pause_about_the_links_account_leaves_alone_what_visitors_pay_for(self, store: JobStore) -> None:
        ask(store)
        [own] = ask(store, on=terms("ben"), own_keys={"fake": "k-1"}).jobs
        [another] = ask(store, on=terms("ben"), own_keys={"fake": "k-1"}).jobs
        store.pause("fake", until=None, reason="no credits", own_keys=True)
        held = call(store)
        assert held.job.id == own.id
        store.pause("fake", until=None, reason="by hand")
        assert store.claim("w", lease_s=60, limits=LIMITS) is None
        store.resume("fake")
        finish(store, held, 10)
        # One call finds out about the link's account; the visitor's has told nothing of it.
        assert take(store).job.id != another.id
        assert store.claim("w", lease_s=60, limits=LIMITS) is None

    # -- bans

    def test_who_is_shut_out_is_told_so_until_it_is_lifted_or_over(
        self, store: JobStore, guard: GuardStore, clock: Clock
    ) -> None:
        now = datetime.fromtimestamp(T0, UTC)
        guard.ban(Ban("ana", "ana", "Spam.", now, now + timedelta(hours=1)))
        guard.ban(Ban("address:work", "192.0.2.0", "Spam.", now))
        assert {ban.name for ban in guard.bans()} == {"ana", "address:work"}
        for on in (terms("ana"), terms("ben", "work")):
            with pytest.raises(Banned):
                ask(store, on=on)
        ask(store, on=terms("ben"))
        clock.pass_(3601)
        ask(store, on=terms("ana"))
        assert [ban.name for ban in guard.bans()] == ["address:work"]
        assert guard.lift_ban("address:work")
        assert not guard.lift_ban("address:work")
        ask(store, on=terms("ben", "work"))

    # -- moderation

    def test_the_log_keeps_the_newest_where_there_are_too_many(
        self, guard: GuardStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("reve_core.store.sqlite.guard._MOST_NOTED", 3)
        for number in range(5):
            guard.note(Verdicts(datetime.fromtimestamp(T0 + number, UTC), "ana", "prompt", "block", "hate"))
        assert [event.at.timestamp() - T0 for event in guard.noted()] == [4, 3, 2]

    def test_the_log_is_read_newest_first_and_forgets(self, guard: GuardStore) -> None:
        for number in range(4):
            at = datetime.fromtimestamp(T0 + number, UTC)
            guard.note(Verdicts(at, "ana", "prompt", "block", f"c{number}", rule="r", policy="1"))
        newest, *rest = guard.noted(limit=2)
        assert (newest.category, newest.owner, newest.rule, newest.stage) == ("c3", "ana", "r", "policy")
        assert [each.category for each in guard.noted(before=rest[-1].number)] == ["c1", "c0"]
        assert guard.forget_noted(before=datetime.fromtimestamp(T0 + 2, UTC)) == 2
        assert [each.category for each in guard.noted()] == ["c3", "c2"]

    def test_what_waits_for_a_person_is_taken_by_no_worker_until_they_say_yes(
        self, store: JobStore, guard: GuardStore
    ) -> None:
        [job] = ask(store, review=Review.PERSON).jobs
        assert store.claim("w", lease_s=60, limits=LIMITS) is None
        assert [each.id for each in guard.to_review()] == [job.id]
        assert guard.approve(job.id)
        assert not guard.approve(job.id)
        assert guard.to_review() == []
        held = take(store)
        assert (held.job.id, held.job.review) == (job.id, Review.APPROVED)

    def test_what_a_person_says_no_to_is_given_back_and_its_words_are_forgotten(
        self, store: JobStore, guard: GuardStore
    ) -> None:
        [job] = ask(store, review=Review.PERSON, prompt="unmistakable words").jobs
        assert guard.reject(job.id, "Not here.")
        found = store.get(job.id)
        assert found is not None
        assert (found.status, found.error_code, found.error) == (JobStatus.FAILED, "blocked", "Not here.")
        assert "unmistakable" not in found.request.prompt
        assert self.spent(guard) == [0, 0, 0]
        assert not guard.reject(job.id, "Not here.")

    def test_a_job_nobody_could_judge_goes_back_to_wait_for_a_person(self, store: JobStore, guard: GuardStore) -> None:
        [job] = ask(store, review=Review.SERVICE).jobs
        held = take(store)
        assert store.hold(held)
        assert store.claim("w", lease_s=60, limits=LIMITS) is None
        [waiting] = guard.to_review()
        assert (waiting.id, waiting.status, waiting.tries) == (job.id, JobStatus.QUEUED, 0)
        assert not store.hold(held)

    def test_a_job_that_the_service_refused_ends_without_its_words_and_its_credits_come_back(
        self, store: JobStore, guard: GuardStore, grids: ComparisonStore
    ) -> None:
        grids.create_comparison(comparison(), [bought("a")], terms=terms("me"))
        held = take(store)
        assert store.block(held, "Not here.")
        found = store.get(held.job.id)
        assert found is not None
        assert (found.error_code, found.credits_used) == ("blocked", None)
        assert held.job.request.prompt not in found.request.prompt
        assert self.spent(guard, "me") == [0, 0, 0]
        assert not store.block(held, "Not here.")

    def test_a_retry_waits_for_a_person_where_the_policy_has_come_to_doubt_it(
        self, store: JobStore, guard: GuardStore
    ) -> None:
        [job] = ask(store).jobs
        assert store.fail(call(store), "no_picture", "No.", outcome="not_charged")
        assert store.again(job.id, when=[JobStatus.FAILED], review=Review.PERSON)
        assert [each.id for each in guard.to_review()] == [job.id]
        assert guard.approve(job.id)
        assert store.fail(call(store), "no_picture", "No.", outcome="not_charged")
        assert store.again(job.id, when=[JobStatus.FAILED], review=Review.PERSON)
        assert guard.to_review() == []

    def test_a_call_that_was_begun_can_be_neither_held_nor_blocked(self, store: JobStore) -> None:
        ask(store)
        held = call(store)
        assert not store.hold(held)
        assert not store.block(held, "Not here.")

    # -- hiding

    def test_what_the_operator_hides_its_owner_cannot_bring_back(self, store: JobStore, guard: GuardStore) -> None:
        [job] = ask(store).jobs
        assert not guard.hide_job(job.id, True)  # not while it is on its way
        finish(store, call(store), 10)
        assert guard.hide_job(job.id, True)
        assert not guard.hide_job(job.id, True)
        store.trash([job.id], False)
        hidden = store.get(job.id)
        assert hidden is not None
        assert hidden.trashed_at is not None
        assert hidden.hidden_at is not None
        assert guard.hide_job(job.id, False)
        shown = store.get(job.id)
        assert shown is not None
        assert (shown.trashed_at, shown.hidden_at) == (None, None)

    # -- settings and what was done

    def test_an_override_holds_until_it_is_taken_back(self, guard: GuardStore) -> None:
        guard.override("link_credits", "500")
        guard.override("link_credits", "400")
        guard.override("floor", "1")
        assert guard.overrides() == {"link_credits": "400", "floor": "1"}
        guard.override("link_credits", None)
        assert guard.overrides() == {"floor": "1"}

    def test_what_was_done_is_read_newest_first(self, guard: GuardStore) -> None:
        for what in ("one", "two"):
            guard.audit(Audit(datetime.fromtimestamp(T0, UTC), "token", what, "detail"))
        assert [entry.what for entry in guard.audited()] == ["two", "one"]
        assert guard.audited(limit=1)[0].detail == "detail"
