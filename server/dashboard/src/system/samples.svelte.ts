/** Samples of the machine that were taken for a run: its graphics processors, processors, memory, disks and network. */
import { readSamples } from '../api/oneRun';
import { ACTIVE_PAUSE_MS, IDLE_PAUSE_MS, Live, whileSeen } from '../live';
import { withSamples, type Course } from './courses';

/** Older samples than this before the end are neither read nor kept: a week of them would fill the memory of the reader. */
export const LONGEST_SECONDS = 86_400;
/** Samples come every ten seconds or so. */
const PAUSE_MS = 5 * ACTIVE_PAUSE_MS;

export class Samples {
  courses = $state.raw<ReadonlyMap<string, Course>>(new Map());
  complete = $state(false);
  failure = $state.raw<unknown>(null);
  /** There are older samples that are not here. */
  isCut = $state(false);

  #live: Live;
  #after: number | null = null;

  /** `times` tells when the run began and, in milliseconds, when it was last heard of. */
  constructor(project: string, run: string, times: () => { begun: number; heard: number; active: boolean }) {
    this.#live = new Live({
      round: async (signal) => {
        const { begun, heard } = times();
        const earliest = heard - LONGEST_SECONDS * 1_000;
        let page: Awaited<ReturnType<typeof readSamples>>;
        do {
          const isLong = begun < earliest;
          const start = this.#after === null ? (isLong ? { since: new Date(earliest).toISOString() } : {}) : { after: this.#after };
          if (isLong) this.isCut = true;
          page = await readSamples(project, run, start, signal);
          signal.throwIfAborted();
          if (page.items.length > 0) {
            this.#after = page.items[page.items.length - 1].id;
            this.courses = withSamples(this.courses, page.items, LONGEST_SECONDS);
          }
        } while (page.next !== null);
        this.complete = true;
      },
      pauseMs: () => (times().active ? PAUSE_MS : 6 * IDLE_PAUSE_MS),
      onchange: (connection) => (this.failure = connection.kind === 'stale' ? connection.reason : null),
    });
  }

  /** Reads until the answer is called. */
  follow(): () => void {
    return whileSeen(this.#live);
  }

  retry(): void {
    this.#live.refresh();
  }
}
