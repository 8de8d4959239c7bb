/** Pixel columns: which points of a line draw the same picture as all of them do, as the server chooses them. */

/** Points that ascend in x; those of one x stand in the order they came. */
export interface Points {
  x: Float64Array;
  value: Float64Array;
}

/** What a chart shows and how it divides that into columns. */
export interface Window {
  from: number;
  to: number;
  pixels: number;
  /** Equal factors of x are equally wide. */
  isLog: boolean;
}

/** The column of an x within. */
export function columnOf({ from, to, pixels, isLog }: Window, x: number): number {
  if (to <= from) return 0;
  const share = isLog ? Math.log(x / from) / Math.log(to / from) : (x - from) / (to - from);
  return Math.max(0, Math.min(Math.trunc(share * pixels), pixels - 1));
}

/** The first place from `start` on whose x is not below `x`, or not at it where `after`. */
export function placeOf(xs: Float64Array, x: number, after = false, start = 0): number {
  let [low, high] = [start, xs.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const isBefore = after ? xs[middle]! <= x : xs[middle]! < x;
    if (isBefore) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** What is shown of points: the window, as far as they reach where it has no end, and the places of those inside; null: nothing. */
export function shown({ x }: Points, from: number | null, to: number | null, pixels: number, isLog: boolean): { window: Window; start: number; end: number } | null {
  const first = isLog ? placeOf(x, 0, true) : 0;
  if (first >= x.length) return null;
  const asked = from !== null && (!isLog || from > 0) ? from : null;
  const window = { from: asked ?? x[first]!, to: to ?? x[x.length - 1]!, pixels, isLog };
  const [start, end] = [placeOf(x, window.from, false, first), placeOf(x, window.to, true, first)];
  return { window, start, end: Math.max(start, end) };
}

/** Places of the points that matter: of each column the first, the last, the lowest, the highest, and the first that is not finite. */
export function reduced({ x, value }: Points, window: Window, start: number, end: number): number[] {
  const kept: number[] = [];
  for (let place = start; place < end; ) {
    const column = columnOf(window, x[place]!);
    const first = place;
    let [lowest, highest, gap] = [-1, -1, -1];
    for (; place < end && columnOf(window, x[place]!) === column; place += 1) {
      const here = value[place]!;
      if (!Number.isFinite(here)) gap = gap < 0 ? place : gap;
      else {
        if (lowest < 0 || here < value[lowest]!) lowest = place;
        if (highest < 0 || here > value[highest]!) highest = place;
      }
    }
    const marks = [first, place - 1, lowest, highest, gap].filter((mark) => mark >= 0).sort((a, b) => a - b);
    marks.forEach((mark, i) => mark !== marks[i - 1] && kept.push(mark));
  }
  return kept;
}
