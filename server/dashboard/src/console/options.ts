/** How a console is looked at; what the address carries of it. */
import type { ConsoleLine } from '../api/oneRun';

export interface ConsoleOptions {
  search: string;
  /** Lines that the search does not find are left out. */
  onlyFound: boolean;
  stream: 'all' | ConsoleLine['stream'];
  rank: number | null;
  wrap: boolean;
}

