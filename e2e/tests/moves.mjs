// The moves beside the main path, each in a browser: merged and taken apart, void, ruled after the third return, assigned
// inside a unit, called back; in both languages, on the desk and on a phone.

import { act, at, claim, dispatch, ownUnit, photo, report, send, somewhere, state, toPool, untilDispatched } from '../lib/walk.mjs';

export const options = { seconds: 300 };

/** The looks in which each walk is made. */
const ZH_DESK = { lang: 'zh-CN', viewport: 'desk' };
const EN_PHONE = { lang: 'en', viewport: 'phone' };

/** Fills a reason. */
const because = (text) => (form) => form.locator('textarea[name=reason]').fill(text);

async function history(page) {
  return page.locator('.history').textContent();
}

async function mergedAndApart(t, how, words) {
  const place = await somewhere(t);
  const { number: kept } = await report(t, '垃圾桶旁堆了袋装垃圾', place);
  const { number: twin, link, page: resident } = await report(t, '垃圾桶旁又堆了垃圾', place);
  const page = await at(t, 'acceptor', twin, how);
  // What is near is suspected and named with its distance; a person decides, and is asked once more.
  const suspected = page.locator('.twins li', { hasText: kept });
  if (await suspected.count() > 0) {
    await suspected.locator('button').click();
    await send(page, page.locator('dialog.ask button[value=yes]'));
  } else {
    await act(page, twin, 'merge', (form) => form.locator('input[name=into]').fill(kept));
  }
  await page.goto(`/cases/${twin}`);
  claim(await state(page) === 'merged', 'merged');
  claim((await page.locator('dl.facts').textContent()).includes(kept), 'the case leads to the one that goes on');
  await t.axe(page);
  await resident.goto(link);
  claim((await resident.locator('main').textContent()).includes(kept), 'the requester is led to the case that goes on');
  await act(page, twin, 'unmerge');
  claim(await state(page) === 'pending_verify', 'taken apart again, it stands where it stood');
  const told = await history(page);
  for (const word of words) claim(told.includes(word), `${word} is in the record`);
}

export async function duplicatesAreMergedAndTakenApartAgain(t) {
  await mergedAndApart(t, ZH_DESK, ['并案', '撤销并案']);
}

export async function duplicatesAreMergedAndTakenApartAgainInEnglishOnAPhone(t) {
  await mergedAndApart(t, EN_PHONE, ['Merged', 'Merge undone']);
}

export async function aVoidIsAskedForRefusedAskedAgainAndGranted(t) {
  const { number } = await report(t, '测试上报，作废', await somewhere(t));
  for (const how of [ZH_DESK, EN_PHONE]) {
    let page = await at(t, 'acceptor', number, how);
    claim(await page.locator(`form[action="/cases/${number}/void"]`).count() === 0, 'an acceptor asks, and does not void');
    await act(page, number, 'request-void', because('重复录入'));
    await page.context().close();
    page = await at(t, 'shift leader', number, how);
    claim((await page.locator('main .alert').allTextContents()).join(' ').includes('重复录入'), 'the request stands above the case');
    if (how === ZH_DESK) {
      await act(page, number, 'refuse-void', because('请核实'));
      claim(await state(page) === 'pending_verify', 'a refused request leaves the case as it is');
    } else {
      await act(page, number, 'void', because('确为重复'));
      claim(await state(page) === 'voided', 'void');
      await t.axe(page);
    }
    await page.context().close();
  }
}

export async function theThirdReturnGoesToACoordinatorWhoseRulingStands(t) {
  t.allowErrors(/status of 4\d\d/);
  const { number } = await report(t, '路边垃圾，归属不清', await somewhere(t));
  await untilDispatched(t, number);
  for (const [time, how] of [[1, ZH_DESK], [2, EN_PHONE], [3, ZH_DESK]]) {
    const page = await at(t, 'department lead', number, how);
    await act(page, number, 'return', because(`不属于我单位 ${time}`));
    await page.context().close();
    if (time < 3) await dispatch(t, number);
  }
  let page = await at(t, 'leader', number, ZH_DESK);
  claim(await state(page) === 'coordinating', 'the third return goes to the coordinator');
  const own = await ownUnit(t);
  await act(page, number, 'rule', async (form) => {
    await form.locator('input[name=unit]').fill(own);
    await form.locator('textarea[name=reason]').fill('按属地由该单位办理');
  });
  claim(await state(page) === 'pending_dispatch', 'ruled');
  await t.axe(page);
  await page.context().close();
  page = await at(t, 'dispatcher', number, EN_PHONE);
  await act(page, number, 'dispatch');
  claim(await state(page) === 'pending_sign', 'dispatched as ruled, without another word');
  await page.context().close();
  page = await at(t, 'department lead', number, ZH_DESK);
  const offered = page.locator(`form[id="return-${number}"]`);
  if (await offered.count() > 0) {
    await act(page, number, 'return', because('还是不归我们'));
    claim((await page.locator('main').textContent()).includes('协调已经裁定'), 'a ruled case is not returned again, and the page says why');
  }
  await page.goto(`/cases/${number}`);
  claim(await state(page) === 'pending_sign', 'it stays with the unit');
}

export async function aLeadAssignsInsideTheUnitAndTheHandlerAnswers(t) {
  const { number } = await report(t, '绿地垃圾', await somewhere(t));
  await untilDispatched(t, number, { lang: 'en' });
  const lead = await at(t, 'department lead', number, { ...EN_PHONE });
  await act(lead, number, 'sign');
  const handler = t.account('handler');
  await act(lead, number, 'assign', (form) => form.locator('select[name=handler]').selectOption({ label: handler.name }));
  claim((await lead.locator('dl.facts').textContent()).includes(handler.name), 'the handler is named on the case');
  claim((await history(lead)).includes(handler.name), 'and in its record');
  await t.axe(lead);
  const page = await at(t, 'handler', number, ZH_DESK);
  claim(await page.locator(`form[id="assign-${number}"]`).count() === 0, 'a handler assigns nobody');
  await act(page, number, 'report-back', async (form) => {
    await form.locator('textarea[name=result]').fill('已清理');
    await form.locator('input[name=files]').first().setInputFiles(await photo(page, 'after.jpg'));
  });
  claim(await state(page) === 'pending_check', 'the handler answers for the unit');
}

export async function whatWasNotAcceptedIsCalledBackInBothLanguages(t) {
  for (const [how, answer] of [[ZH_DESK, 'dissatisfied'], [EN_PHONE, 'satisfied']]) {
    const { number, link, page: resident } = await report(t, '邻居家装修声音大', await somewhere(t));
    await toPool(t, number);
    let page = await at(t, 'checker', number, how);
    await act(page, number, 'verify', (form) => form.locator('input[name=outcome][value=no]').check());
    await page.context().close();
    page = await at(t, 'acceptor', number, how);
    await act(page, number, 'not-accept', because('不在受理范围'));
    claim(await state(page) === 'not_accepted', 'not accepted');
    await resident.goto(link);
    claim((await resident.locator('main').textContent()).includes('不在受理范围'), 'the requester reads why');
    await act(page, number, 'call-back', async (form) => {
      await form.locator('input[name=contacted][value=yes]').check();
      await form.locator('input[name=solved][value=no]').check();
      await form.locator(`input[name=satisfaction][value=${answer}]`).check();
      await form.locator('textarea[name=note]').fill('已说明理由');
    });
    claim((await history(page)).includes('已说明理由'), 'the call is in the record');
    await t.axe(page);
    await page.context().close();
  }
}
