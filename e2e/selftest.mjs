// Proves that the runner fails what has to fail: a little site of its own, and tests that are known to
// pass, to fail, to hang, to ask another host, to break accessibility. Needs the browser, not the program.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { closingLine, run } from './lib/runner.mjs';

const chromium = process.env.SHIYU_CHROMIUM ?? '/usr/bin/chromium';

const page = (body) => `<!doctype html><html lang="zh-CN"><head><title>试</title><link rel="icon" href="data:,"></head><body><main><h1>试</h1>${body}</main></body></html>`;
const FORM = '<form method="post"><label>名 <input name="login"></label> <label>密 <input name="password" type="password"></label> <button type="submit">登录</button></form>';
const PAGES = {
  '/': page('<p>好</p>'),
  '/sign-in': page(FORM),
  '/foreign': page('<img alt="" src="http://elsewhere.invalid/x.png">'),
  '/script-error': page('<script>throw new Error("broken script")</script>'),
  '/inaccessible': page('<img src="data:,"><input>'),
};

async function site() {
  const server = createServer((request, response) => {
    if (request.method === 'POST') return response.writeHead(303, { location: '/desk', 'set-cookie': 'who=1' }).end();
    if (request.url === '/desk') {
      const signedIn = request.headers.cookie?.includes('who=1');
      return response.writeHead(signedIn ? 200 : 403, { 'content-type': 'text/html; charset=utf-8' }).end(page(signedIn ? '<p>你的桌子</p>' : ''));
    }
    const lang = request.headers['accept-language'] ?? '';
    const body = request.url === '/lang' ? page(`<p>${lang}</p>`) : PAGES[request.url];
    response.writeHead(body ? 200 : 500, { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': 'img-src * data:' }).end(body ?? page('500'));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accounts = [{ role: 'shift_leader', name: '班', login: 'l', password: 'p', home: '/desk' }];
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    accounts,
    stop: async () => { server.closeAllConnections(); server.close(); },
  };
}

/** Each test with what must become of it, and a text its failure must hold. */
const TESTS = {
  passes: ['ok', '', `async (t) => { const p = await t.open('/'); if (await p.textContent('h1') !== '试') throw new Error('no heading'); await t.axe(p); }`],
  signsIn: ['ok', '', `async (t) => { const p = await t.signIn('shift leader'); if (!(await p.textContent('main')).includes('你的桌子')) throw new Error('not mine'); }`],
  speaksEnglish: ['ok', '', `async (t) => { const p = await t.open('/lang', { lang: 'en' }); if (!(await p.textContent('p')).startsWith('en')) throw new Error('not English'); }`],
  takesAPicture: ['ok', '', `async (t) => { await t.picture('home', { viewport: 'phone', theme: 'dark' }); }`],
  allowsWhatItSays: ['ok', '', `async (t) => { t.allowErrors(/broken script/); await t.open('/script-error'); }`],
  throws: ['FAILED', 'on purpose', `async (t) => { await t.open('/'); throw new Error('on purpose'); }`],
  asksAnotherHost: ['FAILED', 'elsewhere.invalid', `async (t) => { await t.open('/foreign'); }`],
  hasAnErrorInItsScript: ['FAILED', 'broken script', `async (t) => { await t.open('/script-error'); }`],
  meetsAServerError: ['FAILED', 'answer 500', `async (t) => { await t.open('/absent'); }`],
  isNotAccessible: ['FAILED', 'image-alt', `async (t) => { await t.axe(await t.open('/inaccessible')); }`],
  wantsAnUnknownRole: ['FAILED', 'mayor', `async (t) => { await t.signIn('mayor'); }`],
  hangs: ['FAILED', 'not done after 3 s', `async () => new Promise(() => {})`],
};

const folder = await mkdtemp(path.join(os.tmpdir(), 'shiyu-selftest-'));
const out = path.join(folder, 'out');
let passed = 0;
let failed = 0;

async function claim(name, check) {
  try {
    await check();
    passed += 1;
    console.log(`ok      ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED  ${name}\n${error.stack}`);
  }
}

try {
  const tests = path.join(folder, 'tests');
  await mkdir(tests);
  const text = Object.entries(TESTS).map(([name, [, , body]]) => `export const ${name} = ${body};`).join('\n');
  await writeFile(path.join(tests, 'all.mjs'), `export const options = { seconds: 3 };\n${text}\n`);
  await writeFile(path.join(tests, 'broken.mjs'), 'export const x = ;');
  await writeFile(path.join(tests, 'empty.mjs'), 'export const nothing = 1;');
  await writeFile(path.join(tests, 'elsewhere.mjs'), `export const options = { engines: ['other'] };\nexport const only = async () => {};`);

  const lines = [];
  const counts = await run({ tests, targets: [{ name: 'site', start: site }], chromium, out, log: (line) => lines.push(line) });
  for (const [name, [mark, reason]] of Object.entries(TESTS)) {
    await claim(`${name}: ${mark === 'ok' ? 'passes' : 'is seen to fail'}`, () => {
      const at = lines.findIndex((line) => line.includes(`all › ${name}`));
      assert.ok(lines[at]?.startsWith(mark));
      assert.ok((lines[at + 1] ?? '').includes(reason), lines[at + 1]);
    });
  }
  if (failed > 0) console.log(`what the runner said:\n${lines.join('\n')}`);
  await claim('a file that cannot be read or has no test fails', () => {
    assert.ok(lines.some((line) => /^FAILED .*broken › /.test(line)));
    assert.ok(lines.some((line) => /^FAILED .*empty › /.test(line)));
  });
  await claim('a test for another engine is skipped by name', () => {
    assert.ok(lines.some((line) => /^skipped .*elsewhere › only/.test(line)));
  });
  await claim('the counts are those of the lines', () => {
    const expected = { passed: 5, failed: Object.keys(TESTS).length - 5 + 2, skipped: 1 };
    assert.deepEqual(counts, expected);
    assert.equal(closingLine(counts), `5 passed, ${expected.failed} failed, 1 skipped`);
  });
  await claim('a picture is kept of what was asked for and of what failed', async () => {
    const pictures = await readdir(out);
    assert.ok(existsSync(path.join(out, 'home-phone-dark-zh-CN.png')), pictures.join(', '));
    assert.ok(pictures.some((name) => name.includes('throws')), pictures.join(', '));
  });

  const refused = await run({
    tests, chromium, out, filter: 'all › passes', log: () => {},
    targets: [{ name: 'site', start: async () => { throw new Error('no such program'); } }],
  });
  await claim('a program that does not start fails every test', () => assert.deepEqual(refused, { passed: 0, failed: 1, skipped: 0 }));

  const stuck = await run({
    tests, chromium, out, filter: 'all › passes', log: () => {},
    targets: [{ name: 'site', start: async () => ({ ...(await site()), stop: async () => { throw new Error('does not stop'); } }) }],
  });
  await claim('a program that does not stop is a failure', () => assert.deepEqual(stuck, { passed: 1, failed: 1, skipped: 0 }));
} finally {
  await rm(folder, { recursive: true, force: true });
}
console.log(closingLine({ passed, failed, skipped: 0 }));
process.exit(failed > 0 || passed === 0 ? 1 : 0);
