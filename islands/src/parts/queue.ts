// What was done without a network and waits to be sent: kept in the browser's database with its photos until the program
// has taken it. Each thing carries a key made when it was done, so that the program does it once however often it is sent.
import { type DBSchema, type IDBPDatabase, openDB } from 'idb';

export interface Photo {
  /** `attachments` or `after`. */
  field: string;
  blob: Blob;
  name: string;
  /** The program's id of the upload, once it was taken. */
  id?: string;
}

export interface Item {
  seq?: number;
  /** The idempotency key. */
  key: string;
  /** Whose it is: an account id. */
  account: string;
  /** When it was done, RFC 3339. */
  done: string;
  /** What people call it. */
  title: string;
  /** The case, for an act; a report has none. */
  number?: string;
  version?: number;
  /** The act, or the report, without its photos. */
  body: Record<string, unknown>;
  photos: Photo[];
  /** Why the program refused it; a person decides what becomes of it. */
  refused?: string;
  /** What went wrong in the program, which may go well the next time. */
  failed?: string;
  /** There was a network when it was done: sent at once, it has no other time than that of its record. */
  isOnline?: boolean;
  /** The page sent it before and got no answer: it may have arrived, under the same key. */
  isTried?: boolean;
  /** Somebody looked at why it was refused and sends it again: it holds for the case as it is now. */
  isAgain?: boolean;
}

interface Schema extends DBSchema {
  queue: { key: number; value: Item };
}

let opened: Promise<IDBPDatabase<Schema>> | undefined;

function database(): Promise<IDBPDatabase<Schema>> {
  opened ??= openDB<Schema>('field', 1, {
    upgrade(db) {
      db.createObjectStore('queue', { keyPath: 'seq', autoIncrement: true });
    },
  });
  return opened;
}

export async function keep(item: Item): Promise<void> {
  await (await database()).put('queue', item);
}

export async function all(account: string): Promise<Item[]> {
  return (await (await database()).getAll('queue')).filter((item) => item.account === account);
}

/** How many things of other accounts wait on this device. */
export async function ofOthers(account: string): Promise<number> {
  return (await (await database()).getAll('queue')).filter((item) => item.account !== account).length;
}

export async function drop(seq: number): Promise<void> {
  await (await database()).delete('queue', seq);
}

/** What sending came to: `sent`; `failed` = the program could not take this one now; `later` = no network or no room, nothing
 * goes; `sign-in` = somebody must sign in. */
export type Outcome = 'sent' | 'refused' | 'failed' | 'later' | 'sign-in';

export interface Sender {
  token(): string;
  /** Asks the program for a fresh token; false = not signed in. */
  renew(): Promise<boolean>;
}

/** So often a sending is asked for again whose first attempt is still at work: it was cut off on the way back. */
const MOST_WAITS = 10;

/** Whether the same thing is being taken just now. */
async function isUnderWay(answer: Response): Promise<boolean> {
  return answer.status === 409 && (await answer.clone().text()).includes('access.key_running');
}

async function post(address: string, key: string, body: BodyInit, sender: Sender, type?: string): Promise<Response | 'later' | 'sign-in'> {
  let waits = 0;
  for (let tries = 0; tries < 2; tries += 1) {
    let answer: Response;
    try {
      const headers: Record<string, string> = { accept: 'application/json', 'x-csrf-token': sender.token(), 'idempotency-key': key };
      if (type) headers['content-type'] = type;
      answer = await fetch(address, { method: 'POST', headers, body });
    } catch {
      return 'later';
    }
    if (answer.status === 429) return 'later';
    if (waits < MOST_WAITS && await isUnderWay(answer)) {
      waits += 1;
      tries -= 1;
      await new Promise((resolve) => setTimeout(resolve, 1000));
      continue;
    }
    const isForeign = answer.status === 401 || (answer.status === 403 && (await answer.clone().text()).includes('access.csrf'));
    if (!isForeign) return answer;
    try {
      if (!(await sender.renew())) return 'sign-in';
    } catch {
      return 'later';
    }
  }
  return 'sign-in';
}

async function why(answer: Response): Promise<string> {
  try {
    const problem = await answer.json() as { title?: string; detail?: string };
    return problem.title ?? problem.detail ?? String(answer.status);
  } catch {
    return String(answer.status);
  }
}

/** Sends one thing: its photos first, then itself. `versions` knows how far the cases of this queue have come. */
export async function send(item: Item, sender: Sender, versions: Map<string, number>): Promise<Outcome> {
  for (const [i, photo] of item.photos.entries()) {
    if (photo.id) continue;
    const form = new FormData();
    form.append('file', photo.blob, photo.name);
    const answer = await post('/api/v1/attachments', `${item.key}-${i}`, form, sender);
    if (typeof answer === 'string') return answer;
    if (!answer.ok) return notTaken(item, answer);
    photo.id = (await answer.json() as { id: string }).id;
    await keep(item);
  }
  const ids = (field: string): string[] => item.photos.filter((p) => p.field === field).map((p) => p.id ?? '');
  const body = { ...item.body };
  for (const field of ['attachments', 'after']) if (ids(field).length > 0) body[field] = ids(field);
  const known = item.number && !item.isAgain ? versions.get(item.number) ?? item.version : undefined;
  const [address, content] = item.number
    ? [`/api/v1/cases/${item.number}/acts`, { expected_version: known, done_at: item.done, online: item.isOnline === true, acts: [body] }]
    : ['/api/v1/cases', { ...body, reported_at: item.done }];
  const answer = await post(address, item.key, JSON.stringify(content), sender, 'application/json');
  if (typeof answer === 'string') return answer;
  if (!answer.ok) return notTaken(item, answer);
  const taken = await answer.json() as { version?: number };
  if (item.number && taken.version !== undefined) {
    versions.set(item.number, taken.version);
    await advance(item, taken.version);
  }
  if (item.seq !== undefined) await drop(item.seq);
  return 'sent';
}

/** What else waits for the same case was done after this: the page that sends it may be another one by then. */
async function advance({ account, number, seq }: Item, version: number): Promise<void> {
  for (const other of await all(account)) {
    if (other.number === number && other.seq !== seq && other.refused === undefined) await keep({ ...other, version });
  }
}

/** An answer that is no: the program's fault, a word of a person's, or that it was taken the first time. */
async function notTaken(item: Item, answer: Response): Promise<Outcome> {
  const code = await codeOf(answer);
  if (code === 'access.key_running') return 'later';
  // Its key is in the books only if it took effect: by the page's form, or with an answer that never came.
  if (code === 'access.key_lost' || (code === 'access.key_reused' && item.isTried)) {
    if (item.seq !== undefined) await drop(item.seq);
    return 'sent';
  }
  if (answer.status >= 500) {
    item.failed = await why(answer);
    await keep(item);
    return 'failed';
  }
  delete item.failed;
  item.refused = await why(answer);
  await keep(item);
  return 'refused';
}

async function codeOf(answer: Response): Promise<string> {
  try {
    return (await answer.clone().json() as { code?: string }).code ?? '';
  } catch {
    return '';
  }
}
