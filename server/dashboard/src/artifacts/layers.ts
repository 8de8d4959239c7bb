/** Where the nodes of a lineage stand: in layers from what was there first to what came of it, with few crossings. */

export interface GraphEdge {
  source: string;
  target: string;
}

export interface PlacedNode {
  id: string;
  layer: number;
  /** Left upper corner. */
  x: number;
  y: number;
}

/** An edge with the corners it goes through, from the right side of its source to the left side of its target. */
export interface PlacedEdge extends GraphEdge {
  points: readonly { x: number; y: number }[];
}

export interface GraphLayout {
  nodes: PlacedNode[];
  edges: PlacedEdge[];
  width: number;
  height: number;
}

export interface NodeSize {
  width: number;
  height: number;
  /** Between layers, and between the nodes of one. */
  gapX: number;
  gapY: number;
}

const SWEEPS = 8;

/** Edges without those that close a circle, and without those that lead nowhere. */
function acyclic(ids: readonly string[], edges: readonly GraphEdge[]): GraphEdge[] {
  const known = new Set(ids);
  const out = new Map<string, GraphEdge[]>(ids.map((id) => [id, []]));
  for (const edge of edges) if (known.has(edge.source) && known.has(edge.target) && edge.source !== edge.target) out.get(edge.source)?.push(edge);
  const state = new Map<string, 'open' | 'done'>();
  const kept: GraphEdge[] = [];
  for (const root of ids) {
    if (state.has(root)) continue;
    // Not by recursion: a lineage may be a long chain.
    const path: { id: string; next: number }[] = [{ id: root, next: 0 }];
    state.set(root, 'open');
    while (path.length > 0) {
      const here = path[path.length - 1];
      const edge = out.get(here.id)?.[here.next++];
      if (edge === undefined) {
        state.set(here.id, 'done');
        path.pop();
        continue;
      }
      const seen = state.get(edge.target);
      if (seen === 'open') continue;
      kept.push(edge);
      if (seen === undefined) {
        state.set(edge.target, 'open');
        path.push({ id: edge.target, next: 0 });
      }
    }
  }
  return kept;
}

/** Layer of each node: one more than that of the last node before it. */
export function layersOf(ids: readonly string[], edges: readonly GraphEdge[]): Map<string, number> {
  const kept = acyclic(ids, edges);
  const before = new Map<string, number>(ids.map((id) => [id, 0]));
  const out = new Map<string, string[]>();
  for (const { source, target } of kept) {
    before.set(target, (before.get(target) ?? 0) + 1);
    const targets = out.get(source);
    if (targets) targets.push(target);
    else out.set(source, [target]);
  }
  const layers = new Map<string, number>(ids.map((id) => [id, 0]));
  const ready = ids.filter((id) => before.get(id) === 0);
  for (let i = 0; i < ready.length; i++) {
    const layer = layers.get(ready[i]) ?? 0;
    for (const target of out.get(ready[i]) ?? []) {
      layers.set(target, Math.max(layers.get(target) ?? 0, layer + 1));
      const left = (before.get(target) ?? 1) - 1;
      before.set(target, left);
      if (left === 0) ready.push(target);
    }
  }
  return layers;
}

/** Places nodes and edges; the order of `ids` decides where nothing else does. */
export function layOutGraph(ids: readonly string[], edges: readonly GraphEdge[], size: NodeSize): GraphLayout {
  const layers = layersOf(ids, edges);
  const count = Math.max(0, ...layers.values()) + 1;
  const rows: string[][] = Array.from({ length: count }, () => []);
  for (const id of ids) rows[layers.get(id) ?? 0].push(id);

  // An edge over several layers has a place in each of them, so that no node stands in its way.
  const segments: GraphEdge[] = [];
  const paths: { edge: GraphEdge; through: string[] }[] = [];
  const isDummy = new Set<string>();
  edges.forEach((edge, number) => {
    const [from, to] = [layers.get(edge.source), layers.get(edge.target)];
    if (from === undefined || to === undefined || edge.source === edge.target) return;
    const through = [edge.source];
    for (let layer = from + 1; layer < to; layer++) {
      const id = `edge ${number} ${layer}`;
      isDummy.add(id);
      rows[layer].push(id);
      through.push(id);
    }
    through.push(edge.target);
    paths.push({ edge, through });
    if (from < to) for (let i = 1; i < through.length; i++) segments.push({ source: through[i - 1], target: through[i] });
  });

  order(rows, segments);

  const pitch = (id: string) => (isDummy.has(id) ? size.gapY : size.height + size.gapY);
  const y = heights(rows, segments, pitch);
  const top = Math.min(0, ...y.values());
  const columns = size.width + size.gapX;
  const layerOf = new Map(rows.flatMap((row, layer) => row.map((id) => [id, layer] as const)));
  const middle = (id: string) => (y.get(id) ?? 0) - top + (isDummy.has(id) ? size.gapY / 2 : size.height / 2);
  const nodes = ids.map((id) => ({ id, layer: layers.get(id) ?? 0, x: (layers.get(id) ?? 0) * columns, y: (y.get(id) ?? 0) - top }));
  const placed = paths.map(({ edge, through }) => ({
    ...edge,
    points: through.flatMap((id, i) => {
      const x = (layerOf.get(id) ?? 0) * columns;
      if (i === 0) return [{ x: x + size.width, y: middle(id) }];
      if (i === through.length - 1) return [{ x, y: middle(id) }];
      return [{ x, y: middle(id) }, { x: x + size.width, y: middle(id) }];
    }),
  }));
  return {
    nodes,
    edges: placed,
    width: Math.max(0, count * columns - size.gapX),
    height: Math.max(0, ...nodes.map((node) => node.y + size.height)),
  };
}

/** Sorts each layer by where its neighbours stand, forth and back, which takes most crossings out. */
function order(rows: string[][], segments: readonly GraphEdge[]): void {
  const [before, after] = neighbours(segments);
  const sort = (row: string[], beside: ReadonlyMap<string, string[]>, other: readonly string[]) => {
    const place = new Map(other.map((id, i) => [id, i]));
    const mean = new Map(
      row.map((id, i) => {
        const places = (beside.get(id) ?? []).flatMap((each) => place.get(each) ?? []);
        return [id, places.length === 0 ? i : places.reduce((sum, each) => sum + each, 0) / places.length] as const;
      }),
    );
    row.sort((a, b) => (mean.get(a) ?? 0) - (mean.get(b) ?? 0));
  };
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    if (sweep % 2 === 0) for (let i = 1; i < rows.length; i++) sort(rows[i], before, rows[i - 1]);
    else for (let i = rows.length - 2; i >= 0; i--) sort(rows[i], after, rows[i + 1]);
  }
}

function neighbours(segments: readonly GraphEdge[]): [Map<string, string[]>, Map<string, string[]>] {
  const [before, after] = [new Map<string, string[]>(), new Map<string, string[]>()];
  const add = (map: Map<string, string[]>, id: string, other: string) => {
    const list = map.get(id);
    if (list) list.push(other);
    else map.set(id, [other]);
  };
  for (const { source, target } of segments) {
    add(before, target, source);
    add(after, source, target);
  }
  return [before, after];
}

/** Heights: each node as near to the middle of its neighbours as the order in its layer allows. */
function heights(rows: readonly (readonly string[])[], segments: readonly GraphEdge[], pitch: (id: string) => number): Map<string, number> {
  const [before, after] = neighbours(segments);
  const y = new Map<string, number>();
  for (const row of rows) {
    let at = 0;
    for (const id of row) {
      y.set(id, at);
      at += pitch(id);
    }
  }
  const settle = (row: readonly string[], beside: ReadonlyMap<string, string[]>) => {
    const wanted = row.map((id) => {
      const others = beside.get(id) ?? [];
      return others.length === 0 ? (y.get(id) ?? 0) : others.reduce((sum, other) => sum + (y.get(other) ?? 0), 0) / others.length;
    });
    // Groups that would overlap stand together at the mean of what each wanted.
    const groups: { ids: string[]; at: number; height: number; sum: number }[] = [];
    row.forEach((id, i) => {
      let group = { ids: [id], at: wanted[i], height: pitch(id), sum: wanted[i] };
      for (let last = groups[groups.length - 1]; last !== undefined && last.at + last.height > group.at; last = groups[groups.length - 1]) {
        groups.pop();
        const sum = last.sum + group.sum - last.height * group.ids.length;
        const ids = [...last.ids, ...group.ids];
        group = { ids, at: sum / ids.length, height: last.height + group.height, sum };
      }
      groups.push(group);
    });
    for (const group of groups) {
      let at = group.at;
      for (const id of group.ids) {
        y.set(id, at);
        at += pitch(id);
      }
    }
  };
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    if (sweep % 2 === 0) for (let i = 1; i < rows.length; i++) settle(rows[i], before);
    else for (let i = rows.length - 2; i >= 0; i--) settle(rows[i], after);
  }
  return y;
}

/** An edge as an SVG path of soft curves; corners beyond the first and last are kept straight across their layer. */
export function pathOf(points: readonly { x: number; y: number }[]): string {
  let path = `M${points[0].x} ${points[0].y}`;
  for (let i = 1; i < points.length; i++) {
    const [from, to] = [points[i - 1], points[i]];
    if (from.y === to.y) path += `L${to.x} ${to.y}`;
    else {
      const middle = (from.x + to.x) / 2;
      path += `C${middle} ${from.y} ${middle} ${to.y} ${to.x} ${to.y}`;
    }
  }
  return path;
}
