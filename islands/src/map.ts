// The map island: draws the plan that `ui::map::Map` put into `data-map`, with MapLibre GL. A new plan in the attribute
// (a page that renews itself) changes the map in place.
import { AttributionControl, type IControl, Map as MapLibre, type MapGeoJSONFeature, type MapMouseEvent, NavigationControl, setWorkerUrl } from 'maplibre-gl';
import type { GeoJSONSource } from 'maplibre-gl';
import { addPin } from './parts/pin';
import { type Plan, boundsOf, planOf } from './parts/plan';
import { addImages, styleOf } from './parts/style';
import { isStill, onTheme } from './parts/theme';

const PADDING = 24;
/** Layers that tell something when pointed at, the topmost first. */
const TELLING = ['one', 'many', 'shades', 'unknown'];

/** A button that shows everything again. */
class WholeControl implements IControl {
  readonly #label: string;
  readonly #press: () => void;
  #element: HTMLElement | undefined;
  constructor(label: string, press: () => void) {
    this.#label = label;
    this.#press = press;
  }
  onAdd(): HTMLElement {
    const group = document.createElement('div');
    group.className = 'maplibregl-ctrl maplibregl-ctrl-group';
    const button = document.createElement('button');
    button.type = 'button';
    button.title = this.#label;
    button.setAttribute('aria-label', this.#label);
    button.className = 'map-whole';
    button.addEventListener('click', this.#press);
    group.append(button);
    this.#element = group;
    return group;
  }
  onRemove(): void {
    this.#element?.remove();
  }
}

export function mount(box: HTMLElement): () => void {
  let plan = planOf(box);
  const { words } = plan;
  const told = box.parentElement?.querySelector<HTMLElement>('.map-told') ?? document.createElement('p');
  setWorkerUrl(new URL(box.dataset.worker ?? '', location.href).href);
  const room = document.createElement('div');
  room.className = 'map-room';
  box.append(room);
  let map: MapLibre;
  try {
    map = new MapLibre({
      container: room,
      style: styleOf(plan),
      bounds: boundsOf(plan),
      fitBoundsOptions: { padding: PADDING, maxZoom: 17 },
      attributionControl: false,
      cooperativeGestures: box.closest('.wall-map') === null,
      dragRotate: false,
      pitchWithRotate: false,
      maxPitch: 0,
      renderWorldCopies: false,
      fadeDuration: isStill() ? 0 : 150,
      locale: {
        'Map.Title': box.dataset.title ?? '',
        'NavigationControl.ZoomIn': words.in ?? '',
        'NavigationControl.ZoomOut': words.out ?? '',
        'Marker.Title': words.pin ?? '',
        'CooperativeGesturesHandler.WindowsHelpText': words.wheel ?? '',
        'CooperativeGesturesHandler.MacHelpText': words['wheel-mac'] ?? '',
        'CooperativeGesturesHandler.MobileHelpText': words.touch ?? '',
      },
    });
  } catch (error) {
    // No WebGL: the sentence in the box says that the page works without.
    room.remove();
    fail(box, words, error);
    return () => {};
  }
  map.touchZoomRotate.disableRotation();
  map.keyboard.disableRotation();
  map.addControl(new NavigationControl({ showCompass: false }), 'top-right');
  const whole = (): void => {
    map.fitBounds(boundsOf(plan), { padding: PADDING, maxZoom: 17, animate: !isStill() });
  };
  map.addControl(new WholeControl(words.whole ?? '', whole), 'top-right');
  if (plan.base?.attribution) map.addControl(new AttributionControl({ compact: false }));
  map.on('style.load', () => addImages(map));
  map.on('error', ({ error }) => fail(box, words, error));
  map.once('load', () => box.classList.add('map-live'));
  map.on('idle', () => (box.dataset.state = 'idle'));
  map.on('movestart', () => delete box.dataset.state);
  const unpin = addPin(map, box, told, plan);
  if (!plan.pin) addTelling(map, room, told, () => plan);
  const restyle = (): void => {
    map.setStyle(styleOf(plan));
  };
  const stopTheme = onTheme(restyle);
  const changes = new MutationObserver(() => {
    plan = planOf(box);
    restyle();
  });
  changes.observe(box, { attributeFilter: ['data-map'] });
  return () => {
    stopTheme();
    changes.disconnect();
    unpin();
    map.remove();
    room.remove();
    told.textContent = '';
    box.classList.remove('map-live');
  };
}

function fail(box: HTMLElement, words: Plan['words'], error: unknown): void {
  console.warn('map:', error);
  const wait = box.querySelector('.map-wait');
  if (wait && !box.classList.contains('map-live')) wait.textContent = words.failed ?? '';
}

/** Tells about what is pointed at: while passing over it in the map's corner, after a press below the map with its link. */
function addTelling(map: MapLibre, room: HTMLElement, told: HTMLElement, plan: () => Plan): void {
  const tip = document.createElement('div');
  tip.className = 'map-tip';
  tip.setAttribute('aria-hidden', 'true');
  tip.hidden = true;
  room.append(tip);
  const at = ({ point }: MapMouseEvent): MapGeoJSONFeature | undefined => {
    const layers = TELLING.filter((id) => map.getLayer(id));
    return layers.length > 0 ? map.queryRenderedFeatures(point, { layers })[0] : undefined;
  };
  map.on('mousemove', (event) => {
    const { text } = about(at(event), plan());
    map.getCanvas().classList.toggle('map-pointing', text !== '');
    if (tip.textContent !== text) tip.textContent = text;
    tip.hidden = text === '';
  });
  map.on('mouseout', () => (tip.hidden = true));
  map.on('click', (event) => {
    const feature = at(event);
    if (feature && typeof feature.properties.cluster_id === 'number') {
      void openCluster(map, feature);
      return;
    }
    // A circle of several places, made by the server: nearer, it comes apart.
    if (feature && Number(feature.properties.piles) > 1) map.easeTo({ center: event.lngLat, zoom: map.getZoom() + 2, animate: !isStill() });
    const { text, href } = about(feature, plan());
    const said: Node = href ? Object.assign(document.createElement('a'), { href, textContent: text }) : document.createTextNode(text);
    told.replaceChildren(said);
  });
}

function about(feature: MapGeoJSONFeature | undefined, { shading, words }: Plan): { text: string; href: string } {
  if (!feature) return { text: '', href: '' };
  const { properties } = feature;
  if (typeof properties.cluster_id === 'number') {
    return { text: (words.many ?? '').replace('{n}', String(properties.n)), href: '' };
  }
  if (typeof properties.text === 'string') return { text: properties.text, href: String(properties.href ?? '') };
  const shade = shading?.places[String(properties.code)];
  return { text: shade?.text ?? '', href: shade?.href ?? '' };
}

async function openCluster(map: MapLibre, feature: MapGeoJSONFeature): Promise<void> {
  const source = map.getSource<GeoJSONSource>('points');
  if (!source || feature.geometry.type !== 'Point') return;
  const zoom = await source.getClusterExpansionZoom(Number(feature.properties.cluster_id));
  const [lng, lat] = feature.geometry.coordinates;
  if (lng === undefined || lat === undefined) return;
  map.easeTo({ center: [lng, lat], zoom, animate: !isStill() });
}
