/** Axes move in all charts at once: the one under the pointer follows in each frame, the others in turn, a few in a frame. */

/** Charts away from the pointer that are put together in one frame. */
const OTHERS_OF_A_FRAME = 4;

/** Layers of a chart that wait, with what puts them together. */
type Layers = Map<object, () => void>;

export class Moves {
  #waiting = new Map<object, Layers>();
  #leading: object | null = null;
  #nextFrame: (run: () => void) => void;
  #isAsked = false;

  constructor(nextFrame: (run: () => void) => void = (run) => requestAnimationFrame(run)) {
    this.#nextFrame = nextFrame;
  }

  /** Puts a layer together when it is the turn of its chart; those of one chart in the same frame. It keeps its place in the row. */
  add(chart: object, layer: object, isHere: boolean, run: () => void): void {
    if (isHere) this.#leading = chart;
    const layers = this.#waiting.get(chart) ?? new Map<object, () => void>();
    this.#waiting.set(chart, layers.set(layer, run));
    this.#ask();
  }

  /** The layer has been put together, or is gone. */
  forget(chart: object, layer: object): void {
    const layers = this.#waiting.get(chart);
    layers?.delete(layer);
    if (layers?.size === 0) this.#waiting.delete(chart);
  }

  #ask(): void {
    if (this.#isAsked || this.#waiting.size === 0) return;
    this.#isAsked = true;
    this.#nextFrame(() => {
      this.#isAsked = false;
      let others = 0;
      for (const [chart, layers] of this.#waiting) {
        if (chart !== this.#leading && others++ >= OTHERS_OF_A_FRAME) continue;
        this.#waiting.delete(chart);
        for (const run of layers.values()) run();
      }
      this.#ask();
    });
  }
}

/** Of all charts of the page. */
export const moves = new Moves();
