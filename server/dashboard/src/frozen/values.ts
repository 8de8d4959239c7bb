/** Pictures, tables, histograms and other typed objects as they were logged, of all runs together, newest first. */
import { told } from './numbers';
import { parsed } from './shape';
import type { FrozenRun, Snapshot } from './snapshot';

const KINDS = ['image', 'video', 'audio', 'html', 'object3d', 'table', 'histogram', 'markdown'];
const PREFIX = 'trackio.';
const DEEPEST = 32;

interface Found {
  row_id: number;
  run_id: string;
  step: number;
  timestamp: unknown;
  key: string;
  kinds: string[];
  value: unknown;
}

/** The kinds a value holds, however deep: itself, in lists, in plain objects; media in cells of a table do not count for themselves. */
function kindsOf(value: unknown, depth = 0): string[] {
  if (typeof value !== 'object' || value === null || depth > DEEPEST) return [];
  if (Array.isArray(value)) return value.flatMap((item) => kindsOf(item, depth + 1));
  const { _type: type } = value as { _type?: unknown };
  const kind = typeof type === 'string' && type.startsWith(PREFIX) ? type.slice(PREFIX.length) : null;
  if (kind !== null && KINDS.includes(kind)) return [kind];
  return Object.values(value).flatMap((item) => kindsOf(item, depth + 1));
}

/** A cell as the object it is; Trackio writes some as text. */
const opened = (cell: unknown): unknown => (typeof cell === 'string' && /^[[{]/.test(cell) && cell.includes('_type') ? parsed(cell) : cell);

const known = new WeakMap<Snapshot, Map<string, Promise<Found[]>>>();

/** All typed objects of a run, the newest first. */
function valuesOf(from: Snapshot, run: FrozenRun): Promise<Found[]> {
  const ofRuns = known.get(from) ?? new Map<string, Promise<Found[]>>();
  known.set(from, ofRuns);
  const found = ofRuns.get(run.id) ?? find(from, run);
  ofRuns.set(run.id, found);
  found.catch(() => ofRuns.delete(run.id));
  return found;
}

async function find(from: Snapshot, run: FrozenRun): Promise<Found[]> {
  const track = await from.track(run);
  const extra = await track.extra();
  const inExtra = [...extra.values()].flatMap(Object.keys);
  const keys = [...new Set([...track.table.objectColumns(), ...inExtra])].sort();
  if (keys.length === 0) return [];
  const [ids, times, steps] = await Promise.all([track.table.cellsOf(run.id, 'id'), track.table.cellsOf(run.id, 'timestamp'), track.steps()]);
  const found: Found[] = [];
  for (const key of keys) {
    for (const [place, cell] of (await track.values(key)).entries()) {
      const value = opened(cell);
      const kinds = [...new Set(kindsOf(value))];
      if (kinds.length > 0) found.push({ row_id: Number(ids[place]), run_id: run.id, step: steps[place]!, timestamp: times[place], key, kinds, value: told(value) });
    }
  }
  return found.sort((a, b) => b.row_id - a.row_id);
}

/** Answers a question for values; `after` counts those that came before. */
export async function loggedValues(from: Snapshot, query: URLSearchParams): Promise<{ items: unknown[]; next: string | null }> {
  const kinds = query.get('kinds')?.split(',') ?? KINDS;
  const name = query.get('run');
  const asked = name === null ? null : from.run(name);
  if (name !== null && asked === null) return { items: [], next: null };
  const all = await Promise.all((asked === null ? from.told.runs : [asked]).map((run) => valuesOf(from, run)));
  const key = query.get('key');
  const isWanted = (value: Found) => value.kinds.some((kind) => kinds.includes(kind)) && (key === null || value.key === key);
  const found = all.flat().filter(isWanted).sort((a, b) => b.row_id - a.row_id || (a.key < b.key ? -1 : 1));
  const limit = Number(query.get('limit') ?? 1_000);
  const tell = (value: Found) => (query.get('brief') === 'true' ? { ...value, value: null } : value);
  if (query.get('spread') === 'true' && found.length > limit) {
    const last = found.length - 1;
    return { items: Array.from({ length: limit }, (_, i) => tell(found[Math.floor((i * last) / Math.max(limit - 1, 1))]!)), next: null };
  }
  const start = Number(query.get('after') ?? 0);
  const end = start + limit;
  return { items: found.slice(start, end).map(tell), next: end < found.length ? String(end) : null };
}

/** One value whole. */
export async function loggedValue(from: Snapshot, rowId: number, key: string): Promise<unknown> {
  const all = await Promise.all(from.told.runs.map((run) => valuesOf(from, run)));
  return all.flat().find((value) => value.row_id === rowId && value.key === key)?.value ?? null;
}
