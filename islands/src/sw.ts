// The service worker of a worker's phone: the page of tasks and the form of a report open without a network. It keeps
// pages of this program only, and forgets them when somebody signs out; what waits to be sent is kept by the page (queue.ts).
interface Fetching extends Event { request: Request; respondWith(answer: Promise<Response>): void; waitUntil(work: Promise<unknown>): void }
interface Scope { skipWaiting(): Promise<void>; clients: { claim(): Promise<void> }; addEventListener(type: string, listener: (event: Fetching) => void): void }
const worker = self as unknown as Scope;

/** Pages with what one person may see: gone at sign-out. */
const PAGES = 'field-pages-2';
/** What earlier workers kept: pages by their whole address, also with a place in it. */
const BEFORE = ['field-pages-1'];
/** Styles and scripts, whose names carry their content. */
const ASSETS = 'field-assets-1';
const MOST_ASSETS = 60;
const KEPT_PAGES = ['/tasks', '/found'];
/** A network that does not answer within this is none. */
const PATIENCE_MS = 6000;

worker.addEventListener('install', (event) => event.waitUntil(worker.skipWaiting()));
worker.addEventListener('activate', (event) => event.waitUntil(
  Promise.all([...BEFORE.map((name) => caches.delete(name)), worker.clients.claim()]),
));
worker.addEventListener('fetch', (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (origin !== location.origin) return;
  if (request.method === 'POST' && pathname === '/sign-out') {
    event.waitUntil(caches.delete(PAGES));
    return;
  }
  if (request.method !== 'GET') return;
  if (pathname.startsWith('/assets/')) event.respondWith(asset(request));
  else if (KEPT_PAGES.includes(pathname) || /^\/attachments\/[^/]+\/thumb$/.test(pathname)) event.respondWith(page(request));
});

async function asset(request: Request): Promise<Response> {
  const store = await caches.open(ASSETS);
  const kept = await store.match(request);
  if (kept) return kept;
  const answer = await fetch(request);
  if (answer.ok) {
    await store.put(request, answer.clone());
    const keys = await store.keys();
    await Promise.all(keys.slice(0, Math.max(0, keys.length - MOST_ASSETS)).map((key) => store.delete(key)));
  }
  return answer;
}

/** Of each page the newest is kept, under its path alone: an address may say more than is to be kept, and is not it. */
async function page(request: Request): Promise<Response> {
  const store = await caches.open(PAGES);
  const { pathname, search } = new URL(request.url);
  try {
    const answer = await within(fetch(request));
    // A sign-in page in its place is nothing to keep, and a later leaf of the list is not the list.
    if (answer.ok && !answer.redirected && search === '') await store.put(pathname, answer.clone());
    return answer;
  } catch (error) {
    const kept = await store.match(pathname);
    if (kept) return kept;
    throw error;
  }
}

function within(answer: Promise<Response>): Promise<Response> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('no answer')), PATIENCE_MS);
    answer.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
