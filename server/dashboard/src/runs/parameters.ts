/** What the Runs page keeps in the address beside the view that all pages share. */
import { readList, writeList } from '../address';
import { flagParameter, listParameter, pageParameters, textParameter, type Parameter } from '../parameters';
import { NEWEST_FIRST, type Sort } from './table';

export interface TableView {
  /** Names of fields; `-` before the name sorts from the largest down. */
  sort: Sort;
  /** Names of columns; null: the page chooses. */
  columns: readonly string[] | null;
  /** Name of the field by which runs stand together; empty: by none. */
  group: string;
  /** Id or name of the run that the others are measured against; empty: none. */
  baseline: string;
  /** Ids of the runs that are chosen for the bar at the bottom. */
  select: readonly string[];
  /** Id of the run that is unfolded; empty: none. */
  details: string;
  /** Of runs with the same name only the newest. */
  latest: boolean;
}

const sortParameter: Parameter<Sort> = {
  read: (text) => (text ? { field: text.replace(/^-/, ''), descending: text.startsWith('-') } : NEWEST_FIRST),
  write: ({ field, descending }) => (field === NEWEST_FIRST.field && descending === NEWEST_FIRST.descending ? null : `${descending ? '-' : ''}${field}`),
};

const columnsParameter: Parameter<readonly string[] | null> = {
  read: (text) => (text ? readList(text) : null),
  write: (names) => (names === null ? null : writeList(names)),
};

export const TABLE_PARAMETERS = pageParameters<TableView>({
  sort: sortParameter,
  columns: columnsParameter,
  group: textParameter(),
  baseline: textParameter(),
  select: listParameter,
  details: textParameter(),
  latest: flagParameter,
});
