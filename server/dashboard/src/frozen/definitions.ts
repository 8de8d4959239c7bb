/** What `define_metric` said of the metrics of a run: which metric one is drawn over. */
export interface Definition {
  /** A metric, or the beginning and the end of the names of several with `*` between them. */
  name: string;
  step_metric?: string;
  /** A row without the step metric stands where the one before stood. */
  step_sync?: boolean;
}

function fits({ name }: Definition, key: string): boolean {
  const star = name.indexOf('*');
  if (star < 0) return name === key;
  const [beginning, end] = [name.slice(0, star), name.slice(star + 1)];
  // Names that begin with `_` are the tracker's own.
  return !key.startsWith('_') && key.length >= beginning.length + end.length && key.startsWith(beginning) && key.endsWith(end);
}

const bytes = new TextEncoder();

/** The definition of a metric: its own, else the pattern with the longest name, the newest of equals. */
export function definitionOf(definitions: readonly Definition[], key: string): Definition | null {
  const fitting = definitions.filter((definition) => fits(definition, key));
  const own = fitting.find(({ name }) => !name.includes('*'));
  const length = ({ name }: Definition) => bytes.encode(name).length;
  return own ?? fitting.reduce<Definition | null>((best, each) => (best === null || length(each) >= length(best) ? each : best), null);
}

/** Where a line stands on x. */
export type Axis = { of: 'step' | 'time' | 'relative_time' } | { of: 'metric'; key: string; synced: boolean };

/** The axis of a metric: the one asked for, or the one defined for it that the run has logged, or the step. */
export function axisOf(asked: string, key: string, definitions: readonly Definition[], hasLogged: (key: string) => boolean): Axis {
  if (asked === 'step' || asked === 'time' || asked === 'relative_time') return { of: asked };
  const definition = definitionOf(definitions, key);
  const over = definition?.step_metric !== key ? (definition?.step_metric ?? null) : null;
  const metric = asked !== 'auto' ? asked : over !== null && hasLogged(over) ? over : null;
  if (metric === null) return { of: 'step' };
  return { of: 'metric', key: metric, synced: over === metric && definition?.step_sync !== false };
}

/** Its name in a question or an answer. */
export const nameOfAxis = (axis: Axis): string => (axis.of === 'metric' ? axis.key : axis.of);
