// What a test is given: people with browsers, pictures, and the checks that hold on every page.

import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import axe from 'axe-core';

/** Screens by name. */
export const VIEWPORTS = {
  small: { width: 320, height: 640, phone: true },
  phone: { width: 390, height: 844, phone: true },
  desk: { width: 1440, height: 900 },
  wall: { width: 1920, height: 1080 },
  wide: { width: 3840, height: 2160 },
};

/** WCAG 2.1, levels A and AA, as axe tags its rules. */
const WCAG = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'];

export class Stage {
  #browser;
  #out;
  #contexts = [];
  #complaints = [];
  #allowed = [];

  constructor({ browser, url, accounts, engine, out }) {
    this.#browser = browser;
    this.#out = out;
    /** Where the program listens, without a slash at the end. */
    this.url = url;
    /** The accounts of the sample city: role, name, login, password, home. */
    this.accounts = accounts;
    /** `sqlite` or `postgres`. */
    this.engine = engine;
  }

  /**
   * A new person's page at `at`, in a browser without memory.
   * @param {string} at                    path on the program
   * @param {object} [how]
   * @param {keyof VIEWPORTS} [how.viewport]
   * @param {'light'|'dark'} [how.theme]
   * @param {'zh-CN'|'en'} [how.lang]
   * @param {boolean} [how.script]         false: scripts are switched off
   */
  async open(at = '/', { viewport = 'desk', theme = 'light', lang = 'zh-CN', script = true } = {}) {
    const { width, height, phone = false } = known(VIEWPORTS, viewport, 'viewport');
    const context = await this.#browser.newContext({
      baseURL: this.url, viewport: { width, height }, locale: lang, colorScheme: theme, javaScriptEnabled: script,
      timezoneId: 'Asia/Shanghai', hasTouch: phone, isMobile: phone, deviceScaleFactor: phone ? 2 : 1,
    });
    this.#contexts.push(context);
    this.#watch(context);
    const page = await context.newPage();
    await page.goto(at);
    return page;
  }

  /** A new person who signs in as the sample city's account of that role and stands on its page. */
  async signIn(role, how = {}) {
    const account = this.account(role);
    const page = await this.open('/sign-in', how);
    await page.fill('input[name=login]', account.login);
    await page.fill('input[name=password]', account.password);
    await Promise.all([page.waitForLoadState('load'), page.locator('form:has(input[name=password]) [type=submit]').first().click()]);
    await page.waitForURL((url) => url.pathname !== '/sign-in', { timeout: 15_000 });
    if (new URL(page.url()).pathname !== account.home) await page.goto(account.home);
    return page;
  }

  /** The account of a role; `shift leader`, `shift_leader` and `shift-leader` are one. */
  account(role) {
    const words = (text) => text.toLowerCase().replace(/[_-]/g, ' ');
    const found = this.accounts.find((account) => words(account.role) === words(role));
    if (!found) throw new Error(`the sample city has no account for the role "${role}"`);
    return found;
  }

  /**
   * A picture of a page as a person of that role sees it, in the folder for pictures.
   * @returns {Promise<string>} its file
   */
  async picture(name, { path: at = '/', role, viewport = 'desk', theme = 'light', lang = 'zh-CN', fullPage = false } = {}) {
    const page = role ? await this.signIn(role, { viewport, theme, lang }) : await this.open(at, { viewport, theme, lang });
    if (role && at !== '/') await page.goto(at);
    await page.waitForLoadState('networkidle');
    const file = await this.shoot(page, `${name}-${viewport}-${theme}-${lang}`, fullPage);
    await page.context().close();
    return file;
  }

  /** A picture of a page as it stands. */
  async shoot(page, name, fullPage = false) {
    const file = path.join(this.#out, `${name.replace(/[^\p{L}\p{N}]+/gu, '-')}.png`);
    await mkdir(this.#out, { recursive: true });
    await page.screenshot({ path: file, fullPage, animations: 'disabled' });
    return file;
  }

  /** Pictures of every open page, for a failure. A page that cannot be shot any more is left out. */
  async shootAll(name) {
    const pages = this.#contexts.flatMap((context) => context.pages());
    const shots = await Promise.allSettled(pages.map((page, index) => this.shoot(page, `${name} ${index + 1}`)));
    return shots.filter(({ status }) => status === 'fulfilled').map(({ value }) => value);
  }

  /**
   * Fails when the page breaks a rule of WCAG 2.1 AA that a machine can check; `except` names rules of axe, and with `best`
   * what axe counts as good practice is checked as well: the order of headings, landmarks around everything.
   */
  async axe(page, { except = [], best = false } = {}) {
    // Evaluated, not inserted as a script: the page's content security policy stays as it is.
    await page.evaluate(axe.source);
    const rules = Object.fromEntries(except.map((rule) => [rule, { enabled: false }]));
    const { violations } = await page.evaluate(
      ([values, rules]) => globalThis.axe.run(document, { runOnly: { type: 'tag', values }, rules }), [best ? [...WCAG, 'best-practice'] : WCAG, rules]);
    if (violations.length === 0) return;
    const told = violations.map(({ id, help, nodes }) => `${id}: ${help}\n` + nodes.slice(0, 5).map(({ html }) => `    ${html.slice(0, 200)}`).join('\n'));
    throw new Error(`${new URL(page.url()).pathname} is not accessible:\n${told.join('\n')}`);
  }

  /** Says that errors matching `pattern` belong to this test (a page it expects to be refused, say). */
  allowErrors(pattern) {
    this.#allowed.push(pattern);
  }

  /** Fails when a page asked another host for something, or had an error. */
  checkStanding() {
    const told = this.#complaints.filter((complaint) => !this.#allowed.some((pattern) => pattern.test(complaint)));
    if (told.length > 0) throw new Error(`what no page may do:\n${[...new Set(told)].join('\n')}`);
  }

  async close() {
    await Promise.allSettled(this.#contexts.map((context) => context.close()));
  }

  #watch(context) {
    const { host } = new URL(this.url);
    context.on('request', (request) => {
      const url = new URL(request.url());
      if (/^(https?|wss?):$/.test(url.protocol) && url.host !== host) this.#complaints.push(`request to another host: ${url.href}`);
    });
    context.on('response', (response) => {
      if (response.status() >= 500) this.#complaints.push(`answer ${response.status()}: ${response.url()}`);
    });
    context.on('weberror', (error) => this.#complaints.push(`error in the page: ${error.error().message}`));
    context.on('console', (message) => {
      if (message.type() === 'error') this.#complaints.push(`error in the console: ${message.text()} (${message.location().url})`);
    });
  }
}

function known(table, key, what) {
  if (!Object.hasOwn(table, key)) throw new Error(`no ${what} "${key}": it is one of ${Object.keys(table).join(', ')}`);
  return table[key];
}
