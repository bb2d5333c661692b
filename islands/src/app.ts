// Small helps on top of pages that work without them: confirm before sending, a warning before unsaved entries are
// lost, one letter for a button, one sending per press. htmx (version 4) comes with it for parts of pages.
import htmx from 'htmx.org';
import { leadBackHere } from './parts/back';
import { areKeysOn, backToList, isPick, walkByKey, watchDesk } from './parts/desk';
import { keepDrafts } from './parts/draft';
import { watchIslands } from './parts/islands';
import { followChanges } from './parts/live';
import { offerPosition } from './parts/locate';
import { openWithoutNetwork, showWhatIsKept } from './parts/network';
import { gatherPhotos } from './parts/photos';
import { keepTyped } from './parts/typed';
import { renewRegions } from './parts/renew';

const words = document.body.dataset;
// What is typed is kept here (parts/typed.ts): after a session that ended nothing has to be carried by the sign-in page.
document.cookie = 'shiyu_script=1; Path=/; SameSite=Lax';
const guarded = new Set<HTMLFormElement>();
/** For so long a form is not sent a second time. */
const LOCKED_MS = 5000;

/** Asks in a dialog of our own; resolves to whether the person said yes. */
function ask(question: string): Promise<boolean> {
  const dialog = document.createElement('dialog');
  dialog.className = 'ask';
  const text = document.createElement('p');
  text.id = 'ask-text';
  text.textContent = question;
  dialog.setAttribute('aria-labelledby', text.id);
  const choices = document.createElement('form');
  choices.method = 'dialog';
  choices.className = 'buttons';
  const button = (label: string | undefined, value: string, kind: string): HTMLButtonElement => {
    const made = document.createElement('button');
    made.className = `btn ${kind}`.trim();
    made.value = value;
    made.textContent = label ?? value;
    return made;
  };
  choices.append(button(words.no, '', ''), button(words.yes, 'yes', 'btn-primary'));
  dialog.append(text, choices);
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(dialog.returnValue === 'yes');
    });
  });
}

document.addEventListener('submit', (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || form.method === 'dialog') return;
  if (form.dataset.sent !== undefined) {
    event.preventDefault();
    return;
  }
  const question = form.dataset.confirm;
  if (question && form.dataset.agreed === undefined) {
    event.preventDefault();
    event.stopImmediatePropagation();
    const by = event.submitter;
    void ask(question).then((yes) => {
      if (!yes) return;
      form.dataset.agreed = '';
      form.requestSubmit(by instanceof HTMLElement ? by : null);
      delete form.dataset.agreed;
    });
    return;
  }
  guarded.delete(form);
  // A form that htmx sends stays on the page and may be sent again, and so does one that answers with a file.
  if (form.hasAttribute('hx-post') || form.dataset.download !== undefined || form.method !== 'post') return;
  form.dataset.sent = '';
  // Only against a press too many: the page is told of neither a stopped sending nor an answer that is a file.
  setTimeout(() => delete form.dataset.sent, LOCKED_MS);
}, true);

// htmx sends all of the form around an element. One that says what it sends, sends no more: what is asked while somebody
// types needs neither their name nor their pictures.
document.addEventListener('htmx:config:request', (event) => {
  const { sourceElement, request } = (event as CustomEvent).detail.ctx;
  const named = sourceElement instanceof HTMLElement ? sourceElement.dataset.sends : undefined;
  if (named === undefined || !(request.body instanceof FormData)) return;
  const wanted = new Set(named.split(' '));
  for (const name of [...request.body.keys()]) if (!wanted.has(name)) request.body.delete(name);
});

// What the menu unfolded is folded again by a press elsewhere or by Escape.
const foldMenu = (except: Node | null): void => {
  for (const fold of document.querySelectorAll<HTMLDetailsElement>('.menu-fold[open]')) if (!fold.contains(except)) fold.open = false;
};
document.addEventListener('click', (event) => foldMenu(event.target instanceof Node ? event.target : null));
document.addEventListener('keydown', (event) => {
  if (event.key !== 'Escape') return;
  const fold = document.querySelector<HTMLDetailsElement>('.menu-fold[open]');
  foldMenu(null);
  fold?.querySelector('summary')?.focus();
});

// A bar that is pushed aside on a phone begins where the reader is.
for (const here of document.querySelectorAll<HTMLElement>('.topnav [aria-current], .topnav .is-here, .queues [aria-current]')) {
  const bar = here.closest<HTMLElement>('.topnav > ul, .queues > ul');
  if (!bar || bar.scrollWidth <= bar.clientWidth || here.offsetParent === null) continue;
  const [own, room] = [here.getBoundingClientRect(), bar.getBoundingClientRect()];
  bar.scrollLeft += own.left + own.width / 2 - (room.left + room.width / 2);
}

// A page that comes back from the browser's memory may be sent again.
addEventListener('pageshow', () => {
  for (const form of document.querySelectorAll<HTMLFormElement>('form[data-sent]')) delete form.dataset.sent;
});

document.addEventListener('input', (event) => {
  const form = event.target instanceof Element ? event.target.closest('form') : null;
  if (form?.dataset.guard !== undefined) guarded.add(form);
});

addEventListener('beforeunload', (event) => {
  for (const form of guarded) if (!form.isConnected) guarded.delete(form);
  if (guarded.size > 0) event.preventDefault();
});

/** Whether a key press belongs to a field that is being filled in. */
function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement
    && !isPick(target)
    && (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName));
}

/** Presses a button; goes to a field; unfolds a form and goes to its first field, also when it was unfolded before. */
function press(element: HTMLElement): void {
  if (element instanceof HTMLInputElement) {
    element.focus();
    element.select();
    return;
  }
  const details = element.tagName === 'SUMMARY' ? element.closest('details') : null;
  if (!details) {
    element.click();
    return;
  }
  const field = details.querySelector<HTMLElement>('input:not([type=hidden]):not([data-keys-switch] input), textarea, select, button');
  // What only tells something is folded again by the same letter.
  details.open = field !== null || !details.open;
  field?.focus();
}

document.addEventListener('keydown', (event) => {
  if (event.key !== 'Escape' || event.isComposing || document.querySelector('dialog[open]')) return;
  const keys = document.querySelector<HTMLDetailsElement>('details.keys[open]');
  if (keys) keys.open = false;
  if ((keys?.contains(document.activeElement) || isTyping(event.target)) && backToList()) event.preventDefault();
});

document.addEventListener('keydown', (event) => {
  if (!areKeysOn()) return;
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || isTyping(event.target)) return;
  if (document.querySelector('dialog[open]')) return;
  if (walkByKey(event.key)) {
    event.preventDefault();
    return;
  }
  for (const element of document.querySelectorAll<HTMLElement>('[data-key]')) {
    if (element.dataset.key === event.key && element.offsetParent !== null) {
      event.preventDefault();
      press(element);
      return;
    }
  }
});

leadBackHere(guarded);
watchDesk();
watchIslands();
offerPosition();
keepDrafts();
keepTyped();
gatherPhotos();
renewRegions();
followChanges();
showWhatIsKept();
// Whoever writes a draft may reload the page where there is no network.
if (document.querySelector('form[data-draft]')) openWithoutNetwork();

let isShown = false;
// A page's content that a script put in the place of another.
document.addEventListener('shiyu:shown', (event) => {
  const { detail } = event as CustomEvent;
  if (!(detail instanceof HTMLElement)) return;
  isShown = true;
  htmx.process(detail);
  offerPosition();
});
// Going back from it, the page before is asked for again.
addEventListener('popstate', () => {
  if (isShown) location.reload();
});
