// The desk: j and k walk its list, Enter opens a case beside it; the row of the open case is marked, and reading goes on
// at the heading of the case.

const ROWS = '[data-walk] td > a';

function walk(step: number): boolean {
  const links = [...document.querySelectorAll<HTMLAnchorElement>(ROWS)];
  if (links.length === 0) return false;
  const here = links.findIndex((link) => link === document.activeElement);
  const from = here >= 0 ? here : links.findIndex((link) => link.ariaCurrent === 'true');
  const next = links[Math.min(links.length - 1, Math.max(0, from + step))];
  next?.focus();
  next?.scrollIntoView({ block: 'nearest' });
  return true;
}

/** Whether a key press was one of the desk's. */
export function walkByKey(key: string): boolean {
  if (key === 'j') return walk(1);
  if (key === 'k') return walk(-1);
  return false;
}

export function watchDesk(): void {
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
