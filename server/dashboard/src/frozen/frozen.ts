/** Whether this page is a snapshot, which no server stands behind, and since when nothing in it changes any more. */
const mark = globalThis.document?.querySelector<HTMLMetaElement>('meta[name="paceline-frozen"]') ?? null;

export const isFrozen = mark !== null;

const moment = Date.parse(mark?.content ?? '');
/** Milliseconds since 1970; null where nobody noted it, or nothing is frozen. */
export const frozenAt: number | null = Number.isNaN(moment) ? null : moment;

/** The time that the page goes by: of a snapshot, when it was made, so that it tells of its runs as they were then. */
export const presentMs = (): number => frozenAt ?? Date.now();
