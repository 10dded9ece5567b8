"""Ports that are made with their first call."""

import gc
from pathlib import Path

from app.deferred import DeferredPorts
from backend.home import Home
from tests.gui.sample.settings import SampleSettings


def test_what_the_engine_loaded_is_kept_out_of_collections(tmp_path: Path) -> None:
    """A full collection over all of it would hold the interpreter for 80 ms."""
    gc.unfreeze()
    ports = DeferredPorts(Home(tmp_path)).ports(SampleSettings())
    assert gc.get_freeze_count() == 0
    assert [each.name for each in ports.stack.environments()] == ["sandbox"]
    assert gc.get_freeze_count() > 10_000
    gc.unfreeze()
