// The guides: open to everybody, in both languages, and with pictures made here, so that they never grow old. With
// SHIYU_BLESS=1 the pictures go into docs/guide/pictures, from where the program serves them.

import { copyFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import path from 'node:path';
import { claim, report, somewhere } from '../lib/walk.mjs';

export const options = { engines: ['sqlite'], seconds: 300 };

const GUIDES = ['resident', 'grid-worker', 'desk', 'department', 'leader', 'auditor', 'administrator'];
const PICTURES = [
  { name: 'tasks', role: 'collector', path: '/tasks', viewport: 'phone' },
  { name: 'desk', role: 'dispatcher', path: '/desk?state=pending_dispatch', viewport: 'desk' },
  { name: 'unit', role: 'department lead', path: '/unit', viewport: 'desk' },
  { name: 'warnings', role: 'leader', path: '/warnings', viewport: 'desk' },
  { name: 'admin', role: 'system admin', path: '/admin', viewport: 'desk' },
  { name: 'admin-imports', role: 'system admin', path: '/admin/imports', viewport: 'desk' },
  { name: 'auditor-special', role: 'auditor', path: '/audit/special', viewport: 'desk' },
];
const FOLDER = fileURLToPath(new URL('../../docs/guide/pictures/', import.meta.url));

async function keep(file, name, lang) {
  if (process.env.SHIYU_BLESS) await copyFile(file, path.join(FOLDER, `${name}-${lang}.png`));
}

export async function everyGuideOpensInBothLanguages(t) {
  for (const lang of ['zh-CN', 'en']) {
    for (const how of [{ viewport: 'phone' }, { viewport: 'desk', theme: 'dark' }]) {
      const page = await t.open('/help', { lang, ...how });
      await t.axe(page);
      for (const guide of GUIDES) {
        await page.goto(`/help/${guide}`);
        claim((await page.locator('article.guide h2, article.guide li').count()) > 2, `${guide} has a text`);
        const wider = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
        claim(!wider, `${guide} fits its screen`);
        await t.axe(page);
      }
      await page.context().close();
    }
  }
}

export async function thePicturesOfTheGuidesAreTakenFromTheRunningProgram(t) {
  for (const lang of ['zh-CN', 'en']) {
    for (const { name, role, path: address, viewport } of PICTURES) {
      await keep(await t.picture(`guide-${name}`, { role, path: address, viewport, lang }), name, lang);
    }
    const { page } = await report(t, '路灯不亮，晚上看不清', await somewhere(t), { lang });
    await keep(await t.shoot(page, `guide-receipt-${lang}`), 'receipt', lang);
    await page.context().close();
  }
}
