"""Finding tracks among 100,000 with two requests each, over HTTP; beside the same query without its index.

Its own PostgreSQL with its usual settings. Run: `python -m tests.benchmarks.track_search [TRACKS]`.
"""

import statistics
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

from backend.database.address import DatabaseAddress
from backend.services.metadata_enrichment.app import create_app
from tests.backend.services.metadata_enrichment.configuration.operator import Operator
from tests.backend.services.metadata_enrichment.configuration.test_workers import migrated
from tests.backend.services.metadata_enrichment.serving import settings_for
from tests.fixtures import postgres
from tests.fixtures.provider_simulator import serving

TIMES = 7
LIMIT_MS = 200.0
SEARCHES = {
    "the newest": "",
    "a word of every track": "title",
    "an artist": "artist md5 1234",
    "one track": "track-77777",
    "nothing": "no such words",
}
_FILL = (
    """INSERT INTO raw_track_enrichment_requests
           (track_id, artist_name, track_title, request, correlation_id, source)
       VALUES ('t', 'a', 't', '{}', 'c', 'api')""",
    """INSERT INTO enrichment_requests (track_id, artist_name, track_title, status, correlation_id,
           raw_request_id, source, received_at, finished_at)
       SELECT 'track-' || n %% %(tracks)s, 'Artist md5 ' || n %% 7000 || md5((n %% 7000)::text),
           'Title ' || md5((n %% %(tracks)s)::text), 'completed', 'c', raw.id, 'api',
           now() - n * interval '1 second', now()
       FROM generate_series(1, 2 * %(tracks)s) n, raw_track_enrichment_requests raw""",
    "ANALYZE",
)


def main() -> None:
    """Print each search's time, with the index and without."""
    tracks = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as folder, _filled(Path(folder), tracks) as music:
        app = create_app(settings_for(music, "no_broker_here"))
        with serving(app) as url, Operator(url) as operator:
            indexed = _milliseconds(operator)
            with music.connect(autocommit=True) as connection:
                connection.execute("DROP INDEX enrichment_requests_words")
            bare = _milliseconds(operator)
    for name, taken in indexed.items():
        sys.stdout.write(
            f"{name}: {taken:.1f} ms, limit {LIMIT_MS:.0f} ms, ratio {taken / LIMIT_MS:.2f}; "
            f"without the index {bare[name]:.1f} ms, ratio {taken / bare[name]:.2f}, n = {TIMES}\n"
        )


def _milliseconds(operator: Operator) -> Mapping[str, float]:
    return {name: _median(operator, text) for name, text in SEARCHES.items()}


def _median(operator: Operator, text: str) -> float:
    taken = []
    for _ in range(TIMES):
        started = perf_counter()
        operator.ask("GET", f"/tracks?text={text.replace(' ', '+')}").raise_for_status()
        taken.append((perf_counter() - started) * 1000)
    return statistics.median(taken)


@contextmanager
def _filled(folder: Path, tracks: int) -> Iterator[DatabaseAddress]:
    server = postgres.new_server(folder)
    with postgres.running(server, folder / "postgres.log"):
        music = migrated(server.address("music"))
        with music.connect(autocommit=True) as connection:
            for statement in _FILL:
                connection.execute(statement.encode(), {"tracks": tracks})
        yield music


if __name__ == "__main__":
    main()
