/** A Parquet file, read column by column and row group by row group, as far as somebody asks. */
import { asyncBufferFromUrl, parquetMetadataAsync, parquetRead, type AsyncBuffer, type FileMetaData } from 'hyparquet';
import { FRESH } from './place';
import { revived, shapesOf, type Shape } from './shape';

/** A shorter file is fetched whole, at once. */
const WHOLE_BELOW_BYTES = 4 << 20;
/** Cells of columns that are kept. */
const MOST_CELLS = 12_000_000;

/** Rows that lie together in the file. */
export interface RowGroup {
  start: number;
  count: number;
  /** The first and the last run in them, by id; null: not known. */
  runs: readonly [string, string] | null;
  /** Columns that hold nothing here. */
  empty: ReadonlySet<string>;
}

/** Where the rows of a run are: their places within each group. */
export interface Segment {
  group: number;
  places: readonly number[];
}

export class Table {
  readonly columns: ReadonlySet<string>;
  readonly groups: readonly RowGroup[];
  readonly shapes: ReadonlyMap<string, Shape>;
  #file: AsyncBuffer;
  #metadata: FileMetaData;
  #kinds: ReadonlyMap<string, 'number' | 'other'>;
  #cells = new Map<string, { cells: Promise<readonly unknown[]>; count: number }>();
  #cellCount = 0;
  #segments = new Map<string, Promise<Segment[]>>();

  private constructor(file: AsyncBuffer, metadata: FileMetaData) {
    this.#file = file;
    this.#metadata = metadata;
    const groups: RowGroup[] = [];
    let start = 0;
    for (const { num_rows, columns } of metadata.row_groups) {
      const statistics = new Map(columns.map(({ meta_data }) => [meta_data?.path_in_schema.join('.') ?? '', meta_data?.statistics]));
      const [low, high] = [statistics.get('run_id')?.min_value, statistics.get('run_id')?.max_value];
      const empty = [...statistics].filter(([, known]) => known?.null_count !== undefined && known.null_count >= num_rows).map(([name]) => name);
      const runs = typeof low === 'string' && typeof high === 'string' ? ([low, high] as const) : null;
      groups.push({ start, count: Number(num_rows), runs, empty: new Set(empty) });
      start += Number(num_rows);
    }
    this.groups = groups;
    this.#kinds = kindsOfColumns(metadata);
    this.columns = new Set(this.#kinds.keys());
    this.shapes = shapesOf(metadata);
  }

  /** Opens the file at an address; null where there is none. */
  static async open(address: string): Promise<Table | null> {
    const head = await fetch(address, { ...FRESH, method: 'HEAD' });
    if (head.status === 404) return null;
    if (!head.ok) throw new Error(`${address} was answered with ${head.status}`);
    const byteLength = Number(head.headers.get('content-length'));
    // What cannot be had in parts is not asked for in parts, each of which would be the whole.
    const hasParts = head.headers.get('accept-ranges') === 'bytes' && byteLength >= WHOLE_BELOW_BYTES;
    // Parts are not kept as bytes: their cells are, and a part that failed is asked for again.
    return Table.of(hasParts ? await asyncBufferFromUrl({ url: address, byteLength, requestInit: FRESH }) : await wholeFile(address));
  }

  /** Opens a file that is at hand. */
  static async of(file: AsyncBuffer): Promise<Table> {
    return new Table(file, await parquetMetadataAsync(file));
  }

  /** Columns whose cells may be objects, or text that Trackio wrote in their place. */
  objectColumns(): string[] {
    const structural = new Set(['id', 'run_id', 'run_name', 'timestamp', 'step', 'log_id', 'space_id', 'paceline_extra']);
    const mayHold = (name: string) => {
      const shape = this.shapes.get(name);
      return shape === undefined ? this.#kinds.get(name) !== 'number' : shape === 'json' || (typeof shape === 'object' && !('number' in shape));
    };
    return [...this.columns].filter((name) => !structural.has(name) && mayHold(name));
  }

  /** Columns that hold one number a row. */
  numberColumns(): string[] {
    return [...this.columns].filter((name) => this.#kinds.get(name) === 'number');
  }

  get rowCount(): number {
    return this.groups.reduce((sum, group) => sum + group.count, 0);
  }

  /** The cells of a column in a group, whole numbers as numbers; nulls where there is no such column. */
  column(name: string, group: number): Promise<readonly unknown[]> {
    const key = `${group}:${name}`;
    const known = this.#cells.get(key);
    if (known !== undefined) {
      // The longest unused go first.
      this.#cells.delete(key);
      this.#cells.set(key, known);
      return known.cells;
    }
    const { count } = this.groups[group]!;
    const cells = this.#read(name, group);
    this.#cells.set(key, { cells, count });
    this.#cellCount += count;
    cells.catch(() => {
      if (this.#cells.get(key)?.cells !== cells) return;
      this.#cells.delete(key);
      this.#cellCount -= count;
    });
    for (const [other, { count: freed }] of this.#cells) {
      if (this.#cellCount <= MOST_CELLS || other === key) break;
      this.#cells.delete(other);
      this.#cellCount -= freed;
    }
    return cells;
  }

  async #read(name: string, group: number): Promise<readonly unknown[]> {
    const { start, count, empty } = this.groups[group]!;
    const cells = new Array<unknown>(count).fill(null);
    if (!this.columns.has(name) || empty.has(name)) return cells;
    const shape = this.shapes.get(name) ?? null;
    await parquetRead({
      file: this.#file,
      metadata: this.#metadata,
      columns: [name],
      rowStart: start,
      rowEnd: start + count,
      onChunk: ({ columnData, rowStart }) => {
        for (let i = 0; i < columnData.length; i += 1) {
          const place = rowStart - start + i;
          if (place >= 0 && place < count) cells[place] = revived(columnData[i], shape);
        }
      },
    });
    return cells;
  }

  /** Where the rows of a run are, in their order. Old files of Trackio know runs by their names alone. */
  segments(run: string): Promise<Segment[]> {
    const known = this.#segments.get(run) ?? this.#find(run);
    this.#segments.set(run, known);
    known.catch(() => this.#segments.delete(run));
    return known;
  }

  async #find(run: string): Promise<Segment[]> {
    const by = this.columns.has('run_id') ? 'run_id' : 'run_name';
    const found: Segment[] = [];
    for (const [group, { runs, empty }] of this.groups.entries()) {
      const column = empty.has('run_id') ? 'run_name' : by;
      if (column === 'run_id' && runs !== null && (run < runs[0] || run > runs[1])) continue;
      const ids = await this.column(column, group);
      const places = ids.flatMap((id, place) => (id === run ? place : []));
      if (places.length > 0) found.push({ group, places });
    }
    return found;
  }

  /** The cells of a column in the rows of a run. */
  async cellsOf(run: string, name: string): Promise<unknown[]> {
    const parts: unknown[][] = [];
    for (const { group, places } of await this.segments(run)) {
      const cells = await this.column(name, group);
      parts.push(places.map((place) => cells[place]));
    }
    return parts.flat();
  }
}

async function wholeFile(url: string): Promise<AsyncBuffer> {
  const response = await fetch(url, FRESH);
  if (!response.ok) throw new Error(`${url} was answered with ${response.status}`);
  const bytes = await response.arrayBuffer();
  return { byteLength: bytes.byteLength, slice: (start, end) => bytes.slice(start, end) };
}

const NUMBERS: ReadonlySet<string> = new Set(['INT32', 'INT64', 'FLOAT', 'DOUBLE']);

/** The columns, whatever lies within them, and which of them are numbers. */
function kindsOfColumns({ schema }: FileMetaData): Map<string, 'number' | 'other'> {
  const kinds = new Map<string, 'number' | 'other'>();
  let place = 1;
  const skip = (): void => {
    const children = schema[place]?.num_children ?? 0;
    place += 1;
    for (let i = 0; i < children; i += 1) skip();
  };
  while (place < schema.length) {
    const { name, type } = schema[place]!;
    kinds.set(name, type !== undefined && NUMBERS.has(type) ? 'number' : 'other');
    skip();
  }
  return kinds;
}
