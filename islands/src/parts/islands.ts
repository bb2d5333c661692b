// Parts of a page that need a large script: `data-island="/assets/map.….js"`. The script is fetched when the part comes
// near the view (at once with `data-eager`), once for all parts of its kind, and what it made is taken down when the part leaves the page, so that a
// page that renews itself for weeks holds no more than one that has just been opened.

/** What an island's script offers: it brings an element to life and answers with how to take that down. */
export interface Island {
  mount(element: HTMLElement): () => void;
}

const mounted = new Map<Element, () => void>();
const styles = new Map<string, Promise<void>>();

const near = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting || !(target instanceof HTMLElement)) continue;
    near.unobserve(target);
    void bring(target);
  }
}, { rootMargin: '200px' });

async function bring(element: HTMLElement): Promise<void> {
  const { island, islandStyle } = element.dataset;
  if (!island || mounted.has(element)) return;
  try {
    const [script] = await Promise.all([import(island) as Promise<Island>, islandStyle ? styled(islandStyle) : null]);
    if (element.isConnected && !mounted.has(element)) mounted.set(element, script.mount(element));
  } catch (error) {
    // The page works without it; the element says so.
    element.dataset.failed = '';
    console.warn(`${island} did not load`, error);
  }
}

/** The style sheet, once for the page. */
function styled(address: string): Promise<void> {
  let known = styles.get(address);
  if (!known) {
    const link = document.createElement('link');
    link.rel = 'stylesheet';
    link.href = address;
    known = new Promise((resolve, reject) => {
      link.addEventListener('load', () => resolve());
      link.addEventListener('error', () => {
        styles.delete(address);
        link.remove();
        reject(new Error(`${address} did not load`));
      });
    });
    styles.set(address, known);
    // Before our own theme, which has the last word.
    const first = document.head.querySelector('link[rel=stylesheet]');
    document.head.insertBefore(link, first);
  }
  return known;
}

/** Waits until it is near; one that nobody sees (`data-eager`) is brought at once. */
function expect(element: HTMLElement): void {
  if (element.dataset.eager === undefined) near.observe(element);
  else void bring(element);
}

function find(root: ParentNode): void {
  if (root instanceof HTMLElement && root.dataset.island) expect(root);
  for (const element of root.querySelectorAll<HTMLElement>('[data-island]')) expect(element);
}

function leave(root: Node): void {
  if (!(root instanceof Element)) return;
  for (const element of [root, ...root.querySelectorAll('[data-island]')]) {
    near.unobserve(element);
    mounted.get(element)?.();
    mounted.delete(element);
  }
}

/** Looks after the islands of this page, also of parts that come and go. */
export function watchIslands(): void {
  find(document);
  new MutationObserver((changes) => {
    for (const { removedNodes, addedNodes } of changes) {
      // Moved elements are in both lists; only what is gone is taken down.
      for (const node of removedNodes) if (!node.isConnected) leave(node);
      for (const node of addedNodes) if (node instanceof Element && node.isConnected) find(node);
    }
  }).observe(document.body, { childList: true, subtree: true });
}
