/** The table as CSV. */
import { expect, it } from 'vitest';
import { columnsOf } from './columns';
import { countsOfStates, tableCsv } from './export';
import { NO_FACTS, type Facts } from './fields';
import { testRun } from './testRuns';

const base = testRun({ run: 'base', state: 'finished', loss: 1, loss_best: 0.5, tags: ['a', 'b'], created_at: '2026-11-28T10:00:00Z' });
const other = testRun({ run: '=cmd', state: 'running', loss_best: 0.75 });
const facts: Facts = { ...NO_FACTS, configs: new Map([['id-base', new Map([['lr', 1e-5]])]]), settings: ['lr'] };

it('counts states in the order in which they are worth a look', () => {
  expect(countsOfStates([base, other, other])).toBe('2 running, 1 finished');
});

it('saves the values themselves, and no formula', () => {
  const columns = columnsOf(['tags', 'curve', 'loss', 'loss.delta', 'config.lr', 'created'], facts, 'loss');
  expect(tableCsv(columns, [base, other], base, facts).split('\r\n')).toEqual([
    'run_id,name,tags,created,loss,loss.delta,config.lr',
    'id-base,base,"a, b",2026-11-28T10:00:00.000Z,1,0,0.00001',
    "id-=cmd,'=cmd,,,,0.25,",
    '',
  ]);
});
