// What a resident writes survives a dead connection.

import { claim, send, somewhere } from '../lib/walk.mjs';

export const options = { engines: ['sqlite'], seconds: 120 };

export async function wordsSurviveAClosedPageAndAreGoneOnceSent(t) {
  const place = await somewhere(t);
  const page = await t.open('/report', { viewport: 'phone' });
  await page.fill('textarea[name=description]', '草稿：路口红绿灯不亮');
  await page.fill('input[name=address]', '草稿路 1 号');
  await page.fill('input[name=phone]', '13800000000');
  await page.waitForTimeout(800);
  await page.evaluate(() => { window.onbeforeunload = null; });
  await page.goto('about:blank');
  await page.goto('/report');
  claim(await page.locator('textarea[name=description]').inputValue() === '草稿：路口红绿灯不亮', 'the words are back');
  claim(await page.locator('input[name=address]').inputValue() === '草稿路 1 号', 'and the address');
  claim(await page.locator('input[name=phone]').inputValue() === '', 'who it is was not kept');
  claim(await page.locator('.draft-line').isVisible(), 'and that is said');
  await t.axe(page);
  await page.locator('details:has(input[name=lon])').evaluate((details) => { details.open = true; });
  await page.fill('input[name=lon]', place.lon);
  await page.fill('input[name=lat]', place.lat);
  await send(page, page.locator('form[action="/report"] button[type=submit]'));
  claim(await page.locator('#number').count() === 1, 'it is sent');
  await page.goto('/report');
  claim(await page.locator('textarea[name=description]').inputValue() === '', 'and nothing of it is left here');
}

export async function aDeadConnectionLosesNothingAndSaysSo(t) {
  t.allowErrors(/ERR_INTERNET_DISCONNECTED|Failed to load resource|Failed to fetch|Worker failed to load/);
  const page = await t.open('/report', { viewport: 'phone', lang: 'en' });
  await page.fill('textarea[name=description]', 'Draft: a lamp is out');
  await page.fill('input[name=address]', 'Draft road 2');
  await page.context().setOffline(true);
  await page.locator('form[action="/report"] button[type=submit]').click();
  await page.locator('.draft-line').waitFor();
  claim((await page.locator('.draft-line').textContent()).includes('no network'), 'it is said that nothing was sent');
  await page.context().setOffline(false);
  await page.waitForFunction(() => document.querySelector('.draft-line')?.textContent.includes('network is back'));
  await send(page, page.locator('form[action="/report"] button[type=submit]'));
  claim(await page.locator('#number').count() === 1, 'pressed again, it arrives');
}

export async function aReportWhoseAnswerWasLostIsOneCaseWhenItIsSentAgain(t) {
  t.allowErrors(/ERR_FAILED|ERR_ABORTED|Failed to load resource/);
  const page = await t.open('/report', { viewport: 'phone' });
  await page.fill('textarea[name=description]', '草稿：回执丢失试验');
  await page.fill('input[name=address]', '草稿路 9 号');
  // It arrives and is answered, and the answer gets lost on its way.
  let first = '';
  await page.route('**/report', async (route) => {
    if (route.request().method() !== 'POST') return route.continue();
    const answer = await route.fetch({ maxRedirects: 0 });
    first = answer.headers().location ?? '';
    return route.abort();
  });
  await page.locator('form[action="/report"] button[type=submit]').click();
  await page.waitForFunction(() => true).catch(() => {});
  for (let n = 0; n < 100 && first === ''; n += 1) await page.waitForTimeout(100);
  claim(first !== '', 'the report arrived');
  await page.unroute('**/report');
  await page.goto('/report');
  claim(await page.locator('textarea[name=description]').inputValue() === '草稿：回执丢失试验', 'the words are back');
  await send(page, page.locator('form[action="/report"] button[type=submit]'));
  claim(new URL(page.url()).pathname === new URL(first, page.url()).pathname, `the same receipt: ${page.url()} ${first}`);
}

export async function whoBeginsAnewBeginsWithNothing(t) {
  const page = await t.open('/report', { viewport: 'phone' });
  await page.fill('textarea[name=description]', '草稿：不要了');
  await page.waitForTimeout(800);
  await page.goto('about:blank');
  await page.goto('/report');
  await page.locator('.draft-line button').click();
  claim(await page.locator('textarea[name=description]').inputValue() === '', 'the form is empty');
  await page.reload();
  claim(await page.locator('textarea[name=description]').inputValue() === '', 'and stays so');
}

export async function anAddressAloneIsKeptAndAnotherLanguageLosesNothing(t) {
  const page = await t.open('/report', { viewport: 'phone' });
  await page.fill('input[name=address]', '草稿路 3 号');
  // At once, before the pause after which it is kept.
  await Promise.all([page.waitForEvent('load'), page.locator('.tools a[hreflang]').click()]);
  claim(await page.locator('html').getAttribute('lang') === 'en', 'in English now');
  claim(await page.inputValue('input[name=address]') === '草稿路 3 号', 'the address is there');
  claim((await page.locator('.draft-line').textContent()).includes('never kept'), 'what is not kept is said');
  await page.fill('textarea[name=description]', 'a lamp is out');
  await Promise.all([page.waitForEvent('load'), page.locator('.tools a[hreflang]').click()]);
  claim(await page.inputValue('textarea[name=description]') === 'a lamp is out', 'and so are the words');
}

export async function aReportThatIsReloadedWithoutANetworkSaysWhatIsWrong(t) {
  t.allowErrors(/ERR_INTERNET_DISCONNECTED|Failed to load resource|Failed to fetch/);
  const page = await t.open('/report', { viewport: 'phone' });
  await page.evaluate(() => navigator.serviceWorker.ready.then(() => true));
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
  await page.fill('textarea[name=description]', '断网重新打开：路灯');
  await page.waitForTimeout(600);
  await page.context().setOffline(true);
  await page.reload();
  claim((await page.locator('h1').textContent()).includes('没有网络'), 'it is said that there is no network');
  claim(await page.locator('main').evaluate((main) => getComputedStyle(main).paddingLeft !== '0px'), 'and looks like a page of ours');
  claim(await page.locator('a[href="/tasks"]').isHidden(), 'what a worker may open is not offered');
  await t.shoot(page, 'offline-page-phone');
  await page.context().setOffline(false);
  await Promise.all([page.waitForEvent('load'), page.locator('main .btn-primary').click()]);
  claim(new URL(page.url()).pathname === '/report', 'the same page again');
  claim(await page.inputValue('textarea[name=description]') === '断网重新打开：路灯', 'with the words');
}
