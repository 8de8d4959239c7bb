/** The printed lines of a run: which are kept, which are shown, and how many rows of the screen each takes. */
import type { ConsoleLine } from '../api/oneRun';
import type { Search } from '../metrics/catalogue';

/** As many as the server keeps. */
export const MOST_LINES = 100_000;

/** The lines with those of another page after them, each once, the newest of them. */
export function appended(lines: readonly ConsoleLine[], page: readonly ConsoleLine[]): readonly ConsoleLine[] {
  const last = lines.at(-1)?.id ?? -Infinity;
  const fresh = page.filter(({ id }) => id > last);
  return fresh.length === 0 ? lines : [...lines, ...fresh].slice(-MOST_LINES);
}

export interface LineFilter {
  stream: 'all' | ConsoleLine['stream'];
  rank: number | null;
}

/** The lines of one stream and one rank. */
export function ofStream(lines: readonly ConsoleLine[], { stream, rank }: LineFilter): readonly ConsoleLine[] {
  if (stream === 'all' && rank === null) return lines;
  return lines.filter((line) => (stream === 'all' || line.stream === stream) && (rank === null || line.rank === rank));
}

/** Ranks that have printed, ascending. */
export function ranksOf(lines: readonly ConsoleLine[]): number[] {
  return [...new Set(lines.map(({ rank }) => rank))].sort((a, b) => a - b);
}

/** Positions of the lines that the search finds. */
export function foundIn(lines: readonly ConsoleLine[], search: Search): number[] {
  const found: number[] = [];
  lines.forEach(({ text }, i) => search.matches(text) && found.push(i));
  return found;
}

/** The place among ascending `found` that follows `at` in a direction; at the end it begins again. */
export function nextFound(found: readonly number[], at: number, direction: 1 | -1): number {
  if (found.length === 0) return -1;
  if (direction === 1) return found.find((position) => position > at) ?? found[0];
  return found.findLast((position) => position < at) ?? found[found.length - 1];
}

export interface Piece {
  text: string;
  found: boolean;
}

/** A text in pieces, those that the search is about marked. */
export function marked(text: string, search: Search): Piece[] {
  if (search.mark === null) return [{ text, found: false }];
  const pieces: Piece[] = [];
  let at = 0;
  for (const match of text.matchAll(search.mark)) {
    if (match[0] === '') continue;
    if (match.index > at) pieces.push({ text: text.slice(at, match.index), found: false });
    pieces.push({ text: match[0], found: true });
    at = match.index + match[0].length;
  }
  if (at < text.length || pieces.length === 0) pieces.push({ text: text.slice(at), found: false });
  return pieces;
}

const NARROW = /^[\x20-\x7e]*$/;
const WIDE = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;
const TAB = 8;

/** How many characters of a fixed width a text is wide. */
export function widthOf(text: string): number {
  if (NARROW.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += character === '\t' ? TAB - (width % TAB) : WIDE.test(character) ? 2 : 1;
  return width;
}

/** Where each line begins, in rows of the screen; one more at the end is the number of rows. */
export function rowsOf(lines: readonly ConsoleLine[], columns: number | null): Float64Array {
  const starts = new Float64Array(lines.length + 1);
  lines.forEach(({ text }, i) => {
    starts[i + 1] = starts[i] + (columns === null ? 1 : Math.max(1, Math.ceil(widthOf(text) / Math.max(1, columns))));
  });
  return starts;
}

/** The line that stands in a row; the last one behind the end. */
export function lineAt(starts: Float64Array, row: number): number {
  let low = 0;
  let high = Math.max(0, starts.length - 2);
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (starts[middle] <= row) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Lines as a file: as they were printed, or each with its time, stream and rank. */
export function asFile(lines: readonly ConsoleLine[], withTimes: boolean): Blob {
  const parts = lines.map(({ timestamp, stream, rank, text }) => `${withTimes ? `${timestamp}\t${stream}\t${rank}\t` : ''}${text}\n`);
  return new Blob(parts, { type: 'text/plain' });
}
