// A grid worker's day without a network: tasks and the form of a report open from the phone, what is done is kept with its
// photos, and arrives once each, in order, with the time it happened; what the program refuses is shown and not lost.

import { act, at, claim, photo, report, send, somewhere, state, toPool } from '../lib/walk.mjs';

export const options = { engines: ['sqlite'], seconds: 300 };

/** The number in an attribute of the line at the bottom, once it is as wished. */
async function line(page, name, wanted) {
  await page.waitForFunction(
    ([name, wanted]) => document.querySelector('#field-sync')?.dataset[name] === wanted,
    [name, String(wanted)],
    { timeout: 30_000 },
  );
}

/** Opens a worker's page of tasks so often that its service worker looks after it. */
async function ready(t, how = {}) {
  const page = await t.signIn('collector', { viewport: 'phone', ...how });
  for (const address of ['/tasks', '/found', '/tasks']) {
    await page.goto(address);
    await page.evaluate(() => navigator.serviceWorker.ready.then(() => true));
  }
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
  for (const address of ['/found', '/tasks']) {
    await page.goto(address);
    await page.waitForLoadState('networkidle');
  }
  await line(page, 'waiting', 0);
  return page;
}

async function mine(t, number) {
  const page = await at(t, 'collector', number, { viewport: 'phone' });
  await send(page, page.locator(`form[action="/cases/${number}/take-task"] button[type=submit]`).first());
  await page.context().close();
}

/** Answers a verification on its card. */
async function verify(page, number, note) {
  const card = page.locator(`[data-task="${number}"]`);
  await card.locator('details.act summary').first().click();
  const form = card.locator(`form[action="/cases/${number}/verify"]`);
  await form.locator('input[name=outcome][value=yes]').check();
  await form.locator('textarea[name=note]').fill(note);
  await form.locator('input[type=file]').setInputFiles(await photo(page, 'spot.jpg'));
  await form.locator('button[type=submit]').click();
  await card.locator('.task-kept').waitFor();
}

export async function aWholeDayWithoutANetworkArrivesOnceInOrderWithItsTime(t) {
  t.allowErrors(/ERR_INTERNET_DISCONNECTED|Failed to load resource|Failed to fetch/);
  const place = await somewhere(t);
  const first = await report(t, '离线测试一：垃圾未清', place);
  const second = await report(t, '离线测试二：垃圾未清', place);
  for (const { number } of [first, second]) {
    await toPool(t, number);
    await mine(t, number);
  }
  const page = await ready(t);
  await t.axe(page);
  const context = page.context();
  await context.setOffline(true);
  await page.goto('/tasks');
  claim(await page.locator(`[data-task="${first.number}"]`).count() === 1, 'the tasks open without a network');
  await verify(page, first.number, '现场属实，离线核实');
  await verify(page, second.number, '现场属实，离线核实');
  await line(page, 'waiting', 2);
  await page.goto('/found');
  await page.fill('textarea[name=description]', '离线上报：井盖松动');
  await page.locator('details:has(input[name=lon])').evaluate((details) => { details.open = true; });
  await page.fill('input[name=lon]', place.lon);
  await page.fill('input[name=lat]', place.lat);
  await page.setInputFiles('input[name=files]', await photo(page, 'found.jpg'));
  await page.locator('form[action="/found"] button[type=submit]').click();
  await line(page, 'waiting', 3);
  await t.axe(page);
  await t.shoot(page, 'field-offline-phone');
  const closed = Date.now();
  await page.waitForTimeout(1500);
  await context.setOffline(false);
  await page.goto('/tasks');
  await line(page, 'waiting', 0);
  await line(page, 'refused', 0);

  for (const { number } of [first, second]) {
    const answer = await page.request.get(`/api/v1/cases/${number}/events`);
    const verified = (await answer.json()).events.filter((e) => e.event === 'verified');
    claim(verified.length === 1, `${number} was verified once: ${verified.length}`);
    claim(Date.parse(verified[0].done_at) <= closed, 'the time it was done is kept');
    claim(Date.parse(verified[0].at) > closed, 'and so is the time it was recorded');
    claim(verified[0].data.attachments.length === 1, 'with its photo');
    await page.goto(`/cases/${number}`);
    claim(await state(page) === 'pending_accept', 'the case went on');
  }
  const own = await page.request.get('/api/v1/cases?own=true&limit=20');
  const reported = (await own.json()).items.filter((c) => c.description === '离线上报：井盖松动');
  claim(reported.length === 1, `reported once: ${reported.length}`);
  claim(Date.parse(reported[0].reported_at) <= closed, 'with the time it was seen');
}

export async function whatMeanwhileChangedIsShownAndNotLost(t) {
  t.allowErrors(/ERR_INTERNET_DISCONNECTED|Failed to load resource|Failed to fetch|status of 4\d\d/);
  const { number } = await report(t, '离线测试三：已被受理', await somewhere(t));
  await toPool(t, number);
  await mine(t, number);
  const page = await ready(t, { lang: 'en' });
  await page.context().setOffline(true);
  await page.goto('/tasks');
  await verify(page, number, 'seen on the spot');
  const desk = await at(t, 'acceptor', number, {});
  await act(desk, number, 'not-accept', (form) => form.locator('textarea[name=reason]').fill('不属受理范围'));
  await page.context().setOffline(false);
  await page.goto('/tasks');
  await line(page, 'refused', 1);
  await t.axe(page);
  const told = await page.locator('#field-sync li').textContent();
  claim(told.includes(number), 'what was not taken is named');
  await page.locator('#field-sync li button').click();
  await line(page, 'refused', 0);
}

export async function aTaskIsTakenAndDoneWithoutANetwork(t) {
  t.allowErrors(/ERR_INTERNET_DISCONNECTED|Failed to load resource|Failed to fetch|status of 4\d\d/);
  const place = await somewhere(t);
  const [free, gone] = [await report(t, '离线测试四：待领取', place), await report(t, '离线测试五：被别人领走', place)];
  for (const { number } of [free, gone]) await toPool(t, number);
  const page = await ready(t);
  await page.context().setOffline(true);
  await page.goto('/tasks');
  for (const { number } of [free, gone]) {
    const card = page.locator(`[data-task="${number}"]`);
    await card.locator('form[action$="/take-task"] button[type=submit]').click();
    await card.locator('.task-kept').waitFor();
    claim(await card.locator('form[action$="/take-task"]').count() === 0, 'it is not taken twice');
  }
  await line(page, 'waiting', 2);
  await t.axe(page);
  await verify(page, free.number, '领取后离线核实');
  await line(page, 'waiting', 3);
  await page.reload();
  await page.locator(`[data-task="${gone.number}"] .task-kept`).waitFor();
  // Meanwhile somebody decides about the other one.
  const desk = await at(t, 'acceptor', gone.number, {});
  await act(desk, gone.number, 'not-accept', (form) => form.locator('textarea[name=reason]').fill('不属受理范围'));
  await page.context().setOffline(false);
  await page.goto('/tasks');
  await line(page, 'waiting', 0);
  await line(page, 'refused', 1);
  const told = await page.locator('#field-sync li').textContent();
  claim(told.includes(gone.number), 'what was not taken is named');
  const life = async (number) => (await (await page.request.get(`/api/v1/cases/${number}/events`)).json()).events;
  const events = (await life(free.number)).map((e) => e.event);
  claim(events.filter((e) => e === 'verified').length === 1, `taken and verified: ${events}`);
  await page.goto(`/cases/${free.number}`);
  claim(await state(page) === 'pending_accept', 'the case went on');
}

export async function signingOutLeavesNoPageBehind(t) {
  t.allowErrors(/ERR_INTERNET_DISCONNECTED|Failed to load resource/);
  const page = await ready(t);
  await Promise.all([page.waitForEvent('load'), page.locator('form[action="/sign-out"] button').click()]);
  const kept = await page.evaluate(() => caches.has('field-pages-1'));
  claim(!kept, 'the pages of tasks are gone from the phone');
}
