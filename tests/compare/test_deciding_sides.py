from reve_core.compare.deciding import Judgement, sides


def test_it_counts_sides_whatever_stood_there() -> None:
    found = sides(
        [
            Judgement("a", "b", "left", "1"),
            Judgement("b", "a", "left", "1"),
            Judgement("a", "a", "right", "2"),
            Judgement("a", "b", "tie", "3"),
            Judgement("a", "b", "bad", "3"),
        ]
    )

    assert (found.left, found.right, found.share, found.is_biased) == (2, 1, 2 / 3, False)


def test_a_thumb_that_always_falls_on_the_left_is_noticed() -> None:
    found = sides(Judgement(f"a{n}", f"b{n}", "left", "1") for n in range(9))

    assert found.is_biased
    assert found.always.low > 0.5


def test_without_votes_there_is_no_bias() -> None:
    assert sides([]) == (0, 0, None, (0, 1), (0, 1), False)
