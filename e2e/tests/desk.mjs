// The desk all day long: looking for cases, lists under a name, one act for several cases that waits and is undone or
// carried out, all of it by the keyboard, and all of it without script.

import { claim, report, send, somewhere, state, toPool } from '../lib/walk.mjs';

export const options = { seconds: 300 };

/** Cases that wait to be accepted, with words of their own. */
async function waiting(t, word, howMany) {
  const place = await somewhere(t);
  const numbers = [];
  for (let n = 1; n <= howMany; n += 1) {
    const { number, page } = await report(t, `${word}第${n}处`, place);
    await page.context().close();
    await toPool(t, number);
    const worker = await t.signIn('collector', { viewport: 'phone' });
    await worker.goto(`/cases/${number}`);
    await worker.locator(`form[id="verify-${number}"] input[name=outcome][value=yes]`).check();
    await send(worker, worker.locator(`form[id="verify-${number}"] button[type=submit]`));
    await worker.context().close();
    numbers.push(number);
  }
  return numbers;
}

/** Looks again until the list shows so many cases: the search follows what happens within a second or two. */
async function listed(page, query, howMany) {
  for (let tries = 0; tries < 40; tries += 1) {
    await page.goto(`/desk?${query}`);
    if (await page.locator('[data-walk] tr').count() === howMany) return;
    await page.waitForTimeout(500);
  }
  throw new Error(`/desk?${query} shows ${await page.locator('[data-walk] tr').count()} cases, expected ${howMany}`);
}

const q = (words) => encodeURIComponent(words);

/** Where a case stands, looked up by somebody else. */
async function stands(t, number) {
  const page = await t.signIn('shift leader');
  await page.goto(`/cases/${number}`);
  const found = await state(page);
  await page.context().close();
  return found;
}

export async function twoCharactersFindACaseAndASlashLeadsToTheField(t) {
  const word = '喷泉池沿';
  const { number } = await report(t, `公园的${word}裂了，孩子容易绊倒`, await somewhere(t));
  const page = await t.signIn('acceptor');
  await listed(page, `find=${q('池沿')}`, 1);
  claim((await page.locator('[data-walk]').textContent()).includes(word), 'the case is listed');
  await t.axe(page);
  // From anywhere on the page by the keyboard alone, in two words.
  await page.goto('/desk');
  await page.keyboard.press('/');
  claim(await page.evaluate(() => document.activeElement?.id) === 'find', 'the slash leads to the field');
  await page.keyboard.type('绊倒 喷泉');
  await Promise.all([page.waitForURL(/find=/), page.keyboard.press('Enter')]);
  claim(await page.locator('[data-walk] tr').count() === 1, 'both words are in it');
  claim(await page.locator('#find').inputValue() === '绊倒 喷泉', 'what was looked for stays');
  // The beginning of a number, and the whole of one.
  await page.goto(`/desk?find=${number.slice(0, -2)}`);
  claim(await page.locator(`[data-walk] a[href="/cases/${number}"]`).count() === 1, 'the beginning of its number');
  await page.goto(`/desk?find=${number}`);
  claim(new URL(page.url()).pathname === `/cases/${number}`, 'a whole number leads to the case');
  // What is not there, and what is too little, is told in words, in both languages.
  for (const [lang, none, short] of [['zh-CN', '没有这样的案件', '至少'], ['en', 'There is no such case', 'at least']]) {
    const other = await t.signIn('dispatcher', { lang, viewport: 'phone', theme: 'dark' });
    await other.goto(`/desk?find=${q('没有这回事的词')}`);
    claim((await other.locator('main').textContent()).includes(none), 'that nothing is there is told');
    await t.axe(other);
    await other.goto(`/desk?find=${q('池')}`);
    claim((await other.locator('[role=alert]').textContent()).includes(short), 'one character is too little');
    const wider = await other.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
    claim(!wider, 'the desk fits a phone');
    await other.context().close();
  }
}

export async function aFilterIsKeptUnderANameRenamedAndRemoved(t) {
  const page = await t.signIn('acceptor', { lang: 'en' });
  await page.locator('.fold > summary', { hasText: 'Filter' }).first().click();
  const form = page.locator('details.fold[open] form[action="/desk"]');
  await form.locator('select[name=state]').selectOption('pending_accept');
  await form.locator('select[name=light]').selectOption('late');
  await send(page, form.locator('button[type=submit]'));
  claim(page.url().includes('light=late'), 'the list is narrowed');
  await page.locator('.fold > summary', { hasText: 'Save this filter' }).click();
  await page.locator('#f-name').fill('Late first');
  await send(page, page.locator('form[action="/desk/filters"] button[type=submit]'));
  const chip = page.locator('.chip', { hasText: 'Late first' });
  claim(await chip.getAttribute('aria-current') === 'page', 'it stands as a chip, and is the one shown');
  claim(await chip.locator('.queue-count').count() === 1, 'a queue with a light is counted');
  await t.axe(page);
  await page.goto('/desk');
  await Promise.all([page.waitForURL(/light=late/), chip.click()]);
  await page.goto('/desk/filters');
  await t.axe(page);
  const row = page.locator('tr', { hasText: 'Late first' });
  await row.locator('input[name=name]').fill('Late to accept');
  await send(page, row.locator('form', { has: page.locator('input[name=name]') }).locator('button'));
  claim(await page.locator('a', { hasText: 'Late to accept' }).count() === 1, 'renamed');
  // Without script it is removed without a question, with script after one.
  await page.locator('button[aria-label*="Late to accept"]').click();
  await send(page, page.locator('dialog.ask button[value=yes]'));
  claim(await page.locator('a', { hasText: 'Late to accept' }).count() === 0, 'removed');
}

export async function aFilterIsKeptWithoutScript(t) {
  const page = await t.signIn('dispatcher', { script: false });
  await page.goto('/desk?state=pending_sign&light=soon');
  await page.locator('details.fold', { has: page.locator('#f-name') }).locator('summary').click();
  await page.locator('#f-name').fill('快到期的待签收');
  await send(page, page.locator('form[action="/desk/filters"] button[type=submit]'));
  claim(await page.locator('.chip', { hasText: '快到期的待签收' }).count() === 1, 'kept');
  await page.goto('/desk/filters');
  await send(page, page.locator('form[action$="/remove"] button').first());
  claim(await page.locator('form[action$="/remove"]').count() === 0, 'removed');
}

export async function whatIsUndoneInTimeChangesNothing(t) {
  const [one, two] = await waiting(t, '撤销试验井沿', 2);
  const page = await t.signIn('acceptor');
  await listed(page, `state=pending_accept&find=${q('撤销试验')}`, 2);
  claim(await page.locator('#bulk button').first().isHidden(), 'there is no act before something is picked');
  await page.locator('[data-pick-all]').check();
  claim((await page.locator('.bulk-picked').textContent()).includes('2'), 'how many are picked is told');
  await t.axe(page);
  // What asks for more has a page of its own; nothing is done by looking at it.
  await send(page, page.locator('#bulk button[value=not_accept]'));
  claim(await page.locator('textarea[name=reason]').count() === 1, 'a reason is asked for');
  await t.axe(page);
  await send(page, page.locator('.buttons a'));
  await page.locator('[data-pick-all]').check();
  await send(page, page.locator('#bulk button[value=accept]'));
  // What another test left there to be seen is not meant.
  const line = page.locator('.bulk-line[data-bulk]');
  claim((await line.textContent()).includes('2 件案件'), 'what will happen is told above the list');
  claim(await page.locator('[data-walk] tr').count() === 2, 'nothing has happened yet');
  await t.axe(page);
  const rest = Number(await page.locator('.bulk-rest').textContent());
  await page.waitForFunction((before) => Number(document.querySelector('.bulk-rest')?.textContent) < before, rest);
  // Whoever needs longer holds it: nothing counts down, and the undoing stays.
  await Promise.all([page.waitForEvent('load'), page.keyboard.press('h')]);
  claim((await page.locator('.bulk-line', { hasText: '先不办' }).count()) === 1, 'that it is held is told');
  claim(await page.locator('.bulk-rest').count() === 0, 'and no time runs');
  await t.axe(page);
  await t.shoot(page, 'bulk-held');
  await Promise.all([page.waitForEvent('load'), page.keyboard.press('z')]);
  claim((await page.locator('main').textContent()).includes('已撤销'), 'that it was undone is told');
  claim(await line.count() === 0, 'nothing waits any more');
  // As long as it would have waited.
  await page.waitForTimeout(21_000);
  for (const number of [one, two]) claim(await stands(t, number) === 'pending_accept', 'the cases are as they were');
}

export async function severalAreAcceptedTogetherByTheKeyboardAlone(t) {
  const numbers = await waiting(t, '键盘批量花坛', 3);
  const page = await t.signIn('acceptor');
  await listed(page, `state=pending_accept&find=${q('键盘批量')}`, 3);
  // j walks, x picks; the third is left alone.
  await page.keyboard.press('j');
  await page.keyboard.press('x');
  await page.keyboard.press('j');
  await page.keyboard.press('x');
  claim(await page.locator('[data-walk] input:checked').count() === 2, 'two are picked');
  await page.keyboard.press('x');
  claim(await page.locator('[data-walk] input:checked').count() === 1, 'and unpicked by the same letter');
  await page.keyboard.press('x');
  await Promise.all([page.waitForEvent('load'), page.keyboard.press('a')]);
  claim((await page.locator('.bulk-line[data-bulk]').textContent()).includes('2 件案件'), 'both wait');
  // The page is closed: the program carries it out all the same.
  await page.context().close();
  const left = [];
  for (let tries = 0; tries < 60 && left.length !== 1; tries += 1) {
    await new Promise((resolve) => { setTimeout(resolve, 1000); });
    const leader = await t.signIn('shift leader');
    left.length = 0;
    for (const number of numbers) {
      await leader.goto(`/cases/${number}`);
      if (await state(leader) === 'pending_accept') left.push(number);
    }
    await leader.context().close();
  }
  claim(left.length === 1, `one was not picked and still waits, ${left.length} do`);
  const again = await t.signIn('acceptor');
  const line = again.locator('.bulk-line', { hasText: '已完成：2 件' });
  await Promise.all([again.waitForEvent('load'), line.locator('a').click()]);
  claim(await again.locator('tbody tr').count() === 2, 'each case has its outcome');
  await t.axe(again);
  await send(again, again.locator('form[action$="/seen"] button'));
  claim(await line.count() === 0, 'seen, it is gone from the desk');
}

export async function aCaseThatChangedMeanwhileIsLeftOutAndNamed(t) {
  const [one, two] = await waiting(t, '变动批量路缘', 2);
  const page = await t.signIn('acceptor', { lang: 'en' });
  await listed(page, `state=pending_accept&find=${q('变动批量')}`, 2);
  await page.locator('[data-walk] input').first().check();
  // A stretch of rows by Shift and a click.
  await page.locator('[data-walk] input').last().click({ modifiers: ['Shift'] });
  claim(await page.locator('[data-walk] input:checked').count() === 2, 'the stretch is picked');
  await send(page, page.locator('#bulk button[value=accept]'));
  const other = await t.signIn('shift leader');
  await other.goto(`/cases/${two}`);
  const note = other.locator(`details:has(form[id="note-${two}"])`);
  await note.locator('summary').click();
  await note.locator('textarea[name=text]').fill('等等再看');
  await send(other, note.locator('button[type=submit]'));
  await other.context().close();
  // Nobody reloads: the line tells by itself how it came out.
  await page.locator('.bulk-line', { hasText: '1 left out' }).waitFor({ timeout: 30_000 });
  await Promise.all([page.waitForEvent('load'), page.locator('.bulk-line', { hasText: '1 left out' }).locator('a').click()]);
  const rows = await page.locator('tbody tr').allTextContents();
  claim(rows.some((row) => row.includes(one) && row.includes('Done')), `${one} is done: ${rows}`);
  claim(rows.some((row) => row.includes(two) && row.includes('Others acted')), `${two} is named with its reason: ${rows}`);
  await t.axe(page);
}

export async function withoutScriptAReasonIsAskedOnAPageOfItsOwn(t) {
  t.allowErrors(/status of 4\d\d/);
  const numbers = await waiting(t, '无脚本批量广告', 2);
  const page = await t.signIn('acceptor', { script: false });
  await listed(page, `state=pending_accept&find=${q('无脚本批量')}`, 2);
  for (const pick of await page.locator('[data-walk] input').all()) await pick.check();
  await send(page, page.locator('#bulk button[value=not_accept]'));
  const form = page.locator('form#bulk');
  claim(await form.locator('input[name=case]:checked').count() === 2, 'the cases are named, and may still be unpicked');
  await form.locator('textarea[name=reason]').fill('   ');
  await send(page, form.locator('button[type=submit]'));
  claim(await page.locator('.form-fault').count() === 1, 'a reason is needed');
  await form.locator('textarea[name=reason]').fill('不在受理范围');
  await send(page, form.locator('button[type=submit]'));
  claim(/\/desk\/bulk\//.test(page.url()), 'its own page tells how far it is');
  for (let tries = 0; tries < 30; tries += 1) {
    if ((await page.locator('main').textContent()).includes('已完成：2 件')) break;
    await page.waitForTimeout(500);
    await page.reload();
  }
  claim((await page.locator('tbody').textContent()).match(/已办/g)?.length === 2, 'both are done');
  for (const number of numbers) claim(await stands(t, number) === 'not_accepted', 'not accepted');
}

export async function theKeysAreToldByAQuestionMark(t) {
  const page = await t.signIn('dispatcher', { lang: 'en' });
  const keys = page.locator('details.keys');
  claim(await keys.getAttribute('open') === null, 'folded at first');
  await page.keyboard.press('?');
  await page.waitForFunction(() => document.querySelector('details.keys')?.open);
  claim((await keys.textContent()).includes('Pick or unpick'), 'each key is told');
  const told = new Set(await keys.locator('kbd').allTextContents());
  const missing = [...'/jkxzaredsuemnbfc?', 'Esc'].filter((key) => !told.has(key));
  claim(missing.length === 0, `these are not told: ${missing}`);
  await t.axe(page);
  await page.keyboard.press('?');
  await page.waitForFunction(() => !document.querySelector('details.keys')?.open);
}

export async function escapeLeadsFromAFormBackToTheListAndKeysCanBeSwitchedOff(t) {
  await report(t, '键盘回列表试验', await somewhere(t));
  const page = await t.signIn('acceptor', { lang: 'en' });
  await listed(page, `state=open&find=${q('键盘回列表试验')}`, 1);
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await page.locator('#case [data-island]').first().waitFor({ state: 'attached' });
  await page.keyboard.press('n');
  await page.waitForFunction(() => document.activeElement?.matches('#case input, #case select, #case textarea'));
  await page.keyboard.type('j');
  await page.keyboard.press('Escape');
  await page.waitForFunction(() => document.activeElement?.closest('[data-walk]'));
  await page.keyboard.press('/');
  await page.keyboard.type('xy');
  await page.keyboard.press('Escape');
  claim(await page.locator('input[type=search]').first().inputValue() !== '', 'what was typed stays');
  await page.waitForFunction(() => document.activeElement?.closest('[data-walk]'));
  // Whoever dictates needs letters that do nothing.
  await page.locator('details.keys > summary').click();
  await page.locator('[data-keys-switch] input').uncheck();
  await page.reload();
  await page.keyboard.press('?');
  claim(await page.locator('details.keys').getAttribute('open') === null, 'a letter does nothing');
  await page.locator('details.keys > summary').click();
  await page.locator('[data-keys-switch] input').check();
  await page.keyboard.press('Escape');
  await page.keyboard.press('?');
  await page.waitForFunction(() => document.querySelector('details.keys')?.open);
}

export async function anOpenCaseDoesNotStopTheListFromFollowing(t) {
  const place = await somewhere(t);
  await report(t, '随时更新试验：护栏第一处', place);
  const page = await t.signIn('acceptor', { lang: 'en' });
  await listed(page, `state=open&find=${q('随时更新试验')}`, 1);
  const counts = () => page.locator('.queues').textContent();
  await page.locator('[data-walk] tr > td > a').first().click();
  await page.locator('#case [data-island]').first().waitFor({ state: 'attached' });
  await page.keyboard.press('n');
  await page.keyboard.type('half a sent');
  const before = await counts();
  const { number } = await report(t, '随时更新试验：护栏第二处', place);
  // The search follows within a second or two; whatever happens next shows it.
  await page.waitForTimeout(4000);
  await report(t, '别处：路灯不亮', place);
  await page.locator(`[data-walk] a[href="/cases/${number}"]`).waitFor({ timeout: 30_000 });
  claim(await counts() !== before, 'the counts follow too');
  await page.keyboard.type('ence');
  claim(await page.locator('#case form[action$="/note"] textarea').inputValue() === 'half a sentence', 'what is typed goes on where it was');
  claim(await page.locator('#case [data-island]').count() > 0, 'and the case stays open with its map');
}

export async function hiddenDesksLeaveTheBrowserItsConnections(t) {
  const place = await somewhere(t);
  await report(t, '隐藏页试验：路牌第一处', place);
  const page = await t.signIn('acceptor');
  const context = page.context();
  const turn = (hidden) => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden });
    document.dispatchEvent(new Event('visibilitychange'));
  };
  await listed(page, `state=open&find=${q('隐藏页试验')}`, 1);
  await page.evaluate(turn, true);
  for (let n = 2; n <= 7; n += 1) {
    const next = await context.newPage();
    await next.goto('/desk', { timeout: 20_000 });
    await next.evaluate(turn, true);
  }
  const { number } = await report(t, '隐藏页试验：路牌第二处', place);
  await page.waitForTimeout(4000);
  claim(await page.locator(`[data-walk] a[href="/cases/${number}"]`).count() === 0, 'hidden, it asks for nothing');
  // Seen again, it is as things are now.
  await page.evaluate(turn, false);
  await page.locator(`[data-walk] a[href="/cases/${number}"]`).waitFor({ timeout: 15_000 });
}

export async function afterAnActTheDeskGoesOnAtTheRowThatTookThePlace(t) {
  await waiting(t, '续办试验护栏', 4);
  const page = await t.signIn('acceptor');
  await listed(page, `state=pending_accept&find=${q('续办试验')}`, 4);
  const rows = () => page.locator('[data-walk] tr > td > a').evaluateAll((all) => all.map((link) => link.pathname));
  const focused = () => page.evaluate(() => document.activeElement?.pathname);
  const before = await rows();
  for (const key of ['j', 'j', 'j', 'Enter']) await page.keyboard.press(key);
  const form = page.locator(`#case form[action="${before[2]}/accept"]`);
  await form.waitFor();
  await page.keyboard.press('a');
  await Promise.all([page.waitForEvent('load'), page.keyboard.press('Enter')]);
  await page.waitForFunction(() => document.activeElement?.closest('[data-walk]'));
  const after = await rows();
  claim(after.length === 3 && !after.includes(before[2]), `it is accepted: ${after}`);
  claim(await focused() === before[3], `${await focused()} took its place`);
  await page.keyboard.press('Enter');
  await page.locator(`#case form[action="${before[3]}/accept"]`).waitFor();
  // At the end of the list the one before it is next.
  await page.keyboard.press('a');
  await Promise.all([page.waitForEvent('load'), page.keyboard.press('Enter')]);
  await page.waitForFunction(() => document.activeElement?.closest('[data-walk]'));
  claim(await focused() === before[1], `${await focused()} lies before it`);
  // Whoever comes to the list by another way begins at its beginning.
  await page.reload();
  claim(await page.evaluate(() => document.activeElement === document.body), 'nothing is jumped to');
}
