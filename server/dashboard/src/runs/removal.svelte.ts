/** Runs on their way out: hidden at once, deleted after a while in which it can be undone. */
import type { RunSummary } from '../api/client';

/** A browser has six connections to a server. */
const REQUESTS_TOGETHER = 4;

/** So long a deletion can be undone. */
export const UNDO_SECONDS = 10;

export interface Leaving {
  project: string;
  runs: readonly RunSummary[];
  /** When they are deleted, milliseconds since 1970. */
  at: number;
}

type Delete = (project: string, run: string) => Promise<void>;

export class Removal {
  /** Those that can still be kept. */
  leaving = $state.raw<Leaving | null>(null);
  /** Ids that are not to be shown: leaving, or asked to be deleted. */
  hidden = $state.raw<ReadonlySet<string>>(new Set());
  /** Why the last deletion did not happen. */
  failure = $state.raw<unknown>(null);

  #delete: Delete;
  #ondeleted: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `ondeleted` is told when the server has deleted runs or refused to. */
  constructor(remove: Delete, ondeleted: () => void) {
    this.#ondeleted = ondeleted;
    this.#delete = remove;
  }

  /** Hides the runs and deletes them when nobody undoes it. Those before them are deleted now. */
  remove(project: string, runs: readonly RunSummary[]): void {
    if (runs.length === 0) return;
    this.flush();
    this.failure = null;
    this.leaving = { project, runs, at: Date.now() + UNDO_SECONDS * 1_000 };
    this.hidden = new Set([...this.hidden, ...runs.map((run) => run.run_id)]);
    this.#timer = setTimeout(() => this.flush(), UNDO_SECONDS * 1_000);
  }

  /** Keeps the runs. */
  undo(): void {
    clearTimeout(this.#timer);
    this.#show((this.leaving?.runs ?? []).map((run) => run.run_id));
    this.leaving = null;
  }

  /** Deletes now, as when the page is left: it has said that they are deleted. A page that is left sends all `together`. */
  flush(together = REQUESTS_TOGETHER): void {
    clearTimeout(this.#timer);
    const { leaving } = this;
    this.leaving = null;
    if (leaving) void this.#deleteAll(leaving, together);
  }

  async #deleteAll({ project, runs }: Leaving, together: number): Promise<void> {
    const results: PromiseSettledResult<void>[] = [];
    for (let i = 0; i < runs.length; i += together) {
      results.push(...(await Promise.allSettled(runs.slice(i, i + together).map((run) => this.#delete(project, run.run_id)))));
    }
    const refused = runs.filter((_, i) => results[i].status === 'rejected');
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) {
      this.failure = failed.reason;
      this.#show(refused.map((run) => run.run_id));
    }
    this.#ondeleted();
  }

  #show(ids: readonly string[]): void {
    this.hidden = new Set([...this.hidden].filter((id) => !ids.includes(id)));
  }
}
