/** The parts of a filter as it was typed, each with its place in the text. Any text can be cut into parts. */

export type TokenKind = 'word' | 'pattern' | 'operator' | 'open' | 'close' | 'comma';

export interface Token {
  kind: TokenKind;
  /** Without quotes; of a pattern what stands between the strokes. */
  text: string;
  /** A part of it stood in quotes, so that it is no word of the language. */
  quoted: boolean;
  /** Letters after a pattern. */
  flags: string;
  from: number;
  to: number;
  /** It ends with the text although a closing quote is missing. */
  open: boolean;
}

const OPERATOR = /==|!=|<=|>=|!~|[=<>~]/y;
const QUOTES = '"\'`';

function operatorAt(text: string, at: number): string | null {
  OPERATOR.lastIndex = at;
  return OPERATOR.exec(text)?.[0] ?? null;
}

/** The end of a pattern that begins at `from`: the stroke before letters and a boundary; the end of the text without one. */
function patternAt(text: string, from: number): Token {
  const boundary = /\/([a-z]*)(?=[\s),]|$)/y;
  for (let at = from + 1; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === '/' && at > from + 1) {
      boundary.lastIndex = at;
      const end = boundary.exec(text);
      if (end) return { kind: 'pattern', text: text.slice(from + 1, at), quoted: false, flags: end[1], from, to: boundary.lastIndex, open: false };
    }
  }
  return { kind: 'pattern', text: text.slice(from + 1), quoted: false, flags: '', from, to: text.length, open: true };
}

/** A word up to a space or a sign of the language; parts of it may stand in quotes, where `\` takes the next sign as it is. */
function wordAt(text: string, from: number, depth: number): Token {
  let word = '';
  let quoted = false;
  let open = false;
  /** Brackets that the word itself has opened, as in `run(1)`. */
  let own = 0;
  let at = from;
  for (; at < text.length; at += 1) {
    const sign = text[at];
    if (QUOTES.includes(sign) && (at === from || '.=<>~('.includes(text[at - 1]))) {
      quoted = true;
      open = true;
      for (at += 1; at < text.length; at += 1) {
        if (text[at] === '\\' && at + 1 < text.length) at += 1;
        else if (text[at] === sign) {
          open = false;
          break;
        }
        word += text[at];
      }
      continue;
    }
    if (/\s/.test(sign) || operatorAt(text, at) !== null) break;
    if (depth > 0 && sign === ',') break;
    if (sign === '(') own += 1;
    if (sign === ')') {
      if (own === 0 && (depth > 0 || at + 1 === text.length || /[\s)]/.test(text[at + 1]))) break;
      own -= 1;
    }
    word += sign;
  }
  return { kind: 'word', text: word, quoted, flags: '', from, to: Math.min(at, text.length), open };
}

/** Cuts a text into its parts. A pattern begins a condition or follows `~`; elsewhere a stroke is a letter. */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let depth = 0;
  let at = 0;
  while (at < text.length) {
    const sign = text[at];
    if (/\s/.test(sign)) {
      at += 1;
      continue;
    }
    const last = tokens.at(-1);
    const operator = operatorAt(text, at);
    const plain = (kind: TokenKind, size: number): Token => ({ kind, text: text.slice(at, at + size), quoted: false, flags: '', from: at, to: at + size, open: false });
    let token: Token;
    if (operator !== null) token = plain('operator', operator.length);
    else if (sign === '(') token = plain('open', 1);
    else if (sign === ')') token = plain('close', 1);
    else if (sign === ',' && depth > 0) token = plain('comma', 1);
    else if (sign === '/' && at + 1 < text.length && (last?.kind !== 'operator' || last.text.endsWith('~'))) token = patternAt(text, at);
    else token = wordAt(text, at, depth);
    if (token.kind === 'open') depth += 1;
    if (token.kind === 'close') depth = Math.max(0, depth - 1);
    tokens.push(token);
    at = token.to;
  }
  return tokens;
}
