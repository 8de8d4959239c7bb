/** What the metrics page keeps in the address for itself. */
import { listParameter, pageParameters, textParameter } from '../parameters';

export const METRICS_PARAMETERS = pageParameters({
  /** Charts moved by hand, as `order.ts` writes them. */
  order: listParameter,
  /** Field by which runs are drawn as groups; empty: each for itself. */
  group_by: textParameter(),
});
