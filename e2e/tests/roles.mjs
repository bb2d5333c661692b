// Every role of the sample city finds its page: signed in by the form, readable in both languages and
// themes, on a desk and on a phone, without a breach of WCAG 2.1 AA.

export const options = { seconds: 240 };

export async function everyRoleFindsItsPage(t) {
  for (const { role, home } of t.accounts) {
    const page = await t.signIn(role);
    const found = new URL(page.url()).pathname;
    if (found !== home) throw new Error(`${role} stands on ${found} instead of ${home}`);
    if ((await page.locator('h1').count()) !== 1) throw new Error(`${home} has ${await page.locator('h1').count()} first headings`);
    await t.axe(page);
    await page.context().close();
  }
}

export async function everyPageIsAccessibleInTheDarkOnAPhoneInEnglish(t) {
  for (const { role } of t.accounts) {
    const page = await t.signIn(role, { viewport: 'phone', theme: 'dark', lang: 'en' });
    await t.axe(page);
    const wider = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
    if (wider) throw new Error(`the page of the ${role} is wider than a phone`);
    // The bar of staff takes two lines: tools, and the menu. Residents have their name below.
    const bar = await page.locator('.topbar').evaluate((bar) => bar.getBoundingClientRect().height);
    if (bar > 104) throw new Error(`the bar of the ${role} is ${bar} pixels high on a phone`);
    await page.context().close();
  }
}

export async function signingInWorksWithoutScript(t) {
  for (const { role } of t.accounts) {
    const page = await t.signIn(role, { script: false });
    if ((await page.locator('h1').count()) !== 1) throw new Error(`the page of the ${role} has no heading without script`);
    await page.context().close();
  }
}

export async function aWrongPasswordIsRefusedWithASentence(t) {
  t.allowErrors(/status of 4\d\d/); // the browser reports the refusal in its console
  const page = await t.open('/sign-in');
  await page.fill('input[name=login]', t.accounts[0].login);
  await page.fill('input[name=password]', 'certainly-not-this-one');
  await page.locator('form:has(input[name=password]) [type=submit]').first().click();
  await page.waitForLoadState('load');
  if (!page.url().includes('/sign-in')) throw new Error(`led to ${page.url()}`);
  if ((await page.locator('[role=alert]').count()) === 0) throw new Error('nothing tells why');
}
