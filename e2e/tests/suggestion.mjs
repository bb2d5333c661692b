// What the machine suggests, seen by whoever reports and at the desk: with its reason, and a person decides.

import { claim, report, send, somewhere, state } from '../lib/walk.mjs';

export const options = { engines: ['sqlite'], seconds: 240 };

// Words of one class of the sample alone, whatever its record taught: none of them is in what is said of another.
const WORDS = '墙根一大堆生活垃圾三天没人清，剩菜剩饭味道很冲';

export async function whoeverReportsSeesAClassWithItsReasonAndWhatIsKnownNearBy(t) {
  const place = await somewhere(t);
  const { number } = await report(t, WORDS, place);
  const page = await t.open('/report', { viewport: 'phone' });
  await page.locator('details:has(input[name=lon])').evaluate((details) => { details.open = true; });
  await page.fill('input[name=lon]', place.lon);
  await page.fill('input[name=lat]', place.lat);
  await page.fill('input[name=phone]', '13800000000');
  // The place alone is asked about too, before a word is typed.
  const hasWords = (request) => new URLSearchParams(request.postData() ?? '').get('description');
  const asked = page.waitForRequest((request) => request.url().endsWith('/report/advice') && hasWords(request));
  await page.locator('textarea[name=description]').pressSequentially(WORDS);
  const sent = new URLSearchParams((await asked).postData());
  claim(sent.get('description').length > 0 && !sent.has('phone') && !sent.has('name') && !sent.has('files'),
    `what is asked while typing holds nobody's contact: ${[...sent.keys()]}`);
  await page.fill('input[name=phone]', '');
  await page.locator('#hints .form-check').first().waitFor({ timeout: 20000 });
  const hints = await page.locator('#hints').textContent();
  // A model says how sure it is; a keyword says which it is.
  claim(hints.includes('暴露垃圾') && /把握 [\d.]+ %，依据：|关键词：垃圾/.test(hints), `a class with how sure it is and why: ${hints}`);
  await t.axe(page);
  await t.shoot(page, 'report-hints');
  const same = page.locator(`#hints input[name=same_as][value="${number}"]`);
  claim(await same.count() === 1, 'the open case near by is offered');
  await same.check();
  await page.locator('#hints input[name=matter_hint]').first().check();
  await send(page, page.locator('form[action="/report"] button[type=submit]'));
  const second = await page.locator('#number').textContent();

  const desk = await t.signIn('acceptor');
  await desk.goto(`/cases/${second}`);
  const twins = await desk.locator('main').textContent();
  claim(twins.includes('反映人说是同一件') && twins.includes(number), 'the desk sees what the reporter said');
  await t.shoot(desk, 'desk-advice');
}

export async function everydayWordsBringAClassWithItsReasonAndTalkOfTheWeatherNone(t) {
  for (const [path, role] of [['/report', null], ['/intake', 'acceptor']]) {
    const page = role ? await t.signIn(role) : await t.open(path, { viewport: 'phone' });
    await page.goto(path);
    await page.fill('textarea[name=description]', '路灯不亮了');
    const first = page.locator('#hints .form-check:has(input[name=matter_hint])').first();
    await first.waitFor({ timeout: 20_000 });
    const told = await first.textContent();
    claim(told.trim().startsWith('路灯') && told.includes('不亮'), `${path}: the class and why: ${told}`);
    await t.shoot(page, `hints-everyday-${role ?? 'resident'}`);
    const asked = page.waitForResponse((answer) => answer.url().endsWith('/report/advice'));
    await page.fill('textarea[name=description]', '今天天气很好，适合散步');
    await asked;
    await first.waitFor({ state: 'detached', timeout: 20_000 });
    await page.context().close();
  }
}

export async function withoutScriptTheSameIsAskedForByAButton(t) {
  const page = await t.open('/report', { viewport: 'phone', script: false });
  await page.fill('textarea[name=description]', WORDS);
  await send(page, page.locator('input[name=look]'));
  claim(await page.locator('textarea[name=description]').inputValue() === WORDS, 'what was written is kept');
  claim((await page.locator('#hints').textContent()).includes('暴露垃圾'), 'the class is suggested');
}

export async function theDeskAcceptsASuggestionWithOnePress(t) {
  const page = await t.open('/report', { viewport: 'phone' });
  await page.fill('textarea[name=description]', WORDS);
  await page.fill('input[name=address]', '自动测试路 2 号');
  await send(page, page.locator('form[action="/report"] button[type=submit]'));
  const number = await page.locator('#number').textContent();
  const desk = await t.signIn('acceptor');
  await desk.goto(`/cases/${number}`);
  const form = desk.locator('form[action*="/accept?suggested"]').first();
  if (await state(desk) === 'pending_accept') {
    await send(desk, form.locator('button'));
    claim(await state(desk) === 'pending_register', 'accepted with the suggested class');
  } else {
    claim(await desk.locator('main').textContent().then((text) => text.includes('机器建议')), 'suggested while it is being verified');
  }
}

export async function thePagesOfSuggestionAndTopicsAreSound(t) {
  const page = await t.signIn('leader');
  for (const path of ['/suggestions', '/hot-topics', '/topics', '/topics/new']) {
    await page.goto(path);
    await t.axe(page);
    await t.shoot(page, path.slice(1).replace('/', '-'));
  }
  await page.goto('/topics/new');
  await page.fill('input[name=title]', '暴露垃圾清不走');
  await page.fill('input[name=matters]', '暴露垃圾');
  await send(page, page.locator('form[action="/topics/new"] button[type=submit]'));
  claim((await page.locator('h1').textContent()).includes('暴露垃圾清不走'), 'the topic was made');
  await t.axe(page);
  await t.shoot(page, 'topic');
}
