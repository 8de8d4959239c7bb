/** What a run can be filtered, sorted and grouped by: its fields, under the names that a filter and a link use. */
import type { RunSummary } from '../api/client';
import { isLowerBetter } from '../charts/line';
import type { SettingValues } from './configs';

/** The ends and extremes of one metric of one run; null where it is not finite. */
export interface MetricFacts {
  first: number | null;
  last: number | null;
  lastStep: number | null;
  min: number | null;
  minStep: number | null;
  max: number | null;
  maxStep: number | null;
}

/** What is known of the runs beside the list of them. */
export interface Facts {
  /** Settings by run id; null until they are read. */
  configs: ReadonlyMap<string, SettingValues> | null;
  /** By metric, then by run id: the metrics that were asked for. */
  metrics: ReadonlyMap<string, ReadonlyMap<string, MetricFacts>>;
  /** Names of all settings. */
  settings: readonly string[];
  /** Names of metrics; null until they are known. */
  keys: readonly string[] | null;
}

export const NO_FACTS: Facts = { configs: null, metrics: new Map(), settings: [], keys: null };

/** What the values of a field are, which decides how a filter reads what it is compared with. */
export type FieldKind = 'text' | 'state' | 'tags' | 'count' | 'share' | 'span' | 'moment' | 'figure' | 'setting';

export const METRIC_PARTS = ['last', 'best', 'min', 'max', 'first', 'at'] as const;
export type MetricPart = (typeof METRIC_PARTS)[number];

/** States in the order in which they are worth a look. */
export const STATES: readonly RunSummary['state'][] = ['running', 'stalled', 'created', 'failed', 'crashed', 'finished'];

const BUILT_IN = {
  name: { kind: 'text', title: 'Run', of: (run: RunSummary) => run.run },
  id: { kind: 'text', title: 'Id', of: (run: RunSummary) => run.run_id },
  state: { kind: 'state', title: 'State', of: (run: RunSummary) => run.state },
  group: { kind: 'text', title: 'Group', of: (run: RunSummary) => run.group },
  tags: { kind: 'tags', title: 'Tags', of: (run: RunSummary) => run.tags },
  notes: { kind: 'text', title: 'Notes', of: (run: RunSummary) => run.notes },
  step: { kind: 'count', title: 'Step', of: (run: RunSummary) => run.step },
  steps: { kind: 'count', title: 'Steps in all', of: (run: RunSummary) => run.total_steps },
  rows: { kind: 'count', title: 'Rows', of: (run: RunSummary) => run.rows },
  progress: { kind: 'share', title: 'Progress and ETA', of: (run: RunSummary) => (run.state === 'finished' ? 1 : run.progress) },
  elapsed: { kind: 'span', title: 'Time', of: (run: RunSummary) => run.elapsed_seconds },
  eta: { kind: 'span', title: 'Time left', of: (run: RunSummary) => run.eta_seconds },
  created: { kind: 'moment', title: 'Created', of: (run: RunSummary) => momentOf(run.created_at) },
  ended: { kind: 'moment', title: 'Ended', of: (run: RunSummary) => momentOf(run.finished_at) },
  loss: { kind: 'figure', title: 'Last', of: (run: RunSummary) => run.loss },
  loss_best: { kind: 'figure', title: 'Best', of: (run: RunSummary) => run.loss_best },
  exit_code: { kind: 'count', title: 'Exit code', of: (run: RunSummary) => run.exit_code },
} as const satisfies Record<string, { kind: FieldKind; title: string; of: (run: RunSummary) => unknown }>;

export type BuiltIn = keyof typeof BUILT_IN;
export const BUILT_IN_FIELDS = Object.keys(BUILT_IN) as BuiltIn[];

export type Field =
  | { of: 'run'; name: BuiltIn; kind: FieldKind }
  | { of: 'config'; setting: string; kind: 'setting' }
  | { of: 'metric'; metric: string; part: MetricPart; kind: 'figure' | 'count' };

const SETTING_PREFIX = 'config.';

function momentOf(text: string | null | undefined): number | null {
  const milliseconds = text == null ? NaN : Date.parse(text);
  return Number.isNaN(milliseconds) ? null : milliseconds;
}

const isBuiltIn = (name: string): name is BuiltIn => Object.hasOwn(BUILT_IN, name);

function metricPart(name: string): { metric: string; part: MetricPart } | null {
  const dot = name.lastIndexOf('.');
  const part = METRIC_PARTS.find((each) => each === name.slice(dot + 1));
  return dot > 0 && part ? { metric: name.slice(0, dot), part } : null;
}

const metricField = (metric: string, part: MetricPart): Field => ({ of: 'metric', metric, part, kind: part === 'at' ? 'count' : 'figure' });
const settingField = (setting: string): Field => ({ of: 'config', setting, kind: 'setting' });

/** Whether a name is that of a field by its form alone, whatever settings and metrics there are. */
export function looksLikeField(name: string): boolean {
  return isBuiltIn(name.toLowerCase()) || name.startsWith(SETTING_PREFIX) || metricPart(name) !== null;
}

/**
 * The field of a name: one of the run, `config.` and a setting, a metric with what is meant of it. A setting and a
 * metric alone will do where they are known. Null: there is no such field.
 */
export function fieldOf(name: string, facts: Facts): Field | null {
  const lower = name.toLowerCase();
  if (isBuiltIn(lower)) return { of: 'run', name: lower, kind: BUILT_IN[lower].kind };
  if (name.startsWith(SETTING_PREFIX)) return settingField(name.slice(SETTING_PREFIX.length));
  if (facts.settings.includes(name)) return settingField(name);
  if (facts.keys?.includes(name)) return metricField(name, 'last');
  const measured = metricPart(name);
  return measured && metricField(measured.metric, measured.part);
}

/** The name that a link has for a field. */
export function nameOf(field: Field): string {
  if (field.of === 'run') return field.name;
  return field.of === 'config' ? SETTING_PREFIX + field.setting : `${field.metric}.${field.part}`;
}

/** What stands over a column of the field. */
export function titleOf(field: Field): string {
  if (field.of === 'run') return BUILT_IN[field.name].title;
  return field.of === 'config' ? field.setting : field.part === 'last' ? field.metric : field.part === 'at' ? 'At step' : `${field.metric}, ${field.part}`;
}

/** What a metric has of this part. */
export function partOf(metric: string, part: MetricPart, of: MetricFacts): number | null {
  const lower = isLowerBetter(metric);
  switch (part) {
    case 'best':
      return lower ? of.min : of.max;
    case 'at':
      return lower ? of.minStep : of.maxStep;
    default:
      return of[part];
  }
}

/** The value of a field; null or undefined where the run has none. */
export function valueOf(field: Field, run: RunSummary, facts: Facts): unknown {
  if (field.of === 'run') return BUILT_IN[field.name].of(run);
  if (field.of === 'config') return facts.configs?.get(run.run_id)?.get(field.setting);
  const known = facts.metrics.get(field.metric)?.get(run.run_id);
  return known && partOf(field.metric, field.part, known);
}
