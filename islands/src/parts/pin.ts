// A pin that sets two fields of the page by a press on the map, by Enter in its middle, or by the device's position.
import { type LngLat, type Map as MapLibre, Marker } from 'maplibre-gl';
import { setPlace } from './locate';
import type { Plan } from './plan';
import { isStill, token } from './theme';

/** How close a map looks at a place that was just set. */
const CLOSE = 16;

export function addPin(map: MapLibre, box: HTMLElement, told: HTMLElement, { pin, words }: Plan): () => void {
  if (!pin) return () => {};
  const form = box.closest('form') ?? document;
  const field = (name: string): HTMLInputElement | null => form.querySelector<HTMLInputElement>(`input[name="${name}"]`);
  const [lon, lat] = [field(pin.lon), field(pin.lat)];
  if (!lon || !lat) return () => {};
  const marker = new Marker({ color: token('--accent'), draggable: true });
  let isSetting = false;
  let isTelling: (() => void) | undefined;

  const tell = (at: LngLat): void => {
    if (isTelling) map.off('idle', isTelling);
    isTelling = () => {
      if (isTelling) map.off('idle', isTelling);
      isTelling = undefined;
      const place = placeAt(map, at);
      told.textContent = place ? (words.pinned ?? '').replace('{place}', place) : words['pinned-outside'] ?? '';
    };
    map.on('idle', isTelling);
    map.triggerRepaint();
  };
  const set = (at: LngLat): void => {
    isSetting = true;
    setPlace(lon, lat, at);
    isSetting = false;
    marker.setLngLat(at).addTo(map);
    tell(at);
  };
  const look = (at: { lng: number; lat: number }): void => {
    const camera = { center: at, zoom: Math.max(map.getZoom(), CLOSE) };
    if (isStill()) map.jumpTo(camera);
    else map.easeTo(camera);
  };
  /** The place the fields name, where they name one. */
  const fromFields = (): void => {
    if (isSetting) return;
    const at = { lng: Number(lon.value), lat: Number(lat.value) };
    const isPlace = lon.value.trim() !== '' && lat.value.trim() !== '' && Math.abs(at.lng) <= 180 && Math.abs(at.lat) <= 85;
    if (!isPlace) {
      marker.remove();
      return;
    }
    marker.setLngLat(at).addTo(map);
    look(at);
    tell(marker.getLngLat());
  };

  const onKey = (event: KeyboardEvent): void => {
    if (event.key !== 'Enter') return;
    event.preventDefault();
    set(map.getCenter());
  };
  const canvas = map.getCanvas();
  canvas.addEventListener('keydown', onKey);
  const cross = document.createElement('div');
  cross.className = 'map-cross';
  map.getCanvasContainer().append(cross);
  const help = document.createElement('p');
  help.className = 'form-hint map-help';
  help.textContent = words['pin-key'] ?? '';
  const me = document.createElement('button');
  me.type = 'button';
  me.className = 'btn';
  me.textContent = words.me ?? '';
  me.addEventListener('click', () => {
    me.disabled = true;
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        me.disabled = false;
        const at = { lng: coords.longitude, lat: coords.latitude };
        look(at);
        set(marker.setLngLat(at).getLngLat());
      },
      () => {
        me.disabled = false;
        told.textContent = words['me-failed'] ?? '';
      },
      { enableHighAccuracy: true, timeout: 10_000, maximumAge: 30_000 },
    );
  });
  const below = document.createElement('div');
  below.className = 'map-below';
  // A form that offers the position itself sets the fields, and the pin follows them: a button that gave way to another one
  // would go from under a finger.
  const isOffered = form.querySelector('[data-locate]') !== null;
  if ('geolocation' in navigator && !isOffered) below.append(me);
  below.append(help);
  box.after(below);
  map.on('click', ({ lngLat }) => set(lngLat));
  marker.on('dragend', () => set(marker.getLngLat()));
  for (const input of [lon, lat]) input.addEventListener('change', fromFields);
  map.once('load', fromFields);
  return () => {
    for (const input of [lon, lat]) input.removeEventListener('change', fromFields);
    canvas.removeEventListener('keydown', onKey);
    below.remove();
  };
}

/** The divisions at a place, the largest first, as far as the map shows them. */
function placeAt(map: MapLibre, at: LngLat): string {
  if (!map.getLayer('divisions')) return '';
  const isEnglish = document.documentElement.lang.startsWith('en');
  const found = new Map<number, string>();
  for (const { properties } of map.queryRenderedFeatures(map.project(at), { layers: ['divisions'] })) {
    const name: unknown = (isEnglish && properties.en) || properties.name;
    if (typeof name === 'string') found.set(Number(properties.level), name);
  }
  const names = [...found].sort(([a], [b]) => a - b).map(([, name]) => name);
  return isEnglish ? names.reverse().join(', ') : names.join(' ');
}
