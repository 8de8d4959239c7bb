/** Reads 3D objects that are written as text: OBJ, and STL in its readable form. */
import { MOST_VERTICES, shapeOf, Unreadable, type Shape } from './shape';

/** Numbers of a list that grows. */
class Numbers {
  #held = new Float32Array(3 * 1_024);
  length = 0;

  push(value: number): void {
    if (this.length === this.#held.length) {
      const larger = new Float32Array(this.#held.length * 2);
      larger.set(this.#held);
      this.#held = larger;
    }
    this.#held[this.length++] = value;
  }

  all(): Float32Array {
    return this.#held.slice(0, this.length);
  }
}

const tooMany = () => new Unreadable(`it has more than ${MOST_VERTICES.toLocaleString('en-US')} points`);

/** A Wavefront OBJ: its vertices, with colours where they have some, and its faces cut into triangles. */
export function readObj(text: string): Shape {
  const [positions, colours] = [new Numbers(), new Numbers()];
  const triangles: number[] = [];
  for (const line of lines(text)) {
    const [word, ...rest] = line.trim().split(/\s+/);
    if (word === 'v') {
      for (let axis = 0; axis < 3; axis++) positions.push(Number(rest[axis]));
      if (rest.length >= 6) for (let channel = 3; channel < 6; channel++) colours.push(Math.round(Math.min(Math.max(Number(rest[channel]), 0), 1) * 255));
      if (positions.length / 3 > MOST_VERTICES) throw tooMany();
    } else if (word === 'f') {
      // `7/1/3`: the vertex comes first; a negative one counts back from the newest.
      const corners = rest.map((each) => Number.parseInt(each, 10)).map((each) => (each < 0 ? positions.length / 3 + each : each - 1));
      if (corners.some((corner) => !(corner >= 0))) throw new Unreadable('a corner of it is no point');
      for (let i = 2; i < corners.length; i++) triangles.push(corners[0], corners[i - 1], corners[i]);
    }
  }
  const coloured = colours.length > 0 && colours.length === positions.length;
  return shapeOf(positions.all(), new Uint32Array(triangles), coloured ? Uint8Array.from(colours.all()) : null);
}

/** An STL in text: three vertices for each triangle. */
export function readTextStl(text: string): Shape {
  const positions = new Numbers();
  for (const line of lines(text)) {
    const [word, x, y, z] = line.trim().split(/\s+/);
    if (word !== 'vertex') continue;
    for (const each of [x, y, z]) positions.push(Number(each));
    if (positions.length / 3 > MOST_VERTICES) throw tooMany();
  }
  return shapeOf(positions.all(), corners(positions.length / 3));
}

/** Triangles of vertices that are three for each in their order. */
export function corners(vertices: number): Uint32Array {
  return Uint32Array.from({ length: vertices - (vertices % 3) }, (_, i) => i);
}

/** The lines of a text, without a copy of all of them. */
function* lines(text: string): Generator<string> {
  let start = 0;
  while (start < text.length) {
    const end = text.indexOf('\n', start);
    yield text.slice(start, end < 0 ? text.length : end);
    if (end < 0) return;
    start = end + 1;
  }
}
