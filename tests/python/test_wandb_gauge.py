"""Each feature of wandb that public programs use, used as they do, weighed by how many of them use it.

Weights are percent of 170 public programs that call `wandb.init` (or the nearest estimate for those beyond that
count). Nothing may raise, and at least 95 percent of the weight must do what it is there for.
"""

import json
from typing import NamedTuple

import pytest

from support.wandb_oracle import summary_of


class Feature(NamedTuple):
    """A feature: its weight, the program that uses it, and what it must leave behind."""

    name: str
    weight: float
    program: str
    check: str


# In `program`, `wandb` is ours; in `check`, `rows` are the metrics of the run, `config` its config without
# private names, `summary` what readers find of it.
FEATURES = [
    Feature("project", 67.6, "wandb.init(project=p); wandb.log({'a': 1})", "rows == [{'a': 1}]"),
    Feature("no project", 32.4, "wandb.init(config={'lr': 1}); wandb.log({'a': 1})", "config == {'lr': 1}"),
    Feature("entity", 39.4, "wandb.init(project=p, entity='team'); wandb.log({'a': 1})", "rows == [{'a': 1}]"),
    Feature("config attribute", 28.2, """
wandb.init(project=p, config={'lr': 1}); config = wandb.config; config.batch = 8; wandb.log({'lr_used': config.lr})
""", "config == {'lr': 1, 'batch': 8} and rows == [{'lr_used': 1}]"),
    Feature("save_code", 26.5, "wandb.init(project=p, save_code=True); wandb.log({'a': 1})", "rows == [{'a': 1}]"),
    Feature("sync_tensorboard", 23.5, """
wandb.init(project=p, sync_tensorboard=True, monitor_gym=True, config=vars(argparse.Namespace(seed=1)), name='x')
from tensorboardX import SummaryWriter
writer = SummaryWriter('runs/x')
for step in range(3):
    writer.add_scalar('charts/return', step / 2, step); writer.add_scalar('losses/value', 1.0, step)
writer.close()
""", "[row['charts/return'] for row in rows] == [0.0, 0.5, 1.0] and all(row['losses/value'] == 1.0 for row in rows) and len(rows) == 3"),
    Feature("monitor_gym", 21.2, "wandb.init(project=p, monitor_gym=True); wandb.log({'a': 1})", "rows == [{'a': 1}]"),
    Feature("run object", 14.1, """
wandb.init(project=p, name='first')
if wandb.run is not None: wandb.log({'step': wandb.run.step, 'name': wandb.run.name})
""", "rows[0]['name'] == 'first'"),
    Feature("submodules", 16.5, """
from trackio.keras import WandbCallback
from trackio.integration.keras import WandbMetricsLogger, WandbModelCheckpoint
import trackio.util
wandb.init(project=p, id=wandb.util.generate_id())
callback = WandbCallback(monitor='val_loss'); callback.set_params({}); callback.on_train_begin()
callback.on_epoch_end(0, {'loss': 2.0, 'val_loss': 3.0}); callback.on_epoch_end(1, {'loss': 1.0, 'val_loss': 2.0})
""", "[row['loss'] for row in rows] == [2.0, 1.0] and summary['best_val_loss'] == 2.0"),
    Feature("job_type", 12.4, "assert wandb.init(project=p, job_type='train').job_type == 'train'; wandb.log({'a': 1})", "rows"),
    Feature("id", 12.4, "assert wandb.init(project=p, id='id-7', resume='allow').id == 'id-7'; wandb.log({'a': 1})", "rows"),
    Feature("finish", 17.6, "wandb.init(project=p); wandb.log({'a': 1}); wandb.finish(); wandb.finish()", "rows == [{'a': 1}]"),
    Feature("Image", 8.8, """
import numpy
wandb.init(project=p)
wandb.log({'examples': [wandb.Image(numpy.random.rand(8, 8, 3), caption='x'), wandb.Image(numpy.zeros((8, 8), dtype='uint8'))]})
""", "[item['_type'] for item in rows[0]['examples']] == ['trackio.image'] * 2"),
    Feature("run.save()", 8.8, "run = wandb.init(project=p); wandb.run.name = 'new'; wandb.run.save(); wandb.log({'a': 1})", "rows == [{'a': 1}]"),
    Feature("sklearn", 6.5, """
import numpy
wandb.init(project=p)
truth = numpy.array([0, 1, 1, 0]); scores = numpy.array([[.8, .2], [.3, .7], [.6, .4], [.9, .1]])
wandb.sklearn.plot_roc(truth, scores, ['cat', 'dog']); wandb.sklearn.plot_precision_recall(truth, scores, ['cat', 'dog'])
wandb.sklearn.plot_confusion_matrix(truth, scores.argmax(axis=1), ['cat', 'dog']); wandb.sklearn.plot_learning_curve(None, truth, truth)
wandb.sklearn.plot_class_proportions(truth, truth, ['cat', 'dog'])
""", "{key for row in rows for key in row if not key.endswith('_table')} == {'roc', 'precision_recall', 'confusion_matrix', 'class_proportions'}"),
    Feature("tags and notes", 8.3, "assert wandb.init(project=p, tags=['a'], notes='n').tags == ('a',); wandb.log({'a': 1})", "rows"),
    Feature("artifacts", 5.3, """
run = wandb.init(project=p)
open('model.pt', 'w').write('weights')
artifact = wandb.Artifact('model', type='model', metadata={'acc': 1}); artifact.add_file('model.pt')
run.log_artifact(artifact, aliases=['best']); folder = run.use_artifact('model:best').download()
wandb.log({'read': open(os.path.join(folder, 'model.pt')).read()})
""", "rows == [{'read': 'weights'}]"),
    Feature("config.update(Namespace)", 5.3, "wandb.init(project=p); wandb.config.update(argparse.Namespace(a=1), allow_val_change=True)", "config == {'a': 1}"),
    Feature("reinit", 4.7, """
for number in range(2):
    run = wandb.init(project=p, reinit=True, name=f'n{number}'); run.log({'number': number}); run.finish()
""", "rows == [{'number': 0}, {'number': 1}]"),
    Feature("watch", 4.1, "wandb.init(project=p); wandb.watch(object()); wandb.watch([]); wandb.unwatch(); wandb.log({'a': 1})", "rows == [{'a': 1}]"),
    Feature("Table", 4.1, """
wandb.init(project=p)
table = wandb.Table(columns=['text', 'n']); table.add_data('a', 1); table.add_column('m', [2])
wandb.log({'table': table})
""", "rows[0]['table']['_value'] == [{'text': 'a', 'n': 1, 'm': 2}]"),
    Feature("dir", 4.1, "run = wandb.init(project=p, dir='.'); open(os.path.join(wandb.run.dir, 'f'), 'w').close(); wandb.log({'a': 1})", "rows"),
    Feature("login", 3.5, "wandb.login(key='k' * 40, relogin=True); wandb.setup(); wandb.init(project=p); wandb.log({'a': 1})", "rows"),
    Feature("summary", 3.5, "wandb.init(project=p); wandb.log({'a': 1}); wandb.run.summary['best'] = 2; wandb.summary.update({'b': 3})", "summary == {'a': 1, 'best': 2, 'b': 3}"),
    Feature("save", 3.5, "wandb.init(project=p); open('w.txt', 'w').close(); wandb.save('w.txt', base_path='.', policy='now'); wandb.save('*.nope', base_path='.'); wandb.log({'a': 1})", "rows"),
    Feature("mode", 2.9, "wandb.init(project=p, mode='online' if True else 'disabled'); wandb.log({'a': 1})", "rows == [{'a': 1}]"),
    Feature("log(commit=)", 2.9, "wandb.init(project=p); wandb.log({'a': 1}, commit=False); wandb.log({'b': 2}, commit=True)", "rows == [{'a': 1, 'b': 2}]"),
    Feature("define_metric", 2.9, """
wandb.init(project=p); wandb.define_metric('epoch'); wandb.define_metric('val_*', step_metric='epoch', summary='max')
wandb.log({'epoch': 0, 'val_acc': 2}); wandb.log({'epoch': 1, 'val_acc': 1})
""", "summary['val_acc'] == {'max': 2}"),
    Feature("sweep", 2.4, """
def train():
    with wandb.init() as run:
        run.log({'product': run.config.lr * wandb.config.model['width']})
sweep_id = wandb.sweep({'method': 'grid', 'parameters': {'lr': {'values': [1, 2]}, 'model': {'parameters': {'width': {'value': 3}}}}}, project=p)
wandb.agent(sweep_id, function=train, count=5)
""", "rows == [{'product': 3}, {'product': 6}]"),
    Feature("with", 2.4, "with wandb.init(project=p) as run: run.log({'a': 1})", "rows == [{'a': 1}]"),
    Feature("Histogram", 1.2, "wandb.init(project=p); wandb.log({'h': wandb.Histogram([1, 2, 3]), 'h2': wandb.Histogram(np_histogram=([1], [0, 1]))})", "rows[0]['h']['_type'] == 'trackio.histogram'"),
    Feature("plot", 2.0, """
wandb.init(project=p); table = wandb.Table(data=[[1, 2], [2, 3]], columns=['x', 'y'])
wandb.log({'line': wandb.plot.line(table, 'x', 'y', title='T'), 'roc': wandb.plot.roc_curve([0, 1], [[.9, .1], [.2, .8]]),
           'cm': wandb.plot.confusion_matrix(probs=None, y_true=[0, 1], preds=[0, 0], class_names=['a', 'b']),
           'series': wandb.plot.line_series(xs=[0, 1], ys=[[1, 2], [3, 4]], keys=['a', 'b'], title='T', xname='x')})
""", "all(rows[0][key]['_type'] == 'trackio.html' and rows[0][f'{key}_table']['_type'] == 'trackio.table' for key in ('line', 'roc', 'cm', 'series'))"),
    Feature("names of its own", 2.0, """
wandb.require('core'); wandb.termlog('x'); wandb.termwarn('y', repeat=False)
run = wandb.init(project=p, settings=wandb.Settings(code_dir='.')); run.mark_preempting(); run.log_code('.')
try: raise wandb.errors.CommError('x')
except (wandb.Error, wandb.CommError, wandb.errors.UsageError): wandb.log({'url': str(run.get_url())})
wandb.alert('t', 'x', wandb.AlertLevel.INFO, wait_duration=60); wandb.alert('t', 'x', level='INFO', wait_duration=60); wandb.join()
""", "rows == [{'url': 'None'}]"),
]  # fmt: skip

RUN_ALL = """
import argparse, json, os, sys, traceback, types
import trackio as wandb
from trackio import context_vars

class FileWriter:
    def __init__(self, *folders): pass
    def add_scalar(self, tag, scalar_value, global_step=None, walltime=None): pass
    def close(self): pass
sys.modules["tensorboardX"] = package = types.ModuleType("tensorboardX")
sys.modules["tensorboardX.writer"] = package.writer = types.ModuleType("tensorboardX.writer")
package.__spec__ = types.SimpleNamespace(name="tensorboardX"); package.SummaryWriter = package.writer.SummaryWriter = FileWriter

outcomes = {}
for number, (name, program) in enumerate(json.loads(open(sys.argv[1]).read())):
    os.environ["WANDB_PROJECT"] = f"p{number}"
    try:
        exec(program, {"wandb": wandb, "p": f"p{number}", "argparse": argparse, "os": os})
        outcomes[name] = None
    except BaseException:
        outcomes[name] = traceback.format_exc()
    if context_vars.current_run.get() is not None:
        wandb.finish()
print(json.dumps(outcomes))
"""


def test_gauge(directory):
    programs = directory.folder / "programs.json"
    programs.write_text(json.dumps([(feature.name, feature.program) for feature in FEATURES]))
    trainer = directory.run(RUN_ALL, programs, seconds=120, WANDB_SILENT="true")
    outcomes = json.loads(trainer.output.splitlines()[-1])
    assert {name: trouble for name, trouble in outcomes.items() if trouble} == {}, "nothing raises"
    failed, weight = {}, 0.0
    for number, feature in enumerate(FEATURES):
        found = directory.select(f"p{number}", "SELECT config FROM configs ORDER BY id DESC")
        config = {key: value for key, value in json.loads(found[0][0]).items() if not key.startswith("_")} if found else {}
        [(run_id,), *_] = directory.select(f"p{number}", "SELECT run_id FROM paceline_runs ORDER BY colour_slot")
        rows = [row.metrics for row in directory.rows(f"p{number}")]
        values = {"rows": rows, "config": config, "summary": summary_of(directory, f"p{number}", run_id)}
        if eval(feature.check, values):
            weight += feature.weight
        else:
            failed[feature.name] = values["rows"], values["config"], values["summary"]
    share = weight / sum(feature.weight for feature in FEATURES)
    print(f"{share:.1%} of the weight works")
    assert share >= 0.95, failed
    assert failed == {}


def test_modules_import(directory):
    """Every module public programs import from, by the import statement they use, with the package's name changed."""
    directory.run("""
import trackio as wandb
import trackio.keras, trackio.integration, trackio.sklearn, trackio.util, trackio.sdk, trackio.errors, trackio.data_types, trackio.plot
from trackio.integration.keras import WandbCallback, WandbEvalCallback, WandbMetricsLogger, WandbModelCheckpoint
from trackio.integration.lightgbm import log_summary, wandb_callback
from trackio.integration.sb3 import WandbCallback
from trackio.integration.tensorboard import patch
from trackio.integration.xgboost import WandbCallback, wandb_callback
from trackio.sdk.lib import RunDisabled
from trackio.sdk.lib.runid import generate_id
from trackio.sdk.wandb_config import Config
from trackio.sdk.wandb_run import Run
from trackio.sdk.wandb_settings import Settings
from trackio.errors import AuthenticationError, CommError, Error, UsageError, WaitTimeoutError
from trackio import *
assert Settings is wandb.Settings and Config is wandb.Config and issubclass(CommError, Error) and len(generate_id()) == 8
assert wandb.keras.WandbCallback and wandb.plot.line and wandb.sdk and wandb.Plotly is wandb.Html
""")


def test_the_callbacks_record(directory):
    directory.run("""
import types
import trackio as wandb
from trackio.integration.keras import WandbMetricsLogger
from trackio.integration.lightgbm import log_summary, wandb_callback
from trackio.integration.xgboost import WandbCallback
wandb.init(project="p", name="keras")
logger = WandbMetricsLogger(log_freq=2)
for batch in range(4): logger.on_train_batch_end(batch, {"loss": batch})
logger.on_epoch_end(0, {"loss": 1.5})
wandb.init(project="p", name="xgboost")
callback = WandbCallback()
for round in range(2): callback.after_iteration(None, round, {"valid": {"rmse": [3.0, 2.0][: round + 1]}})
callback.after_training(types.SimpleNamespace(best_score="2.0", best_iteration=1))
wandb.init(project="p", name="lightgbm")
record = wandb_callback()
record(types.SimpleNamespace(iteration=0, begin_iteration=0, params={"leaves": 3}, evaluation_result_list=[("valid", "auc", 0.5, True)]))
log_summary(types.SimpleNamespace(best_iteration=0, best_score={"valid": {"auc": 0.5}}))
wandb.finish()
""")
    rows = {}
    for row in directory.rows("p"):
        rows.setdefault(row.run_name, []).append(row.metrics)
    assert rows == {
        "keras": [{"batch/loss": 0, "batch/batch_step": 0}, {"batch/loss": 2, "batch/batch_step": 2}, {"epoch/loss": 1.5, "epoch/epoch": 0}],
        "xgboost": [{"valid-rmse": 3.0, "epoch": 0}, {"valid-rmse": 2.0, "epoch": 1}],
        "lightgbm": [{"valid_auc": 0.5, "iteration": 0}],
    }
    summaries = dict(directory.select("p", "SELECT run_name, summary FROM paceline_runs"))
    assert json.loads(summaries["xgboost"]) == {"best_score": 2.0, "best_iteration": 1.0}
    assert json.loads(summaries["lightgbm"]) == {"best_iteration": 0, "valid_best_auc": 0.5}


@pytest.mark.parametrize("search", ["random", "bayes"])
def test_a_random_sweep_draws_from_its_distributions(directory, search):
    directory.run("""
import sys, trackio as wandb
seen = []
def train():
    run = wandb.init(config={"kept": 1, "lr": 5})
    # What the sweep chose is the sweep's, whatever the program says later.
    chosen = run.config.lr; wandb.config.update({"lr": 7, "kept": 1}); run.config.lr = 8
    assert run.config.lr == chosen
    seen.append(dict(run.config)); wandb.log({"lr": run.config.lr})
    if len(seen) == 2: raise ValueError("diverged")
sweep_id = wandb.sweep({"method": sys.argv[1], "parameters": {
    "lr": {"distribution": "log_uniform_values", "min": 1e-4, "max": 1e-1}, "depth": {"min": 1, "max": 3},
    "width": {"distribution": "q_uniform", "min": 8, "max": 64, "q": 8}, "act": {"values": ["relu", "tanh"]}}}, project="p")
wandb.agent(sweep_id, train, count=4)
assert len(seen) == 4 and all(values["kept"] == 1 for values in seen)
for values in seen:
    assert 1e-4 <= values["lr"] <= 1e-1 and values["depth"] in (1, 2, 3) and values["width"] % 8 == 0 and values["act"] in ("relu", "tanh")
""", search)
    states = [state for (state,) in directory.select("p", "SELECT state FROM paceline_runs ORDER BY colour_slot")]
    assert states == ["finished", "failed", "finished", "finished"]
