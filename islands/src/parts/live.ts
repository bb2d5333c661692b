// A page that follows what happens: `data-live="/desk/live"` on a region with an id. The program says that something
// changed, and the region's parts are exchanged; what is open beside the list, what has the focus and how far the list is
// scrolled stay as they are. Where the stream cannot be had, the page is as fresh as when it was opened.
//
// A page that nobody sees asks for nothing and holds no stream: a browser has six connections to a place, and as many
// hidden pages would leave none for the one that is looked at. Seen again, it is renewed.
import { keepPicks } from './desk';
import { renew } from './renew';

/** Changes that come close together are one. */
const PAUSE_MS = 3000;

export function followChanges(): void {
  for (const region of document.querySelectorAll<HTMLElement>('[data-live][id]')) follow(region);
}

function follow(region: HTMLElement): void {
  let source: EventSource | null = null;
  let wasOpen = false;
  let isDue = false;
  let isResting = false;
  const look = (): void => {
    isDue = true;
    // While somebody types into what would be exchanged, it waits until they are done.
    if (isResting || document.hidden || isTypingIn(region)) return;
    isDue = false;
    isResting = true;
    void renewInPlace(region)
      .then((wasDone) => {
        if (!wasDone) isDue = true;
      })
      .finally(() => setTimeout(() => {
        isResting = false;
        if (isDue) look();
      }, PAUSE_MS));
  };
  const listen = (): void => {
    if (source && source.readyState !== EventSource.CLOSED) return;
    source = new EventSource(region.dataset.live ?? '');
    source.addEventListener('changed', look);
    source.addEventListener('open', () => {
      // What happened while nothing was heard is not told again.
      if (wasOpen) look();
      wasOpen = true;
    });
  };
  const rest = (): void => {
    source?.close();
    source = null;
  };
  const turn = (): void => {
    if (document.hidden) {
      rest();
      return;
    }
    listen();
    if (isDue) look();
  };
  document.addEventListener('visibilitychange', turn);
  addEventListener('pagehide', rest);
  // A page that comes back from the browser's memory.
  addEventListener('pageshow', turn);
  region.addEventListener('focusout', () => {
    // The focus is nowhere yet.
    setTimeout(() => {
      if (isDue) look();
    });
  });
  turn();
}

/** Whether it was exchanged, or need not be. */
async function renewInPlace(region: HTMLElement): Promise<boolean> {
  let isBusy = false;
  await renew(region, { 'x-background': '1' }, () => {
    isBusy = isTypingIn(region);
    return isBusy ? null : keep(region);
  });
  return !isBusy;
}

/** The part of the region that has the focus; none where the focus is in what stays. */
function focusedPart(region: HTMLElement): Element | null {
  const part = document.activeElement?.closest('[data-part]') ?? null;
  return part && region.contains(part) && part.closest('[data-stays]') === null ? part : null;
}

/** Remembers, right before the exchange, what a person set meanwhile. */
function keep(region: HTMLElement): () => void {
  const focused = focusedPart(region) ? handle(document.activeElement) : null;
  const { scrollX, scrollY } = window;
  const putPicksBack = keepPicks();
  return () => {
    putPicksBack();
    if (focused) region.querySelector<HTMLElement>(focused)?.focus({ preventScroll: true });
    scrollTo(scrollX, scrollY);
  };
}

/** How a link or a button is found again in a part that was exchanged. */
function handle(element: Element | null): string | null {
  if (element instanceof HTMLAnchorElement) return `a[href="${CSS.escape(element.getAttribute('href') ?? '')}"]`;
  if (!(element instanceof HTMLButtonElement) || !element.form) return null;
  const named = element.name ? `[name="${CSS.escape(element.name)}"][value="${CSS.escape(element.value)}"]` : '';
  return `form[action="${CSS.escape(element.form.getAttribute('action') ?? '')}"] button${named}`;
}

/** Whether somebody types into a part that would be exchanged: what they write must not go. */
function isTypingIn(region: HTMLElement): boolean {
  const { activeElement } = document;
  return focusedPart(region) !== null
    && activeElement instanceof HTMLElement
    && activeElement.matches('textarea, select, input:not([type=checkbox], [type=radio], [type=button], [type=submit])');
}
