/** A deletion waits, can be undone, and is sent when the page is left. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Removal, UNDO_SECONDS } from './removal.svelte';
import { testRun } from './testRuns';

const [one, two, three] = ['one', 'two', 'three'].map((run) => testRun({ run }));

describe('Removal', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  function removal(refused: readonly string[] = []) {
    const deleted: string[] = [];
    const told = vi.fn();
    const remove = (_project: string, run: string) => (refused.includes(run) ? Promise.reject(new Error('no')) : Promise.resolve(void deleted.push(run)));
    return { removal: new Removal(remove, told), deleted, told };
  }

  it('deletes after a while, and hides at once', async () => {
    const { removal: of, deleted, told } = removal();
    of.remove('p', [one, two]);
    expect([...of.hidden]).toEqual(['id-one', 'id-two']);
    await vi.advanceTimersByTimeAsync(UNDO_SECONDS * 1_000 - 1);
    expect(deleted).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(deleted).toEqual(['id-one', 'id-two']);
    expect(of.leaving).toBeNull();
    expect(of.hidden.has('id-one')).toBe(true);
    expect(told).toHaveBeenCalledOnce();
  });

  it('deletes nothing when it is undone', async () => {
    const { removal: of, deleted } = removal();
    of.remove('p', [one]);
    of.undo();
    expect(of.hidden.size).toBe(0);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(deleted).toEqual([]);
  });

  it('the next one ends the wait of the one before', async () => {
    const { removal: of, deleted } = removal();
    of.remove('p', [one]);
    of.remove('p', [two]);
    await vi.advanceTimersByTimeAsync(0);
    expect(deleted).toEqual(['id-one']);
    of.undo();
    expect([...of.hidden]).toEqual(['id-one']);
  });

  it('shows again what the server keeps, and says why', async () => {
    const { removal: of } = removal(['id-three']);
    of.remove('p', [two, three]);
    of.flush();
    await vi.advanceTimersByTimeAsync(0);
    expect([...of.hidden]).toEqual(['id-two']);
    expect(of.failure).toBeInstanceOf(Error);
  });
});
