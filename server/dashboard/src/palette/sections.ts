/** What the palette lists: of each kind the best that fit what was typed, the kind with the best one first. */
import type { RunSummary } from '../api/client';
import { match, partsOf, wordsOf, type Part } from './match';

export type Look = { kind: 'run'; run: RunSummary } | { kind: 'sign'; path: string };

export interface Entry {
  /** Tells entries of a section apart. */
  id: string;
  title: string;
  /** Stands beside the title, in a weaker colour; may be empty. */
  detail: string;
  /** Key that does the same; may be empty. */
  shown: string;
  look: Look;
  run: () => void;
  /** What Ctrl Enter does instead; absent: nothing. */
  runOther?: () => void;
}

export interface Source {
  title: string;
  entries: readonly Entry[];
  /** How many are listed once something is typed. */
  most: number;
  /** How many are listed before. */
  mostUntyped: number;
  /** They are made of what is typed and fit it always. */
  always?: true;
}

export interface Found {
  entry: Entry;
  parts: Part[];
}

export interface Section {
  title: string;
  found: Found[];
}

/** A kind that fits always stands below those that were found. */
const ALWAYS_SCORE = 1e6;

/** Sections in the order in which they are read; those with nothing are left out. */
export function sectionsOf(sources: readonly Source[], typed: string): Section[] {
  const words = wordsOf(typed);
  const sections = sources.map(({ title, entries, most, mostUntyped, always }) => {
    if (words.length === 0 || always) {
      const listed = entries.slice(0, words.length === 0 ? mostUntyped : most);
      const found = listed.map((entry) => ({ entry, parts: partsOf(entry.title, []) }));
      return { title, found, best: words.length === 0 ? 0 : ALWAYS_SCORE };
    }
    const scored = entries
      .flatMap((entry) => {
        const fit = match(entry.title, words);
        return fit === null ? [] : { entry, fit };
      })
      .sort((a, b) => a.fit.score - b.fit.score)
      .slice(0, most);
    const found = scored.map(({ entry, fit }) => ({ entry, parts: partsOf(entry.title, fit.ranges) }));
    return { title, found, best: Math.floor(scored[0]?.fit.score ?? 0) };
  });
  return sections
    .filter(({ found }) => found.length > 0)
    .sort((a, b) => a.best - b.best)
    .map(({ title, found }) => ({ title, found }));
}
