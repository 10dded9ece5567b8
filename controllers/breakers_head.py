"""What the screen says of all providers together, and what stands there when there is none to show."""

from dataclasses import dataclass

from backend.contracts.live import SharedState
from controllers.breakers_feed import ProvidersSnapshot
from controllers.marks import Mark, Shape
from controllers.monitor import Freshness
from controllers.wording import plural

_TONES = {Freshness.LIVE: "ok", Freshness.STALE: "warn", Freshness.UNKNOWN: "muted"}
LOOK_AGAIN = "look again"


@dataclass(frozen=True)
class Empty:
    """Why nothing is shown, and the one thing to do: an id of the action list, or LOOK_AGAIN."""

    mark: Mark
    title: str
    explanation: str
    label: str = ""
    action: str = ""


def head_words(snapshot: ProvidersSnapshot) -> tuple[str, str]:
    """`8 providers · 1 gateway replica, state kept in Redis` and the tone of it."""
    live = snapshot.live
    if live is None or not snapshot.deployed:
        return "", ""
    providers = plural(len(live.providers), "provider")
    if snapshot.freshness is Freshness.UNKNOWN:
        return f"{providers} · their state is unknown", "warn"
    words, tone = shared_words(live.shared)
    return f"{providers} · {words}", tone


def shared_words(shared: SharedState) -> tuple[str, str]:
    """Where breakers and budgets are kept, and the tone of it."""
    if not shared.healthy:
        return "Redis lost: each replica goes on by itself", "warn"
    if shared.kind == "local":
        return "state of this replica only", ""
    if shared.replicas is None:
        return "gateway replicas share one state", ""
    if shared.replicas == 1:
        return "1 gateway replica, state kept in Redis", ""
    return f"{shared.replicas} gateway replicas share one state · calls counted by one of them", ""


def freshness_tone(snapshot: ProvidersSnapshot) -> str:
    """Tone of the words about age."""
    return _TONES[snapshot.freshness]


def empty_words(snapshot: ProvidersSnapshot) -> Empty | None:
    """What stands in place of the screen; none when there are providers to show."""
    if not snapshot.deployed:
        return Empty(
            Mark(Shape.WAITING, "muted", "nothing deployed"),
            "Nothing is deployed here yet",
            "Circuit breakers belong to the gateway. They appear once it runs.",
            "Deploy…",
            "deploy.new",
        )
    if snapshot.live is None and snapshot.error is not None:
        return Empty(
            Mark(Shape.UNKNOWN, "warn", "unknown"),
            "The gateway does not answer",
            f"{snapshot.error.sentence()} Its breakers are unknown until it does; it is asked again.",
            "Look again",
            LOOK_AGAIN,
        )
    if snapshot.live is None:
        return Empty(Mark(Shape.WORKING, "accent", "connecting"), "Connecting to the gateway…", "")
    if not snapshot.live.providers:
        return Empty(
            Mark(Shape.WAITING, "muted", "no providers"),
            "The gateway has no providers",
            "No adapter is registered in the release that runs.",
        )
    return None
