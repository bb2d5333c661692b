// Pictures in the forms: taken without script, named when they are not taken, shown to whom the case is open.

import { act, at, claim, photo, report, send, somewhere, toPool } from '../lib/walk.mjs';

export const options = { engines: ['sqlite'], seconds: 180 };

const shown = (page) => page.locator('.thumbs img').evaluateAll((images) => images.filter((image) => image.naturalWidth > 0).length);

export async function picturesOfAReportAreSeenByTheWorkerAndOnTheCase(t) {
  const helper = await t.open('/');
  const files = [await photo(helper, 'one.jpg'), await photo(helper, 'two.jpg')];
  const { number } = await report(t, '垃圾桶满了，有照片', await somewhere(t), { script: false, files });
  await toPool(t, number);
  const worker = await at(t, 'collector', number, { viewport: 'phone' });
  await worker.locator('.thumbs img').first().scrollIntoViewIfNeeded();
  await worker.waitForFunction(() => [...document.querySelectorAll('.thumbs img')].filter((i) => i.naturalWidth > 0).length === 2);
  await act(worker, number, 'verify', async (form) => {
    await form.locator('input[name=outcome][value=yes]').check();
    await form.locator('input[name=files]').setInputFiles([await photo(helper, 'spot.jpg')]);
  });
  await t.axe(worker);
  const desk = await at(t, 'acceptor', number, { lang: 'en' });
  await desk.waitForFunction(() => [...document.querySelectorAll('.thumbs img')].filter((i) => i.naturalWidth > 0).length === 3);
  const kinds = await desk.locator('.thumb-note').allTextContents();
  claim(kinds.filter((kind) => kind.includes('Report')).length === 2 && kinds.some((kind) => kind.includes('Verification')), `each picture says what it shows: ${kinds}`);
  claim(await shown(desk) === 3, 'three pictures');
}

export async function aFileThatIsNoPictureIsNamedAndTheWordsAreKept(t) {
  t.allowErrors(/status of 4\d\d/);
  const page = await t.open('/report', { viewport: 'phone', script: false, lang: 'en' });
  const helper = await t.open('/');
  await page.fill('textarea[name=description]', '路灯不亮');
  await page.fill('input[name=address]', '自动测试路 9 号');
  await page.setInputFiles('input[name=files]', [
    await photo(helper, 'good.jpg'),
    { name: 'film.mp4', mimeType: 'video/mp4', buffer: Buffer.from('\0\0\0\x18ftypisom') },
  ]);
  await send(page, page.locator('form[action="/report"] button[type=submit]'));
  claim((await page.locator('.form-fault').allTextContents()).join(' ').includes('film.mp4'), 'the file is named');
  claim(await page.locator('textarea[name=description]').inputValue() === '路灯不亮', 'the words are kept');
  claim((await page.locator('.kept').textContent()).includes('good.jpg'), 'the good file is kept');
  await send(page, page.locator('form[action="/report"] button[type=submit]'));
  claim(await page.locator('#number').count() === 1, 'and need not be chosen again');
}

export async function photosAreGatheredOneByOneAndTakenOutAgain(t) {
  const { number } = await report(t, '照片逐张拍摄测试', await somewhere(t));
  await toPool(t, number);
  const page = await at(t, 'collector', number, { viewport: 'phone', lang: 'en' });
  const form = page.locator(`form[id="verify-${number}"]`);
  const input = form.locator('input[type=file]').first();
  for (const name of ['before.jpg', 'wrong.jpg', 'after.jpg']) await input.setInputFiles(await photo(page, name));
  claim(await form.locator('.picked li canvas').count() === 3, 'each pick is added to those before');
  await t.axe(page);
  await t.shoot(page, 'photos-gathered-phone');
  await form.getByRole('button', { name: 'Remove wrong.jpg' }).click();
  const names = () => input.evaluate((element) => [...element.files].map((file) => file.name).join());
  claim(await names() === 'before.jpg,after.jpg', `what was taken out is not sent: ${await names()}`);
  // A camera that is closed without a photo takes nothing away.
  await input.setInputFiles([]);
  claim(await names() === 'before.jpg,after.jpg', 'closing the camera keeps the others');
  await form.locator('input[name=outcome][value=yes]').check();
  await send(page, form.locator('button[type=submit]'));
  await page.waitForFunction(() => [...document.querySelectorAll('.thumbs img')].filter((i) => i.naturalWidth > 0).length === 2);
}

export async function withoutScriptThereAreSeveralInputsForPhotos(t) {
  const { number } = await report(t, '无脚本多张照片测试', await somewhere(t));
  await toPool(t, number);
  const page = await at(t, 'collector', number, { viewport: 'phone', script: false });
  const helper = await t.open('/');
  const form = page.locator(`form[id="verify-${number}"]`);
  const inputs = form.locator('input[type=file]');
  claim(await inputs.count() === 3, 'one input for each photo of the camera');
  await inputs.nth(0).setInputFiles(await photo(helper, 'before.jpg'));
  await inputs.nth(1).setInputFiles(await photo(helper, 'after.jpg'));
  await form.locator('input[name=outcome][value=yes]').check();
  await send(page, form.locator('button[type=submit]'));
  claim(await page.locator('.thumbs img').count() === 2, 'both photos came');
}
