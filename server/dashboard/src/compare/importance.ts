/** Which settings go with a better or worse target, the strongest first. */
import type { SettingValue } from '../runs/configs';
import { FEWEST_PAIRS, intervalOf, rankCorrelation, type Interval } from './correlation';

/** What one run was given, and what came of it. */
export interface Trial {
  settings: ReadonlyMap<string, SettingValue>;
  /** Null: it has no such value, and is left out. */
  target: number | null;
}

export interface Importance {
  setting: string;
  /** Of a text: runs with this value against all others; null where the setting has an order of its own. */
  value: string | null;
  /** −1 to 1: above 0 the target rises with the setting. */
  correlation: number;
  interval: Interval | null;
  /** Runs it was told from. */
  runs: number;
}

/** Texts with more values than this are names, not choices. */
const MOST_VALUES = 12;
/** Fewer runs with a value say nothing about it. */
const FEWEST_RUNS_OF_A_VALUE = 2;

interface Pair {
  value: SettingValue;
  target: number;
}

function ofOrder(setting: string, pairs: readonly Pair[]): Importance | null {
  const targets = pairs.map(({ target }) => target);
  const correlation = rankCorrelation(pairs.map(({ value }) => Number(value)), targets);
  if (correlation === null) return null;
  return { setting, value: null, correlation, interval: intervalOf(correlation, pairs.length), runs: pairs.length };
}

/** The value of a text that stands out most; its interval counts how many were tried. */
function ofValues(setting: string, pairs: readonly Pair[]): Importance | null {
  const counts = new Map<string, number>();
  for (const { value } of pairs) counts.set(String(value), (counts.get(String(value)) ?? 0) + 1);
  if (counts.size < 2 || counts.size > MOST_VALUES) return null;
  const most = pairs.length - FEWEST_RUNS_OF_A_VALUE;
  let tried = [...counts].filter(([, count]) => count >= FEWEST_RUNS_OF_A_VALUE && count <= most);
  // Of two values one says all: the rarer one against the other.
  if (counts.size === 2) tried = tried.sort((a, b) => a[1] - b[1] || a[0].localeCompare(b[0])).slice(0, 1);
  const targets = pairs.map(({ target }) => target);
  let strongest: Importance | null = null;
  for (const [value] of tried) {
    const correlation = rankCorrelation(pairs.map((pair) => Number(String(pair.value) === value)), targets);
    if (correlation === null || Math.abs(correlation) <= Math.abs(strongest?.correlation ?? 0)) continue;
    strongest = { setting, value, correlation, interval: intervalOf(correlation, pairs.length, tried.length), runs: pairs.length };
  }
  return strongest;
}

/** Each setting that differs, strongest correlation first; those of too few runs are left out. */
export function importancesOf(trials: readonly Trial[]): Importance[] {
  const bySetting = new Map<string, Pair[]>();
  for (const { settings, target } of trials) {
    if (target === null || !Number.isFinite(target)) continue;
    for (const [setting, value] of settings) {
      if (value === null) continue;
      const pairs = bySetting.get(setting);
      if (pairs) pairs.push({ value, target });
      else bySetting.set(setting, [{ value, target }]);
    }
  }
  return [...bySetting]
    .flatMap(([setting, pairs]) => {
      if (pairs.length < FEWEST_PAIRS) return [];
      const kinds = new Set(pairs.map(({ value }) => typeof value));
      const hasOrder = kinds.size === 1 && !kinds.has('string');
      return (hasOrder ? ofOrder(setting, pairs) : ofValues(setting, pairs)) ?? [];
    })
    .sort((a, b) => Math.abs(b.correlation) - Math.abs(a.correlation) || a.setting.localeCompare(b.setting));
}
