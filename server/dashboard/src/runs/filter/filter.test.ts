/** The filter language from text to runs. */
import { describe, expect, it } from 'vitest';
import type { RunSummary } from '../../api/client';
import type { SettingValue } from '../configs';
import { NO_FACTS, type Facts, type MetricFacts } from '../fields';
import { testRun } from '../testRuns';
import { needsOf, readFilter } from './filter';

const measured = (last: number, min: number, max: number): MetricFacts => ({ first: max, last, lastStep: 9, min, minStep: 5, max, maxStep: 1 });

const sft = testRun({ run: 'sft-lr=0.001', state: 'running', tags: ['baseline', 'a100'], group: 'sweep', step: 800, elapsed_seconds: 7_200, created_at: '2026-11-20T10:00:00Z', loss: 1.5 });
const dpo = testRun({ run: 'dpo 2', state: 'failed', tags: [], step: 40, elapsed_seconds: 60, created_at: '2026-11-28T10:00:00Z', exit_code: 1 });
const tiny = testRun({ run: 'tiny/(1)', state: 'finished', tags: ['old'] });
const runs = [sft, dpo, tiny];

const facts: Facts = {
  configs: new Map([
    [sft.run_id, new Map<string, SettingValue>([['lr', 1e-3], ['model', 'Qwen/Qwen3-0.6B'], ['fp16', true], ['layers', '[1,2]'], ['optim.name', 'adamw']])],
    [dpo.run_id, new Map<string, SettingValue>([['lr', 5e-4], ['model', 'gpt2'], ['fp16', false], ['a b', 7]])],
  ]),
  metrics: new Map([
    ['train/loss', new Map([[sft.run_id, measured(1.9, 1.2, 3)], [dpo.run_id, measured(2.5, 2.4, 4)]])],
    ['eval/acc', new Map([[sft.run_id, measured(0.7, 0.1, 0.8)]])],
  ]),
  settings: ['lr', 'model', 'fp16', 'layers', 'optim.name', 'a b'],
  keys: ['train/loss', 'eval/acc'],
};

const found = (text: string, known = facts) => {
  const filter = readFilter(text, known);
  return { runs: runs.filter(filter.matches).map(({ run }) => run.slice(0, 3)), problem: filter.problem };
};

/** Runs let through by a filter in which nothing is wrong. */
function through(text: string): string {
  const { runs: names, problem } = found(text);
  expect(problem, text).toBeNull();
  return names.join(' ');
}

describe('readFilter', () => {
  it.each([
    ['', 'sft dpo tin'],
    ['   ', 'sft dpo tin'],
    ['config.lr < 1e-3', 'dpo'],
    ['config.lr<=0.001', 'sft dpo'],
    ['lr >= .001', 'sft'],
    ['config.lr < 1e-3 and state = running', ''],
    ['config.lr = 1e-3 and state = running and name ~ /sft/ and tags has baseline and train/loss.last < 2', 'sft'],
    ['state = failed or state = finished', 'dpo tin'],
    ['state in (failed, finished)', 'dpo tin'],
    ['state not in (failed, finished)', 'sft'],
    ['not state = failed', 'sft tin'],
    ['state != failed', 'sft tin'],
    ['not (state = failed or tags has old)', 'sft'],
    ['STATE = Running AND name ~ SFT', 'sft'],
    ['name ~ /^SFT/', 'sft'],
    ['name ~ /^SFT/c', ''],
    ['name !~ sft', 'dpo tin'],
    ['name = "dpo 2"', 'dpo'],
    ["name = 'DPO 2'", 'dpo'],
    ['tags = baseline', 'sft'],
    ['tags has base', ''],
    ['tags != baseline', 'dpo tin'],
    ['config.model has qwen', 'sft'],
    ['config.model = Qwen/Qwen3-0.6B', 'sft'],
    ['config.fp16 = true', 'sft'],
    ['config.layers has 2', 'sft'],
    ['config.layers = [1,2]', 'sft'],
    ['config.optim.name = adamw', 'sft'],
    ['config."a b" > 6', 'dpo'],
    ['config.lr = none', 'tin'],
    ['config.lr != none', 'sft dpo'],
    ['group = none', 'dpo tin'],
    ['train/loss.last < 2', 'sft'],
    ['train/loss < 2', 'sft'],
    ['train/loss.best <= 2.4', 'sft dpo'],
    ['eval/acc.best > 0.75', 'sft'],
    ['train/loss.at = 5', 'sft dpo'],
    ['loss < 2', 'sft'],
    ['step > 100', 'sft'],
    ['step >= 40', 'sft dpo'],
    ['elapsed > 1h', 'sft'],
    ['elapsed <= 90s', 'dpo'],
    ['created < 2026-11-25', 'sft'],
    ['exit_code = 1', 'dpo'],
    ['sft', 'sft'],
    ['sweep RUNNING', 'sft'],
    ['lr sft', 'sft'],
    ['SFT baseline', 'sft'],
    ['sft state = running', 'sft'],
    ['sft or old', 'sft tin'],
    ['not sft', 'dpo tin'],
    ['/s.t|dpo/', 'sft dpo'],
    ['/^sft', 'sft'],
    ['/', 'sft dpo tin'],
    ['/y\\/\\(1/', 'tin'],
    ['tiny/(1)', 'tin'],
    ['"lr=0.001"', 'sft'],
    ['"and"', ''],
    ['state', ''],
  ])('%s', (text, expected) => {
    expect(through(text)).toBe(expected);
  });

  it.each([
    ['config.lr <', 11, 'a value is missing after `config.lr <`'],
    ['state = running and', 16, 'a condition is missing after `and`'],
    ['config.lr < banana', 12, '`banana` is not a number: write for instance `config.lr < 1e-3`'],
    ['state = runing', 8, '`runing` is no state: did you mean `running`?'],
    ['conifg.lr < 1', 0, 'no run has a field `conifg.lr`: did you mean `config.lr`?'],
    ['config.lrr < 1', 0, 'did you mean `config.lr`?'],
    ['train/los.last < 1', 0, 'no run has logged `train/los`: did you mean `train/loss.last`?'],
    ['name < 3', 7, '`name` is a text: compare it with `=`, `~` or `has`'],
    ['(state = running', 0, 'this bracket is not closed: add `)`'],
    ['state = running)', 15, 'nothing is open that `)` could close'],
    ['= 3', 0, 'a field is missing before `=`'],
    ['name ~ /(/', 7, 'put `\\` before a sign'],
    ['name = "dpo', 7, 'the quotes are not closed'],
    ['state in running', 9, '`in` takes values in brackets'],
    ['state in (running', 9, 'this bracket is not closed'],
    ['state in (running failed)', 18, 'a comma is missing'],
    ['elapsed > soon', 10, '`soon` is not a span of time: write for instance `elapsed > 2h`'],
    ['created > yesterday', 10, '`yesterday` is not a time'],
    ['config.lr', 0, '`config.lr` is a field: go on with'],
    ['/(/', 0, 'Unterminated group'],
  ])('%s says at %i what is wrong', (text, from, message) => {
    const withEmpty: Facts = { ...facts, metrics: new Map([...facts.metrics, ['train/los', new Map()]]) };
    const { problem } = found(text, withEmpty);
    expect(problem?.message).toContain(message);
    expect(problem?.from).toBe(from);
    expect(problem?.to).toBeGreaterThanOrEqual(from);
    expect(problem?.to).toBeLessThanOrEqual(text.length);
  });

  it('uses what stands before the mistake', () => {
    expect(found('state = running and config.lr <').runs).toEqual(['sft']);
    expect(found('state = running and (').runs).toEqual(['sft']);
    expect(found('config.lr <').runs).toEqual(['sft', 'dpo', 'tin']);
  });

  it('lets everything through until what it needs is known', () => {
    expect(found('config.lr < 1e-9', NO_FACTS)).toEqual({ runs: ['sft', 'dpo', 'tin'], problem: null });
    expect(found('train/loss.last < 0', NO_FACTS)).toEqual({ runs: ['sft', 'dpo', 'tin'], problem: null });
    expect(needsOf('train/loss.last < 2 and not (config.lr < 1 or "a b".max > 3)', NO_FACTS)).toEqual({ metrics: ['train/loss', 'a b'], configs: true });
    expect(needsOf('state = running sft', NO_FACTS)).toEqual({ metrics: [], configs: false });
  });
});

/** The same numbers each time, so that a failure comes again. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * below);
  };
}

const CONDITIONS = ['state = running', 'config.lr < 1e-3', 'name ~ /o/', 'tags has old', 'train/loss.last < 2', 'step > 50', 'sft', '/tiny/', 'elapsed > 1h', 'config.model != gpt2', 'state in (failed, created)'];
const SIGNS = ['(', ')', ' ', ',', '=', '<', '~', '!', '"', "'", '`', '/', '\\', 'and', 'or', 'not', 'in', 'has', 'state', 'config.lr', '1', '.', 'é', '€', '[', '*', '\u0000'];

function expression(next: (below: number) => number, depth: number): string {
  const kind = depth === 0 ? 0 : next(4);
  if (kind === 0) return CONDITIONS[next(CONDITIONS.length)];
  if (kind === 1) return `not (${expression(next, depth - 1)})`;
  const word = [' and ', ' or ', ' '][next(3)];
  return `(${expression(next, depth - 1)})${word}(${expression(next, depth - 1)})`;
}

/** The names let through, as one text; with what is wrong in it, which no law allows for. */
const set = (text: string): string => {
  const { matches, problem } = readFilter(text, facts);
  return `${problem?.message ?? ''}${told((run) => matches(run))}`;
};
const told = (test: (run: RunSummary) => boolean) => runs.filter(test).map(({ run }) => run).join('|');

describe('laws that hold for any filter', () => {
  it('logic is that of sets', () => {
    const next = numbers(6);
    for (let i = 0; i < 80; i += 1) {
      const [a, b] = [expression(next, 3), expression(next, 3)];
      const [inA, inB] = [a, b].map((text) => new Set(set(text).split('|')));
      const laws = [
        [`(${a}) and (${b})`, told(({ run }) => inA.has(run) && inB.has(run))],
        [`(${a}) (${b})`, told(({ run }) => inA.has(run) && inB.has(run))],
        [`(${a}) or (${b})`, told(({ run }) => inA.has(run) || inB.has(run))],
        [`not (${a})`, told(({ run }) => !inA.has(run))],
        [`not (${a} or ${b})`, set(`not (${a}) and not (${b})`)],
      ];
      const broken = laws.find(([text, wanted]) => set(text) !== wanted);
      if (broken) expect(set(broken[0]), broken[0]).toBe(broken[1]);
    }
  });

  it('each beginning of a filter and any text is read without harm, with a problem inside the text', () => {
    const next = numbers(7);
    const read = (text: string) => {
      const { matches, problem, marks } = readFilter(text, facts);
      const isInside = ({ from, to }: { from: number; to: number }) => from >= 0 && to >= from && to <= text.length;
      const isSound = runs.every((run) => typeof matches(run) === 'boolean') && [...marks, ...(problem ? [problem] : [])].every(isInside);
      if (!isSound || problem?.message.length === 0) expect.fail(text);
    };
    for (let i = 0; i < 60; i += 1) {
      const text = expression(next, 2);
      for (let end = 0; end <= text.length; end += 1) read(text.slice(0, end));
    }
    for (let i = 0; i < 1_000; i += 1) read(Array.from({ length: next(12) }, () => SIGNS[next(SIGNS.length)]).join(next(2) ? ' ' : ''));
  });

  it('a name in quotes is found whatever its signs', () => {
    const next = numbers(8);
    for (let i = 0; i < 1_000; i += 1) {
      const name = `x${Array.from({ length: 1 + next(8) }, () => SIGNS[next(SIGNS.length)]).join('')}`;
      const run = testRun({ run: name });
      const filter = readFilter(`name = "${name.replaceAll(/["\\]/g, String.raw`\$&`)}"`, facts);
      expect(filter.problem).toBeNull();
      expect(filter.matches(run), name).toBe(true);
      expect(filter.matches(testRun({ run: `${name}.` }))).toBe(false);
    }
  });
});
