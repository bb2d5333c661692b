// Taking records out by the pages: asked for, written by the program itself, told, fetched with the hash that stands on
// the page and in the audit trail, deleted again.

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { claim, send } from '../lib/walk.mjs';

export const options = { engines: ['sqlite'], seconds: 240 };

/** The page of an export asks again by itself until it is finished. */
async function finished(page) {
  await page.locator('a[href$="/file"]').waitFor({ timeout: 60_000 });
}

export async function aShiftLeaderTakesCasesOutAndTheAuditorFindsTheHash(t) {
  for (const how of [{ lang: 'zh-CN', viewport: 'phone', theme: 'dark' }, { lang: 'en', script: false }]) {
    const page = await t.signIn('shift leader', how);
    const axe = async () => { if (how.script !== false) await t.axe(page); };
    await page.goto('/desk');
    claim((await page.locator('a[href="/exports"]').count()) > 0, 'the menu leads to the exports');
    await page.goto('/exports');
    await axe();
    const form = page.locator('form[action="/exports"]');
    await form.locator('input[value="cases.csv"]').check();
    await form.locator('input[name=from]').fill('2001-01-02');
    await form.locator('input[name=to]').fill('2001-01-01');
    t.allowErrors(/status of 422/);
    await send(page, form.locator('[type=submit]'));
    claim((await page.locator('#e-to').textContent()).trim().length > 5, 'a backward period is refused at its field');
    await axe();
    await form.locator('input[name=from]').fill('');
    await form.locator('input[name=to]').fill('');
    await send(page, form.locator('[type=submit]'));
    claim(/\/exports\/[0-9a-f-]{36}$/.test(page.url()), `it leads to the export: ${page.url()}`);
    await finished(page);
    await axe();
    const hash = (await page.locator('dl code').textContent()).trim();
    const [download] = await Promise.all([page.waitForEvent('download'), page.locator('a[href$="/file"]').click()]);
    const bytes = await readFile(await download.path());
    claim(createHash('sha256').update(bytes).digest('hex') === hash, 'the file has the hash of the page');
    claim(download.suggestedFilename() === `cases-${hash.slice(0, 12)}.csv`, download.suggestedFilename());
    const lines = bytes.toString('utf8').split('\n');
    claim(lines[0].startsWith('\ufeffnumber,state,') && lines.length > 10, `rows: ${lines.length}`);
    const at = new URL(page.url()).pathname;

    const auditor = await t.signIn('auditor', { lang: 'en' });
    await auditor.goto(`/audit?kind=export&object=${at.split('/').pop()}`);
    const trail = await auditor.locator('tbody').textContent();
    for (const word of ['export.ask', 'export.end', 'export.download', hash]) claim(trail.includes(word), `${word} is in the trail`);
    await auditor.goto(at);
    claim((await auditor.locator('a[href$="/file"]').count()) === 0, 'the file is its owner\'s');
    await t.axe(auditor);
    await auditor.context().close();

    await page.goto('/notices');
    const told = how.lang === 'en' ? 'Export finished' : '导出已完成';
    claim((await page.locator('main').textContent()).includes(told), 'a notice tells that it is finished');
    await page.goto(at);
    const remove = page.locator(`form[action="${at}/remove"] [type=submit]`);
    if (how.script !== false) {
      await remove.click();
      await send(page, page.locator('dialog[open] button[value=yes]'));
    } else {
      await send(page, remove);
    }
    await page.goto(at);
    claim((await page.locator('a[href$="/file"]').count()) === 0, 'what was deleted is gone');
    await page.context().close();
  }
}

export async function anAnalystTakesOutWhatCasesCountAs(t) {
  const page = await t.signIn('analyst', { lang: 'zh-CN' });
  await page.goto('/exports');
  claim((await page.locator('select[name=purpose]').count()) === 0, 'no names for whoever may not look at them');
  await page.locator('input[value="facts.parquet"]').check();
  await send(page, page.locator('form[action="/exports"] [type=submit]'));
  await finished(page);
  const [download] = await Promise.all([page.waitForEvent('download'), page.locator('a[href$="/file"]').click()]);
  const bytes = await readFile(await download.path());
  claim(bytes.subarray(0, 4).toString() === 'PAR1' && bytes.subarray(-4).toString() === 'PAR1', 'it is a Parquet file');
}
