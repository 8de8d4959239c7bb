/** Light, dark, or as the system has it; the choice is kept in this browser. */

export type ThemeChoice = 'system' | 'light' | 'dark';

const KEY = 'paceline.theme';
const NEXT: Record<ThemeChoice, ThemeChoice> = { system: 'light', light: 'dark', dark: 'system' };
const systemDark = matchMedia('(prefers-color-scheme: dark)');

function stored(): ThemeChoice {
  try {
    const choice = localStorage.getItem(KEY);
    return choice === 'light' || choice === 'dark' ? choice : 'system';
  } catch {
    // A page in a frame may be denied storage.
    return 'system';
  }
}

class Theme {
  choice = $state<ThemeChoice>(stored());
  /** What the address asks for stands over the choice. */
  #asked = $state<'light' | 'dark' | null>(null);
  shown = $derived<ThemeChoice>(this.#asked ?? this.choice);
  #systemDark = $state(systemDark.matches);
  dark = $derived(this.shown === 'system' ? this.#systemDark : this.shown === 'dark');

  constructor() {
    systemDark.addEventListener('change', ({ matches }) => (this.#systemDark = matches));
    this.#apply();
  }

  /** Shows what the address asks for; null: what was chosen. */
  ask(asked: 'light' | 'dark' | null): void {
    this.#asked = asked;
    this.#apply();
  }

  next(): void {
    this.choose(NEXT[this.shown]);
  }

  choose(choice: ThemeChoice): void {
    this.choice = choice;
    this.#asked = null;
    try {
      localStorage.setItem(KEY, choice);
    } catch {
      // The choice then lasts as long as the page.
    }
    this.#apply();
  }

  #apply(): void {
    if (this.shown === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = this.shown;
  }
}

export const theme = new Theme();
