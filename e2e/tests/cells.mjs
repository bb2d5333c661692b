// A place without a map: community, then unit grid, from lists; with script the list narrows while one chooses, without script
// by a button of the form.

import { claim, send } from '../lib/walk.mjs';

export const options = { engines: ['sqlite'], seconds: 120 };

/** The first community that has unit grids to choose from. */
const community = async (page) => {
  const codes = await page.locator('select[name=division] option').evaluateAll((all) => all.map((option) => option.value).filter(Boolean));
  claim(codes.length > 0, 'communities are offered');
  return codes[0];
};

export async function aUnitGridIsChosenFromAListThatNarrowsAlone(t) {
  for (const [path, role, lang] of [['/report', null, 'zh-CN'], ['/intake', 'acceptor', 'en']]) {
    const page = role ? await t.signIn(role, { lang }) : await t.open(path, { viewport: 'phone', lang });
    await page.goto(path);
    await page.fill('textarea[name=description]', '网格列表测试：路灯不亮');
    claim(await page.locator('select[name=grid]').count() === 0, `${path}: no community, no cells`);
    await page.selectOption('select[name=division]', await community(page));
    const grid = page.locator('select[name=grid]');
    await grid.waitFor();
    const codes = await grid.locator('option').evaluateAll((all) => all.map((option) => option.value).filter(Boolean));
    claim(codes.length > 0 && codes.every((code) => /^\d{15}$/.test(code)), `${path}: cells are offered: ${codes.slice(0, 3)}`);
    await t.axe(page);
    await t.shoot(page, `cells-${role ?? 'resident'}`);
    await grid.selectOption(codes[0]);
    await send(page, page.locator(`form[action="${path}"] button[type=submit]`).first());
    claim(await page.locator('#number').count() === 1, `${path}: taken in at ${page.url()}`);
    // A page of its own: a reload sends nothing again.
    const number = await page.locator('#number').textContent();
    await page.reload();
    claim(await page.locator('#number').textContent() === number, `${path}: loaded again it is the same`);
    claim(await page.locator('#code').count() === 1, `${path}: with its code`);
    claim(role === null || await page.locator('a[href*="/track/link/"]').count() === 0, 'the clerk holds no private link');
    await page.context().close();
  }
}

export async function withoutScriptAButtonListsTheUnitGrids(t) {
  const page = await t.open('/report', { viewport: 'phone', script: false });
  await page.fill('textarea[name=description]', '无脚本网格测试');
  await page.selectOption('select[name=division]', await community(page));
  await send(page, page.locator('input[name=cells]'));
  claim(await page.inputValue('textarea[name=description]') === '无脚本网格测试', 'the words are kept');
  const codes = await page.locator('select[name=grid] option').evaluateAll((all) => all.map((option) => option.value).filter(Boolean));
  claim(codes.length > 0, 'the cells are listed');
  await page.selectOption('select[name=grid]', codes[0]);
  await send(page, page.locator('form[action="/report"] button[type=submit]').first());
  claim(await page.locator('#number').count() === 1, `sent: ${page.url()}`);
}
