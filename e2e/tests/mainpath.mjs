// The whole life of one matter through the pages, each step by whoever may make it; what is refused is told; the pages
// work without script, with the keyboard alone, and in both languages.

export const options = { seconds: 300 };

/** Fails with a sentence when `is` is not so. */
function claim(is, sentence) {
  if (!is) throw new Error(sentence);
}

/** A place inside the sample city, in the district of its demo collector: that of a case that lies there. */
async function somewhere(t) {
  const page = await t.signIn('acceptor');
  await page.goto('/desk?state=closed');
  await page.locator('tbody tr', { hasText: '990101-' }).locator('a').first().click();
  await page.waitForURL(/case=/);
  const point = await page.locator('dl.facts div', { hasText: /^坐标/ }).locator('dd').first().textContent();
  await page.context().close();
  const [lon, lat] = point.split(',').map((part) => part.trim());
  claim(lon && lat, `a case on the desk has a point: ${point}`);
  return { lon, lat };
}

/** Reports as a resident without an account; answers number, code and link. */
async function report(t, description, place, how = {}) {
  const page = await t.open('/report', { viewport: 'phone', ...how });
  await page.fill('textarea[name=description]', description);
  await page.fill('input[name=matter]', '暴露垃圾');
  await page.fill('input[name=address]', '自动测试路 1 号');
  if (how.script === false) await page.locator('details:has(input[name=lon]) summary').click();
  else await page.locator('details:has(input[name=lon])').evaluate((details) => { details.open = true; });
  await page.fill('input[name=lon]', place.lon);
  await page.fill('input[name=lat]', place.lat);
  await send(page, page.locator('form[action="/report"] button[type=submit]'));
  const number = await page.locator('#number').textContent();
  const code = await page.locator('#code').textContent();
  const link = await page.locator('#link').getAttribute('href');
  return { page, number, code, link };
}

/** Presses a button and waits for the page it leads to. */
async function send(page, button) {
  await Promise.all([page.waitForEvent('load'), button.click()]);
}

/** Makes a move on the case's own page, by the form of that act. */
async function act(page, number, word, fill = async () => {}) {
  const form = page.locator(`form[action="/cases/${number}/${word}"]`).last();
  claim(await form.count() > 0, `${word} is not offered on ${number}`);
  const details = page.locator(`details:has(form[id="${word}-${number}"])`);
  if (await details.count() > 0 && (await details.getAttribute('open')) === null) await details.locator('summary').click();
  await fill(form);
  await send(page, form.locator('button[type=submit]'));
}

async function state(page) {
  return (await page.locator('.case-state .badge').first().textContent()).trim();
}

/** A person of a role on a case's page. */
async function at(t, role, number, how) {
  const page = await t.signIn(role, how);
  await page.goto(`/cases/${number}`);
  return page;
}

/** Who may do the task is the worker on duty or anybody of the pool: the desk gives it to the pool first. */
async function toPool(t, number) {
  const page = await at(t, 'shift leader', number);
  await act(page, number, 'take-task', async (form) => {
    const select = form.locator('select[name=to]');
    if (await select.count() > 0) await select.selectOption('');
  });
  await page.context().close();
}

/** Brings a fresh report as far as its unit. */
async function untilDispatched(t, number) {
  await toPool(t, number);
  let page = await at(t, 'collector', number, { viewport: 'phone' });
  await act(page, number, 'verify', (form) => form.locator('input[name=outcome][value=yes]').check());
  claim(await state(page) === '待受理', 'after the verification the case waits to be accepted');
  await page.context().close();
  page = await at(t, 'acceptor', number);
  await act(page, number, 'accept', (form) => form.locator('input[name=matter]').fill('暴露垃圾'));
  claim(await state(page) === '待立案', 'accepted');
  await page.context().close();
  page = await at(t, 'shift leader', number);
  await act(page, number, 'register', (form) => form.locator('input[name=rule]').first().check());
  claim(await state(page) === '待派遣', 'registered');
  await page.context().close();
  page = await at(t, 'dispatcher', number);
  const unit = await page.locator(`form[id="dispatch-${number}"] input[name=unit]`).inputValue();
  claim(unit !== '', 'the responsible unit is proposed');
  // The demo department signs: dispatch to it, with a reason.
  const lead = await t.signIn('department lead');
  const own = (await lead.locator('h1 .sub').textContent()).trim();
  await lead.context().close();
  await act(page, number, 'dispatch', async (form) => {
    await form.locator('input[name=unit]').fill(own);
    await form.locator('input[name=basis]').fill('按属地派遣');
  });
  claim(await state(page) === '待签收', 'dispatched');
  await page.context().close();
}

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
  claim(await state(page) === '处置中', 'signed for');
  claim(await page.locator(`form[action="/cases/${number}/close"], form[action="/cases/${number}/check"]`).count() === 0,
    'the handling unit is not offered to check or close');
  await act(page, number, 'report-back', (form) => form.locator('textarea[name=result]').fill('已清运'));
  claim(await state(page) === '待核查', 'reported back');
  await page.context().close();

  await toPool(t, number);
  page = await at(t, 'checker', number, { viewport: 'phone' });
  await act(page, number, 'check', (form) => form.locator('input[name=passed][value=pass]').check());
  claim(await state(page) === '待结案', 'checked');
  await page.context().close();

  page = await at(t, 'shift leader', number);
  await act(page, number, 'close', async (form) => {
    const radio = form.locator('input[type=radio][name=closing]');
    if (await radio.count() > 0) await radio.first().check();
    else await form.locator('input[name=closing]').fill('清除');
  });
  claim(await state(page) === '已结案', 'closed');
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
  claim(await state(second) === '待核实', 'the second move was not made');
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
        await Promise.all([page.waitForURL(/case=/), page.locator('tbody a').first().click()]);
        await t.axe(page);
      }
      await page.context().close();
    }
  }
}
