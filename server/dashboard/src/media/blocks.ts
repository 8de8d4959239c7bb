/** How logged values are laid out: a block for each key, in it a place for each run, at one step for all. */
import type { LoggedValue } from '../api/loggedValues';

/** All values of one key. */
export interface Block {
  key: string;
  /** By run id; ascending in step, the newest last where a step has several. */
  byRun: ReadonlyMap<string, readonly LoggedValue[]>;
  count: number;
}

const names = new Intl.Collator('en', { numeric: true });

/** Blocks by name, of the values of these runs whose key fits. */
export function blocksOf(values: readonly LoggedValue[], runs: ReadonlySet<string>, fits: (key: string) => boolean): Block[] {
  const blocks = new Map<string, Map<string, LoggedValue[]>>();
  for (const value of values) {
    if (!runs.has(value.runId) || !fits(value.key)) continue;
    const byRun = blocks.get(value.key) ?? new Map<string, LoggedValue[]>();
    blocks.set(value.key, byRun);
    const own = byRun.get(value.runId) ?? [];
    byRun.set(value.runId, own);
    own.push(value);
  }
  for (const byRun of blocks.values()) for (const own of byRun.values()) own.sort((a, b) => a.step - b.step || a.rowId - b.rowId);
  return [...blocks]
    .map(([key, byRun]) => ({ key, byRun, count: [...byRun.values()].reduce((sum, own) => sum + own.length, 0) }))
    .sort((a, b) => names.compare(a.key, b.key));
}

/** Every step that one of the blocks has a value at, ascending. */
export function stepsOf(blocks: readonly Block[]): number[] {
  const steps = new Set(blocks.flatMap(({ byRun }) => [...byRun.values()].flatMap((own) => own.map(({ step }) => step))));
  return [...steps].sort((a, b) => a - b);
}

/** Position of the last step that is not after `step`, the first one where all are; the last one for null. */
export function stepPosition(steps: readonly number[], step: number | null): number {
  if (step === null) return steps.length - 1;
  let [low, high] = [0, steps.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (steps[middle] <= step) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}

/** What a run showed at a step: its newest value that is not after it; null before its first one. */
export function valueAt(own: readonly LoggedValue[], step: number | null): LoggedValue | null {
  if (own.length === 0) return null;
  if (step === null) return own[own.length - 1];
  const position = stepPosition(own.map((value) => value.step), step);
  return own[position].step <= step ? own[position] : null;
}
