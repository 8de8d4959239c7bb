/** The alerts of all runs of a project, in the order stored, kept current. */
import { readAlerts, type RunAlert } from '../api/oneRun';
import { ACTIVE_PAUSE_MS, IDLE_PAUSE_MS, Live, whileSeen } from '../live';

export class ProjectAlerts {
  alerts = $state.raw<readonly RunAlert[]>([]);
  complete = $state(false);
  failure = $state.raw<unknown>(null);

  #live: Live;

  /** `isActive` tells whether a run may raise more. */
  constructor(project: string, isActive: () => boolean) {
    this.#live = new Live({
      round: async (signal) => {
        let page: Awaited<ReturnType<typeof readAlerts>>;
        do {
          const last = this.alerts.at(-1);
          page = await readAlerts(project, last ? { after: last.id } : {}, signal);
          signal.throwIfAborted();
          if (page.items.length > 0) this.alerts = [...this.alerts, ...page.items];
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
