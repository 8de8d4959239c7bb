/** Media, tables, histograms and reports as runs have logged them: listed by the server, newest first. */
import { isFrozen } from '../frozen/frozen';
import { answer, client, limited } from './client';
import type { components } from './schema';
import { quoted, readSql, textOf } from './sql';

/** What is looked for together, by the kinds of the values. */
export const VALUE_GROUPS = {
  media: ['image', 'video', 'audio', 'html', 'object3d'],
  tables: ['table'],
  histograms: ['histogram'],
  reports: ['markdown'],
} as const;
export type ValueGroup = keyof typeof VALUE_GROUPS;

/** One key of one row. */
export interface LoggedValue {
  /** Of the row, ascending in the project. */
  rowId: number;
  runId: string;
  step: number;
  timestamp: string;
  key: string;
  /** The value; null where it is long, see `readLoggedValue`. */
  value: unknown;
}

/** Which values of a group. */
export interface ValueQuestion {
  /** Id of a run; null: all of them. */
  run: string | null;
  /** The only key. */
  key?: string;
  /** `next` of the page before. */
  after?: string;
  limit: number;
  /** Those that lie evenly among all, in the place of the newest. */
  spread?: boolean;
  /** Without the values themselves. */
  brief?: boolean;
}

/** A run of many steps may have to be taken into the index first. */
const TIMEOUT_MS = 60_000;

const toValue = ({ row_id, run_id, step, timestamp, key, value }: components['schemas']['LoggedValue']): LoggedValue => ({
  rowId: row_id,
  runId: run_id,
  step,
  timestamp,
  key,
  value: value ?? null,
});

/** Values of a group, the newest row first; `next` is where the following page begins, null behind the last. */
export async function readLoggedValues(
  project: string,
  group: ValueGroup,
  { run, ...rest }: ValueQuestion,
  signal: AbortSignal,
): Promise<{ values: LoggedValue[]; next: string | null }> {
  const query = { kinds: [...VALUE_GROUPS[group]], ...(run === null ? {} : { run }), ...rest };
  const params = { path: { project }, query };
  const querySerializer = { array: { style: 'form', explode: false } } as const;
  const page = await answer(client.GET('/api/v1/projects/{project}/values', { params, querySerializer, signal: limited(signal, TIMEOUT_MS) }));
  return { values: page.items.map(toValue), next: page.next ?? null };
}

/** Other trackers may store rows as bytes; what is no JSON holds no values. */
const ROW_TEXT = 'CAST(m.metrics AS TEXT)';

/** One value whole, however long it is. */
export async function readLoggedValue(project: string, rowId: number, key: string, signal: AbortSignal): Promise<unknown> {
  if (isFrozen) return (await import('../frozen/answer')).valueOf(rowId, key);
  const sql = `SELECT j.value FROM metrics m, json_each(CASE WHEN json_valid(${ROW_TEXT}) THEN ${ROW_TEXT} ELSE '{}' END) j
    WHERE m.id = ${rowId} AND j.key = ${quoted(key)}`;
  const { rows } = await readSql(project, sql, signal);
  try {
    return JSON.parse(textOf(rows[0]?.[0])) as unknown;
  } catch {
    // A value that cannot be read holds nothing to show.
    return null;
  }
}
