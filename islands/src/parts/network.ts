// What is there without a network: the service worker (sw.ts), asked for by the pages whose readers lose theirs on the way.

export function openWithoutNetwork(): void {
  if (!('serviceWorker' in navigator)) return;
  navigator.serviceWorker.register('/sw.js').catch((error: unknown) => console.warn('no service worker', error));
}

/** Parts that are shown only where this device has kept a page: `data-if-kept="/tasks"`. */
export function showWhatIsKept(): void {
  if (!('caches' in window)) return;
  for (const part of document.querySelectorAll<HTMLElement>('[data-if-kept]')) {
    void caches.match(part.dataset.ifKept ?? '').then((kept) => { part.hidden = kept === undefined; });
  }
}
