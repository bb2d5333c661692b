// The island of a worker's phone: what is done on the pages of tasks and reports is kept on the device first and sent as
// soon as there is a network, in order, once each, with the time it was done. Nothing about where the worker is is kept
// but the place a report names.
import { type Item, type Photo, all, drop, keep, ofOthers, send } from './parts/queue';

type Words = Record<'online' | 'offline' | 'waiting' | 'sending' | 'sent' | 'refused' | 'drop' | 'open' | 'signIn' | 'others' | 'kept' | 'taken' | 'took' | 'report', string>;

const ACT = /^\/cases\/([^/]+)\/(verify|check)$/;
const TAKE = /^\/cases\/([^/]+)\/take-task$/;
/** Photos larger than this are made smaller before they are kept. */
const LONGEST_SIDE = 2000;

function text(form: FormData, name: string): string {
  const value = form.get(name);
  return typeof value === 'string' ? value.trim() : '';
}

/** A photo no larger than needed. What cannot be read as a picture is kept as it is. */
async function small(file: File): Promise<Blob> {
  if (!file.type.startsWith('image/')) return file;
  try {
    const picture = await createImageBitmap(file, { imageOrientation: 'from-image' });
    const scale = Math.min(1, LONGEST_SIDE / Math.max(picture.width, picture.height));
    if (scale === 1 && file.size < 1_500_000) return file;
    const canvas = new OffscreenCanvas(Math.round(picture.width * scale), Math.round(picture.height * scale));
    canvas.getContext('2d')?.drawImage(picture, 0, 0, canvas.width, canvas.height);
    return await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.85 });
  } catch {
    return file;
  }
}

async function photos(form: HTMLFormElement): Promise<Photo[]> {
  const found: Photo[] = [];
  for (const input of form.querySelectorAll<HTMLInputElement>('input[type=file]')) {
    const field = input.name === 'after' ? 'after' : 'attachments';
    for (const file of input.files ?? []) found.push({ field, blob: await small(file), name: file.name });
  }
  return found;
}

export function mount(box: HTMLElement): () => void {
  const words = JSON.parse(box.dataset.words ?? '{}') as Words;
  const matters = JSON.parse(box.dataset.matters ?? '{}') as Record<string, string>;
  const account = box.dataset.account ?? '';
  let token = box.dataset.csrf ?? '';
  let isSending = false;
  /** How far the cases have come by what was sent from this page: what it shows is older. */
  const versions = new Map<string, number>();
  let needsSignIn = false;
  const line = document.createElement('p');
  line.setAttribute('role', 'status');
  const list = document.createElement('ul');
  box.append(line, list);

  const say = (key: keyof Words, n?: number): string => (words[key] ?? key).replace('{n}', String(n ?? ''));

  async function show(): Promise<void> {
    const items = await all(account);
    const refused = items.filter((item) => item.refused !== undefined);
    const waiting = items.length - refused.length;
    const others = await ofOthers(account);
    const parts = [navigator.onLine ? say('online') : say('offline')];
    if (waiting > 0) parts.push(say(isSending ? 'sending' : 'waiting', waiting));
    if (refused.length > 0) parts.push(say('refused', refused.length));
    if (others > 0) parts.push(say('others', others));
    line.textContent = parts.join(' · ');
    if (needsSignIn) {
      const link = document.createElement('a');
      link.href = `/sign-in?next=${encodeURIComponent(location.pathname)}`;
      link.textContent = say('signIn');
      line.append(' · ', link);
    }
    list.replaceChildren(...refused.map((item) => refusedLine(item)));
    box.dataset.waiting = String(waiting);
    box.dataset.refused = String(refused.length);
    for (const item of items) {
      if (!item.number || item.refused !== undefined) continue;
      if (item.body.act === 'take_task') markTaken(item.number);
      else mark(item.number);
    }
  }

  function refusedLine(item: Item): HTMLElement {
    const entry = document.createElement('li');
    entry.append(`${item.title}: ${item.refused ?? ''} `);
    if (item.number) {
      const link = document.createElement('a');
      link.href = `/cases/${item.number}`;
      link.textContent = say('open');
      entry.append(link, ' ');
    }
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'btn btn-small';
    button.textContent = say('drop');
    button.addEventListener('click', () => {
      if (item.seq !== undefined) void drop(item.seq).then(show);
    });
    entry.append(button);
    return entry;
  }

  /** The card of a case whose task is done and waits to be sent. */
  function mark(number: string): void {
    const card = document.querySelector<HTMLElement>(`[data-task="${CSS.escape(number)}"]`);
    if (!card || card.dataset.kept !== undefined) return;
    card.dataset.kept = '';
    for (const part of card.querySelectorAll('details.act, form, .task-kept')) part.remove();
    const note = document.createElement('p');
    note.className = 'task-kept';
    note.textContent = say('kept');
    card.append(note);
  }

  /** The card of a task that was taken and waits to be sent: what is asked can be done at once. */
  function markTaken(number: string): void {
    const card = document.querySelector<HTMLElement>(`[data-task="${CSS.escape(number)}"]`);
    const form = card?.querySelector<HTMLFormElement>('form[action$="/take-task"]');
    if (!card || !form) return;
    const note = document.createElement('p');
    note.className = 'task-kept';
    note.textContent = say('taken');
    form.replaceWith(note);
  }

  const sender = {
    token: () => token,
    async renew(): Promise<boolean> {
      const answer = await fetch('/tasks', { headers: { accept: 'text/html' }, cache: 'no-store' });
      if (!answer.ok || answer.redirected) return false;
      const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
      const fresh = page.querySelector<HTMLElement>('#field-sync')?.dataset;
      if (!fresh?.csrf || fresh.account !== account || fresh.csrf === token) return false;
      token = fresh.csrf;
      return true;
    },
  };

  async function sync(): Promise<void> {
    if (isSending || !navigator.onLine) return show();
    // Another tab of this browser sends: one at a time keeps the order.
    await navigator.locks.request('field-sync', { ifAvailable: true }, async (lock) => {
      if (!lock) return;
      isSending = true;
      let sent = 0;
      try {
        for (const item of await all(account)) {
          if (item.refused !== undefined) continue;
          await show();
          const outcome = await send(item, sender, versions);
          needsSignIn = outcome === 'sign-in';
          if (outcome === 'sent') sent += 1;
          if (outcome === 'later' || outcome === 'sign-in') break;
        }
      } finally {
        isSending = false;
      }
      if (sent > 0) box.dataset.sent = String(Number(box.dataset.sent ?? 0) + sent);
    });
    await show();
  }

  async function take(form: HTMLFormElement, fields: FormData): Promise<void> {
    const done = new Date().toISOString();
    const base = { key: crypto.randomUUID(), account, done, photos: await photos(form) };
    const { pathname } = new URL(form.action);
    const [act, taken] = [ACT.exec(pathname), TAKE.exec(pathname)];
    const titled = (number: string): string => {
      const card = form.closest<HTMLElement>('[data-task]');
      return `${card?.querySelector('.task-title')?.textContent?.trim() ?? ''} ${number}`.trim();
    };
    const seen = Number(text(fields, 'version'));
    const version = seen > 0 ? { version: seen } : {};
    if (taken) {
      const [, number = ''] = taken;
      await keep({ ...base, title: `${say('took')} ${titled(number)}`, number, body: { act: 'take_task' }, ...version });
    } else if (act) {
      const [, number = '', word = ''] = act;
      const body: Record<string, unknown> = { act: word, note: text(fields, 'note') };
      if (word === 'verify') body.outcome = text(fields, 'outcome');
      else body.passed = text(fields, 'passed') === 'pass';
      await keep({ ...base, title: titled(number), number, body, ...version });
      mark(number);
    } else {
      const body: Record<string, unknown> = { channel: 'patrol', description: text(fields, 'description') };
      const matter = matters[text(fields, 'matter')];
      if (matter) body.matter = matter;
      const self = text(fields, 'self_handled');
      if (self) body.self_handled = self;
      const place: Record<string, unknown> = {};
      const [lon, lat] = [text(fields, 'lon'), text(fields, 'lat')];
      if (lon && lat) Object.assign(place, { lon: Number(lon), lat: Number(lat) });
      for (const name of ['address', 'division']) if (text(fields, name)) place[name] = text(fields, name);
      body.place = place;
      await keep({ ...base, title: text(fields, 'description').slice(0, 40) || say('report'), body });
      form.reset();
      scrollTo({ top: 0 });
    }
    await sync();
  }

  function onSubmit(event: SubmitEvent): void {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || event.defaultPrevented) return;
    const { pathname } = new URL(form.action);
    // With a network a report goes the usual way, where the program can ask back, and so does the taking of a task.
    const isOurs = ACT.test(pathname) || ((pathname === '/found' || TAKE.test(pathname)) && !navigator.onLine);
    if (!isOurs) return;
    event.preventDefault();
    delete form.dataset.sent;
    void take(form, new FormData(form, event.submitter instanceof HTMLElement ? event.submitter : null));
  }

  /** The walk may begin where the worker stands; the place goes no finer than a block, and nowhere but into this page. */
  for (const form of document.querySelectorAll<HTMLFormElement>('form[data-here]')) {
    const button = form.querySelector('button');
    if (!('geolocation' in navigator) || !button) continue;
    button.hidden = false;
    button.addEventListener('click', (event) => {
      event.preventDefault();
      navigator.geolocation.getCurrentPosition(({ coords }) => {
        for (const [name, value] of [['lon', coords.longitude], ['lat', coords.latitude]] as const) {
          const field = form.querySelector<HTMLInputElement>(`input[name=${name}]`);
          if (field) field.value = value.toFixed(3);
        }
        form.submit();
      });
    });
  }

  const again = (): void => void sync();
  document.addEventListener('submit', onSubmit);
  addEventListener('online', again);
  addEventListener('offline', again);
  const timer = setInterval(again, 30_000);
  if ('serviceWorker' in navigator) {
    navigator.serviceWorker.register('/sw.js').catch((error: unknown) => console.warn('no service worker', error));
  }
  void sync();
  return () => {
    document.removeEventListener('submit', onSubmit);
    removeEventListener('online', again);
    removeEventListener('offline', again);
    clearInterval(timer);
  };
}
