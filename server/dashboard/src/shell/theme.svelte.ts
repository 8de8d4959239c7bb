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
  #systemDark = $state(systemDark.matches);
  dark = $derived(this.choice === 'system' ? this.#systemDark : this.choice === 'dark');

  constructor() {
    systemDark.addEventListener('change', ({ matches }) => (this.#systemDark = matches));
    this.#apply();
  }

  next(): void {
    this.choice = NEXT[this.choice];
    try {
      localStorage.setItem(KEY, this.choice);
    } catch {
      // The choice then lasts as long as the page.
    }
    this.#apply();
  }

  #apply(): void {
    if (this.choice === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = this.choice;
  }
}

export const theme = new Theme();
