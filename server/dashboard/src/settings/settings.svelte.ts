/** What a reader prefers on every page, kept in this browser; what the address says stands over it. */
import { MOST_PLOTS_PER_ROW } from '../address';
import { SMOOTHING_KINDS, type SmoothingKind } from '../charts/drawing';

interface Preferences {
  /** Lines have their dashes however few there are. */
  alwaysDashed: boolean;
  /** Null: as many as fit. */
  plotsPerRow: number | null;
  /** How lines are smoothed. */
  smoothingKind: SmoothingKind;
}

const KEY = 'paceline.settings';

/** What other versions of the page have left under the key is taken for what it is worth. */
export function readPreferences(text: string | null): Preferences {
  let stored: Record<string, unknown> = {};
  try {
    stored = { ...(JSON.parse(text ?? '{}') as object) };
  } catch {
    // Then nothing is preferred.
  }
  const { alwaysDashed, plotsPerRow, smoothingKind } = stored;
  const isCount = typeof plotsPerRow === 'number' && Number.isInteger(plotsPerRow) && plotsPerRow >= 1 && plotsPerRow <= MOST_PLOTS_PER_ROW;
  return {
    alwaysDashed: alwaysDashed === true,
    plotsPerRow: isCount ? plotsPerRow : null,
    smoothingKind: SMOOTHING_KINDS.find((kind) => kind === smoothingKind) ?? SMOOTHING_KINDS[0],
  };
}

function kept(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    // A page in a frame may be denied storage.
    return null;
  }
}

class Settings {
  #preferences = $state.raw<Preferences>(readPreferences(kept()));
  alwaysDashed = $derived(this.#preferences.alwaysDashed);
  plotsPerRow = $derived(this.#preferences.plotsPerRow);
  smoothingKind = $derived(this.#preferences.smoothingKind);

  change(part: Partial<Preferences>): void {
    this.#preferences = { ...this.#preferences, ...part };
    try {
      localStorage.setItem(KEY, JSON.stringify(this.#preferences));
    } catch {
      // The preference then lasts as long as the page.
    }
  }
}

export const settings = new Settings();
