/** Places in space: matrices of four columns, as WebGL and glTF have them, and how an object is looked at. */

export type Matrix = readonly number[];

export const IDENTITY: Matrix = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];

/** What `second` does, then `first`. */
export function times(first: Matrix, second: Matrix): Matrix {
  return IDENTITY.map((_, i) => {
    const [column, row] = [i >> 2, i & 3];
    let sum = 0;
    for (let part = 0; part < 4; part++) sum += first[part * 4 + row] * second[column * 4 + part];
    return sum;
  });
}

export interface Placement {
  /** Where it is given, the others are not. */
  matrix: readonly number[];
  translation: readonly number[];
  /** A quaternion. */
  rotation: readonly number[];
  scale: readonly number[];
}

/** The matrix of a node; of what is not given nothing is done. */
export function matrixOf({ matrix, translation, rotation, scale }: Placement): Matrix {
  if (matrix.length === 16) return matrix;
  const [tx, ty, tz] = translation.length === 3 ? translation : [0, 0, 0];
  const [x, y, z, w] = rotation.length === 4 ? rotation : [0, 0, 0, 1];
  const [sx, sy, sz] = scale.length === 3 ? scale : [1, 1, 1];
  return [
    ...[(1 - 2 * (y * y + z * z)) * sx, 2 * (x * y + z * w) * sx, 2 * (x * z - y * w) * sx, 0],
    ...[2 * (x * y - z * w) * sy, (1 - 2 * (x * x + z * z)) * sy, 2 * (y * z + x * w) * sy, 0],
    ...[2 * (x * z + y * w) * sz, 2 * (y * z - x * w) * sz, (1 - 2 * (x * x + y * y)) * sz, 0],
    ...[tx, ty, tz, 1],
  ];
}

/** The same points elsewhere. */
export function moved(matrix: Matrix, positions: Float32Array): Float32Array {
  if (matrix === IDENTITY || matrix.every((value, i) => value === IDENTITY[i])) return positions;
  const result = new Float32Array(positions.length);
  for (let i = 0; i + 2 < positions.length; i += 3) {
    for (let row = 0; row < 3; row++) {
      result[i + row] = matrix[row] * positions[i] + matrix[4 + row] * positions[i + 1] + matrix[8 + row] * positions[i + 2] + matrix[12 + row];
    }
  }
  return result;
}

/** From where an object is looked at. */
export interface Look {
  /** Around the upright axis, radians. */
  turn: number;
  /** Above the horizon, radians. */
  rise: number;
  /** Distance in radii of the object. */
  distance: number;
}

export const FIRST_LOOK: Look = { turn: 0.6, rise: 0.4, distance: 3 };
const HIGHEST = Math.PI / 2 - 0.01;
const NEAREST = 0.2;
const FARTHEST = 30;

/** Turned and moved, within what makes sense. */
export function changed(look: Look, { turn = 0, rise = 0, nearer = 1 }: { turn?: number; rise?: number; nearer?: number }): Look {
  return {
    turn: look.turn + turn,
    rise: Math.min(Math.max(look.rise + rise, -HIGHEST), HIGHEST),
    distance: Math.min(Math.max(look.distance / nearer, NEAREST), FARTHEST),
  };
}

/** Brings the object into view, as if it had the radius 1 around its centre. */
export function viewOf({ turn, rise, distance }: Look, centre: readonly number[], radius: number): Matrix {
  const [sin, cos, up, ahead] = [Math.sin(turn), Math.cos(turn), Math.sin(rise), Math.cos(rise)];
  // Rows: to the right, upwards, towards the eye.
  const axes = [[cos, 0, -sin], [-sin * up, ahead, -cos * up], [sin * ahead, up, cos * ahead]];
  const shifted = axes.map((axis) => -axis.reduce((sum, each, i) => sum + each * centre[i], 0) / radius);
  const column = (i: number) => [axes[0][i] / radius, axes[1][i] / radius, axes[2][i] / radius, 0];
  return [...column(0), ...column(1), ...column(2), shifted[0], shifted[1], shifted[2] - distance, 1];
}

/** The eye sees so much of what is before it, upwards; `aspect` is how much wider the picture is than high. */
export function perspective(angle: number, aspect: number, near: number, far: number): Matrix {
  const focus = 1 / Math.tan(angle / 2);
  return [focus / aspect, 0, 0, 0, 0, focus, 0, 0, 0, 0, (far + near) / (near - far), -1, 0, 0, (2 * far * near) / (near - far), 0];
}
