"""Sample profiles, kept in memory."""

from collections.abc import Iterator, Mapping, Sequence

from backend.contracts.connection import ConnectionReport
from backend.contracts.errors import OperatorError
from backend.contracts.profile_form import read_form
from backend.contracts.profiles import Profile, Removal
from backend.contracts.runs import CriterionState, Finding

STAGING = {
    "kind": "compose",
    "tier": "staging",
    "host": "10.20.0.7",
    "compose.docker_host": "tcp://10.20.0.7:2376",
    "compose.tls_folder": "~/.docker/staging",
    "compose.workers": "2",
    "ports.gateway": "9022",
    "grafana_url": "https://grafana.example",
    "providers.beatport": "simulated",
}
PRODUCTION = {
    "kind": "compose",
    "tier": "production",
    "host": "10.20.0.9",
    "compose.docker_host": "ssh://deploy@songnodes-1",
    "compose.workers": "4",
}


def _finding(key: str, title: str, state: CriterionState, evidence: str, remedy: str = "") -> Finding:
    return Finding(key=key, title=title, state=state, evidence=evidence, remedy=remedy)


FINDINGS = (
    _finding(
        "docker",
        "Docker engine",
        CriterionState.FAILED,
        "the certificate of 10.20.0.7:2376 is not signed by ca.pem (self-signed certificate)",
        "Take ca.pem from the authority of that engine. If it should be right, somebody may be in between.",
    ),
    _finding("compose", "Docker Compose", CriterionState.MET, "docker compose 2.29.1"),
    _finding(
        "port-grafana",
        "Port 3001 for grafana",
        CriterionState.FAILED,
        "in use by another program",
        "Stop the program on port 3001, or give the environment staging another port in its profile.",
    ),
    _finding(
        "database", "Database login", CriterionState.MET, "musicdb_user on 10.20.0.7:5433, PostgreSQL 16.4"
    ),
    _finding("service-api-gateway-internal", "api-gateway-internal", CriterionState.MET, "healthy in 18 ms"),
    _finding("token", "Token", CriterionState.MET, "accepted"),
    _finding("prometheus", "Prometheus", CriterionState.CHECKING, ""),
)


class SampleProfiles:
    """The profiles port over a dictionary; `error` makes writing fail, `refused` removing."""

    def __init__(self) -> None:
        self.kept: dict[str, dict[str, str]] = {
            "sandbox": {},
            "staging": dict(STAGING),
            "production": dict(PRODUCTION),
        }
        self.broken: dict[str, str] = {}
        self.reports: Sequence[ConnectionReport] = (report(FINDINGS),)
        self.tested: list[tuple[str, Mapping[str, str]]] = []
        self.error: OperatorError | None = None
        self.refused = ""

    def profiles(self) -> Sequence[Profile]:
        """All of them."""
        return [self._profile(name) for name in self.kept]

    def save(self, name: str, values: Mapping[str, str], *, new: bool) -> Profile:
        """Keep it."""
        if self.error is not None:
            raise self.error
        if new and name in self.kept:
            raise OperatorError(f"There is an environment {name} already.", "Choose another name.")
        self.kept[name] = dict(values)
        return self._profile(name)

    def removal(self, name: str) -> Removal:
        """What would stay."""
        return Removal(
            name=name, refused=self.refused, stays=(f"/home/deploy/songnodes/environments/{name}",)
        )

    def remove(self, name: str) -> Removal:
        """Forget it."""
        if self.error is not None:
            raise self.error
        del self.kept[name]
        return self.removal(name)

    def test(self, name: str, values: Mapping[str, str]) -> Iterator[ConnectionReport]:
        """The reports that a test or a picture wants."""
        self.tested.append((name, dict(values)))
        yield from self.reports

    def _profile(self, name: str) -> Profile:
        values, problem = self.kept[name], self.broken.get(name, "")
        return Profile(
            name=name,
            environment=None if problem else read_form(name, values)[0],
            values=values,
            path=f"/home/deploy/songnodes/config/environments/{name}.toml",
            exists=name != "sandbox",
            problem=problem,
            remedy="Correct the file and try again." if problem else "",
        )


def report(findings: Sequence[Finding], *, finished: bool = False) -> ConnectionReport:
    """A report after 1.4 s."""
    return ConnectionReport(environment="staging", seconds=1.4, findings=tuple(findings), finished=finished)
