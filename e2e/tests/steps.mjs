// Few steps: how many keys, taps or actions the everyday work takes beside the words. Typed words, and waiting, cost
// nothing; everything else that a hand does is counted.

import { act, claim, photo, report, somewhere, state, toPool, untilDispatched } from '../lib/walk.mjs';

export const options = { seconds: 300 };

/** A hand that counts what it does. */
class Hand {
  #page;
  steps = [];

  constructor(page) {
    this.#page = page;
  }

  /** Words: typed where the focus is. */
  async type(words) {
    await this.#page.keyboard.type(words);
  }

  /** One key; `leads` where another page follows. */
  async press(key, { leads = false } = {}) {
    this.steps.push(key);
    const pressed = () => this.#page.keyboard.press(key);
    if (leads) await Promise.all([this.#page.waitForEvent('load'), pressed()]);
    else await pressed();
  }

  /** One tap, by touch where there is one. */
  async tap(what, { leads = false } = {}) {
    this.steps.push(`tap ${what}`);
    const tapped = () => what.click();
    if (leads) await Promise.all([this.#page.waitForEvent('load'), tapped()]);
    else await tapped();
  }

  /** Pictures: a tap opens the camera, which gives one; each is a tap. */
  async give(input, files) {
    for (const file of files) {
      this.steps.push(`give ${input}`);
      await input.setInputFiles(file);
    }
  }

  /** Fails where it took more steps than `most`. */
  atMost(most, what) {
    claim(this.steps.length <= most, `${what}: ${this.steps.length} steps, at most ${most}: ${this.steps.join(' · ')}`);
  }
}

export async function aTelephoneReportTakesTwelveKeysAtMost(t) {
  const page = await t.signIn('acceptor');
  const hand = new Hand(page);
  await hand.press('i', { leads: true });
  await hand.type('解放路口井盖松动，车一压就响');
  await hand.press('Tab');
  await hand.type('解放路 12 号门前');
  await hand.press('Tab');
  await hand.type('王女士');
  await hand.press('Tab');
  await hand.type('13800138000');
  await hand.press('Enter', { leads: true });
  claim(/^\d{6}-\d{8}-\d+$/.test((await page.locator('#number').textContent()).trim()), 'the caller is told the number');
  claim((await page.locator('#code').textContent()).trim().length > 3, 'and the code');
  hand.atMost(12, 'a report by telephone');
  await t.axe(page);
}

/** Somebody who is acceptor, shift leader and dispatcher at once, as in a small city. */
async function wholeDesk(t) {
  const admin = await t.signIn('security admin');
  await admin.goto('/users/new');
  await admin.fill('input[name=login]', `desk${Date.now()}`);
  await admin.fill('input[name=name]', '综合坐席');
  for (const role of ['acceptor', 'shift_leader', 'dispatcher']) await admin.locator(`input[name=roles][value=${role}]`).check();
  await Promise.all([admin.waitForEvent('load'), admin.locator('main form [type=submit]').first().click()]);
  const login = (await admin.locator('main dl.facts dd').first().textContent()).trim();
  const password = (await admin.locator('main dl.facts dd code').textContent()).trim();
  await admin.context().close();
  const page = await t.open('/sign-in');
  await page.fill('input[name=login]', login);
  await page.fill('input[name=password]', password);
  await Promise.all([page.waitForEvent('load'), page.locator('form:has(input[name=password]) [type=submit]').first().click()]);
  // A password given by others is changed first.
  if (await page.locator('input[name=repeat]').count() > 0) {
    await page.fill('input[name=current]', password);
    for (const name of ['password', 'repeat']) await page.fill(`input[name=${name}]`, 'a long and quiet sentence 7');
    await Promise.all([page.waitForEvent('load'), page.locator('form:has(input[name=repeat]) [type=submit]').first().click()]);
  }
  return page;
}

export async function fromAcceptanceToDispatchTakesFourKeysAtMost(t) {
  const { number } = await report(t, '人行道上堆了袋装垃圾', await somewhere(t));
  await toPool(t, number);
  const worker = await t.signIn('collector', { viewport: 'phone' });
  await worker.goto(`/cases/${number}`);
  await act(worker, number, 'verify', (form) => form.locator('input[name=outcome][value=yes]').check());
  const page = await wholeDesk(t);
  await page.goto(`/cases/${number}`);
  const hand = new Hand(page);
  // The class that the requester chose stands in the form; one condition and one responsible unit leave nothing to choose.
  await hand.press('a');
  claim(await page.locator(`form[id="accept-${number}"] input[name=onward]`).isChecked(), 'the rest of the way is ticked');
  await hand.press('Enter', { leads: true });
  claim(await state(page) === 'pending_sign', `from acceptance to the unit: ${await state(page)}`);
  hand.atMost(4, 'acceptance to dispatch');
}

export async function aResidentReportsWithEightTapsAtMost(t) {
  const place = await somewhere(t);
  const page = await t.open('/', { viewport: 'phone' });
  await page.context().grantPermissions(['geolocation']);
  await page.context().setGeolocation({ longitude: Number(place.lon), latitude: Number(place.lat) });
  const hand = new Hand(page);
  await hand.tap(page.locator('a.door-first'), { leads: true });
  await hand.tap(page.locator('textarea[name=description]'));
  await hand.type('路边垃圾桶满了，垃圾掉在地上');
  await hand.tap(page.locator('input[name=address]'));
  await hand.type('自动测试路 9 号');
  const here = page.locator('[data-locate] button').first();
  if (await here.isVisible().catch(() => false)) await hand.tap(here);
  await hand.tap(page.locator('form[action="/report"] button[type=submit]'), { leads: true });
  claim((await page.locator('#number').textContent()).trim().length > 10, 'the receipt has the number');
  hand.atMost(8, "a resident's report");
}

export async function aCheckTakesFiveTapsAtMostWithTwoPhotos(t) {
  const { number } = await report(t, '绿化带里有建筑垃圾', await somewhere(t));
  await untilDispatched(t, number);
  const lead = await t.signIn('department lead');
  await lead.goto(`/cases/${number}`);
  await act(lead, number, 'sign');
  await act(lead, number, 'report-back', async (form) => {
    await form.locator('textarea[name=result]').fill('已清运');
    await form.locator('input[name=files]').first().setInputFiles(await photo(lead, 'after.jpg'));
  });
  await lead.context().close();
  await toPool(t, number);
  const page = await t.signIn('checker', { viewport: 'phone' });
  await page.goto('/tasks');
  const hand = new Hand(page);
  const card = page.locator(`article[data-task="${number}"]`);
  const form = card.locator(`form[id="check-${number}"]`);
  if (!await form.isVisible()) await hand.tap(card.locator('summary').first());
  await hand.give(form.locator('input[type=file]').first(), [await photo(page, 'near.jpg'), await photo(page, 'far.jpg')]);
  await hand.tap(form.locator('input[name=passed][value=pass]'));
  claim(await form.locator('.picked li').count() === 2, 'both photos are there, each taken by itself');
  // The page keeps the answer and sends it by itself, with or without a network.
  await hand.tap(form.locator('button[type=submit]'));
  await page.locator(`article[data-task="${number}"][data-kept]`).waitFor();
  const desk = await t.signIn('shift leader');
  for (let tries = 0; tries < 30; tries += 1) {
    await desk.goto(`/cases/${number}`);
    if (await state(desk) === 'pending_close') break;
    await desk.waitForTimeout(500);
  }
  claim(await state(desk) === 'pending_close', `checked: ${await state(desk)}`);
  claim(await desk.locator('img[src*="/attachments/"]').count() >= 2, 'with both photos');
  hand.atMost(5, 'a check');
}

export async function aDepartmentAnswersWithSixActionsAtMost(t) {
  const { number } = await report(t, '公园椅子旁有垃圾', await somewhere(t));
  await untilDispatched(t, number);
  const page = await t.signIn('department lead');
  await page.goto('/unit');
  const hand = new Hand(page);
  const card = page.locator('article.task', { hasText: number });
  await hand.tap(card.locator(`form[action="/cases/${number}/sign"] button[type=submit]`), { leads: true });
  const now = page.locator('article.task', { hasText: number });
  const form = now.locator(`form[id="report-back-${number}"]`);
  if (!await form.isVisible()) await hand.tap(now.locator(`details:has(form[id="report-back-${number}"]) summary`));
  await hand.tap(form.locator('textarea[name=result]'));
  await hand.type('已清理并加装垃圾桶');
  await hand.give(form.locator('input[type=file]').first(), [await photo(page, 'after.jpg')]);
  await hand.tap(form.locator('button[type=submit]'), { leads: true });
  await page.goto(`/cases/${number}`);
  claim(await state(page) === 'pending_check', 'answered');
  hand.atMost(6, "a department's answer");
}

export async function aLeaderDecidesWithThreeTapsAtMost(t) {
  const page = await t.signIn('leader', { viewport: 'phone' });
  // Signing in leads to the page of the morning, so no step before it is left out of the count.
  await page.goto('/');
  claim(new URL(page.url()).pathname === '/morning', `a leader begins at ${page.url()}`);
  const decide = page.locator('article.task a.btn-primary[href^="/cases/"]').first();
  claim(await decide.count() === 1, 'a disputed duty waits in the morning');
  const hand = new Hand(page);
  await hand.tap(decide, { leads: true });
  claim(await state(page) === 'coordinating', 'whose duty it is has not been ruled');
  const form = page.locator('form[action$="/rule"]').last();
  const fold = page.locator('details:has(form[action$="/rule"])').last();
  if ((await fold.getAttribute('open')) === null) await hand.tap(fold.locator('summary').first());
  claim(await form.locator('[name=unit]').inputValue() !== '', 'the list of duties names a unit');
  await hand.tap(form.locator('button[type=submit]'), { leads: true });
  claim(await state(page) !== 'coordinating', 'the ruling stands');
  hand.atMost(3, "a leader's decision");
}
