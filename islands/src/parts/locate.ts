// "Use my position" beside the fields of a place: it needs no map, so it is there while the map is on its way, where there
// is none, and where it did not load. The position is asked for only when somebody presses, and goes nowhere but into the form.

/** Six decimals are a tenth of a metre. */
const DECIMALS = 6;

/** Sets both fields of a place and then says so once: whoever looks at one field finds the other one set. */
export function setPlace(lon: HTMLInputElement, lat: HTMLInputElement, at: { lng: number; lat: number }): void {
  lon.value = at.lng.toFixed(DECIMALS);
  lat.value = at.lat.toFixed(DECIMALS);
  for (const kind of ['input', 'change']) lat.dispatchEvent(new Event(kind, { bubbles: true }));
}

export function offerPosition(): void {
  if (!('geolocation' in navigator)) return;
  for (const box of document.querySelectorAll<HTMLElement>('[data-locate][hidden]')) {
    const [button, told] = [box.querySelector('button'), box.querySelector<HTMLElement>('[role=status]')];
    const form = box.closest('form');
    const field = (name: string): HTMLInputElement | null => form?.querySelector<HTMLInputElement>(`input[name="${name}"]`) ?? null;
    const [lon, lat] = [field('lon'), field('lat')];
    if (!button || !told || !lon || !lat) continue;
    box.hidden = false;
    button.addEventListener('click', () => {
      button.disabled = true;
      told.textContent = '';
      navigator.geolocation.getCurrentPosition(
        ({ coords }) => {
          button.disabled = false;
          setPlace(lon, lat, { lng: coords.longitude, lat: coords.latitude });
          const fold = lon.closest('details');
          if (fold) fold.open = true;
          told.textContent = box.dataset.found ?? '';
        },
        () => {
          button.disabled = false;
          told.textContent = box.dataset.failed ?? '';
        },
        { enableHighAccuracy: true, timeout: 10_000, maximumAge: 30_000 },
      );
    });
  }
}
