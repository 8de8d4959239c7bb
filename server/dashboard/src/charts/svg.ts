/** A chart as SVG text, by the same strokes as on the canvas. */
import { FONT, type Pen, type Stroke, type Surface, type TextStyle } from './surface';

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
/** Signs that XML has no form for, as control characters in a name, would make the whole picture unreadable. */
const FORBIDDEN = /[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|\p{Surrogate}/gu;
const escaped = (text: string) => text.replace(FORBIDDEN, '\ufffd').replace(/[&<>"]/g, (sign) => ENTITIES[sign]);
const short = (length: number) => Number(length.toFixed(2));
const ANCHORS = { left: 'start', center: 'middle', right: 'end' } as const;
/** Share of the font size that a figure or letter takes on average: there is no font to measure by. */
const LETTER_WIDTH = 0.58;

function pathOf(draw: (pen: Pen) => void): string {
  let path = '';
  draw({
    moveTo: (x, y) => (path += `M${short(x)} ${short(y)}`),
    lineTo: (x, y) => (path += `L${short(x)} ${short(y)}`),
  });
  return path;
}

export class SvgSurface implements Surface {
  #parts: string[] = [];
  #clips = 0;

  stroke(draw: (pen: Pen) => void, { colour, width, opacity, dash }: Stroke): void {
    const dashes = dash.length > 0 ? ` stroke-dasharray="${dash.map(short).join(' ')}"` : '';
    this.#parts.push(
      `<path d="${pathOf(draw)}" fill="none" stroke="${escaped(colour)}" stroke-width="${short(width)}" stroke-opacity="${opacity}" stroke-linejoin="round"${dashes}/>`,
    );
  }

  fill(draw: (pen: Pen) => void, colour: string, opacity: number): void {
    this.#parts.push(`<path d="${pathOf(draw)}Z" fill="${escaped(colour)}" fill-opacity="${opacity}"/>`);
  }

  disc(x: number, y: number, radius: number, colour: string, opacity: number): void {
    this.#parts.push(`<circle cx="${short(x)}" cy="${short(y)}" r="${short(radius)}" fill="${escaped(colour)}" fill-opacity="${opacity}"/>`);
  }

  text(text: string, x: number, y: number, { colour, size, weight, align }: TextStyle): void {
    this.#parts.push(
      `<text x="${short(x)}" y="${short(y)}" fill="${escaped(colour)}" font-size="${size}" font-weight="${weight}" text-anchor="${ANCHORS[align]}" dominant-baseline="central">${escaped(text)}</text>`,
    );
  }

  textWidth(text: string, { size }: TextStyle): number {
    return text.length * size * LETTER_WIDTH;
  }

  within(left: number, top: number, width: number, height: number, draw: () => void): void {
    const id = `clip-${++this.#clips}`;
    this.#parts.push(
      `<clipPath id="${id}"><rect x="${short(left)}" y="${short(top)}" width="${short(width)}" height="${short(height)}"/></clipPath><g clip-path="url(#${id})">`,
    );
    draw();
    this.#parts.push('</g>');
  }

  /** The whole picture. */
  finish(width: number, height: number, background: string): string {
    const head = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${escaped(FONT)}">`;
    return `${head}<rect width="100%" height="100%" fill="${escaped(background)}"/>${this.#parts.join('')}</svg>\n`;
  }
}
