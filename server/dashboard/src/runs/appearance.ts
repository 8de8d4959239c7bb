/** How a run looks wherever it is drawn: its colour for ever, its dash when many are seen. */
import { settings } from '../settings/settings.svelte';

const COLOURS = 12;
/** Dashes in CSS pixels, by the number in `DASH_OF_COLOUR`; null: solid. */
const DASHES: readonly (readonly [number, number] | null)[] = [null, [6, 3], [2, 2]];
/** Chosen together with the colours, so that those that look alike to some eyes differ in dash. */
const DASH_OF_COLOUR = [0, 0, 1, 0, 2, 1, 0, 2, 0, 1, 0, 2];
/** From so many visible runs on, colour alone does not tell them apart. */
export const DASHED_FROM = 7;

export interface Appearance {
  /** Name of the custom property that holds the colour. */
  colour: `--run-${number}`;
  dash: readonly [number, number] | null;
}

/** The look of a slot; after twelve the colours come again with the next dash. */
export function appearanceOf(slot: number, visibleRuns: number): Appearance {
  const colour = slot % COLOURS;
  const turn = Math.floor(slot / COLOURS);
  const dash = DASHES[(DASH_OF_COLOUR[colour] + turn) % DASHES.length];
  return { colour: `--run-${colour}`, dash: settings.alwaysDashed || visibleRuns >= DASHED_FROM ? dash : null };
}
