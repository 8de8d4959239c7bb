/** The environment of a run in a few lines. */
import type { RunDetail } from '../api/client';
import { formatCount } from '../format';
import type { Setting } from './config';

/** Packages that a reader looks for first. */
const FIRST: readonly string[] = ['torch', 'transformers', 'trl', 'accelerate', 'datasets', 'peft', 'jax', 'tensorflow', 'lightning', 'numpy'];

/** Names of the graphics processors that samples of the machine speak of. */
export function devicesOf(samples: readonly string[]): string[] {
  return [...new Set(samples.flatMap((key) => /^gpu\/(\d+)\//.exec(key)?.[1] ?? []))].sort((a, b) => Number(a) - Number(b));
}

/** Versions of packages, those that matter most to a training first. */
export function packagesOf(detail: RunDetail): [string, string][] {
  const rank = (name: string) => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length);
  return Object.entries(detail.environment?.packages ?? {}).sort(([a], [b]) => rank(a) - rank(b) || a.localeCompare(b));
}

/** Machine, interpreter and process, as far as they are known. */
export function machineOf(detail: RunDetail, devices: readonly string[]): Setting[] {
  const environment = detail.environment ?? null;
  const facts: [string, string | null | undefined][] = [
    ['host', detail.host],
    ['process', detail.pid == null ? null : String(detail.pid)],
    ['GPU', devices.length === 0 ? null : devices.length === 1 ? 'one, sampled' : `${formatCount(devices.length)}, sampled`],
    ['processors', environment?.processors == null ? null : formatCount(environment.processors)],
    ['system', environment?.system],
    ['Python', environment?.python],
    ['interpreter', environment?.executable],
    ['user', environment?.user],
  ];
  return facts.flatMap(([name, value]) => (value == null || value === '' ? [] : [{ name, value, was: undefined }]));
}
