/** The stream of what happens in a project. */
import { isFrozen } from '../frozen/frozen';
import { eventsAddress } from './client';
import type { Delta } from './delta';

export interface Listening {
  onopen: () => void;
  ondelta: (delta: Delta) => void;
  /** Something was missed: what is known should be asked for anew. */
  onreset: () => void;
  /** The stream is broken off. `forGood`: the browser does not try again, as after an answer that is no stream. */
  onbroken: (forGood: boolean) => void;
}

/** Listens to a project until the answer is called. */
export function listen(project: string, { onopen, ondelta, onreset, onbroken }: Listening): () => void {
  // In a snapshot nothing happens.
  if (isFrozen) return () => {};
  const source = new EventSource(eventsAddress(project));
  source.addEventListener('state', onopen);
  source.addEventListener('reset', onreset);
  source.addEventListener('delta', (event: MessageEvent<string>) => ondelta(JSON.parse(event.data) as Delta));
  source.addEventListener('error', () => onbroken(source.readyState === EventSource.CLOSED));
  return () => source.close();
}
