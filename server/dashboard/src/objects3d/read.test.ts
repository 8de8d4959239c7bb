/** 3D objects of every form that is stored, and files that are none. */
import { describe, expect, it } from 'vitest';
import { readShape } from './read';
import { boundsOf, joined, shapeOf, Unreadable } from './shape';

const bytes = (text: string): ArrayBuffer => new TextEncoder().encode(text).buffer as ArrayBuffer;
const points = (shape: { positions: Float32Array }) => [...shape.positions];

/** A GLB of a document and the bytes that belong to it. */
function glb(document: object, body: ArrayBuffer): ArrayBuffer {
  const text = new TextEncoder().encode(JSON.stringify(document));
  const padded = Math.ceil(text.length / 4) * 4;
  const all = new Uint8Array(12 + 8 + padded + 8 + body.byteLength).fill(0x20);
  const view = new DataView(all.buffer);
  [0x46546c67, 2, all.length, padded, 0x4e4f534a].forEach((word, i) => view.setUint32(i * 4, word, true));
  all.set(text, 20);
  view.setUint32(20 + padded, body.byteLength, true);
  view.setUint32(24 + padded, 0x004e4942, true);
  all.set(new Uint8Array(body), 28 + padded);
  return all.buffer;
}

const TRIANGLE = new Float32Array([0, 0, 0, 1, 0, 0, 0, 1, 0]);
const document = (part: object = {}, node: object = {}) => ({
  asset: { version: '2.0' },
  scenes: [{ nodes: [0] }],
  nodes: [{ mesh: 0, ...node }],
  meshes: [{ primitives: [{ attributes: { POSITION: 0 }, material: 0 }] }],
  materials: [{ pbrMetallicRoughness: { baseColorFactor: [1, 0.5, 0, 1] } }],
  accessors: [{ bufferView: 0, componentType: 5126, count: 3, type: 'VEC3' }],
  bufferViews: [{ buffer: 0, byteLength: 36 }],
  buffers: [{ byteLength: 36 }],
  ...part,
});

describe('an object', () => {
  it('of OBJ has faces cut into triangles, counted from either end, and colours', () => {
    const shape = readShape(bytes('# a square\nv 0 0 0 1 0 0\nv 1 0 0 0 1 0\nv 1 1 0 0 0 1\nv 0 1 0 1 1 1\nf 1/1/1 2/2/2 3/3/3 -1\n'), 'obj');
    expect([...(shape.triangles ?? [])]).toEqual([0, 1, 2, 0, 2, 3]);
    expect([...(shape.colours ?? [])].slice(0, 6)).toEqual([255, 0, 0, 0, 255, 0]);
    expect(readShape(bytes('v 0 0 0\nv 1 2 3'), 'obj').triangles).toBeNull();
  });

  it('of STL is read from text and from bytes, whatever the bytes begin with', () => {
    const text = readShape(bytes('solid x\nfacet normal 0 0 1\nouter loop\nvertex 0 0 0\nvertex 1 0 0\nvertex 0 1 0\nendloop\nendfacet\nendsolid'), 'stl');
    const binary = new Uint8Array(84 + 50);
    binary.set(new TextEncoder().encode('solid but bytes'));
    const view = new DataView(binary.buffer);
    view.setUint32(80, 1, true);
    TRIANGLE.forEach((value, i) => view.setFloat32(96 + i * 4, value, true));
    for (const shape of [text, readShape(binary.buffer, 'stl')]) {
      expect(points(shape)).toEqual([...TRIANGLE]);
      expect([...(shape.triangles ?? [])]).toEqual([0, 1, 2]);
    }
  });

  it('of PLY is a cloud or a mesh, in text or in bytes of either order', () => {
    const head = (format: string, faces = '') =>
      `ply\nformat ${format} 1.0\ncomment made here\nelement vertex 2\nproperty float x\nproperty float y\nproperty float z\nproperty uchar red\nproperty uchar green\nproperty uchar blue\n${faces}end_header\n`;
    const text = readShape(bytes(`${head('ascii')}0 0 0 255 0 0\n1 2 3 0 0 255\n`), 'ply');
    expect([points(text), [...(text.colours ?? [])], text.triangles]).toEqual([[0, 0, 0, 1, 2, 3], [255, 0, 0, 0, 0, 255], null]);
    for (const [format, little] of [['binary_little_endian', true], ['binary_big_endian', false]] as const) {
      const start = new TextEncoder().encode(head(format, 'element face 1\nproperty list uchar int vertex_indices\n'));
      const all = new Uint8Array(start.length + 2 * 15 + 1 + 12);
      all.set(start);
      const view = new DataView(all.buffer, start.length);
      [0, 0, 0, 1, 2, 3].forEach((value, i) => view.setFloat32((i % 3) * 4 + Math.floor(i / 3) * 15, value, little));
      view.setUint8(30, 3);
      [0, 1, 0].forEach((corner, i) => view.setInt32(31 + i * 4, corner, little));
      const shape = readShape(all.buffer, 'ply');
      expect([points(shape), [...(shape.triangles ?? [])]]).toEqual([[0, 0, 0, 1, 2, 3], [0, 1, 0]]);
    }
  });

  it('of glTF stands where its nodes put it, in the colour of its material', () => {
    const shape = readShape(glb(document({}, { translation: [0, 0, 5], scale: [2, 2, 2] }), TRIANGLE.buffer), 'glb');
    expect(points(shape)).toEqual([0, 0, 5, 2, 0, 5, 0, 2, 5]);
    expect([...(shape.triangles ?? [])]).toEqual([0, 1, 2]);
    expect([...(shape.colours ?? [])].slice(0, 3)).toEqual([255, 128, 0]);
    const uri = `data:application/octet-stream;base64,${btoa(String.fromCharCode(...new Uint8Array(TRIANGLE.buffer)))}`;
    const text = readShape(bytes(JSON.stringify(document({ buffers: [{ byteLength: 36, uri }] }, { rotation: [0, 0, Math.SQRT1_2, Math.SQRT1_2] }))), 'gltf');
    expect(points(text).map((value) => Math.round(value) + 0)).toEqual([0, 0, 0, 0, 1, 0, -1, 0, 0]);
  });

  it('of splats is the cloud of their centres', () => {
    const view = new DataView(new ArrayBuffer(64));
    [1, 2, 3].forEach((value, i) => view.setFloat32(32 + i * 4, value, true));
    [9, 8, 7, 255].forEach((value, i) => view.setUint8(32 + 24 + i, value));
    const shape = readShape(view.buffer, 'splat');
    expect([points(shape), [...(shape.colours ?? [])]]).toEqual([[0, 0, 0, 1, 2, 3], [0, 0, 0, 9, 8, 7]]);
  });
});

describe('a file that is none', () => {
  const far = document({ accessors: [{ bufferView: 0, componentType: 5126, count: 99, type: 'VEC3' }] });
  const circle = document({ nodes: [{ children: [0] }] });
  const elsewhere = document({ buffers: [{ byteLength: 36, uri: 'https://evil.example/x.bin' }] });
  it.each([
    ['obj', bytes('')],
    ['obj', bytes('v 0 0 nothing')],
    ['obj', bytes('v 0 0 0\nf 1 2 3')],
    ['stl', bytes('solid')],
    ['ply', bytes('ply\nformat ascii 1.0\nelement vertex 99999999999\nproperty float x\nend_header\n')],
    ['ply', bytes('ply\nformat ascii 1.0\nelement vertex 2\nproperty float x\nproperty float y\nproperty float z\nend_header\n0 0 0')],
    ['ply', bytes('ply\nformat binary_little_endian 1.0\nelement vertex 2\nproperty strange x\nend_header\n')],
    ['glb', glb(far, TRIANGLE.buffer)],
    ['glb', glb(circle, TRIANGLE.buffer)],
    ['gltf', bytes(JSON.stringify(elsewhere))],
    ['gltf', bytes(JSON.stringify(document({ extensionsRequired: ['KHR_draco_mesh_compression'] })))],
    ['gltf', bytes('{')],
    ['splat', bytes('short')],
    ['exe', bytes('MZ')],
  ])('is told: %s', (ending, file) => {
    expect(() => readShape(file, ending)).toThrow(Unreadable);
  });
});

describe('shapes', () => {
  it('lie in a box', () => {
    expect(boundsOf(shapeOf(new Float32Array([-1, 0, 0, 3, 2, 0]), null))).toEqual({ centre: [1, 1, 0], size: [4, 2, 0], radius: Math.hypot(4, 2) / 2 });
    expect(boundsOf(shapeOf(new Float32Array([5, 5, 5]), null)).radius).toBe(1);
  });

  it('are joined with their corners and colours', () => {
    const plain = shapeOf(TRIANGLE, new Uint32Array([0, 1, 2]));
    const red = shapeOf(TRIANGLE, new Uint32Array([2, 1, 0]), new Uint8Array([255, 0, 0, 255, 0, 0, 255, 0, 0]));
    const both = joined([plain, red, shapeOf(TRIANGLE, null)]);
    expect([...(both.triangles ?? [])]).toEqual([0, 1, 2, 5, 4, 3]);
    expect([...(both.colours ?? [])].slice(6, 12)).toEqual([160, 160, 160, 255, 0, 0]);
  });
});
