/** How far a run is, in the few words that stand beside its bar. */
import type { RunStatus, RunSummary } from '../api/client';
import { formatEta, formatMoment, formatShare, formatSpan } from '../format';
import { silentSeconds } from './attention';

export interface ProgressWords {
  /** The figure to see first; may be empty. */
  strong: string;
  rest: string;
}

function silence(run: RunSummary, status: RunStatus | undefined, now: number): string {
  const seconds = silentSeconds(run, status, now);
  return seconds === null ? 'silent' : `${formatEta(seconds, null, null).time} silent`;
}

/** The time left, the silence, or how it ended. */
export function progressWords(run: RunSummary, status: RunStatus | undefined, now: number): ProgressWords {
  switch (run.state) {
    case 'running': {
      if (run.eta_seconds == null) return { strong: '', rest: 'ETA unknown' };
      const eta = formatEta(run.eta_seconds, run.eta_low_seconds, run.eta_high_seconds);
      return { strong: eta.time, rest: eta.spread };
    }
    case 'stalled':
      return { strong: '', rest: silence(run, status, now) };
    case 'created':
      return { strong: '', rest: 'nothing logged yet' };
    case 'failed':
      return { strong: '', rest: run.exit_code == null ? 'failed' : `exit ${run.exit_code}` };
    case 'crashed':
      return { strong: '', rest: 'process gone' };
    case 'finished':
      return { strong: '', rest: `ended ${formatMoment(run.finished_at ?? run.last_row_at, now)}` };
  }
}

/** State and progress in one line, for a narrow screen. */
export function stateLine(run: RunSummary, status: RunStatus | undefined, now: number): string {
  const { strong, rest } = progressWords(run, status, now);
  if (run.state === 'running') return [run.progress == null ? '' : formatShare(run.progress), `${strong} ${rest}`.trim()].filter(Boolean).join(', ');
  if (run.state === 'finished') return `finished, ${formatSpan(run.elapsed_seconds)}`;
  return `${run.state}, ${rest}`;
}
