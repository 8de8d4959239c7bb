/** Tests of where a run stood at some moments. */
import { describe, expect, it } from 'vitest';
import { momentsIn } from './moments';
import type { Snapshot } from './snapshot';

/** A snapshot of one run with rows at these seconds of a minute. */
function rows(seconds: readonly number[], steps: readonly number[]): Snapshot {
  const times = Float64Array.from(seconds, (second) => (Date.parse('2026-11-29T10:00:00Z') + second * 1_000) * 1_000);
  const track = { times: async () => times, steps: async () => Float64Array.from(steps) };
  return { run: (name: string) => (name === 'one' ? { id: 'one', name, number: 0 } : null), track: async () => track } as unknown as Snapshot;
}

describe('moments of a run', () => {
  it('stand at the last step before them, whatever the order of the rows', async () => {
    const asked = ['2026-11-29T09:59:59Z', '2026-11-29T10:00:20Z', '2026-11-29T10:00:29.5+00:00', '2026-11-29T11:00:00Z'];
    const { begun, steps } = await momentsIn(rows([20, 10, 30], [7, 3, 9]), 'one', asked);
    expect(begun).toBe(Date.parse('2026-11-29T10:00:10Z'));
    expect([...steps]).toEqual([[asked[1], 7], [asked[2], 7], [asked[3], 9]]);
  });

  it('are none without rows or run', async () => {
    expect(await momentsIn(rows([], []), 'one', ['2026-11-29T10:00:00Z'])).toEqual({ begun: null, steps: new Map() });
    expect(await momentsIn(rows([1], [1]), 'other', ['2026-11-29T10:00:00Z'])).toEqual({ begun: null, steps: new Map() });
  });
});
