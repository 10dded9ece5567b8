"""Matching on the golden cases: how often it is right and finds, and what its probabilities mean."""

from tests.backend.services.metadata_enrichment.matching.fit_calibration import (
    error_of,
    held_out_error,
    labels,
)
from tests.backend.services.metadata_enrichment.matching.golden import UNSURE, decisions, describe


def test_there_are_enough_cases_of_every_kind() -> None:
    expected = [decision.expected for decision in decisions()]
    assert len({decision.case.case for decision in decisions()}) >= 300
    assert expected.count(None) >= 100
    assert expected.count(UNSURE) >= 10
    assert len({decision.case.shape for decision in decisions()}) >= 60


def test_what_is_accepted_is_right() -> None:
    accepted = [decision for decision in decisions() if decision.chosen]
    wrong = [decision for decision in accepted if not decision.is_right]
    assert 1 - len(wrong) / len(accepted) >= 0.995, describe(wrong)


def test_what_is_there_is_found() -> None:
    findable = [decision for decision in decisions() if decision.has_match]
    missed = [decision for decision in findable if not decision.is_right]
    assert 1 - len(missed) / len(findable) >= 0.92, describe(missed)


def test_no_trap_is_accepted() -> None:
    fallen = [decision for decision in decisions() if decision.case.trap and decision.chosen]
    assert not fallen, describe(fallen)


def test_unsure_and_no_match_are_told_apart() -> None:
    wrong = [decision for decision in decisions() if not decision.has_right_verdict]
    assert 1 - len(wrong) / len(decisions()) >= 0.95, describe(wrong)


def test_probabilities_mean_what_they_say_on_cases_they_were_not_fitted_on() -> None:
    assert held_out_error(labels(decisions())) <= 0.03


def test_the_probabilities_that_are_stored_mean_what_they_say() -> None:
    """The shipped curves, with what is left of a probability beside its rival."""
    stated = [
        (judgement.probability, wanted)
        for decision in decisions()
        for judgement, _, wanted in decision.labelled()
    ]
    assert error_of(stated) <= 0.03
