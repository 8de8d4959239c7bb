/** Answers the questions of the page in the place of a server, from the files of a snapshot. */
import { serverRoot } from '../api/root';
import type { SeriesRequest } from '../api/client';
import type { Moments } from '../api/moments';
import type { RunAlert } from '../api/oneRun';
import { readOurs } from './ours';
import { momentsIn } from './moments';
import { readConfig } from './place';
import { pageOf, pageOfConsole, pageOfSamples, pageOfValues } from './rows';
import { seriesOf } from './series';
import { Snapshot } from './snapshot';
import { readTheirs } from './theirs';
import { loggedValue, loggedValues } from './values';

let opened: Promise<Snapshot> | null = null;

/** The snapshot that this page shows. */
function snapshot(): Promise<Snapshot> {
  opened ??= readConfig().then(async (config) => new Snapshot((await readOurs()) ?? (await readTheirs(config))));
  // A line that was broken off may be whole the next time.
  opened.catch(() => (opened = null));
  return opened;
}

/** Answers a request as the server would; what only a server can do is refused with words. */
export async function answer(request: Request): Promise<Response> {
  const { pathname, searchParams } = new URL(request.url);
  const path = pathname.slice(new URL(`${serverRoot}/`).pathname.length).split('/').map(decodeURIComponent);
  const body: unknown = request.method === 'POST' ? await request.json() : null;
  const from = await snapshot();
  request.signal.throwIfAborted();
  const found = await find(from, request.method, path, searchParams, body);
  request.signal.throwIfAborted();
  return found === undefined || found === null ? refused(404, 'not_in_snapshot', 'this snapshot does not hold that') : Response.json(found);
}

/** One value whole, which the server would look up by a question in SQL. */
export async function valueOf(rowId: number, key: string): Promise<unknown> {
  return loggedValue(await snapshot(), rowId, key);
}

/** Where a run stood at these moments, which the server would look up by a question in SQL. */
export async function momentsOf(run: string, moments: readonly string[]): Promise<Moments> {
  return momentsIn(await snapshot(), run, moments);
}

function refused(status: number, code: string, error: string): Response {
  return Response.json({ error, code, hint: 'it is told by the server that the snapshot was made on' }, { status });
}

async function find(from: Snapshot, method: string, path: readonly string[], query: URLSearchParams, body: unknown): Promise<unknown> {
  const { told } = from;
  if (path[0] === 'api' && path[1] !== 'v1') return { data: [] };
  const [, , of, project, ...rest] = path;
  if (of === 'access') return { scope: 'read' };
  if (of !== 'projects') return undefined;
  if (project === undefined) return told.answer('projects');
  if (project !== told.project) return undefined;
  if (rest.length === 0) return { project, contents: told.contents };
  const address = rest.join('/');
  if (method === 'POST') return asked(from, address, body);
  if (address === 'values') return loggedValues(from, query);
  if (address === 'alerts') return pageOfAlerts(from, query);
  if (rest[0] !== 'runs' || rest[1] === undefined) return told.answer(address);
  const run = from.run(rest[1]);
  if (run === null) return undefined;
  const ofRun = rest.slice(2);
  if (ofRun[0] === 'metrics' && ofRun[1] === undefined) return { metrics: (await from.loggedBy(run)).metrics };
  if (ofRun[0] === 'metrics') return pageOfValues(from, run, ofRun.slice(1).join('/'), query);
  if (ofRun[0] === 'system') return pageOfSamples(from, run, query);
  if (ofRun[0] === 'console') return pageOfConsole(from, run, query);
  return told.ofRun(run, ofRun.join('/'));
}

/** All alerts stand in one answer; those who read on ask for what came after the last they have. */
async function pageOfAlerts({ told }: Snapshot, query: URLSearchParams): Promise<unknown> {
  const { items } = (await told.answer('alerts')) as { items: RunAlert[] };
  return pageOf(
    items.map((item) => ({ id: item.id, item })),
    query,
  );
}

/** Questions that come with a body. */
async function asked(from: Snapshot, address: string, body: unknown): Promise<unknown> {
  if (address === 'series') return seriesOf(from, body as SeriesRequest);
  const { runs = [], keys = [] } = body as { runs?: string[]; keys?: string[] };
  const ofRuns = async (what: (run: NonNullable<ReturnType<Snapshot['run']>>) => Promise<unknown>) =>
    Promise.all(
      runs.map(async (name) => {
        const run = from.run(name);
        return run === null ? { run: name, error: { error: 'there is no such run', code: 'run_not_found' } } : { run: name, answer: await what(run) };
      }),
    );
  if (address === 'status') return { statuses: await ofRuns((run) => from.told.ofRun(run, 'status')) };
  if (address === 'metrics') return { metrics: await ofRuns(async (run) => (await from.loggedBy(run)).metrics.filter(({ key }) => keys.includes(key))) };
  return undefined;
}
