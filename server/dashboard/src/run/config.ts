/** A config as a list of settings: found by name or value, laid beside another one, and as text to take along. */
import { differing, type Settings } from '../runs/configs';

export interface Setting {
  name: string;
  /** As shown; null where this run has none but the other has. */
  value: string | null;
  /** Value of the baseline where it is another one; `undefined` where it is the same or there is no baseline. */
  was: string | null | undefined;
}

/** The settings of a run, those that differ from the baseline first. */
export function comparedWith(own: Settings, baseline: Settings | null): Setting[] {
  if (baseline === null) return [...own].map(([name, value]) => ({ name, value, was: undefined }));
  const different = differing([own, baseline]).map((name) => ({ name, value: own.get(name) ?? null, was: baseline.get(name) ?? null }));
  const names = new Set(different.map(({ name }) => name));
  const same = [...own].filter(([name]) => !names.has(name)).map(([name, value]) => ({ name, value, was: undefined }));
  return [...different, ...same];
}

const PLAIN = /^[A-Za-z_/.][\w ./@+-]*$/;
/** Words and numbers that YAML would read as something else than a text. */
const RESERVED = /^(?:~|null|true|false|yes|no|on|off|y|n|[-+]?(?:\d[\d_]*\.?\d*(?:e[-+]?\d+)?|\.\d+|\.inf|\.nan|0x[\da-f]+|0o[0-7]+))$/i;

function scalar(value: unknown): string {
  if (typeof value !== 'string') return value === undefined ? 'null' : JSON.stringify(value);
  const plain = PLAIN.test(value) && !RESERVED.test(value) && value.trim() === value;
  // A JSON text is a YAML text.
  return plain ? value : JSON.stringify(value);
}

function lines(value: unknown, indent: string): string[] {
  if (Array.isArray(value)) {
    return value.flatMap((item) => {
      const inner = lines(item, `${indent}  `);
      return isNested(item) ? [`${indent}- ${inner[0].trimStart()}`, ...inner.slice(1)] : [`${indent}- ${inline(item)}`];
    });
  }
  return Object.entries(value as Record<string, unknown>).flatMap(([name, item]) =>
    isNested(item) ? [`${indent}${scalar(name)}:`, ...lines(item, `${indent}  `)] : [`${indent}${scalar(name)}: ${inline(item)}`],
  );
}

const isNested = (value: unknown): value is object => typeof value === 'object' && value !== null && Object.keys(value).length > 0;

function inline(value: unknown): string {
  if (Array.isArray(value)) return '[]';
  return typeof value === 'object' && value !== null ? '{}' : scalar(value);
}

/** The config as YAML. */
export function asYaml(config: Record<string, unknown>): string {
  return Object.keys(config).length === 0 ? '{}\n' : `${lines(config, '').join('\n')}\n`;
}

/** The config as JSON. */
export function asJson(config: Record<string, unknown>): string {
  return `${JSON.stringify(config, null, 2)}\n`;
}
