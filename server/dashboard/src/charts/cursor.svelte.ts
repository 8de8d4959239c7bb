/** The place in x under the pointer, which all charts of a page show. */

export interface Place {
  x: number;
  /** Metric of the chart under the pointer. */
  key: string;
  /** From the top edge of the plot (0) to the bottom one (1); null when keys moved the cursor. */
  share: number | null;
}

export class Cursor {
  at = $state.raw<Place | null>(null);
}
