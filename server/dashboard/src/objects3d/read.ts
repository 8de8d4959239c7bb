/** Reads a 3D object of any of the forms that Trackio stores. */
import { isReadable, type Form } from './forms';
import { readSplat, readStl } from './readBytes';
import { readGltf } from './readGltf';
import { readPly } from './readPly';
import { readObj } from './readText';
import { Unreadable, type Shape } from './shape';

/** Larger files are for saving. */
export const MOST_BYTES = 128 * 1_024 * 1_024;

const READERS: Readonly<Record<Form, (bytes: ArrayBuffer) => Shape>> = {
  obj: (bytes) => readObj(new TextDecoder().decode(bytes)),
  stl: readStl,
  ply: readPly,
  glb: readGltf,
  gltf: readGltf,
  splat: readSplat,
};

/** The shape in a file; what cannot be read is told by an `Unreadable`. */
export function readShape(bytes: ArrayBuffer, ending: string): Shape {
  if (!isReadable(ending)) throw new Unreadable(`files of the form ${ending} cannot be shown`);
  try {
    return READERS[ending](bytes);
  } catch (error) {
    if (error instanceof Unreadable) throw error;
    // A file that is damaged in a way nobody thought of.
    throw new Unreadable('it is damaged', { cause: error });
  }
}

/** Fetches an object and reads it. */
export async function fetchShape(address: string, ending: string, signal: AbortSignal): Promise<Shape> {
  const response = await fetch(address, { signal });
  if (!response.ok) throw new Unreadable(`the server answered ${response.status}`);
  if (Number(response.headers.get('content-length') ?? 0) > MOST_BYTES) throw new Unreadable('it is too large for a page');
  return readShape(await response.arrayBuffer(), ending);
}
