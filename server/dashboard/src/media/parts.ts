/** The media in a logged value: one, a list of them, or what stands in a dict or a table cell. */

export const FILE_KINDS = ['image', 'video', 'audio', 'html', 'object3d'] as const;
export type FileKind = (typeof FILE_KINDS)[number];
export type MediaKind = FileKind | 'table' | 'histogram' | 'markdown';

export interface FilePart {
  kind: FileKind;
  filePath: string;
  caption: string | null;
  /** Points of a cloud, as far as they were counted. */
  points: number | null;
}

export interface TablePart {
  kind: 'table';
  rows: readonly unknown[];
}

export interface HistogramPart {
  kind: 'histogram';
  /** One more than counts. */
  edges: readonly number[];
  counts: readonly number[];
}

export interface MarkdownPart {
  kind: 'markdown';
  text: string;
}

export type MediaPart = FilePart | TablePart | HistogramPart | MarkdownPart;

const TYPE_PREFIX = 'trackio.';
/** Values nested deeper hold no media that a person would look for. */
const DEEPEST = 8;
/** More of one value are not shown. */
export const MOST_PARTS = 200;

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Name of the kind that a stored value says it is, without the prefix; null where it says none. */
export function kindOf(value: unknown): string | null {
  if (!isObject(value) || typeof value._type !== 'string' || !value._type.startsWith(TYPE_PREFIX)) return null;
  return value._type.slice(TYPE_PREFIX.length);
}

/** Reads one stored value; null where it is not of the form its type promises. */
export function partOf(value: unknown): MediaPart | null {
  const kind = kindOf(value);
  if (kind === null || !isObject(value)) return null;
  const fileKind = FILE_KINDS.find((each) => each === kind);
  if (fileKind !== undefined) {
    if (typeof value.file_path !== 'string') return null;
    const points = value.original_point_count;
    return {
      kind: fileKind,
      filePath: value.file_path,
      caption: typeof value.caption === 'string' && value.caption !== '' ? value.caption : null,
      points: typeof points === 'number' ? points : null,
    };
  }
  if (kind === 'table') return Array.isArray(value._value) ? { kind, rows: value._value } : null;
  if (kind === 'markdown') return typeof value._value === 'string' ? { kind, text: value._value } : null;
  return kind === 'histogram' ? histogramOf(value) : null;
}

/** Edges and counts that are finite, ascending and as many as they must be; null: there is nothing to draw. */
function histogramOf(value: Record<string, unknown>): HistogramPart | null {
  const { bins, values } = value;
  if (!Array.isArray(bins) || !Array.isArray(values) || values.length === 0 || bins.length !== values.length + 1) return null;
  const edges = bins.map(Number);
  const counts = values.map((count) => (typeof count === 'number' && count > 0 ? count : 0));
  const ascending = edges.every((edge, i) => Number.isFinite(edge) && (i === 0 || edge >= edges[i - 1]));
  return ascending && edges[edges.length - 1] > edges[0] && counts.every(Number.isFinite) ? { kind: 'histogram', edges, counts } : null;
}

/** Every part of a value, in its order; `MOST_PARTS` at most. Parts inside tables stay in their cells. */
export function partsOf(value: unknown): MediaPart[] {
  const parts: MediaPart[] = [];
  const look = (item: unknown, depth: number): void => {
    if (depth > DEEPEST || parts.length >= MOST_PARTS) return;
    const part = partOf(item);
    if (part !== null) parts.push(part);
    else if (Array.isArray(item)) for (const each of item) look(each, depth + 1);
    else if (isObject(item) && kindOf(item) === null) for (const each of Object.values(item)) look(each, depth + 1);
  };
  look(value, 0);
  return parts;
}
