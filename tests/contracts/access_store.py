"""What every AccessStore promises. An adapter's tests inherit ``AccessStoreContract`` and give it an ``access`` fixture."""

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from reve_core.grants import ApiToken, Share
from reve_core.guard.signing import hashed
from reve_core.ports import AccessStore
from tests.contracts.job_store import Clock

NOW = datetime.fromtimestamp(1_800_000_000, UTC)


def share(number: int = 1, *, owner: str = "anna", **changes: object) -> Share:
    of = {} if "comparison_id" in changes else {"job_id": "b" * 32}
    return Share(id=f"{number:032x}", owner=owner, created_at=NOW, **of, **changes)  # type: ignore[arg-type]


def token_of(one: Share) -> str:
    return hashed(f"the token of {one.id}")


def token(number: int = 1, *, owner: str = "me", created_at: datetime = NOW) -> ApiToken:
    return ApiToken(f"{number:012x}", f"script {number}", owner, created_at)


class AccessStoreContract:
    @pytest.fixture
    def clock(self) -> Clock:
        return Clock()

    # -- share links

    def test_a_share_comes_back_as_it_was_added(self, access: AccessStore) -> None:
        one = share(expires_at=NOW + timedelta(days=7), show_prompt=False, show_settings=True, published=True, views=0)
        access.add_share(one, token_of(one))
        assert access.share_of_token(token_of(one)) == one
        assert access.share(one.id, owner="anna") == one
        assert access.shares("anna") == [one]

    def test_a_share_of_a_comparison_comes_back_as_it_was_added(self, access: AccessStore) -> None:
        made = [
            share(1, comparison_id="c" * 32),
            share(2, comparison_id="c" * 32, may_vote=True, show_grid=True, show_prompt=False),
            share(3),
        ]
        for one in made:
            access.add_share(one, token_of(one))
        assert [access.share_of_token(token_of(one)) for one in made] == made
        assert access.shares("anna") == made[::-1]

    @pytest.mark.parametrize("of", [{}, {"job_id": "b" * 32, "comparison_id": "c" * 32}], ids=["nothing", "both"])
    def test_a_share_is_of_one_thing(self, of: dict[str, str]) -> None:
        with pytest.raises(ValueError):
            Share(id="a" * 32, owner="anna", created_at=NOW, **of)  # type: ignore[arg-type]

    def test_a_share_without_an_end_has_none(self, access: AccessStore) -> None:
        one = share()
        access.add_share(one, token_of(one))
        found = access.share_of_token(token_of(one))
        assert found is not None
        assert found.expires_at is None
        assert not found.has_ended(NOW + timedelta(days=100_000))

    def test_a_token_that_never_was_opens_nothing(self, access: AccessStore) -> None:
        one = share()
        access.add_share(one, token_of(one))
        assert access.share_of_token(hashed("another")) is None
        assert access.share_of_token("") is None

    def test_the_share_of_somebody_else_does_not_exist(self, access: AccessStore) -> None:
        one = share(owner="anna")
        access.add_share(one, token_of(one))
        assert access.share(one.id, owner="bert") is None
        assert access.shares("bert") == []
        assert not access.revoke_share(one.id, owner="bert", at=NOW)
        assert access.share(one.id, owner="anna") == one

    def test_shares_are_listed_newest_first_and_page_by_page(self, access: AccessStore) -> None:
        made = [share(number) for number in range(5)]
        for one in made:
            access.add_share(one, token_of(one))
        access.add_share(share(99, owner="bert"), hashed("bert's"))
        newest = made[::-1]
        assert access.shares("anna", limit=2) == newest[:2]
        assert access.shares("anna", before=newest[1].id, limit=2) == newest[2:4]
        assert access.shares("anna", before=newest[3].id) == newest[4:]
        assert access.shares("anna", before=newest[4].id) == []

    def test_a_revoked_share_is_still_found_and_says_so(self, access: AccessStore) -> None:
        one = share()
        access.add_share(one, token_of(one))
        assert access.revoke_share(one.id, owner="anna", at=NOW + timedelta(hours=1))
        found = access.share_of_token(token_of(one))
        assert found == replace(one, revoked_at=NOW + timedelta(hours=1))
        assert found.has_ended(NOW + timedelta(hours=2))

    def test_a_share_is_revoked_once(self, access: AccessStore) -> None:
        one = share()
        access.add_share(one, token_of(one))
        assert access.revoke_share(one.id, owner="anna", at=NOW)
        assert not access.revoke_share(one.id, owner="anna", at=NOW + timedelta(hours=1))
        found = access.share(one.id, owner="anna")
        assert found is not None
        assert found.revoked_at == NOW

    def test_views_add_up_for_each_share_by_itself(self, access: AccessStore) -> None:
        one, two = share(1), share(2)
        for each in (one, two):
            access.add_share(each, token_of(each))
        for _ in range(3):
            access.count_view(one.id)
        access.count_view("f" * 32)
        assert [each.views for each in access.shares("anna")] == [0, 3]

    # -- API tokens

    def test_a_token_is_found_by_its_hash_alone(self, access: AccessStore) -> None:
        one = token()
        access.add_token(one, hashed("the token"))
        assert access.token(hashed("the token")) == one
        for other in ("the token", hashed("another"), one.id, ""):
            assert access.token(other) is None

    def test_tokens_are_listed_newest_first_also_of_one_instant(self, access: AccessStore) -> None:
        made = [token(1), token(2), token(3, created_at=NOW + timedelta(seconds=1)), token(4, owner="t-4")]
        for one in made:
            access.add_token(one, hashed(one.id))
        assert access.tokens() == [made[2], made[3], made[1], made[0]]

    def test_a_revoked_token_opens_nothing_and_stays_listed(self, access: AccessStore) -> None:
        one, other = token(1), token(2)
        for each in (one, other):
            access.add_token(each, hashed(each.id))
        assert access.revoke_token(one.id, at=NOW + timedelta(hours=1))
        assert access.token(hashed(one.id)) is None
        assert access.token(hashed(other.id)) == other
        assert access.tokens() == [other, replace(one, revoked_at=NOW + timedelta(hours=1))]

    def test_a_token_is_revoked_once_and_an_unknown_one_never(self, access: AccessStore) -> None:
        access.add_token(token(), hashed("the token"))
        assert access.revoke_token(token().id, at=NOW)
        assert not access.revoke_token(token().id, at=NOW + timedelta(hours=1))
        assert not access.revoke_token("f" * 12, at=NOW)
        assert [each.revoked_at for each in access.tokens()] == [NOW]

    # -- one-time passes

    def test_a_pass_is_taken_once_and_looked_at_before(self, access: AccessStore) -> None:
        access.add_pass(hashed("pass"), owner="anna", until=NOW + timedelta(minutes=15))
        assert access.find_pass(hashed("pass"), now=NOW) == "anna"
        assert access.take_pass(hashed("pass"), now=NOW) == "anna"
        assert access.take_pass(hashed("pass"), now=NOW) is None
        assert access.find_pass(hashed("pass"), now=NOW) is None

    def test_a_pass_is_good_until_its_time_is_over(self, access: AccessStore) -> None:
        until = NOW + timedelta(minutes=15)
        access.add_pass(hashed("pass"), owner="anna", until=until)
        assert access.take_pass(hashed("another"), now=NOW) is None
        assert access.take_pass(hashed("pass"), now=until) is None
        assert access.take_pass(hashed("pass"), now=until - timedelta(seconds=1)) == "anna"

    def test_of_many_takers_at_once_one_gets_the_pass(self, access: AccessStore) -> None:
        access.add_pass(hashed("pass"), owner="anna", until=NOW + timedelta(minutes=15))
        got: list[str | None] = []
        start = threading.Barrier(6)

        def take() -> None:
            start.wait()
            got.append(access.take_pass(hashed("pass"), now=NOW))

        threads = [threading.Thread(target=take) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(got, key=str) == [*[None] * 5, "anna"]

    def test_passes_that_nobody_can_use_are_forgotten_and_others_are_not(self, access: AccessStore) -> None:
        for name, minutes in (("old", 1), ("taken", 30), ("good", 30)):
            access.add_pass(hashed(name), owner=name, until=NOW + timedelta(minutes=minutes))
        assert access.take_pass(hashed("taken"), now=NOW) == "taken"
        later = NOW + timedelta(minutes=2)
        assert access.forget_passes(now=later) == 2
        assert access.forget_passes(now=later) == 0
        assert access.take_pass(hashed("taken"), now=later) is None
        assert access.take_pass(hashed("good"), now=later) == "good"
