/** Markdown as a tree of a few kinds of elements. What is not one of them, HTML above all, stays the text it is. */

export type Inline =
  | { kind: 'text'; text: string }
  | { kind: 'code'; text: string }
  | { kind: 'break' }
  | { kind: 'strong'; of: Inline[] }
  | { kind: 'emphasis'; of: Inline[] }
  | { kind: 'struck'; of: Inline[] }
  | { kind: 'link'; address: string; of: Inline[] }
  | { kind: 'image'; address: string; text: string };

export type BlockNode =
  | { kind: 'heading'; level: number; of: Inline[] }
  | { kind: 'paragraph'; of: Inline[] }
  | { kind: 'code'; language: string; text: string }
  | { kind: 'quote'; of: BlockNode[] }
  | { kind: 'list'; ordered: boolean; start: number; items: ListItem[] }
  | { kind: 'table'; align: Align[]; head: Inline[][]; rows: Inline[][][] }
  | { kind: 'rule' };

export interface ListItem {
  /** Null: it is no task. */
  done: boolean | null;
  of: BlockNode[];
}

export type Align = 'left' | 'center' | 'right';

/** What is nested deeper stays text. */
const DEEPEST = 12;
/** Characters of one paragraph whose marks are looked at; the rest stays text. */
const LONGEST_MARKED = 50_000;
/** Places at which a mark may be closed that are tried, and characters of a link's words: text that nothing closes must not take long. */
const MOST_TRIES = 60;
const LONGEST_LINK = 500;

/** The blocks of a text. */
export function parseMarkdown(text: string): BlockNode[] {
  return blocksOf(text.replaceAll('\r\n', '\n').replaceAll('\r', '\n').replaceAll('\t', '    ').split('\n'), 0);
}

const HEADING = /^ {0,3}(#{1,6})(?= |$)/;
const FENCE = /^ {0,3}(`{3,}|~{3,})[ ]*([^`]*)$/;
const RULE = /^ {0,3}(?:(?:\*[ ]*){3,}|(?:-[ ]*){3,}|(?:_[ ]*){3,})$/;
const QUOTE = /^ {0,3}> ?(.*)$/;
const BULLET = /^( {0,3})([-+*])( +)(.*)$|^( {0,3})([-+*])()()$/;
const NUMBER = /^( {0,3})(\d{1,9})[.)]( +)(.*)$/;
const TABLE_RULE = /^\|? *:?-+:? *(?:\| *:?-+:? *)*\|?$/;
const UNDERLINE = /^ {0,3}(=+|-+)$/;

const isBlank = (line: string) => line.trim() === '';
const indentOf = (line: string) => line.length - line.trimStart().length;

/** Place of the next line that is not blank; the end where there is none. */
function nextFilled(lines: readonly string[], at: number): number {
  let next = at;
  while (next < lines.length && isBlank(lines[next])) next++;
  return next;
}

/** Whether a line begins something that ends a paragraph. */
const interrupts = (line: string) =>
  HEADING.test(line) || FENCE.test(line) || RULE.test(line) || QUOTE.test(line) || /^ {0,3}[-+*] +\S/.test(line) || /^ {0,3}1[.)] +\S/.test(line);

function blocksOf(lines: readonly string[], depth: number): BlockNode[] {
  const blocks: BlockNode[] = [];
  let at = 0;
  while (at < lines.length) {
    const line = lines[at];
    if (isBlank(line)) {
      at++;
      continue;
    }
    const taken = depth > DEEPEST ? null : (fenceAt(lines, at) ?? headingAt(line) ?? ruleAt(line) ?? quoteAt(lines, at, depth) ?? listAt(lines, at, depth) ?? tableAt(lines, at));
    const { block, count } = taken ?? paragraphAt(lines, at);
    blocks.push(block);
    at += count;
  }
  return blocks;
}

/** A block and how many lines it takes. */
interface Taken {
  block: BlockNode;
  count: number;
}

function headingAt(line: string): Taken | null {
  const found = HEADING.exec(line);
  if (!found) return null;
  let text = line.slice(found[0].length).trim();
  // Signs may close it as they open it.
  let end = text.length;
  while (text[end - 1] === '#') end--;
  if (end === 0 || text[end - 1] === ' ') text = text.slice(0, end).trimEnd();
  return { block: { kind: 'heading', level: found[1].length, of: inlinesOf(text) }, count: 1 };
}

const ruleAt = (line: string): Taken | null => (RULE.test(line) ? { block: { kind: 'rule' }, count: 1 } : null);

/** Code between fences; without an end it goes to the end of the text. */
function fenceAt(lines: readonly string[], at: number): Taken | null {
  const found = FENCE.exec(lines[at]);
  if (!found) return null;
  const [, fence, language] = found;
  const indent = indentOf(lines[at]);
  const ends = (line: string) => /^ {0,3}(`{3,}|~{3,})[ ]*$/.test(line) && line.trim()[0] === fence[0] && line.trim().length >= fence.length;
  let end = at + 1;
  while (end < lines.length && !ends(lines[end])) end++;
  const code = lines.slice(at + 1, end).map((line) => line.slice(Math.min(indent, indentOf(line))));
  return { block: { kind: 'code', language: language.trim(), text: code.join('\n') }, count: end - at + 1 };
}

function quoteAt(lines: readonly string[], at: number, depth: number): Taken | null {
  if (!QUOTE.test(lines[at])) return null;
  const inner: string[] = [];
  let end = at;
  for (; end < lines.length; end++) {
    const found = QUOTE.exec(lines[end]);
    if (found) inner.push(found[1]);
    // A paragraph goes on without the sign.
    else if (isBlank(lines[end]) || interrupts(lines[end]) || isBlank(inner[inner.length - 1] ?? '')) break;
    else inner.push(lines[end]);
  }
  return { block: { kind: 'quote', of: blocksOf(inner, depth + 1) }, count: end - at };
}

interface Marker {
  /** The sign of the list; another one begins another list. */
  sign: string;
  start: number;
  /** Columns before the text of the item. */
  width: number;
  text: string;
}

function markerOf(line: string): Marker | null {
  if (RULE.test(line)) return null;
  const bullet = BULLET.exec(line);
  if (bullet) {
    const [indent, sign, gap, text] = bullet[2] === undefined ? [bullet[5], bullet[6], ' ', ''] : [bullet[1], bullet[2], bullet[3], bullet[4]];
    const spaces = gap.length > 4 ? 1 : gap.length;
    return { sign, start: 0, width: indent.length + 1 + spaces, text: ' '.repeat(Math.max(0, gap.length - spaces)) + text };
  }
  const number = NUMBER.exec(line);
  if (!number) return null;
  const [, indent, digits, gap, text] = number;
  return { sign: '1', start: Number(digits), width: indent.length + digits.length + 1 + (gap.length > 4 ? 1 : gap.length), text };
}

function listAt(lines: readonly string[], at: number, depth: number): Taken | null {
  const first = markerOf(lines[at]);
  if (first === null) return null;
  const items: ListItem[] = [];
  let end = at;
  while (end < lines.length) {
    const marker = markerOf(lines[end]);
    if (marker === null || marker.sign !== first.sign) break;
    const inner = [marker.text];
    end++;
    while (end < lines.length) {
      const line = lines[end];
      if (isBlank(line)) {
        const next = nextFilled(lines, end);
        if (next === lines.length || indentOf(lines[next]) < marker.width) break;
        inner.push('');
        end = next;
        continue;
      }
      if (indentOf(line) >= marker.width) inner.push(line.slice(marker.width));
      else if (markerOf(line) !== null || interrupts(line) || isBlank(inner[inner.length - 1])) break;
      else inner.push(line.trimStart());
      end++;
    }
    const task = /^\[([ xX])\] +/.exec(inner[0]);
    if (task) inner[0] = inner[0].slice(task[0].length);
    items.push({ done: task ? task[1] !== ' ' : null, of: blocksOf(inner, depth + 1) });
    const next = nextFilled(lines, end);
    if (markerOf(lines[next] ?? '')?.sign === first.sign) end = next;
  }
  return { block: { kind: 'list', ordered: first.sign === '1', start: first.start, items }, count: end - at };
}

/** Cells of a line; a bar after a backslash or in code is none. */
function cellsOf(line: string): string[] {
  const cells = [''];
  let code = false;
  const text = line.trim().replace(/^\|/, '').replace(/(?<!\\)\|$/, '');
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '`') code = !code;
    if (text[i] === '\\' && text[i + 1] === '|') {
      cells[cells.length - 1] += '|';
      i++;
    } else if (text[i] === '|' && !code) cells.push('');
    else cells[cells.length - 1] += text[i];
  }
  return cells.map((cell) => cell.trim());
}

function tableAt(lines: readonly string[], at: number): Taken | null {
  const rule = lines[at + 1];
  if (rule === undefined || !lines[at].includes('|') || !TABLE_RULE.test(rule.trim())) return null;
  const head = cellsOf(lines[at]);
  const rules = cellsOf(rule);
  if (rules.length !== head.length) return null;
  let end = at + 2;
  while (end < lines.length && !isBlank(lines[end]) && lines[end].includes('|')) end++;
  const rows = lines.slice(at + 2, end).map((line) => {
    const cells = cellsOf(line);
    return head.map((_, column) => inlinesOf(cells[column] ?? ''));
  });
  const align = rules.map((cell): Align => (cell.endsWith(':') ? (cell.startsWith(':') ? 'center' : 'right') : 'left'));
  return { block: { kind: 'table', align, head: head.map(inlinesOf), rows }, count: end - at };
}

/** Lines until a blank one or another block; lines of `=` or `-` below make it a heading. */
function paragraphAt(lines: readonly string[], at: number): Taken {
  let end = at + 1;
  while (end < lines.length && !isBlank(lines[end]) && !interrupts(lines[end]) && !UNDERLINE.test(lines[end].trimEnd())) {
    if (tableAt(lines, end) !== null) break;
    end++;
  }
  const of = inlinesOf(lines.slice(at, end).map((line) => line.trimStart()).join('\n'));
  const underline = lines[end] === undefined ? null : UNDERLINE.exec(lines[end].trimEnd());
  if (underline) return { block: { kind: 'heading', level: underline[1][0] === '=' ? 1 : 2, of }, count: end - at + 1 };
  return { block: { kind: 'paragraph', of }, count: end - at };
}

/** An address that a link may go to: of the web or mail, with nothing hidden in it. */
export function safeAddress(address: string): string | null {
  const text = address.trim();
  // Browsers drop control characters and spaces: `java\nscript:` would be a scheme to them.
  if (/[\u0000-\u0020\u007f-\u009f]/.test(text)) return null;
  return /^(https?:\/\/[^/]|mailto:[^:]+@)/i.test(text) ? text : null;
}

const ESCAPABLE = '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~';

/** The inline elements of a text. */
export function inlinesOf(text: string, depth = 0): Inline[] {
  if (depth > DEEPEST) return [{ kind: 'text', text }];
  const nodes: Inline[] = [];
  let plain = '';
  const flush = () => {
    if (plain !== '') nodes.push({ kind: 'text', text: plain });
    plain = '';
  };
  const add = (node: Inline) => {
    flush();
    nodes.push(node);
  };
  const marked = Math.min(text.length, LONGEST_MARKED);
  let at = 0;
  while (at < marked) {
    const sign = text[at];
    if (sign === '\\' && text[at + 1] === '\n') {
      add({ kind: 'break' });
      at += 2;
    } else if (sign === '\\' && ESCAPABLE.includes(text[at + 1] ?? ' ')) {
      plain += text[at + 1];
      at += 2;
    } else if (sign === '\n') {
      const hard = plain.endsWith('  ');
      plain = plain.trimEnd();
      if (hard) add({ kind: 'break' });
      else plain += ' ';
      at++;
    } else {
      const taken = markAt(text, at, depth);
      if (taken === null) {
        plain += sign;
        at++;
      } else {
        add(taken.node);
        at += taken.length;
      }
    }
  }
  plain += text.slice(marked);
  flush();
  return nodes;
}

interface Mark {
  node: Inline;
  length: number;
}

function markAt(text: string, at: number, depth: number): Mark | null {
  switch (text[at]) {
    case '`':
      return codeAt(text, at);
    case '*':
    case '_':
    case '~':
      return emphasisAt(text, at, depth);
    case '!':
      return text[at + 1] === '[' ? linkAt(text, at + 1, depth, true) : null;
    case '[':
      return linkAt(text, at, depth, false);
    case '<':
      return bareLink(/^<([^<>\s]+)>/.exec(text.slice(at, at + 2_050)));
    case 'h':
      return !text.startsWith('http', at) || /\w/.test(text[at - 1] ?? ' ') ? null : bareLink(/^(https?:\/\/[^\s<>"'`|]*[^\s<>"'`|.,;:!?)\]*_~])/.exec(text.slice(at, at + 2_050)));
    default:
      return null;
  }
}

function bareLink(found: RegExpExecArray | null): Mark | null {
  const address = found === null ? null : safeAddress(found[1]);
  return found === null || address === null ? null : { node: { kind: 'link', address, of: [{ kind: 'text', text: found[1] }] }, length: found[0].length };
}

function codeAt(text: string, at: number): Mark | null {
  const fence = /^`+/.exec(text.slice(at))?.[0] ?? '';
  let end = text.indexOf(fence, at + fence.length);
  for (let tries = 0; end >= 0 && tries < MOST_TRIES; end = text.indexOf(fence, end + 1), tries++) {
    if (text[end + fence.length] === '`' || text[end - 1] === '`') continue;
    const code = text.slice(at + fence.length, end).replaceAll('\n', ' ');
    const inner = code.startsWith(' ') && code.endsWith(' ') && code.trim() !== '' ? code.slice(1, -1) : code;
    return { node: { kind: 'code', text: inner }, length: end + fence.length - at };
  }
  // Fences that nothing closes are text together: each for itself would be looked for again.
  return { node: { kind: 'text', text: fence }, length: fence.length };
}

function emphasisAt(text: string, at: number, depth: number): Mark | null {
  const sign = text[at];
  const double = text[at + 1] === sign;
  if (sign === '~' && !double) return null;
  const mark = double ? sign + sign : sign;
  const from = at + mark.length;
  if (/\s/.test(text[from] ?? ' ')) return null;
  // `snake_case` is a word.
  if (sign === '_' && /\w/.test(text[at - 1] ?? ' ')) return null;
  let end = text.indexOf(mark, from + 1);
  for (let tries = 0; end >= 0 && tries < MOST_TRIES; end = text.indexOf(mark, end + 1), tries++) {
    if (/\s/.test(text[end - 1]) || text[end - 1] === '\\') continue;
    if (!double && (text[end + 1] === sign || text[end - 1] === sign)) continue;
    if (sign === '_' && /\w/.test(text[end + mark.length] ?? ' ')) continue;
    // Of three signs at the end, the last two close.
    const close = double && text[end + mark.length] === sign ? end + 1 : end;
    const kind = sign === '~' ? 'struck' : double ? 'strong' : 'emphasis';
    return { node: { kind, of: inlinesOf(text.slice(from, close), depth + 1) }, length: close + mark.length - at };
  }
  return null;
}

function linkAt(text: string, at: number, depth: number, isImage: boolean): Mark | null {
  let open = 0;
  let end = at;
  const limit = Math.min(text.length, at + LONGEST_LINK);
  for (; end < limit; end++) {
    if (text[end] === '\\') end++;
    else if (text[end] === '[') open++;
    else if (text[end] === ']' && --open === 0) break;
  }
  if (open !== 0 || text[end + 1] !== '(') return null;
  const found = /^\(\s*(?:<([^<>\n]*)>|((?:[^\s()\\]|\\.|\([^\s()]*\))*))(?:\s+(?:"[^"\n]*"|'[^'\n]*'))?\s*\)/.exec(text.slice(end + 1, end + 4_000));
  if (!found) return null;
  const address = found[1] ?? found[2] ?? '';
  const words = text.slice(at + 1, end);
  const length = end + 1 + found[0].length - at + (isImage ? 1 : 0);
  if (isImage) return { node: { kind: 'image', address, text: words }, length };
  const safe = safeAddress(address);
  // What a link may not go to stays as it was written.
  return { node: safe === null ? { kind: 'text', text: text.slice(at, at + length) } : { kind: 'link', address: safe, of: inlinesOf(words, depth + 1) }, length };
}
