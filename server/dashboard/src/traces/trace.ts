/** A trace as it is shown: what was said, the spans as a tree, and the totals. Nothing in it is taken for granted. */

export interface Span {
  id: string;
  parentId: string | null;
  name: string;
  /** `span`, `generation`, `tool` or whatever the script called it. */
  kind: string;
  /** Milliseconds since 1970. */
  start: number | null;
  durationMs: number | null;
  failed: boolean;
  error: string;
  model: string;
  tokens: number | null;
  costUsd: number | null;
  input: unknown;
  output: unknown;
  metadata: Readonly<Record<string, unknown>>;
}

/** A span with its place in the tree. */
export interface SpanNode {
  span: Span;
  depth: number;
  /** Spans below it. */
  below: number;
  /** Ids of the spans it is in, outermost first. */
  within: readonly string[];
}

export interface Message {
  role: string;
  content: unknown;
  name: string;
  toolCalls: readonly { name: string; arguments: string }[];
}

export interface Totals {
  status: string;
  failed: boolean;
  durationMs: number | null;
  tokens: number | null;
  costUsd: number | null;
}

type Dict = Readonly<Record<string, unknown>>;

export const isDict = (value: unknown): value is Dict => typeof value === 'object' && value !== null && !Array.isArray(value);

/** A stored text as its value; null where it is no JSON. */
export function parsed(text: string | null): unknown {
  if (text === null) return null;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const textIn = (dict: Dict, ...names: string[]): string => {
  for (const name of names) if (typeof dict[name] === 'string' && dict[name] !== '') return dict[name];
  return '';
};
const numberIn = (dict: Dict, ...names: string[]): number | null => {
  for (const name of names) {
    const value = dict[name];
    if (typeof value === 'number' && Number.isFinite(value)) return value;
  }
  return null;
};
const sumOf = (values: (number | null)[]): number | null =>
  values.some((value) => value !== null) ? values.reduce<number>((total, value) => total + (value ?? 0), 0) : null;

/** Beyond it there is no date (ECMA-262, time values). */
const LAST_MOMENT = 8.64e15;

/** A moment in any form scripts use: text, or seconds or milliseconds since 1970. */
export function momentOf(value: unknown): number | null {
  const at = typeof value === 'string' ? Date.parse(value) : typeof value === 'number' ? (value < 1e11 ? value * 1_000 : value) : NaN;
  return Math.abs(at) <= LAST_MOMENT ? at : null;
}

const FAILED = /^(error|failed|failure|exception|timeout|cancelled)$/i;

function spanOf(value: Dict, place: number): Span {
  const start = momentOf(value.start_time);
  const end = momentOf(value.end_time);
  const usage = isDict(value.usage) ? value.usage : {};
  const error = typeof value.error === 'string' ? value.error : value.error == null ? '' : JSON.stringify(value.error);
  return {
    // A span without an id cannot have any below it.
    id: textIn(value, 'id', 'span_id') || `#${place}`,
    parentId: textIn(value, 'parent_id', 'parent_span_id') || null,
    name: textIn(value, 'name') || 'unnamed',
    kind: textIn(value, 'kind', 'type') || 'span',
    start,
    durationMs: numberIn(value, 'duration_ms') ?? (start !== null && end !== null ? Math.max(0, end - start) : null),
    failed: error !== '' || FAILED.test(textIn(value, 'status')),
    error,
    model: textIn(value, 'model'),
    tokens: numberIn(usage, 'total_tokens') ?? sumOf([numberIn(usage, 'input_tokens', 'prompt_tokens'), numberIn(usage, 'output_tokens', 'completion_tokens')]),
    costUsd: numberIn(value, 'cost_usd', 'cost'),
    input: value.input ?? null,
    output: value.output ?? null,
    metadata: isDict(value.metadata) ? value.metadata : {},
  };
}

export function spansOf(value: unknown): Span[] {
  return Array.isArray(value) ? value.filter(isDict).map(spanOf) : [];
}

const inTime = (spans: readonly Span[]) => [...spans].sort((a, b) => (a.start ?? Infinity) - (b.start ?? Infinity) || 0);

/** The spans in the order of a tree, by their start. One whose parent is missing, or is itself below it, stands at the top. */
export function treeOf(spans: readonly Span[]): SpanNode[] {
  const byId = new Map(spans.map((span) => [span.id, span]));
  const children = new Map<string, Span[]>();
  const roots: Span[] = [];
  for (const span of spans) {
    const parent = span.parentId === null ? undefined : byId.get(span.parentId);
    if (parent === undefined || parent === span) {
      roots.push(span);
      continue;
    }
    const siblings = children.get(parent.id);
    if (siblings) siblings.push(span);
    else children.set(parent.id, [span]);
  }
  const nodes: SpanNode[] = [];
  const placed = new Set<Span>();
  // Not by recursion: a chain may be as long as the list.
  const place = (root: Span) => {
    const waiting: { span: Span; within: readonly string[] }[] = [{ span: root, within: [] }];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const { span, within } = next;
      if (placed.has(span)) continue;
      placed.add(span);
      nodes.push({ span, depth: within.length, below: 0, within });
      for (const child of inTime(children.get(span.id) ?? []).reverse()) waiting.push({ span: child, within: [...within, span.id] });
    }
  };
  inTime(roots).forEach(place);
  // What is left goes in circles.
  spans.filter((span) => !placed.has(span)).forEach(place);
  const below = new Map<string, number>();
  for (const { within } of nodes) for (const id of within) below.set(id, (below.get(id) ?? 0) + 1);
  return nodes.map((node) => ({ ...node, below: below.get(node.span.id) ?? 0 }));
}

/** First start and last end of the spans whose times are known; null where none are. */
export function extentOf(spans: readonly Span[]): { from: number; to: number } | null {
  let [from, to] = [Infinity, -Infinity];
  for (const { start, durationMs } of spans) {
    if (start === null || durationMs === null) continue;
    from = Math.min(from, start);
    to = Math.max(to, start + durationMs);
  }
  return from <= to ? { from, to } : null;
}

/** Where a span lies on the line of the whole trace, as shares of it; null where its times are not known. */
export function barOf(span: Span, extent: { from: number; to: number } | null): { left: number; width: number } | null {
  if (extent === null || span.start === null || span.durationMs === null) return null;
  const whole = extent.to - extent.from;
  return whole > 0 ? { left: (span.start - extent.from) / whole, width: span.durationMs / whole } : { left: 0, width: 1 };
}

export function messagesOf(value: unknown): Message[] {
  if (!Array.isArray(value)) return [];
  return value.filter(isDict).map((message) => {
    const calls = Array.isArray(message.tool_calls) ? message.tool_calls.filter(isDict) : [];
    return {
      role: textIn(message, 'role') || 'unknown',
      content: message.content ?? null,
      name: textIn(message, 'name', 'tool_call_id'),
      toolCalls: calls.map((call) => {
        const named = isDict(call.function) ? call.function : call;
        const given = named.arguments ?? named.input ?? null;
        return { name: textIn(named, 'name') || 'tool', arguments: typeof given === 'string' ? given : given === null ? '' : JSON.stringify(given, null, 2) };
      }),
    };
  });
}

/** What a whole trace came to: as its script said, else what its spans say. */
export function totalsOf(metadata: unknown, spans: readonly Span[]): Totals {
  const said = isDict(metadata) ? metadata : {};
  const extent = extentOf(spans);
  const usage = isDict(said.usage) ? said.usage : said;
  const status = textIn(said, 'status');
  const failed = status === '' ? spans.some((span) => span.failed) : FAILED.test(status);
  return {
    status: status || (spans.length === 0 ? '' : failed ? 'error' : 'ok'),
    failed,
    durationMs: numberIn(said, 'duration_ms', 'latency_ms') ?? (extent === null ? null : extent.to - extent.from),
    tokens: numberIn(usage, 'total_tokens') ?? sumOf(spans.map((span) => span.tokens)),
    costUsd: numberIn(said, 'cost_usd', 'cost') ?? sumOf(spans.map((span) => span.costUsd)),
  };
}

/** A first message as a line: of content in parts, the first text. */
export function requestLine(text: string): string {
  if (!text.startsWith('[')) return text;
  const part = /"text"\s*:\s*"((?:[^"\\]|\\.)*)/.exec(text)?.[1];
  if (part === undefined) return text;
  // The text may have been cut off in the middle of an escape.
  const whole = part.replace(/\\(u[0-9a-fA-F]{0,3})?$/, '');
  const read = parsed(`"${whole}"`);
  return typeof read === 'string' ? read : whole;
}

/** `850 ms`, `2.4 s`, `3 min 20 s`. */
export function formatDuration(milliseconds: number | null): string {
  if (milliseconds === null) return '–';
  if (milliseconds < 1_000) return `${Math.round(milliseconds)} ms`;
  const seconds = milliseconds / 1_000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
}

/** `$0.0031`, to what can be read of small sums. */
export function formatCost(dollars: number | null): string {
  if (dollars === null) return '–';
  if (dollars === 0) return '$0';
  return Math.abs(dollars) < 0.0001 ? `$${dollars.toExponential(1)}` : `$${dollars.toFixed(Math.abs(dollars) < 1 ? 4 : 2)}`;
}
