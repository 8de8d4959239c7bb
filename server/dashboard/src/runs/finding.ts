/** Findings in few words, and which of them is worst. */
import type { Finding, RunStatus } from '../api/client';
import { capitalised } from '../format';

const RANK: Record<Finding['severity'], number> = { critical: 0, warning: 1, note: 2 };

/** Titles that read better than their code. */
const TITLES: Readonly<Record<string, string>> = {
  loss_nan: 'Loss is NaN',
  loss_diverging: 'Loss diverging',
  loss_spike: 'Loss spike',
  loss_plateau: 'Loss flat',
  loss_not_moving_from_start: 'Loss not moving',
  grad_norm_spike: 'Gradient norm spike',
  grad_vanishing: 'Gradient vanishing',
  lr_zero_early: 'Learning rate 0 early',
  gpu_idle: 'GPU idle',
  memory_near_limit: 'GPU memory near limit',
  kl_exploding: 'KL exploding',
  timeout_risk: 'Time limit at risk',
  no_eval: 'No evaluation yet',
};

/** A title for any finding; codes this page does not know are spelled out. */
export function findingTitle(code: string): string {
  if (Object.hasOwn(TITLES, code)) return TITLES[code];
  return capitalised(code.replaceAll('_', ' '));
}

/** The finding to show where there is room for one. */
export function worstFinding(status: RunStatus | undefined): Finding | null {
  let worst: Finding | null = null;
  for (const finding of status?.findings ?? []) {
    if (worst === null || RANK[finding.severity] < RANK[worst.severity]) worst = finding;
  }
  return worst;
}

/** What a critical finding adds to the word of the state: `running, diverging`. */
export function criticalWord(status: RunStatus | undefined): string | null {
  const worst = worstFinding(status);
  if (worst?.severity !== 'critical') return null;
  if (worst.code === 'loss_diverging') return 'diverging';
  if (worst.code === 'loss_nan') return 'loss is NaN';
  return 'critical';
}
