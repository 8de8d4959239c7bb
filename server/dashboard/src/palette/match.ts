/** How well a text fits what was typed, and which letters of it do. */

export interface Match {
  /** Smaller is better. */
  score: number;
  /** Parts of the text that fit: from, and the first letter after. */
  ranges: readonly (readonly [number, number])[];
}

const EXACT = 0;
const BEGINS = 1;
const BEGINS_A_WORD = 2;
const WITHIN = 3;
const SCATTERED = 6;
/** Two letters are scattered in nearly every text. */
const SHORTEST_SCATTERED = 3;
/** Of texts that fit alike the shorter one is meant. */
const LENGTH_WEIGHT = 1e-3;

const isWordCharacter = (character: string | undefined) => character !== undefined && /[\p{L}\p{N}]/u.test(character);

/** Words that must all fit, in small letters. */
export const wordsOf = (text: string): string[] => text.toLowerCase().split(/\s+/).filter(Boolean);

function scattered(text: string, word: string): Match | null {
  if (word.length < SHORTEST_SCATTERED) return null;
  const ranges: [number, number][] = [];
  let from = 0;
  for (const letter of word) {
    const at = text.indexOf(letter, from);
    if (at < 0) return null;
    from = at + letter.length;
    const last = ranges.at(-1);
    if (last?.[1] === at) last[1] = from;
    else ranges.push([at, from]);
  }
  return { score: SCATTERED + ranges.length, ranges };
}

function matchWord(text: string, word: string): Match | null {
  let found = -1;
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    if (found < 0) found = at;
    if (isWordCharacter(text[at - 1])) continue;
    found = at;
    break;
  }
  if (found < 0) return scattered(text, word);
  const score = found === 0 ? (text.length === word.length ? EXACT : BEGINS) : isWordCharacter(text[found - 1]) ? WITHIN : BEGINS_A_WORD;
  return { score, ranges: [[found, found + word.length]] };
}

/** Null: some word fits nowhere. No words fit everything alike. */
export function match(text: string, words: readonly string[]): Match | null {
  const lowered = text.toLowerCase();
  let score = 0;
  const ranges: (readonly [number, number])[] = [];
  for (const word of words) {
    const found = matchWord(lowered, word);
    if (found === null) return null;
    score += found.score;
    ranges.push(...found.ranges);
  }
  // Small letters of some scripts are longer than the capitals: then nothing is marked rather than the wrong letters.
  return { score: score + LENGTH_WEIGHT * text.length, ranges: lowered.length === text.length ? ranges : [] };
}

export interface Part {
  text: string;
  fits: boolean;
}

/** The text in parts that fit and parts that do not, to be set in two weights. */
export function partsOf(text: string, ranges: Match['ranges']): Part[] {
  const parts: Part[] = [];
  let at = 0;
  for (const [from, to] of [...ranges].sort((a, b) => a[0] - b[0])) {
    if (from > at) parts.push({ text: text.slice(at, from), fits: false });
    if (to > at) parts.push({ text: text.slice(Math.max(from, at), to), fits: true });
    at = Math.max(at, to);
  }
  if (at < text.length) parts.push({ text: text.slice(at), fits: false });
  return parts;
}
