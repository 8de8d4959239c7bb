/** A trace as a tree of spans and as a conversation. */
import { describe, expect, it } from 'vitest';
import { barOf, extentOf, formatCost, formatDuration, messagesOf, momentOf, requestLine, spansOf, totalsOf, treeOf } from './trace';

const ids = (value: unknown) => treeOf(spansOf(value)).map(({ span, depth }) => `${'>'.repeat(depth)}${span.id}`);

describe('the tree of spans', () => {
  it('stands in the order of time below the parents', () => {
    expect(
      ids([
        { id: 'tool', parent_id: 'root', start_time: '2026-01-01T00:00:02Z' },
        { id: 'root', start_time: '2026-01-01T00:00:00Z' },
        { id: 'model', parent_id: 'root', start_time: '2026-01-01T00:00:01Z' },
        { id: 'inner', parent_id: 'tool' },
      ]),
    ).toEqual(['root', '>model', '>tool', '>>inner']);
  });

  it('holds every span once, whatever the parents are', () => {
    const odd = [{ id: 'a', parent_id: 'b' }, { id: 'b', parent_id: 'a' }, { id: 'c', parent_id: 'c' }, { id: 'd', parent_id: 'gone' }, {}];
    expect(ids(odd).sort()).toEqual(['#4', '>b', 'a', 'c', 'd']);
    expect(treeOf(spansOf([{ id: 'x' }, { id: 'x' }])).length).toBe(2);
    const chain = Array.from({ length: 1_000 }, (_, i) => ({ id: `s${i}`, parent_id: i === 0 ? null : `s${i - 1}` }));
    expect(treeOf(spansOf(chain)).at(-1)?.depth).toBe(999);
  });

  it('knows how many are below', () => {
    const nodes = treeOf(spansOf([{ id: 'a' }, { id: 'b', parent_id: 'a' }, { id: 'c', parent_id: 'b' }]));
    expect(nodes.map(({ below }) => below)).toEqual([2, 1, 0]);
  });

  it('is nothing for what are no spans', () => expect([null, 3, 'x', {}, [1, null, []]].map(ids)).toEqual([[], [], [], [], []]));
});

it('bars lie on the line of the whole trace', () => {
  const spans = spansOf([{ id: 'a', start_time: 0, duration_ms: 4_000 }, { id: 'b', start_time: 1, duration_ms: 1_000 }, { id: 'c' }]);
  expect(barOf(spans[1], extentOf(spans))).toEqual({ left: 0.25, width: 0.25 });
  expect(barOf(spans[2], extentOf(spans))).toBeNull();
  expect(extentOf([])).toBeNull();
});

it('moments come in seconds, milliseconds and words', () => {
  expect([1_700_000_000, 1_700_000_000_000, '2023-11-14T22:13:20Z', 'soon', NaN, null, 1e19, -Infinity].map(momentOf)).toEqual([1.7e12, 1.7e12, 1.7e12, null, null, null, null, null]);
});

describe('totals', () => {
  it('are as the script says', () => {
    const said = { status: 'ok', duration_ms: 5, cost_usd: 0.5, total_tokens: 7 };
    expect(totalsOf(said, spansOf([{ id: 'a', error: 'x', cost_usd: 9 }]))).toEqual({ status: 'ok', failed: false, durationMs: 5, costUsd: 0.5, tokens: 7 });
  });

  it('else as its spans say', () => {
    const spans = spansOf([{ id: 'a', start_time: 0, end_time: 2, usage: { prompt_tokens: 3, completion_tokens: 4 }, cost_usd: 1 }, { id: 'b', parent_id: 'a', status: 'ERROR', cost_usd: 2 }]);
    expect(totalsOf(null, spans)).toEqual({ status: 'error', failed: true, durationMs: 2_000, tokens: 7, costUsd: 3 });
    expect(totalsOf({}, [])).toEqual({ status: '', failed: false, durationMs: null, tokens: null, costUsd: null });
  });
});

it('messages keep role, content and the tools that were called', () => {
  const [said, called] = messagesOf([{ role: 'user', content: 'Hi' }, { role: 'assistant', content: null, tool_calls: [{ function: { name: 'add', arguments: '{"a":1}' } }, 3] }, 'x']);
  expect(said).toEqual({ role: 'user', content: 'Hi', name: '', toolCalls: [] });
  expect(called.toolCalls).toEqual([{ name: 'add', arguments: '{"a":1}' }]);
  expect(messagesOf({ role: 'user' })).toEqual([]);
});

it('the first request is a line', () => {
  expect(requestLine('What is 2 + 2?')).toBe('What is 2 + 2?');
  expect(requestLine('[{"type":"image"},{"type":"text","text":"Is \\"this\\" a cat')).toBe('Is "this" a cat');
  expect(requestLine('[{"type":"text","text":"gr\\u00f6\\u00')).toBe('grö');
  expect(requestLine('[1, 2]')).toBe('[1, 2]');
});

it('durations and costs are short', () => {
  expect([null, 3.4, 2_400, 200_000].map(formatDuration)).toEqual(['–', '3 ms', '2.4 s', '3 min 20 s']);
  expect([null, 0, 0.00314, 12.5, 0.00001].map(formatCost)).toEqual(['–', '$0', '$0.0031', '$12.50', '$1.0e-5']);
});
