// Photos gathered one by one: a phone's camera gives one at a time, and a browser forgets the earlier pick when there is
// another. Each pick is added to those before; each is shown small and may be taken out again. Without script a form has
// several inputs instead.

const gathered = new WeakMap<HTMLInputElement, File[]>();
const WIDTH = 120;
const HEIGHT = 90;

const isSame = (a: File, b: File): boolean => a.name === b.name && a.size === b.size && a.lastModified === b.lastModified;

function gather(input: HTMLInputElement): void {
  const have = gathered.get(input) ?? [];
  // A picker that was closed without a choice gives none: what was there stays.
  const more = [...input.files ?? []].filter((file) => !have.some((known) => isSame(known, file)));
  put(input, [...have, ...more]);
}

/** Makes these the files of an input, and shows them. */
function put(input: HTMLInputElement, files: File[]): void {
  const transfer = new DataTransfer();
  for (const file of files) transfer.items.add(file);
  input.files = transfer.files;
  gathered.set(input, files);
  show(input, files);
}

function show(input: HTMLInputElement, files: File[]): void {
  const list = input.parentElement?.querySelector<HTMLElement>('.picked') ?? document.createElement('ul');
  list.className = 'thumbs picked';
  list.replaceChildren(...files.map((file) => entry(file, input.dataset.remove ?? '', () => {
    put(input, files.filter((other) => other !== file));
    // The button that had the focus is gone.
    input.focus({ preventScroll: true });
  })));
  if (files.length === 0) list.remove();
  else input.after(list);
}

/** One photo, small, with a button that takes it out: also for what waits to be sent. */
export function entry(file: Blob & { name?: string }, remove: string, press: () => void): HTMLElement {
  const item = preview(file, file.name ?? '');
  const name = file.name ?? '';
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'btn btn-small';
  button.textContent = remove.replace('{name}', '').trim();
  button.setAttribute('aria-label', remove.replace('{name}', name));
  button.addEventListener('click', press);
  item.append(button);
  return item;
}

/** One photo, small, and in words for whoever does not see it. It is drawn once: what is kept of it in memory is as small as
 * it looks, and goes with the element. */
export function preview(file: Blob & { name?: string }, words: string): HTMLElement {
  const item = document.createElement('li');
  const picture = document.createElement('canvas');
  picture.width = WIDTH;
  picture.height = HEIGHT;
  picture.setAttribute('role', 'img');
  picture.setAttribute('aria-label', words);
  void draw(picture, file).catch(() => {
    // No picture: a document, or what this browser cannot read. Its name says what it is.
    const label = document.createElement('span');
    label.className = 'thumb-file';
    label.textContent = file.name ?? words;
    picture.replaceWith(label);
  });
  item.append(picture);
  return item;
}

async function draw(canvas: HTMLCanvasElement, file: Blob): Promise<void> {
  if (!file.type.startsWith('image/')) throw new Error('no picture');
  const picture = await createImageBitmap(file);
  const scale = Math.max(WIDTH / picture.width, HEIGHT / picture.height);
  const [wide, high] = [picture.width * scale, picture.height * scale];
  canvas.getContext('2d')?.drawImage(picture, (WIDTH - wide) / 2, (HEIGHT - high) / 2, wide, high);
  picture.close();
}

/** Looks after all inputs of pictures, also of parts that come later. */
export function gatherPhotos(): void {
  document.addEventListener('change', (event) => {
    const input = event.target;
    if (input instanceof HTMLInputElement && input.type === 'file' && input.multiple) gather(input);
  });
  document.addEventListener('reset', (event) => {
    if (!(event.target instanceof HTMLFormElement)) return;
    for (const input of event.target.querySelectorAll<HTMLInputElement>('input[type=file]')) {
      gathered.delete(input);
      show(input, []);
    }
  });
}
