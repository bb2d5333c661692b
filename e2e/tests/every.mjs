// Every page of the program once, in both languages and both themes: WCAG 2.1 AA, no wider than the screen, nothing in the
// console. Pages that need something to show (a case, a class, an account) are opened from their list.

import { claim } from '../lib/walk.mjs';

export const options = { engines: ['sqlite'], seconds: 600 };

/** Who opens what; each path after → is the first link of that kind on the page before. */
const PAGES = {
  '': ['/', '/offline', '/report', '/track', '/near', '/under-reporting', '/sign-in', '/help'],
  acceptor: ['/desk', '/desk?state=closed', '/intake', '/desk/filters', '/for-me', '/call-backs', '/public-texts', '/suggestions', '/handover', '/whistles', '/notices', '/notices/settings', '/account', '/deputies', '/desk → /cases/'],
  leader: ['/morning', '/command', '/command?wall=1', '/evaluation', '/evaluation/figures', '/evaluation/months', '/city-map', '/city-map?by=grid', '/city-map?by=street&light=late', '/desk?place=990101', '/forecast', '/warnings', '/warnings/detectors', '/warnings/backtests', '/supervision', '/supervision/new', '/supervision/ladder', '/reviews', '/duties/unclear', '/topics', '/hot-topics', '/warnings → /warnings/'],
  'department lead': ['/unit', '/exports', '/unit/handovers', '/whistles/figures', '/evaluation/own'],
  resident: ['/my-reports', '/my-reports → /my-reports/'],
  collector: ['/tasks', '/found'],
  analyst: ['/facts', '/exports', '/evaluation/sets', '/evaluation/sets/imports', '/evaluation/sets/standard@1', '/evaluation/sets/new'],
  auditor: ['/audit', '/audit/special', '/audit/sample', '/exports'],
  'system admin': ['/admin', '/admin/imports', '/admin/imports?kind=drawing', '/calendar', '/territory', '/units', '/units/new', '/matters', '/matters/new', '/matters/catalogues', '/duties', '/duties/gaps', '/duties/new', '/duties/rules', '/grid-items', '/reorganise', '/record-rules', '/rules', '/rules/access.accent', '/about', '/notices/failed', '/notices/templates', '/connectors', '/connectors/stuck', '/units → /units/', '/matters → /matters/'],
  'security admin': ['/users', '/users/new', '/connectors/keys', '/users → /users/', '/users → /users/ → /users/'],
};

async function everyPage(t, how) {
  const faults = [];
  for (const [role, paths] of Object.entries(PAGES)) {
    const page = role ? await t.signIn(role, how) : await t.open('/', how);
    for (const entry of paths) {
      const [path, ...links] = entry.split(' → ');
      await page.goto(path);
      let isThere = true;
      for (const link of links) {
        const href = await page.locator(`main a[href^="${link}"]`).evaluateAll((all, own) => all.map((a) => a.getAttribute('href')).find((h) => h && h.length > own.length + 3 && !h.includes('/new')), link);
        isThere = Boolean(href);
        if (!isThere) break;
        await page.goto(href);
      }
      if (!isThere) continue;
      const here = new URL(page.url()).pathname + new URL(page.url()).search;
      const headings = await page.locator('h1').count();
      if (headings !== 1) faults.push(`${here} has ${headings} first headings`);
      await t.axe(page).catch((error) => faults.push(`${here}: ${error.message}`));
      const wider = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      if (wider > 1) faults.push(`${here} is ${wider} px wider than the screen`);
    }
    await page.context().close();
  }
  claim(faults.length === 0, faults.join('\n'));
}

export async function everyPageInChineseByDay(t) {
  await everyPage(t, { lang: 'zh-CN', theme: 'light' });
}

export async function everyPageInChineseByNight(t) {
  await everyPage(t, { lang: 'zh-CN', theme: 'dark' });
}

export async function everyPageInEnglishByDayOnAPhone(t) {
  await everyPage(t, { lang: 'en', theme: 'light', viewport: 'phone' });
}

export async function everyPageInEnglishByNight(t) {
  await everyPage(t, { lang: 'en', theme: 'dark' });
}
