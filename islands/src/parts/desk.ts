// The desk: j and k walk its list, Enter opens a case beside it; the row of the open case is marked, and reading goes on
// at the heading of the case. x picks rows for one act on several cases; what waits counts down and is stopped by z.

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

export function watchDesk(): void {
  watchPicks();
  watchBulk();
  const beside = document.getElementById('case');
  if (!beside) return;
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
