/** Draws a shape by WebGL: triangles lit from the eye, points in their colours. */
import { perspective, viewOf, type Look } from './matrix';
import { boundsOf, type Bounds, type Shape } from './shape';

const VERTEX = `#version 300 es
layout(location = 0) in vec3 place;
layout(location = 1) in vec3 colour;
uniform mat4 view;
uniform mat4 projection;
uniform float size;
out vec3 seen;
out vec3 tint;
void main() {
  vec4 at = view * vec4(place, 1.0);
  seen = at.xyz;
  tint = colour;
  gl_Position = projection * at;
  gl_PointSize = clamp(size / max(-at.z, 0.05), 1.0, 12.0);
}`;

// The slope of a triangle follows from its neighbours on the screen: no file needs to say it.
const FRAGMENT = `#version 300 es
precision highp float;
in vec3 seen;
in vec3 tint;
uniform bool lit;
out vec4 result;
void main() {
  float light = 1.0;
  if (lit) {
    vec3 slope = normalize(cross(dFdx(seen), dFdy(seen)));
    light = 0.45 + 0.55 * abs(dot(slope, normalize(seen)));
  }
  result = vec4(tint * light, 1.0);
}`;

/** Of what is seen upwards or across, whichever is less: the whole of an object from where it is looked at first. */
const ANGLE = Math.PI / 4.5;
const NEAR = 0.02;
const FAR = 64;

/** Red, green and blue, from 0 to 1. */
export type Tint = readonly [number, number, number];

export class ShapePainter {
  readonly bounds: Bounds;
  #gl: WebGL2RenderingContext;
  #shape: Shape;
  #uniforms: Record<'view' | 'projection' | 'size' | 'lit', WebGLUniformLocation | null>;

  /** Null where the browser has no WebGL. */
  static on(canvas: HTMLCanvasElement, shape: Shape): ShapePainter | null {
    const gl = canvas.getContext('webgl2', { antialias: true, alpha: true });
    return gl === null ? null : new ShapePainter(gl, shape);
  }

  private constructor(gl: WebGL2RenderingContext, shape: Shape) {
    [this.#gl, this.#shape, this.bounds] = [gl, shape, boundsOf(shape)];
    const program = gl.createProgram();
    for (const [kind, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]] as const) {
      const shader = gl.createShader(kind);
      if (shader === null) continue;
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    gl.useProgram(program);
    const at = (name: string) => gl.getUniformLocation(program, name);
    this.#uniforms = { view: at('view'), projection: at('projection'), size: at('size'), lit: at('lit') };
    gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
    gl.bufferData(gl.ARRAY_BUFFER, shape.positions, gl.STATIC_DRAW);
    gl.enableVertexAttribArray(0);
    gl.vertexAttribPointer(0, 3, gl.FLOAT, false, 0, 0);
    if (shape.colours !== null) {
      gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
      gl.bufferData(gl.ARRAY_BUFFER, shape.colours, gl.STATIC_DRAW);
      gl.enableVertexAttribArray(1);
      gl.vertexAttribPointer(1, 3, gl.UNSIGNED_BYTE, true, 0, 0);
    }
    if (shape.triangles !== null) {
      gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, gl.createBuffer());
      gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, shape.triangles, gl.STATIC_DRAW);
    }
    gl.enable(gl.DEPTH_TEST);
  }

  /** Draws it in so many device pixels; `tint` is the colour of what has none. */
  paint(look: Look, width: number, height: number, tint: Tint): void {
    const gl = this.#gl;
    const { centre, radius } = this.bounds;
    gl.viewport(0, 0, width, height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    if (this.#shape.colours === null) gl.vertexAttrib3f(1, ...tint);
    gl.uniformMatrix4fv(this.#uniforms.view, false, [...viewOf(look, centre, radius)]);
    const aspect = width / Math.max(height, 1);
    const angle = 2 * Math.atan(Math.tan(ANGLE / 2) / Math.min(aspect, 1));
    gl.uniformMatrix4fv(this.#uniforms.projection, false, [...perspective(angle, aspect, NEAR, FAR)]);
    const points = this.#shape.positions.length / 3;
    // Few points are seen when they are large, many when they are small.
    gl.uniform1f(this.#uniforms.size, (height / Math.sqrt(points)) * 2.5);
    gl.uniform1i(this.#uniforms.lit, this.#shape.triangles === null ? 0 : 1);
    if (this.#shape.triangles === null) gl.drawArrays(gl.POINTS, 0, points);
    else gl.drawElements(gl.TRIANGLES, this.#shape.triangles.length, gl.UNSIGNED_INT, 0);
  }

  /** Gives its memory back: a page may have few of these at once. */
  close(): void {
    this.#gl.getExtension('WEBGL_lose_context')?.loseContext();
  }
}
