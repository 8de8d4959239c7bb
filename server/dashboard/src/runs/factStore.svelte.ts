/** Settings and metrics of all runs of a project: asked for together, as soon as a filter or a column needs them. */
import type { MetricsOfRun, MetricSummary, RunConfig, RunSummary } from '../api/client';
import { isActive } from './attention';
import { settingValuesOf, type SettingValues } from './configs';
import type { Facts, MetricFacts } from './fields';

const RUNS_OF_A_REQUEST = 1_000;
const KEYS_OF_A_REQUEST = 100;
/** Metrics of runs that go on are asked for again after so long. */
const PAUSE_MS = 1_000;
/** A config can change while its run goes on, but seldom does. */
const CONFIGS_MS = 30_000;
/** What could not be read is asked for again after so long. */
const RETRY_MS = 5_000;

export interface FactSources {
  configs: (project: string, signal: AbortSignal) => Promise<RunConfig[]>;
  metrics: (project: string, runs: string[], keys: string[], signal: AbortSignal) => Promise<MetricsOfRun[]>;
}

interface Known {
  /** Rows the run had when it was asked. */
  rows: number;
  facts: MetricFacts | null;
}

/** Ends and extremes of a metric. */
export function factsOf({ first, last, last_step, min, min_step, max, max_step }: MetricSummary): MetricFacts {
  return { first: first ?? null, last: last ?? null, lastStep: last_step ?? null, min: min ?? null, minStep: min_step ?? null, max: max ?? null, maxStep: max_step ?? null };
}

export class FactStore {
  configs = $state.raw<ReadonlyMap<string, SettingValues> | null>(null);
  metrics = $state.raw<Facts['metrics']>(new Map());
  /** Names of all settings, in the order in which they were set. */
  settings = $derived([...new Set([...(this.configs ?? new Map<string, SettingValues>()).values()].flatMap((values) => [...values.keys()]))]);

  #onchange: () => void;
  #sources: FactSources;
  #project: string | null = null;
  #runs: readonly RunSummary[] = [];
  /** By who wants them. */
  #wanted = new Map<string, readonly string[]>();
  #configsWanted = new Set<string>();
  #configsOf = '';
  #configsAt = 0;
  #known = new Map<string, Map<string, Known>>();
  #asking = false;
  #askedAt = 0;
  #retryAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #abort = new AbortController();

  /** `onchange` is told when more is known. */
  constructor(sources: FactSources, onchange: () => void) {
    this.#onchange = onchange;
    this.#sources = sources;
  }

  /** Somebody needs these metrics, and settings when `configs`; what it needed before is forgotten. */
  want(owner: string, metrics: readonly string[], configs: boolean): void {
    this.#wanted.set(owner, metrics);
    if (configs) this.#configsWanted.add(owner);
    else this.#configsWanted.delete(owner);
    this.#pump();
  }

  /** The runs there are now. Another project begins with nothing. */
  draw(project: string, runs: readonly RunSummary[]): void {
    if (project !== this.#project) this.#clear();
    this.#project = project;
    this.#runs = runs;
    this.#pump();
  }

  #clear(): void {
    this.#abort.abort();
    this.#abort = new AbortController();
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#asking = false;
    this.#askedAt = 0;
    this.#retryAt = 0;
    this.#configsAt = 0;
    this.#configsOf = '';
    this.#known.clear();
    this.configs = null;
    this.metrics = new Map();
  }

  #keys(): string[] {
    return [...new Set([...this.#wanted.values()].flat())];
  }

  #missing(key: string): RunSummary[] {
    const known = this.#known.get(key);
    return this.#runs.filter((run) => known?.get(run.run_id)?.rows !== run.rows);
  }

  #configsDue(): boolean {
    if (this.#configsWanted.size === 0) return false;
    const changed = this.#idsOfRuns() !== this.#configsOf;
    const age = Date.now() - this.#configsAt;
    return changed ? age > PAUSE_MS : this.#runs.some(isActive) && age > CONFIGS_MS;
  }

  #idsOfRuns(): string {
    return this.#runs.map((run) => run.run_id).join(' ');
  }

  #pump(): void {
    if (this.#project === null || this.#asking || this.#runs.length === 0 || Date.now() < this.#retryAt) return;
    const configs = this.#configsDue();
    const keys = this.#keys().filter((key) => this.#missing(key).length > 0);
    if (!configs && keys.length === 0) return;
    const isNew = configs || keys.some((key) => !this.#known.has(key));
    const wait = isNew ? 0 : this.#askedAt + PAUSE_MS - Date.now();
    if (wait > 0) {
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined;
        this.#pump();
      }, wait);
      return;
    }
    void this.#ask(this.#project, configs, keys);
  }

  async #ask(project: string, configs: boolean, keys: readonly string[]): Promise<void> {
    this.#asking = true;
    this.#askedAt = Date.now();
    const { signal } = this.#abort;
    try {
      await Promise.all([configs && this.#askConfigs(project, signal), this.#askMetrics(project, keys, signal)]);
    } catch {
      // The banner of the page says that the server is away; what is known stays.
      if (!signal.aborted) this.#retryAt = Date.now() + RETRY_MS;
    }
    if (signal.aborted) return;
    this.#asking = false;
    this.#onchange();
    this.#pump();
  }

  async #askConfigs(project: string, signal: AbortSignal): Promise<void> {
    const asked = this.#idsOfRuns();
    const configs = await this.#sources.configs(project, signal);
    if (signal.aborted) return;
    this.#configsOf = asked;
    this.#configsAt = Date.now();
    this.configs = new Map(configs.map(({ run_id, config }) => [run_id, settingValuesOf(config)]));
  }

  /** Keys that lack the same runs go together. */
  async #askMetrics(project: string, keys: readonly string[], signal: AbortSignal): Promise<void> {
    const together = new Map<string, { runs: RunSummary[]; keys: string[] }>();
    for (const key of keys) {
      const runs = this.#missing(key);
      for (let i = 0; i < runs.length; i += RUNS_OF_A_REQUEST) {
        const part = runs.slice(i, i + RUNS_OF_A_REQUEST);
        const name = part.map((run) => run.run_id).join(' ');
        const batch = together.get(name) ?? { runs: part, keys: [] };
        batch.keys.push(key);
        together.set(name, batch);
      }
    }
    for (const batch of together.values()) {
      for (let i = 0; i < batch.keys.length; i += KEYS_OF_A_REQUEST) {
        await this.#askSome(project, batch.runs, batch.keys.slice(i, i + KEYS_OF_A_REQUEST), signal);
      }
    }
  }

  async #askSome(project: string, runs: readonly RunSummary[], keys: readonly string[], signal: AbortSignal): Promise<void> {
    const ids = runs.map((run) => run.run_id);
    const told = await this.#sources.metrics(project, ids, [...keys], signal);
    const answers = new Map(told.map(({ run, answer }) => [run, new Map((answer ?? []).map((summary) => [summary.key, summary]))]));
    if (signal.aborted) return;
    for (const key of keys) {
      const known = this.#known.get(key) ?? new Map<string, Known>();
      this.#known.set(key, known);
      for (const run of runs) {
        const summary = answers.get(run.run_id)?.get(key);
        known.set(run.run_id, { rows: run.rows, facts: summary ? factsOf(summary) : null });
      }
    }
    const published = keys.map((key) => {
      const facts = [...(this.#known.get(key) ?? [])].flatMap(([id, known]) => (known.facts ? [[id, known.facts] as const] : []));
      return [key, new Map(facts)] as const;
    });
    this.metrics = new Map([...this.metrics, ...published]);
  }
}
