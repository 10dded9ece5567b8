"""The providers that the system knows: the one registration that console, target and gateway share.

Besides its registration a provider needs an adapter, the gateway's module of the same name:
`docs/adding-a-provider.md`.
"""

from dataclasses import dataclass
from enum import StrEnum


class WithoutAccount(StrEnum):
    """What a provider gives to callers who have no account there."""

    EVERYTHING = "everything"
    LOOKUPS = "lookups"
    """Answers by identifier; the search needs an account."""
    NOTHING = "nothing"


@dataclass(frozen=True)
class Credential:
    """A secret that a provider's calls need."""

    name: str
    """Name of the secret file, and with `SONGNODES_` in front of the environment variable."""
    title: str
    """What the provider calls it."""


@dataclass(frozen=True)
class Registration:
    """One provider."""

    name: str
    """In addresses, records and metrics; the gateway's adapter is the module of this name."""
    title: str
    """As the provider writes it."""
    without_account: WithoutAccount = WithoutAccount.EVERYTHING
    credentials: tuple[Credential, ...] = ()


REGISTRATIONS: tuple[Registration, ...] = (
    Registration("musicbrainz", "MusicBrainz"),
    Registration(
        "spotify",
        "Spotify",
        WithoutAccount.NOTHING,
        (
            Credential("spotify_client_id", "Client ID"),
            Credential("spotify_client_secret", "Client secret"),
        ),
    ),
    Registration("deezer", "Deezer"),
    Registration(
        "discogs",
        "Discogs",
        WithoutAccount.LOOKUPS,
        (Credential("discogs_token", "Personal access token"),),
    ),
    Registration(
        "listenbrainz",
        "ListenBrainz",
        WithoutAccount.LOOKUPS,
        (Credential("listenbrainz_token", "User token"),),
    ),
    Registration("coverartarchive", "Cover Art Archive"),
    Registration("itunes", "iTunes Search"),
    Registration("lastfm", "Last.fm", WithoutAccount.NOTHING, (Credential("lastfm_api_key", "API key"),)),
    Registration(
        "beatport",
        "Beatport",
        WithoutAccount.NOTHING,
        (
            Credential("beatport_client_id", "Client ID"),
            Credential("beatport_client_secret", "Client secret"),
        ),
    ),
)


def lookups_are_free(name: str) -> bool:
    """Whether a provider that wants an account for its search answers by identifier without one."""
    return any(each.name == name and each.without_account is WithoutAccount.LOOKUPS for each in REGISTRATIONS)
