/** Names at the right end of the lines, moved apart so that none covers another. */

/** Distance of two names in CSS pixels. */
export const LABEL_HEIGHT = 15;

/** So many names can be moved apart and still be followed to their lines. */
const MOST_MOVED = 12;

/** The names to show, of those given by importance: all when they are few, else those that need not move. */
export function withRoom<T extends { top: number }>(labels: readonly T[], height: number): T[] {
  if (labels.length <= Math.min(MOST_MOVED, height / LABEL_HEIGHT)) return [...labels];
  const chosen: T[] = [];
  for (const label of labels) {
    if (chosen.every(({ top }) => Math.abs(top - label.top) >= LABEL_HEIGHT)) chosen.push(label);
  }
  return chosen;
}

/**
 * Moves `wanted` positions (centres, ascending) apart by `gap` within `min` to `max`, as little as possible.
 * There must be room for all of them.
 */
export function spread(wanted: readonly number[], gap: number, min: number, max: number): number[] {
  const placed = [...wanted];
  for (let i = 0; i < placed.length; i++) {
    placed[i] = Math.max(placed[i], i === 0 ? min : placed[i - 1] + gap);
  }
  for (let i = placed.length - 1; i >= 0; i--) {
    placed[i] = Math.min(placed[i], i === placed.length - 1 ? max : placed[i + 1] - gap);
  }
  return placed;
}
