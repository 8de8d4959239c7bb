/** A filter as the page uses it: which runs it lets through, what is wrong with it, and what has to be known for it. */
import type { RunSummary } from '../../api/client';
import { presentMs } from '../../frozen/frozen';
import { BUILT_IN_FIELDS, fieldOf, looksLikeField, METRIC_PARTS, nameOf, STATES, valueOf, type Facts, type Field } from '../fields';
import { treeOf, type Condition, type Mark, type Node, type Operator, type Placed, type Problem, type Value } from './grammar';
import { nearest } from './nearest';

export interface Filter {
  /** Whether a run is let through. What is wrong with the filter counts as if it were not there. */
  matches: (run: RunSummary) => boolean;
  problem: Problem | null;
  /** Operators and words of the language, for the eye. */
  marks: readonly Mark[];
}

type Test = (run: RunSummary) => boolean;
/** What the value of one field has to be. */
type Check = (value: unknown) => boolean;

const NOTHING = ['none', 'null', 'missing'];
const SECONDS = { s: 1, m: 60, min: 60, h: 3_600, d: 86_400, w: 604_800 } as const;
const SPAN = /^(\d+(?:\.\d+)?)(s|m|min|h|d|w)$/;

const isNothing = (value: Value) => !value.quoted && NOTHING.includes(value.text.toLowerCase());

/** A number as people write it: `1e-3`, `10_000`, `5,000`, `50%`, `10k`. */
function numberOf(text: string): number | null {
  const match = /^([-+−]?(?:\d[\d_,]*\.?\d*|\.\d+)(?:e[-+]?\d+)?|[-+−]?inf(?:inity)?)(%|k|m)?$/i.exec(text);
  if (!match) return null;
  const plain = match[1].replaceAll(/[_,+]/g, (sign) => (sign === '+' ? '+' : '')).replace('−', '-');
  const number = /inf/i.test(plain) ? (plain.startsWith('-') ? -Infinity : Infinity) : Number(plain);
  if (Number.isNaN(number)) return null;
  const suffix = match[2]?.toLowerCase();
  return suffix === '%' ? number / 100 : suffix === 'k' ? number * 1e3 : suffix === 'm' ? number * 1e6 : number;
}

/** What a value stands for, for fields of numbers; null: it is none for this field. */
function amountOf(field: Field, { text }: Value): number | null {
  if (field.kind === 'span') {
    const span = SPAN.exec(text);
    return span ? Number(span[1]) * SECONDS[span[2] as keyof typeof SECONDS] : numberOf(text);
  }
  if (field.kind === 'moment') {
    const ago = SPAN.exec(text);
    if (ago) return presentMs() - Number(ago[1]) * SECONDS[ago[2] as keyof typeof SECONDS] * 1_000;
    // A day alone is the day of the reader's clock.
    const moment = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00`) : /^\d{4}-/.test(text) ? Date.parse(text.replace(' ', 'T')) : NaN;
    return Number.isNaN(moment) ? null : moment;
  }
  return numberOf(text);
}

const SUCH_AS: Record<Field['kind'], string> = {
  text: 'sft',
  state: 'running',
  tags: 'baseline',
  count: '1000',
  share: '50%',
  span: '2h',
  moment: '2026-11-28',
  figure: '1.5',
  setting: '1e-3',
};

/** Whether a number stands so to another. */
function ordered(operator: Operator, wanted: number): (value: number) => boolean {
  switch (operator) {
    case '<':
      return (value) => value < wanted;
    case '<=':
      return (value) => value <= wanted;
    case '>':
      return (value) => value > wanted;
    case '>=':
      return (value) => value >= wanted;
    default:
      return (value) => value === wanted;
  }
}

function equals(field: Field, value: Value): Check {
  if (isNothing(value)) return (own) => own == null;
  const amount = value.quoted ? null : amountOf(field, value);
  const text = value.text.toLowerCase();
  const same = (own: unknown): boolean => {
    if (own == null) return false;
    if (Array.isArray(own)) return own.some(same) || String(own).toLowerCase() === text;
    if (typeof own === 'number' && amount !== null) return own === amount;
    return String(own).toLowerCase() === text;
  };
  return same;
}

function containing(value: Value): Check {
  const text = value.text.toLowerCase();
  const has = (own: unknown): boolean => {
    if (own == null) return false;
    return Array.isArray(own) ? own.some((each) => String(each).toLowerCase() === text) : String(own).toLowerCase().includes(text);
  };
  return has;
}

function matching(pattern: RegExp): Check {
  const fits = (own: unknown): boolean => (own == null ? false : Array.isArray(own) ? own.some(fits) : pattern.test(String(own)));
  return fits;
}

class Compiler {
  problem: Problem | null = null;
  #facts: Facts;

  constructor(facts: Facts) {
    this.#facts = facts;
  }

  #fail(at: Placed, message: string): null {
    this.problem ??= { from: at.from, to: at.to, message };
    return null;
  }

  /** Null: there is nothing to test. */
  test(node: Node): Test | null {
    switch (node.kind) {
      case 'all':
      case 'any': {
        const tests = node.parts.map((part) => this.test(part)).filter((test) => test !== null);
        if (tests.length === 0) return null;
        return node.kind === 'all' ? (run) => tests.every((test) => test(run)) : (run) => tests.some((test) => test(run));
      }
      case 'not': {
        const test = this.test(node.part);
        return test && ((run) => !test(run));
      }
      case 'word': {
        const word = node.text.toLowerCase();
        // A stroke alone is the beginning of a pattern.
        return word === '/' ? null : (run) => textOf(run).toLowerCase().includes(word);
      }
      case 'pattern':
        return (run) => node.expression.test(textOf(run));
      case 'condition':
        return this.#condition(node);
    }
  }

  #condition(condition: Condition): Test | null {
    const field = this.#field(condition.field);
    if (field === null) return null;
    // Until the settings are read, a condition on them is one that all fulfil: an empty table would flash.
    if (field.of === 'config' && this.#facts.configs === null) return null;
    if (field.of === 'metric' && !this.#facts.metrics.has(field.metric)) return null;
    const check = this.#check(field, condition);
    return check && ((run) => check(valueOf(field, run, this.#facts)));
  }

  #field(name: Placed): Field | null {
    const { configs, settings, keys } = this.#facts;
    const field = fieldOf(name.text, this.#facts);
    const known = [...BUILT_IN_FIELDS, ...settings.map((setting) => `config.${setting}`)];
    const measured = (keys ?? []).flatMap((key) => METRIC_PARTS.map((part) => `${key}.${part}`));
    const meant = () => {
      const near = nearest(name.text, known) ?? nearest(name.text, [...settings, ...(keys ?? [])]) ?? nearest(name.text, measured);
      return near ? `did you mean \`${near}\`?` : 'fields are `name`, `state`, `tags`, `config.KEY`, `METRIC.last` and so on; text with signs goes in quotes';
    };
    if (field === null) {
      // A setting without its prefix may be among those that are not read yet.
      return configs === null ? null : this.#fail(name, `no run has a field \`${name.text}\`: ${meant()}`);
    }
    if (field.of === 'config' && configs !== null && !settings.includes(field.setting)) {
      return this.#fail(name, `no run has the setting \`${field.setting}\`: ${nearest(name.text, known) ? meant() : 'the menu Columns lists those there are'}`);
    }
    const near = nearest(name.text, measured);
    const values = field.of === 'metric' ? this.#facts.metrics.get(field.metric) : undefined;
    if (field.of === 'metric' && values?.size === 0 && keys !== null && !keys.includes(field.metric)) {
      return this.#fail(name, `no run has logged \`${field.metric}\`: ${near ? `did you mean \`${near}\`?` : 'the menu Columns lists the metrics there are'}`);
    }
    return field;
  }

  #check(field: Field, { operator, values }: Condition): Check | null {
    const [value] = values;
    if (value.pattern !== null) {
      const fits = matching(value.pattern);
      return operator === '!~' ? (own) => !fits(own) : fits;
    }
    for (const each of values) if (!this.#fits(field, each, operator)) return null;
    switch (operator) {
      case 'has':
        return containing(value);
      case '=':
        return equals(field, value);
      case '!=': {
        const same = equals(field, value);
        return (own) => !same(own);
      }
      case 'in':
      case 'not in': {
        const checks = values.map((each) => equals(field, each));
        const wanted = operator === 'in';
        return (own) => checks.some((check) => check(own)) === wanted;
      }
      default: {
        const test = ordered(operator, amountOf(field, value) ?? NaN);
        return (own) => typeof own === 'number' && test(own);
      }
    }
  }

  /** Whether a value can be one of the field; says what is wrong when it cannot. */
  #fits(field: Field, value: Value, operator: Operator): boolean {
    const compares = operator.startsWith('<') || operator.startsWith('>');
    if (field.kind === 'state' && !compares && operator !== 'has') {
      if (STATES.some((state) => state === value.text.toLowerCase())) return true;
      const near = nearest(value.text, STATES);
      this.#fail(value, `\`${value.text}\` is no state: ${near ? `did you mean \`${near}\`?` : `states are ${STATES.map((state) => `\`${state}\``).join(', ')}`}`);
      return false;
    }
    const isText = field.kind === 'text' || field.kind === 'state' || field.kind === 'tags';
    if (compares && isText) {
      this.#fail(value, `\`${nameOf(field)}\` is a text: compare it with \`=\`, \`~\` or \`has\``);
      return false;
    }
    const needsAmount = compares || (!isText && field.kind !== 'setting' && operator !== 'has');
    if (needsAmount && !(operator !== 'has' && !compares && isNothing(value)) && amountOf(field, value) === null) {
      const kind = field.kind === 'moment' ? 'a time' : field.kind === 'span' ? 'a span of time' : 'a number';
      this.#fail(value, `\`${value.text}\` is not ${kind}: write for instance \`${nameOf(field)} ${operator.includes('in') ? '=' : operator} ${SUCH_AS[field.kind]}\``);
      return false;
    }
    return true;
  }
}

/** What words and patterns are looked for in. */
function textOf(run: RunSummary): string {
  return [run.run, run.state, run.group ?? '', ...run.tags, run.notes ?? ''].join('\n');
}

/** Reads a filter with what is known of the runs. */
export function readFilter(text: string, facts: Facts): Filter {
  const { root, problem, marks } = treeOf(text, looksLikeField);
  const compiler = new Compiler(facts);
  const test = root && compiler.test(root);
  return { matches: test ?? (() => true), problem: problem ?? compiler.problem, marks };
}

/** What has to be read before a filter can be used. */
export interface Needs {
  metrics: readonly string[];
  configs: boolean;
}

/** The metrics a filter speaks of, and whether it may speak of settings. */
export function needsOf(text: string, facts: Facts): Needs {
  const metrics = new Set<string>();
  let configs = false;
  const visit = (node: Node): void => {
    if (node.kind === 'not') visit(node.part);
    else if (node.kind === 'all' || node.kind === 'any') node.parts.forEach(visit);
    else if (node.kind === 'condition') {
      const field = fieldOf(node.field.text, facts);
      if (field?.of === 'metric') metrics.add(field.metric);
      else if (field?.of !== 'run') configs = true;
    }
  };
  const { root } = treeOf(text, looksLikeField);
  if (root) visit(root);
  return { metrics: [...metrics], configs };
}
