"""Uses the Python client that `openapi-python-client` makes; run as `python use_python.py URL TOKEN`."""

import sys

from paceline_client import AuthenticatedClient, Client
from paceline_client.api.alerts import append_alerts, list_project_alerts
from paceline_client.api.events import wait_for_run
from paceline_client.api.logs import append_logs, list_logs
from paceline_client.api.metrics import get_series, list_metric_values
from paceline_client.api.process import end_run
from paceline_client.api.runs import edit_run, get_run_status, get_run_statuses, list_runs
from paceline_client.models import (
    AlertEntry,
    AlertLevel,
    EndReport,
    ErrorBody,
    LogEntry,
    LogEntryMetrics,
    RunEdit,
    RunsRequest,
    RunState,
    SeriesRequest,
)

PROJECT, RUN, ROWS = "digits", "by python", 25


def entry(step: int) -> LogEntry:
    """A row as the generated client has it."""
    return LogEntry(metrics=LogEntryMetrics.from_dict({"train/loss": 1 / (step + 1), "note": "größe"}), step=step)


def main(url: str, token: str) -> None:
    """One walk through what one does with the API."""
    client = AuthenticatedClient(base_url=url, token=token)
    stored = append_logs.sync(PROJECT, RUN, client=client, body=[entry(step) for step in range(ROWS)])
    assert (stored.stored, stored.duplicates) == (ROWS, 0), stored

    status = get_run_status.sync(PROJECT, RUN, client=client)
    assert (status.state, status.step, status.loss.key) == (RunState.RUNNING, ROWS - 1, "train/loss"), status

    steps, after = [], None
    while True:
        page = list_logs.sync(PROJECT, RUN, client=client, limit=10, **({} if after is None else {"after": after}))
        steps += [row.step for row in page.items]
        after = page.next_
        if after is None:
            break
    assert steps == list(range(ROWS)), steps

    values = list_metric_values.sync(PROJECT, RUN, "train/loss", client=client)
    assert values.items[1].value == 0.5, values
    asked = SeriesRequest(runs=[RUN], keys=["train/loss"], pixels=100)
    (series,) = get_series.sync(PROJECT, client=client, body=asked).series
    assert series.total_points == ROWS and series.value[0] == 1.0, series

    append_alerts.sync(PROJECT, RUN, client=client, body=[AlertEntry(title="look", level=AlertLevel.ERROR)])
    (alert,) = list_project_alerts.sync(PROJECT, client=client).items
    assert (alert.title, alert.run, alert.level) == ("look", RUN, AlertLevel.ERROR), alert

    statuses = get_run_statuses.sync(PROJECT, client=client, body=RunsRequest(runs=[RUN, "none"])).statuses
    assert statuses[0].answer.step == ROWS - 1 and statuses[1].error.code == "run_not_found", statuses
    edited = edit_run.sync(PROJECT, RUN, client=client, body=RunEdit(tags=["a"]))
    assert edited.tags == ["a"], edited

    waited = wait_for_run.sync(PROJECT, RUN, client=client, until="step>=20,state=failed", timeout_seconds=20)
    assert waited.met == ["step>=20"], waited
    time = page.items[-1].timestamp
    ended = EndReport.from_dict({"state": "finished", "time": time.isoformat()})
    end_run.sync(PROJECT, RUN, client=client, body=ended)
    assert [run.run for run in list_runs.sync(PROJECT, client=client, state=RunState.FINISHED).runs] == [RUN]

    missing = get_run_status.sync(PROJECT, "none", client=client)
    assert isinstance(missing, ErrorBody) and missing.code == "run_not_found", missing
    refused = append_logs.sync_detailed(PROJECT, RUN, client=Client(base_url=url), body=[entry(0)])
    assert refused.status_code == 401 and refused.parsed.code == "unauthorized", refused
    print("done")


main(*sys.argv[1:])
