/** The sentence with its trouble marked, and configs as text. */
import { describe, expect, it } from 'vitest';
import { settingsOf } from '../runs/configs';
import { asYaml, comparedWith } from './config';
import { partsOf } from './sentence';

describe('the sentence', () => {
  const rising = 'Step 431/1200 (36 %), loss 5.76 (from 2.42, rising since step 388), about 46 minutes left';
  it('is unchanged, with its trouble marked', () => {
    const parts = partsOf(rising, true);
    expect(parts.map(({ text }) => text).join('')).toBe(rising);
    expect(parts.filter(({ tone }) => tone !== 'plain')).toEqual([{ text: 'rising since step 388', tone: 'critical' }]);
    expect(partsOf(rising, false)[1].tone).toBe('warning');
  });

  it('marks how a run ended, and no good end', () => {
    const marked = (text: string) => partsOf(text, false).filter(({ tone }) => tone !== 'plain').map(({ text }) => text);
    expect(marked('Failed at step 40 after 5 minutes, loss 1.4, exit code 1')).toEqual(['Failed', 'exit code 1']);
    expect(marked('Finished at step 40 after 5 minutes, loss 1.4 (from 2)')).toEqual([]);
    expect(marked('Step 4, loss 1.4, silent for 14 minutes')).toEqual(['silent for 14 minutes']);
  });
});

describe('a config', () => {
  it('begins with what differs from the baseline', () => {
    const own = settingsOf({ model: 'm', optimiser: { lr: 5e-4, eps: 1e-8 }, extra: 1 });
    const baseline = settingsOf({ model: 'm', optimiser: { lr: 2e-5, eps: 1e-8 }, clip: 1 });
    expect(comparedWith(own, baseline).map(({ name, value, was }) => [name, value, was])).toEqual([
      ['optimiser.lr', '0.0005', '0.00002'],
      ['extra', '1', null],
      ['clip', null, '1'],
      ['model', 'm', undefined],
      ['optimiser.eps', '1e-8', undefined],
    ]);
  });

  it('is YAML that reads as the same again', () => {
    const config = { lr: 1e-5, name: 'yes', list: [1, [2, 'a: b'], { k: [], deep: { x: null } }], 'odd key:': '# no comment', empty: '' };
    expect(asYaml(config)).toBe(
      'lr: 0.00001\nname: "yes"\nlist:\n  - 1\n  - - 2\n    - "a: b"\n  - k: []\n    deep:\n      x: null\n"odd key:": "# no comment"\nempty: ""\n',
    );
    expect(asYaml({})).toBe('{}\n');
  });
});
