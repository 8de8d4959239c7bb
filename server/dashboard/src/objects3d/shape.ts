/** What is left of a 3D object to draw it: points, or triangles between them, and their colours. */

/** Larger ones take more memory than a page should. */
export const MOST_VERTICES = 5_000_000;

export interface Shape {
  /** Three numbers for each vertex. */
  positions: Float32Array;
  /** Three vertices for each triangle; null: a cloud of points. */
  triangles: Uint32Array | null;
  /** Red, green and blue of each vertex; null: one colour for all. */
  colours: Uint8Array | null;
}

/** Why a file cannot be shown, in words for a reader. */
export class Unreadable extends Error {}

/** A cloud or a mesh, checked: every number finite, every corner a vertex. */
export function shapeOf(positions: Float32Array, triangles: Uint32Array | null, colours: Uint8Array | null = null): Shape {
  const vertices = Math.floor(positions.length / 3);
  if (vertices === 0) throw new Unreadable('it has no points');
  if (vertices > MOST_VERTICES) throw new Unreadable(`it has more than ${MOST_VERTICES.toLocaleString('en-US')} points`);
  for (let i = 0; i < positions.length; i++) if (!Number.isFinite(positions[i])) throw new Unreadable('a point of it is nowhere');
  if (triangles !== null) for (const corner of triangles) if (corner >= vertices) throw new Unreadable('a corner of it is no point');
  return { positions, triangles: triangles !== null && triangles.length > 0 ? triangles : null, colours };
}

export interface Bounds {
  centre: [number, number, number];
  /** Lengths along x, y and z. */
  size: [number, number, number];
  /** Of a ball around it. */
  radius: number;
}

/** The box around a shape. */
export function boundsOf({ positions }: Shape): Bounds {
  const low = [Infinity, Infinity, Infinity];
  const high = [-Infinity, -Infinity, -Infinity];
  for (let i = 0; i < positions.length; i++) {
    low[i % 3] = Math.min(low[i % 3], positions[i]);
    high[i % 3] = Math.max(high[i % 3], positions[i]);
  }
  const of = (each: (axis: number) => number): [number, number, number] => [each(0), each(1), each(2)];
  const size = of((axis) => high[axis] - low[axis]);
  return { centre: of((axis) => low[axis] / 2 + high[axis] / 2), size, radius: Math.hypot(...size) / 2 || 1 };
}

/** Several shapes as one: a cloud where none of them has triangles, else what has. */
export function joined(shapes: readonly Shape[]): Shape {
  const meshes = shapes.filter(({ triangles }) => triangles !== null);
  const parts = meshes.length > 0 ? meshes : shapes;
  if (parts.length === 1) return parts[0];
  const count = parts.reduce((sum, { positions }) => sum + positions.length, 0);
  if (count / 3 > MOST_VERTICES) throw new Unreadable(`it has more than ${MOST_VERTICES.toLocaleString('en-US')} points`);
  const positions = new Float32Array(count);
  const hasColours = parts.some(({ colours }) => colours !== null);
  const colours = hasColours ? new Uint8Array(count).fill(160) : null;
  const triangles = meshes.length > 0 ? new Uint32Array(parts.reduce((sum, part) => sum + (part.triangles?.length ?? 0), 0)) : null;
  let [vertex, corner] = [0, 0];
  for (const part of parts) {
    positions.set(part.positions, vertex * 3);
    if (part.colours !== null) colours?.set(part.colours, vertex * 3);
    part.triangles?.forEach((of, i) => triangles && (triangles[corner + i] = of + vertex));
    corner += part.triangles?.length ?? 0;
    vertex += part.positions.length / 3;
  }
  return shapeOf(positions, triangles, colours);
}
