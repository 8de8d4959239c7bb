/** Lines and bands of charts from the rows of a snapshot, as the server answers them for the same rows. */
import type { Band, Series, SeriesAnswer, SeriesRequest } from '../api/client';
import { band, columnsOfRun } from './bands';
import { axisOf, nameOfAxis, type Axis } from './definitions';
import { finite } from './numbers';
import { placeOf, reduced, shown, type Points, type Window } from './reduce';
import { smoothed } from './smooth';
import type { FrozenRun, Snapshot } from './snapshot';

const USUAL_PIXELS = 1_500;

interface Line {
  run: FrozenRun;
  key: string;
  rank: number;
  axis: Axis;
}

/** Answers a question for series. Runs that are not there have none. */
export async function seriesOf(snapshot: Snapshot, request: SeriesRequest): Promise<SeriesAnswer> {
  const lines = await linesOf(snapshot, request.runs, request.keys, request, request.ranks ?? []);
  const series = (await Promise.all(lines.map((line) => drawn(snapshot, line, request)))).filter((each) => each !== null);
  const groups = request.groups ?? [];
  if (groups.length === 0) return { series };
  const bands = await Promise.all(groups.map((group) => bandsOf(snapshot, group, request)));
  return { series, bands: bands.flat() };
}

/** The lines of these metrics that the runs have logged: of each rank asked for, or of the lowest one that logs it. */
async function linesOf(snapshot: Snapshot, names: readonly string[], keys: readonly string[], { x }: SeriesRequest, ranks: readonly number[]): Promise<Line[]> {
  const of = async (run: FrozenRun, key: string): Promise<Line[]> => {
    const logged = await snapshot.loggedBy(run);
    if (!logged.keys.has(key)) return [];
    const lowest = await (await snapshot.track(run)).rankOf(key);
    if (lowest === null) return [];
    const axis = axisOf(x ?? 'auto', key, logged.definitions, (each) => logged.keys.has(each));
    return (ranks.length === 0 ? [lowest] : ranks).map((rank) => ({ run, key, rank, axis }));
  };
  const runs = names.flatMap((name) => snapshot.run(name) ?? []);
  return (await Promise.all(runs.flatMap((run) => keys.map((key) => of(run, key))))).flat();
}

const pointsOf = ({ run, key, rank, axis }: Line, snapshot: Snapshot): Promise<Points> => snapshot.points(run, key, rank, axis);

async function drawn(snapshot: Snapshot, line: Line, request: SeriesRequest): Promise<Series | null> {
  const points = await pointsOf(line, snapshot);
  const { smoothing = null, raw = false } = request;
  const seen = windowOf(points, request);
  if (seen === null || seen.start === seen.end) return null;
  const chart = (of: Points) => {
    const places = reduced(of, seen.window, seen.start, seen.end);
    return { x: places.map((place) => of.x[place]!), value: places.map((place) => finite(of.value[place]!)) };
  };
  const { run, key, rank, axis } = line;
  return {
    run_id: run.id,
    run: run.name,
    key,
    rank,
    x_axis: nameOfAxis(axis),
    ...chart(smoothing === null ? points : smoothed(points, smoothing)),
    ...(smoothing !== null && raw ? { raw: chart(points) } : {}),
    total_points: seen.end - seen.start,
    exact: true,
  };
}

const windowOf = (points: Points, { from = null, to = null, pixels = USUAL_PIXELS, x_scale }: SeriesRequest) => shown(points, from, to, pixels, x_scale === 'log');

/** The bands of a group: one for each metric and each axis that its runs stand on. */
async function bandsOf(snapshot: Snapshot, group: { name: string; runs: string[] }, request: SeriesRequest): Promise<Band[]> {
  const lines = await linesOf(snapshot, [...new Set(group.runs)], [...new Set(request.keys)], request, []);
  const byBand = new Map<string, Line[]>();
  // By metric first, whatever the order of the runs.
  for (const key of new Set(request.keys)) {
    for (const line of lines.filter((each) => each.key === key)) {
      const name = JSON.stringify([key, nameOfAxis(line.axis)]);
      byBand.set(name, [...(byBand.get(name) ?? []), line]);
    }
  }
  const bands = await Promise.all([...byBand.values()].map((of) => bandOf(snapshot, group.name, of, request)));
  return bands.filter((each) => each !== null);
}

async function bandOf(snapshot: Snapshot, group: string, lines: readonly Line[], request: SeriesRequest): Promise<Band | null> {
  const points = await Promise.all(lines.map((line) => pointsOf(line, snapshot)));
  const windows = points.flatMap((of) => windowOf(of, request)?.window ?? []);
  if (windows.length === 0) return null;
  const window: Window = { ...windows[0]!, from: Math.min(...windows.map(({ from }) => from)), to: Math.max(...windows.map(({ to }) => to)) };
  const runs = points.map((of) => {
    const values = request.smoothing == null ? of : smoothed(of, request.smoothing);
    const start = placeOf(of.x, window.from);
    return columnsOfRun(values, window, start, placeOf(of.x, window.to, true, start));
  });
  const columns = band(runs);
  if (columns.length === 0) return null;
  return {
    group,
    key: lines[0]!.key,
    x_axis: nameOfAxis(lines[0]!.axis),
    x: columns.map(({ x }) => x),
    mean: columns.map(({ mean }) => finite(mean)),
    standard_deviation: columns.map(({ standardDeviation }) => finite(standardDeviation)),
    min: columns.map(({ lowest }) => lowest),
    max: columns.map(({ highest }) => highest),
    runs: columns.map((column) => column.runs),
  };
}
