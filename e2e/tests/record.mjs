// What follows the end of a case: the written answer on the requester's page, a rating, a reopening that reaches the unit, an
// appeal that two people review; and what a refusal tells.

import { act, at, claim, photo, report, send, somewhere, state, toPool, untilDispatched } from '../lib/walk.mjs';

export const options = { seconds: 300 };

/** Presses the button of one of the forms on the requester's page. */
async function sendOwn(page, id) {
  await send(page, page.locator(`form#${id} button[type=submit]`));
}

/** The unit signs, handles and reports back; somebody checks; the shift leader closes. */
async function untilClosed(t, number, words) {
  let page = await at(t, 'department lead', number);
  await act(page, number, 'sign');
  await act(page, number, 'report-back', async (form) => {
    await form.locator('textarea[name=result]').fill(words);
    await form.locator('input[name=files]').first().setInputFiles(await photo(page, 'after.jpg'));
    claim(await form.locator('textarea[name=done]').count() === 1, 'the unit is nudged to write the answer');
  });
  await page.context().close();
  await toPool(t, number);
  page = await at(t, 'checker', number, { viewport: 'phone' });
  await act(page, number, 'check', (form) => form.locator('input[name=passed][value=pass]').check());
  await page.context().close();
  page = await at(t, 'shift leader', number);
  await act(page, number, 'close', async (form) => {
    const radio = form.locator('input[type=radio][name=closing]');
    if (await radio.count() > 0) await radio.first().check();
    else await form.locator('input[name=closing]').fill('清除');
  });
  claim(await state(page) === 'closed', 'closed');
  await page.context().close();
}

export async function aRequesterIsAnsweredRatesAndHasItDoneAgain(t) {
  const { page: resident, number, link } = await report(t, '桥下垃圾成堆', await somewhere(t));
  await untilDispatched(t, number);
  await untilClosed(t, number, '已清运两车');
  await resident.goto(link);
  let told = await resident.locator('main').textContent();
  claim(told.includes('已清运两车') && told.includes('按办理记录自动生成'), 'the answer says what was done, and that it was made of the record');
  await t.axe(resident);
  await resident.locator('form#rate input[name=solved][value=no]').check();
  await resident.locator('form#rate input[name=satisfaction][value=dissatisfied]').check();
  await resident.locator('form#rate input[name=missing][value=half_done]').check();
  await sendOwn(resident, 'rate');
  claim((await resident.locator('main').textContent()).includes('不满意'), 'the rating is there');
  await resident.locator('form#reopen textarea[name=reason]').fill('只清了一半');
  await sendOwn(resident, 'reopen');
  told = await resident.locator('main').textContent();
  claim(told.includes('等待签收') && !told.includes('已清运两车'), 'it goes on, and the old answer is gone');

  const unit = await at(t, 'department lead', number);
  const facts = await unit.locator('dl.facts').first().textContent();
  claim(await state(unit) === 'pending_sign' && facts.includes('只清了一半'), 'it is back at the unit, with the reason');
  const history = await unit.locator('.history').textContent();
  claim(history.includes('只解决了一部分'), 'the unit reads what is missing');
  await t.axe(unit);
  await unit.context().close();
  await untilClosed(t, number, '又清运一车');
  await resident.goto(link);
  claim((await resident.locator('main').textContent()).includes('又清运一车'), 'answered again');
}

export async function aRefusalNamesTheDoorsThatAreOpen(t) {
  const { page: resident, number, link } = await report(t, '邻居官司的事', await somewhere(t));
  const page = await at(t, 'acceptor', number, { lang: 'en', viewport: 'phone' });
  await act(page, number, 'not-accept', (form) => form.locator('textarea[name=reason]').fill('已进入诉讼'));
  claim(await state(page) === 'not_accepted', 'not accepted');
  await page.context().close();
  await resident.goto(link);
  const told = await resident.locator('main').textContent();
  claim(told.includes('已进入诉讼') && told.includes('行政复议') && told.includes('信访'), 'the reason and the doors');
}

export async function theCityChangesItsListsAndItsSentences(t) {
  t.allowErrors(/status of 4\d\d/);
  const page = await t.signIn('system admin');
  await page.goto('/record-rules');
  await t.axe(page);
  await page.locator('.topnav .menu-fold', { has: page.locator('a[href="/rules"]') }).locator('summary').click();
  await page.locator('a[href="/rules"]').first().click();
  await page.locator('a[href="/rules/cases.reopen_days"]').click();
  const form = page.locator('form[action="/rules/cases.reopen_days"]');
  await form.locator('[name=value]').fill('0');
  await form.locator('[name=reason]').fill('试行');
  await send(page, form.locator('[type=submit]').first());
  claim(await page.locator('[role=alert]').count() > 0, 'a number out of range is told');
  await page.goto('/rules/cases.reopen_days');
  await form.locator('[name=value]').fill('10');
  await form.locator('[name=reason]').fill('试行');
  await send(page, form.locator('[type=submit]').first());
  await page.goto('/rules');
  const row = page.locator('tr', { has: page.locator('a[href="/rules/cases.reopen_days"]') });
  claim((await row.textContent()).includes('10'), 'kept');
}
