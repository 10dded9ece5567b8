"""Ports that are put together when they are first called.

The window needs none of the database driver, HTTP client and engine to be painted. Those load on the
background thread, with the first question that the window asks.
"""

import gc
import threading
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, cast

from backend.home import Home
from controllers.ports import Ports

if TYPE_CHECKING:
    from app.composition import Composition
    from controllers.access_port import AccessPort
    from controllers.dead_letters_port import DeadLettersPort
    from controllers.ports import (
        ProvidersPort,
        RunsPort,
        SettingsPort,
        StackPort,
        TracksPort,
        WaterfallPort,
    )
    from controllers.profiles_port import ProfilesPort


class DeferredPorts:
    """The ports of one home, settings apart."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._lock = threading.Lock()
        self._made: Composition | None = None

    def ports(self, settings: "SettingsPort") -> Ports:
        """All ports; those of the stack are made with their first call."""
        return Ports(
            stack=cast("StackPort", _Deferred(partial(self._part, "stack"))),
            runs=cast("RunsPort", _Deferred(partial(self._part, "runs"))),
            providers=cast("ProvidersPort", _Deferred(partial(self._part, "providers"))),
            waterfall=cast("WaterfallPort", _Deferred(partial(self._part, "waterfall"))),
            tracks=cast("TracksPort", _Deferred(partial(self._part, "tracks"))),
            dead_letters=cast("DeadLettersPort", _Deferred(partial(self._part, "dead_letters"))),
            settings=settings,
            profiles=cast("ProfilesPort", _Deferred(partial(self._part, "profiles"))),
            access=cast("AccessPort", _Deferred(partial(self._part, "access"))),
        )

    def _part(self, name: str) -> object:
        part: Callable[[], object] = getattr(self._composition, name)
        return part()

    @property
    def _composition(self) -> "Composition":
        """Made once, whichever of the background's threads asks first."""
        from app.composition import Composition  # noqa: PLC0415 - this late loading is what the module is for

        with self._lock:
            if self._made is None:
                self._made = Composition(self._home)
                # What was loaded stays. A full collection would look at all of it again and again, for 80 ms
                # each time in which no other thread gets the interpreter, the Qt thread included.
                gc.freeze()
            return self._made


class _Deferred:
    """Gives a callable for every name; the object behind it is made with the first call."""

    def __init__(self, make: Callable[[], object]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._made: object | None = None

    def __getattr__(self, name: str) -> Callable[..., object]:
        def call(*positional: object, **named: object) -> object:
            method: Callable[..., object] = getattr(self._object(), name)
            return method(*positional, **named)

        return call

    def _object(self) -> object:
        with self._lock:
            if self._made is None:
                self._made = self._make()
            return self._made
