/** What stands under the sentence of a run: when it ends, how fast it goes, where the total comes from. */
import type { RunStatus } from '../api/client';
import { formatCount, formatEta, formatFigure, formatMoment, formatSpan, type Eta } from '../format';

const SOURCES: Readonly<Record<NonNullable<RunStatus['total_steps_source']>, string>> = {
  config: 'from the config',
  progress: 'from the logged progress',
  max_steps: 'from max_steps',
  epochs: 'from the epochs',
  learning_rate: 'where the learning rate ends',
  earlier_runs: 'as earlier runs had',
};

/** `3.56 s/step` or `12.4 steps/s`, whichever is the larger figure. */
export function formatPace(stepsPerSecond: number | null | undefined): string | null {
  if (stepsPerSecond == null || !(stepsPerSecond > 0)) return null;
  const slow = stepsPerSecond < 1;
  return `${Number((slow ? 1 / stepsPerSecond : stepsPerSecond).toPrecision(3)).toLocaleString('en-US')} ${slow ? 's/step' : 'steps/s'}`;
}

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });

/** When it ends, as far as is known: `done 15:05 to 15:15`, with days where it is not today. */
export function formatEnd(low: number, high: number, now: number): string {
  const [from, to] = [now + low * 1_000, now + high * 1_000];
  const sameDay = (moment: number) => new Date(moment).toDateString() === new Date(now).toDateString();
  const words = (moment: number) => (sameDay(moment) ? clock.format(moment) : formatMoment(new Date(moment).toISOString(), now));
  const [first, last] = [words(from), words(to)];
  return first === last ? `done about ${first}` : `done ${first} to ${last}`;
}

export interface Facts {
  /** Null: there is no expected end. */
  eta: Eta | null;
  /** Apart, so that dots can stand between them. */
  parts: string[];
}

/** The facts of a run, shortest first. `now` in milliseconds. */
export function factsOf(status: RunStatus, finishedAt: string | null | undefined, now: number): Facts {
  const { eta_seconds: eta, eta_low_seconds: low, eta_high_seconds: high } = status;
  const running = status.state === 'running' || status.state === 'stalled';
  const parts: string[] = [];
  if (running && low != null && high != null) parts.push(formatEnd(low, high, now));
  if (running && eta == null && status.total_steps == null) parts.push('ETA unknown: no total steps');
  else if (running && eta == null) parts.push('ETA unknown');
  if (!running && finishedAt != null) parts.push(`ended ${formatMoment(finishedAt, now)}`);
  if (status.elapsed_seconds != null) parts.push(`${running ? 'running for' : 'took'} ${formatSpan(status.elapsed_seconds)}`);
  const pace = formatPace(status.steps_per_second);
  if (running && pace !== null) parts.push(pace);
  if (status.epoch != null) parts.push(`epoch ${formatFigure(status.epoch)}`);
  if (status.total_steps != null && status.total_steps_source != null) {
    parts.push(`total ${formatCount(status.total_steps)} ${SOURCES[status.total_steps_source]}${status.total_steps_exact === false ? ', not certain' : ''}`);
  }
  return { eta: running && eta != null ? formatEta(eta, low, high) : null, parts };
}
