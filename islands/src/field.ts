// The island of a worker's phone: what is done on the pages of tasks and reports is kept on the device first and sent as
// soon as there is a network, in order, once each, with the time it was done. Nothing about where the worker is is kept
// but the place a report names.
import { type Item, type Photo, all, drop, keep, ofOthers, send } from './parts/queue';

import { openWithoutNetwork } from './parts/network';
import { entry, preview } from './parts/photos';

type Words = Record<
  'online' | 'offline' | 'waiting' | 'sending' | 'sent' | 'refused' | 'drop' | 'open' | 'signIn' | 'others' | 'kept' | 'taken' | 'took' | 'report'
  | 'failed' | 'again' | 'held' | 'photo' | 'written' | 'fileRemove' | 'walkFailed' | 'description' | 'note' | 'self_handled' | 'address' | 'matter',
  string
>;

/** The words of an item that a person may mend. */
const MENDED = ['description', 'note', 'self_handled'] as const;
/** The page's form waits so long for an answer, and longer with photos; then it is kept and sent later. */
const PATIENCE_MS = 20_000;
const PATIENCE_WITH_PHOTOS_MS = 90_000;

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
  // What the program has from an earlier try.
  for (const kept of form.querySelectorAll<HTMLInputElement>('input[name$=_kept]:checked')) {
    const [id = '', ...name] = kept.value.split(' ');
    found.push({ field: kept.name === 'after_kept' ? 'after' : 'attachments', blob: new Blob(), name: name.join(' '), id });
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
  /** What waits with photos, folded: the line at the bottom stays one line. */
  const held = document.createElement('details');
  held.className = 'fold';
  const [heldTitle, heldList] = [document.createElement('summary'), document.createElement('ul')];
  held.append(heldTitle, heldList);
  held.hidden = true;
  box.append(line, held, list);

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
    list.replaceChildren(...items.filter((item) => item.refused ?? item.failed).map((item) => lineOf(item)));
    const withPhotos = items.filter((item) => (item.refused ?? item.failed) === undefined && item.photos.length > 0);
    held.hidden = withPhotos.length === 0;
    heldTitle.textContent = say('held', withPhotos.reduce((n, item) => n + item.photos.length, 0));
    heldList.replaceChildren(...withPhotos.map((item) => lineOf(item)));
    for (const key of lines.keys()) if (!items.some((item) => item.key === key)) lines.delete(key);
    box.dataset.waiting = String(waiting);
    box.dataset.refused = String(refused.length);
    box.dataset.failed = String(items.filter((item) => item.failed !== undefined).length);
    for (const item of items) {
      if (!item.number || item.refused !== undefined) continue;
      if (item.body.act === 'take_task') markTaken(item.number);
      else mark(item.number, item);
    }
  }

  /** Lines that are shown, by the key of their item: a line somebody writes in stays while nothing new is to be said. */
  const lines = new Map<string, { told: string; line: HTMLElement }>();

  function lineOf(item: Item): HTMLElement {
    const told = `${item.refused ?? ''}|${item.failed ?? ''}|${item.photos.length}`;
    const known = lines.get(item.key);
    if (known?.told === told) return known.line;
    const line = item.refused !== undefined ? refusedLine(item) : item.failed !== undefined ? failedLine(item) : heldLine(item);
    lines.set(item.key, { told, line });
    return line;
  }

  function pressed(label: string, press: () => Promise<void>): HTMLButtonElement {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'btn btn-small';
    button.textContent = label;
    button.addEventListener('click', () => void press());
    return button;
  }

  function told(item: Item, reason = ''): HTMLElement {
    const line = document.createElement('li');
    const words = document.createElement('p');
    words.textContent = reason ? `${item.title}: ${reason}` : item.title;
    line.append(words);
    return line;
  }

  /** The photos of what waits, small, from this device. */
  function pictures(item: Item): HTMLElement {
    const row = document.createElement('ul');
    row.className = 'thumbs';
    row.append(...item.photos.map((photo, n) => preview(
      new File([photo.blob], photo.name, { type: photo.blob.type }), say('photo', n + 1).replace('{title}', item.title))));
    return row;
  }

  /** What waits to be sent, with its photos. */
  function heldLine(item: Item): HTMLElement {
    const line = told(item);
    line.append(pictures(item));
    return line;
  }

  /** What the program could not take now: it is sent again by itself. */
  function failedLine(item: Item): HTMLElement {
    return told(item, `${say('failed')} ${item.failed ?? ''}`);
  }

  /** What was refused, with all that was written and the photos: it can be mended and sent again, or taken away. */
  function refusedLine(item: Item): HTMLElement {
    const line = told(item, item.refused ?? '');
    const fold = document.createElement('details');
    fold.className = 'fold';
    const summary = document.createElement('summary');
    summary.textContent = say('written');
    fold.append(summary);
    const mended: (() => void)[] = [];
    for (const name of MENDED) {
      const value = item.body[name];
      if (typeof value !== 'string') continue;
      const area = document.createElement('textarea');
      area.rows = 3;
      area.value = value;
      fold.append(field(say(name), area));
      mended.push(() => { item.body[name] = area.value.trim(); });
    }
    if (typeof item.body.matter_words === 'string') {
      const input = document.createElement('input');
      input.value = item.body.matter_words;
      fold.append(field(say('matter'), input));
      mended.push(() => {
        if (input.value.trim()) item.body.matter_words = input.value.trim();
        else delete item.body.matter_words;
      });
    }
    const place = item.body.place as Record<string, unknown> | undefined;
    if (place) {
      const input = document.createElement('input');
      input.value = typeof place.address === 'string' ? place.address : '';
      fold.append(field(say('address'), input));
      mended.push(() => {
        if (input.value.trim()) place.address = input.value.trim();
        else delete place.address;
      });
    }
    const photos = document.createElement('ul');
    photos.className = 'thumbs';
    photos.append(...item.photos.map((photo) => entry(new File([photo.blob], photo.name, { type: photo.blob.type }), say('fileRemove'), () => {
      for (const mend of mended) mend();
      item.photos = item.photos.filter((other) => other !== photo);
      void keep(item).then(show);
    })));
    if (item.photos.length > 0) fold.append(photos);
    const buttons = document.createElement('p');
    buttons.className = 'buttons';
    buttons.append(pressed(say('again'), async () => {
      for (const mend of mended) mend();
      delete item.refused;
      item.isAgain = true;
      await keep(item);
      await sync();
    }));
    if (item.number) {
      const link = document.createElement('a');
      link.className = 'btn btn-small';
      link.href = `/cases/${item.number}`;
      link.textContent = say('open');
      buttons.append(link);
    }
    buttons.append(pressed(say('drop'), async () => {
      if (item.seq !== undefined) await drop(item.seq);
      await show();
    }));
    line.append(fold, buttons);
    return line;
  }

  function field(label: string, control: HTMLInputElement | HTMLTextAreaElement): HTMLElement {
    const box = document.createElement('label');
    box.className = 'field form-label';
    control.className = 'form-control';
    box.append(label, control);
    return box;
  }

  /** The card of a case whose task is done and waits to be sent. */
  function mark(number: string, item: Item): void {
    const card = document.querySelector<HTMLElement>(`[data-task="${CSS.escape(number)}"]`);
    if (!card || card.dataset.kept !== undefined) return;
    card.dataset.kept = '';
    for (const part of card.querySelectorAll('details.act, form, .task-kept')) part.remove();
    const note = document.createElement('p');
    note.className = 'task-kept';
    note.textContent = say('kept');
    card.append(note);
    if (item.photos.length > 0) card.append(pictures(item));
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
        /** Cases of which something could not be taken: what was done later there waits for it. */
        const held = new Set<string>();
        for (const { seq } of await all(account)) {
          // As it is now: what went before may have moved its case on, and somebody may have taken it away.
          const item = (await all(account)).find((other) => other.seq === seq);
          if (!item || item.refused !== undefined || (item.number && held.has(item.number))) continue;
          await show();
          const outcome = await send(item, sender, versions);
          needsSignIn = outcome === 'sign-in';
          if (outcome === 'sent') sent += 1;
          if (outcome === 'failed' && item.number) held.add(item.number);
          if (outcome === 'later' || outcome === 'sign-in') break;
        }
      } finally {
        isSending = false;
      }
      if (sent > 0) box.dataset.sent = String(Number(box.dataset.sent ?? 0) + sent);
    });
    await show();
  }

  /** Keeps on this device what a form says, and sends it as soon as that can be. */
  async function take(form: HTMLFormElement, fields: FormData, tried?: string): Promise<void> {
    const base = {
      key: tried ?? crypto.randomUUID(),
      account,
      done: new Date().toISOString(),
      isOnline: navigator.onLine,
      photos: await photos(form),
      ...(tried === undefined ? {} : { isTried: true }),
    };
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
      markTaken(number);
      await sync();
      // Taken at once, the page has more to offer.
      if (!(await all(account)).some((item) => item.key === base.key)) location.assign('/tasks');
      return;
    } else if (act) {
      const [, number = '', word = ''] = act;
      const body: Record<string, unknown> = { act: word, note: text(fields, 'note') };
      if (word === 'verify') body.outcome = text(fields, 'outcome');
      else body.passed = text(fields, 'passed') === 'pass';
      const note = form.elements.namedItem('note');
      // Why it failed is asked on the spot, not when the network is back.
      if (body.passed === false && body.note === '' && note instanceof HTMLTextAreaElement) {
        note.required = true;
        note.reportValidity();
        note.required = false;
        return;
      }
      const item = { ...base, title: titled(number), number, body, ...version };
      await keep(item);
      mark(number, item);
    } else {
      const body: Record<string, unknown> = { channel: 'patrol', description: text(fields, 'description') };
      // What is no whole label, such as a name without its code, the program reads as its own form does.
      const [called, matter] = [text(fields, 'matter'), matters[text(fields, 'matter')]];
      if (matter) body.matter = matter;
      else if (called) body.matter_words = called;
      const self = text(fields, 'self_handled');
      if (self) body.self_handled = self;
      const place: Record<string, unknown> = {};
      let [lon, lat] = [text(fields, 'lon'), text(fields, 'lat')];
      if (!lon && !lat && text(fields, 'use_place') === 'yes') [lon, lat] = [text(fields, 'photo_lon'), text(fields, 'photo_lat')];
      const seenAt = text(fields, 'use_time') === 'yes' ? Date.parse(text(fields, 'photo_time')) : NaN;
      if (!Number.isNaN(seenAt)) base.done = new Date(seenAt).toISOString();
      if (lon && lat) Object.assign(place, { lon: Number(lon), lat: Number(lat) });
      for (const name of ['address', 'division']) if (text(fields, name)) place[name] = text(fields, name);
      body.place = place;
      await keep({ ...base, title: text(fields, 'description').slice(0, 40) || say('report'), body });
      form.reset();
      scrollTo({ top: 0 });
    }
    await sync();
  }

  /** The form of a report goes to the program, which may ask back; without an answer it is kept, and sent once all the same. */
  async function offer(form: HTMLFormElement, fields: FormData): Promise<void> {
    const key = crypto.randomUUID();
    fields.set('once', key);
    const stop = new AbortController();
    const hasPhotos = [...fields.values()].some((value) => value instanceof File && value.size > 0);
    const timer = setTimeout(() => stop.abort(), hasPhotos ? PATIENCE_WITH_PHOTOS_MS : PATIENCE_MS);
    line.textContent = say('sending', 1);
    let page: Document | undefined;
    let url = location.href;
    try {
      const answer = await fetch(form.action, { method: 'POST', body: fields, headers: { accept: 'text/html' }, signal: stop.signal });
      url = answer.url;
      page = new DOMParser().parseFromString(await answer.text(), 'text/html');
    } catch {
      // No network, whatever the browser believes.
    } finally {
      clearTimeout(timer);
    }
    const isDone = /^\/cases\//.test(new URL(url).pathname);
    const main = page?.querySelector('main');
    if (page && main && (isDone || page.querySelector('form[action="/found"]'))) {
      document.querySelector('main')?.replaceWith(main);
      document.title = page.title;
      if (isDone) history.pushState(null, '', url);
      document.dispatchEvent(new CustomEvent('shiyu:shown', { detail: main }));
      scrollTo({ top: 0 });
      main.focus({ preventScroll: true });
    } else {
      await take(form, fields, key);
    }
  }

  /** Forms that are on their way: a second press does nothing. */
  const busy = new Set<HTMLFormElement>();

  function onSubmit(event: SubmitEvent): void {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || event.defaultPrevented) return;
    const { pathname } = new URL(form.action);
    const isFound = pathname === '/found';
    if (!isFound && !ACT.test(pathname) && !TAKE.test(pathname)) return;
    event.preventDefault();
    delete form.dataset.sent;
    if (busy.has(form)) return;
    busy.add(form);
    const fields = new FormData(form, event.submitter instanceof HTMLElement ? event.submitter : null);
    void (isFound && navigator.onLine ? offer : take)(form, fields).finally(() => busy.delete(form));
  }

  /** The walk may begin where the worker stands. The place goes no finer than a block, in the body of a request that nothing
   * keeps; only the order of the cards comes of it, so that what is typed in them stays. */
  for (const form of document.querySelectorAll<HTMLFormElement>('form[data-here]')) {
    const button = form.querySelector('button');
    if (!('geolocation' in navigator) || !button) continue;
    button.hidden = false;
    button.addEventListener('click', (event) => {
      event.preventDefault();
      navigator.geolocation.getCurrentPosition(({ coords }) => void walkFrom(form, coords), () => tellWalk(form, say('walkFailed')));
    });
  }

  function tellWalk(form: HTMLFormElement, words: string): void {
    const hint = form.querySelector('.form-hint');
    if (hint) hint.textContent = words;
  }

  async function walkFrom(form: HTMLFormElement, { longitude, latitude }: GeolocationCoordinates): Promise<void> {
    try {
      const body = new URLSearchParams({ csrf: token, lon: longitude.toFixed(3), lat: latitude.toFixed(3) });
      const answer = await fetch('/tasks', { method: 'POST', body, headers: { accept: 'text/html' } });
      if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
      const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
      const cards = document.querySelector('[data-walked]');
      for (const { dataset } of page.querySelectorAll<HTMLElement>('[data-walked] > [data-task]')) {
        const card = cards?.querySelector(`:scope > [data-task="${CSS.escape(dataset.task ?? '')}"]`);
        if (card) cards?.append(card);
      }
      const [map, fresh] = [document, page].map((of) => of.querySelector<HTMLElement>('main [data-map]'));
      if (map && fresh?.dataset.map) map.dataset.map = fresh.dataset.map;
      tellWalk(form, page.querySelector('form[data-here] .form-hint')?.textContent ?? '');
    } catch {
      tellWalk(form, say('walkFailed'));
    }
  }

  const again = (): void => void sync();
  document.addEventListener('submit', onSubmit);
  addEventListener('online', again);
  addEventListener('offline', again);
  const timer = setInterval(again, 30_000);
  openWithoutNetwork();
  void sync();
  return () => {
    document.removeEventListener('submit', onSubmit);
    removeEventListener('online', again);
    removeEventListener('offline', again);
    clearInterval(timer);
  };
}
