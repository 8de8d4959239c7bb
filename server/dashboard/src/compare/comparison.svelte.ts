/** What the Compare page knows: the runs it compares, what all runs were given and came to, and what goes with what. */
import { readConfigs, readDiff, readMetricsOfRuns, readRun, readSeries, readStatuses, type RunStatus, type RunSummary } from '../api/client';
import { ChartSet } from '../charts/chartSet.svelte';
import type { Drawing } from '../charts/drawing';
import { formatSetting } from '../format';
import { differing, settingValuesOf, type SettingValues } from '../runs/configs';
import type { Workspace } from '../workspace.svelte';
import { axisOf, type Axis } from './axis';
import { keeps } from './brush';
import { configSection, originSection, outcomeSection, type Origin, type Section } from './differences';
import { importancesOf } from './importance';
import { OutcomeStore, type Outcomes } from './outcomes';
import { COMPARE_PARAMETERS, type CompareView } from './parameters';
import { figureOf, idOf, readQuantity, titleOf, valueOf, type Findable, type Quantity } from './quantity';
import { stepsToReach, usualReach } from './reach';
import { chosenRuns, findRun, isLowerBetterOf, MOST_COMPARED, proposedRuns, ranked, tellingSettings, usualAxes, usualMetrics, usualTarget } from './selection';

/** Metrics of one question about all runs. */
const MOST_METRICS = 8;
const NO_SETTINGS: SettingValues = new Map();

export class Comparison {
  charts = new ChartSet();
  /** Axes for which there is room. */
  room = $state(5);
  #page: () => Workspace;
  #settings = $state.raw<ReadonlyMap<string, SettingValues> | null>(null);
  #outcomes = $state.raw<Outcomes | null>(null);
  #failure = $state.raw<unknown>(null);
  #origins = $state.raw<ReadonlyMap<string, Origin>>(new Map());
  #originFailure = $state.raw<unknown>(null);
  #originTries = $state(0);
  #statuses = $state.raw<ReadonlyMap<string, RunStatus>>(new Map());
  /** First steps that reach a value, by run, metric and value; a step that was found stays. */
  #reached = $state.raw<ReadonlyMap<string, number | null>>(new Map());
  #store = new OutcomeStore(readMetricsOfRuns, (outcomes) => (this.#outcomes = outcomes), (failure) => (this.#failure = failure));
  #searches = new AbortController();
  /** Searches under way. */
  #searched = new Set<string>();
  /** Runs that were proposed, and to which question: they must not change places while someone reads. */
  #proposal: { question: string; ids: readonly string[] } | null = null;

  parameters = $derived.by<CompareView>(() => COMPARE_PARAMETERS.read(this.#page().view.own));
  /** Those that much depends on, as texts: while another one changes, as a brush that is drawn, what depends on them stays. */
  #askedTarget = $derived.by(() => this.parameters.target);
  #askedAcross = $derived.by(() => this.parameters.across);
  #askedAxes = $derived.by(() => JSON.stringify(this.parameters.axes));
  #choice = $derived.by(() => this.#page().view.choice);
  #drawingText = $derived.by(() => {
    const { x, window, smoothing, smoothingKind, logX, logY, keepOutliers } = this.#page().view;
    return JSON.stringify({ x, window, smoothing, smoothingKind, logX, logY, keepOutliers } satisfies Drawing);
  });
  /** How the chart is drawn. */
  drawing = $derived.by(() => JSON.parse(this.#drawingText) as Drawing);
  #axesAsked = $derived.by(() => (JSON.parse(this.#askedAxes) as string[]).map(readQuantity).filter((quantity) => quantity !== null));
  runs = $derived.by<readonly RunSummary[]>(() => this.#page().runs ?? []);
  #keys = $derived.by(() => this.#page().keys ?? []);
  #lossKey = $derived.by(() => this.#page().lossKey ?? this.runs.find((run) => run.loss_key != null)?.loss_key ?? null);
  #metrics = $derived.by(() => usualMetrics(this.#keys, this.#lossKey));
  target = $derived.by<Quantity | null>(() => readQuantity(this.#askedTarget) ?? usualTarget(this.#keys, this.#lossKey));
  /** Metrics that are read of every run. */
  #wanted = $derived.by(() => {
    const named = [this.target, readQuantity(this.#askedAcross), ...this.#axesAsked];
    const asked = named.flatMap((quantity) => (quantity === null || quantity.kind === 'config' ? [] : quantity.name));
    return [...new Set([...asked, ...this.#metrics])].slice(0, MOST_METRICS);
  });
  /** As one text: the same while rows come in, so that what depends on it stays. */
  #ids = $derived.by(() => this.runs.map(({ run_id }) => run_id).join(' '));
  facts = $derived.by<ReadonlyMap<string, Findable>>(() => {
    const nothing = new Map<string, never>();
    const ids = this.#ids.split(' ').filter(Boolean);
    return new Map(ids.map((run_id) => [run_id, { settings: this.#settings?.get(run_id) ?? NO_SETTINGS, outcomes: this.#outcomes?.get(run_id) ?? nothing }]));
  });
  /** Whether all that the proposal depends on has been asked for. */
  ready = $derived.by(() => this.#page().keys !== null && this.#settings !== null && (this.#outcomes !== null || this.#failure !== null || this.#wanted.length === 0));
  failure = $derived.by<unknown>(() => this.#failure);

  #chosen = $derived.by(() => chosenRuns(this.runs, this.#choice));
  /** Runs that are compared; none until it is known which. */
  compared = $derived.by<readonly RunSummary[]>(() => (this.#chosen ?? this.#proposed()).slice(0, MOST_COMPARED));
  isProposed = $derived(this.#chosen === null);
  /** Runs that were asked for and have no column. */
  left = $derived.by(() => Math.max(0, (this.#chosen?.length ?? 0) - MOST_COMPARED));
  baseline = $derived.by<RunSummary | null>(() => findRun(this.compared, this.parameters.baseline) ?? this.compared[0] ?? null);

  /** The value of the target that runs are asked to reach; null for settings, and while no run has any. */
  reach = $derived.by<number | null>(() => {
    const { target } = this;
    if (target === null || target.kind === 'config') return null;
    const bests = this.compared.map((run) => figureOf(this.facts.get(run.run_id), { kind: 'best', name: target.name }));
    return this.parameters.reach ?? usualReach(bests.filter((best) => best !== null), isLowerBetterOf(target));
  });

  /** Quantities of the table, the target first. */
  #rows = $derived.by<Quantity[]>(() => {
    const metrics = this.#metrics.map((name): Quantity => ({ kind: name === this.#lossKey ? 'last' : 'best', name }));
    const all = this.target === null ? metrics : [this.target, ...metrics];
    return all.filter((quantity, i) => all.findIndex((other) => idOf(other) === idOf(quantity)) === i);
  });
  sections = $derived.by<Section[]>(() => {
    const { compared, facts, target, reach } = this;
    const baseline = compared.findIndex((run) => run === this.baseline);
    const statuses = new Map([...this.#statuses, ...this.#page().statuses]);
    const name = target === null || reach === null ? null : `steps to ${target.name} ${formatSetting(reach)}`;
    const steps = new Map(compared.map((run) => [run.run_id, this.#reached.get(this.#reachKey(run)) ?? null]));
    const origin = originSection(compared, this.#origins, baseline);
    return [outcomeSection(compared, statuses, facts, this.#rows, name === null ? null : { name, steps }), configSection(compared, facts, baseline), ...(origin === null ? [] : [origin])];
  });
  originFailure = $derived.by<unknown>(() => this.#originFailure);
  statuses = $derived.by<ReadonlyMap<string, RunStatus>>(() => new Map([...this.#statuses, ...this.#page().statuses]));

  chart = $derived.by<string | null>(() => this.parameters.chart || (this.#lossKey ?? this.#keys[0] ?? null));

  importances = $derived.by(() => {
    const { target, facts } = this;
    if (target === null) return [];
    return importancesOf([...facts.values()].map((run) => ({ settings: run.settings, target: figureOf(run, target) })));
  });
  /** Runs that have the target. */
  told = $derived.by(() => (this.target === null ? [] : ranked(this.runs, this.facts, this.target)));
  /** Settings that differ, those that matter most first. */
  settings = $derived.by<string[]>(() => {
    const all = [...this.facts.values()].map(({ settings }) => settings).filter((settings) => settings.size > 0);
    return [...new Set([...this.importances.map(({ setting }) => setting), ...differing(all)])];
  });
  /** All that can be laid along an axis. */
  choices = $derived.by<Quantity[]>(() => [
    ...this.settings.map((name): Quantity => ({ kind: 'config', name })),
    ...[...new Set([...this.#wanted, ...this.#keys])].flatMap((name): Quantity[] => [{ kind: 'best', name }, { kind: 'last', name }]),
  ]);
  quantities = $derived.by<Quantity[]>(() => {
    if (this.#axesAsked.length > 0) return this.#axesAsked;
    const all = [...this.facts.values()].map(({ settings }) => settings);
    return usualAxes(this.settings, all, this.#metrics, this.#lossKey, this.target, this.room);
  });
  /** Runs that have any value along the axes. */
  #laid = $derived.by(() => this.runs.filter((run) => this.quantities.some((quantity) => valueOf(this.facts.get(run.run_id), quantity) !== null)));
  laid = $derived.by<readonly RunSummary[]>(() => this.#laid);
  axes = $derived.by<{ quantity: Quantity; id: string; title: string; axis: Axis }[]>(() =>
    this.quantities.map((quantity) => ({
      quantity,
      id: idOf(quantity),
      title: titleOf(quantity),
      axis: axisOf(this.#laid.map((run) => valueOf(this.facts.get(run.run_id), quantity)), quantity.kind !== 'config'),
    })),
  );
  /** Ids of the runs that all brushes keep; null when nothing is brushed. */
  kept = $derived.by<ReadonlySet<string> | null>(() => {
    const { brush } = this.parameters;
    if (brush.size === 0) return null;
    return new Set(this.#laid.filter((run) => keeps(brush, this.facts.get(run.run_id))).map((run) => run.run_id));
  });
  /** What lies along the scatter plot. */
  across = $derived.by<Quantity | null>(() => {
    const asked = readQuantity(this.#askedAcross);
    if (asked !== null) return asked;
    const [first] = tellingSettings(this.settings, [...this.facts.values()].map(({ settings }) => settings));
    if (first !== undefined) return { kind: 'config', name: first };
    return this.choices.find((quantity) => this.target !== null && idOf(quantity) !== idOf(this.target)) ?? null;
  });

  /** To be made while a component is set up: it asks and stops asking with it. */
  constructor(page: () => Workspace) {
    this.#page = page;
    $effect(() => this.#readSettings());
    $effect(() => {
      const { project, runs, keys } = page();
      // What is wanted depends on the metrics there are.
      if (project !== null && runs !== null && keys !== null) this.#store.want({ project, runs, metrics: this.#wanted });
    });
    $effect(() => {
      const { project } = page();
      if (project !== null) this.charts.draw(project, this.compared, this.drawing);
    });
    const ids = $derived(this.compared.map((run) => run.run_id).join(' '));
    $effect(() => this.#readOrigins(ids));
    $effect(() => this.#readReached());
    $effect(() => () => {
      this.#store.stop();
      this.#searches.abort();
      this.charts.close();
    });
  }

  change(part: Partial<CompareView>): void {
    this.#page().changeOwn(COMPARE_PARAMETERS.write(part));
  }

  compare(runs: readonly RunSummary[]): void {
    this.#page().change({ choice: { only: true, runs: runs.map((run) => run.run_id) } });
  }

  toggle(run: RunSummary): void {
    const rest = this.compared.filter((other) => other.run_id !== run.run_id);
    if (rest.length < this.compared.length) {
      if (rest.length > 0) this.compare(rest);
    } else if (rest.length < MOST_COMPARED) this.compare([...rest, run]);
  }

  /** Of the runs compared now, whether chosen or proposed; the id, since names may come twice. */
  setBaseline(run: RunSummary): void {
    this.change({ baseline: run.run_id });
  }

  #proposed(): RunSummary[] {
    if (!this.ready) return [];
    const question = JSON.stringify([this.#page().project, this.#choice.runs, this.target === null ? '' : idOf(this.target)]);
    const known = this.#proposal?.question === question ? this.#proposal.ids.map((id) => findRun(this.runs, id)) : [];
    if (known.length > 0 && known.every((run) => run !== undefined)) return known;
    const proposed = proposedRuns(this.runs, this.#choice, this.facts, this.target);
    // While no run is known to have the target, another answer may come.
    this.#proposal = this.target === null || this.told.length > 0 ? { question, ids: proposed.map((run) => run.run_id) } : null;
    return proposed;
  }

  #readSettings(): (() => void) | undefined {
    const { project } = this.#page();
    // A config is there from the start of a run: asked for again when there is another run.
    void this.#ids;
    if (project === null) return undefined;
    const asked = new AbortController();
    readConfigs(project, asked.signal).then(
      (configs) => (this.#settings = new Map(configs.map(({ run_id, config }) => [run_id, settingValuesOf(config)]))),
      (failure: unknown) => {
        if (asked.signal.aborted) return;
        this.#failure = failure;
        this.#settings ??= new Map();
      },
    );
    return () => asked.abort();
  }

  /** Reads code and environment again, after they could not be. */
  readOriginsAgain(): void {
    this.#originTries += 1;
  }

  #readOrigins(ids: string): (() => void) | undefined {
    void this.#originTries;
    const { project } = this.#page();
    const all = ids.split(' ').filter(Boolean);
    if (project === null || all.length === 0) return undefined;
    const asked = new AbortController();
    const { signal } = asked;
    const readOne = async (id: string): Promise<[string, Origin]> => {
      const detail = await readRun(project, id, signal);
      const diff = detail.environment?.diff_bytes == null ? null : ((await readDiff(project, id, signal)).diff ?? null);
      return [id, { detail, diff }];
    };
    Promise.all([Promise.all(all.map(readOne)), readStatuses(project, all, signal)]).then(
      ([origins, statuses]) => {
        this.#origins = new Map(origins);
        this.#statuses = new Map(statuses.map((status) => [status.run_id, status]));
        this.#originFailure = null;
      },
      (failure: unknown) => {
        if (!signal.aborted) this.#originFailure = failure;
      },
    );
    return () => asked.abort();
  }

  #reachKey = (run: RunSummary) => JSON.stringify([run.run_id, this.target?.name, this.reach]);

  /** Asks only of runs whose best value says that they have reached it, and once. */
  #readReached(): void {
    const { project } = this.#page();
    const { target, reach } = this;
    if (project === null || target === null || reach === null) return;
    const lower = isLowerBetterOf(target);
    for (const run of this.compared) {
      const best = figureOf(this.facts.get(run.run_id), { kind: 'best', name: target.name });
      const key = this.#reachKey(run);
      if (best === null || (lower ? best > reach : best < reach) || this.#reached.has(key) || this.#searched.has(key)) continue;
      this.#searched.add(key);
      stepsToReach(readSeries, project, run.run_id, target.name, reach, lower, this.#searches.signal)
        .then((step) => {
          if (step !== null) this.#reached = new Map([...this.#reached, [key, step]]);
        })
        // What could not be read is asked for again with the next change of the runs.
        .catch(() => {})
        .finally(() => this.#searched.delete(key));
    }
  }
}
