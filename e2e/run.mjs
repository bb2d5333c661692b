// node e2e/run.mjs [TEXT]: the browser tests whose "file › name" holds TEXT, or all.
//
//   SHIYU_BINARY         the program under test          (default: target/debug/shiyu)
//   SHIYU_CHROMIUM       the browser                     (default: /usr/bin/chromium)
//   SHIYU_E2E_POSTGRES   an empty database; without it the tests run on SQLite alone
//
// The last line is `N passed, N failed, N skipped`; exit code 1 when a test failed or none ran.

import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { program } from './lib/program.mjs';
import { closingLine, run } from './lib/runner.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const binary = path.resolve(process.env.SHIYU_BINARY ?? path.join(here, '../target/debug/shiyu'));
const chromium = process.env.SHIYU_CHROMIUM ?? '/usr/bin/chromium';
for (const [what, file] of [['program', binary], ['browser', chromium]]) {
  if (!existsSync(file)) {
    console.error(`no ${what} at ${file}`);
    console.log(closingLine({ passed: 0, failed: 1, skipped: 0 }));
    process.exit(1);
  }
}

const out = path.join(here, 'out');
const targets = [program('sqlite', binary, out)];
if (process.env.SHIYU_E2E_POSTGRES) targets.push(program('postgres', binary, out, process.env.SHIYU_E2E_POSTGRES));
const counts = await run({ tests: path.join(here, 'tests'), targets, chromium, out, filter: process.argv[2] });
console.log(closingLine(counts));
process.exit(counts.failed > 0 || counts.passed === 0 ? 1 : 0);
