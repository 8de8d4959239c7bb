/**
 * Reads a filter of runs into a tree.
 *
 *     filter    = [ either ]
 *     either    = both { "or" both }
 *     both      = negated { [ "and" ] negated }
 *     negated   = { "not" } primary
 *     primary   = "(" either ")" | condition | pattern | word
 *     condition = field compare value | field match ( pattern | value ) | field [ "not" ] "in" "(" value { "," value } ")"
 *     compare   = "=" | "==" | "!=" | "<" | "<=" | ">" | ">=" | "has"
 *     match     = "~" | "!~"
 *     pattern   = "/" expression "/" [ flags ]
 *
 * A word without an operator is looked for in the name, state, group and tags. Quotes take signs of the language as
 * letters: `name = "my run"`, `config."a b" > 1`. What comes after a mistake is not read; what comes before it counts.
 */
import { tokensOf, type Token } from './tokens';

export type Operator = '=' | '!=' | '<' | '<=' | '>' | '>=' | '~' | '!~' | 'has' | 'in' | 'not in';

/** A text of the filter and where it stands. */
export interface Placed {
  text: string;
  from: number;
  to: number;
}

export interface Value extends Placed {
  quoted: boolean;
  /** The value is an expression. */
  pattern: RegExp | null;
}

export interface Condition {
  kind: 'condition';
  field: Placed;
  operator: Operator;
  values: readonly Value[];
}

export type Node =
  | { kind: 'all' | 'any'; parts: readonly Node[] }
  | { kind: 'not'; part: Node }
  | { kind: 'word'; text: string }
  | { kind: 'pattern'; expression: RegExp }
  | Condition;

/** What is wrong, where, and the way out. */
export interface Problem {
  from: number;
  to: number;
  message: string;
}

/** A part to be set apart for the eye. */
export interface Mark {
  from: number;
  to: number;
}

export interface Tree {
  /** Null: every run is meant. */
  root: Node | null;
  problem: Problem | null;
  /** Operators and words of the language. */
  marks: readonly Mark[];
}

const EXAMPLE = '`config.lr < 1e-3 and state = running`';

/** The reading of one text. A method answers null where nothing could be read; `problem` says why. */
class Reader {
  problem: Problem | null = null;
  marks: Mark[] = [];
  #tokens: readonly Token[];
  #position = 0;
  #length: number;
  #isField: (name: string) => boolean;

  constructor(text: string, isField: (name: string) => boolean) {
    this.#tokens = tokensOf(text);
    this.#length = text.length;
    this.#isField = isField;
  }

  filter(): Node | null {
    const root = this.#either(0);
    const rest = this.#peek();
    if (rest && this.problem === null) this.#fail(rest, 'nothing is open that `)` could close; remove it, or put the text in quotes');
    return root;
  }

  #peek(ahead = 0): Token | undefined {
    return this.#tokens[this.#position + ahead];
  }

  /** Whether the next part is this word of the language. */
  #isWord(token: Token | undefined, word: string): token is Token {
    return token?.kind === 'word' && !token.quoted && token.text.toLowerCase() === word;
  }

  #take(marked = false): Token {
    const token = this.#tokens[this.#position];
    this.#position += 1;
    if (marked) this.marks.push({ from: token.from, to: token.to });
    return token;
  }

  #fail(at: { from: number; to: number } | null, message: string): null {
    this.problem ??= { from: at?.from ?? this.#length, to: at?.to ?? this.#length, message };
    return null;
  }

  #either(depth: number): Node | null {
    const parts: Node[] = [];
    for (;;) {
      const part = this.#both(depth);
      if (part) parts.push(part);
      if (this.problem || parts.length === 0 || !this.#isWord(this.#peek(), 'or')) break;
      const or = this.#take(true);
      if (!this.#peek()) this.#fail(or, 'a condition is missing after `or`');
      if (this.problem) break;
    }
    return parts.length > 1 ? { kind: 'any', parts } : (parts[0] ?? null);
  }

  #both(depth: number): Node | null {
    const parts: Node[] = [];
    while (!this.problem) {
      const next = this.#peek();
      if (!next || (next.kind === 'close' && depth > 0)) break;
      if (parts.length > 0 && this.#isWord(next, 'or')) break;
      if (next.kind === 'close') break;
      if (parts.length > 0 && this.#isWord(next, 'and')) {
        this.#take(true);
        const after = this.#peek();
        if (!after || after.kind === 'close') {
          this.#fail(next, 'a condition is missing after `and`');
          break;
        }
      }
      const part = this.#negated(depth);
      if (part) parts.push(part);
      else break;
    }
    return parts.length > 1 ? { kind: 'all', parts } : (parts[0] ?? null);
  }

  #negated(depth: number): Node | null {
    const next = this.#peek();
    if (!this.#isWord(next, 'not') || !this.#peek(1)) return this.#primary(depth);
    this.#take(true);
    const part = this.#negated(depth);
    return part && !this.problem ? { kind: 'not', part } : null;
  }

  #primary(depth: number): Node | null {
    const token = this.#take();
    switch (token.kind) {
      case 'open': {
        const inner = this.#either(depth + 1);
        const close = this.#peek();
        if (close?.kind === 'close') this.#take();
        else this.#fail(token, 'this bracket is not closed: add `)`');
        if (inner === null) this.#fail(token, `a condition is missing in the brackets, such as ${EXAMPLE}`);
        return inner;
      }
      case 'pattern': {
        const expression = this.#expression(token);
        return expression && { kind: 'pattern', expression };
      }
      case 'word':
        return this.#wordOrCondition(token);
      default:
        return this.#fail(token, `a field is missing before \`${token.text}\`: write ${EXAMPLE}, or put the text in quotes`);
    }
  }

  #wordOrCondition(field: Token): Node | null {
    const next = this.#peek();
    if (next?.kind === 'operator') return this.#condition(field, this.#take(true).text.replace('==', '=') as Operator);
    if (!field.quoted && this.#isField(field.text)) {
      if (this.#isWord(next, 'has')) {
        this.#take(true);
        return this.#condition(field, 'has');
      }
      const negated = this.#isWord(next, 'not') && this.#isWord(this.#peek(1), 'in');
      if (negated) this.#take(true);
      if (this.#isWord(this.#peek(), 'in')) {
        this.#take(true);
        return this.#list(field, negated ? 'not in' : 'in');
      }
      // A field on its way to a condition is no word that names of runs are to hold.
      if (next === undefined && field.text.includes('.')) {
        return this.#fail(field, `\`${field.text}\` is a field: go on with \`=\`, \`<\`, \`>\`, \`~\` or \`has\` and a value, or put it in quotes`);
      }
    }
    return { kind: 'word', text: field.text };
  }

  #condition(field: Token, operator: Operator): Node | null {
    const next = this.#peek();
    if (next?.kind !== 'word' && next?.kind !== 'pattern') {
      return this.#fail(next ?? null, `a value is missing after \`${field.text} ${operator}\`${next ? ': put signs of the language in quotes' : ''}`);
    }
    const value = this.#value(this.#take(), operator.endsWith('~'));
    return value && { kind: 'condition', field: placed(field), operator, values: [value] };
  }

  #list(field: Token, operator: Operator): Node | null {
    const open = this.#peek();
    if (open?.kind !== 'open') return this.#fail(open ?? null, `\`${operator}\` takes values in brackets, such as \`state in (running, stalled)\``);
    this.#take();
    const values: Value[] = [];
    for (;;) {
      const next = this.#peek();
      if (next?.kind !== 'word') return this.#fail(next ?? null, 'a value is missing in the brackets');
      const value = this.#value(this.#take(), false);
      if (!value) return null;
      values.push(value);
      const after = this.#peek();
      if (after?.kind === 'close') break;
      if (after?.kind !== 'comma') return this.#fail(after ?? open, after ? 'a comma is missing before this value' : 'this bracket is not closed: add `)`');
      this.#take();
    }
    this.#take();
    return { kind: 'condition', field: placed(field), operator, values };
  }

  #value(token: Token, isMatch: boolean): Value | null {
    if (token.open && token.kind === 'word') return this.#fail(token, 'the quotes are not closed');
    if (!isMatch) return { ...placed(token), quoted: token.quoted, pattern: null };
    const pattern = this.#expression(token);
    return pattern && { ...placed(token), quoted: token.quoted, pattern };
  }

  #expression(token: Token): RegExp | null {
    try {
      return new RegExp(token.text, token.flags.includes('c') ? 'm' : 'im');
    } catch (error) {
      const reason = error instanceof Error ? error.message.replace(/^Invalid regular expression: /, '') : 'not an expression';
      return this.#fail(token, `${reason}; put \`\\\` before a sign that is meant as it stands`);
    }
  }
}

const placed = ({ text, from, to }: Token): Placed => ({ text, from, to });

/** Reads what was typed. `isField` tells by its form alone whether a name is that of a field. */
export function treeOf(text: string, isField: (name: string) => boolean): Tree {
  const reader = new Reader(text, isField);
  const root = reader.filter();
  return { root, problem: reader.problem, marks: reader.marks };
}
