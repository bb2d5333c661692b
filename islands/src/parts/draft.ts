// A draft that survives a dead connection: what is typed into a form with `data-draft="NAME"` is kept on this device until it
// was sent, a week at most. Who somebody is stays out of it: fields of contact are never kept.

const WEEK_MS = 7 * 24 * 3600 * 1000;
const PAUSE_MS = 400;
/** What is kept: words and place. */
const KEPT = ['description', 'matter', 'address', 'division', 'lon', 'lat', 'nature'];

/** The key by which the same words are taken once, however often they are sent: a sending whose answer was lost may have arrived. */
const ONCE = 'once';

interface Draft {
  at: number;
  once?: string;
  fields: Record<string, string>;
}

const keyOf = (name: string): string => `shiyu-draft-${name}`;

function read(name: string): Draft | null {
  try {
    const draft = JSON.parse(localStorage.getItem(keyOf(name)) ?? 'null') as Draft | null;
    return draft && Date.now() - draft.at < WEEK_MS ? draft : null;
  } catch {
    // A browser that keeps nothing, or what somebody else put there.
    return null;
  }
}

function forget(name: string): void {
  try {
    localStorage.removeItem(keyOf(name));
  } catch {
    // Nothing is kept then.
  }
}

export type Field = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;

export function draftFields(form: HTMLFormElement): Field[] {
  return [...form.elements].filter((e): e is Field =>
    (e instanceof HTMLInputElement || e instanceof HTMLTextAreaElement || e instanceof HTMLSelectElement) && KEPT.includes(e.name));
}

export const isChoice = (field: Field): field is HTMLInputElement => field instanceof HTMLInputElement && ['radio', 'checkbox'].includes(field.type);

function onceOf(form: HTMLFormElement): HTMLInputElement | null {
  const field = form.elements.namedItem(ONCE);
  return field instanceof HTMLInputElement ? field : null;
}

function keep(form: HTMLFormElement, name: string): void {
  const fields: Draft['fields'] = {};
  for (const field of draftFields(form)) {
    if (isChoice(field) ? field.checked : field.value !== '') fields[field.name] = field.value;
  }
  try {
    const hasWords = draftFields(form).some((field) => !isChoice(field) && field.value.trim() !== '');
    const draft: Draft = { at: Date.now(), fields };
    const once = onceOf(form);
    if (once) draft.once = once.value;
    if (hasWords) localStorage.setItem(keyOf(name), JSON.stringify(draft));
    else localStorage.removeItem(keyOf(name));
  } catch {
    // A full or closed store: the page itself still holds the words.
  }
}

/** A line above the form that says something, with a button if there is something to do. */
export function tell(form: HTMLFormElement, text: string | undefined, button?: { label: string | undefined; press: () => void }): void {
  const line = form.querySelector<HTMLElement>('.draft-line') ?? document.createElement('div');
  line.className = 'alert alert-info draft-line';
  line.setAttribute('role', 'status');
  const words = document.createElement('p');
  words.textContent = text ?? '';
  line.replaceChildren(words);
  if (button) {
    const press = document.createElement('button');
    press.type = 'button';
    press.className = 'btn';
    press.textContent = button.label ?? '';
    press.addEventListener('click', button.press);
    line.append(press);
  }
  form.prepend(line);
}

function restore(form: HTMLFormElement, name: string): void {
  const draft = read(name);
  const description = form.elements.namedItem('description');
  // What came back from the program, or was written since, is newer.
  if (!draft || !(description instanceof HTMLTextAreaElement) || description.value !== '') return;
  let isBack = false;
  for (const field of draftFields(form)) {
    const value = draft.fields[field.name];
    if (value === undefined) continue;
    if (isChoice(field)) {
      field.checked = field.value === value;
    } else if (field.value === '') {
      field.value = value;
      isBack = true;
    }
  }
  if (!isBack) return;
  const once = onceOf(form);
  const fresh = once?.value;
  if (once && draft.once) once.value = draft.once;
  tell(form, form.dataset.draftBack, {
    label: form.dataset.draftDrop,
    press: () => {
      forget(name);
      form.reset();
      if (once && fresh) once.value = fresh;
      form.querySelector('.draft-line')?.remove();
    },
  });
  description.dispatchEvent(new Event('input', { bubbles: true }));
}

/** Watches the forms of this page whose words are to survive. */
export function keepDrafts(): void {
  const sent = document.querySelector<HTMLElement>('[data-draft-sent]')?.dataset.draftSent;
  if (sent) forget(sent);
  for (const form of document.querySelectorAll<HTMLFormElement>('form[data-draft]')) {
    const name = form.dataset.draft ?? '';
    restore(form, name);
    let timer = 0;
    const keepNow = (): void => {
      clearTimeout(timer);
      timer = 0;
      keep(form, name);
    };
    form.addEventListener('input', () => {
      clearTimeout(timer);
      timer = window.setTimeout(keepNow, PAUSE_MS);
    });
    // Whoever leaves before the pause is over has typed it all the same.
    addEventListener('pagehide', () => {
      if (timer !== 0) keepNow();
    });
    form.addEventListener('submit', (event) => {
      keepNow();
      if (navigator.onLine) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      // It was not sent, so it may be sent again.
      delete form.dataset.sent;
      tell(form, form.dataset.draftOffline);
    }, true);
    addEventListener('online', () => {
      if (form.querySelector('.draft-line')) tell(form, form.dataset.draftOnline);
    });
  }
}
