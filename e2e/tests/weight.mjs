// What a page weighs when it is opened for the first time, compressed as it comes over the line.

import { claim } from '../lib/walk.mjs';

export const options = { engines: ['sqlite'], seconds: 120 };

/** The most bytes of a first load, for pages without map and chart. */
const MOST = 100_000;

/** Opens a path anew, without anything in memory, and adds up what came. */
async function weight(page, path) {
  const session = await page.context().newCDPSession(page);
  await session.send('Network.enable');
  await session.send('Network.setCacheDisabled', { cacheDisabled: true });
  // What a service worker keeps is not the line.
  await session.send('Network.setBypassServiceWorker', { bypass: true });
  let bytes = 0;
  session.on('Network.loadingFinished', ({ encodedDataLength }) => { bytes += encodedDataLength; });
  await page.goto(path, { waitUntil: 'networkidle' });
  await session.detach();
  return bytes;
}

export async function aFirstLoadIsLight(t) {
  const told = [];
  const weigh = async (page, path) => {
    const bytes = await weight(page, path);
    told.push(`${path} ${(bytes / 1000).toFixed(1)} kB`);
    const hasMap = await page.locator('[data-island], [data-map], [data-chart]').count() > 0;
    claim(hasMap || bytes <= MOST, `${path} weighs ${bytes} bytes`);
    claim(bytes > 5_000, `${path} was weighed: ${bytes} bytes`);
  };
  const anybody = await t.open('/');
  for (const path of ['/', '/report', '/track', '/sign-in']) await weigh(anybody, path);
  const desk = await t.signIn('acceptor');
  for (const path of ['/desk', '/desk?state=closed']) await weigh(desk, path);
  for (const [role, path] of [['department lead', '/unit'], ['checker', '/tasks'], ['collector', '/found'], ['leader', '/evaluation?by=unit']]) {
    await weigh(await t.signIn(role), path);
  }
  console.log(`        ${told.join(', ')}`);
}
