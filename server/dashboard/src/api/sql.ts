/** Questions in SQL, for what no other answer of the server lists. */
import { answer, client, limited } from './client';

export type SqlRow = readonly unknown[];

/** The rows of one statement; `truncated` says that there are more. */
export async function readSql(project: string, sql: string, signal: AbortSignal): Promise<{ rows: SqlRow[]; truncated: boolean }> {
  const params = { path: { project } };
  const question = client.POST('/api/v1/projects/{project}/query', { params, body: { sql }, signal: limited(signal) });
  const { rows, truncated } = await answer(question);
  return { rows, truncated };
}

/** A text as SQL writes it. A NUL would end the statement there, and no stored text needs one to be found. */
export function quoted(text: string): string {
  return `'${text.replaceAll('\0', '').replaceAll("'", "''")}'`;
}

/** A cell as text; empty where it is none. */
export const textOf = (cell: unknown): string => (typeof cell === 'string' ? cell : '');

/** A cell as a number; null where it is none. */
export const numberOf = (cell: unknown): number | null => (typeof cell === 'number' ? cell : null);
