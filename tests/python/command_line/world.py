"""Fills a data directory by the peer itself with something of every kind that its commands read."""

import tempfile
from pathlib import Path

import trackio

SPANS = [
    {"id": "a", "name": "agent", "kind": "agent", "start_time": "2026-01-01T00:00:00+00:00",
     "end_time": "2026-01-01T00:00:02.5+00:00", "status": "success"},
    {"id": "b", "parent_id": "a", "name": "answer", "kind": "llm", "duration_ms": 1200, "cost_usd": 0.02,
     "usage": {"input_tokens": 5, "output_tokens": 6}, "status": "success"},
]


def fill(name: str, rate: float, fails: bool) -> None:
    trackio.init(project="demo", name=name, config={"lr": rate, "nested": {"a": [1, None, True]}, "text": "it's"},
                 auto_log_cpu=False, auto_log_gpu=False)
    for step in range(30):
        trackio.log({"train/loss": 1 / (step + 1), "whole": step, "word": "hi", "odd": float("nan") if step == 3 else 0.5})
    trackio.log({"notes": trackio.Markdown(f"# {name}\nsecond line")})
    spans = [{**SPANS[0], "status": "failed"}, SPANS[1]] if fails else SPANS
    trackio.log({"asked": trackio.Trace([{"role": "user", "content": "What is 2+2?\nSay it " + "x" * 60},
                                         {"role": "assistant", "content": "4"}], metadata={"k": 1}, spans=spans)})
    trackio.log({"bare": trackio.Trace([{"role": "user", "content": [{"type": "text", "text": "part"}]}],
                                       metadata={"latency_ms": 12, "cost_usd": 0.005})})
    trackio.log_system({"gpu/0/utilization": 50.0, "cpu": 1.5})
    trackio.log_system({"cpu": 2})
    trackio.alert("Loss is high", "it is\nhigh", trackio.AlertLevel.WARN)
    trackio.alert("For your information", level=trackio.AlertLevel.INFO)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "weights.bin")
        file.write_text(name)
        trackio.log_artifact(str(file), name="weights", type="model", aliases=[name])
    trackio.finish()


fill("alpha", 0.1, fails=False)
fill("beta", 0.25, fails=True)
trackio.init(project="other", name="only", auto_log_cpu=False, auto_log_gpu=False)
trackio.log({"x": 1})
trackio.finish()
