/** Which project the page begins with. */
import type { ProjectSummary } from '../api/client';

/** The one with the newest activity among those that can be read. */
export function mostRecentlyActive(projects: readonly ProjectSummary[]): string | null {
  const readable = projects.filter((project) => project.damaged == null);
  const [first] = readable.sort((a, b) => (b.last_activity ?? '').localeCompare(a.last_activity ?? ''));
  return first?.project ?? null;
}
