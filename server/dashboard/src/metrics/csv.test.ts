/** Lines of a CSV file. */

import { expect, it } from 'vitest';
import { csvLine } from './csv';

it('quotes what needs it and lets no text be a formula', () => {
  expect(csvLine(['a,b', 'say "x"', 1e-7, -2])).toBe('"a,b","say ""x""",1e-7,-2\r\n');
  expect(csvLine(['=HYPERLINK("x")', '-run', 'NaN'])).toBe('"\'=HYPERLINK(""x"")",\'-run,NaN\r\n');
});
