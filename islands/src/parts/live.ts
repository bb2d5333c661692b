// A page that follows what happens: `data-live="/desk/live"` on a region with an id. The program says that something
// changed, and the region's parts are exchanged; what is open beside the list, what has the focus and how far the list is
// scrolled stay as they are. Where the stream cannot be had, the page is as fresh as when it was opened.
import { keepPicks } from './desk';
import { renew } from './renew';

/** Changes that come close together are one. */
const PAUSE_MS = 3000;

export function followChanges(): void {
  for (const region of document.querySelectorAll<HTMLElement>('[data-live][id]')) follow(region);
}

function follow(region: HTMLElement): void {
  const source = new EventSource(region.dataset.live ?? '');
  let isDue = false;
  let isResting = false;
  const look = (): void => {
    isDue = true;
    if (isResting || document.hidden) return;
    isDue = false;
    isResting = true;
    void renewInPlace(region).finally(() => setTimeout(() => {
      isResting = false;
      if (isDue) look();
    }, PAUSE_MS));
  };
  source.addEventListener('changed', look);
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden && isDue) look();
  });
  addEventListener('pagehide', () => source.close());
}

async function renewInPlace(region: HTMLElement): Promise<void> {
  if (isTypingIn(region)) return;
  await renew(region, { 'x-background': '1' }, () => keep(region));
}

/** Remembers, right before the exchange, what a person set meanwhile; null while somebody types in the region. */
function keep(region: HTMLElement): (() => void) | null {
  if (isTypingIn(region)) return null;
  const { activeElement } = document;
  const href = activeElement instanceof HTMLAnchorElement && region.contains(activeElement) ? activeElement.getAttribute('href') : null;
  const { scrollX, scrollY } = window;
  const putPicksBack = keepPicks();
  return () => {
    putPicksBack();
    if (href) region.querySelector<HTMLElement>(`a[href="${CSS.escape(href)}"]`)?.focus({ preventScroll: true });
    scrollTo(scrollX, scrollY);
  };
}

function isTypingIn(region: HTMLElement): boolean {
  const { activeElement } = document;
  return activeElement instanceof HTMLElement && region.contains(activeElement) && activeElement.closest('form') !== null;
}
