/** Reads glTF 2.0, in one file of bytes (GLB) or of text: the triangles and points of its scene, each where its node puts it. */
import { joined, shapeOf, Unreadable, type Shape } from './shape';
import { IDENTITY, matrixOf, moved, times, type Matrix } from './matrix';

const GLB = 0x46546c67;
const JSON_CHUNK = 0x4e4f534a;
const POINTS = 0;
const TRIANGLES = 4;
/** Nodes within nodes; a scene that is a circle ends here. */
const DEEPEST = 64;

type Json = Record<string, unknown>;

const listOf = (value: unknown): Json[] => (Array.isArray(value) ? (value as Json[]) : []);
const numberOf = (value: unknown, otherwise: number): number => (typeof value === 'number' ? value : otherwise);
const numbersOf = (value: unknown): number[] => (Array.isArray(value) ? value.map(Number) : []);

const COMPONENTS: Readonly<Record<number, { bytes: number; most: number; read: (view: DataView, at: number) => number }>> = {
  5120: { bytes: 1, most: 127, read: (view, at) => view.getInt8(at) },
  5121: { bytes: 1, most: 255, read: (view, at) => view.getUint8(at) },
  5122: { bytes: 2, most: 32_767, read: (view, at) => view.getInt16(at, true) },
  5123: { bytes: 2, most: 65_535, read: (view, at) => view.getUint16(at, true) },
  5125: { bytes: 4, most: 4_294_967_295, read: (view, at) => view.getUint32(at, true) },
  5126: { bytes: 4, most: 1, read: (view, at) => view.getFloat32(at, true) },
};
const WIDTHS: Readonly<Record<string, number>> = { SCALAR: 1, VEC2: 2, VEC3: 3, VEC4: 4 };

export function readGltf(bytes: ArrayBuffer): Shape {
  const { document, body } = opened(bytes);
  const needed = listOf(document.extensionsRequired as unknown).map(String);
  const packed = needed.find((name) => /draco|meshopt|quantization/i.test(name));
  if (packed !== undefined) throw new Unreadable(`it is packed by ${packed}`);
  const buffers = listOf(document.buffers).map((buffer) => (typeof buffer.uri === 'string' ? embedded(buffer.uri) : body));
  const shapes: Shape[] = [];
  const visit = (index: number, above: Matrix, depth: number) => {
    const node = listOf(document.nodes)[index];
    if (node === undefined || depth > DEEPEST) return;
    const matrix = times(above, matrixOf({ matrix: numbersOf(node.matrix), translation: numbersOf(node.translation), rotation: numbersOf(node.rotation), scale: numbersOf(node.scale) }));
    const mesh = typeof node.mesh === 'number' ? listOf(document.meshes)[node.mesh] : undefined;
    for (const primitive of listOf(mesh?.primitives)) {
      const shape = readPrimitive(document, buffers, primitive, matrix);
      if (shape !== null) shapes.push(shape);
    }
    for (const child of numbersOf(node.children)) visit(child, matrix, depth + 1);
  };
  const scene = listOf(document.scenes)[numberOf(document.scene, 0)];
  const roots = scene === undefined ? listOf(document.nodes).map((_, i) => i) : numbersOf(scene.nodes);
  for (const root of roots) visit(root, IDENTITY, 0);
  if (shapes.length === 0) throw new Unreadable('its scene has no triangles and no points');
  return joined(shapes);
}

/** The document, and the bytes that come with it. */
function opened(bytes: ArrayBuffer): { document: Json; body: DataView | null } {
  const view = new DataView(bytes);
  const isBinary = bytes.byteLength >= 20 && view.getUint32(0, true) === GLB;
  let text = new Uint8Array(bytes);
  let body: DataView | null = null;
  for (let at = 12; isBinary && at + 8 <= bytes.byteLength; ) {
    const length = Math.min(view.getUint32(at, true), bytes.byteLength - at - 8);
    if (view.getUint32(at + 4, true) === JSON_CHUNK) text = new Uint8Array(bytes, at + 8, length);
    else body ??= new DataView(bytes, at + 8, length);
    at += 8 + length;
  }
  try {
    return { document: { ...(JSON.parse(new TextDecoder().decode(text)) as Json) }, body };
  } catch {
    throw new Unreadable('it is no glTF');
  }
}

/** A buffer within the text itself; one that is elsewhere is never fetched. */
function embedded(uri: string): DataView | null {
  const data = /^data:[^,]*;base64,(.*)$/s.exec(uri);
  if (data === null) return null;
  const text = atob(data[1]);
  return new DataView(Uint8Array.from(text, (letter) => letter.charCodeAt(0)).buffer);
}

function readPrimitive(document: Json, buffers: readonly (DataView | null)[], primitive: Json, matrix: Matrix): Shape | null {
  const mode = numberOf(primitive.mode, TRIANGLES);
  if (mode !== TRIANGLES && mode !== POINTS) return null;
  const attributes = { ...(primitive.attributes as Json) };
  const read = (index: unknown) => (typeof index === 'number' ? readAccessor(document, buffers, index) : null);
  const place = read(attributes.POSITION);
  if (place === null || place.width !== 3) return null;
  const positions = moved(matrix, Float32Array.from(place.values));
  const vertices = positions.length / 3;
  const indices = read(primitive.indices);
  const triangles = mode === POINTS ? null : Uint32Array.from(indices === null ? { length: vertices - (vertices % 3) } : indices.values, (each, i) => (indices === null ? i : each));
  const colour = read(attributes.COLOR_0);
  const material = typeof primitive.material === 'number' ? listOf(document.materials)[primitive.material] : undefined;
  const base = numbersOf(((material?.pbrMetallicRoughness ?? {}) as Json).baseColorFactor);
  if (colour === null && base.length < 3) return shapeOf(positions, triangles);
  const colours = new Uint8Array(positions.length);
  for (let vertex = 0; vertex < vertices; vertex++) {
    for (let channel = 0; channel < 3; channel++) {
      const own = colour === null ? 1 : colour.values[vertex * colour.width + channel] / colour.most;
      colours[vertex * 3 + channel] = Math.round(Math.min(Math.max(own * (base[channel] ?? 1), 0), 1) * 255);
    }
  }
  return shapeOf(positions, triangles, colours);
}

interface Values {
  values: number[];
  width: number;
  /** What stands for one where whole numbers stand for shares. */
  most: number;
}

function readAccessor(document: Json, buffers: readonly (DataView | null)[], index: number): Values {
  const accessor = listOf(document.accessors)[index];
  const view = accessor === undefined || typeof accessor.bufferView !== 'number' ? undefined : listOf(document.bufferViews)[accessor.bufferView];
  const data = view === undefined ? undefined : buffers[numberOf(view.buffer, 0)];
  const component = COMPONENTS[numberOf(accessor?.componentType, 0)];
  const width = WIDTHS[String(accessor?.type)];
  if (accessor === undefined || view === undefined || data == null || component === undefined || width === undefined) throw new Unreadable('its data is not in the file');
  const count = numberOf(accessor.count, 0);
  const stride = numberOf(view.byteStride, component.bytes * width);
  const start = numberOf(view.byteOffset, 0) + numberOf(accessor.byteOffset, 0);
  if (!(count >= 0 && stride >= component.bytes && start >= 0) || (count > 0 && start + (count - 1) * stride + component.bytes * width > data.byteLength)) throw new Unreadable('its data ends too soon');
  const values = new Array<number>(count * width);
  for (let i = 0; i < count; i++) for (let part = 0; part < width; part++) values[i * width + part] = component.read(data, start + i * stride + part * component.bytes);
  return { values, width, most: component.most };
}
