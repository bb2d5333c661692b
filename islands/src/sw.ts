// The service worker of a worker's phone, and of whoever reports: the page of tasks and the form of a worker's report open
// without a network; in the place of every other page stands one that says so. It keeps pages of this program only, and
// forgets those of a person when they sign out; what waits to be sent is kept by the page (queue.ts).
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
/** The page that stands in the place of others: the same for everybody, in the language of this device. */
const INSTEAD = 'offline-1';
const OFFLINE = '/offline';
const KEPT_PAGES = ['/tasks', '/found'];
/** A network that does not answer within this is none. */
const PATIENCE_MS = 6000;

worker.addEventListener('install', (event) => event.waitUntil(keepInstead().then(() => worker.skipWaiting())));
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
  if (pathname.startsWith('/assets/')) {
    event.respondWith(asset(request));
    return;
  }
  if (pathname === '/look' && request.mode === 'navigate') {
    const answer = fetch(request);
    event.respondWith(answer.catch(instead));
    // Another language, another theme: that page has them too.
    event.waitUntil(answer.then(keepInstead).catch(() => {}));
    return;
  }
  if (KEPT_PAGES.includes(pathname) || /^\/attachments\/[^/]+\/thumb$/.test(pathname)) event.respondWith(page(request));
  else if (request.mode === 'navigate') event.respondWith(fetch(request).catch(instead));
});

/** Asks for the page that stands in the place of others, with what it looks like. Without it everything works as before. */
async function keepInstead(): Promise<void> {
  try {
    const answer = await fetch(OFFLINE, { headers: { accept: 'text/html', 'x-background': '1' }, cache: 'no-store' });
    if (!answer.ok || answer.redirected) return;
    await (await caches.open(INSTEAD)).put(OFFLINE, answer.clone());
    const parts = (await answer.text()).match(/\/assets\/[^"'\s]+/g) ?? [];
    await Promise.all([...new Set(parts)].map((part) => asset(new Request(part))));
  } catch {
    // No network just now.
  }
}

async function instead(error: unknown): Promise<Response> {
  const kept = await caches.match(OFFLINE, { cacheName: INSTEAD });
  if (kept) return kept;
  throw error;
}

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
    if (request.mode === 'navigate') return instead(error);
    throw error;
  }
}

function within(answer: Promise<Response>): Promise<Response> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('no answer')), PATIENCE_MS);
    answer.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
