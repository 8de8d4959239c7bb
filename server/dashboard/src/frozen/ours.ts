/** What a snapshot of `paceline freeze` tells: the answers that the server gave when it was made. */
import type { Contents, MetricSummary } from '../api/client';
import type { Definition } from './definitions';
import { readJson } from './place';
import type { FrozenRun, Logged, Told } from './snapshot';

/** `paceline/project.json`. */
interface Index {
  project: string;
  contents: Contents;
  answers: Record<string, unknown> & { runs: { runs: { run_id: string; run: string }[] } };
}

type MetricsOfRuns = Record<string, { metrics: MetricSummary[]; definitions: Definition[] | null }>;

/** Null where the files are not ours. */
export async function readOurs(): Promise<Told | null> {
  const [index, files] = (await Promise.all([readJson('paceline/project.json'), readJson('paceline/files.json')])) as [Index | null, string[] | null];
  if (index === null) return null;
  const runs = index.answers.runs.runs.map(({ run_id, run }, number): FrozenRun => ({ id: run_id, name: run, number }));
  const once = remembering();
  return {
    project: index.project,
    contents: index.contents,
    runs,
    files: files === null ? null : new Set(files),
    answer: (address) => index.answers[address],
    ofRun: async ({ id, number }, address) => {
      const answers = (await once(`paceline/runs/${number}.json`)) as Record<string, unknown> & { ''?: { run_id: string } };
      // Files are named by the place of a run in the list, which is another one once a run was added.
      if (answers['']?.run_id !== undefined && answers[''].run_id !== id) throw new Error('the snapshot was made anew; load the page again');
      return answers[address];
    },
    loggedBy: async ({ id }): Promise<Logged> => {
      const { metrics, definitions } = ((await once('paceline/metrics.json')) as MetricsOfRuns)[id] ?? { metrics: [], definitions: null };
      return { metrics, keys: new Set(metrics.map(({ key }) => key)), definitions: definitions ?? [] };
    },
  };
}

/** Reads each file once. */
function remembering(): (path: string) => Promise<unknown> {
  const known = new Map<string, Promise<unknown>>();
  return (path) => {
    const file = known.get(path) ?? readJson(path).then((json) => json ?? {});
    known.set(path, file);
    file.catch(() => known.delete(path));
    return file;
  };
}
