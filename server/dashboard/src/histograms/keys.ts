/** Which keys a run has logged histograms under, as a list of the newest ones tells. */
import type { LoggedValue } from '../api/loggedValues';

const names = new Intl.Collator('en', { numeric: true });

/** The keys by name, each with the row of its newest value; `values` have the newest row first. */
export function newestByKey(values: readonly Pick<LoggedValue, 'key' | 'rowId'>[]): Map<string, number> {
  const newest = new Map<string, number>();
  for (const { key, rowId } of values) if (!newest.has(key)) newest.set(key, rowId);
  return new Map([...newest].sort(([a], [b]) => names.compare(a, b)));
}
