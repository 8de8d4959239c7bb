/** Where each chart stands: one grid that all groups flow through, the first chart of the page large. */
import type { Group } from './catalogue';

export interface Cell {
  key: string;
  /** Group whose name and rule stand above this cell; null: its group goes on from the left. */
  head: { name: string; count: number } | null;
  column: number;
  row: number;
  /** Columns it takes. */
  wide: number;
  /** Rows it takes. */
  high: number;
  /** Columns that the rule above its group runs on over from here; 0 unless it is the first of its group. */
  rule: number;
}

export interface Layout {
  cells: Cell[];
  rows: number;
}

/** The first chart is large when there are so many columns. */
const LARGE_FROM_COLUMNS = 2;

/** Rows of the large chart. */
const LARGE_HEIGHT = 2;

/**
 * How many columns the large chart takes of so many, and whether the last chart beside it is as high as it. With
 * few charts it is wider, so that nothing beside it stays empty.
 */
function largeBeside(others: number, columns: number): { wide: number; lastHigh: boolean } {
  const places = (columns - 2) * LARGE_HEIGHT;
  if (others >= places) return { wide: 2, lastHigh: false };
  return { wide: columns - Math.ceil(others / LARGE_HEIGHT), lastHigh: others % LARGE_HEIGHT === 1 };
}

/** Places the charts of all groups in `columns` columns. The first chart is large when `large`. */
export function layOut(groups: readonly Group[], columns: number, large: boolean): Layout {
  const cells: Cell[] = [];
  /** Places that higher charts take from the row below: [row, column]. */
  const taken = new Set<string>();
  const count = groups.reduce((sum, { keys }) => sum + keys.length, 0);
  const first = large && columns >= LARGE_FROM_COLUMNS ? largeBeside(count - 1, columns) : null;
  let [row, column] = [0, 0];
  let rows = 0;
  const advance = () => {
    column += 1;
    if (column >= columns) [row, column] = [row + 1, 0];
  };
  for (const { name, keys } of groups) {
    keys.forEach((key, i) => {
      while (taken.has(`${row} ${column}`)) advance();
      const isLarge = first !== null && cells.length === 0;
      const isHigh = isLarge || (first?.lastHigh === true && row === 0 && column === columns - 1);
      const [wide, high] = [isLarge ? first.wide : 1, isHigh ? LARGE_HEIGHT : 1];
      for (let below = 1; below < high; below++) for (let beside = 0; beside < wide; beside++) taken.add(`${row + below} ${column + beside}`);
      cells.push({ key, head: i === 0 ? { name, count: keys.length } : null, column, row, wide, high, rule: 0 });
      rows = Math.max(rows, row + high);
      for (let step = 0; step < wide; step++) advance();
    });
  }
  drawRules(cells, columns);
  return { cells, rows };
}

/** A group has one rule, from its first cell to its last of the same row. */
function drawRules(cells: Cell[], columns: number): void {
  let first: Cell | null = null;
  for (const cell of cells) {
    if (cell.head !== null) {
      cell.rule = Math.min(cell.wide, columns - cell.column);
      first = cell;
    } else if (first !== null && cell.row === first.row && cell.column === first.column + first.rule) {
      first.rule += cell.wide;
    }
  }
}

/** The part of a list of `rows` rows of one height that is seen, with one more on each side. */
export function seenRows(top: number, bottom: number, rowHeight: number, rows: number): { from: number; to: number } {
  return {
    from: Math.max(0, Math.floor(top / rowHeight) - 1),
    to: Math.min(rows, Math.ceil(bottom / rowHeight) + 1),
  };
}
