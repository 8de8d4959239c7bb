/** Events of a run: what they are made from, where they stand, and what stands together. */
import { describe, expect, it } from 'vitest';
import type { Moments } from '../api/moments';
import type { Alert, RunArtifact } from '../api/oneRun';
import { evaluationKeys, isCheckpointKey, marksOf, ofAlerts, ofArtifacts, ofCourses, type RunEvent } from './events';

const BEGUN = Date.parse('2026-11-23T14:00:00Z');
const at = (minutes: number) => new Date(BEGUN + minutes * 60_000).toISOString();
const moments: Moments = { begun: BEGUN, steps: new Map([[at(10), 150]]) };
const step = (x: number) => `step ${x}`;
const linear = (min: number, max: number) => ({ min, max, log: false });
const made = (minutes: number): RunArtifact => ({ project: 'p', name: 'weights', version: 3, version_id: 1, type: 'model', size_bytes: 2_000, created_at: at(minutes) });

describe('where events come from', () => {
  it('one metric for each way of evaluating', () => {
    const metrics = [
      { key: 'train/loss', points: 400 },
      { key: 'eval/acc', points: 4 },
      { key: 'eval/loss', points: 4 },
      { key: 'test/acc', points: 1 },
      { key: 'evaluate', points: 2 },
      { key: 'val_loss', points: 0 },
    ];
    expect(evaluationKeys(metrics)).toEqual(['eval/acc', 'test/acc']);
    expect(['checkpoint', 'train/checkpoint', 'checkpoint_bytes'].map(isCheckpointKey)).toEqual([true, true, false]);
  });

  it('several metrics at one place are one evaluation', () => {
    const courses = new Map([
      ['eval/loss', { x: [100, 200], value: [1.5, null] }],
      ['eval/acc', { x: [200], value: [0.5] }],
    ]);
    expect(ofCourses('eval', courses, step).map(({ x, words }) => [x, words])).toEqual([
      [100, 'step 100: eval/loss 1.500'],
      [200, 'step 200: eval/loss –, eval/acc 0.5000'],
    ]);
  });

  it('a checkpoint stands where the run stood then, on each axis that has a place for it', () => {
    const place = (axis: string, minutes: number) => ofArtifacts([made(minutes)], axis, moments, step).map(({ x }) => x);
    expect(place('step', 10)).toEqual([150]);
    expect(place('step', 11)).toEqual([]);
    expect(place('relative_time', 11)).toEqual([660]);
    expect(place('time', 11)).toEqual([BEGUN / 1_000 + 660]);
    expect(place('epoch', 10)).toEqual([]);
    expect(ofArtifacts([made(10)], 'step', moments, step)[0].words).toBe('step 150: weights v3, 2 kB');
  });

  it('an alert stands at its step unless the trainer counts otherwise', () => {
    const alert = (minutes: number): Alert => ({ title: 'Loss rises', text: 'by half', level: 'warn', time: at(minutes), step: 7 });
    expect(ofAlerts([alert(10), alert(11)], 'step', moments, step).map(({ x }) => x)).toEqual([150, 7]);
    expect(ofAlerts([alert(11)], 'step', moments, step)[0].words).toBe('step 7: warn, Loss rises (by half)');
  });
});

describe('marks', () => {
  const event = (x: number, part: Partial<RunEvent> = {}): RunEvent => ({ lane: 'alert', x, words: `step ${x}: info, t`, level: 'info', ...part });

  it('are in sight only, and together where they are too near, as bad as the worst', () => {
    const events = [event(500), event(10), event(12, { level: 'error' }), event(13), event(14), event(2_000)];
    const marks = marksOf(events, linear(0, 1_000), 0.01);
    expect(marks.map(({ share, from, to, level }) => [share, from, to, level])).toEqual([
      [0.01, 10, 14, 'error'],
      [0.5, 500, 500, 'info'],
    ]);
    expect(marks[0].words).toBe('4 alerts: step 10: info, t; step 12: info, t; step 13: info, t; and 1 more');
    expect(marks[1].words).toBe('alert at step 500: info, t');
  });

  it('have no place at zero of a logarithmic axis', () => {
    expect(marksOf([event(0), event(10)], { min: 1, max: 100, log: true }, 0.01).map(({ share }) => share)).toEqual([0.5]);
  });
});
