/** Figures and durations as people read them. */

import { describe, expect, it } from 'vitest';
import {
  countInWords,
  formatBytes,
  formatCount,
  formatEta,
  formatFigure,
  formatSetting,
  formatShare,
  formatSpan,
  formatSpanTick,
  formatTick,
  secondsSince,
  spanInWords,
} from './format';

describe('settings', () => {
  it.each([
    [2e-5, '2e-5'],
    [0.00125, '0.00125'],
    [0.1, '0.1'],
    [1e-7, '1e-7'],
    [-5e-4, '−5e-4'],
    [1_000_000, '1e6'],
    [1_234_567, '1234567'],
    [0, '0'],
    [true, 'true'],
    ['adamw', 'adamw'],
    [null, 'null'],
    [undefined, '–'],
    [NaN, 'NaN'],
  ])('%s is %s', (value, text) => expect(formatSetting(value)).toBe(text));
});

describe('figures', () => {
  it.each([
    [1.4368, '1.437'],
    [1.48, '1.480'],
    [0.69071, '0.6907'],
    [18705.4, '18,705'],
    [41.8, '41.80'],
    [5e-4, '5e-4'],
    [1.2345e-5, '1.234e-5'],
    [2_500_000, '2.5e6'],
    [-0.5, '−0.5000'],
    [0, '0'],
    [Infinity, '∞'],
    [NaN, '–'],
    [null, '–'],
    [undefined, '–'],
  ])('%s is %s', (value, text) => expect(formatFigure(value)).toBe(text));

  it('counts with commas and a true minus', () => {
    expect(formatCount(1_200)).toBe('1,200');
    expect(formatCount(-3)).toBe('−3');
    expect(formatCount(null)).toBe('–');
  });

  it('never rounds a share up to the end', () => {
    expect(formatShare(0.999)).toBe('99 %');
    expect(formatShare(1)).toBe('100 %');
    expect(formatShare(0.29)).toBe('29 %');
  });

  it('counts in words up to nine', () => {
    expect([1, 9, 10].map(countInWords)).toEqual(['one', 'nine', '10']);
  });
});

describe('sizes', () => {
  it('have the unit of what is said', () => {
    expect([0, 999, 1_000, 12_345, 999_499, 999_500, 999_999, 1_000_000, 2.5e9, 999.9e9].map(formatBytes)).toEqual([
      '0 B', '999 B', '1 kB', '12.3 kB', '999 kB', '1 MB', '1 MB', '1 MB', '2.5 GB', '1 TB',
    ]);
  });
});

describe('spans', () => {
  it.each([
    [45, '45 s'],
    [2_940, '49 m'],
    [4_140, '1 h 09 m'],
    [183_600, '2 d 3 h'],
  ])('%s seconds in a column are %s', (seconds, text) => expect(formatSpan(seconds)).toBe(text));

  it.each([
    [1, '1 second'],
    [14 * 60 + 3, '14 minutes'],
    [3 * 3_600, '3 hours'],
    [3 * 86_400, '3 days'],
  ])('%s seconds in a sentence are %s', (seconds, text) => expect(spanInWords(seconds)).toBe(text));

  it('tells the longer side of the interval in the unit of the time', () => {
    expect(formatEta(1_200, 1_110, 1_320)).toEqual({ time: '20 min', spread: '± 2' });
    expect(formatEta(50, 49.9, 50.1)).toEqual({ time: '50 s', spread: '± 1' });
    expect(formatEta(2 * 3_600, 6_600, 7_800)).toEqual({ time: '2 h 00 min', spread: '± 10' });
    expect(formatEta(51 * 3_600, 45 * 3_600, 55 * 3_600)).toEqual({ time: '2 d 3 h', spread: '± 6' });
    expect(formatEta(600, null, null)).toEqual({ time: '10 min', spread: '' });
  });

  it('knows no time since a moment that is none', () => {
    expect(secondsSince('2026-11-23T02:17:52.070297+00:00', Date.parse('2026-11-23T02:18:52.070Z'))).toBe(60);
    expect(secondsSince('soon', 0)).toBeNull();
    expect(secondsSince(null, 0)).toBeNull();
  });
});

describe('ticks', () => {
  it('have the decimals of their distance', () => {
    expect([0, 0.5, 1].map((value) => formatTick(value, 0.5))).toEqual(['0', '0.5', '1']);
    expect(formatTick(0.30000000000000004, 0.1)).toBe('0.3');
    expect(formatTick(2.25, 0.05)).toBe('2.25');
    expect(formatTick(1_200, 200)).toBe('1,200');
    expect(formatTick(-0.5, 0.5)).toBe('−0.5');
    expect(formatTick(4e-4, 2e-4)).toBe('4e-4');
    expect(formatTick(1.5e6, 5e5)).toBe('1.5e6');
  });

  it('of spans name the unit of their distance', () => {
    expect(formatSpanTick(0, 600)).toBe('0');
    expect(formatSpanTick(1_800, 600)).toBe('30 min');
    expect(formatSpanTick(7_200, 3_600)).toBe('2 h');
    expect(formatSpanTick(15, 5)).toBe('15 s');
  });
});
