from pathlib import Path

from backend.targets.deployed import DeployedServices


def test_a_start_that_never_ended_is_on_neither_release(tmp_path: Path) -> None:
    services = DeployedServices(tmp_path / "deployed.json")
    services.put("gateway", "r1")
    services.begin("gateway", "r2")
    entry = services.all()["gateway"]
    assert entry.release not in ("r1", "r2")
    assert entry.intended == "r2"
    services.put("gateway", "r2")
    assert services.all()["gateway"].release == "r2"
