/** The logged values that a page shows: the newest first, older ones on demand, new ones as they come. */
import { readLoggedValue, readLoggedValues, type LoggedValue, type ValueGroup } from '../api/loggedValues';
import { partsOf, type MediaPart } from './parts';

/** Values of a page; those of tables and reports are long. */
const OF_A_PAGE: Record<ValueGroup, number> = { media: 1_000, tables: 200, histograms: 200, reports: 200 };
/** Long values that are kept; the oldest ones go first. */
const MOST_LONG = 200;

export type LoggedState = 'loading' | 'ready' | 'failed';

export class LoggedStore {
  /** Newest row first. */
  values = $state.raw<readonly LoggedValue[]>([]);
  state = $state<LoggedState>('loading');
  error = $state.raw<unknown>(null);
  /** There is nothing older. */
  complete = $state(false);

  #project: string;
  #group: ValueGroup;
  #run: string | null;
  /** Where older values begin; null before the first answer and behind the last. */
  #next: string | null = null;
  #begun = false;
  #busy = false;
  #stopped = new AbortController();
  #long = new Map<string, Promise<MediaPart[]>>();
  #parts = new WeakMap<LoggedValue, MediaPart[]>();

  constructor(project: string, group: ValueGroup, run: string | null) {
    [this.#project, this.#group, this.#run] = [project, group, run];
  }

  /** Ends every question. */
  stop(): void {
    this.#stopped.abort();
  }

  /** Reads the newest values, then older ones each time; after a failure what failed. */
  async load(): Promise<void> {
    await this.#alone(async () => {
      if (this.#begun && this.#next === null) return;
      const { values, next } = await this.#page(this.#next);
      this.values = [...this.values, ...values];
      [this.#next, this.#begun, this.complete] = [next, true, next === null];
    });
  }

  /** Reads what was logged since. */
  async refresh(): Promise<void> {
    if (!this.#begun) return this.load();
    await this.#alone(async () => {
      const newest = this.values[0]?.rowId ?? 0;
      const { values, next } = await this.#page(null);
      const since = values.filter(({ rowId }) => rowId > newest);
      if (since.length === values.length && next !== null) {
        // More came than one page holds, or others than before are there now.
        this.values = values;
        [this.#next, this.complete] = [next, false];
      } else if (since.length > 0) {
        this.values = [...since, ...this.values];
      }
    });
  }

  /** The parts of a value; null while a long one has not been read. */
  partsNow(value: LoggedValue): MediaPart[] | null {
    if (value.value === null) return null;
    let parts = this.#parts.get(value);
    if (parts === undefined) this.#parts.set(value, (parts = partsOf(value.value)));
    return parts;
  }

  /** The parts of a value, read where it is a long one. */
  parts(value: LoggedValue): Promise<MediaPart[]> {
    const now = this.partsNow(value);
    if (now !== null) return Promise.resolve(now);
    const name = `${value.rowId} ${value.key}`;
    const known = this.#long.get(name);
    if (known) return known;
    const reading = readLoggedValue(this.#project, value.rowId, value.key, this.#stopped.signal).then(partsOf);
    reading.catch(() => this.#long.delete(name));
    this.#long.set(name, reading);
    const [oldest] = this.#long.keys();
    if (this.#long.size > MOST_LONG && oldest !== undefined) this.#long.delete(oldest);
    return reading;
  }

  #page(after: string | null): Promise<{ values: LoggedValue[]; next: string | null }> {
    const question = { run: this.#run, limit: OF_A_PAGE[this.#group], ...(after === null ? {} : { after }) };
    return readLoggedValues(this.#project, this.#group, question, this.#stopped.signal);
  }

  /** One question at a time; what fails is told on the page. */
  async #alone(ask: () => Promise<void>): Promise<void> {
    if (this.#busy || this.#stopped.signal.aborted) return;
    this.#busy = true;
    if (this.values.length === 0 && this.state === 'failed') this.state = 'loading';
    try {
      await ask();
      this.state = 'ready';
      this.error = null;
    } catch (error) {
      if (this.#stopped.signal.aborted) return;
      this.state = this.values.length > 0 ? 'ready' : 'failed';
      this.error = error;
    } finally {
      this.#busy = false;
    }
  }
}
