/** All that a run has printed, read page by page and followed while it runs. */
import { readConsole, type ConsoleLine } from '../api/oneRun';
import { ACTIVE_PAUSE_MS, IDLE_PAUSE_MS, Live, whileSeen } from '../live';
import { appended } from './lines';

export class ConsoleLines {
  lines = $state.raw<readonly ConsoleLine[]>([]);
  /** What was there when it was asked for has been read. */
  complete = $state(false);
  /** Why the newest lines could not be read. */
  failure = $state.raw<unknown>(null);

  #live: Live;

  /** `isActive` tells whether more may be printed. */
  constructor(project: string, run: string, isActive: () => boolean) {
    this.#live = new Live({
      round: async (signal) => {
        let page: Awaited<ReturnType<typeof readConsole>>;
        do {
          page = await readConsole(project, run, this.lines.length === 0 ? {} : { after: this.lines[this.lines.length - 1].id }, signal);
          signal.throwIfAborted();
          this.lines = appended(this.lines, page.items);
        } while (page.next !== null);
        this.complete = true;
      },
      pauseMs: () => (isActive() ? ACTIVE_PAUSE_MS : IDLE_PAUSE_MS),
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
