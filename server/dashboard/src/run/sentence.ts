/** The server's sentence on a run, with the words that need a look marked. */

export type Tone = 'plain' | 'warning' | 'critical';

export interface Part {
  text: string;
  tone: Tone;
}

/** Words of the sentence that tell of trouble. */
const TROUBLE = /\b(rising(?: since step \d+)?|loss not finite|silent for [^,()]+|Failed|Crashed|ended by signal \d+|exit code [1-9]\d*)/g;

/** The sentence in parts, unchanged when joined; what is wrong is marked as bad as the run stands. */
export function partsOf(sentence: string, critical: boolean): Part[] {
  const parts: Part[] = [];
  let at = 0;
  for (const match of sentence.matchAll(TROUBLE)) {
    if (match.index > at) parts.push({ text: sentence.slice(at, match.index), tone: 'plain' });
    const grave = critical || !/^(rising|silent)/.test(match[0]);
    parts.push({ text: match[0], tone: grave ? 'critical' : 'warning' });
    at = match.index + match[0].length;
  }
  if (at < sentence.length) parts.push({ text: sentence.slice(at), tone: 'plain' });
  return parts;
}
