/** How each logged table is looked at, by its key: which rows, in which order; and how the address says so. */
import { readList, writeList } from '../address';
import type { Parameter } from '../parameters';
import type { TableSort } from './rows';

export interface TableLook {
  /** Rows that say this are shown. */
  text: string;
  /** Null: as they were logged. */
  sort: TableSort | null;
}

export type TableLooks = ReadonlyMap<string, TableLook>;

export const PLAIN_LOOK: TableLook = { text: '', sort: null };

/** Signs before what an item of the address says of a table; the first item is its key. */
const TEXT = '=';
const ASCENDING = '+';
const DESCENDING = '-';

/** A table for each item, as a list of its own. */
export const looksParameter: Parameter<TableLooks> = {
  read: (text) => {
    const looks = readList(text).map((item): [string, TableLook] => {
      const [key, ...parts] = readList(item);
      const after = (sign: string) => parts.find((part) => part.startsWith(sign))?.slice(sign.length);
      const [ascending, descending] = [after(ASCENDING), after(DESCENDING)];
      const column = ascending ?? descending;
      return [key.slice(TEXT.length), { text: after(TEXT) ?? '', sort: column === undefined ? null : { column, descending: ascending === undefined } }];
    });
    return new Map(looks);
  },
  write: (looks) =>
    writeList(
      [...looks].map(([key, { text, sort }]) => {
        const parts = [TEXT + key, ...(text === '' ? [] : [TEXT + text]), ...(sort === null ? [] : [(sort.descending ? DESCENDING : ASCENDING) + sort.column])];
        return writeList(parts) ?? '';
      }),
    ),
};

/** The looks with another one for a key; one that says nothing is left out. */
export function withLook(looks: TableLooks, key: string, look: TableLook): TableLooks {
  const others = new Map(looks);
  if (look.text === '' && look.sort === null) others.delete(key);
  else others.set(key, look);
  return others;
}
