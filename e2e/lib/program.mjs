// The program under test: sample city made, served on a free port in a temporary folder, stopped.

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

/** The sample city has 20,000 cases; on a busy machine that takes a while. */
const INIT_MS = 10 * 60_000;
const START_MS = 60_000;
const STOP_MS = 20_000;
/** All tests report from one address, some hundred times an hour; the bound itself has its own tests. */
const ENV = { ...process.env, SHIYU_REPORTS_PER_HOUR: '100000', SHIYU_REPORTS_AT_ONCE: '1000' };

/**
 * A target for the runner: the program on one engine.
 * @param {string} name      `sqlite` or `postgres`
 * @param {string} binary    the program
 * @param {string} out       where its log goes
 * @param {string} [db]      the database; default: the program's own in its folder
 */
export function program(name, binary, out, db) {
  return { name, start: () => start(name, binary, out, db) };
}

async function start(name, binary, out, db) {
  const folder = await mkdtemp(path.join(os.tmpdir(), `shiyu-e2e-${name}-`));
  const database = db ? ['--db', db] : [];
  const clean = () => rm(folder, { recursive: true, force: true });
  try {
    await promisify(execFile)(binary, ['init', '--sample', ...database], { cwd: folder, timeout: INIT_MS, maxBuffer: 64 << 20 });
    const accounts = await readAccounts(folder);
    const port = await freePort();
    const log = await logFile(out, name);
    const child = spawn(binary, ['serve', '--addr', `127.0.0.1:${port}`, ...database], { cwd: folder, env: ENV, stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.pipe(log, { end: false });
    child.stderr.pipe(log, { end: false });
    const ended = once(child, 'exit').then(([code, signal]) => ({ code, signal }));
    const url = `http://127.0.0.1:${port}`;
    try {
      await healthy(url, ended);
    } catch (error) {
      child.kill('SIGKILL');
      throw new Error(`${error.message}; its log: ${log.path}`);
    }
    return { url, accounts, stop: () => stop(child, ended).finally(clean) };
  } catch (error) {
    await clean();
    throw error;
  }
}

async function readAccounts(folder) {
  const places = [path.join(folder, 'shiyu-data', 'demo-accounts.json'), path.join(folder, 'demo-accounts.json')];
  for (const place of places) {
    const text = await readFile(place, 'utf8').catch(() => null);
    if (text !== null) return JSON.parse(text).accounts;
  }
  throw new Error(`the program left no demo-accounts.json in ${folder}`);
}

async function logFile(out, name) {
  await mkdir(out, { recursive: true });
  return createWriteStream(path.join(out, `program-${name}.log`));
}

async function healthy(url, ended) {
  const gone = ended.then(({ code, signal }) => { throw new Error(`the program ended with ${code ?? signal} before it answered`); });
  const answers = async () => {
    const end = Date.now() + START_MS;
    while (Date.now() < end) {
      const ok = await fetch(`${url}/healthz`).then((answer) => answer.ok, () => false);
      if (ok) return;
      await sleep(50);
    }
    throw new Error(`the program did not answer within ${START_MS / 1000} s`);
  };
  gone.catch(() => {});
  await Promise.race([answers(), gone]);
}

async function stop(child, ended) {
  child.kill('SIGTERM');
  const late = sleep(STOP_MS, null, { ref: false });
  const end = await Promise.race([ended, late]);
  if (end === null) {
    child.kill('SIGKILL');
    throw new Error(`the program did not stop within ${STOP_MS / 1000} s`);
  }
  if (end.code !== 0) throw new Error(`the program ended with ${end.code ?? end.signal} when asked to stop`);
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}
