// The whole life of one matter through the pages, each step by whoever may make it; what is refused is told; the pages
// work without script, with the keyboard alone, and in both languages.

import { act, at, claim, photo, report, send, somewhere, state, toPool, untilDispatched } from '../lib/walk.mjs';

export const options = { seconds: 300 };

export async function aMatterGoesItsWholeWayByHand(t) {
  const place = await somewhere(t);
  const { page: resident, number, code, link } = await report(t, '楼下垃圾堆了三天，电话13800138000', place);
  await t.axe(resident);
  await resident.goto(link);
  const told = await resident.locator('main').textContent();
  claim(told.includes('等待工作人员到现场核实') && !told.includes('13800138000'), 'the requester sees the progress, the phone number is masked');
  await t.axe(resident);

  await untilDispatched(t, number);

  let page = await at(t, 'department lead', number);
  await act(page, number, 'sign');
  claim(await state(page) === 'handling', 'signed for');
  claim(await page.locator(`form[action="/cases/${number}/close"], form[action="/cases/${number}/check"]`).count() === 0,
    'the handling unit is not offered to check or close');
  t.allowErrors(/status of 422/);
  await act(page, number, 'report-back', (form) => form.locator('textarea[name=result]').fill('已清运'));
  claim(await state(page) === 'handling', 'without the evidence that the condition asks for the unit is not done');
  claim((await page.locator(`form[id="report-back-${number}"] .form-fault`).textContent()).includes('立案条件要求取证'), 'the field says what is missing');
  await t.axe(page);
  await act(page, number, 'report-back', async (form) => form.locator('input[name=files]').first().setInputFiles(await photo(page, 'after.jpg')));
  claim(await state(page) === 'pending_check', 'reported back, with what was typed before');
  await page.context().close();

  await toPool(t, number);
  page = await at(t, 'checker', number, { viewport: 'phone' });
  await act(page, number, 'check', (form) => form.locator('input[name=passed][value=pass]').check());
  claim(await state(page) === 'pending_close', 'checked');
  await page.context().close();

  page = await at(t, 'shift leader', number);
  await act(page, number, 'close', async (form) => {
    const radio = form.locator('input[type=radio][name=closing]');
    if (await radio.count() > 0) await radio.first().check();
    else await form.locator('input[name=closing]').fill('清除');
  });
  claim(await state(page) === 'closed', 'closed');
  await page.context().close();

  page = await at(t, 'acceptor', number);
  await act(page, number, 'call-back', (form) => form.locator('input[name=satisfaction][value=satisfied]').check());
  const history = await page.locator('.history').textContent();
  for (const step of ['上报', '已核实', '受理', '立案', '派遣', '签收', '处置反馈', '核查通过', '结案', '回访']) {
    claim(history.includes(step), `${step} is in the record`);
  }
  await t.axe(page);

  await resident.goto('/track');
  await resident.fill('input[name=number]', number);
  await resident.fill('input[name=code]', code.toLowerCase());
  await send(resident, resident.locator('form[action="/track"] button[type=submit]'));
  claim((await resident.locator('main').textContent()).includes('已经办结'), 'the requester sees that it is done');
}

export async function aWrongCodeTellsNothing(t) {
  t.allowErrors(/status of 4\d\d/);
  const { page, number } = await report(t, '路灯不亮', await somewhere(t));
  await page.goto('/track');
  await page.fill('input[name=number]', number);
  await page.fill('input[name=code]', 'AAAAAA');
  await send(page, page.locator('form[action="/track"] button[type=submit]'));
  claim(await page.locator('[role=alert]').count() === 1, 'the refusal is told');
  claim(!(await page.locator('main').textContent()).includes('路灯不亮'), 'nothing of the case is shown');
}

export async function theSecondOfTwoPeopleIsToldWhatChanged(t) {
  t.allowErrors(/status of 4\d\d/);
  const { number } = await report(t, '井盖坏了', await somewhere(t));
  const first = await at(t, 'acceptor', number);
  const second = await at(t, 'acceptor', number);
  await act(first, number, 'correct', (form) => form.locator('input[name=address]').fill('自动测试路 2 号'));
  await act(second, number, 'not-accept', (form) => form.locator('textarea[name=reason]').fill('不在范围'));
  const alert = await second.locator('[role=alert]').first().textContent();
  claim(alert.includes('更正') && alert.includes(t.account('acceptor').name), `the second is told who did what: ${alert}`);
  claim(await second.locator(`form[id="not-accept-${number}"] textarea[name=reason]`).inputValue() === '不在范围', 'what was typed is kept');
  claim(await state(second) === 'pending_verify', 'the second move was not made');
}

export async function aFormWithoutAReasonComesBackWithASentence(t) {
  t.allowErrors(/status of 4\d\d/);
  const { number } = await report(t, '树倒了', await somewhere(t));
  const page = await at(t, 'acceptor', number);
  await act(page, number, 'not-accept', async (form) => {
    await form.evaluate((element) => { element.noValidate = true; });
    await form.locator('textarea[name=reason]').fill('   ');
  });
  claim((await page.locator('.form-fault').first().textContent()).includes('理由'), 'the field is named');
}

export async function reportingAndTrackingWorkWithoutScript(t) {
  const { page, number, link } = await report(t, '垃圾桶满了', await somewhere(t), { script: false });
  await page.goto(link);
  claim((await page.locator('h1').textContent()).includes(number), 'the progress is shown');
}

export async function theLanguageIsSwitchedOnEveryPage(t) {
  const page = await t.open('/');
  await send(page, page.getByRole('link', { name: 'English' }));
  claim((await page.locator('h1').textContent()).trim() === 'What is wrong?', 'the first page speaks English');
  await page.goto('/report');
  claim((await page.locator('h1').textContent()).trim() === 'Report a matter', 'and so do the others');
}

export async function theDeskIsWorkedByKeyboard(t) {
  const page = await t.signIn('acceptor');
  const link = page.locator('tbody a').first();
  await link.focus();
  await Promise.all([page.waitForURL(/case=/), page.keyboard.press('Enter')]);
  await page.locator('#case-title').waitFor();
  const fold = page.locator('details:has(form[action$="/note"])');
  claim(await fold.getAttribute('open') === null, 'a note is folded at first');
  await page.keyboard.press('n');
  await page.waitForFunction((element) => element.open, await fold.elementHandle());
  // Every control of the page is reached by Tab, none keeps the focus.
  const seen = new Set();
  for (let presses = 0; presses < 200; presses += 1) {
    await page.keyboard.press('Tab');
    const id = await page.evaluate(() => {
      const all = [...document.querySelectorAll('*')];
      return all.indexOf(document.activeElement);
    });
    if (seen.has(id)) break;
    seen.add(id);
  }
  claim(seen.size > 20, `only ${seen.size} controls are reached by Tab`);
}

export async function everyPageOfCasesIsAccessible(t) {
  const pages = {
    acceptor: ['/desk', '/desk?state=closed'],
    'department lead': ['/unit'],
    checker: ['/tasks', '/found'],
    leader: ['/evaluation?by=unit', '/desk?state=coordinating'],
    'system admin': ['/about'],
  };
  for (const at of ['/', '/report', '/track']) {
    for (const how of [{ viewport: 'phone' }, { theme: 'dark', lang: 'en' }]) {
      const page = await t.open(at, how);
      await t.axe(page);
      await page.context().close();
    }
  }
  for (const [role, list] of Object.entries(pages)) {
    for (const how of [{}, { viewport: 'phone', theme: 'dark', lang: 'en' }]) {
      const page = await t.signIn(role, how);
      for (const where of list) {
        await page.goto(where);
        await t.axe(page);
        const wider = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
        claim(!wider, `${where} is wider than the screen`);
      }
      if (role === 'acceptor') {
        await page.goto('/desk?state=closed');
        await page.locator('tbody a').first().click();
        // Beside the list on a desk; on a phone the case is a page of its own.
        await page.locator('#case-title, .crumbs').first().waitFor();
        await t.axe(page);
      }
      await page.context().close();
    }
  }
}

/** Presses Tab until the focus is on what `selector` names. */
async function tabTo(page, selector) {
  for (let presses = 0; presses < 250; presses += 1) {
    if (await page.evaluate((wanted) => document.activeElement?.matches(wanted) ?? false, selector)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`${selector} is not reached by Tab`);
}

/** Presses Enter in a form and waits for the page it leads to. */
async function enter(page) {
  await Promise.all([page.waitForEvent('load'), page.keyboard.press('Enter')]);
}

export async function theMainPathIsWalkedByTheKeyboardAlone(t) {
  const place = await somewhere(t);
  const resident = await t.open('/report');
  await tabTo(resident, 'textarea[name=description]');
  await resident.keyboard.type('只用键盘上报：垃圾没有收');
  await tabTo(resident, 'input[name=matter]');
  await resident.keyboard.type('暴露垃圾');
  await tabTo(resident, 'details:has(input[name=lon]) > summary');
  await resident.keyboard.press('Enter');
  await tabTo(resident, 'input[name=lon]');
  await resident.keyboard.type(place.lon);
  await tabTo(resident, 'input[name=lat]');
  await resident.keyboard.type(place.lat);
  await enter(resident);
  const number = await resident.locator('#number').textContent();

  await toPool(t, number);
  let page = await at(t, 'collector', number);
  await tabTo(page, `form[id="verify-${number}"] input[name=outcome]`);
  await page.keyboard.press('Space');
  await enter(page);
  claim(await state(page) === 'pending_accept', 'verified by the keyboard');
  await page.context().close();

  page = await at(t, 'acceptor', number);
  await page.keyboard.press('a');
  await page.keyboard.press('Control+A');
  await page.keyboard.type('暴露垃圾');
  await enter(page);
  claim(await state(page) === 'pending_register', 'accepted by a letter and Enter');
  await page.context().close();

  page = await at(t, 'shift leader', number);
  await page.keyboard.press('r');
  await page.keyboard.press('Space');
  await enter(page);
  claim(await state(page) === 'pending_dispatch', 'registered by the keyboard');
  await page.context().close();

  const lead = await t.signIn('department lead');
  const own = (await lead.locator('h1 .sub').textContent()).trim();
  page = await at(t, 'dispatcher', number);
  await page.keyboard.press('d');
  await page.keyboard.press('Control+A');
  await page.keyboard.type(own);
  await tabTo(page, 'input[name=basis]');
  await page.keyboard.type('按属地');
  await enter(page);
  claim(await state(page) === 'pending_sign', 'dispatched by the keyboard');
  await page.context().close();

  await lead.goto(`/cases/${number}`);
  await Promise.all([lead.waitForEvent('load'), lead.keyboard.press('s')]);
  claim(await state(lead) === 'handling', 'signed for by one letter');
  await lead.keyboard.press('f');
  await lead.keyboard.type('已清运');
  await lead.locator(`form[id="report-back-${number}"] input[name=files]`).first().setInputFiles(await photo(lead, 'after.jpg'));
  await tabTo(lead, `form[id="report-back-${number}"] button[type=submit]`);
  await enter(lead);
  claim(await state(lead) === 'pending_check', 'reported back by the keyboard');

  await toPool(t, number);
  page = await at(t, 'checker', number);
  await tabTo(page, `form[id="check-${number}"] input[name=passed]`);
  await page.keyboard.press('Space');
  await enter(page);
  claim(await state(page) === 'pending_close', 'checked by the keyboard');
  await page.context().close();

  page = await at(t, 'shift leader', number);
  await page.keyboard.press('c');
  await page.keyboard.press('Space');
  await enter(page);
  claim(await state(page) === 'closed', 'closed by the keyboard');
}

export async function theWholeWayIsWalkedWithoutScript(t) {
  const how = { script: false };
  const { number } = await report(t, '没有脚本也能办', await somewhere(t), how);
  await untilDispatched(t, number, how);
  let page = await at(t, 'department lead', number, how);
  await act(page, number, 'sign');
  const picture = await photo(await t.open('/'), 'after.jpg');
  await act(page, number, 'report-back', async (form) => {
    await form.locator('textarea[name=result]').fill('已清运');
    await form.locator('input[name=files]').first().setInputFiles(picture);
  });
  await page.context().close();
  await toPool(t, number);
  page = await at(t, 'checker', number, { ...how, viewport: 'phone' });
  await act(page, number, 'check', (form) => form.locator('input[name=passed][value=pass]').check());
  await page.context().close();
  page = await at(t, 'shift leader', number, how);
  await act(page, number, 'close', async (form) => {
    const radio = form.locator('input[type=radio][name=closing]');
    if (await radio.count() > 0) await radio.first().check();
    else await form.locator('input[name=closing]').fill('清除');
  });
  claim(await state(page) === 'closed', 'closed without script');
  // The list of the desk leads to the case's own page.
  const desk = await t.signIn('acceptor', how);
  await Promise.all([desk.waitForEvent('load'), desk.locator('tbody a').first().click()]);
  claim(/^\/cases\//.test(new URL(desk.url()).pathname), 'without script the list leads to the case itself');
}

export async function aResidentWithAnAccountNeedsNoLink(t) {
  const page = await t.signIn('resident', { viewport: 'phone', lang: 'en' });
  await page.goto('/');
  await page.locator('main a[href="/my-reports"]').click();
  const waits = (key) => page.locator('.door', { hasText: key }).first();
  await waits('asks you something').click();
  await page.fill('textarea[name=answer]', '在路的东侧，靠近学校门口');
  await send(page, page.locator('form[action$="/answer"] button[type=submit]'));
  claim(await page.locator('textarea[name=answer]').count() === 0, 'the question is answered');
  await page.goto('/my-reports');
  await waits('Say how it went').click();
  await t.axe(page);
  await page.locator('#rate input[name=solved][value=no]').check();
  await page.locator('#rate input[name=satisfaction][value=dissatisfied]').check();
  await send(page, page.locator('#rate button[type=submit]'));
  await page.fill('#reopen textarea[name=reason]', '第二天又堆满了');
  await send(page, page.locator('#reopen button[type=submit]'));
  claim(await page.locator('#reopen').count() === 0, 'it goes on');
  const path = new URL(page.url()).pathname;
  const other = await t.open(path, { viewport: 'phone' });
  claim(new URL(other.url()).pathname === '/sign-in', 'nobody else opens it');
  await send(page, page.locator('footer form[action="/sign-out"] button'));
  await page.goto(path);
  claim(new URL(page.url()).pathname === '/sign-in', 'whoever signs out leaves nothing open on the phone');
}
