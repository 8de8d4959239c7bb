/** The columns of the run table: which there are, which are shown, and what stands over them. */
import type { RunSummary } from '../api/client';
import { groupOf, MEASURED, usuallyPinned } from '../metrics/catalogue';
import type { SettingValues } from './configs';
import { BUILT_IN_FIELDS, fieldOf, titleOf, type Facts, type Field } from './fields';
import type { Sort } from './table';

/** How the cells of a column are drawn. A `delta` is the difference to the baseline, a `curve` the way of the loss. */
export type CellKind = 'name' | 'state' | 'progress' | 'curve' | 'delta' | 'value';

export interface Column {
  /** Its name in a link: that of its field, `curve`, or a metric with `.delta`. */
  name: string;
  cell: CellKind;
  /** What its cells hold and sort by; of a delta the best value. Null: nothing to sort by. */
  field: Field | null;
  title: string;
  /** What stands above it and its neighbours of the same group. */
  group: string;
  /** Figures, which stand at the right. */
  number: boolean;
  /** In CSS pixels. */
  width: number;
}

export const CURVE = 'curve';
const DELTA = '.delta';
/** Settings that differ and are shown without being asked for: as many as there is room for, within these. */
const FEWEST_SETTINGS = 2;
const MOST_SETTINGS = 6;
const SETTINGS_GROUP = 'config, differing keys';

const WIDTHS: Readonly<Partial<Record<string, number>>> = { name: 248, state: 112, progress: 172, step: 60, elapsed: 72, eta: 80, created: 112, ended: 112, tags: 160, notes: 220, group: 120, id: 160 };

/** The metric that most runs have as their loss. */
export function commonLossKey(runs: readonly RunSummary[]): string | null {
  const counts = new Map<string, number>();
  for (const { loss_key } of runs) if (loss_key != null) counts.set(loss_key, (counts.get(loss_key) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? null;
}

const shortened = (metric: string) => (groupOf(metric) === 'metrics' ? metric : metric.slice(metric.indexOf('/') + 1));

/** A title's width in the head, with room for the arrow. */
const titleWidth = (title: string) => Math.min(148, Math.max(60, Math.ceil(title.length * 5.8) + 30));

/** The column of a name; null where nothing is of this name. */
export function columnOf(name: string, facts: Facts, lossKey: string | null): Column | null {
  const lossGroup = lossKey ?? 'loss';
  if (name === CURVE) return { name, cell: 'curve', field: null, title: 'Start to now', group: lossGroup, number: false, width: 104 };
  if (name.endsWith(DELTA)) {
    const metric = name.slice(0, -DELTA.length);
    const isLoss = metric === 'loss';
    const field = fieldOf(isLoss ? 'loss_best' : `${metric}.best`, facts);
    return field && { name, cell: 'delta', field, title: 'vs baseline', group: isLoss ? lossGroup : groupOf(metric), number: true, width: 82 };
  }
  const field = fieldOf(name, facts);
  if (field === null) return null;
  if (field.of === 'config') {
    const title = titleOf(field);
    return { name, cell: 'value', field, title, group: SETTINGS_GROUP, number: true, width: titleWidth(title) };
  }
  if (field.of === 'metric') {
    const short = shortened(field.metric);
    const title = field.part === 'last' ? short : field.part === 'at' ? 'At step' : `${short}, ${field.part}`;
    return { name, cell: 'value', field, title, group: groupOf(field.metric), number: true, width: titleWidth(title) };
  }
  const isLoss = field.name === 'loss' || field.name === 'loss_best';
  const cell = field.name === 'name' || field.name === 'state' || field.name === 'progress' ? field.name : 'value';
  const number = !['text', 'state', 'tags'].includes(field.kind) && cell === 'value';
  return { name, cell, field, title: titleOf(field), group: isLoss ? lossGroup : '', number, width: WIDTHS[field.name] ?? 68 };
}

/** Settings worth a column: not the same in all runs; texts that are another in each run, as paths are, come last. */
export function tellingSettings(all: readonly SettingValues[]): string[] {
  const seen = new Map<string, { texts: Set<string>; runs: number; isText: boolean }>();
  for (const values of all) {
    for (const [name, value] of values) {
      const known = seen.get(name) ?? { texts: new Set<string>(), runs: 0, isText: false };
      seen.set(name, known);
      known.texts.add(String(value));
      known.runs += 1;
      known.isText ||= typeof value === 'string';
    }
  }
  const differing = [...seen].filter(([, { texts, runs }]) => texts.size > 1 || runs < all.length);
  const isName = ([, { texts, runs, isText }]: (typeof differing)[number]) => Number(isText && texts.size === runs && runs > 2);
  return differing.sort((a, b) => isName(a) - isName(b)).map(([name]) => name);
}

/** The columns that a project shows in `room` pixels unless others are chosen, by their names. */
export function usualColumns(facts: Facts, lossKey: string | null, hasBaseline: boolean, room: number): string[] {
  const measured = usuallyPinned(facts.keys ?? [], lossKey).filter((key) => key !== lossKey && MEASURED.test(key));
  const [first, ...others] = measured;
  const names = [
    'name',
    'state',
    'progress',
    'step',
    'elapsed',
    CURVE,
    'loss',
    'loss_best',
    ...(hasBaseline && first === undefined ? ['loss.delta'] : []),
    ...(first === undefined ? [] : [`${first}.best`, ...(hasBaseline ? [`${first}.delta`] : []), `${first}.at`]),
    ...others.map((key) => `${key}.best`),
  ];
  const widthOf = (name: string) => columnOf(name, facts, lossKey)?.width ?? 0;
  let left = names.reduce((rest, name) => rest - widthOf(name), room);
  const settings = tellingSettings([...(facts.configs ?? new Map<string, SettingValues>()).values()]).slice(0, MOST_SETTINGS);
  const fitting = settings.map((name) => `config.${name}`).filter((name, i) => (left -= widthOf(name)) >= 0 || i < FEWEST_SETTINGS);
  return [...names, ...fitting];
}

/** Names that can be chosen, in groups. */
export function choosableColumns(facts: Facts, lossKey: string | null): { group: string; names: string[] }[] {
  const own = BUILT_IN_FIELDS.filter((name) => name !== 'name' && name !== 'loss' && name !== 'loss_best');
  return [
    { group: 'run', names: own },
    { group: lossKey ?? 'loss', names: [CURVE, 'loss', 'loss_best', 'loss.delta'] },
    { group: 'metrics', names: (facts.keys ?? []).flatMap((key) => [`${key}.last`, `${key}.best`, ...(key === 'loss' ? [] : [`${key}${DELTA}`])]) },
    { group: 'config', names: facts.settings.map((name) => `config.${name}`) },
  ].filter(({ names }) => names.length > 0);
}

/** The columns of these names, each once; those of one group stand together, the name stands first. */
export function columnsOf(names: readonly string[], facts: Facts, lossKey: string | null): Column[] {
  const columns = [...new Set(['name', ...names])].flatMap((name) => columnOf(name, facts, lossKey) ?? []);
  const groups: string[] = [];
  for (const { group } of columns) if (!groups.includes(group)) groups.push(group);
  return groups.flatMap((group) => columns.filter((column) => column.group === group));
}

/** The few columns for a narrow screen: the name, the curve, the loss, and what is sorted by or the first metric. */
export function narrowColumns(columns: readonly Column[], sort: Sort, facts: Facts, lossKey: string | null): Column[] {
  const measured = (column: Column | null) => column?.cell === 'value' && column.number && column.name !== 'loss' && column.name !== 'created';
  const asked = columnOf(sort.field, facts, lossKey);
  const main = measured(asked) ? asked : (columns.find((column) => measured(column) && column.field?.of === 'metric') ?? columnOf('loss_best', facts, lossKey));
  const named = ['name', CURVE, 'loss'].flatMap((name) => columnOf(name, facts, lossKey) ?? []);
  return [...named, ...(main ? [main] : [])].map((column) => ({ ...column, width: column.cell === 'curve' ? 68 : 62 }));
}

/** Neighbours of one group under one head. */
export function headsOf(columns: readonly Column[]): { group: string; columns: number }[] {
  const heads: { group: string; columns: number }[] = [];
  for (const { group } of columns) {
    const last = heads.at(-1);
    if (last?.group === group) last.columns += 1;
    else heads.push({ group, columns: 1 });
  }
  return heads;
}

/** Metrics whose values these columns need. */
export function metricsOf(columns: readonly Column[]): string[] {
  return [...new Set(columns.flatMap(({ field }) => (field?.of === 'metric' ? [field.metric] : [])))];
}
