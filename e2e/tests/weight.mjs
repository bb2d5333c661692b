// What a page weighs when it is opened for the first time, compressed as it comes over the line.

import { claim } from '../lib/walk.mjs';

export const options = { engines: ['sqlite'], seconds: 120 };

/** The most bytes of a first load. What a map or a chart brings besides when it is seen is weighed apart. */
const MOST = 100_000;
/** The scripts, styles and tiles of maps and charts. */
const DRAWN = /^\/(assets\/(map|map-worker|chart)\.|tiles\/)/;

/** Opens a path anew, without anything in memory, and adds up what came: of the page, and of its maps and charts. */
async function weight(page, path) {
  const session = await page.context().newCDPSession(page);
  await session.send('Network.enable');
  await session.send('Network.setCacheDisabled', { cacheDisabled: true });
  // What a service worker keeps is not the line.
  await session.send('Network.setBypassServiceWorker', { bypass: true });
  const addresses = new Map();
  const sum = { page: 0, drawn: 0 };
  // Something happened meanwhile and the page asked for itself anew: that is no more its first load.
  const renewals = new Set();
  session.on('Network.requestWillBeSent', ({ requestId, request, type }) => {
    const { pathname } = new URL(request.url);
    addresses.set(requestId, pathname);
    if (type === 'Fetch' && request.headers['x-background'] && pathname === path.split('?')[0]) renewals.add(requestId);
  });
  session.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    if (renewals.has(requestId)) return;
    sum[DRAWN.test(addresses.get(requestId) ?? '') ? 'drawn' : 'page'] += encodedDataLength;
  });
  await page.goto(path, { waitUntil: 'networkidle' });
  await session.detach();
  return sum;
}

export async function aFirstLoadIsLight(t) {
  const told = [];
  const weigh = async (page, path) => {
    const { page: bytes, drawn } = await weight(page, path);
    told.push(`${path} ${(bytes / 1000).toFixed(1)} kB${drawn > 0 ? ` + ${(drawn / 1000).toFixed(1)} kB` : ''}`);
    claim(bytes <= MOST, `${path} weighs ${bytes} bytes`);
    claim(bytes > 5_000, `${path} was weighed: ${bytes} bytes`);
    const draws = await page.locator('[data-map], [data-chart]').count() > 0;
    claim(draws || drawn === 0, `${path} has neither map nor chart, and fetched ${drawn} bytes for one`);
  };
  const anybody = await t.open('/');
  for (const path of ['/', '/report', '/track', '/sign-in']) await weigh(anybody, path);
  // The pictures of the guides come when somebody unfolds them.
  await anybody.goto('/help');
  const guides = await anybody.locator('main a[href^="/help/"]').evaluateAll((links) => [...new Set(links.map((a) => new URL(a.href).pathname))]);
  claim(guides.length >= 7, `every guide is weighed: ${guides}`);
  for (const path of guides) await weigh(anybody, path);
  const desk = await t.signIn('acceptor');
  for (const path of ['/desk', '/desk?state=closed']) await weigh(desk, path);
  for (const [role, path] of [['department lead', '/unit'], ['checker', '/tasks'], ['collector', '/found'], ['leader', '/evaluation?by=unit']]) {
    await weigh(await t.signIn(role), path);
  }
  console.log(`        ${told.join(', ')}`);
}
