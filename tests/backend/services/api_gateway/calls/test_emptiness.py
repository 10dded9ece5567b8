"""Empty answers that are abnormally many."""

from hypothesis import given
from hypothesis import strategies as st

from backend.services.api_gateway.calls.emptiness import EmptyAnswers

HOUR = 3600.0


class World:
    """Answers at one a minute times `pace`, of one or more query forms."""

    def __init__(self) -> None:
        self.now = 0.0
        self.answers = EmptyAnswers(lambda: self.now)

    def pass_time(self, hours: float, empty_one_in: int, form: str = "by fields", pace: float = 6) -> int:
        """Answers for some hours, one in `empty_one_in` of them empty (0: none); how many were suspect."""
        suspect = 0
        for number in range(1, int(hours * 60 * pace) + 1):
            self.now += 60 / pace
            empty = bool(empty_one_in) and number % empty_one_in == 0
            suspect += self.answers.is_suspect(form, empty=empty)
        return suspect


def test_a_form_that_suddenly_finds_nothing_is_suspect_within_minutes() -> None:
    world = World()
    assert world.pass_time(2, empty_one_in=10) == 0
    assert world.pass_time(0.1, empty_one_in=1) > 0
    assert world.answers.is_suspect("by fields", empty=True)
    assert not world.answers.is_suspect("by fields", empty=False)


def test_the_other_form_is_judged_by_its_own_past() -> None:
    world = World()
    world.pass_time(2, empty_one_in=10)
    world.pass_time(2, empty_one_in=1, form="by words")
    world.pass_time(0.5, empty_one_in=1)
    assert world.answers.is_suspect("by fields", empty=True)
    assert not world.answers.is_suspect("by words", empty=True)


def test_what_has_always_found_little_is_not_suspect() -> None:
    world = World()
    assert world.pass_time(12, empty_one_in=2) == 0
    assert world.pass_time(12, empty_one_in=1, form="isrc") == 0


def test_nothing_is_suspect_before_there_is_a_past_or_with_few_answers() -> None:
    world = World()
    assert world.pass_time(0.5, empty_one_in=1) == 0
    later = World()
    later.pass_time(3, empty_one_in=20)
    later.now += HOUR
    assert [later.answers.is_suspect("by fields", empty=True) for _ in range(19)] == [False] * 19
    assert later.answers.is_suspect("by fields", empty=True)


def test_a_slightly_worse_hour_is_not_suspect() -> None:
    world = World()
    world.pass_time(6, empty_one_in=10)
    assert world.pass_time(1, empty_one_in=4) == 0


def test_the_fault_ends_when_answers_come_again() -> None:
    world = World()
    world.pass_time(6, empty_one_in=10)
    assert world.pass_time(0.5, empty_one_in=1) > 0
    world.pass_time(0.2, empty_one_in=0)
    assert not world.answers.is_suspect("by fields", empty=True)


def test_a_fault_stays_one_for_hours_and_becomes_usual_after_days() -> None:
    world = World()
    world.pass_time(24, empty_one_in=10)
    world.pass_time(4, empty_one_in=1)
    assert world.answers.is_suspect("by fields", empty=True)
    world.pass_time(96, empty_one_in=1)
    assert not world.answers.is_suspect("by fields", empty=True)


@given(st.lists(st.tuples(st.floats(0, 4_000), st.booleans()), max_size=300))
def test_whatever_comes_only_empty_answers_are_suspect(steps: list[tuple[float, bool]]) -> None:
    world = World()
    for seconds, empty in steps:
        world.now += seconds
        assert empty or not world.answers.is_suspect("any", empty=False)
        if empty:
            world.answers.is_suspect("any", empty=True)
