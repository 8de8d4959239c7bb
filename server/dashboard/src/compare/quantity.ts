/** What can be laid along an axis: a setting, or the best or last value of a metric; and its value for each run. */
import { isLowerBetter } from '../charts/line';
import type { SettingValue, SettingValues } from '../runs/configs';

export type QuantityKind = 'config' | 'best' | 'last';

export interface Quantity {
  kind: QuantityKind;
  /** Of the setting or the metric. */
  name: string;
}

/** What a metric of one run came to; null where it has no finite value. */
export interface Outcome {
  last: number | null;
  min: number | null;
  max: number | null;
}

/** All that is known of one run beside its state. */
export interface Findable {
  settings: SettingValues;
  outcomes: ReadonlyMap<string, Outcome>;
}

const KINDS: readonly QuantityKind[] = ['config', 'best', 'last'];

/** The quantity in one text, as the address carries it. */
export const idOf = ({ kind, name }: Quantity): string => `${kind}:${name}`;

/** Reads what `idOf` wrote; null for anything else. */
export function readQuantity(id: string): Quantity | null {
  const colon = id.indexOf(':');
  const kind = KINDS.find((each) => each === id.slice(0, colon));
  return kind === undefined || colon === id.length - 1 ? null : { kind, name: id.slice(colon + 1) };
}

/** As a head of a column or axis. */
export const titleOf = ({ kind, name }: Quantity): string => (kind === 'config' ? name : `${name}, ${kind}`);

/** The value of a run; null where it has none. */
export function valueOf(run: Findable | undefined, { kind, name }: Quantity): SettingValue {
  if (run === undefined) return null;
  if (kind === 'config') return run.settings.get(name) ?? null;
  const outcome = run.outcomes.get(name);
  if (outcome === undefined) return null;
  return kind === 'last' ? outcome.last : isLowerBetter(name) ? outcome.min : outcome.max;
}

/** The value where it is a number. */
export function figureOf(run: Findable | undefined, quantity: Quantity): number | null {
  const value = valueOf(run, quantity);
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}
