/** The charts of a page with what they share: their series, kept current, the cursor, and the run under the pointer. */
import { SvelteMap } from 'svelte/reactivity';
import { readSeries, type RunSummary } from '../api/client';
import { SeriesStore, type ChartSeries, type RunGroup } from '../api/seriesStore';
import { Cursor } from './cursor.svelte';
import { settings } from '../settings/settings.svelte';
import { smoothingOf, type Drawing, type Window } from './drawing';
import { painter } from './painter';
import type { Range } from './scale';

/** Until the charts that know of something new have painted it: a new one knows its size in the next frame, and begins then. */
async function whenPainted(): Promise<void> {
  for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame);
  await painter.settled();
}

export class ChartSet {
  /** By metric, for charts on the screen. */
  series = new SvelteMap<string, ChartSeries>();
  cursor = new Cursor();
  /** Id of the line under the pointer. */
  hovered = $state<string | null>(null);
  /** Charts have been painted: what is of less use than they are may come now. */
  hasPainted = $state(false);
  #store = new SeriesStore(readSeries, (key, chart) => this.series.set(key, chart), () => this.#painted(), (key) => this.series.delete(key));
  /** All of x by axis, as it was last seen without a window. */
  #wholes = new Map<string, Range>();
  /** Windows to go back to, the last one first left. */
  #windows: (Window | null)[] = [];

  /** Tells what to show now: these runs, or groups of them as bands; what is not known of it is asked for. */
  draw(project: string, runs: readonly RunSummary[], drawing: Drawing, groups: readonly RunGroup[] | null = null): void {
    const { x, window, logX, smoothing, smoothingKind } = drawing;
    const kind = smoothingKind ?? settings.smoothingKind;
    const all = groups === null ? runs : groups.flatMap((group) => group.runs);
    this.#store.draw({ project, runs, groups, x, logX, window, smoothing: (axis) => smoothingOf(smoothing, axis, window, all, kind) });
  }

  async #painted(): Promise<void> {
    await whenPainted();
    this.hasPainted = true;
  }

  /** A chart of this metric is on the screen, so many device pixels wide; the answer takes it off. */
  show(key: string, pixels: number): () => void {
    return this.#store.show(key, pixels);
  }

  /** Tries again what could not be read. */
  retry(key: string): void {
    this.#store.retry(key);
  }

  /** Remembers the window that a zoom leaves. */
  enter(from: Window | null): void {
    this.#windows.push(from);
  }

  /** The window before the last zoom. */
  back(): Window | null {
    return this.#windows.pop() ?? null;
  }

  /** There is nothing to go back to: another axis, another project, or all of x. */
  forgetWindows(): void {
    this.#windows = [];
  }

  /** Remembers how far x goes on an axis where nothing is zoomed. */
  rememberWhole(axis: string, whole: Range): void {
    this.#wholes.set(axis, whole);
  }

  /** A window of this axis hides nothing; false where nobody knows. */
  isWhole(axis: string, { from, to }: Window): boolean {
    const whole = this.#wholes.get(axis);
    return whole !== undefined && from <= whole.min && to >= whole.max;
  }

  /** The part of all of x that a window shows, as shares from 0 to 1; null where it shows all, or nobody knows. */
  overviewOf(axis: string, window: Window | null): { from: number; to: number } | null {
    const whole = this.#wholes.get(axis);
    if (window === null || whole === undefined || !(whole.max > whole.min)) return null;
    const share = (x: number) => Math.min(Math.max((x - whole.min) / (whole.max - whole.min), 0), 1);
    return { from: share(window.from), to: share(window.to) };
  }

  /** What is known is of no use: another project. */
  clear(): void {
    this.series.clear();
    this.#wholes.clear();
    this.forgetWindows();
  }

  close(): void {
    this.#store.close();
  }
}
