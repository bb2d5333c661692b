// The links that change the language, the theme or the size of the type come back to where the page is now: a case that was
// opened beside the list since, what a form answered with in place. Nobody is warned of a loss where all that was filled in
// is there again.
import { losesNothing } from './typed';

const LINKS = 'a[href^="/look?"]';

const here = (): string => location.pathname + location.search;

/** `guarded` are the forms that somebody has filled in and not sent. */
export function leadBackHere(guarded: Set<HTMLFormElement>): void {
  for (const link of document.querySelectorAll<HTMLAnchorElement>(LINKS)) {
    link.addEventListener('click', () => {
      for (const form of guarded) if (losesNothing(form)) guarded.delete(form);
    });
    // Where the program names another page, this one cannot be asked for again: it answered a form.
    if (new URL(link.href).searchParams.get('back') !== here()) continue;
    const lead = (): void => {
      const address = new URL(link.href);
      address.searchParams.set('back', here());
      link.href = address.pathname + address.search;
    };
    for (const press of ['click', 'auxclick']) link.addEventListener(press, lead);
  }
}
