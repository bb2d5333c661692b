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
  // What waits is seen: each photo small, with its words, drawn from the phone.
  const held = page.locator('#field-sync > details');
  claim((await held.locator('summary').textContent()).startsWith('3 '), 'three photos wait');
  await held.locator('summary').click();
  const small = held.locator('canvas[role=img]');
  claim(await small.count() === 3, 'and each is there');
  claim((await small.last().getAttribute('aria-label')).includes('离线上报：井盖松动'), 'by what it is of');
  await page.waitForFunction(() => [...document.querySelectorAll('#field-sync > details canvas')]
    .every((canvas) => canvas.getContext('2d').getImageData(60, 45, 1, 1).data[3] === 255), null, { timeout: 10_000 })
    .catch(() => claim(false, 'a preview is empty'));
  await t.axe(page);
  await t.shoot(page, 'field-offline-phone');
  await page.goto('/tasks');
  const card = page.locator(`[data-task="${first.number}"]`);
  await card.locator('.task-kept').waitFor();
  claim(await card.locator('.thumbs canvas[role=img]').count() === 1, 'its photo stands on the card of the task');
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

export async function whatIsSentAtOnceHasNoOtherTimeThanThatOfItsRecord(t) {
  const { number } = await report(t, '在线测试：垃圾未清', await somewhere(t));
  await toPool(t, number);
  await mine(t, number);
  const page = await ready(t);
  await verify(page, number, '现场属实，当场核实');
  await line(page, 'waiting', 0);
  const answer = await page.request.get(`/api/v1/cases/${number}/events`);
  const verified = (await answer.json()).events.filter((e) => e.event === 'verified');
  claim(verified.length === 1, `${number} was verified once: ${verified.length}`);
  claim(!verified[0].done_at, `it was done when it was recorded, not at ${verified[0].done_at}`);
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
  const told = await page.locator('#field-sync > ul > li').textContent();
  claim(told.includes(number), 'what was not taken is named');
  // All of it is there, and may be sent again; what stands against it is said again.
  await page.locator('#field-sync > ul > li summary').click();
  claim(await page.locator('#field-sync > ul > li textarea').inputValue() === 'seen on the spot', 'with the words');
  claim(await page.locator('#field-sync > ul > li canvas').count() === 1, 'and the photo');
  await t.axe(page);
  await t.shoot(page, 'field-refused-phone');
  const [again, away] = [page.locator('#field-sync > ul > li .buttons button').first(), page.locator('#field-sync > ul > li .buttons button').last()];
  const asked = page.waitForResponse((answer) => answer.url().endsWith('/acts'));
  await again.click();
  claim((await asked).status() >= 400, 'the program is asked again');
  await line(page, 'refused', 1);
  await away.click();
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
  const told = await page.locator('#field-sync > ul > li').textContent();
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
  const kept = await page.evaluate(() => caches.has('field-pages-2'));
  claim(!kept, 'the pages of tasks are gone from the phone');
}

export async function whatWasRefusedForAChangeIsMendedAndSentAgain(t) {
  t.allowErrors(/ERR_INTERNET_DISCONNECTED|Failed to load resource|Failed to fetch|status of 4\d\d/);
  const { number } = await report(t, '离线测试六：期间有备注', await somewhere(t));
  await toPool(t, number);
  await mine(t, number);
  const page = await ready(t, { lang: 'en' });
  await page.context().setOffline(true);
  await page.goto('/tasks');
  await verify(page, number, 'a frist look');
  const desk = await at(t, 'acceptor', number, {});
  await act(desk, number, 'note', (form) => form.locator('textarea[name=text]').fill('市民又来电'));
  await page.context().setOffline(false);
  await page.goto('/tasks');
  await line(page, 'refused', 1);
  await page.locator('#field-sync > ul > li summary').click();
  await page.locator('#field-sync > ul > li textarea').fill('a first look');
  await page.locator('#field-sync > ul > li .buttons button').first().click();
  await line(page, 'waiting', 0);
  await line(page, 'refused', 0);
  const { events } = await (await page.request.get(`/api/v1/cases/${number}/events`)).json();
  const verified = events.filter((e) => e.event === 'verified');
  claim(verified.length === 1 && JSON.stringify(verified).includes('a first look'), `mended and taken: ${JSON.stringify(verified)}`);
  claim(verified[0].data.attachments.length === 1, 'with its photo');
}

/** A finding typed into its form. */
async function find(page, words, place) {
  await page.goto('/found');
  await page.fill('textarea[name=description]', words);
  await page.locator('details:has(input[name=lon])').evaluate((details) => { details.open = true; });
  await page.fill('input[name=lon]', place.lon);
  await page.fill('input[name=lat]', place.lat);
  await page.setInputFiles('input[name=files]', await photo(page, 'found.jpg'));
  await page.locator('form[action="/found"] button[type=submit]').click();
}

async function reported(page, words) {
  const own = await (await page.request.get('/api/v1/cases?own=true&limit=20')).json();
  return own.items.filter((c) => c.description === words).length;
}

export async function aDeadNetworkThatTheBrowserDoesNotKnowOfLosesNothing(t) {
  t.allowErrors(/Failed to load resource|Failed to fetch|ERR_FAILED|status of 4\d\d/);
  const place = await somewhere(t);
  const page = await ready(t);
  claim(await page.evaluate(() => navigator.onLine), 'the browser believes in its network');
  const ways = /\/(found|api\/v1\/.*)$/;
  const dead = (route) => (route.request().method() === 'POST' ? route.abort() : route.continue());
  await page.route(ways, dead);
  await find(page, '断网未知：路面塌陷', place);
  await line(page, 'waiting', 1);
  claim(await page.locator('textarea[name=description]').inputValue() === '', 'it is kept, and the form is free');
  await page.unroute(ways, dead);
  // Another: it arrives, and only the answer does not.
  await page.route('**/found', async (route) => {
    if (route.request().method() !== 'POST') return route.continue();
    await route.fetch({ maxRedirects: 0 });
    return route.abort();
  });
  await find(page, '断网未知：答复丢失', place);
  await page.waitForFunction(() => document.querySelector('textarea[name=description]').value === '');
  await line(page, 'waiting', 0);
  await line(page, 'refused', 0);
  for (const words of ['断网未知：路面塌陷', '断网未知：答复丢失']) {
    claim(await reported(page, words) === 1, `${words}: ${await reported(page, words)} times`);
  }
}

export async function whatTheProgramCannotTakeDoesNotHoldUpTheRest(t) {
  t.allowErrors(/ERR_INTERNET_DISCONNECTED|Failed to load resource|Failed to fetch|answer 500/);
  const place = await somewhere(t);
  const page = await ready(t);
  await page.context().setOffline(true);
  for (const [n, words] of ['队列测试：第一条出错', '队列测试：第二条照传'].entries()) {
    await find(page, words, place);
    await line(page, 'waiting', n + 1);
  }
  const broken = (route) => (route.request().postData()?.includes('第一条出错')
    ? route.fulfill({ status: 500, contentType: 'application/problem+json', body: '{"title":"出错了","code":"access.internal"}' })
    : route.continue());
  await page.route('**/api/v1/cases', broken);
  await page.context().setOffline(false);
  await page.goto('/tasks');
  await line(page, 'waiting', 1);
  await line(page, 'failed', 1);
  claim((await page.locator('#field-sync > ul > li').textContent()).includes('第一条出错'), 'what was not taken is named');
  claim(await reported(page, '队列测试：第二条照传') === 1, 'what came after it went on');
  await t.axe(page);
  await page.unroute('**/api/v1/cases', broken);
  await page.goto('/tasks');
  await line(page, 'waiting', 0);
  claim(await reported(page, '队列测试：第一条出错') === 1, 'and it goes by itself when it can');
}

export async function whereAWorkerStandsIsKeptNowhereAndTheNewestListIsShown(t) {
  t.allowErrors(/ERR_INTERNET_DISCONNECTED|Failed to load resource|Failed to fetch/);
  const place = await somewhere(t);
  for (const words of ['位置测试：第一件', '位置测试：第二件']) {
    const { number } = await report(t, words, place);
    await toPool(t, number);
    await mine(t, number);
  }
  const page = await ready(t);
  await page.goto('/tasks?x=1');
  await page.context().grantPermissions(['geolocation']);
  await page.context().setGeolocation({ longitude: Number(place.lon), latitude: Number(place.lat) });
  const cards = () => page.locator('[data-walked] > [data-task]').evaluateAll((all) => all.map((card) => card.dataset.task).sort().join());
  const before = await cards();
  const asked = page.waitForRequest((request) => request.method() === 'POST' && new URL(request.url()).pathname === '/tasks');
  await page.locator('form[data-here] button').click();
  const request = await asked;
  claim(!request.url().includes('?') && request.postData().includes('lon='), 'the place is in no address');
  await page.waitForFunction(() => document.querySelector('form[data-here] .form-hint')?.textContent.includes('所在位置'));
  claim(await cards() === before, 'the same tasks, in another order');
  const kept = await page.evaluate(async () => {
    const found = [];
    for (const name of await caches.keys()) for (const { url } of await (await caches.open(name)).keys()) found.push(url);
    return found;
  });
  claim(kept.some((url) => url.endsWith('/tasks')) && kept.every((url) => !url.includes('?')), `only plain pages are kept: ${kept}`);
  // What came last is what is shown without a network.
  const { number } = await report(t, '位置测试：最新一件', place);
  await toPool(t, number);
  await page.goto('/tasks');
  await page.context().setOffline(true);
  await page.goto('/tasks?x=1');
  claim(await page.locator(`[data-task="${number}"]`).count() === 1, 'the newest list');
}

export async function withoutANetworkAClassIsReadAsWithOneAndEveryPageSaysWhatIsWrong(t) {
  t.allowErrors(/ERR_INTERNET_DISCONNECTED|Failed to load resource|Failed to fetch|status of 4\d\d/);
  const page = await ready(t, { lang: 'en' });
  await page.goto('/found');
  // A class by its name alone, as people type it.
  const label = await page.locator('#offer-matters option, datalist option').first().getAttribute('value');
  const name = label.slice(label.indexOf(' ') + 1);
  await page.context().setOffline(true);
  const note = async (words, matter) => {
    await page.goto('/found');
    await page.fill('textarea[name=description]', words);
    await page.fill('input[name=matter]', matter);
    await page.fill('input[name=address]', '离线路 6 号');
    await page.locator('form[action="/found"] button[type=submit]').click();
  };
  await note('离线类别：只写名称', name);
  await line(page, 'waiting', 1);
  await note('离线类别：写错了', '没有这样的类别');
  await line(page, 'waiting', 2);
  await page.goto('/notices');
  claim((await page.locator('h1').textContent()).includes('no network'), 'a page that needs one says so');
  await page.locator('a[href="/tasks"]').waitFor();
  await t.axe(page);
  await page.goto('/look?lang=zh-CN&back=%2Ffound');
  claim((await page.locator('h1').textContent()).includes('no network'), 'another language needs one too');
  await page.context().setOffline(false);
  await page.goto('/tasks');
  await line(page, 'refused', 1);
  const own = async () => (await (await page.request.get('/api/v1/cases?own=true&limit=20')).json()).items;
  const found = async (words) => (await own()).find((c) => c.description === words);
  // Without a place, too, it is within the reach of whoever reported it.
  claim((await found('离线类别：只写名称'))?.matter !== null, 'the class arrived');
  claim(await found('离线类别：写错了') === undefined, 'what nobody understands is not dropped silently');
  await page.locator('#field-sync > ul > li summary').click();
  await page.locator('#field-sync > ul > li details input').first().fill(name);
  await page.locator('#field-sync > ul > li .buttons button').first().click();
  await line(page, 'refused', 0);
  claim((await found('离线类别：写错了'))?.matter !== null, 'mended, it arrives with its class');
}
