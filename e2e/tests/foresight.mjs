// Foresight in a browser: a day is looked at and opens a finding; a leader reads it, opens preventive work and gives a
// verdict; forecast, under-reporting, back-test and figures by SQL are whole in both languages, with script and without.

import { claim, send } from '../lib/walk.mjs';

export const options = { seconds: 900 };

/** Pictures are taken in both languages, both themes, on both screens. */
const LOOKS = [
  { viewport: 'desk', theme: 'light', lang: 'zh-CN' },
  { viewport: 'phone', theme: 'dark', lang: 'en' },
];

/** Local days of the city, counted back from today. */
function daysAgo(n) {
  const today = new Date(new Date().toLocaleString('en-US', { timeZone: 'Asia/Shanghai' }));
  today.setDate(today.getDate() - n);
  const two = (number) => String(number).padStart(2, '0');
  return `${today.getFullYear()}-${two(today.getMonth() + 1)}-${two(today.getDate())}`;
}

async function fits(page, what) {
  const wider = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  claim(wider <= 0, `${what} is ${wider} px wider than its window`);
}

/** Figures are counted beside the serving program; whoever needs them waits for them. */
async function figures(t) {
  const page = await t.signIn('analyst');
  for (let tries = 0; tries < 120; tries += 1) {
    await page.goto('/facts?sql=' + encodeURIComponent('SELECT sum(reported) AS n FROM v_days'));
    const n = await page.locator('table tbody td').first().textContent().catch(() => '');
    if (Number(n.replace(/\D/g, '')) > 15_000) break;
    await page.waitForTimeout(1_000);
  }
  await page.context().close();
}

/** A back-test over the weeks of the sample city's burst, by its page; answers the day on which that was first seen. */
async function backtested(t) {
  const page = await t.signIn('analyst');
  await page.goto('/warnings/backtests');
  await t.axe(page);
  // A period that ends before it begins is told at its field, and what was entered stays.
  t.allowErrors(/status of 4\d\d/);
  await page.fill('input[name=from]', daysAgo(5));
  await page.fill('input[name=to]', daysAgo(20));
  await send(page, page.locator('form[action="/warnings/backtests"] button[type=submit]'));
  claim((await page.locator('.form-fault').first().textContent()).includes('早于'), 'the fault is told in Chinese');
  claim(await page.inputValue('input[name=from]') === daysAgo(5), 'the entry stays');
  await page.fill('input[name=from]', daysAgo(28));
  await page.fill('input[name=to]', daysAgo(12));
  await send(page, page.locator('form[action="/warnings/backtests"] button[type=submit]'));
  for (let tries = 0; tries < 300 && await page.locator('progress').count() > 0; tries += 1) {
    await page.waitForTimeout(1_000);
    await page.reload();
  }
  claim(await page.locator('progress').count() === 0, 'the back-test ends');
  await t.axe(page);
  const at = new URL(page.url()).pathname;
  const told = await page.locator('main').textContent();
  for (const word of ['时空聚集', '当日激增', '异于往年']) claim(told.includes(word), `the back-test tells of ${word}`);
  const { outcome } = await page.evaluate(async (id) => (await fetch(`/api/v1/warning-backtests/${id}`)).json(), at.split('/').pop());
  claim(outcome.warnings.length > 0, 'the burst laid into the sample city would have been warned of');
  await page.context().close();
  for (const look of LOOKS) await t.picture('foresight-backtest', { role: 'analyst', path: at, fullPage: true, ...look });
  const strongest = outcome.warnings.reduce((a, b) => (a.now.observed / a.now.expected > b.now.observed / b.now.expected ? a : b));
  return strongest.first_seen;
}

export async function aDaysLookOpensAFindingThatALeaderActsOn(t) {
  await figures(t);
  const day = await backtested(t);

  // Somebody has that day looked at now: the finding begins.
  const analyst = await t.signIn('analyst');
  await analyst.goto('/warnings');
  await analyst.fill('form[action="/warnings/runs"] input[name=day]', day);
  await send(analyst, analyst.locator('form[action="/warnings/runs"] button[type=submit]'));
  claim(await analyst.locator('.flash, [role=status]').first().isVisible(), 'what came of the look is told');
  claim(await analyst.locator('tbody a[href^="/warnings/"]').count() > 0, 'the finding is in the list');
  await t.axe(analyst);
  claim(await analyst.locator('form[action$="/task"]').count() === 0, 'an analyst opens no work');
  await analyst.context().close();

  const leader = await t.signIn('leader');
  await leader.goto('/warnings');
  claim(await leader.locator('form[action="/warnings/runs"]').count() === 0, 'a leader is not offered to run detectors');
  await leader.locator('.map-box.map-live[data-state=idle]').waitFor({ timeout: 60_000 });
  await t.axe(leader);
  await leader.locator('tbody a[href^="/warnings/"]').first().click();
  await leader.waitForURL(/\/warnings\/[0-9a-f-]{36}$/);
  const at = new URL(leader.url()).pathname;
  const heading = await leader.locator('h1').textContent();
  claim(/\d+ 天 \d+ 起/.test(heading), `the finding is a sentence with its numbers: ${heading}`);
  claim(await leader.locator('svg').count() > 0, 'its curve is drawn');
  claim(await leader.locator('a[href^="/cases/"]').count() >= 5, 'the cases behind it are listed');
  await t.axe(leader);
  for (const look of LOOKS) {
    await t.picture('foresight-warnings', { role: 'leader', path: '/warnings', fullPage: true, ...look });
    await t.picture('foresight-warning', { role: 'leader', path: at, fullPage: true, ...look });
  }

  // Preventive work: opened by a person, with beats drawn by lot.
  leader.on('dialog', (dialog) => dialog.accept());
  await leader.fill(`form[action="${at}/task"] textarea[name=note]`, '请查看井盖下的水管');
  const open = leader.locator(`form[action="${at}/task"] button[type=submit]`);
  await open.click();
  const yes = leader.locator('dialog[open] button', { hasText: /确|是|继续/ });
  if (await yes.count() > 0) await yes.first().click();
  await leader.locator('table', { hasText: '随机' }).waitFor();
  const work = await leader.locator('aside a[href^="/cases/"]').allTextContents();
  claim(work.length >= 2, `work for the finding and for control: ${work.length}`);
  claim(await leader.locator(`form[action="${at}/task"]`).count() === 0, 'it is opened once');
  await t.axe(leader);

  // The verdict, and what it makes of the detector's record.
  await leader.locator(`form[action="${at}/verdict"] input[value=real]`).check();
  await leader.fill(`form[action="${at}/verdict"] textarea[name=reason]`, '供水公司确认主管破裂');
  await send(leader, leader.locator(`form[action="${at}/verdict"] button[type=submit]`));
  claim((await leader.locator('main').textContent()).includes('供水公司确认主管破裂'), 'the verdict is in the history');
  await leader.goto('/warnings/detectors');
  const worth = await leader.locator('table').first().textContent();
  claim(worth.includes('1 / 1') && /100/.test(worth), `precision counts the verdict: ${worth}`);
  await t.axe(leader);
  await leader.goto(`/cases/${work[0].trim()}`);
  claim((await leader.locator('main').textContent()).includes('请查看井盖下的水管'), 'whoever goes reads the note');
  for (const look of LOOKS) await t.picture('foresight-detectors', { role: 'leader', path: '/warnings/detectors', fullPage: true, ...look });
}

export async function aForecastIsShownWithItsLimitsAndItsLight(t) {
  await figures(t);
  for (const look of LOOKS) {
    const page = await t.signIn('leader', look);
    await page.goto('/forecast');
    const told = await page.locator('main').textContent();
    claim(/\d–\d/.test(told), 'limits stand beside the means');
    claim(await page.locator('.badge').count() > 3, 'places and classes have lights');
    claim(await page.locator('svg').count() > 0, 'the past is drawn');
    await fits(page, '/forecast');
    await t.axe(page);
    await t.shoot(page, `foresight-forecast-${look.viewport}-${look.theme}-${look.lang}`, true);
    // A street, by the form.
    const streets = await page.locator('select[name=place] option').evaluateAll((all) => all.map((o) => o.value).filter((v) => v.length === 9));
    await page.selectOption('select[name=place]', streets[0]);
    await send(page, page.locator('form[action="/forecast"] button[type=submit]'));
    claim(await page.locator('table').count() >= 2, 'the street has its tables');
    // The lights are where a leader looks.
    for (const where of ['/evaluation', '/city-map']) {
      await page.goto(where);
      const lights = page.locator('[hx-get="/forecast/lights"]');
      await lights.locator('.badge').first().waitFor({ timeout: 30_000 });
      claim(await lights.locator('tbody tr').count() >= 2, `${where} shows the lights of the districts`);
      await fits(page, where);
      await t.axe(page);
    }
    await page.context().close();
  }
  t.allowErrors(/status of 4\d\d/);
  const odd = await t.signIn('leader', { script: false, lang: 'en' });
  await odd.goto('/forecast?place=x&class=y');
  claim(await odd.locator('[role=alert]').count() > 0, 'what does not read is named');
  await odd.goto('/evaluation');
  claim(await odd.locator('a[href="/forecast"]').count() > 0, 'without script there is the way to the forecast');
}

export async function whereToGoAndAskIsPublicAndNeverFinerThanAStreet(t) {
  await figures(t);
  for (const look of LOOKS) {
    const page = await t.open('/under-reporting', look);
    const rows = await page.locator('table tbody tr').count();
    claim(rows > 2, `only ${rows} streets`);
    for (const cell of await page.locator('table tbody tr td:nth-child(3)').allTextContents()) {
      claim(/^\d+\.\d\d \(\d+\.\d\d–\d+\.\d\d\)$/.test(cell), `never without limits: ${cell}`);
    }
    await page.locator('.map-box').scrollIntoViewIfNeeded();
    await page.locator('.map-box.map-live[data-state=idle]').waitFor({ timeout: 60_000 });
    const plan = await page.evaluate(() => JSON.parse(document.querySelector('.map-box').dataset.map));
    const codes = Object.keys(plan.shading.places);
    claim(codes.length > 0 && codes.every((code) => /^\d{9}000$/.test(code)), 'only streets are shaded');
    const shown = Object.values(plan.shading.places).filter((place) => place.class !== undefined);
    claim(shown.length > 0 && shown.every((place) => place.text.includes('–')), 'every shade tells its limits');
    claim(await page.locator('.map-legend li').count() >= 5, 'the legend tells the shades');
    await fits(page, '/under-reporting');
    await t.axe(page);
    await t.shoot(page, `foresight-under-reporting-${look.viewport}-${look.theme}-${look.lang}`, true);
    await page.context().close();
  }
  const plain = await t.open('/under-reporting', { script: false, viewport: 'phone' });
  claim(await plain.locator('table tbody tr').count() > 2 && !(await plain.locator('.map').isVisible()), 'the list is whole without the map');
}

export async function figuresBySqlAreAskedReadAndRefusedWithAReason(t) {
  await figures(t);
  t.allowErrors(/status of 4\d\d/);
  for (const look of LOOKS) {
    const page = await t.signIn('analyst', look);
    await page.goto('/facts');
    await page.fill('textarea[name=sql]', 'SELECT month, sum(reported) AS reported FROM v_months GROUP BY month ORDER BY month');
    await send(page, page.locator('form[action="/facts"] button[type=submit]'));
    claim(await page.locator('table tbody tr').count() >= 6, 'half a year has six months');
    await fits(page, '/facts');
    await t.axe(page);
    await t.shoot(page, `foresight-facts-${look.viewport}-${look.theme}-${look.lang}`, true);
    for (const refused of ['SELECT * FROM cases', 'DELETE FROM v_days', 'SELECT 1; SELECT 2']) {
      await page.goto('/facts?sql=' + encodeURIComponent(refused));
      claim(await page.locator('.form-fault, [role=alert]').count() > 0, `${refused} is refused with a reason`);
      claim(await page.inputValue('textarea[name=sql]') === refused, 'the query stays');
    }
    await page.context().close();
  }
}
