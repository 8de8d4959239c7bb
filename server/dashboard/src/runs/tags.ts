/** Lists of tags as they are typed. */

/** With what was typed, which may be several with commas between; each only once. */
export function withTag(tags: readonly string[], typed: string): string[] {
  const added = typed.split(',').map((tag) => tag.trim());
  return [...new Set([...tags, ...added])].filter((tag) => tag !== '');
}

/** Every tag of these runs, the commonest first. */
export function tagsOf(runs: readonly { tags: readonly string[] }[]): string[] {
  const counts = new Map<string, number>();
  for (const { tags } of runs) for (const tag of tags) counts.set(tag, (counts.get(tag) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]).map(([tag]) => tag);
}
