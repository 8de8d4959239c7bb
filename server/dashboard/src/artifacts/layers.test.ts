/** A lineage in layers: arrows lead forward, nothing lies on anything else. */
import { describe, expect, it } from 'vitest';
import { layersOf, layOutGraph, pathOf, type GraphEdge } from './layers';

const SIZE = { width: 100, height: 40, gapX: 50, gapY: 10 };
const edges = (...pairs: string[]): GraphEdge[] => pairs.map((pair) => ({ source: pair[0], target: pair[1] }));
const layers = (ids: string, ...pairs: string[]) => Object.fromEntries(layersOf([...ids], edges(...pairs)));

function overlaps(layout: ReturnType<typeof layOutGraph>): number {
  let count = 0;
  layout.nodes.forEach((a, i) =>
    layout.nodes.slice(i + 1).forEach((b) => {
      if (a.layer === b.layer && Math.abs(a.y - b.y) < SIZE.height - 1e-6) count++;
    }),
  );
  return count;
}

describe('layers', () => {
  it('go from what was first to what came of it', () => {
    expect(layers('abcd', 'ab', 'bc', 'ac', 'cd')).toEqual({ a: 0, b: 1, c: 2, d: 3 });
    expect(layers('ab')).toEqual({ a: 0, b: 0 });
  });

  it('hold where a run uses what it made', () => {
    expect(layers('abc', 'ab', 'bc', 'ca')).toEqual({ a: 0, b: 1, c: 2 });
    expect(layers('a', 'aa')).toEqual({ a: 0 });
    expect(layers('ab', 'ax', 'xb', 'ab')).toEqual({ a: 0, b: 1 });
  });

  it('hold for a long chain', () => {
    const ids = Array.from({ length: 5_000 }, (_, i) => String(i));
    expect(layersOf(ids, ids.slice(1).map((id, i) => ({ source: ids[i], target: id }))).get('4999')).toBe(4_999);
  });
});

describe('the layout', () => {
  it('puts one layer beside the other and no node over another', () => {
    const layout = layOutGraph([...'abcdefg'], edges('ad', 'bd', 'cd', 'de', 'df', 'dg', 'ag'), SIZE);
    expect(new Set(layout.nodes.map(({ x }) => x))).toEqual(new Set([0, 150, 300]));
    expect(overlaps(layout)).toBe(0);
    expect(Math.min(...layout.nodes.map(({ y }) => y))).toBeGreaterThanOrEqual(0);
    expect(layout.width).toBe(400);
  });

  it('takes crossings out', () => {
    const layout = layOutGraph([...'abxy'], edges('ay', 'bx'), SIZE);
    const y = Object.fromEntries(layout.nodes.map((node) => [node.id, node.y]));
    expect(Math.sign(y.a - y.b)).toBe(Math.sign(y.y - y.x));
  });

  it('leads an edge over several layers past the nodes between', () => {
    const layout = layOutGraph([...'abc'], edges('ab', 'bc', 'ac'), SIZE);
    const long = layout.edges.find(({ source, target }) => source === 'a' && target === 'c');
    const b = layout.nodes.find(({ id }) => id === 'b');
    expect(long?.points.length).toBe(4);
    for (const point of long?.points.slice(1, 3) ?? []) expect(point.y < (b?.y ?? 0) || point.y > (b?.y ?? 0) + SIZE.height).toBe(true);
  });

  it('draws an edge that goes back, and nothing for nodes that are not there', () => {
    expect(layOutGraph([...'ab'], edges('ab', 'ba'), SIZE).edges.length).toBe(2);
    expect(layOutGraph([...'ab'], edges('ax'), SIZE).edges).toEqual([]);
    expect(layOutGraph([], [], SIZE)).toEqual({ nodes: [], edges: [], width: 100, height: 0 });
  });

  it('ends soon for a thousand nodes', () => {
    const ids = Array.from({ length: 1_000 }, (_, i) => String(i));
    const many = ids.flatMap((id, i) => [1, 7, 40].flatMap((step) => (i + step < ids.length ? [{ source: id, target: ids[i + step] }] : [])));
    const layout = layOutGraph(ids, many.slice(0, 800), SIZE);
    expect(layout.nodes.length).toBe(1_000);
    expect(overlaps(layout)).toBe(0);
  });
});

it('paths are straight on one height and soft between two', () => {
  expect(pathOf([{ x: 0, y: 5 }, { x: 10, y: 5 }, { x: 20, y: 9 }])).toBe('M0 5L10 5C15 5 15 9 20 9');
});
