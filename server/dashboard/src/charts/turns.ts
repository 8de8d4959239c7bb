/** Run after run stands out as the pointer goes over lines: the charts away from it follow in turn, a few in a frame. */

/** Points that are drawn in one frame; a single chart may have more. */
const POINTS_OF_A_FRAME = 2_000;

interface Turn {
  points: number;
  run: () => void;
}

export class Turns {
  #waiting = new Map<object, Turn>();
  #nextFrame: (run: () => void) => void;
  #isAsked = false;

  constructor(nextFrame: (run: () => void) => void = (run) => requestAnimationFrame(run)) {
    this.#nextFrame = nextFrame;
  }

  /** Does this, which draws so many points, when it is the turn of `chart`; what that wanted before is forgotten, and its place kept. */
  add(chart: object, points: number, run: () => void): void {
    this.#waiting.set(chart, { points, run });
    this.#ask();
  }

  forget(chart: object): void {
    this.#waiting.delete(chart);
  }

  #ask(): void {
    if (this.#isAsked || this.#waiting.size === 0) return;
    this.#isAsked = true;
    this.#nextFrame(() => {
      this.#isAsked = false;
      let drawn = 0;
      for (const [chart, { points, run }] of this.#waiting) {
        if (drawn > 0 && drawn + points > POINTS_OF_A_FRAME) break;
        this.#waiting.delete(chart);
        drawn += points;
        run();
      }
      this.#ask();
    });
  }
}

/** Of all charts of the page. */
export const turns = new Turns();
