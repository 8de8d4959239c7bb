/** A few lines of Python in pieces, as an editor colours them. */

export interface CodePiece {
  kind: 'plain' | 'word' | 'text' | 'comment';
  text: string;
}

const TOLD_APART = /(?<comment>#[^\n]*)|(?<text>"(?:[^"\\\n]|\\.)*")|\b(?<word>import|from|as|with|for|in|if|def|return|True|False|None)\b/g;

/** The pieces of the lines; put together they are the lines again. */
export function piecesOfCode(code: string): CodePiece[] {
  const pieces: CodePiece[] = [];
  let from = 0;
  for (const found of code.matchAll(TOLD_APART)) {
    if (found.index > from) pieces.push({ kind: 'plain', text: code.slice(from, found.index) });
    const kind = found.groups?.comment !== undefined ? 'comment' : found.groups?.text !== undefined ? 'text' : 'word';
    pieces.push({ kind, text: found[0] });
    from = found.index + found[0].length;
  }
  if (from < code.length) pieces.push({ kind: 'plain', text: code.slice(from) });
  return pieces;
}
