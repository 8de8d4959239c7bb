/** The lines of one chart, from what the server answered and how the runs look. */
import type { RunSummary, RunStatus } from '../api/client';
import type { ChartSeries, DrawnSeries, RunGroup } from '../api/seriesStore';
import { formatFigure } from '../format';
import { appearanceOf } from '../runs/appearance';
import { worstFinding } from '../runs/finding';
import type { Window } from './drawing';
import type { Columns, Line } from './line';
import type { Evidence } from './paint';
import { formatX, isTime } from './ticks';

/** A line with fewer points, as of an evaluation, is shown as it was logged: each of them counts. */
const FEWEST_POINTS = 50;

/** What x is: the axis asked for; under `auto` that of the focused run, else of the first one. */
export function axisOf(asked: string, chart: Pick<ChartSeries, 'series' | 'bands'> | undefined, focused: string | null): string {
  if (asked !== 'auto') return asked;
  const found = chart?.series.get(focused ?? '') ?? chart?.series.values().next().value ?? chart?.bands.values().next().value;
  return found?.x_axis ?? 'step';
}

function columnsOf({ x, total_points: total, exact, columns: count, logX: log }: DrawnSeries, window: Window | null): Columns | undefined {
  const begun = window !== null && (!log || window.from > 0);
  const [from, to] = [begun ? window.from : x[0], window?.to ?? x[x.length - 1]];
  return exact && total > count && to > from ? { from, to, count, log } : undefined;
}

/** One line for each run that has points over `axis`: two axes in one chart say nothing. `window` is that of the series. */
export function linesOf(key: string, runs: readonly RunSummary[], series: ReadonlyMap<string, DrawnSeries>, axis: string, window: Window | null): Line[] {
  return runs.flatMap((run): Line[] => {
    const found = series.get(run.run_id);
    if (!found || found.x.length === 0 || found.x_axis !== axis) return [];
    const asLogged = found.raw != null && found.total_points < FEWEST_POINTS;
    const shown = asLogged && found.raw ? found.raw : found;
    return [
      {
        id: run.run_id,
        name: run.run,
        state: run.state,
        appearance: appearanceOf(run.colour_slot, runs.length),
        x: shown.x,
        smooth: shown.value,
        raw: asLogged ? null : (found.raw ?? null),
        total: found.total_points,
        columns: columnsOf(found, window),
        around: null,
        last: run.loss_key === key ? (run.loss ?? null) : null,
      },
    ];
  });
}

/** One line for each group: the mean of its runs, and how they lie around it. */
export function linesOfGroups(groups: readonly RunGroup[], bands: ChartSeries['bands'], axis: string): Line[] {
  return groups.flatMap((group, slot): Line[] => {
    const found = bands.get(group.name);
    if (!found || found.x.length === 0 || found.x_axis !== axis) return [];
    const { x, mean, standard_deviation: deviation, min, max, runs } = found;
    const beside = (sign: 1 | -1) => mean.map((value, i) => (value === null || deviation[i] == null ? null : value + sign * deviation[i]));
    const running = group.runs.find(({ state }) => state === 'running');
    return [
      {
        id: idOfGroup(group.name),
        name: group.name,
        state: running ? 'running' : 'finished',
        appearance: appearanceOf(slot, groups.length),
        x,
        smooth: mean,
        raw: null,
        total: x.length,
        around: { low: beside(-1), high: beside(1), min, max, runs },
        last: null,
      },
    ];
  });
}

/** A line of a group is told from one of a run by its id. */
export function idOfGroup(name: string): string {
  return `group ${name}`;
}

/** Runs that run away now, marked on the chart of their loss. */
export function evidenceOf(key: string, runs: readonly RunSummary[], statuses: ReadonlyMap<string, RunStatus>): Evidence[] {
  return runs.flatMap((run): Evidence[] => {
    const status = statuses.get(run.run_id);
    const loss = status?.loss;
    const found = worstFinding(status);
    if (found?.code !== 'loss_diverging' || loss?.key !== key || loss.trend_since_step == null || status?.step == null) return [];
    const now = loss.recent == null ? '' : `, now ${formatFigure(loss.recent)}`;
    return [{ from: loss.trend_since_step, to: status.step, critical: true, words: `${run.run} diverges from step ${loss.trend_since_step}${now}` }];
  });
}

/** Where values are no numbers, in words, along this axis; empty when all are. */
export function notFinite(lines: readonly Line[], axis: string): string {
  const broken = lines.filter((line) => line.around === null && line.smooth.includes(null));
  if (broken.length === 0) return '';
  const places = [...new Set(broken.flatMap((line) => line.x.filter((_, i) => line.smooth[i] === null)))].sort((a, b) => a - b);
  const told = places.slice(0, 2).map((x) => (isTime(axis) ? formatX(axis, x, 1) : formatPlace(x))).join(', ');
  return `not finite at ${told}${places.length > 2 ? ' …' : ''}`;
}

const formatPlace = (x: number) => (Number.isInteger(x) ? String(x) : formatFigure(x));
