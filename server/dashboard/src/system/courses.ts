/** Samples of the machine, gathered into one course for each value. */
import type { LogRow } from '../api/oneRun';
import { firstFrom } from '../charts/line';

export interface Course {
  /** Seconds since 1970, ascending. */
  x: number[];
  value: (number | null)[];
}

/** The courses of all values with more samples after them; of each what is older than its last so many seconds is dropped. */
export function withSamples(courses: ReadonlyMap<string, Course>, rows: readonly LogRow[], longestSeconds: number): Map<string, Course> {
  const next = new Map(courses);
  const fresh = new Set<string>();
  for (const { timestamp, metrics } of rows) {
    const at = Date.parse(timestamp) / 1_000;
    for (const [key, value] of Object.entries(metrics)) {
      if (typeof value !== 'number' && value !== 'NaN') continue;
      let course = next.get(key);
      if (!course || !fresh.has(key)) {
        // A new object for each change: what is drawn already is not changed under the brush.
        course = { x: [...(course?.x ?? [])], value: [...(course?.value ?? [])] };
        next.set(key, course);
        fresh.add(key);
      }
      course.x.push(at);
      course.value.push(typeof value === 'number' ? value : null);
    }
  }
  for (const key of fresh) {
    const course = next.get(key);
    const old = course ? firstFrom(course.x, course.x[course.x.length - 1] - longestSeconds) : 0;
    course?.x.splice(0, old);
    course?.value.splice(0, old);
  }
  return next;
}
