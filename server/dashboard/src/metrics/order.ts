/** Charts that were moved by hand, each to the place before another one. */

export interface Move {
  key: string;
  /** Null: to the end of its group. */
  before: string | null;
}

/** Moves as the items of a list: the metric and the one it stands before, or itself again for the end. */
export function readMoves(items: readonly string[]): Move[] {
  const moves: Move[] = [];
  for (let i = 0; i + 1 < items.length; i += 2) moves.push({ key: items[i], before: items[i + 1] === items[i] ? null : items[i + 1] });
  return moves;
}

export function writeMoves(moves: readonly Move[]): string[] {
  return moves.flatMap(({ key, before }) => [key, before ?? key]);
}

/** The metrics of one group after all moves; those that speak of metrics elsewhere change nothing. */
export function arranged(keys: readonly string[], moves: readonly Move[]): string[] {
  const order = [...keys];
  for (const { key, before } of moves) {
    if (!order.includes(key) || (before !== null && !order.includes(before)) || key === before) continue;
    order.splice(order.indexOf(key), 1);
    order.splice(before === null ? order.length : order.indexOf(before), 0, key);
  }
  return order;
}

/** The moves with one more; what was said of this metric before is forgotten. */
export function withMove(moves: readonly Move[], move: Move): Move[] {
  return [...moves.filter(({ key }) => key !== move.key), move];
}

/** The move of a metric by one place within its group; null where there is none. */
export function step(keys: readonly string[], key: string, offset: 1 | -1): Move | null {
  const position = keys.indexOf(key);
  const target = position + offset;
  if (position < 0 || target < 0 || target >= keys.length) return null;
  return { key, before: keys[offset < 0 ? target : target + 1] ?? null };
}
