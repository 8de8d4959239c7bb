"""Cases for artifacts, registries, files and SQL, over the directory that `world` builds."""

from collections.abc import Iterator
from pathlib import Path

from conformance.reads import Arguments, projects, runs

STATEMENTS = {
    "rows": "SELECT run_name, step, metrics FROM metrics ORDER BY id LIMIT 5",
    "semicolon": "  SELECT count(*) AS rows FROM metrics ; ",
    "lower case": "select 1 as one, 'two' as two, null as three, 1.5 as four",
    "with": "WITH steps AS (SELECT step FROM metrics) SELECT max(step) FROM steps",
    "two columns of one name": "SELECT 1 AS a, 2 AS a",
    "blob": "SELECT x'00ff' AS bytes, CAST('größe' AS BLOB) AS text",
    "json": "SELECT json_extract(metrics, '$.loss') AS loss FROM metrics WHERE loss IS NOT NULL ORDER BY id",
    "no rows": "SELECT run_id FROM metrics WHERE 0",
    "table_info": "PRAGMA table_info(metrics)",
    "index_list": "PRAGMA index_list('metrics')",
    "user_version": "PRAGMA user_version",
    "catalogue": "SELECT name FROM sqlite_master WHERE name = 'metrics'",
    "empty": "", "only spaces": "  ;  ", "insert": "INSERT INTO metrics DEFAULT VALUES", "delete": "DELETE FROM metrics",
    "drop": "DROP TABLE metrics", "two": "SELECT 1; SELECT 2", "wrong": "SELECT FROM", "no table": "SELECT * FROM nowhere",
    "attach": "ATTACH 'x.db' AS x", "a pragma that writes": "PRAGMA user_version = 7", "journal": "PRAGMA journal_mode",
    "explain": "EXPLAIN SELECT 1", "extension": "SELECT load_extension('x')", "values": "VALUES (1)",
}


def good(directory: Path) -> Iterator[tuple[str, str, Arguments]]:
    """Calls with arguments that make sense: call, name of the case, arguments."""
    yield from artifacts(directory)
    yield "get_registry_buckets", "all", {}
    yield "get_registries", "all", {}
    yield "get_registries", "null", {"bucket_id": None}
    for registry in ("models", "nowhere", "registry-models", "", "../models", "no spaces"):
        yield "get_registry_details", f"registry {registry!r}", {"registry": registry}
    for project in ("my files!", "myfiles", "values", "nowhere", "../myfiles"):
        yield "get_project_files", f"project {project}", {"project": project}
    for name, statement in STATEMENTS.items():
        yield "query_project", name, {"project": "values", "query": statement}
    yield "query_project", "unknown project", {"project": "nowhere", "query": "SELECT 1"}
    yield "query_project", "another spelling", {"project": "my files!", "query": "SELECT run_name FROM metrics"}
    ten = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT {}) SELECT i FROM n"
    for count in (9_999, 10_000, 10_001):
        yield "query_project", f"{count} rows", {"project": "values", "query": ten.format(count)}


def artifacts(directory: Path) -> Iterator[tuple[str, str, Arguments]]:
    for call in ("get_artifacts", "list_artifacts", "get_run_artifact_counts"):
        yield call, "artifacts", {"project": "artifacts"}
        for name, arguments in projects():
            if name != "artifacts":
                yield call, name, arguments
    for name, spec in {
        "no spec": None, "latest": "latest", "v0": "v0", "v1": "v1", "v7": "v7", "best": "best",
        "production": "production", "nowhere": "nowhere", "empty": "", "upper case": "V0", "v01": "v01",
    }.items():
        yield "get_artifact_manifest", name, {"project": "artifacts", "name": "model", "spec": spec}
    for project, name in (("artifacts", "data"), ("artifacts", "nothing"), ("nowhere", "model"), ("registry-models", "best-model")):
        yield "get_artifact_manifest", f"{project}/{name}", {"project": project, "name": name, "spec": None}
    yield "get_run_artifacts", "producer", {"project": "artifacts", "run": "producer"}
    for name, arguments in runs(directory):
        yield "get_run_artifacts", name, arguments
    for version in (1, 2, 3, 4, 99, -1, 0, 2**40):
        for call in ("get_artifact_consumers", "get_artifact_lineage"):
            yield call, f"version {version}", {"project": "artifacts", "version_id": version}
    for call in ("get_artifact_consumers", "get_artifact_lineage"):
        yield call, "unknown project", {"project": "nowhere", "version_id": 1}
        yield call, "a registry", {"project": "registry-models", "version_id": 1}
