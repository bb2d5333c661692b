// What people type is theirs until it has arrived: it outlives another case beside the list, a session that ended, a form
// that is too old, a sending that was stopped; and what is sent twice is done once.

import { at, claim, report, send, somewhere } from '../lib/walk.mjs';

export const options = { engines: ['sqlite'], seconds: 240 };

const password = async (t, page, role) => {
  await page.fill('input[name=login]', t.account(role).login);
  await page.fill('input[name=password]', t.account(role).password);
  await send(page, page.locator('form:has(input[name=password]) [type=submit]').first());
};

export async function wordsBesideTheListAreBackWhenTheCaseIsOpenedAgain(t) {
  const page = await t.signIn('acceptor', { lang: 'en' });
  await page.goto('/desk?state=open');
  const rows = page.locator('[data-walk] tr > td > a');
  const [first, second] = await rows.evaluateAll((all) => all.slice(0, 2).map((link) => link.getAttribute('href').split('/').pop()));
  const note = (number) => page.locator(`#case form[action="/cases/${number}/note"] textarea`);
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await note(first).waitFor({ state: 'attached' });
  await page.keyboard.press('n');
  await page.keyboard.type('the caller will ring again at five');
  // Another case, by the list: the one that is written on goes.
  await rows.nth(1).click();
  await note(second).waitFor({ state: 'attached' });
  claim(await note(second).inputValue() === '', 'the other case has words of its own');
  await rows.nth(0).click();
  await page.locator(`#case form[action="/cases/${first}/note"] .draft-line`).waitFor();
  claim(await note(first).inputValue() === 'the caller will ring again at five', 'the words are back, and it is said');
  await t.axe(page);
  await t.shoot(page, 'typed-back-desk');
  await send(page, page.locator(`#case form[action="/cases/${first}/note"] button[type=submit]`));
  await page.goto(`/cases/${first}`);
  claim(await page.locator('.draft-line').count() === 0, 'once sent, nothing is left of them');
  claim((await page.locator('main').textContent()).includes('ring again at five'), 'and they are in the record');
}

export async function aSessionThatEndsWhileSomebodyWritesLosesNothing(t) {
  t.allowErrors(/status of 4\d\d/);
  const { number } = await report(t, '会话过期测试', await somewhere(t));
  const page = await at(t, 'acceptor', number);
  const form = page.locator(`form[id="note-${number}"]`);
  await page.locator(`details:has(form[id="note-${number}"]) summary`).click();
  await form.locator('textarea').fill('市民下午五点再来电');
  await page.waitForTimeout(600);
  await page.context().clearCookies();
  await send(page, form.locator('button[type=submit]'));
  claim(new URL(page.url()).pathname === '/sign-in', 'somebody must sign in');
  await password(t, page, 'acceptor');
  claim(new URL(page.url()).pathname === `/cases/${number}`, `back on the page of the form: ${page.url()}`);
  claim(await form.locator('textarea').inputValue() === '市民下午五点再来电', 'with the words in it');
  claim(await form.isVisible(), 'unfolded');
  // They are nobody else's.
  await page.context().clearCookies();
  await page.goto('/sign-in');
  await password(t, page, 'shift leader');
  await page.goto(`/cases/${number}`);
  claim(await form.locator('textarea').inputValue() === '', 'somebody else does not see them');
}

export async function aFormThatIsTooOldIsNoMatterOfARoleAndGivesTheWordsBack(t) {
  t.allowErrors(/status of 403/);
  for (const [lang, title] of [['zh-CN', '打开得太久'], ['en', 'open for too long']]) {
    const page = await t.open('/report', { viewport: 'phone', lang });
    await page.fill('textarea[name=description]', '旧表单测试：井盖松动');
    await page.fill('input[name=address]', '旧表单路 1 号');
    await page.waitForTimeout(600);
    await page.context().clearCookies();
    await send(page, page.locator('form[action="/report"] button[type=submit]'));
    claim((await page.locator('main [role=alert], main .alert').first().textContent()).includes(title), 'it is said what is wrong');
    await t.axe(page);
    claim(new URL(page.url()).pathname === '/report', 'it is the form again');
    claim(await page.inputValue('textarea[name=description]') === '旧表单测试：井盖松动', 'the words are in it');
    await page.context().close();
  }
}

export async function aSendingThatWasStoppedCanBePressedAgain(t) {
  t.allowErrors(/Failed to load resource|ERR_ABORTED/);
  const place = await somewhere(t);
  const page = await t.open('/report', { viewport: 'phone' });
  await page.fill('textarea[name=description]', '停止后再发送测试');
  await page.locator('details:has(input[name=lon])').evaluate((details) => { details.open = true; });
  await page.fill('input[name=lon]', place.lon);
  await page.fill('input[name=lat]', place.lat);
  let held = 0;
  await page.route('**/report', (route) => {
    if (route.request().method() !== 'POST' || held > 0) return route.continue();
    held += 1;
    return undefined;
  });
  const button = page.locator('form[action="/report"] button[type=submit]');
  // The browser's Stop, while nothing can be asked of the page.
  await button.evaluate((element) => {
    setTimeout(() => window.stop(), 1000);
    setTimeout(() => element.click());
  });
  await new Promise((resolve) => { setTimeout(resolve, 6500); });
  claim(held === 1, 'it was on its way');
  await send(page, button);
  claim(await page.locator('#number').count() === 1, 'pressed again, it is sent');
}

export async function aReportThatIsSentTwiceIsOneCase(t) {
  const place = await somewhere(t);
  const page = await t.open('/report', { viewport: 'phone' });
  await page.fill('textarea[name=description]', '重复提交测试：同一张表单');
  await page.locator('details:has(input[name=lon])').evaluate((details) => { details.open = true; });
  await page.fill('input[name=lon]', place.lon);
  await page.fill('input[name=lat]', place.lat);
  const told = await page.evaluate(async () => {
    const form = document.querySelector('form[action="/report"]');
    const once = async () => {
      const answer = await fetch('/report', { method: 'POST', body: new FormData(form) });
      const receipt = new DOMParser().parseFromString(await answer.text(), 'text/html');
      return ['number', 'code'].map((id) => receipt.getElementById(id)?.textContent).join(' ');
    };
    // Two at the same time, and one more afterwards.
    const both = await Promise.all([once(), once()]);
    return [...both, await once()];
  });
  claim(told[0].length > 16 && new Set(told).size === 1, `one number and one code: ${told}`);
}

export async function suggestionsStandWhereSomebodyTypesAndMoveNothing(t) {
  for (const [path, role] of [['/report', null], ['/intake', 'acceptor']]) {
    const page = role ? await t.signIn(role, { viewport: 'phone' }) : await t.open(path, { viewport: 'phone' });
    await page.goto(path);
    const text = page.locator('textarea[name=description]');
    const next = page.locator(role ? 'input[name=address]' : 'input[name=files]');
    const y = async (what) => (await what.boundingBox()).y;
    const before = await y(next) - await y(text);
    await text.fill('暴露垃圾堆在路口三天没人清，味道很大');
    await page.locator('#hints .form-check').first().waitFor({ timeout: 20_000 });
    const box = await text.boundingBox();
    const gap = await y(page.locator('#hints')) - box.y - box.height;
    claim(gap >= 0 && gap < 80, `${path}: right under the words, ${gap} pixels away`);
    claim(Math.abs(await y(next) - await y(text) - before) < 2, `${path}: nothing below moved`);
    await t.axe(page);
    await t.shoot(page, `hints-${role ?? 'resident'}-phone`);
    await page.context().close();
  }
  const desk = await t.signIn('acceptor');
  await desk.goto('/intake');
  await desk.fill('textarea[name=description]', '暴露垃圾堆在路口三天没人清，味道很大');
  await desk.locator('#hints .form-check').first().waitFor({ timeout: 20_000 });
  const wider = await desk.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
  claim(!wider, 'beside the form there is room for it');
  await t.shoot(desk, 'hints-desk');
}

/** Presses the link that changes the language, at once. */
const otherLanguage = (page) => Promise.all([page.waitForEvent('load'), page.locator('.tools a[hreflang]').click()]);

export async function anotherLanguageLosesNeitherWordsNorThePlace(t) {
  t.allowErrors(/status of 4\d\d/);
  const page = await t.signIn('acceptor');
  await page.goto('/intake');
  await page.fill('textarea[name=description]', '切换语言：路面塌陷');
  await page.fill('input[name=address]', '切换路 1 号');
  const warned = [];
  page.on('dialog', (dialog) => {
    warned.push(dialog.type());
    void dialog.accept();
  });
  await page.fill('input[name=phone]', '13800000000');
  await otherLanguage(page);
  claim(warned.length === 1, 'of what is not kept one is warned');
  claim(await page.locator('html').getAttribute('lang') === 'en', 'in English now');
  claim(await page.inputValue('textarea[name=description]') === '切换语言：路面塌陷', 'the words are there');
  claim(await page.inputValue('input[name=address]') === '切换路 1 号', 'and the last of them, typed right before');
  claim(await page.inputValue('input[name=phone]') === '', 'who it is was not kept');
  claim((await page.locator('.draft-line').textContent()).includes('phone numbers'), 'and that is said');
  await t.axe(page);
  await otherLanguage(page);
  claim(warned.length === 1, 'and of nothing else');
  await page.locator('.draft-line button').click();

  // A case that was opened beside the list is still open.
  await page.goto('/desk?state=open');
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await page.locator('#case #case-title').waitFor();
  const number = new URL(page.url()).searchParams.get('case');
  claim(number, 'its number is in the address');
  await otherLanguage(page);
  claim(new URL(page.url()).searchParams.get('case') === number, `the case is still named: ${page.url()}`);
  await page.locator(`#case a[href="/cases/${number}"]`).waitFor();
}

export async function aRefusedActIsToldOnTopAndSurvivesAnotherLanguage(t) {
  t.allowErrors(/status of 4\d\d/);
  const { number } = await report(t, '拒绝后切换语言测试', await somewhere(t));
  const page = await at(t, 'shift leader', number);
  const form = page.locator(`form[id="note-${number}"]`);
  const words = '值班长补记：市民称已两次来电';
  await page.locator(`details:has(form[id="note-${number}"]) summary`).click();
  await form.locator('textarea').fill(words);
  // What makes the program refuse it: a file that is none.
  await form.locator('input[type=file]').setInputFiles({ name: 'notes.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('no picture') });
  await send(page, form.locator('button[type=submit]'));
  const told = page.locator('#refused');
  claim(await told.isVisible() && (await told.boundingBox()).y < 400, 'why stands on top');
  claim(await page.evaluate(() => document.activeElement?.id) === 'refused', 'and has the focus');
  await t.axe(page);
  await t.shoot(page, 'refused-on-top');
  await told.locator('a').click();
  claim(await form.locator('input[type=file]').evaluate((field) => field.getBoundingClientRect().top < innerHeight), 'its link leads to what is to be mended');
  await otherLanguage(page);
  claim(new URL(page.url()).pathname === `/cases/${number}`, `the case is there: ${page.url()}`);
  claim(await page.locator('#case-title, h1').count() > 0 && await form.locator('textarea').inputValue() === words, 'with the words');
  await send(page, form.locator('button[type=submit]'));
  claim((await page.locator('main').textContent()).includes(words), 'sent, they are in the record');
  claim(await form.locator('textarea').inputValue() === '', 'and no longer in the form');
}

export async function aPlaceIsAskedAboutOnce(t) {
  const place = await somewhere(t);
  const page = await t.open('/report', { viewport: 'phone' });
  await page.context().grantPermissions(['geolocation']);
  await page.context().setGeolocation({ longitude: Number(place.lon), latitude: Number(place.lat) });
  const asked = [];
  page.on('request', (request) => {
    if (new URL(request.url()).pathname === '/report/advice') asked.push(new URLSearchParams(request.postData()));
  });
  await page.locator('[data-locate] button').click();
  await page.waitForFunction(() => document.querySelector('input[name=lat]').value !== '');
  await page.waitForTimeout(1500);
  claim(asked.length === 1, `asked once: ${asked.length}`);
  claim(asked[0].get('lon') && asked[0].get('lat'), 'with both of its numbers');
}
