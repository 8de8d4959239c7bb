/** In which settings runs differ. */
import type { RunConfig } from '../api/client';

/** A setting as it was given; lists are texts, as JSON writes them. */
export type SettingValue = number | string | boolean | null;
export type SettingValues = ReadonlyMap<string, SettingValue>;
export type Settings = ReadonlyMap<string, string>;

function put(settings: Map<string, SettingValue>, name: string, value: unknown): void {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    for (const [part, inner] of Object.entries(value)) put(settings, name === '' ? part : `${name}.${part}`, inner);
  } else if (value === null || typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean') {
    settings.set(name, value);
  } else {
    settings.set(name, JSON.stringify(value));
  }
}

/** Every setting of a config under its full name; nested ones with a dot between the parts. */
export function settingValuesOf(config: RunConfig['config']): SettingValues {
  const settings = new Map<string, SettingValue>();
  put(settings, '', config);
  return settings;
}

/** The same as texts. */
export function settingsOf(config: RunConfig['config']): Settings {
  return new Map([...settingValuesOf(config)].map(([name, value]) => [name, String(value)]));
}

/** Names of settings that are not the same in all of these, in the order in which they were set. */
export function differing<T>(all: readonly ReadonlyMap<string, T>[]): string[] {
  const names = new Set(all.flatMap((settings) => [...settings.keys()]));
  return [...names].filter((name) => all.some((settings) => settings.get(name) !== all[0].get(name)));
}
