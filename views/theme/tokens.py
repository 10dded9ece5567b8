"""The semantic colours of both themes.

Values are those of `design/screens/README.md`. Where one of them missed 4.5 : 1 as text on the surfaces
it is used on it was moved until it met it; `tests/views/test_tokens.py` holds the whole table to that.
"""

from dataclasses import dataclass, fields
from functools import cached_property, lru_cache

TINT = 0.14
"""Share of a state colour in the tinted ground of its pills."""


@dataclass(frozen=True)
class Tokens:
    """One theme. Every value is `#rrggbb`."""

    name: str
    background: str
    surface: str
    surface_2: str
    raised: str
    code: str
    border: str
    border_strong: str
    """Outline of controls: 3 : 1 against the surface, as WCAG 1.4.11 asks."""
    text: str
    muted: str
    faint: str
    accent: str
    accent_fill: str
    """Ground of a primary button, under `on_accent`."""
    on_accent: str
    ok: str
    warn: str
    bad: str
    info: str
    bronze: str
    silver: str
    gold: str

    def colour(self, token: str) -> str:
        """The value of the token called `token`; KeyError when there is none."""
        return self._by_name[token]

    def as_dict(self) -> dict[str, str]:
        """All colours by name."""
        return {field.name: getattr(self, field.name) for field in fields(self) if field.name != "name"}

    @cached_property
    def _by_name(self) -> dict[str, str]:
        """Asked for at every painted row."""
        return self.as_dict()

    def tint(self, token: str) -> str:
        """`token` laid thinly over the surface: ground of pills and of selected rows."""
        return blend(self.colour(token), self.surface, TINT)


@lru_cache(maxsize=256)
def blend(colour: str, ground: str, share: float) -> str:
    """`share` of `colour` over `ground`, as an opaque colour."""
    mixed = (
        round(a * share + b * (1 - share)) for a, b in zip(_channels(colour), _channels(ground), strict=True)
    )
    return "#" + "".join(f"{value:02x}" for value in mixed)


def contrast(first: str, second: str) -> float:
    """Contrast ratio of two colours after WCAG 2.2, from 1 to 21."""
    darker, lighter = sorted((_luminance(first), _luminance(second)))
    return (lighter + 0.05) / (darker + 0.05)


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(value / 255) for value in _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


DARK = Tokens(
    name="dark",
    background="#0f1318",
    surface="#161c24",
    surface_2="#1c242e",
    raised="#232d39",
    code="#0b0e12",
    border="#2b3643",
    border_strong="#5f6e80",
    text="#e7ecf2",
    muted="#93a1b3",
    faint="#8995a8",
    accent="#8e9cff",
    accent_fill="#5566ee",
    on_accent="#ffffff",
    ok="#43c088",
    warn="#e6b450",
    bad="#f47e85",
    info="#59b2ff",
    bronze="#d4955f",
    silver="#b4bfcc",
    gold="#e3b541",
)

LIGHT = Tokens(
    name="light",
    background="#f5f7fa",
    surface="#ffffff",
    surface_2="#f7f9fb",
    raised="#eef2f6",
    code="#fafbfd",
    border="#d9e0e8",
    border_strong="#7f8c9d",
    text="#18202a",
    muted="#566375",
    faint="#616e80",
    accent="#4453dd",
    accent_fill="#4b5cf0",
    on_accent="#ffffff",
    ok="#0f7145",
    warn="#8a5700",
    bad="#b72b36",
    info="#0c61ad",
    bronze="#965823",
    silver="#56647a",
    gold="#7d5e00",
)
