"""Four processes that share a breaker through a real Redis, in real time."""

from pathlib import Path

from tests.fixtures.breaker_process import BreakerProcess, running_breakers
from tests.fixtures.redis_server import RedisServer, running_redis
from tests.waiting import wait_until


def stampede(replicas: list[BreakerProcess]) -> list[BreakerProcess]:
    """100 calls at once, 25 in each process; the process of each call that was let through."""
    for replica in replicas:
        replica.send("ask 25")
    return [replica for replica in replicas for _ in range(replica.answer())]


def open_and_wait(replicas: list[BreakerProcess]) -> None:
    """Open by failures, and wait until the time for probes has come."""
    assert replicas[0].tell("ask 5") == 5
    for _ in range(5):
        state = replicas[0].tell("report failure")["state"]
    assert state == "open"
    wait_until(lambda: all(replica.tell("status")["state"] != "closed" for replica in replicas))


def let_one_through(replicas: list[BreakerProcess]) -> BreakerProcess:
    """Ask in turn until a call is let through."""
    passed: list[BreakerProcess] = []

    def ask() -> bool:
        passed.extend(replica for replica in replicas if not passed and replica.tell("ask 1"))
        return bool(passed)

    wait_until(ask)
    return passed[0]


def test_of_a_hundred_calls_in_four_processes_exactly_three_probe(redis_server: RedisServer) -> None:
    with running_breakers(redis_server.url, "a", "b", "c", "d", lease_seconds=60.0) as replicas:
        wait_until(lambda: all(replica.tell("status")["replicas"] == 4 for replica in replicas))
        open_and_wait(replicas)
        first = let_one_through(replicas)
        (second,) = stampede(replicas)  # two are under way at once
        assert stampede(replicas) == []
        first.tell("report failure")
        second.tell("report success")
        (third,) = stampede(replicas)
        assert stampede(replicas) == []
        assert third.tell("report success")["state"] == "closed"
        wait_until(lambda: all(replica.tell("status")["state"] == "closed" for replica in replicas))


def test_a_killed_prober_gives_its_place_back_when_its_lease_ends(redis_server: RedisServer) -> None:
    settings = {"lease_seconds": 4.0, "probes_at_once": 1}
    with running_breakers(redis_server.url, "a", "b", "c", **settings) as replicas:
        open_and_wait(replicas)
        killed = let_one_through(replicas)
        half_open = killed.tell("status")["epoch"]
        killed.kill()
        others = [replica for replica in replicas if replica is not killed]
        assert [other.tell("ask 1") for other in others] == [0, 0]
        survivor = let_one_through(others)
        assert survivor.tell("report success")["epoch"] == half_open  # it never had to open again
        last = let_one_through(others)
        assert last.tell("report success")["state"] == "closed"


def test_a_forced_state_survives_the_restart_of_a_replica_and_of_redis(tmp_path: Path) -> None:
    with running_redis(tmp_path) as server, running_breakers(server.url, "a", "b") as (one, two):
        assert "search" in one.tell("control force_open")
        wait_until(lambda: two.tell("status")["control"] == "forced_open")
        epoch = two.tell("status")["epoch"]
        one.kill()
        server.kill()
        wait_until(lambda: not two.tell("status")["healthy"])
        assert two.tell("ask 10") == 0
        server.start()  # with nothing in it
        wait_until(lambda: two.tell("status")["healthy"])
        with running_breakers(server.url, "a") as (restarted,):
            wait_until(lambda: restarted.tell("status")["control"] == "forced_open")
            assert restarted.tell("ask 10") == 0
            assert restarted.tell("status")["epoch"] >= epoch
