// Finds the tests, starts each target, runs every test in a browser of its own, and counts.
//
// A test is an exported async function of a file in the tests folder; its name is the claim. It gets a
// Stage (stage.mjs). A file may export `options = { engines: ['sqlite'], seconds: 120 }`.
//
// What every test claims besides: no request to another host, no error in the page or its console.

import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { Stage } from './stage.mjs';

/** How long one test may take unless its file says otherwise. */
const SECONDS = 60;

/** Without these the browser looks for its maker's hosts; the last keeps every name but ours unresolved. */
const BROWSER_ARGS = [
  '--disable-gpu', '--enable-unsafe-swiftshader', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost',
];

/**
 * Runs all tests on all targets.
 * @param {object} run
 * @param {string} run.tests        the folder with the tests
 * @param {{name: string, start: () => Promise<{url: string, accounts: object[], stop: () => Promise<void>}>}[]} run.targets
 * @param {string} run.chromium     the browser's program
 * @param {string} run.out          the folder for pictures
 * @param {string} [run.filter]     only tests with this text in "file › name"
 * @param {(line: string) => void} [run.log]
 * @returns {Promise<{passed: number, failed: number, skipped: number}>}
 */
export async function run({ tests, targets, chromium: executablePath, out, filter = '', log = console.log }) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const files = await discover(tests);
  const browser = await chromium.launch({ executablePath, args: BROWSER_ARGS });
  try {
    for (const target of targets) await runOn(target, files);
  } finally {
    await browser.close();
  }
  return counts;

  async function runOn(target, files) {
    const chosen = files.flatMap((file) => file.tests.map((test) => ({ ...test, file, title: `${file.name} › ${test.name}` })))
      .filter(({ title }) => title.includes(filter));
    if (chosen.length === 0) return;
    let running;
    try {
      running = await target.start();
    } catch (error) {
      log(`cannot start on ${target.name}: ${error.message}`);
      for (const { title } of chosen) end('failed', title, 0, 'the program did not start');
      return;
    }
    try {
      for (const test of chosen) await runTest(test, running);
    } finally {
      try {
        await running.stop();
      } catch (error) {
        end('failed', 'the program stops when asked to', 0, error.message);
      }
    }

    async function runTest({ title, body, file }, { url, accounts }) {
      if (file.options.engines && !file.options.engines.includes(target.name)) {
        return end('skipped', title, 0, `only on ${file.options.engines.join(', ')}`);
      }
      const begin = performance.now();
      const seconds = file.options.seconds ?? SECONDS;
      const stage = new Stage({ browser, url, accounts, engine: target.name, out });
      try {
        await within(seconds, body(stage));
        stage.checkStanding();
        end('passed', title, performance.now() - begin);
      } catch (error) {
        end('failed', title, performance.now() - begin, told(error));
        for (const picture of await stage.shootAll(`failed ${target.name} ${title}`)) log(`    picture: ${picture}`);
      } finally {
        await stage.close();
      }
    }

    function end(how, title, milliseconds, reason) {
      counts[how] += 1;
      const mark = { passed: 'ok     ', failed: 'FAILED ', skipped: 'skipped' }[how];
      log(`${mark} ${target.name} › ${title}${milliseconds ? ` (${(milliseconds / 1000).toFixed(1)} s)` : ''}`);
      if (reason) log(reason.split('\n').map((line) => `    ${line}`).join('\n'));
    }
  }
}

/** The error with the places in our own files. */
function told(error) {
  return (error.stack ?? String(error)).split('\n').filter((line) => !/^ +at .*(node:|node_modules)/.test(line)).join('\n');
}

/** The closing line, as every runner of this project prints it. */
export function closingLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

/** Every file with its tests, in the order of their names. A file that cannot be read is one failing test. */
async function discover(folder) {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.mjs')).sort();
  return Promise.all(names.map(async (name) => {
    const file = { name: path.basename(name, '.mjs'), options: {}, tests: [] };
    try {
      const module = await import(pathToFileURL(path.join(folder, name)).href);
      file.options = module.options ?? {};
      file.tests = Object.entries(module).filter(([, value]) => typeof value === 'function').map(([name, body]) => ({ name, body }));
      if (file.tests.length === 0) throw new Error('this file exports no test');
    } catch (error) {
      file.tests = [{ name: '(reading the file)', body: async () => { throw error; } }];
    }
    return file;
  }));
}

function within(seconds, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done after ${seconds} s`)), seconds * 1000);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
