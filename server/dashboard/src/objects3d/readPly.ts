/** Reads PLY: clouds of points and meshes, in text or bytes. */
import { MOST_VERTICES, shapeOf, Unreadable, type Shape } from './shape';

interface Property {
  name: string;
  type: string;
  /** Type of the count of a list; null: a single value. */
  count: string | null;
}

interface Element {
  name: string;
  count: number;
  properties: Property[];
}

type Read = (type: string) => number;

const SIZES: Readonly<Record<string, number>> = { int8: 1, uint8: 1, int16: 2, uint16: 2, int32: 4, uint32: 4, float32: 4, float64: 8 };
const OLD_NAMES: Readonly<Record<string, string>> = {
  char: 'int8', uchar: 'uint8', short: 'int16', ushort: 'uint16', int: 'int32', uint: 'uint32', float: 'float32', double: 'float64',
};
/** Heads are short; what has none is no PLY. */
const LONGEST_HEAD = 256 * 1_024;
/** Colour of a splat from the first of its harmonics. */
const HARMONIC = 0.282_094_791_773_878_14;

export function readPly(bytes: ArrayBuffer): Shape {
  const start = new TextDecoder('latin1').decode(bytes.slice(0, LONGEST_HEAD));
  const end = /end_header\r?\n/.exec(start);
  if (!start.startsWith('ply') || end === null) throw new Unreadable('it has no head of a PLY file');
  const { format, elements } = readHead(start.slice(0, end.index));
  const body = end.index + end[0].length;
  const read = format === 'ascii' ? readerOfText(new TextDecoder().decode(bytes.slice(body))) : readerOfBytes(new DataView(bytes, body), format === 'binary_little_endian');
  let vertices: { positions: Float32Array; colours: Uint8Array | null } | null = null;
  const triangles: number[] = [];
  for (const element of elements) {
    if (element.name === 'vertex') vertices = readVertices(element, read);
    else if (element.name === 'face') readFaces(element, read, triangles);
    else skip(element, read);
  }
  if (vertices === null) throw new Unreadable('it has no points');
  return shapeOf(vertices.positions, new Uint32Array(triangles), vertices.colours);
}

function readHead(head: string): { format: string; elements: Element[] } {
  let format = 'ascii';
  const elements: Element[] = [];
  const typeOf = (name: string) => {
    const type = OLD_NAMES[name] ?? name;
    if (!(type in SIZES)) throw new Unreadable(`it has values of the type ${name}, which is none of PLY`);
    return type;
  };
  for (const line of head.split('\n')) {
    const words = line.trim().split(/\s+/);
    if (words[0] === 'format') format = words[1];
    else if (words[0] === 'element') {
      const count = Number(words[2]);
      if (!Number.isInteger(count) || count < 0 || count > 4 * MOST_VERTICES) throw new Unreadable('it says no sensible number of points');
      elements.push({ name: words[1], count, properties: [] });
    } else if (words[0] === 'property') {
      const isList = words[1] === 'list';
      elements.at(-1)?.properties.push({ name: words[words.length - 1], type: typeOf(words[isList ? 3 : 1]), count: isList ? typeOf(words[2]) : null });
    }
  }
  return { format, elements };
}

function readerOfText(text: string): Read {
  const words = text.matchAll(/\S+/g);
  return () => {
    const next = words.next();
    if (next.done === true) throw new Unreadable('it ends before its last point');
    return Number(next.value[0]);
  };
}

function readerOfBytes(view: DataView, little: boolean): Read {
  let at = 0;
  const readers: Readonly<Record<string, (at: number) => number>> = {
    int8: (place) => view.getInt8(place),
    uint8: (place) => view.getUint8(place),
    int16: (place) => view.getInt16(place, little),
    uint16: (place) => view.getUint16(place, little),
    int32: (place) => view.getInt32(place, little),
    uint32: (place) => view.getUint32(place, little),
    float32: (place) => view.getFloat32(place, little),
    float64: (place) => view.getFloat64(place, little),
  };
  return (type) => {
    if (at + SIZES[type] > view.byteLength) throw new Unreadable('it ends before its last point');
    const value = readers[type](at);
    at += SIZES[type];
    return value;
  };
}

/** A value of a list is the last of its items, which nobody asks for. */
function valueOf({ type, count }: Property, read: Read): number {
  if (count === null) return read(type);
  let value = 0;
  for (let left = read(count); left > 0; left--) value = read(type);
  return value;
}

function readVertices({ count, properties }: Element, read: Read): { positions: Float32Array; colours: Uint8Array | null } {
  if (count > MOST_VERTICES) throw new Unreadable(`it has more than ${MOST_VERTICES.toLocaleString('en-US')} points`);
  const names = properties.map(({ name }) => name);
  const axes = ['x', 'y', 'z'].map((axis) => names.indexOf(axis));
  if (axes.includes(-1)) throw new Unreadable('its points have no place');
  const plain = ['red', 'green', 'blue'].map((channel) => names.indexOf(channel));
  const harmonic = ['f_dc_0', 'f_dc_1', 'f_dc_2'].map((channel) => names.indexOf(channel));
  const channels = plain.includes(-1) ? harmonic : plain;
  const hasColours = !channels.includes(-1);
  const [positions, colours] = [new Float32Array(count * 3), hasColours ? new Uint8Array(count * 3) : null];
  const row = new Array<number>(properties.length);
  const colourOf = (place: number) => {
    if (channels === harmonic) return (0.5 + HARMONIC * row[place]) * 255;
    return properties[place].type.startsWith('float') ? row[place] * 255 : row[place];
  };
  for (let i = 0; i < count; i++) {
    for (let place = 0; place < properties.length; place++) row[place] = valueOf(properties[place], read);
    for (let axis = 0; axis < 3; axis++) positions[i * 3 + axis] = row[axes[axis]];
    if (colours !== null) for (let channel = 0; channel < 3; channel++) colours[i * 3 + channel] = Math.min(Math.max(colourOf(channels[channel]), 0), 255);
  }
  return { positions, colours };
}

function readFaces({ count, properties }: Element, read: Read, triangles: number[]): void {
  for (let face = 0; face < count; face++) {
    for (const property of properties) {
      if (property.count === null || !/^vertex_ind(ex|ices)$/.test(property.name)) {
        valueOf(property, read);
        continue;
      }
      const corners = Array.from({ length: Math.min(read(property.count), 1_024) }, () => read(property.type));
      for (let i = 2; i < corners.length; i++) triangles.push(corners[0], corners[i - 1], corners[i]);
    }
  }
}

function skip({ count, properties }: Element, read: Read): void {
  for (let i = 0; i < count; i++) for (const property of properties) valueOf(property, read);
}
