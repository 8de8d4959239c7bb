/** What a column holds, as a file of ours notes it, and values made of its cells as they were logged. */
import type { FileMetaData } from 'hyparquet';

export type Shape = 'bool' | 'text' | 'json' | { number: { whole: boolean } } | { list: Shape } | { object: Member[] };

interface Member {
  name: string;
  shape: Shape;
  has_nulls?: boolean;
}

/** The key of our note in a file. */
const NOTE = 'paceline';

/** The shapes of the columns; none where the file is not ours. */
export function shapesOf({ key_value_metadata }: FileMetaData): Map<string, Shape> {
  const note = key_value_metadata?.find(({ key }) => key === NOTE)?.value;
  if (note === undefined) return new Map();
  const { columns } = JSON.parse(note) as { columns: Member[] };
  return new Map(columns.map(({ name, shape }) => [name, shape]));
}

/** A cell as a value of JSON, but for NaN and the infinities; null where there is nothing. */
export function revived(cell: unknown, shape: Shape | null): unknown {
  if (cell === null || cell === undefined) return null;
  if (typeof cell === 'bigint') return Number(cell);
  if (typeof cell === 'string') return shape === 'json' ? parsed(cell) : cell;
  if (typeof cell !== 'object') return cell;
  if (cell instanceof Date || cell instanceof Uint8Array) return String(cell);
  if (Array.isArray(cell) || ArrayBuffer.isView(cell)) {
    const item = typeof shape === 'object' && shape !== null && 'list' in shape ? shape.list : null;
    return Array.from(cell as ArrayLike<unknown>, (each) => revived(each, item));
  }
  const members = typeof shape === 'object' && shape !== null && 'object' in shape ? shape.object : [];
  const known = new Map(members.map((member) => [member.name, member]));
  const entries = Object.entries(cell).filter(([name, value]) => (value !== null && value !== undefined) || known.get(name)?.has_nulls !== false);
  return Object.fromEntries(entries.map(([name, value]) => [name, revived(value, known.get(name)?.shape ?? null)]));
}

/** JSON, or the text where it is none. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
