// A screen on a wall hangs for weeks: what renews itself must not grow.

import { claim } from '../lib/walk.mjs';

export const options = { engines: ['sqlite'], seconds: 300 };

/** Renewals before the first count, when everything that is kept once is there, and between the counts. */
const [WARM, MANY] = [15, 90];

/** A wall whose minute passes in a fifth of a second; every other pause stays as it is. */
async function hasty(t, path) {
  // Requests have their time cut short as well.
  t.allowErrors(/htmx:error: timeout/);
  const page = await t.signIn('leader', { viewport: 'wall' });
  await page.addInitScript(() => {
    const wait = window.setTimeout.bind(window);
    window.setTimeout = (work, ms, ...args) => wait(work, ms === 60_000 ? 200 : ms, ...args);
  });
  let renewed = 0;
  page.on('response', (answer) => {
    if (new URL(answer.url()).pathname === path.split('?')[0] && answer.request().resourceType() === 'fetch') renewed += 1;
  });
  await page.goto(path);
  return { page, until: async (n) => {
    while (renewed < n) await page.waitForTimeout(100);
  } };
}

async function doesNotGrow(t, path) {
  const { page, until } = await hasty(t, path);
  const session = await page.context().newCDPSession(page);
  const counted = async () => {
    await session.send('HeapProfiler.collectGarbage');
    await session.send('HeapProfiler.collectGarbage');
    const { nodes, jsEventListeners } = await session.send('Memory.getDOMCounters');
    const { usedSize } = await session.send('Runtime.getHeapUsage');
    return { nodes, jsEventListeners, heapKb: Math.round(usedSize / 1024) };
  };
  await until(WARM);
  const early = await counted();
  await until(WARM + MANY);
  const late = await counted();
  const told = `${path}: after ${MANY} more renewals ${JSON.stringify(early)} became ${JSON.stringify(late)}`;
  claim(late.nodes <= early.nodes + 60, told);
  claim(late.jsEventListeners <= early.jsEventListeners + 20, told);
  // A week has ten thousand renewals: what a renewal left behind would be seen in ninety.
  claim(late.heapKb <= early.heapKb + 2048, told);
  await page.context().close();
}

export async function theCommandCentreHangsForWeeksAndDoesNotGrow(t) {
  await doesNotGrow(t, '/command?wall=1');
}

export async function theMapOnTheWallHangsForWeeksAndDoesNotGrow(t) {
  await doesNotGrow(t, '/city-map?by=street&wall=1');
}
