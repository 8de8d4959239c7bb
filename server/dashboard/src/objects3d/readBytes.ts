/** Reads 3D objects that are written as bytes: STL, and the centres of Gaussian splats. */
import { corners, readTextStl } from './readText';
import { MOST_VERTICES, shapeOf, Unreadable, type Shape } from './shape';

const STL_HEAD = 84;
const STL_TRIANGLE = 50;
/** Place, scale, colour and turn of one. */
const SPLAT = 32;

/** An STL of either form. One in bytes may begin with the word of the other, so its length decides. */
export function readStl(bytes: ArrayBuffer): Shape {
  const view = new DataView(bytes);
  const count = bytes.byteLength >= STL_HEAD ? view.getUint32(80, true) : -1;
  if (bytes.byteLength !== STL_HEAD + count * STL_TRIANGLE) return readTextStl(new TextDecoder().decode(bytes));
  if (count * 3 > MOST_VERTICES) throw new Unreadable(`it has more than ${MOST_VERTICES.toLocaleString('en-US')} points`);
  const positions = new Float32Array(count * 9);
  for (let triangle = 0; triangle < count; triangle++) {
    // The normal before them follows from the corners.
    const at = STL_HEAD + triangle * STL_TRIANGLE + 12;
    for (let i = 0; i < 9; i++) positions[triangle * 9 + i] = view.getFloat32(at + i * 4, true);
  }
  return shapeOf(positions, corners(count * 3));
}

/** Splats as points: where each of them is, in its colour. */
export function readSplat(bytes: ArrayBuffer): Shape {
  const count = Math.floor(bytes.byteLength / SPLAT);
  if (count > MOST_VERTICES) throw new Unreadable(`it has more than ${MOST_VERTICES.toLocaleString('en-US')} points`);
  const view = new DataView(bytes);
  const [positions, colours] = [new Float32Array(count * 3), new Uint8Array(count * 3)];
  for (let i = 0; i < count; i++) {
    for (let axis = 0; axis < 3; axis++) positions[i * 3 + axis] = view.getFloat32(i * SPLAT + axis * 4, true);
    for (let channel = 0; channel < 3; channel++) colours[i * 3 + channel] = view.getUint8(i * SPLAT + 24 + channel);
  }
  return shapeOf(positions, null, colours);
}
