// The auditor's door: the trail searched by object, every special act in one list, a sample drawn by lot that is the
// same again, and files whose hash stands in the trail before they leave.

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { act, at, claim, report, send, somewhere } from '../lib/walk.mjs';

export const options = { seconds: 240 };

async function taken(page, button) {
  const [download] = await Promise.all([page.waitForEvent('download'), button.click()]);
  return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) };
}

export async function anAuditorFindsAVoidAndTakesTheListWithItsHash(t) {
  const { number } = await report(t, '审计测试：重复录入', await somewhere(t));
  const desk = await at(t, 'acceptor', number, {});
  await act(desk, number, 'request-void', (form) => form.locator('textarea[name=reason]').fill('重复录入'));
  const lead = await at(t, 'shift leader', number, {});
  await act(lead, number, 'void', (form) => form.locator('textarea[name=reason]').fill('确为重复'));

  for (const how of [{ lang: 'zh-CN', viewport: 'desk' }, { lang: 'en', viewport: 'phone', theme: 'dark' }]) {
    const page = await t.signIn('auditor', how);
    await page.goto('/audit/special?kind=void');
    await t.axe(page);
    claim((await page.locator('tbody').textContent()).includes(number), 'the void is in the list');
    await page.goto('/audit/special?kind=ruling&from=2001-01-01&to=2001-01-02');
    claim((await page.locator('tbody').count()) === 0, 'an empty period says so');
    await t.axe(page);
    await page.context().close();
  }

  const page = await t.signIn('auditor', { lang: 'en' });
  await page.goto('/audit/special?kind=void');
  const { name, bytes } = await taken(page, page.locator('form[method=post][action="/audit/special"] [type=submit]'));
  // It may be taken again: a page hears nothing of a file.
  await taken(page, page.locator('form[method=post][action="/audit/special"] [type=submit]'));
  const hash = createHash('sha256').update(bytes).digest('hex');
  claim(bytes.toString('utf8').includes(number), 'the file holds the void');
  claim(name === `special-${hash.slice(0, 12)}.csv`, `the file is named by its hash: ${name}`);
  await page.goto(`/audit?kind=audit&object=${hash}`);
  claim((await page.locator('tbody').textContent()).includes('audit.export'), 'the trail holds the hash of the file');
  await t.picture('auditor-special', { role: 'auditor', viewport: 'desk', theme: 'light', lang: 'zh-CN', path: '/audit/special' });
}

export async function aSampleIsDrawnByLotAndTheSameAgain(t) {
  for (const how of [{ lang: 'zh-CN', viewport: 'phone' }, { lang: 'en', script: false }]) {
    const page = await t.signIn('auditor', how);
    // Without script nothing can be run in the page, axe neither.
    const axe = async () => { if (how.script !== false) await t.axe(page); };
    await page.goto('/audit/sample');
    await axe();
    const form = page.locator('form[action="/audit/sample"]');
    await form.locator('input[name=size]').fill('12');
    await send(page, form.locator('[type=submit]'));
    const drawn = await page.locator('tbody a').allTextContents();
    claim(drawn.length === 12 && new Set(drawn).size === 12, 'twelve different cases');
    await page.reload();
    claim((await page.locator('tbody a').allTextContents()).join() === drawn.join(), 'the same seed draws the same');
    await axe();
    await page.context().close();
  }
}

export async function nobodyElseOpensTheAuditorsDoor(t) {
  t.allowErrors(/status of 403/);
  for (const role of ['leader', 'system admin']) {
    const page = await t.signIn(role);
    const answer = await page.goto('/audit/special');
    claim(answer.status() === 403, `${role} is refused`);
    await page.context().close();
  }
}
