// A region that renews itself, for a screen nobody touches: `data-renew="60"` on an element with an id. The page is asked
// for again and the region's parts are exchanged, but maps and charts stay and only get their new numbers, so that a wall
// that hangs for weeks flickers and grows no more than on its first day.
import htmx from 'htmx.org';

const SHORTEST_S = 10;
/** What somebody opened in a region, and works on: it is no part of what the page says anew. */
const STAYS = '[data-stays]';

/** What a region says itself, without what was opened in it. */
function within<T extends Element>(root: Element, what: string): T[] {
  return [...root.querySelectorAll<T>(what)].filter((element) => element.closest(STAYS) === null);
}

/** Watches the regions of this page. */
export function renewRegions(): void {
  for (const region of document.querySelectorAll<HTMLElement>('[data-renew][id]')) {
    const seconds = Math.max(Number(region.dataset.renew) || 60, SHORTEST_S);
    const again = (): void => {
      void renew(region).finally(() => setTimeout(again, seconds * 1000));
    };
    setTimeout(again, seconds * 1000);
  }
}

/** Called when the answer is there, right before the exchange: what puts back what a person set, or null for no exchange. */
export type Keep = () => (() => void) | null;

/** Exchanges the parts of a region for those of the page as it is now. */
export async function renew(region: HTMLElement, headers: Record<string, string> = {}, keep: Keep = () => () => {}): Promise<void> {
  if (document.hidden || !region.isConnected) return;
  try {
    const answer = await fetch(location.href, { headers: { accept: 'text/html', ...headers } });
    // A sign-in page instead: the wall shows its last numbers, and says since when.
    if (!answer.ok || answer.redirected) {
      tellStale(region);
      return;
    }
    const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html').getElementById(region.id);
    if (!fresh) return;
    const putBack = keep();
    if (!putBack) return;
    const [old, now] = [region, fresh].map((root) => within<HTMLElement>(root, '[data-island]'));
    const isAlike = old?.length === now?.length && old?.every((island, i) => island.tagName === now?.[i]?.tagName);
    if (!isAlike && region.querySelector(STAYS) === null) {
      region.replaceChildren(...fresh.childNodes);
      htmx.process(region);
      putBack();
      return;
    }
    if (isAlike) {
      old?.forEach((island, i) => {
        const to = now?.[i];
        if (to) pass(island, to);
      });
    }
    exchange(region, fresh, '[data-part]');
    putBack();
    since.set(region, new Date());
    region.querySelector('.renew-stale')?.remove();
  } catch (error) {
    console.warn('the page could not be renewed', error);
    tellStale(region);
  }
}

/** When each region was last as the program said. */
const since = new WeakMap<HTMLElement, Date>();

/** Says on top of a region that its numbers are old, and from when they are. */
function tellStale(region: HTMLElement): void {
  const words = region.dataset.stale;
  if (!words) return;
  const line = region.querySelector('.renew-stale') ?? document.createElement('p');
  line.className = 'banner banner-bad renew-stale';
  line.setAttribute('role', 'status');
  const time = since.get(region) ?? new Date(performance.timeOrigin);
  line.textContent = words.replace('{time}', time.toLocaleString(document.documentElement.lang, { dateStyle: 'short', timeStyle: 'short' }));
  region.prepend(line);
}

/** Gives an island its new numbers, and exchanges what the server drew beside it. */
function pass(island: HTMLElement, to: HTMLElement): void {
  for (const name of ['map', 'chart'] as const) {
    const value = to.dataset[name];
    if (value !== undefined && island.dataset[name] !== value) island.dataset[name] = value;
  }
  const [old, now] = [island, to].map((element) => element.closest('figure'));
  if (old && now) exchange(old, now, '.map-legend, .chart-svg, .chart-table table');
}

/** Puts the new parts in the places of the old ones, in their order. */
function exchange(old: Element, now: Element, parts: string): void {
  const fresh = within(now, parts);
  within(old, parts).forEach((part, i) => {
    const to = fresh[i];
    if (!to) return;
    part.replaceWith(to);
    // What htmx made of the old part went with it.
    htmx.process(to);
  });
}
