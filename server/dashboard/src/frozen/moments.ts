/** Where a run stood at some moments, from its rows. */
import type { Moments } from '../api/moments';
import { microsecondsOf } from './numbers';
import type { Snapshot } from './snapshot';

/** The first row of a run, and its last step before each of these moments. */
export async function momentsIn(from: Snapshot, name: string, moments: readonly string[]): Promise<Moments> {
  const run = from.run(name);
  if (run === null) return { begun: null, steps: new Map() };
  const track = await from.track(run);
  const [times, steps] = await Promise.all([track.times(), track.steps()]);
  // Processes of a run write side by side: their rows need not be in the order of time.
  const places = [...times.keys()].filter((place) => !Number.isNaN(times[place])).sort((a, b) => times[a]! - times[b]!);
  const begun = places.length === 0 ? null : times[places[0]!]! / 1_000;
  const before = moments.flatMap((moment) => {
    const place = places[countUntil(places, times, microsecondsOf(moment)) - 1];
    return place === undefined ? [] : [[moment, Math.trunc(steps[place]!)] as const];
  });
  return { begun, steps: new Map(before) };
}

/** How many of the places, which ascend in time, are not after a moment. */
function countUntil(places: readonly number[], times: Float64Array, moment: number): number {
  let [low, high] = [0, places.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[places[middle]!]! <= moment) low = middle + 1;
    else high = middle;
  }
  return low;
}
