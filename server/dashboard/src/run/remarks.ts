/** What is worth pointing at in one run, numbered, each with the steps and metrics it is about. */
import type { Finding, RunDetail, RunStatus } from '../api/client';
import type { Evidence } from '../charts/paint';
import { capitalised, formatFigure } from '../format';
import { findingTitle } from '../runs/finding';

export interface Remark {
  /** From 1 on, in the order of the list; the same number stands on the charts. */
  number: number;
  code: string;
  severity: Finding['severity'];
  title: string;
  /** What was seen, with its figures; names of metrics stand in backticks. */
  evidence: string;
  /** What to do about it; empty where nobody can say. */
  remedy: string;
  /** First and last step it is about; null: no step is known. */
  steps: { from: number; to: number } | null;
  /** Metrics on whose charts it is marked. */
  metrics: readonly string[];
}

type Unnumbered = Omit<Remark, 'number'>;

/** What helps where no finding of the server says it. */
const REMEDIES = {
  loss_rising: 'Look at the learning rate and the gradient norm at the step where it began to rise.',
  failed: 'The console and the last metrics tell what came before it.',
  crashed: 'The process is gone without a word: look for a lack of memory, a killed job or a machine that was started anew.',
} as const;

/** `Loss diverging since step 388`, `Loss diverging, step 388 to 431`, `Loss spike at step 214`. */
function titleOf({ code, since_step: since, until_step: until }: Finding): string {
  const title = findingTitle(code);
  if (since == null) return title;
  if (code.endsWith('_spike')) return `${title} at step ${since}`;
  return until == null ? `${title} since step ${since}` : `${title}, step ${since} to ${until}`;
}

function ofFinding(finding: Finding, status: RunStatus, detail: RunDetail | null, known: ReadonlySet<string>): Unnumbered {
  const now = status.step ?? null;
  const cited = (finding.metrics ?? []).filter((metric) => known.has(metric));
  const from = finding.code === 'rank_lost' ? (lostRankStep(finding.evidence, detail) ?? now) : (finding.since_step ?? now);
  return {
    code: finding.code,
    severity: finding.severity,
    title: titleOf(finding),
    evidence: finding.evidence,
    remedy: finding.hint == null ? '' : `${capitalised(finding.hint)}.`,
    steps: from === null ? null : { from, to: Math.max(from, finding.until_step ?? now ?? from) },
    metrics: cited.length > 0 || !status.loss ? cited : [status.loss.key],
  };
}

/** What holds, as the status tells it, which is the newest; hints, and what is over, stand beside the run. */
function allFindings(status: RunStatus, detail: RunDetail | null): Finding[] {
  const told = new Map((detail?.findings ?? []).map((finding) => [finding.code, finding]));
  const holds = status.findings.map((finding) => ({ ...finding, hint: told.get(finding.code)?.hint }));
  const isOver = ({ code, until_step: until }: Finding) => until != null && !status.findings.some((finding) => finding.code === code);
  return [...holds, ...[...told.values()].filter(isOver)];
}

function lostRankStep(evidence: string, detail: RunDetail | null): number | null {
  const rank = Number(/^rank (\d+)/.exec(evidence)?.[1] ?? NaN);
  return detail?.ranks.find((each) => each.rank === rank)?.last_step ?? null;
}

/** How a run broke off is a remark of its own: no finding of the server repeats the state. */
function ofEnd(status: RunStatus, detail: RunDetail | null): Unnumbered | null {
  if (status.state !== 'failed' && status.state !== 'crashed') return null;
  const how = [
    detail?.failure == null ? null : detail.failure,
    detail?.exit_signal != null ? `ended by signal ${detail.exit_signal}` : detail?.exit_code != null ? `exit code ${detail.exit_code}` : null,
  ].filter((part) => part !== null);
  const step = status.step ?? null;
  return {
    code: status.state,
    severity: 'critical',
    title: `${status.state === 'failed' ? 'Failed' : 'Crashed'}${step === null ? '' : ` at step ${step}`}`,
    evidence: how.length > 0 ? how.join(', ') : 'the process ended without saying why',
    remedy: REMEDIES[status.state],
    steps: step === null ? null : { from: step, to: step },
    metrics: status.loss ? [status.loss.key] : [],
  };
}

/** A loss that goes up is told by its trend where no finding says more. */
function ofTrend(status: RunStatus): Unnumbered | null {
  const { loss, step } = status;
  if (loss?.trend !== 'rising' || loss.trend_since_step == null || step == null) return null;
  if (status.findings.some(({ code }) => code.startsWith('loss_'))) return null;
  const best = loss.best == null || loss.best_step == null ? '' : `; its best was ${formatFigure(loss.best)} at step ${loss.best_step}`;
  return {
    code: 'loss_rising',
    severity: 'warning',
    title: `Loss rising since step ${loss.trend_since_step}`,
    evidence: `\`${loss.key}\` is ${formatFigure(loss.recent)}, and goes up from step ${loss.trend_since_step} on${best}`,
    remedy: REMEDIES.loss_rising,
    steps: { from: loss.trend_since_step, to: step },
    metrics: [loss.key],
  };
}

const RANK: Record<Finding['severity'], number> = { critical: 0, warning: 1, note: 2 };

/** Everything to point at, worst first. `metrics` are the names that the run has logged. */
export function remarksOf(status: RunStatus | null, detail: RunDetail | null, metrics: readonly string[]): Remark[] {
  if (status === null) return [];
  const known = new Set(metrics);
  const found = allFindings(status, detail).map((finding) => ofFinding(finding, status, detail, known));
  return [...found, ofEnd(status, detail), ofTrend(status)]
    .filter((remark) => remark !== null)
    .sort((a, b) => RANK[a.severity] - RANK[b.severity])
    .map((remark, i) => ({ ...remark, number: i + 1 }));
}

/** The marks on the chart of one metric over steps; charts over anything else have none. */
export function marksOn(metric: string, axis: string, remarks: readonly Remark[]): Evidence[] {
  if (axis !== 'step') return [];
  return remarks.flatMap(({ number, severity, title, steps, metrics }): Evidence[] =>
    steps === null || !metrics.includes(metric) ? [] : [{ ...steps, critical: severity === 'critical', words: title, number }],
  );
}

/** The part of x that shows a remark with half its width on both sides; at least ten steps of it. */
export function windowOf(steps: { from: number; to: number }): { from: number; to: number } {
  const margin = Math.max((steps.to - steps.from) * 0.5, 10);
  return { from: Math.max(0, Math.floor(steps.from - margin)), to: Math.ceil(steps.to + margin) };
}
