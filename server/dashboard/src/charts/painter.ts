/**
 * Has lines painted beside the page: a hundred long runs take longer than a frame, and no frame shall wait for them.
 * One chart at a time, the first one first; what nobody has begun yet gives way to what its chart wants later.
 */
import { pictureOf, type LinesToPaint } from './linesPicture';

/** What the worker is told. */
export interface ToPaint {
  number: number;
  work: LinesToPaint;
}

/** And its answer, with the time it took. */
export interface Painted {
  number: number;
  picture: ImageBitmap;
  milliseconds: number;
}

/** A worker, as far as it is needed here. */
export interface PaintWorker {
  postMessage: (message: ToPaint) => void;
  terminate: () => void;
  onmessage: ((event: MessageEvent<Painted>) => void) | null;
  onerror: ((event: ErrorEvent) => void) | null;
}

interface Wish {
  work: LinesToPaint;
  /** The lines are the same, some of them longer. */
  isGrowth: boolean;
  done: (picture: ImageBitmap) => void;
}

/** Charts under way at once: while one comes back the worker has the next. */
const MOST_UNDER_WAY = 2;
/** Lines that grow are painted anew after so many times the time that the last such painting took. */
const REST = 2;

export class Painter {
  #start: () => PaintWorker | null;
  #worker: PaintWorker | null = null;
  #isStarted = false;
  /** By chart. */
  #waiting = new Map<object, Wish>();
  #underWay = new Map<number, { chart: object; wish: Wish }>();
  #number = 0;
  /** Until then no lines are painted that only grow. */
  #restUntil = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #settled: (() => void)[] = [];

  /** `start` makes the worker; where there is none, the page has to paint. */
  constructor(start: () => PaintWorker | null) {
    this.#start = start;
  }

  /** Has the worker ready when the first chart needs it. */
  start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    this.#worker = this.#start();
    if (this.#worker === null) return;
    this.#worker.onmessage = ({ data }) => this.#take(data);
    // Its code did not come, or the browser cannot do it there.
    this.#worker.onerror = () => this.#goWithout();
  }

  /** Paints for a chart, and forgets what it wanted before. `isGrowth`: the same lines, only longer; that may wait. */
  paint(chart: object, work: LinesToPaint, isGrowth: boolean, done: (picture: ImageBitmap) => void): void {
    this.start();
    const before = this.#waiting.get(chart);
    // What would have been painted at once is not put off by a row that came since.
    this.#waiting.set(chart, { work, isGrowth: isGrowth && before?.isGrowth !== false, done });
    this.#next();
  }

  /** The chart is gone. */
  forget(chart: object): void {
    this.#waiting.delete(chart);
    for (const { chart: other, wish } of this.#underWay.values()) if (other === chart) wish.done = (picture) => picture.close();
    this.#tellSettled();
  }

  /** Until all that was asked for is painted, but for lines that only grow. */
  settled(): Promise<void> {
    if (this.#isSettled) return Promise.resolve();
    return new Promise((resolve) => this.#settled.push(resolve));
  }

  #next(): void {
    const now = performance.now();
    for (const [chart, wish] of this.#waiting) {
      if (this.#underWay.size >= MOST_UNDER_WAY) return;
      if (wish.isGrowth && (now < this.#restUntil || [...this.#underWay.values()].some((other) => other.wish.isGrowth))) continue;
      this.#waiting.delete(chart);
      this.#number += 1;
      this.#underWay.set(this.#number, { chart, wish });
      this.#send({ number: this.#number, work: wish.work });
    }
    if (this.#waiting.size > 0 && this.#underWay.size === 0 && this.#timer === null) {
      this.#timer = setTimeout(() => {
        this.#timer = null;
        this.#next();
      }, Math.max(this.#restUntil - now, 0));
    }
  }

  #send(message: ToPaint): void {
    if (this.#worker !== null) this.#worker.postMessage(message);
    else setTimeout(() => this.#paintHere(message));
  }

  #paintHere({ number, work }: ToPaint): void {
    const began = performance.now();
    this.#take({ number, picture: pictureOf(work), milliseconds: performance.now() - began });
  }

  #take({ number, picture, milliseconds }: Painted): void {
    const painted = this.#underWay.get(number);
    if (painted === undefined) return picture.close();
    this.#underWay.delete(number);
    if (painted.wish.isGrowth) this.#restUntil = performance.now() + REST * milliseconds;
    this.#next();
    painted.wish.done(picture);
    this.#tellSettled();
  }

  get #isSettled(): boolean {
    return [...this.#waiting.values(), ...[...this.#underWay.values()].map(({ wish }) => wish)].every(({ isGrowth }) => isGrowth);
  }

  #tellSettled(): void {
    if (!this.#isSettled) return;
    for (const resolve of this.#settled.splice(0)) resolve();
  }

  /** What is under way is begun again, on the page. */
  #goWithout(): void {
    this.#worker?.terminate();
    this.#worker = null;
    for (const [number, { wish }] of this.#underWay) this.#send({ number, work: wish.work });
  }
}

const startWorker = (): PaintWorker | null =>
  typeof Worker === 'undefined' ? null : new Worker(new URL('./paintWorker.ts', import.meta.url), { type: 'module', name: 'painter' });

/** All charts of the page have one. */
export const painter = new Painter(startWorker);
