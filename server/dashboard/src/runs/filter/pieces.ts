/** A filter cut for the eye: what is of the language, what is wrong, and the rest. */
import type { Mark } from './grammar';

export interface Piece {
  text: string;
  kind: 'plain' | 'language' | 'wrong';
}

/** The pieces make up the text. A mistake without a length is at the sign before it. */
export function piecesOf(text: string, marks: readonly Mark[], wrong: Mark | null): Piece[] {
  const kinds = Array.from<Piece['kind']>({ length: text.length }).fill('plain');
  for (const { from, to } of marks) kinds.fill('language', from, to);
  if (wrong) kinds.fill('wrong', wrong.from === wrong.to ? Math.max(0, wrong.from - 1) : wrong.from, wrong.to);
  const pieces: Piece[] = [];
  kinds.forEach((kind, i) => {
    const last = pieces.at(-1);
    if (last?.kind === kind) last.text += text[i];
    else pieces.push({ text: text[i], kind });
  });
  return pieces;
}
