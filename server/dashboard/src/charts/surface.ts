/** What a chart is drawn on: a canvas, or a picture of lines and texts (see `svg.ts`). Lengths in its own pixels. */

export interface Pen {
  moveTo(x: number, y: number): void;
  lineTo(x: number, y: number): void;
}

export interface Stroke {
  colour: string;
  width: number;
  opacity: number;
  dash: readonly number[];
}

export interface TextStyle {
  colour: string;
  size: number;
  weight: 400 | 500 | 600;
  align: 'left' | 'center' | 'right';
}

export interface Surface {
  stroke(draw: (pen: Pen) => void, stroke: Stroke): void;
  fill(draw: (pen: Pen) => void, colour: string, opacity: number): void;
  disc(x: number, y: number, radius: number, colour: string, opacity: number): void;
  /** `y` is the middle of the small letters. */
  text(text: string, x: number, y: number, style: TextStyle): void;
  textWidth(text: string, style: TextStyle): number;
  /** Draws within a rectangle only. */
  within(left: number, top: number, width: number, height: number, draw: () => void): void;
}

export const FONT = '"Inter Variable", system-ui, sans-serif';

/** Draws on a canvas. */
export class CanvasSurface implements Surface {
  #context: CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;

  constructor(context: CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D) {
    this.#context = context;
    context.lineJoin = 'round';
  }

  stroke(draw: (pen: Pen) => void, { colour, width, opacity, dash }: Stroke): void {
    const context = this.#context;
    context.globalAlpha = opacity;
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.setLineDash([...dash]);
    context.beginPath();
    draw(context);
    context.stroke();
  }

  fill(draw: (pen: Pen) => void, colour: string, opacity: number): void {
    const context = this.#context;
    context.globalAlpha = opacity;
    context.fillStyle = colour;
    context.beginPath();
    draw(context);
    context.fill();
  }

  disc(x: number, y: number, radius: number, colour: string, opacity: number): void {
    const context = this.#context;
    context.globalAlpha = opacity;
    context.fillStyle = colour;
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.fill();
  }

  text(text: string, x: number, y: number, style: TextStyle): void {
    const context = this.#context;
    this.#setFont(style);
    context.globalAlpha = 1;
    context.fillStyle = style.colour;
    context.textAlign = style.align;
    context.textBaseline = 'middle';
    context.fillText(text, x, y);
  }

  textWidth(text: string, style: TextStyle): number {
    this.#setFont(style);
    return this.#context.measureText(text).width;
  }

  within(left: number, top: number, width: number, height: number, draw: () => void): void {
    this.#context.save();
    this.#context.beginPath();
    this.#context.rect(left, top, width, height);
    this.#context.clip();
    draw();
    this.#context.restore();
  }

  /** Draws a part of a picture over a part of this one. */
  image(picture: HTMLCanvasElement | ImageBitmap, left: number, top: number, width: number, height: number, toLeft: number, toTop: number, toWidth: number, toHeight: number): void {
    if (width <= 0 || height <= 0 || !(toWidth > 0) || !(toHeight > 0)) return;
    this.#context.globalAlpha = 1;
    this.#context.drawImage(picture, left, top, width, height, toLeft, toTop, toWidth, toHeight);
  }

  #setFont({ size, weight }: TextStyle): void {
    this.#context.font = `${weight} ${size}px ${FONT}`;
  }
}
