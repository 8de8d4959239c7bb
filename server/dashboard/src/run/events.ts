/** What happened on the way of a run beside its values, and where it stands along the axis of its charts. */
import type { Alert, RunArtifact } from '../api/oneRun';
import type { Moments } from '../api/moments';
import { shareOf, type Scale } from '../charts/scale';
import { formatBytes, formatCount, formatFigure } from '../format';
import { MEASURED } from '../metrics/catalogue';

/** The lanes from top to bottom. */
export const LANES = ['eval', 'ckpt', 'alert'] as const;
export type Lane = (typeof LANES)[number];

/** What the things on a lane are called, one and several. */
export const LANE_WORDS: Readonly<Record<Lane, readonly [one: string, many: string]>> = {
  eval: ['evaluation', 'evaluations'],
  ckpt: ['checkpoint', 'checkpoints'],
  alert: ['alert', 'alerts'],
};

export interface RunEvent {
  lane: Lane;
  /** Along the axis of the charts. */
  x: number;
  /** Where that is, and what it was. */
  words: string;
  /** Of an alert. */
  level: Alert['level'] | null;
}

/** One sign on a lane: what lies too near to be told apart stands together. */
export interface Mark {
  lane: Lane;
  /** From 0 at the left end of the axis to 1. */
  share: number;
  /** First and last x of it. */
  from: number;
  to: number;
  /** The worst of its alerts. */
  level: Alert['level'] | null;
  words: string;
}

/** The metrics that tell when the run was evaluated: one of those that came as often as each other, at most three. */
export function evaluationKeys(metrics: readonly { key: string; points: number }[]): string[] {
  const byCount = new Map<number, string>();
  for (const { key, points } of metrics) if (MEASURED.test(key) && points > 0 && !byCount.has(points)) byCount.set(points, key);
  return [...byCount].sort(([a], [b]) => b - a).slice(0, 3).map(([, key]) => key);
}

/** A metric that is logged when a checkpoint is written. */
export const isCheckpointKey = (key: string): boolean => /(^|\/)checkpoint$/i.test(key);

/** A course of points along the axis. */
interface Course {
  x: readonly number[];
  value: readonly (number | null)[];
}

/** Events of the points of a metric; those of several metrics at one place are one. */
export function ofCourses(lane: 'eval' | 'ckpt', courses: ReadonlyMap<string, Course>, place: (x: number) => string): RunEvent[] {
  const byPlace = new Map<number, string[]>();
  for (const [key, { x, value }] of courses) {
    x.forEach((at, i) => byPlace.set(at, [...(byPlace.get(at) ?? []), `${key} ${formatFigure(value[i])}`]));
  }
  return [...byPlace].map(([x, figures]) => ({ lane, x, words: `${place(x)}: ${figures.join(', ')}`, level: null }));
}

/** Where what has a moment stands on an axis; null: nobody knows. */
function placeOf(axis: string, moment: string, step: number | null, { begun, steps }: Moments): number | null {
  const at = Date.parse(moment);
  if (axis === 'step') return steps.get(moment) ?? step;
  if (axis === 'time') return at / 1_000;
  return axis === 'relative_time' && begun !== null ? (at - begun) / 1_000 : null;
}

export function ofArtifacts(made: readonly RunArtifact[], axis: string, moments: Moments, place: (x: number) => string): RunEvent[] {
  return made.flatMap(({ name, version, size_bytes, created_at }): RunEvent[] => {
    const x = placeOf(axis, created_at, null, moments);
    return x === null ? [] : [{ lane: 'ckpt', x, words: `${place(x)}: ${name} v${version}, ${formatBytes(size_bytes)}`, level: null }];
  });
}

export function ofAlerts(alerts: readonly Alert[], axis: string, moments: Moments, place: (x: number) => string): RunEvent[] {
  return alerts.flatMap(({ time, step, level, title, text }): RunEvent[] => {
    const x = placeOf(axis, time, step ?? null, moments);
    return x === null ? [] : [{ lane: 'alert', x, words: `${place(x)}: ${level}, ${title}${text ? ` (${text})` : ''}`, level }];
  });
}

const SEVERITY: Readonly<Record<Alert['level'], number>> = { info: 0, warn: 1, error: 2 };
/** Of what stands together so many are told one by one. */
const MOST_TOLD = 3;

/** The marks of all lanes over a scale; events nearer than `gap`, a share of the axis, stand together. */
export function marksOf(events: readonly RunEvent[], scale: Scale, gap: number): Mark[] {
  return LANES.flatMap((lane): Mark[] => {
    const seen = events.filter((event) => event.lane === lane && event.x >= scale.min && event.x <= scale.max).sort((a, b) => a.x - b.x);
    const groups: { start: number; events: RunEvent[] }[] = [];
    for (const event of seen) {
      const share = shareOf(scale, event.x);
      if (Number.isNaN(share)) continue;
      const last = groups.at(-1);
      if (last && share - last.start < gap) last.events.push(event);
      else groups.push({ start: share, events: [event] });
    }
    return groups.map(({ start, events: together }) => markOf(lane, start, together));
  });
}

function markOf(lane: Lane, start: number, together: readonly RunEvent[]): Mark {
  const [one, many] = LANE_WORDS[lane];
  const told = together.slice(0, MOST_TOLD).map(({ words }) => words);
  const rest = together.length - told.length;
  const list = [...told, ...(rest > 0 ? [`and ${formatCount(rest)} more`] : [])].join('; ');
  const levels = together.flatMap(({ level }) => level ?? []);
  return {
    lane,
    share: start,
    from: together[0].x,
    to: together[together.length - 1].x,
    level: levels.reduce<Alert['level'] | null>((worst, level) => (worst === null || SEVERITY[level] > SEVERITY[worst] ? level : worst), null),
    words: together.length === 1 ? `${one} at ${list}` : `${formatCount(together.length)} ${many}: ${list}`,
  };
}
