"""What letters have in common that one success makes superfluous: the track, by id or else by names."""

import unicodedata

_NAMED = "name:"
_BETWEEN = "\x1f"


def business_key(track_id: str | None, artist: str | None, title: str | None) -> str | None:
    """The track's id; without one its artist and title, normalised; none when the payload says too little."""
    if track_id:
        return track_id
    if not artist or not title:
        return None
    return f"{_NAMED}{_normalised(artist)}{_BETWEEN}{_normalised(title)}"


def names_of(key: str) -> tuple[str, str] | None:
    """Artist and title in a key made of them; none for the id of a track."""
    if not key.startswith(_NAMED) or _BETWEEN not in key:
        return None
    artist, _, title = key.removeprefix(_NAMED).partition(_BETWEEN)
    return artist, title


def _normalised(name: str) -> str:
    """Without differences in case, width and white space."""
    plain = unicodedata.normalize("NFKC", name).replace(_BETWEEN, " ")
    return " ".join(plain.lower().split())
