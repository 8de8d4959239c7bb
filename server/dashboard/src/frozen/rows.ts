/** Values, samples of the machine and printed lines of a run, page by page. */
import { numberIn, told } from './numbers';
import type { FrozenRun, Snapshot } from './snapshot';

const USUAL_LIMIT = 1_000;

interface Page {
  items: unknown[];
  next: number | null;
}

const numberOf = (query: URLSearchParams, name: string): number | null => (query.has(name) ? Number(query.get(name)) : null);

/** The page that is asked for, of items that ascend by a number. */
export function pageOf(items: readonly { id: number; item: unknown }[], query: URLSearchParams): Page {
  const [after, limit] = [numberOf(query, 'after') ?? -1, numberOf(query, 'limit') ?? USUAL_LIMIT];
  const rest = items.filter(({ id }) => id > after);
  const part = rest.slice(0, limit);
  return { items: part.map(({ item }) => item), next: part.length < rest.length ? part.at(-1)!.id : null };
}

/** All values of a metric, in the order logged. */
export async function pageOfValues(from: Snapshot, run: FrozenRun, key: string, query: URLSearchParams): Promise<Page | null> {
  const track = await from.track(run);
  const [rank, ranks, values] = await Promise.all([track.rankOf(key), track.ranks(), track.values(key)]);
  if (rank === null) return null;
  const [ids, times, steps] = await Promise.all(['id', 'timestamp', 'step'].map((name) => track.table.cellsOf(run.id, name)));
  const isOfMetric = (value: unknown, place: number) => numberIn(value) !== undefined && (ranks?.[place] ?? 0) === rank;
  const item = (value: unknown, place: number) => ({ id: Number(ids![place]), item: { timestamp: times![place], step: steps![place], value: told(value) } });
  return pageOf(
    values.flatMap((value, place) => (isOfMetric(value, place) ? item(value, place) : [])),
    query,
  );
}

const OF_SAMPLES: ReadonlySet<string> = new Set(['id', 'run_id', 'timestamp', 'run_name', 'log_id', 'space_id', 'paceline_extra']);

/** Samples of the machine. */
export async function pageOfSamples(from: Snapshot, run: FrozenRun, query: URLSearchParams): Promise<Page> {
  const table = await from.table('aux/system_metrics.parquet');
  if (table === null) return { items: [], next: null };
  const cells = (name: string) => table.cellsOf(run.id, name);
  const [ids, times] = await Promise.all([cells('id'), cells('timestamp')]);
  const keys = [...table.columns].filter((name) => !OF_SAMPLES.has(name));
  const columns = await Promise.all(keys.map(cells));
  const since = Date.parse(query.get('since') ?? '');
  const items = ids.map((id, place) => {
    const metrics = Object.fromEntries(keys.flatMap((key, i) => (columns[i]![place] === null ? [] : [[key, told(columns[i]![place])]])));
    return { id: Number(id), item: { id, timestamp: times[place], step: 0, metrics } };
  });
  const isNewer = (_: unknown, place: number) => Number.isNaN(since) || Date.parse(String(times[place])) > since;
  return pageOf(items.filter(isNewer), query);
}

/** Lines that a run printed. */
export async function pageOfConsole(from: Snapshot, run: FrozenRun, query: URLSearchParams): Promise<Page & { total: number }> {
  const table = await from.table('paceline/console.parquet');
  if (table === null) return { items: [], next: null, total: 0 };
  const [ids, timestamps, streams, ranks, lines] = await Promise.all(['id', 'timestamp', 'stream', 'rank', 'line'].map((name) => table.cellsOf(run.id, name)));
  const items = ids!.map((id, place) => ({
    id: Number(id),
    item: { id, timestamp: timestamps![place], stream: streams![place], rank: ranks![place] ?? 0, text: lines![place] },
  }));
  const tail = numberOf(query, 'tail');
  const total = items.length;
  if (tail !== null) return { items: items.slice(-tail).map(({ item }) => item), next: null, total };
  return { ...pageOf(items, query), total };
}
