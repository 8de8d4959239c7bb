/** What a snapshot that Trackio wrote tells: its list of runs and its tables, from which the rest is made. */
import type { Contents, MetricSummary, ProjectMetric, RunConfig, RunDetail, RunStatus, RunSummary } from '../api/client';
import { fileAddress } from './dataRoot';
import { definitionOf, type Definition } from './definitions';
import { finite, told as asTold } from './numbers';
import { readJson, type SnapshotConfig } from './place';
import { parsed } from './shape';
import type { FrozenRun, Logged, Told } from './snapshot';
import { Table } from './table';
import { Track } from './track';

/** An entry of `runs.json`. */
interface Entry {
  id: string | null;
  name: string;
  created_at: string | null;
  last_step: number | null;
  log_count: number;
}

const OF_CONFIGS: ReadonlySet<string> = new Set(['id', 'run_id', 'run_name', 'created_at', 'space_id', 'paceline_extra']);
const OF_METRICS: ReadonlySet<string> = new Set(['id', 'step']);
/** What stands for the loss, best first. */
const LOSSES: readonly RegExp[] = [/^train\/loss$/, /^loss$/, /^train_loss$/, /(^|[/_])loss$/];

const idOf = ({ id, name }: Entry) => id ?? name;

/** Reads what there is; a folder without rows has no runs. */
export async function readTheirs({ project }: SnapshotConfig): Promise<Told> {
  const [list, metrics, system, traces] = await Promise.all([readJson('runs.json'), open('metrics.parquet'), open('aux/system_metrics.parquet'), open('aux/traces.parquet')]);
  const entries = (Array.isArray(list) ? (list as Entry[]) : []).toReversed();
  const runs = entries.map((entry, number): FrozenRun => ({ id: idOf(entry), name: entry.name, number }));
  const configs = await readConfigs(runs);
  const known = new Map<string, Promise<Logged>>();
  const loggedBy = (run: FrozenRun): Promise<Logged> => {
    const logged = known.get(run.id) ?? summarise(metrics, run, configs.get(run.id) ?? {});
    known.set(run.id, logged);
    // What failed may go well the next time.
    logged.catch(() => known.delete(run.id));
    return logged;
  };
  const summaries = new Map<string, Promise<RunSummary>>();
  const summaryOf = (run: FrozenRun): Promise<RunSummary> => {
    const summary = summaries.get(run.id) ?? toSummary(project, run, entries[run.number]!, entries.length - 1 - run.number, loggedBy);
    summaries.set(run.id, summary);
    summary.catch(() => summaries.delete(run.id));
    return summary;
  };
  const answers: Record<string, () => unknown> = {
    projects: () => ({ projects: [{ project, runs: runs.length, active_runs: 0, last_activity: null, damaged: null }] }),
    runs: async () => ({ runs: await Promise.all(runs.map(summaryOf)), next: null }),
    metrics: async () => ({ metrics: projectMetrics(await Promise.all(runs.map(loggedBy))) }),
    configs: () => ({ configs: runs.flatMap(({ id, name }): RunConfig[] => (configs.has(id) ? [{ run_id: id, run: name, config: configs.get(id)! }] : [])) }),
    alerts: () => ({ items: [], next: null }),
    artifacts: () => ({ artifacts: [] }),
    files: () => ({ files: [] }),
  };
  return {
    project,
    contents: contentsOf(metrics, system !== null, traces !== null),
    runs,
    files: null,
    answer: (address) => answers[address]?.(),
    ofRun: async (run, address) => {
      const summary = await summaryOf(run);
      if (address === '') return toDetail(summary, configs.get(run.id) ?? {}, await loggedBy(run));
      if (address === 'status') return toStatus(summary);
      if (address === 'alerts') return { alerts: [] };
      if (address === 'artifacts') return { input: [], output: [] };
      return undefined;
    },
    loggedBy,
  };
}

const open = (path: string) => Table.open(fileAddress(path));

function contentsOf(metrics: Table | null, system: boolean, traces: boolean): Contents {
  const objects = (metrics?.objectColumns().length ?? 0) > 0;
  return { metrics: metrics !== null, system, traces, media: objects, reports: objects, files: false, artifacts: 0, alerts: 0 };
}

/** Configs by run; what was not set is left out. */
async function readConfigs(runs: readonly FrozenRun[]): Promise<Map<string, Record<string, unknown>>> {
  const table = await open('aux/configs.parquet');
  const configs = new Map<string, Record<string, unknown>>();
  if (table === null) return configs;
  const keys = [...table.columns].filter((name) => !OF_CONFIGS.has(name));
  for (const { id } of runs) {
    const columns = await Promise.all(keys.map((key) => table.cellsOf(id, key)));
    if (columns.some((cells) => cells.length > 0)) {
      configs.set(id, Object.fromEntries(keys.flatMap((key, i) => (columns[i]!.at(-1) == null ? [] : [[key, asTold(columns[i]!.at(-1))]]))));
    }
  }
  return configs;
}

function definitionsIn(config: Readonly<Record<string, unknown>>): Definition[] {
  const noted = typeof config._Metrics === 'string' ? parsed(config._Metrics) : config._Metrics;
  return Array.isArray(noted) ? (noted as Definition[]) : [];
}

/** First, last, lowest, highest and mean value of each metric of a run. */
async function summarise(table: Table | null, run: FrozenRun, config: Readonly<Record<string, unknown>>): Promise<Logged> {
  const definitions = definitionsIn(config);
  if (table === null) return { metrics: [], keys: new Set(), definitions };
  const track = new Track(table, run.id);
  const metrics: MetricSummary[] = [];
  for (const key of table.numberColumns().filter((name) => !OF_METRICS.has(name)).sort()) {
    const rank = await track.rankOf(key);
    if (rank === null) continue;
    const { x, value } = await track.points(key, rank, { of: 'step' });
    const places = [...value.keys()].filter((place) => Number.isFinite(value[place]));
    const best = (isBetter: (a: number, b: number) => boolean) => places.reduce<number | null>((kept, place) => (kept === null || isBetter(value[place]!, value[kept]!) ? place : kept), null);
    const [low, high, last] = [best((a, b) => a < b), best((a, b) => a > b), value.length - 1];
    const at = (place: number | null) => (place === null ? null : value[place]!);
    const stepAt = (place: number | null) => (place === null ? null : x[place]!);
    metrics.push({
      key,
      points: value.length,
      first: at(places[0] ?? null),
      last: finite(value[last]!),
      last_step: stepAt(last),
      min: at(low),
      min_step: stepAt(low),
      max: at(high),
      max_step: stepAt(high),
      mean: places.length === 0 ? null : places.reduce((sum, place) => sum + value[place]! / places.length, 0),
      best: null,
      best_step: null,
      step_metric: definitionOf(definitions, key)?.step_metric ?? null,
      hidden: false,
    });
  }
  return { metrics, keys: new Set(metrics.map(({ key }) => key)), definitions };
}

function projectMetrics(logged: readonly Logged[]): ProjectMetric[] {
  const counts = new Map<string, number>();
  for (const key of logged.flatMap(({ keys }) => [...keys])) counts.set(key, (counts.get(key) ?? 0) + 1);
  return [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, runs]) => ({ key, runs, goal: null, hidden: false }));
}

/** Nothing tells how a run ended: what is over is called finished. */
async function toSummary(project: string, run: FrozenRun, entry: Entry, slot: number, loggedBy: (run: FrozenRun) => Promise<Logged>): Promise<RunSummary> {
  const { metrics } = await loggedBy(run);
  const loss = LOSSES.flatMap((name) => metrics.find(({ key }) => name.test(key)) ?? [])[0];
  const words = loss?.last == null ? '' : `, ${loss.key} ${Number(loss.last.toPrecision(4))}`;
  return {
    project,
    run: run.name,
    run_id: run.id,
    state: 'finished',
    created_at: entry.created_at,
    finished_at: null,
    last_row_at: null,
    rows: entry.log_count,
    step: entry.last_step,
    total_steps: null,
    progress: null,
    loss_key: loss?.key ?? null,
    loss: loss?.last ?? null,
    loss_first: loss?.first ?? null,
    loss_best: loss?.min ?? null,
    elapsed_seconds: null,
    tags: [],
    notes: null,
    group: null,
    colour_slot: slot,
    summary: `Step ${entry.last_step ?? 0}${words}`,
  };
}

function toDetail(summary: RunSummary, config: Record<string, unknown>, { metrics }: Logged): RunDetail {
  const values = Object.fromEntries(metrics.map(({ key, last }) => [key, last]));
  const own = Object.fromEntries(Object.entries(config).filter(([key]) => !key.startsWith('_')));
  return { ...summary, config: own, summary_values: values, ranks: [], findings: [] };
}

function toStatus(summary: RunSummary): RunStatus {
  const { project, run, run_id, state, step = null } = summary;
  const alerts = { error: 0, warn: 0, info: 0 };
  return { project, run, run_id, state, state_source: 'rows', step, findings: [], alerts, summary: summary.summary };
}
