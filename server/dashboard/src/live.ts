/** Keeps the page current: one round of questions at a time, slower when nothing runs, silent in a hidden tab. */

import { isFrozen } from './frozen/frozen';

/** Pause between two rounds while a run is active. */
export const ACTIVE_PAUSE_MS = 1_000;
/** Pause between two rounds while none is. */
export const IDLE_PAUSE_MS = 5_000;
const LONGEST_RETRY_MS = 30_000;

/** How fresh the page is. Times are milliseconds since 1970. */
export type Connection =
  | { kind: 'connecting' }
  | { kind: 'live'; at: number }
  | { kind: 'paused'; at: number | null }
  | { kind: 'stale'; lastAt: number | null; retryAt: number; reason: unknown };

export interface LiveOptions {
  /** Asks the server everything the page shows now; throws when the server cannot be asked. */
  round: (signal: AbortSignal) => Promise<void>;
  /** Pause until the next round after one that went well. */
  pauseMs: () => number;
  onchange: (connection: Connection) => void;
}

/** Pause before the next try after so many failed rounds in a row. */
export function retryPauseMs(failures: number): number {
  return Math.min(ACTIVE_PAUSE_MS * 2 ** (failures - 1), LONGEST_RETRY_MS);
}

/** The loop that asks. Two rounds never overlap. */
export class Live {
  #options: LiveOptions;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #round: AbortController | null = null;
  #again = false;
  #failures = 0;
  #lastAt: number | null = null;
  #hidden = false;

  constructor(options: LiveOptions) {
    this.#options = options;
  }

  /** Asks now; when a round is under way, once more right after it. */
  refresh(): void {
    if (this.#hidden) return;
    if (this.#round) {
      this.#again = true;
      return;
    }
    clearTimeout(this.#timer);
    void this.#run();
  }

  /** Drops the round under way, whose answers nobody wants any more, and asks anew. */
  restart(): void {
    this.#round?.abort();
    this.#round = null;
    this.refresh();
  }

  /** Stops asking while the tab is hidden, and asks at once when it is seen again. */
  setHidden(hidden: boolean): void {
    if (hidden === this.#hidden) return;
    this.#hidden = hidden;
    if (hidden) {
      clearTimeout(this.#timer);
      this.#options.onchange({ kind: 'paused', at: this.#lastAt });
    } else {
      this.refresh();
    }
  }

  async #run(): Promise<void> {
    const round = new AbortController();
    this.#round = round;
    this.#again = false;
    let pauseMs: number;
    try {
      await this.#options.round(round.signal);
      if (this.#round !== round) return;
      this.#failures = 0;
      this.#lastAt = Date.now();
      pauseMs = this.#options.pauseMs();
      this.#options.onchange({ kind: 'live', at: this.#lastAt });
    } catch (reason) {
      if (this.#round !== round) return;
      this.#failures += 1;
      pauseMs = retryPauseMs(this.#failures);
      this.#options.onchange({ kind: 'stale', lastAt: this.#lastAt, retryAt: Date.now() + pauseMs, reason });
    }
    this.#round = null;
    if (this.#hidden) this.#options.onchange({ kind: 'paused', at: this.#lastAt });
    else if (this.#again) this.refresh();
    // What was read of a snapshot stays true.
    else if (!isFrozen || this.#failures > 0) this.#timer = setTimeout(() => this.refresh(), pauseMs);
  }
}

/** Runs the loop while the tab is seen, until the answer is called. */
export function whileSeen(live: Live): () => void {
  const onvisibility = () => live.setHidden(document.hidden);
  document.addEventListener('visibilitychange', onvisibility);
  // It may have been stopped before: it is woken then, and begun otherwise.
  onvisibility();
  live.refresh();
  return () => {
    document.removeEventListener('visibilitychange', onvisibility);
    live.setHidden(true);
  };
}
