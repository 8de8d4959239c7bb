/** The loop: one round at a time, patience after errors, rest while hidden. */

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ACTIVE_PAUSE_MS, Live, retryPauseMs, type Connection } from './live';

/** A round whose end the test decides. */
function controlledRounds() {
  const ends: { resolve: () => void; reject: (reason: Error) => void; signal: AbortSignal }[] = [];
  const round = (signal: AbortSignal) => new Promise<void>((resolve, reject) => ends.push({ resolve, reject, signal }));
  return { ends, round };
}

const settle = () => vi.advanceTimersByTimeAsync(0);

describe('the loop', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  function start() {
    const { ends, round } = controlledRounds();
    const seen: Connection[] = [];
    const live = new Live({ round, pauseMs: () => ACTIVE_PAUSE_MS, onchange: (connection) => seen.push(connection) });
    return { ends, seen, live };
  }

  it('asks again after the pause, and never twice at once', async () => {
    const { ends, live } = start();
    live.refresh();
    live.refresh();
    expect(ends).toHaveLength(1);
    ends[0].resolve();
    await settle();
    expect(ends).toHaveLength(2);
    ends[1].resolve();
    await vi.advanceTimersByTimeAsync(ACTIVE_PAUSE_MS - 1);
    expect(ends).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(1);
    expect(ends).toHaveLength(3);
  });

  it('waits longer after each failure and says since when it is stale', async () => {
    const { ends, seen, live } = start();
    live.refresh();
    ends[0].resolve();
    await settle();
    const lastAt = Date.now();
    for (let failures = 1; failures <= 3; failures++) {
      await vi.advanceTimersByTimeAsync(failures === 1 ? ACTIVE_PAUSE_MS : retryPauseMs(failures - 1));
      ends[failures].reject(new Error('away'));
      await settle();
      expect(seen.at(-1)).toMatchObject({ kind: 'stale', lastAt, retryAt: Date.now() + retryPauseMs(failures) });
    }
    live.refresh();
    ends[4].resolve();
    await settle();
    expect(seen.at(-1)).toMatchObject({ kind: 'live' });
  });

  it('is silent while the tab is hidden and asks at once when it is seen', async () => {
    const { ends, seen, live } = start();
    live.refresh();
    live.setHidden(true);
    ends[0].resolve();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(ends).toHaveLength(1);
    expect(seen.at(-1)).toMatchObject({ kind: 'paused' });
    live.setHidden(false);
    expect(ends).toHaveLength(2);
  });

  it('drops a round whose answers nobody wants', async () => {
    const { ends, seen, live } = start();
    live.refresh();
    live.restart();
    expect(ends[0].signal.aborted).toBe(true);
    ends[0].reject(new Error('aborted'));
    await settle();
    expect(seen).toEqual([]);
    ends[1].resolve();
    await settle();
    expect(seen).toHaveLength(1);
  });
});
