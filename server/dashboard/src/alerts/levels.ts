/** Which alerts of a project are shown. */
import type { Alert, RunAlert } from '../api/oneRun';
import type { Search } from '../metrics/catalogue';
import { pageParameters, textParameter, wordParameter, type PageParameters } from '../parameters';

export const LEVELS = ['all', 'error', 'warn', 'info'] as const;
export type Level = (typeof LEVELS)[number];

/** What a level is called in a filter. */
export const LEVEL_TITLES: Readonly<Record<Level, string>> = { all: 'All', error: 'Errors', warn: 'Warnings', info: 'Notes' };

export interface AlertsView {
  level: Level;
  find: string;
}

export const ALERTS_VIEW: PageParameters<AlertsView> = pageParameters({ level: wordParameter(LEVELS), find: textParameter() });

/** How many there are of each level. */
export function countsOf(alerts: readonly Alert[]): Record<Level, number> {
  const counts = { all: alerts.length, error: 0, warn: 0, info: 0 };
  for (const { level } of alerts) counts[level] += 1;
  return counts;
}

/** The alerts of a level that a search finds in title, text or name of the run, newest first. */
export function shownOf(alerts: readonly RunAlert[], level: Level, search: Search): RunAlert[] {
  const matches = ({ title, text, run }: RunAlert) => search.matches(`${title} ${text ?? ''} ${run}`);
  return alerts.filter((alert) => (level === 'all' || alert.level === level) && matches(alert)).reverse();
}
