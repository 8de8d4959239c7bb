/** Copied tables say what the page says, whatever the names hold. */

import { expect, it } from 'vitest';
import { asCsv, asMarkdown } from './copy';
import type { Cell, Section } from './differences';

const cell = (text: string, value: Cell['value'], part: Partial<Cell> = {}): Cell => ({ text, value, best: false, changed: false, critical: null, full: null, ...part });
const SECTIONS: Section[] = [
  { title: 'Differences', note: '', rows: [{ name: 'loss', figures: true, cells: [cell('1,234', 1234.4), cell('1.100', 1.1, { best: true })] }] },
  { title: 'config', note: '1 key differs, 3 are the same', rows: [{ name: 'a|b', figures: false, cells: [cell('<b>*x*', '<b>*x*'), cell('–', null)] }] },
];

it('is a table of Markdown', () => {
  expect(asMarkdown(['base', 'new_one'], SECTIONS)).toBe(
    [
      '|  | base | new\\_one |',
      '| --- | ---: | ---: |',
      '| loss | 1,234 | **1.100** |',
      '| **config** (1 key differs, 3 are the same) |  |  |',
      '| a\\|b | \\<b\\>\\*x\\* | – |',
      '',
    ].join('\n'),
  );
});

it('is a CSV of whole values', () => {
  expect(asCsv(['base', '=1+1'], SECTIONS)).toBe("section,name,base,'=1+1\r\nDifferences,loss,1234.4,1.1\r\nconfig,a|b,<b>*x*,\r\n");
});
