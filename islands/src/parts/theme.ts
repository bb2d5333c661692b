// The tokens of theme.css, for what is drawn on a canvas.

/** The value of a token as it stands now, such as `token('--ink')`. */
export function token(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** Whether the reader asked for less motion. */
export function isStill(): boolean {
  return matchMedia('(prefers-reduced-motion: reduce)').matches;
}

/** Calls `changed` when the device turns light or dark; answers with how to stop that. */
export function onTheme(changed: () => void): () => void {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  dark.addEventListener('change', changed);
  return () => dark.removeEventListener('change', changed);
}

/** How much larger than on a desk letters are here: on a screen for a wall the page sets them larger. */
export const enlarged = (): number => (parseFloat(getComputedStyle(document.documentElement).fontSize) || 16) / 16;
