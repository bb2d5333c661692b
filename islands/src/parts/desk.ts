// The desk: j and k walk its list, Enter opens a case beside it; the row of the open case is marked, and reading goes on
// at the heading of the case. After an act there it goes on in the list, at the row that took the place. x picks rows for one act on several cases; what waits counts down and is stopped by z.

const ROWS = '[data-walk] td > a';
const PICKS = '[data-walk] input[name=case]';

function row(element: Element | null): Element | null {
  return element?.closest('[data-walk] > tr') ?? null;
}

function walk(step: number): boolean {
  const links = [...document.querySelectorAll<HTMLAnchorElement>(ROWS)];
  if (links.length === 0) return false;
  const at = row(document.activeElement);
  const here = links.findIndex((link) => at !== null && row(link) === at);
  const from = here >= 0 ? here : links.findIndex((link) => link.ariaCurrent === 'true');
  const next = links[Math.min(links.length - 1, Math.max(0, from + step))];
  next?.focus();
  next?.scrollIntoView({ block: 'nearest' });
  return true;
}

/** Whether a field takes no letters: those of the desk go on. */
export function isPick(target: EventTarget | null): boolean {
  return target instanceof Element && target.matches(`${PICKS}, [data-pick-all]`);
}

/** Whether a key press was one of the desk's. */
export function walkByKey(key: string): boolean {
  if (key === 'j') return walk(1);
  if (key === 'k') return walk(-1);
  if (key === 'x') {
    const pick = row(document.activeElement)?.querySelector<HTMLInputElement>(PICKS);
    if (!pick) return false;
    pick.checked = !pick.checked;
    lastPick = pick;
    showPicked();
    return true;
  }
  return false;
}

/** Out of a form and back to the list, at the open case or the first row; what was typed stays where it is. */
export function backToList(): boolean {
  const links = [...document.querySelectorAll<HTMLAnchorElement>(ROWS)].filter((link) => link.offsetParent !== null);
  const link = links.find((each) => each.ariaCurrent === 'true') ?? links[0];
  link?.focus();
  return link !== undefined;
}

const KEYS = 'shiyu-keys';

/** Whether single letters act. Whoever dictates, or whose keys are struck by chance, can switch them off on this device. */
export function areKeysOn(): boolean {
  try {
    return localStorage.getItem(KEYS) !== 'off';
  } catch {
    // A browser that keeps nothing.
    return true;
  }
}

function offerKeys(): void {
  const label = document.querySelector<HTMLElement>('[data-keys-switch]');
  const box = label?.querySelector('input');
  if (!label || !box) return;
  label.hidden = false;
  box.checked = areKeysOn();
  box.addEventListener('change', () => {
    try {
      if (box.checked) localStorage.removeItem(KEYS);
      else localStorage.setItem(KEYS, 'off');
    } catch {
      // Nothing is kept: the keys stay as they are.
      box.checked = true;
    }
  });
}

let lastPick: HTMLInputElement | null = null;

function picks(): HTMLInputElement[] {
  return [...document.querySelectorAll<HTMLInputElement>(PICKS)];
}

/** Says how many are picked; the acts are there when there is something to act on. */
function showPicked(): void {
  const form = document.querySelector<HTMLFormElement>('form#bulk');
  if (!form) return;
  const wait = form.querySelector<HTMLInputElement>('input[name=wait]');
  // Somebody is there to stop it: it may wait instead of being asked once more.
  if (wait) wait.value = '1';
  const words = form.querySelector<HTMLElement>('.bulk-picked');
  if (!words) return;
  words.dataset.none ??= words.textContent ?? '';
  const all = picks();
  const picked = all.filter((pick) => pick.checked).length;
  const text = picked > 0 ? (form.dataset.picked ?? '').replace('#', String(picked)) : words.dataset.none;
  if (words.textContent !== text) words.textContent = text;
  for (const button of form.querySelectorAll('button')) button.hidden = picked === 0;
  for (const pick of all) row(pick)?.classList.toggle('is-picked', pick.checked);
  const every = document.querySelector<HTMLInputElement>('[data-pick-all]');
  if (!every) return;
  every.hidden = false;
  every.checked = picked > 0 && picked === all.length;
  every.indeterminate = picked > 0 && picked < all.length;
}

/** Remembers what is picked before the list is exchanged; a case that changed meanwhile is picked no more. */
export function keepPicks(): () => void {
  const picked = new Set(picks().filter((pick) => pick.checked).map((pick) => pick.value));
  const { activeElement } = document;
  const focused = activeElement instanceof HTMLInputElement && isPick(activeElement) ? activeElement.value : null;
  const last = lastPick?.value;
  return () => {
    for (const pick of picks()) {
      pick.checked = picked.has(pick.value);
      if (pick.value === last) lastPick = pick;
      if (pick.value === focused) pick.focus({ preventScroll: true });
    }
    showPicked();
  };
}

function watchPicks(): void {
  showPicked();
  document.addEventListener('click', (event) => {
    const { target } = event;
    if (!(target instanceof HTMLInputElement) || !isPick(target)) return;
    const all = picks();
    if (target.dataset.pickAll !== undefined) {
      for (const pick of all) pick.checked = target.checked;
    } else {
      const [from, to] = [lastPick, target].map((pick) => (pick ? all.indexOf(pick) : -1));
      if (event.shiftKey && from !== undefined && to !== undefined && from >= 0) {
        for (const pick of all.slice(Math.min(from, to), Math.max(from, to) + 1)) pick.checked = target.checked;
      }
      lastPick = target;
    }
    showPicked();
  });
  // A page that comes back from the browser's memory still has its boxes ticked.
  addEventListener('pageshow', showPicked);
}

const EVERY_MS = 1000;

/** Lines of bulk acts are asked for again as long as they move. */
function watchBulk(): void {
  setInterval(() => {
    if (document.hidden) return;
    for (const line of document.querySelectorAll<HTMLElement>('[data-bulk]')) void renewLine(line);
  }, EVERY_MS);
}

async function renewLine(line: HTMLElement): Promise<void> {
  if (line.dataset.asking !== undefined) return;
  line.dataset.asking = '';
  try {
    const answer = await fetch(line.dataset.bulk ?? '', { headers: { accept: 'text/html', 'x-background': '1' } });
    if (!answer.ok || answer.redirected) return;
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    const fresh = page.querySelector<HTMLElement>('.bulk-line');
    if (!fresh || !line.isConnected) return;
    const [rest, now] = [line, fresh].map((of) => of.querySelector('.bulk-rest'));
    if (rest && now) {
      // Only the seconds: nothing is read out again, and the button keeps the focus.
      rest.textContent = now.textContent;
      return;
    }
    const hadFocus = line.contains(document.activeElement);
    line.replaceWith(fresh);
    if (hadFocus) fresh.querySelector<HTMLElement>('button, a')?.focus();
    if (fresh.dataset.bulk === undefined && fresh.closest('[data-bulk-page]')) location.reload();
  } catch (error) {
    console.warn('a bulk act could not be looked at', error);
  } finally {
    delete line.dataset.asking;
  }
}

/** Where in its list the case lay that something is done on. */
interface Place {
  /** The address of the list. */
  list: string;
  at: number;
  /** The rows as they were, by their addresses. */
  rows: string[];
  time: number;
}

const PLACE = 'shiyu-desk-place';
/** Somebody who comes back later than this begins anew. */
const FRESH_MS = 10 * 60_000;

/** As two addresses are one, however they are written. */
const plain = (address: string): string => {
  const { pathname, searchParams } = new URL(address, location.href);
  return `${pathname}?${searchParams.toString()}`;
};

/** Remembers where the open case lies, right before something is done on it. */
function keepPlace(form: HTMLFormElement): void {
  const links = [...document.querySelectorAll<HTMLAnchorElement>(ROWS)];
  const at = links.findIndex((link) => link.ariaCurrent === 'true');
  const back = form.elements.namedItem('back');
  if (at < 0 || !(back instanceof HTMLInputElement)) return;
  const place: Place = { list: plain(back.value), at, rows: links.map((link) => link.pathname), time: Date.now() };
  try {
    sessionStorage.setItem(PLACE, JSON.stringify(place));
  } catch {
    // A browser that keeps nothing begins with the first row.
  }
}

/** Goes on at the case if it lies where it lay, else at the one after it, else at the one before it. */
function goOn(): void {
  let place: Place | null = null;
  try {
    place = JSON.parse(sessionStorage.getItem(PLACE) ?? 'null') as Place | null;
    sessionStorage.removeItem(PLACE);
  } catch {
    // As above.
  }
  if (!place || Date.now() - place.time > FRESH_MS || place.list !== plain(location.href)) return;
  const links = [...document.querySelectorAll<HTMLAnchorElement>(ROWS)];
  const { at, rows } = place;
  const isThere = links[at]?.pathname === rows[at];
  const wanted = isThere ? [rows[at]] : [...rows.slice(at + 1), ...rows.slice(0, at).reverse()];
  const found = wanted.map((row) => links.find((link) => link.pathname === row)).find((link) => link !== undefined);
  const next = found ?? links[Math.min(at, links.length - 1)];
  next?.focus();
  next?.scrollIntoView({ block: 'nearest' });
}

export function watchDesk(): void {
  watchPicks();
  watchBulk();
  offerKeys();
  const beside = document.getElementById('case');
  if (!beside) return;
  goOn();
  beside.addEventListener('submit', (event) => {
    if (event.target instanceof HTMLFormElement && event.target.method === 'post') keepPlace(event.target);
  });
  let wasPressed = false;
  // Where there is no room beside the list, the link leads to the case's own page.
  const narrow = matchMedia('(max-width: 60rem)');
  document.addEventListener('click', (event) => {
    if (narrow.matches && event.target instanceof Element && event.target.closest(ROWS)) event.stopImmediatePropagation();
  }, true);
  document.addEventListener('click', (event) => {
    const link = event.target instanceof Element ? event.target.closest<HTMLAnchorElement>(ROWS) : null;
    if (!link || narrow.matches || event.ctrlKey || event.metaKey || event.shiftKey) return;
    for (const other of document.querySelectorAll<HTMLAnchorElement>(ROWS)) other.ariaCurrent = null;
    link.ariaCurrent = 'true';
    wasPressed = true;
  });
  new MutationObserver(() => {
    const heading = beside.querySelector<HTMLElement>('h2[tabindex]');
    // A case that comes with the page is not jumped to.
    if (heading && wasPressed) heading.focus({ preventScroll: heading.getBoundingClientRect().top < innerHeight / 2 });
    wasPressed = false;
  }).observe(beside, { childList: true });
}
