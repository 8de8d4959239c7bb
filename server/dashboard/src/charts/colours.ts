/** The colours of the theme in use, as a canvas takes them. */
import type { Colours } from './paint';

const RUN_COLOURS = 12;

let known: { dark: boolean; colours: Colours } | null = null;

/** The colours of the light or the dark theme, which is the one in use. */
export function coloursOf(dark: boolean): Colours {
  if (known?.dark !== dark) known = { dark, colours: readColours() };
  return known.colours;
}

/** Reads the roles: a canvas knows no custom properties, so the browser resolves each for the theme in use. */
function readColours(): Colours {
  const probe = document.createElement('span');
  document.body.append(probe);
  const resolve = (name: string) => {
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color;
  };
  const runs = new Map(Array.from({ length: RUN_COLOURS }, (_, slot) => [`--run-${slot}`, resolve(`--run-${slot}`)]));
  const colours: Colours = {
    background: resolve('--bg'),
    axis: resolve('--line2'),
    grid: resolve('--grid'),
    text: resolve('--t3'),
    strong: resolve('--t1'),
    critical: resolve('--crit'),
    warning: resolve('--warn'),
    line: resolve('--line'),
    accent: resolve('--accent'),
    runs,
  };
  probe.remove();
  return colours;
}
