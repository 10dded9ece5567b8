from controllers.matching import ranked, score

TEXTS = {
    "roll": "Stack: Roll back… revert undo restore backup",
    "test": "Go to: End-to-end test e2e strobe track",
    "stop": "Stack: Stop stack down services",
}


def test_a_typed_word_beats_scattered_letters() -> None:
    assert ranked("strobe", TEXTS)[0] == "test"
    assert ranked("stop stack", TEXTS)[0] == "stop"


def test_letters_in_order_are_enough() -> None:
    assert ranked("rlbk", TEXTS) == ["roll"]


def test_words_may_come_in_any_order() -> None:
    assert score("stack stop", TEXTS["stop"]) is not None


def test_what_does_not_match_is_left_out() -> None:
    assert ranked("zzz", TEXTS) == []
    assert ranked("  ", TEXTS) == list(TEXTS)
