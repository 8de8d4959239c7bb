/** Conversations and their spans as runs have logged them: a list to look through, and one of them whole. */
import { numberOf, quoted, readSql, textOf, type SqlRow } from './sql';

export const TRACE_ORDERS = ['newest', 'oldest', 'step_down', 'step_up'] as const;
export type TraceOrder = (typeof TRACE_ORDERS)[number];

/** Which traces are looked at, and which one of them; its id, or null. */
export interface TraceChoice {
  search: string;
  step: number | null;
  order: TraceOrder;
  trace: string | null;
}

/** A trace in the list. */
export interface TraceSummary {
  id: string;
  runId: string;
  runName: string;
  step: number;
  timestamp: string;
  key: string;
  /** The first thing a user said, or of what was said at all; cut off. */
  request: string;
  messages: number;
  spans: number;
  /** As JSON; null where they are long. */
  metadata: string | null;
  spansJson: string | null;
}

/** A trace with all of it, as JSON. */
export interface TraceTexts {
  messages: string;
  metadata: string;
  spans: string;
}

export interface TraceQuestion {
  /** Only of these runs; null: of all. */
  runs: readonly string[] | null;
  search: string;
  step: number | null;
  order: TraceOrder;
  offset: number;
  limit: number;
}

const ORDERS: Record<TraceOrder, string> = {
  newest: 't.timestamp DESC, t.rowid DESC',
  oldest: 't.timestamp, t.rowid',
  step_down: 't.step DESC, t.rowid DESC',
  step_up: 't.step, t.rowid',
};
const LONGEST_REQUEST = 400;
const LONGEST_INLINE = 20_000;

const json = (column: string) => `CASE WHEN json_valid(CAST(t.${column} AS TEXT)) THEN CAST(t.${column} AS TEXT) ELSE '[]' END`;
const short = (column: string) => `CASE WHEN length(t.${column}) <= ${LONGEST_INLINE} THEN CAST(t.${column} AS TEXT) END`;
const request = (where: string) =>
  `(SELECT substr(m.value ->> '$.content', 1, ${LONGEST_REQUEST}) FROM json_each(${json('messages')}) m WHERE m.type = 'object'${where} LIMIT 1)`;

function conditions({ runs, search, step }: TraceQuestion): string {
  const all = [
    runs === null ? '' : `t.run_id IN (${runs.map(quoted).join(', ')})`,
    search.trim() === '' ? '' : `instr(t.search_text, ${quoted(search.trim().toLowerCase())})`,
    step === null ? '' : `t.step = ${Math.round(step)}`,
  ].filter(Boolean);
  return all.length === 0 ? '' : `WHERE ${all.join(' AND ')}`;
}

function toSummary([id, runId, runName, step, timestamp, key, index, said, messages, spans, metadata, spansJson]: SqlRow): TraceSummary {
  return {
    id: textOf(id),
    runId: textOf(runId),
    runName: textOf(runName),
    step: numberOf(step) ?? 0,
    timestamp: textOf(timestamp),
    key: numberOf(index) === null ? textOf(key) : `${textOf(key)}[${index}]`,
    request: textOf(said),
    messages: numberOf(messages) ?? 0,
    spans: numberOf(spans) ?? 0,
    metadata: typeof metadata === 'string' ? metadata : null,
    spansJson: typeof spansJson === 'string' ? spansJson : null,
  };
}

/** One part of the list. */
export async function readTraces(project: string, question: TraceQuestion, signal: AbortSignal): Promise<TraceSummary[]> {
  if (question.runs?.length === 0) return [];
  const sql = `SELECT t.id, t.run_id, t.run_name, t.step, t.timestamp, t.key, t.trace_index,
      coalesce(${request(` AND m.value ->> '$.role' = 'user'`)}, ${request('')}),
      json_array_length(${json('messages')}), json_array_length(${json('spans')}), ${short('metadata')}, ${short('spans')}
    FROM traces t WHERE t.rowid IN (SELECT t.rowid FROM traces t ${conditions(question)} ORDER BY ${ORDERS[question.order]} LIMIT ${question.limit} OFFSET ${question.offset})
    ORDER BY ${ORDERS[question.order]}`;
  return (await readSql(project, sql, signal)).rows.map(toSummary);
}

/** How many fit. */
export async function countTraces(project: string, question: TraceQuestion, signal: AbortSignal): Promise<number> {
  if (question.runs?.length === 0) return 0;
  const { rows } = await readSql(project, `SELECT count(*) FROM traces t ${conditions(question)}`, signal);
  return numberOf(rows[0]?.[0]) ?? 0;
}

/** One trace whole; null where it is no more. */
export async function readTrace(project: string, id: string, signal: AbortSignal): Promise<(TraceTexts & { summary: TraceSummary }) | null> {
  const sql = `SELECT t.id, t.run_id, t.run_name, t.step, t.timestamp, t.key, t.trace_index, '', 0, 0, NULL, NULL,
      CAST(t.messages AS TEXT), CAST(t.metadata AS TEXT), CAST(t.spans AS TEXT) FROM traces t WHERE t.id = ${quoted(id)}`;
  const [row] = (await readSql(project, sql, signal)).rows;
  if (row === undefined) return null;
  return { summary: toSummary(row), messages: textOf(row[12]), metadata: textOf(row[13]), spans: textOf(row[14]) };
}
