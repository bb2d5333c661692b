// Every page of the program once, in both languages and both themes: WCAG 2.1 AA, no wider than the screen, nothing in the
// console. Pages that need something to show (a case, a class, an account) are opened from their list.

import { claim } from '../lib/walk.mjs';

export const options = { engines: ['sqlite'], seconds: 600 };

/** Who opens what; each path after → is the first link of that kind on the page before. */
const PAGES = {
  '': ['/', '/offline', '/report', '/track', '/near', '/near → /near?place=', '/near → /near?place= → /report?', '/under-reporting', '/sign-in', '/help'],
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
  for (const [role, paths] of Object.entries(PAGES).filter(([role]) => !how.only || how.only.includes(role))) {
    const page = role ? await t.signIn(role, how) : await t.open('/', how);
    if (how.elder) await page.goto('/look?elder=1&back=%2F');
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
      await t.axe(page, { best: true }).catch((error) => faults.push(`${here}: ${error.message}`));
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

export async function everyPageOfAResidentInLargeTypeOnAPhone(t) {
  await everyPage(t, { lang: 'zh-CN', theme: 'light', viewport: 'phone', elder: true, only: ['', 'resident'] });
}

export async function everyPageInEnglishByNight(t) {
  await everyPage(t, { lang: 'en', theme: 'dark' });
}

/** Codes of definitions stand beside their names: the page of a set is about them. */
const OF_CODES = ['/evaluation/sets'];

/**
 * Lines of a page that are nothing but up to three words in Latin letters: a word of the program that nobody translated, or a
 * raw code. (Whole sentences are what somebody reported.)
 * What is marked as another language or as code, and what is typed in, is none; names of products and formats stay.
 */
const untranslated = (page) => page.evaluate(() => {
  const isWord = (text) => /^[A-Za-z][a-z]+([ _-][A-Za-z]*[a-z]+){0,2}$/.test(text) && !/^(English|Enter|Excel|SQLite|PostgreSQL)$/.test(text);
  const isMeant = (element) => element.closest('[lang]:not(html), code, kbd, pre, script, style, template, option') === null;
  const walker = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT);
  const found = [];
  while (walker.nextNode()) {
    const text = walker.currentNode.textContent.trim();
    if (isWord(text) && isMeant(walker.currentNode.parentElement)) found.push(text);
  }
  return [...new Set(found)];
});

export async function noPageInChineseHasAnEnglishWordOrARawCodeForALine(t) {
  const faults = [];
  for (const [role, paths] of Object.entries(PAGES)) {
    const page = role ? await t.signIn(role) : await t.open('/');
    for (const path of paths.filter((path) => !path.includes(' → ') && OF_CODES.every((code) => !path.startsWith(code)))) {
      await page.goto(path);
      const found = await untranslated(page);
      if (found.length > 0) faults.push(`${path}: ${found.join(' | ')}`);
    }
    await page.context().close();
  }
  claim(faults.length === 0, faults.join('\n'));
}
