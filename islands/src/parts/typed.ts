// What is typed into a form with `data-guard` does not go because the case beside the list is exchanged, because the session
// is over when it is sent, because the program refuses it, or because the page is asked for in another language: it is kept
// in this tab until it has been taken, and put back where the form is shown again to the same person. Who somebody is stays
// out of it: fields of contact are never kept.
import { type Field, draftFields, isChoice, tell } from './draft';

const STORE = 'shiyu-typed';
const PAUSE_MS = 300;
const DAY_MS = 24 * 3600 * 1000;
const FORMS = 'form[data-guard]:not([data-draft])';
/** What says who somebody is, or opens a door. */
const PERSONAL = ['name', 'phone', 'email', 'login', 'contact', 'id_number'];
const KINDS = ['hidden', 'file', 'password', 'tel', 'email', 'submit', 'button'];

interface Typed {
  /** Who typed it. */
  who: string;
  at: number;
  /** It is on its way; forgotten when the next page says nothing else. */
  isSent: boolean;
  fields: [name: string, value: string][];
}

type All = Record<string, Typed>;

function all(): All {
  try {
    return JSON.parse(sessionStorage.getItem(STORE) ?? '{}') as All;
  } catch {
    // A browser that keeps nothing.
    return {};
  }
}

function change(how: (all: All) => void): void {
  const now = all();
  how(now);
  try {
    if (Object.keys(now).length > 0) sessionStorage.setItem(STORE, JSON.stringify(now));
    else sessionStorage.removeItem(STORE);
  } catch {
    // A full or closed store: the page itself still holds the words.
  }
}

const who = (): string => document.body.dataset.who ?? '';
const keyOf = (form: HTMLFormElement): string => `${form.getAttribute('action') ?? ''}#${form.id}`;

function fieldsOf(form: HTMLFormElement): Field[] {
  return [...form.elements].filter((e): e is Field =>
    (e instanceof HTMLInputElement || e instanceof HTMLTextAreaElement || e instanceof HTMLSelectElement)
    && e.name !== '' && !PERSONAL.includes(e.name) && !KINDS.includes(e.type));
}

/** Whether a form asks who somebody is. */
const hasContact = (form: HTMLFormElement): boolean => PERSONAL.some((name) => form.elements.namedItem(name) !== null);

/** Whether a field is as the program wrote it. */
function isUntouched(field: Field): boolean {
  if (isChoice(field)) return field.checked === field.defaultChecked;
  if (field instanceof HTMLSelectElement) {
    const standard = [...field.options].find((option) => option.defaultSelected) ?? field.options[0];
    return field.value === (standard?.value ?? '');
  }
  return field.value === field.defaultValue;
}

/** What says that the program gave a form back as it was sent. */
const isGivenBack = (form: HTMLFormElement): boolean => form.querySelector('.form-fault, [role=alert]') !== null;

function keep(form: HTMLFormElement, isSent: boolean): void {
  const fields = fieldsOf(form);
  change((all) => {
    if (fields.every(isUntouched) && !isGivenBack(form)) {
      delete all[keyOf(form)];
      return;
    }
    const set = fields.filter((field) => !isChoice(field) || field.checked);
    all[keyOf(form)] = { who: who(), at: Date.now(), isSent, fields: set.map((field) => [field.name, field.value]) };
  });
}

function restore(form: HTMLFormElement): void {
  const typed = all()[keyOf(form)];
  const fields = fieldsOf(form);
  // What somebody has typed here since is newer.
  if (!typed || typed.who !== who() || !fields.every(isUntouched)) return;
  for (const field of fields) {
    const values = typed.fields.filter(([name]) => name === field.name).map(([, value]) => value);
    if (isChoice(field)) field.checked = values.includes(field.value);
    else if (values[0] !== undefined) field.value = values[0];
  }
  if (fields.every(isUntouched)) return;
  const fold = form.closest('details');
  if (fold) fold.open = true;
  const { typedBack, typedBackContact } = document.body.dataset;
  tell(form, hasContact(form) ? typedBackContact : typedBack, {
    label: document.body.dataset.typedDrop,
    press: () => {
      change((all) => delete all[keyOf(form)]);
      form.reset();
      form.querySelector('.draft-line')?.remove();
    },
  });
  // It may be lost again.
  form.dispatchEvent(new Event('input', { bubbles: true }));
}

/** Whether all that was filled in is kept when the page is left: by this tab, or as a draft. */
export function losesNothing(form: HTMLFormElement): boolean {
  const kept = new Set(form.dataset.draft === undefined ? fieldsOf(form) : draftFields(form));
  return [...form.elements].every((e) => !(e instanceof HTMLInputElement || e instanceof HTMLTextAreaElement || e instanceof HTMLSelectElement)
    || e.name === '' || ['hidden', 'submit', 'button'].includes(e.type) || kept.has(e) || isUntouched(e));
}

function find(root: ParentNode): void {
  for (const form of root.querySelectorAll<HTMLFormElement>(FORMS)) restore(form);
}

/** What was on its way has arrived, unless this page says otherwise; what others typed here, or long ago, is gone. */
function arrive(): void {
  const isStopped = location.pathname === '/sign-in' || document.body.dataset.fault !== undefined;
  const givenBack = new Set([...document.querySelectorAll<HTMLFormElement>(FORMS)].filter(isGivenBack).map(keyOf));
  change((all) => {
    for (const [key, typed] of Object.entries(all)) {
      const isForeign = who() !== '' && typed.who !== who();
      const isOver = typed.isSent && !isStopped && !givenBack.has(key);
      if (isForeign || isOver || Date.now() - typed.at > DAY_MS) delete all[key];
      else typed.isSent = false;
    }
  });
}

/** Watches the forms of this page, also those that come later. */
export function keepTyped(): void {
  arrive();
  find(document);
  const timers = new Map<HTMLFormElement, number>();
  const stop = (form: HTMLFormElement): void => {
    clearTimeout(timers.get(form));
    timers.delete(form);
  };
  document.addEventListener('input', (event) => {
    const form = event.target instanceof Element ? event.target.closest<HTMLFormElement>(FORMS) : null;
    if (!form) return;
    stop(form);
    timers.set(form, window.setTimeout(() => {
      timers.delete(form);
      keep(form, false);
    }, PAUSE_MS));
  });
  document.addEventListener('submit', (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement)) return;
    if (form.getAttribute('action') === '/sign-out') {
      for (const other of [...timers.keys()]) stop(other);
      change((all) => {
        for (const key of Object.keys(all)) delete all[key];
      });
    }
    if (!form.matches(FORMS)) return;
    stop(form);
    keep(form, true);
  }, true);
  // Whoever leaves before the pause is over has typed it all the same.
  addEventListener('pagehide', () => {
    for (const form of [...timers.keys()]) {
      stop(form);
      keep(form, false);
    }
  });
  new MutationObserver((changes) => {
    // What was taken out of the page before the pause was over is kept now: it may be shown again in this very change.
    for (const form of [...timers.keys()]) {
      if (form.isConnected) continue;
      stop(form);
      keep(form, false);
    }
    for (const { addedNodes } of changes) {
      for (const node of addedNodes) {
        if (!(node instanceof Element) || !node.isConnected) continue;
        if (node.matches(FORMS)) restore(node as HTMLFormElement);
        find(node);
      }
    }
  }).observe(document.body, { childList: true, subtree: true });
}
