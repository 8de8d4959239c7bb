/** The rows of a logged table: its columns, what a cell says, and which rows are shown in which order. */

/** A row as it was logged; what is no dict is a row of one cell. */
export type TableRow = Readonly<Record<string, unknown>>;

export interface TableSort {
  column: string;
  descending: boolean;
}

/** Columns beyond these are left out; the page says so. */
export const MOST_COLUMNS = 200;
const SOLE_COLUMN = 'value';

export function tableRows(rows: readonly unknown[]): TableRow[] {
  return rows.map((row) =>
    typeof row === 'object' && row !== null && !Array.isArray(row) ? (row as TableRow) : { [SOLE_COLUMN]: row },
  );
}

/** Names of all columns, in the order in which the rows first have them. */
export function columnsOf(rows: readonly TableRow[]): string[] {
  const columns = new Set<string>();
  for (const row of rows) for (const name of Object.keys(row)) columns.add(name);
  return [...columns];
}

/** What a cell says in one line; empty for nothing. */
export function cellText(cell: unknown): string {
  if (cell === null || cell === undefined) return '';
  if (typeof cell === 'string') return cell;
  if (typeof cell === 'number' || typeof cell === 'boolean') return String(cell);
  return JSON.stringify(cell) ?? '';
}

const NOT_FINITE: Readonly<Record<string, number>> = { NaN: NaN, Infinity, '-Infinity': -Infinity };

/** A cell as a number, also where it was stored as the name of one; null where it is none. */
function numberIn(cell: unknown): number | null {
  if (typeof cell === 'number') return cell;
  return typeof cell === 'string' && Object.hasOwn(NOT_FINITE, cell) ? NOT_FINITE[cell] : null;
}

/** Whether a column stands to the right: all it has are numbers. */
export function isNumeric(rows: readonly TableRow[], column: string): boolean {
  let some = false;
  for (const row of rows) {
    const cell = row[column];
    if (cell === null || cell === undefined) continue;
    if (numberIn(cell) === null) return false;
    some = true;
  }
  return some;
}

/** Whether a column may hold pictures, which need higher rows. */
export function hasMedia(rows: readonly TableRow[]): boolean {
  return rows.some((row) => Object.values(row).some((cell) => typeof cell === 'object' && cell !== null && JSON.stringify(cell).includes('"trackio.')));
}

/** Rows that say the text somewhere. */
export function rowsThatSay(rows: readonly TableRow[], text: string): TableRow[] {
  const wanted = text.trim().toLowerCase();
  return wanted === '' ? [...rows] : rows.filter((row) => Object.values(row).some((cell) => cellText(cell).toLowerCase().includes(wanted)));
}

const words = new Intl.Collator('en', { numeric: true });

/** Rows in order; empty cells stand last in both directions, NaN before them, equal rows as they were logged. */
export function sortedRows(rows: readonly TableRow[], sort: TableSort | null): TableRow[] {
  if (sort === null) return [...rows];
  const sign = sort.descending ? -1 : 1;
  const keyed = rows.map((row) => {
    const cell = row[sort.column];
    const number = numberIn(cell);
    return { row, number, text: number === null ? cellText(cell) : '', last: cell === null || cell === undefined ? 2 : Number.isNaN(number) ? 1 : 0 };
  });
  keyed.sort((a, b) => {
    if (a.last !== b.last || a.last > 0) return a.last - b.last;
    if (a.number !== null && b.number !== null) return sign * (a.number - b.number || 0);
    // Numbers before words.
    if (a.number !== null || b.number !== null) return sign * (a.number === null ? 1 : -1);
    return sign * words.compare(a.text, b.text);
  });
  return keyed.map(({ row }) => row);
}

/** The sort after a click on a head: up, down, as logged. */
export function nextSort(sort: TableSort | null, column: string): TableSort | null {
  if (sort?.column !== column) return { column, descending: false };
  return sort.descending ? null : { column, descending: true };
}
