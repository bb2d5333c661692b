// What happens near a resident without an account: a place by the list, by a press on the map and by the device's position;
// the list is whole without script; the feed reads; nothing is wider than a phone.

export const options = { seconds: 180 };

function claim(holds, what) {
  if (!holds) throw new Error(what);
}

const drawn = (page) => page.locator('.map-box.map-live[data-state=idle]').waitFor({ timeout: 60_000 });

/** Follows the list down to a street that has something to show. */
async function toAStreet(page) {
  await page.goto('/near');
  await page.locator('nav.guides a[href^="/near?place="]').first().click();
  const streets = await page.locator('nav.guides a').evaluateAll((links) => links.map((link) => link.getAttribute('href')));
  claim(streets.length > 1, 'the district names no streets');
  for (const street of streets) {
    await page.goto(street);
    if ((await page.locator('#list article').count()) > 3) return street;
  }
  throw new Error('no street of the sample city has public matters');
}

async function fits(page) {
  const wider = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
  claim(!wider, `${page.url()} is wider than the screen`);
}

export async function withoutScriptAResidentFindsAStreetAndWhatGoesOnThere(t) {
  const page = await t.open('/', { viewport: 'phone', script: false });
  await page.click('a.door[href="/near"]');
  claim(new URL(page.url()).pathname === '/near', 'the first page leads nowhere');
  const street = await toAStreet(page);
  claim(!(await page.locator('.map').isVisible()), 'an empty map is shown');
  const first = page.locator('#list article').first();
  const [stand, number] = [await first.locator('.badge').textContent(), await first.getAttribute('id')];
  claim(stand.trim() !== '' && /^m-\d{6}-\d{8}-\d{5,}$/.test(number), `an entry says ${stand}, ${number}`);
  await fits(page);
  // Only those going on, then only a class of them.
  await page.goto(`${street}&show=open`);
  const open = await page.locator('#list article').count();
  claim(open === (await page.locator('#list a[href^="/report?same_as="]').count()), 'something that is over is among those going on');
  const chosen = await page.locator('#f-class option:not([value=""])').first().getAttribute('value');
  await page.selectOption('#f-class', chosen);
  await page.click('form.filters button');
  claim(new URL(page.url()).searchParams.get('show') === 'open', 'the filter forgot what was shown');
}

export async function theNextPageGoesOnWhereThisOneEnds(t) {
  const page = await t.open('/near', { script: false });
  await page.locator('nav.guides a').first().click();
  const numbers = () => page.locator('#list article').evaluateAll((all) => all.map(({ id }) => id));
  const first = await numbers();
  claim(first.length === 20, `${first.length} entries on the first page of a district`);
  await page.click('.pager a[rel=next]');
  const second = await numbers();
  claim(second.length > 0 && !second.some((id) => first.includes(id)), 'the second page shows the first again');
}

export async function thePagesAreAccessibleInBothLanguagesAndThemes(t) {
  for (const how of [{ viewport: 'phone' }, { viewport: 'desk', theme: 'dark', lang: 'en' }, { viewport: 'phone', theme: 'dark' }, { viewport: 'desk', lang: 'en' }]) {
    const page = await t.open('/near', how);
    await drawn(page);
    await t.axe(page);
    await fits(page);
    await t.shoot(page, `near choose ${how.viewport} ${how.theme ?? 'light'} ${how.lang ?? 'zh'} ${t.engine}`, true);
    await toAStreet(page);
    await page.locator('.map-box').scrollIntoViewIfNeeded();
    await drawn(page);
    await t.axe(page);
    await fits(page);
    await t.shoot(page, `near street ${how.viewport} ${how.theme ?? 'light'} ${how.lang ?? 'zh'} ${t.engine}`, true);
    await page.locator('#list article h3 a').first().click();
    await t.axe(page);
    await fits(page);
    await t.shoot(page, `near one ${how.viewport} ${how.theme ?? 'light'} ${how.lang ?? 'zh'} ${t.engine}`, true);
    await page.goto(`/near/stop/${'0f'.repeat(32)}`);
    await t.axe(page);
    await page.context().close();
  }
}

export async function aPressOnTheMapAndTheDevicesPositionFindTheStreet(t) {
  const page = await t.open('/near', { viewport: 'phone' });
  await page.context().grantPermissions(['geolocation']);
  await drawn(page);
  const [west, south, east, north] = await page.evaluate(() => JSON.parse(document.querySelector('.map-box').dataset.map).bounds);
  await page.context().setGeolocation({ longitude: (west + east) / 2, latitude: (south + north) / 2 });
  claim((await page.inputValue('input[name=lon]')) === '', 'a position was taken without being asked for');
  await page.click('.map-below button');
  await page.waitForFunction(() => document.querySelector('input[name=lon]').value !== '');
  await Promise.all([page.waitForURL(/place=/), page.click('#point button[type=submit]')]);
  const at = new URL(page.url());
  claim(/^\d{12}$/.test(at.searchParams.get('place')) && !at.searchParams.has('lon'), `the address keeps the position: ${at}`);
  await t.axe(page);
}

export async function theMapShowsStreetsAndNoHomes(t) {
  const page = await t.open('/near');
  await page.locator('nav.guides a').first().click();
  await page.locator('.map-box').scrollIntoViewIfNeeded();
  await drawn(page);
  const { points } = await page.evaluate(() => JSON.parse(document.querySelector('.map-box').dataset.map));
  const shown = await page.locator('#list article').count();
  const told = points.reduce((sum, point) => sum + point.n, 0);
  claim(points.length > 0 && told <= shown, `${told} on the map, ${shown} in the list`);
  claim(points.every(({ href }) => /^\/near\?place=\d{9}000$/.test(href)), 'a point is finer than a street');
}

export async function theFeedReadsAndIsNotSentTwice(t) {
  const page = await t.open('/near');
  await toAStreet(page);
  const address = await page.locator('link[rel=alternate]').getAttribute('href');
  const first = await page.request.get(address);
  claim(first.ok() && first.headers()['content-type'].startsWith('application/atom+xml'), `${address}: ${first.status()}`);
  const text = await first.text();
  const sound = await page.evaluate((xml) => {
    const document = new DOMParser().parseFromString(xml, 'application/xml');
    return document.querySelector('parsererror') === null && document.querySelectorAll('entry').length;
  }, text);
  claim(sound > 3, 'the feed is not well-formed or empty');
  const again = await page.request.get(address, { headers: { 'if-none-match': first.headers().etag } });
  claim(again.status() === 304, `asked again it answers ${again.status()}`);
}

export async function whoSeesTheSameReportsItWithoutWritingItAllAgain(t) {
  const page = await t.open('/near', { viewport: 'phone', script: false });
  const street = await toAStreet(page);
  await page.goto(`${street}&show=open`);
  const link = page.locator('#list a[href^="/report?same_as="]').first();
  const number = new URL(await link.getAttribute('href'), t.url).searchParams.get('same_as');
  await link.click();
  claim(await page.locator(`input[name=same_as][value="${number}"]`).isChecked(), 'the matter is not chosen');
  await page.fill('textarea[name=description]', '我也看到了，就在路口。');
  await Promise.all([page.waitForURL('**/report/receipt/*'), page.locator('form.form button[type=submit]').last().click()]);
  claim(await page.locator('#number').isVisible(), 'the report was not taken');
  claim((await page.locator('a.btn[href^="/near"]').count()) === 1, 'the receipt leads to no neighbourhood');
}

export async function withoutAMailServerThereIsNoFormForLetters(t) {
  const page = await t.open('/near');
  await toAStreet(page);
  claim((await page.locator('#subscribe').count()) === 0, 'a form is offered that leads to nothing');
  claim(await page.locator('main a[href^="/near.atom"]').isVisible(), 'the feed is not offered');
}
