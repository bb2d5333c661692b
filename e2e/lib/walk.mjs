// Steps through the pages that several tests make: a report, a move on a case, a case brought to its unit.

/** Fails with a sentence when `is` is not so. */
export function claim(is, sentence) {
  if (!is) throw new Error(sentence);
}

/** A place inside the sample city, in the district of its demo collector: that of a case that lies there. */
export async function somewhere(t) {
  const page = await t.signIn('acceptor');
  await page.goto('/desk?state=closed');
  await page.locator('tbody tr', { hasText: '990101-' }).locator('a').first().click();
  await page.locator('#case-title').waitFor();
  const point = await page.locator('dl.facts div', { hasText: /^坐标/ }).locator('dd').first().textContent();
  await page.context().close();
  const [lon, lat] = point.split(',').map((part) => part.trim());
  claim(lon && lat, `a case on the desk has a point: ${point}`);
  return { lon, lat };
}

/** Reports as a resident without an account; answers number, code and link. */
export async function report(t, description, place, how = {}) {
  const { files, ...look } = how;
  const page = await t.open('/report', { viewport: 'phone', ...look });
  await page.fill('textarea[name=description]', description);
  if (files) await page.setInputFiles('input[name=files]', files);
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
export async function send(page, button) {
  await Promise.all([page.waitForEvent('load'), button.click()]);
}

/** Makes a move on the case's own page, by the form of that act. */
export async function act(page, number, word, fill = async () => {}) {
  const form = page.locator(`form[action="/cases/${number}/${word}"]`).last();
  claim(await form.count() > 0, `${word} is not offered on ${number}`);
  const details = page.locator(`details:has(form[id="${word}-${number}"])`);
  if (await details.count() > 0 && (await details.getAttribute('open')) === null) await details.locator('summary').click();
  await fill(form);
  await send(page, form.locator('button[type=submit]'));
}

/** Where the case stands, as the program's word for it. */
export async function state(page) {
  return page.locator('.case-state').first().getAttribute('data-state');
}

/** A person of a role on a case's page. */
export async function at(t, role, number, how) {
  const page = await t.signIn(role, how);
  await page.goto(`/cases/${number}`);
  return page;
}

/** Who may do the task is the worker on duty or anybody of the pool: the desk gives it to the pool first. */
export async function toPool(t, number) {
  const page = await at(t, 'shift leader', number);
  await act(page, number, 'take-task', async (form) => {
    const select = form.locator('select[name=to]');
    if (await select.count() > 0) await select.selectOption('');
  });
  await page.context().close();
}

/** Brings a fresh report as far as its unit. */
export async function untilDispatched(t, number, how = {}) {
  await toPool(t, number);
  let page = await at(t, 'collector', number, { ...how, viewport: 'phone' });
  await act(page, number, 'verify', (form) => form.locator('input[name=outcome][value=yes]').check());
  claim(await state(page) === 'pending_accept', 'after the verification the case waits to be accepted');
  await page.context().close();
  page = await at(t, 'acceptor', number, how);
  await act(page, number, 'accept', (form) => form.locator('input[name=matter]').fill('暴露垃圾'));
  claim(await state(page) === 'pending_register', 'accepted');
  await page.context().close();
  page = await at(t, 'shift leader', number, how);
  await act(page, number, 'register', (form) => form.locator('input[name=rule]').first().check());
  claim(await state(page) === 'pending_dispatch', 'registered');
  await page.context().close();
  await dispatch(t, number, how);
}

/** Dispatches to the demo department, with a reason: it need not be the one responsible. */
export async function dispatch(t, number, how = {}) {
  const page = await at(t, 'dispatcher', number, how);
  const form = page.locator(`form[id="dispatch-${number}"]`);
  claim(await form.locator('input[name=unit]').inputValue() !== '', 'the responsible unit is proposed');
  const own = await ownUnit(t, how);
  await act(page, number, 'dispatch', async (fields) => {
    await fields.locator('input[name=unit]').fill(own);
    await fields.locator('input[name=basis]').fill('按属地派遣');
  });
  claim(await state(page) === 'pending_sign', 'dispatched');
  await page.context().close();
}

/** The demo department, as forms take it. */
export async function ownUnit(t, how = {}) {
  const lead = await t.signIn('department lead', how);
  const own = (await lead.locator('h1 .sub').textContent()).trim();
  await lead.context().close();
  return own;
}

/** A picture as the browser itself makes one. */
export async function photo(page, name) {
  const base64 = await page.evaluate(() => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 640, height: 480 });
    const pen = canvas.getContext('2d');
    pen.fillStyle = '#7a8a5a';
    pen.fillRect(0, 0, 640, 480);
    pen.fillStyle = '#333';
    pen.fillRect(200, 160, 240, 160);
    return canvas.toDataURL('image/jpeg').split(',')[1];
  });
  return { name, mimeType: 'image/jpeg', buffer: Buffer.from(base64, 'base64') };
}
