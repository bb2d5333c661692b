// Maps and charts in a browser: they are drawn from the program's own tiles, set the fields of a form, weigh what they
// may, speak both languages, and leave a page that is whole without them.

import { gzipSync } from 'node:zlib';

export const options = { seconds: 180 };

function claim(holds, what) {
  if (!holds) throw new Error(what);
}

/** Waits without keeping a hand on the element, which would keep it from being collected. */
const drawn = (page) => page.locator('.map-box.map-live[data-state=idle]').waitFor({ timeout: 60_000 });

export async function theTerritoryIsDrawnFromOurOwnTiles(t) {
  const tiles = [];
  const page = await t.signIn('system_admin');
  page.on('response', (answer) => {
    if (new URL(answer.url()).pathname.startsWith('/tiles/')) tiles.push(answer);
  });
  await page.goto('/territory');
  await drawn(page);
  const sets = new Set(tiles.map((answer) => new URL(answer.url()).pathname.split('/')[2]));
  claim(sets.has('divisions') && sets.has('grids'), `asked for ${[...sets].join(', ') || 'no tiles'}`);
  for (const answer of tiles) claim(answer.ok(), `${answer.url()} answered ${answer.status()}`);
  // A picture of bare ground packs into a few kilobytes.
  claim((await page.locator('.map-box').screenshot()).length > 20_000, 'the map is as good as empty');
  const rows = await page.locator('table tbody tr').count();
  claim(rows > 0, 'no list stands beside the map');
  await t.axe(page);

  // The second time nothing is fetched again.
  const before = tiles.length;
  const fresh = [];
  page.on('response', (answer) => {
    if (/\/(tiles|assets)\//.test(answer.url()) && !answer.fromServiceWorker()) fresh.push(answer);
  });
  await page.reload();
  await drawn(page);
  const again = await Promise.all(fresh.map(async (answer) => (await answer.request().sizes()).responseBodySize));
  claim(tiles.length >= before, 'the map was drawn again');
  claim(again.reduce((sum, size) => sum + size, 0) < 100_000, `a second look fetched ${again.reduce((a, b) => a + b, 0)} bytes`);
}

export async function aPressOnTheMapSetsThePlaceOfAReport(t) {
  for (const how of [{ viewport: 'phone' }, { viewport: 'desk', theme: 'dark', lang: 'en' }]) {
    const page = await t.open('/report', how);
    await page.locator('.map-box').scrollIntoViewIfNeeded();
    await drawn(page);
    const box = await page.locator('.map-room canvas').boundingBox();
    await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
    const [lon, lat] = await Promise.all(['lon', 'lat'].map((name) => page.inputValue(`input[name=${name}]`)));
    claim(/^\d+\.\d{6}$/.test(lon) && /^\d+\.\d{6}$/.test(lat), `the fields hold ${lon || 'nothing'}, ${lat || 'nothing'}`);
    await page.waitForFunction(() => document.querySelector('.map-told')?.textContent !== '', null, { timeout: 30_000 });
    const told = await page.textContent('.map-told');
    claim(how.lang === 'en' ? told.startsWith('Place set: ') : told.startsWith('已选定：'), `told: ${told}`);
    claim(how.lang === 'en' ? told.includes('District') : told.includes('街道'), `the place is not named: ${told}`);
    await t.axe(page);

    // By keyboard: the middle of the map, moved by an arrow.
    await page.locator('.map-room canvas').focus();
    await page.keyboard.press('ArrowRight');
    await page.waitForTimeout(600);
    await drawn(page);
    await page.keyboard.press('Enter');
    const moved = await page.inputValue('input[name=lon]');
    claim(Number(moved) > Number(lon), `Enter set ${moved}, not east of ${lon}`);
    claim(new URL(page.url()).pathname === '/report', 'Enter sent the form');
    await page.context().close();
  }
}

export async function thePlaceSetIsThePlaceOfTheCase(t) {
  const page = await t.signIn('collector', { viewport: 'phone' });
  await page.goto('/found');
  await page.locator('.map-box').scrollIntoViewIfNeeded();
  await drawn(page);
  await page.fill('textarea[name=description]', '人行道上的地砖松动，下雨会溅水。');
  const box = await page.locator('.map-room canvas').boundingBox();
  await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
  const lon = await page.inputValue('input[name=lon]');
  await Promise.all([page.waitForURL(/\/cases\//), page.locator('form.form button[type=submit]').last().click()]);
  const number = new URL(page.url()).pathname.split('/')[2];
  const known = await page.evaluate(async (at) => (await fetch(`/api/v1/cases/${at}`)).json(), number);
  claim(JSON.stringify(known).includes(lon.replace(/0+$/, '')), `the case is not at ${lon}: ${JSON.stringify(known).slice(0, 600)}`);
}

export async function theDevicesPositionIsTakenOnlyWhenAsked(t) {
  const page = await t.open('/report', { viewport: 'phone' });
  await page.context().grantPermissions(['geolocation']);
  await page.locator('.map-box').scrollIntoViewIfNeeded();
  await drawn(page);
  const [west, south, east, north] = await page.evaluate(() => JSON.parse(document.querySelector('.map-box').dataset.map).bounds);
  const here = { longitude: (west + east) / 2, latitude: (south + north) / 2 };
  await page.context().setGeolocation(here);
  claim((await page.inputValue('input[name=lon]')) === '', 'a position was taken without being asked for');
  claim((await page.locator('.map-below button').count()) === 0, 'two buttons for one thing');
  await page.click('[data-locate] button');
  await page.waitForFunction(() => document.querySelector('input[name=lon]').value !== '');
  await page.locator('.maplibregl-marker').waitFor();
  claim(Math.abs(Number(await page.inputValue('input[name=lon]')) - here.longitude) < 1e-5, 'another position was set');
}

export async function thePositionNeedsNoMap(t) {
  t.allowErrors(/ERR_FAILED|Failed to load resource|did not load/);
  for (const lang of ['zh-CN', 'en']) {
    const page = await t.open('/report', { viewport: 'phone', lang });
    await page.route(/\/assets\/map\./, (route) => route.abort());
    await page.reload();
    await page.context().grantPermissions(['geolocation']);
    await page.context().setGeolocation({ longitude: 118.1, latitude: 24.5 });
    const box = page.locator('[data-locate]');
    await box.scrollIntoViewIfNeeded();
    claim((await page.inputValue('input[name=lon]')) === '', 'a position was taken without being asked for');
    await box.locator('button').click();
    await page.waitForFunction(() => document.querySelector('input[name=lon]').value !== '');
    claim((await page.inputValue('input[name=lon]')) === '118.100000', 'the position is in the form');
    claim((await box.locator('[role=status]').textContent()).length > 10, 'and that is said');
    claim(await page.locator('input[name=lat]').isVisible(), 'where it can be seen and changed');
    await t.axe(page);
    await page.context().close();
  }
}

export async function withoutScriptThereIsTheList(t) {
  const page = await t.open('/report', { viewport: 'phone', script: false });
  claim(!(await page.locator('.map').isVisible()), 'an empty map is shown');
  claim(await page.locator('select[name=division]').isVisible(), 'no list of places');
  const staff = await t.signIn('system_admin', { script: false });
  await staff.goto('/territory');
  claim(!(await staff.locator('.map').isVisible()), 'an empty map is shown');
  claim(await staff.locator('table tbody tr').first().isVisible(), 'no list of divisions');
}

export async function theIslandsWeighWhatTheyMay(t) {
  const page = await t.open('/report');
  const assets = await page.evaluate(() => {
    const { island, islandStyle, worker } = document.querySelector('.map-box').dataset;
    return [island, islandStyle, worker];
  });
  let map = 0;
  for (const address of assets) {
    const answer = await page.request.get(address, { headers: { 'accept-encoding': 'gzip' } });
    claim(answer.ok() && answer.headers()['cache-control'].includes('immutable'), `${address} is not kept`);
    map += gzipSync(await answer.body(), { level: 9 }).length;
  }
  claim(map <= 900_000, `the map weighs ${map} bytes`);
  // It is not fetched before it is seen.
  const asked = [];
  const top = await t.open('/');
  await top.setViewportSize({ width: 320, height: 120 });
  top.on('request', (request) => asked.push(new URL(request.url()).pathname));
  await top.goto('/report');
  await top.waitForLoadState('networkidle');
  claim(!asked.some((at) => at.startsWith('/assets/map')), 'the map was fetched before it was in view');
  await top.locator('.map-box').scrollIntoViewIfNeeded();
  await drawn(top);
  claim(asked.some((at) => at.startsWith('/assets/map')), 'the map was not fetched when it came into view');
}

export async function aMapThatLeavesThePageLeavesNothingBehind(t) {
  const page = await t.open('/report');
  await page.locator('.map-box').scrollIntoViewIfNeeded();
  await drawn(page);
  const session = await page.context().newCDPSession(page);
  const counted = async () => {
    await session.send('HeapProfiler.collectGarbage');
    const { nodes, jsEventListeners } = await session.send('Memory.getDOMCounters');
    return { nodes, jsEventListeners };
  };
  const renew = async () => {
    await page.evaluate(async () => {
      const fresh = new DOMParser().parseFromString(await (await fetch('/report')).text(), 'text/html');
      document.querySelector('.map').replaceWith(fresh.querySelector('.map'));
    });
    await drawn(page);
  };
  for (let i = 0; i < 3; i += 1) await renew();
  const early = await counted();
  for (let i = 0; i < 6; i += 1) await renew();
  const late = await counted();
  claim(late.nodes <= early.nodes + 50 && late.jsEventListeners <= early.jsEventListeners + 20,
    `after six more maps: ${JSON.stringify(early)} became ${JSON.stringify(late)}`);
  claim((await page.locator('.map-room canvas').count()) === 1, 'more than one map stands on the page');
}

export async function aNewPlanChangesTheMapInPlace(t) {
  const page = await t.signIn('system_admin');
  await page.goto('/territory');
  await drawn(page);
  const before = await page.locator('.map-box').screenshot();
  await page.evaluate(() => {
    const box = document.querySelector('.map-box');
    box.querySelector('canvas').dataset.same = '1';
    const plan = JSON.parse(box.dataset.map);
    const [west, south, east, north] = plan.bounds;
    const places = { 990101000000: { class: 5, text: 'A 90 %' }, 990102000000: { text: 'B' } };
    plan.shading = { set: 'divisions', colours: 'seq', places };
    plan.points = [0, 1, 2, 3].map((i) => ({ lon: west + (east - west) * (0.3 + 0.15 * i), lat: (south + north) / 2, n: i === 3 ? 12 : 1,
      light: ['late', 'soon', 'in-time', 'parked'][i], text: `point ${i}`, href: '/cases/x' }));
    box.dataset.map = JSON.stringify(plan);
  });
  await page.waitForTimeout(500);
  await drawn(page);
  claim(!before.equals(await page.locator('.map-box').screenshot()), 'the map did not change');
  claim((await page.locator('.map-room canvas[data-same]').count()) === 1, 'the map was made anew');
  await t.shoot(page, `map with shades and points ${t.engine}`);
}

export async function theCityMapShowsRatesWithTheirNumbersAndTheListTheSame(t) {
  for (const how of [{ viewport: 'wall' }, { viewport: 'phone', theme: 'dark', lang: 'en' }]) {
    const page = await t.signIn('leader', how);
    for (const query of ['?by=community&show=on-time', '?by=street']) {
      await page.goto(`/city-map${query}`);
      // The figures are made while the program serves.
      for (let i = 0; i < 60 && (await page.locator('.map-box').count()) === 0; i += 1) {
        await page.waitForTimeout(1000);
        await page.reload();
      }
      await drawn(page);
      claim((await page.locator('.map-legend li').count()) > 3, 'no legend tells what the colours mean');
      claim((await page.locator('[data-part=list] tbody tr').count()) > 5, 'no list stands beside the map');
      await t.axe(page);
      const wider = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
      claim(!wider, `${page.url()} is wider than the screen`);
      await t.shoot(page, `city map ${how.viewport} ${query} ${t.engine}`);
    }
    // A press on a circle tells what it stands for, or opens it.
    const plan = await page.evaluate(() => JSON.parse(document.querySelector('.map-box').dataset.map));
    const cases = plan.tiles.find(({ set }) => set === 'cases');
    claim(cases !== undefined, 'no circles of cases stand on the map');
    // The circles are made by the server, at every zoom.
    for (const zoom of [8, 12, 15]) {
      const [west, south, east, north] = plan.bounds;
      const side = 2 ** zoom;
      const across = (lon) => Math.floor(((lon + 180) / 360) * side);
      const down = (lat) => Math.floor(((1 - Math.asinh(Math.tan((lat * Math.PI) / 180)) / Math.PI) / 2) * side);
      let bytes = 0;
      for (let x = across(west); x <= across(east); x += 1) {
        for (let y = down(north); y <= down(south); y += 1) {
          const answer = await page.request.get(cases.url.replace('{z}', zoom).replace('{x}', x).replace('{y}', y));
          claim(answer.ok(), `${answer.url()}: ${answer.status()}`);
          bytes += (await answer.body()).length;
        }
      }
      claim(bytes > 100, `at zoom ${zoom} no circle is drawn`);
    }
    await page.context().close();
  }
}

export async function everyWayToAskTheCityMapIsAnswered(t) {
  const page = await t.signIn('leader');
  await page.goto('/city-map');
  for (let i = 0; i < 60 && (await page.locator('.map-box').count()) === 0; i += 1) {
    await page.waitForTimeout(1000);
    await page.reload();
  }
  const values = (name) => page.locator(`select[name=${name}] option`).evaluateAll((all) => all.map((o) => o.value).filter(Boolean));
  const [levels, shown, classes, states] = [await values('by'), await values('show'), await values('class'), await values('state')];
  const lights = await values('light');
  claim(levels.length === 4 && shown.length === 3 && classes.length > 5 && states.length > 5, 'there is little to choose');
  claim(lights.length === 3, 'a light cannot be chosen');
  let some = 0;
  const narrows = ['', `&class=${classes[0]}`, '&state=handling', `&class=${classes[1]}&state=pending_dispatch`];
  const lit = lights.flatMap((light) => ['', `&class=${classes[0]}`, '&state=handling', `&class=${classes[0]}&state=pending_accept`]
    .map((narrow) => `${narrow}&light=${light}`));
  for (const by of levels) {
    for (const narrow of [...narrows, ...lit]) {
      for (const show of narrow ? shown.slice(0, 1) : shown) {
        const answer = await page.request.get(`/city-map?by=${by}&show=${show}${narrow}`);
        claim(answer.ok(), `by ${by}, ${show}${narrow}: ${answer.status()}`);
        if (/<tbody>\s*<tr>/.test(await answer.text())) some += 1;
      }
    }
  }
  claim(some > 10, `only ${some} ways show a place`);
  // Together the lights are all open cases, place by place, and the list behind a place has as many as the map says.
  const told = async (light) => {
    await page.goto(`/city-map?by=community&light=${light}`);
    claim((await page.locator('select[name=light]').inputValue()) === light, 'the form forgets the light');
    return page.locator('[data-part=list] tbody tr').evaluateAll((rows) => Object.fromEntries(rows.map((row) => {
      const [open, lit] = [...row.querySelectorAll('td.num')].map((cell) => cell.textContent);
      const [, of, all] = lit.replaceAll(',', '').match(/(\d+) ?\/ ?(\d+)/) ?? [];
      return [row.querySelector('th a').getAttribute('href').replace(/&light=.*/, ''), [Number(open.replaceAll(',', '')), Number(of), Number(all)]];
    })));
  };
  // A clock may turn between two looks: then they are taken again.
  const looks = async () => {
    const [late, soon, inTime] = [await told('late'), await told('soon'), await told('in_time')];
    const places = Object.entries(late);
    claim(places.length > 3, `only ${places.length} communities have open cases`);
    const off = places.filter(([href, [open, n, all]]) => n + soon[href]?.[1] + inTime[href]?.[1] !== open || all !== open);
    const [href, [, n]] = places.filter(([, [, n]]) => n < 30).sort((a, b) => b[1][1] - a[1][1])[0];
    await page.goto(`${href}&light=late`);
    const listed = await page.locator('tbody[data-walk] tr').count();
    return [...off.map(([href]) => `${href}: the lights are not all that is open`), ...(listed === n ? [] : [`${href}: ${n} late on the map, ${listed} listed`])];
  };
  let wrong = await looks();
  for (let i = 0; i < 2 && wrong.length > 0; i += 1) wrong = await looks();
  claim(wrong.length === 0, wrong.join('; '));
  await t.axe(page);
  await t.shoot(page, `desk of a place ${t.engine}`);
  await page.goto('/city-map?by=grid&light=in_time');
  await drawn(page);
  await t.shoot(page, `city map by light ${t.engine}`);
  // A press on a shade tells what it is and leads to the list of its open cases.
  await page.goto('/city-map?by=street');
  await drawn(page);
  const box = await page.locator('.map-room canvas').boundingBox();
  const link = page.locator('.map-told a');
  for (let i = 1; i < 40 && (await link.count()) === 0; i += 1) {
    await page.mouse.click(box.x + (box.width * ((i * 7) % 40)) / 40, box.y + (box.height * i) / 40);
    await page.waitForTimeout(100);
  }
  claim(/^\/desk\?state=open&place=\d{9}/.test(await link.getAttribute('href')), 'a press on the map leads nowhere');
  await link.click();
  await page.locator('#desk').waitFor();
  claim((await page.locator('input[type=hidden][name=place]').count()) === 1, 'the desk does not know the place');
  await page.goto('/city-map?by=grid&state=handling');
  await drawn(page);
  await t.axe(page);
  await t.shoot(page, `city map by unit grid ${t.engine}`);
}

export async function theWallRenewsItsNumbersAndKeepsItsMap(t) {
  const page = await t.signIn('leader', { viewport: 'wall' });
  // As often as a wall may, so that the test need not wait a minute.
  await page.route('**/city-map?*', async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, body: (await answer.text()).replace('data-renew="60"', 'data-renew="10"') });
  });
  await page.goto('/city-map?by=street&wall=1');
  await drawn(page);
  await page.evaluate(() => {
    document.querySelector('.map-room canvas').dataset.same = '1';
    document.querySelector('[data-part=list]').dataset.old = '1';
  });
  await page.locator('[data-part=list]:not([data-old])').waitFor({ timeout: 30_000 });
  await drawn(page);
  claim((await page.locator('.map-room canvas[data-same]').count()) === 1, 'the map was made anew');
  claim((await page.locator('[data-part=list] tbody tr').count()) > 5, 'the list is gone');
}
