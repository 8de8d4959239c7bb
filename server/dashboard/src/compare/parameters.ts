/** What the Compare page keeps in the address beside the view that all pages share (the compared runs are its `run_ids`). */
import { flagParameter, listParameter, numberParameter, pageParameters, textParameter } from '../parameters';
import { brushParameter, type Brushes } from './brush';

export interface CompareView {
  /** Id or name of the run that the others are measured against; empty: the first one. */
  baseline: string;
  /** Quantity by which runs are better or worse; empty: the page chooses. */
  target: string;
  /** Value of the target whose first step is told; null: what the baseline came to. */
  reach: number | null;
  /** Metric of the chart; empty: the page chooses. */
  chart: string;
  /** Quantities of the parallel coordinates; empty: the page chooses. */
  axes: readonly string[];
  /** Quantity along the scatter plot; empty: what matters most. */
  across: string;
  brush: Brushes;
  /** Every run as rows of a table, in place of the lines. */
  table: boolean;
}

export const COMPARE_PARAMETERS = pageParameters<CompareView>({
  baseline: textParameter(),
  target: textParameter(),
  reach: numberParameter(null),
  chart: textParameter(),
  axes: listParameter,
  across: textParameter(),
  brush: brushParameter,
  table: flagParameter,
});
