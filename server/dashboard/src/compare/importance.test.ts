/** What matters is told from what does not, for numbers, booleans and texts. */

import { describe, expect, it } from 'vitest';
import type { SettingValue } from '../runs/configs';
import { importancesOf, type Trial } from './importance';
import { randomNumbers } from './randomNumbers';

const trial = (target: number | null, settings: Record<string, SettingValue>): Trial => ({ settings: new Map(Object.entries(settings)), target });

describe('importances', () => {
  it('put the setting that decides first, and hold 0 for noise', () => {
    const random = randomNumbers(3);
    const trials = Array.from({ length: 40 }, () => {
      const learningRate = 10 ** (-5 + 3 * random());
      return trial(-Math.log(learningRate) + random(), { seed: Math.floor(random() * 1e6), learning_rate: learningRate, epochs: 3 });
    });
    const [first, second, ...rest] = importancesOf(trials);
    expect(first.setting).toBe('learning_rate');
    expect(first.correlation).toBeLessThan(-0.8);
    expect(first.interval?.high).toBeLessThan(-0.7);
    expect(second.setting).toBe('seed');
    expect((second.interval?.low ?? 1) < 0 && (second.interval?.high ?? -1) > 0).toBe(true);
    expect(rest).toEqual([]);
  });

  it('count true above false', () => {
    const trials = [1, 2, 3, 4, 5, 6].map((target) => trial(target, { packing: target > 3 }));
    expect(importancesOf(trials)[0]).toMatchObject({ setting: 'packing', value: null, runs: 6 });
    expect(importancesOf(trials)[0].correlation).toBeGreaterThan(0.85);
  });

  it('name the value of a text that stands out', () => {
    const optimizers = ['adamw', 'adamw', 'lion', 'lion', 'sgd', 'sgd', 'adamw', 'lion'];
    const trials = optimizers.map((optimizer, i) => trial(optimizer === 'sgd' ? 10 + i : 1 + (i % 3), { optimizer }));
    const [first] = importancesOf(trials);
    expect(first).toMatchObject({ setting: 'optimizer', value: 'sgd' });
    expect(first.correlation).toBeGreaterThan(0.7);
  });

  it('take the rarer of two values', () => {
    const trials = ['a', 'a', 'a', 'a', 'b', 'b'].map((text, i) => trial(i, { text }));
    expect(importancesOf(trials)).toMatchObject([{ setting: 'text', value: 'b' }]);
  });

  it('leave out names, constants, and what too few runs tell', () => {
    const trials = [1, 2, 3, 4, 5, 6].map((target) => trial(target, { output: `run-${target}`, epochs: 1, ...(target < 4 ? { late: target } : {}) }));
    expect(importancesOf(trials)).toEqual([]);
    expect(importancesOf([1, 2, 3, 4].map((target) => trial(target, { lr: target })))).toEqual([]);
  });

  it('leave out runs without the target', () => {
    const trials = [1, 2, 3, 4, 5].map((target) => trial(target, { lr: target }));
    expect(importancesOf([...trials, trial(null, { lr: -100 })])[0]).toMatchObject({ correlation: 1, runs: 5 });
  });
});
