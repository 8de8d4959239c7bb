/** The name that was probably meant. */

/** Signs to add, leave out, change or swap to come from one word to the other. */
function distance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1;
      row[j] = Math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + change);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) row[j] = Math.min(row[j], beforeLast[j - 2] + 1);
    }
    [beforeLast, last] = [last, row];
  }
  return last[b.length];
}

/** Names longer than this are no slips of the finger. */
const LONGEST = 80;

/** The nearest of these names when it is near enough to be a slip; null else. */
export function nearest(name: string, names: readonly string[]): string | null {
  const most = Math.max(1, Math.floor(Math.min(name.length, LONGEST) / 3));
  const lower = name.toLowerCase();
  let best: string | null = null;
  let least = most + 1;
  for (const each of names) {
    if (each.length > LONGEST || Math.abs(each.length - name.length) >= least) continue;
    const far = distance(lower, each.toLowerCase());
    if (far < least) [best, least] = [each, far];
  }
  return best;
}
