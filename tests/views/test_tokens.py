"""Contrast of every text and control colour on every ground it is used on (WCAG 1.4.3 and 1.4.11)."""

import pytest

from views.theme.stylesheet import TONES, stylesheet
from views.theme.tokens import DARK, LIGHT, Tokens, blend, contrast

GROUNDS = ("background", "surface", "surface_2", "raised")
TEXTS = ("text", "muted", "faint")
STATES = ("accent", "ok", "warn", "bad", "info", "bronze", "silver", "gold")


@pytest.mark.parametrize("tokens", [DARK, LIGHT], ids=lambda tokens: tokens.name)
class TestContrast:
    @pytest.mark.parametrize("text", [*TEXTS, *STATES])
    def test_text_is_readable_on_every_ground(self, tokens: Tokens, text: str) -> None:
        for ground in GROUNDS:
            assert contrast(tokens.colour(text), tokens.colour(ground)) >= 4.5, ground

    @pytest.mark.parametrize("tone", TONES)
    def test_pills_are_readable_on_their_own_tint(self, tokens: Tokens, tone: str) -> None:
        assert contrast(tokens.colour(tone), tokens.tint(tone)) >= 4.5

    def test_selected_rows_are_readable(self, tokens: Tokens) -> None:
        for text in ("text", "muted"):
            assert contrast(tokens.colour(text), tokens.tint("accent")) >= 4.5

    def test_output_is_readable(self, tokens: Tokens) -> None:
        for text in ("text", "muted", "faint"):
            assert contrast(tokens.colour(text), tokens.code) >= 4.5

    def test_primary_button_is_readable(self, tokens: Tokens) -> None:
        assert contrast(tokens.on_accent, tokens.accent_fill) >= 4.5

    def test_outlines_of_controls_stand_out(self, tokens: Tokens) -> None:
        for ground in ("surface", "surface_2"):
            assert contrast(tokens.border_strong, tokens.colour(ground)) >= 3.0
            assert contrast(tokens.accent, tokens.colour(ground)) >= 3.0

    def test_stylesheet_has_no_gap(self, tokens: Tokens) -> None:
        sheet = stylesheet(tokens)
        assert "$" not in sheet
        assert sheet.count("{") == sheet.count("}")


def test_contrast_of_black_and_white_is_the_largest_there_is() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#ffffff", "#000000") == pytest.approx(21.0)
    assert contrast("#777777", "#777777") == pytest.approx(1.0)


def test_blend_mixes_channels() -> None:
    assert blend("#ffffff", "#000000", 0.5) == "#808080"
    assert blend("#123456", "#ffffff", 1.0) == "#123456"
