"""Coverage of the waterfall's fields over 100,000 tracks in Gold, over HTTP; beside counting the rows alone.

One worker in this process, its own PostgreSQL with its usual settings. Run:
`python -m tests.benchmarks.waterfall_coverage [TRACKS]`.
"""

import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
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
LIMIT = 0.15
_FILL = (
    """INSERT INTO raw_track_enrichment_requests
           (track_id, artist_name, track_title, request, correlation_id, source)
       VALUES ('t', 'a', 't', '{}', 'c', 'api')""",
    """INSERT INTO enrichment_requests (track_id, artist_name, track_title, status, correlation_id,
           raw_request_id, source, finished_at)
       SELECT track_id, artist_name, track_title, 'completed', 'c', id, 'api', now()
       FROM raw_track_enrichment_requests""",
    """INSERT INTO enriched_tracks (track_id, requested_artist, requested_title, completeness, is_complete,
           config_version, request_id)
       SELECT 't' || n, 'Artist ' || n, 'Title ' || n, 0.9, true, 1, id
       FROM enrichment_requests, generate_series(1, %(tracks)s) n""",
    """INSERT INTO field_provenance (track_id, field, provider, position, confidence, current_value,
           request_id, config_version, degraded_by)
       SELECT 't' || n, step.field, step.provider, step.position, 0.8,
           to_jsonb('A value of usual length'::text), request.id, 1,
           CASE WHEN n %% 50 = 0 THEN '{spotify}'::text[] ELSE '{}' END
       FROM generate_series(1, %(tracks)s) n, enrichment_requests AS request,
           waterfall_api_configuration AS step
       WHERE step.position = 1 AND step.version = 1 AND n %% 10 > 0""",
    "ANALYZE",
)


def main() -> None:
    """Fill Gold, then print how long the answer takes."""
    tracks = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as folder, _filled(Path(folder), tracks) as music:
        bare = _seconds(lambda: _count(music))
        app = create_app(settings_for(music, "no_broker_here"))
        with serving(app) as url, Operator(url) as operator:
            answer = _seconds(lambda: operator.ask("GET", "/admin/waterfall/coverage").raise_for_status())
    sys.stdout.write(
        f"coverage of {tracks:,} tracks: {answer:.3f} s, limit {LIMIT:.2f} s, ratio {answer / LIMIT:.2f}; "
        f"counting the rows {bare:.2f} s, ratio {answer / bare:.2f}, n = {TIMES}\n"
    )


def _seconds(work: Callable[[], object]) -> float:
    taken = []
    for _ in range(TIMES):
        started = perf_counter()
        work()
        taken.append(perf_counter() - started)
    return statistics.median(taken)


def _count(music: DatabaseAddress) -> None:
    with music.connect() as connection:
        connection.execute("SELECT count(*) FROM field_provenance").fetchone()


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
