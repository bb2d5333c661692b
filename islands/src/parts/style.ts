// The style of a map, made from its plan and the tokens of the theme. No glyphs are fetched: without an address for them
// the map draws letters with the fonts of the device.
import type {
  ExpressionSpecification, LayerSpecification, Map as MapLibre, SourceSpecification, StyleSpecification,
} from 'maplibre-gl';
import type { Plan, Tiles } from './plan';
import { enlarged, token } from './theme';

const FONTS = ['PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', 'Source Han Sans SC', 'sans-serif'];
const CODE: ExpressionSpecification = ['get', 'code'];
const TRANSPARENT = 'rgba(0,0,0,0)';

/** How many digits a division's code has of its own: 6 district, 9 street, 12 community. */
const by = <T>(district: T, street: T, community: T): ExpressionSpecification =>
  ['step', ['get', 'level'], district, 9, street, 12, community] as unknown as ExpressionSpecification;

const isOneOf = (codes: string[]): ExpressionSpecification => ['in', CODE, ['literal', codes]];

export function styleOf(plan: Plan): StyleSpecification {
  const sources: Record<string, SourceSpecification> = {};
  const layers: LayerSpecification[] = [
    { id: 'ground', type: 'background', paint: { 'background-color': token('--sunk') } },
  ];
  if (plan.base) addBase(plan.base, sources, layers);
  for (const tiles of plan.tiles) {
    // Addresses are made whole here: the worker has no page that they could be relative to.
    const url = new URL(tiles.url, location.href).href.replaceAll('%7B', '{').replaceAll('%7D', '}');
    sources[tiles.set] = { type: 'vector', tiles: [url], minzoom: tiles.from, maxzoom: tiles.to };
  }
  const has = (set: Tiles['set']): boolean => set in sources;
  if (has('divisions')) {
    const color = plan.base ? TRANSPARENT : token('--surface');
    layers.push({ id: 'divisions', type: 'fill', source: 'divisions', 'source-layer': 'areas', paint: { 'fill-color': color } });
  }
  if (has('grids')) {
    layers.push({ id: 'grids', type: 'fill', source: 'grids', 'source-layer': 'areas', paint: { 'fill-color': TRANSPARENT } });
  }
  addShading(plan, layers);
  if (has('grids')) {
    layers.push({
      id: 'grid-lines', type: 'line', source: 'grids', 'source-layer': 'areas',
      paint: { 'line-color': token('--line-strong'), 'line-width': 0.5, 'line-opacity': 0.6 },
    });
  }
  if (has('divisions')) {
    layers.push({
      id: 'division-lines', type: 'line', source: 'divisions', 'source-layer': 'areas',
      layout: { 'line-join': 'round', 'line-sort-key': ['-', 0, ['get', 'level']] },
      paint: { 'line-color': token('--line-strong'), 'line-width': by(2, 1.4, 0.8) },
    });
  }
  addMarked(plan, layers, has);
  if (has('divisions')) layers.push(names());
  if (has('grids')) layers.push(gridNumbers());
  if (has('cases')) layers.push(...circles('cases', { 'source-layer': 'cases' }));
  addPoints(plan, sources, layers);
  return { version: 8, sources, layers };
}

function addBase(base: NonNullable<Plan['base']>, sources: Record<string, SourceSpecification>, layers: LayerSpecification[]): void {
  const plain = document.createElement('span');
  plain.textContent = base.attribution;
  sources.base = { type: 'raster', tiles: [base.url], tileSize: 256, attribution: plain.innerHTML };
  const isDark = getComputedStyle(document.documentElement).colorScheme === 'dark';
  // Quieter than what lies on it; in the dark it must not glare.
  layers.push({
    id: 'base', type: 'raster', source: 'base',
    paint: { 'raster-saturation': -0.6, 'raster-opacity': isDark ? 0.5 : 0.8, 'raster-brightness-max': isDark ? 0.6 : 1 },
  });
}

function addShading({ shading, base }: Plan, layers: LayerSpecification[]): void {
  if (!shading) return;
  const classes = new Map<number, string[]>();
  const unknown: string[] = [];
  for (const [code, place] of Object.entries(shading.places)) {
    if (place.class === undefined) unknown.push(code);
    else classes.set(place.class, [...(classes.get(place.class) ?? []), code]);
  }
  if (classes.size > 0) {
    const cases = [...classes].flatMap(([number, codes]) => [codes, token(`--${shading.colours}-${number}`)]);
    layers.push({
      id: 'shades', type: 'fill', source: shading.set, 'source-layer': 'areas',
      filter: isOneOf([...classes.values()].flat()),
      paint: {
        'fill-color': ['match', CODE, ...cases, TRANSPARENT] as unknown as ExpressionSpecification,
        'fill-opacity': base ? 0.75 : 1,
      },
    });
  }
  if (unknown.length > 0) {
    layers.push({
      id: 'unknown', type: 'fill', source: shading.set, 'source-layer': 'areas',
      filter: isOneOf(unknown), paint: { 'fill-pattern': 'hatch' },
    });
  }
}

function addMarked({ marked }: Plan, layers: LayerSpecification[], has: (set: Tiles['set']) => boolean): void {
  if (!marked || marked.length === 0) return;
  for (const set of ['divisions', 'grids'] as const) {
    if (!has(set)) continue;
    const filter = isOneOf(marked);
    layers.push(
      { id: `marked-${set}`, type: 'fill', source: set, 'source-layer': 'areas', filter, paint: { 'fill-color': token('--accent'), 'fill-opacity': 0.14 } },
      { id: `marked-lines-${set}`, type: 'line', source: set, 'source-layer': 'areas', filter, paint: { 'line-color': token('--accent'), 'line-width': 2.5 } },
    );
  }
}

function halo(): { 'text-color': string; 'text-halo-color': string; 'text-halo-width': number } {
  return { 'text-color': token('--ink'), 'text-halo-color': token('--surface'), 'text-halo-width': 1.5 };
}

function names(): LayerSpecification {
  const isEnglish = document.documentElement.lang.startsWith('en');
  const scale = enlarged();
  return {
    id: 'names', type: 'symbol', source: 'divisions', 'source-layer': 'names',
    // A city's or a province's name in the middle of its own map says nothing.
    filter: ['>=', ['get', 'level'], 6],
    layout: {
      'text-field': isEnglish ? ['coalesce', ['get', 'en'], ['get', 'name']] : ['get', 'name'],
      'text-font': FONTS, 'text-size': by(16 * scale, 14 * scale, 12 * scale), 'text-max-width': 8, 'symbol-sort-key': ['get', 'level'],
      'text-padding': 4,
    },
    paint: halo(),
  };
}

/** The last three digits, which are a cell's number in its community. */
function gridNumbers(): LayerSpecification {
  return {
    id: 'grid-numbers', type: 'symbol', source: 'grids', 'source-layer': 'names', minzoom: 15,
    layout: { 'text-field': ['slice', CODE, 12], 'text-font': FONTS, 'text-size': 11 },
    paint: { ...halo(), 'text-color': token('--ink-2') },
  };
}

function addPoints({ points }: Plan, sources: Record<string, SourceSpecification>, layers: LayerSpecification[]): void {
  if (!points || points.length === 0) return;
  const late: ExpressionSpecification = ['case', ['==', ['get', 'light'], 'late'], ['get', 'n'], 0];
  sources.points = {
    type: 'geojson', cluster: true, clusterRadius: 40, clusterMaxZoom: 17,
    clusterProperties: { n: ['+', ['get', 'n']], late: ['+', late] },
    data: {
      type: 'FeatureCollection',
      features: points.map(({ lon, lat, n, light, text, href }) => ({
        type: 'Feature', geometry: { type: 'Point', coordinates: [lon, lat] },
        properties: { n, light: light ?? 'plain', text, href: href ?? '' },
      })),
    },
  };
  layers.push(...circles('points', {}));
}

/** Circles with their numbers, and a mark for what stands alone. */
function circles(source: string, of: { 'source-layer'?: string }): LayerSpecification[] {
  const scale = enlarged();
  const many: ExpressionSpecification = ['>', ['get', 'n'], 1];
  const hasLate: ExpressionSpecification = ['any', ['>', ['coalesce', ['get', 'late'], 0], 0], ['==', ['get', 'light'], 'late']];
  return [
    {
      id: 'many', type: 'circle', source, ...of, filter: many,
      paint: {
        'circle-color': token('--surface'),
        'circle-radius': ['interpolate', ['linear'], ['sqrt', ['get', 'n']], 1, 12 * scale, 10, 20 * scale, 100, 36 * scale],
        'circle-stroke-width': 2.5,
        'circle-stroke-color': ['case', hasLate, token('--late'), token('--accent')],
      },
    },
    {
      id: 'many-numbers', type: 'symbol', source, ...of, filter: many,
      layout: {
        // ■ beside the number where some are late: state is never colour alone.
        'text-field': ['concat', ['case', hasLate, '■ ', ''], ['to-string', ['get', 'n']]],
        'text-font': FONTS, 'text-size': 12 * scale, 'text-allow-overlap': true,
      },
      paint: { 'text-color': token('--ink') },
    },
    {
      id: 'one', type: 'symbol', source, ...of, filter: ['!', many],
      layout: { 'icon-image': ['concat', 'light-', ['get', 'light']], 'icon-allow-overlap': true },
    },
  ];
}

/** The pictures the style names: the hatching, and a mark for each light. */
export function addImages(map: MapLibre): void {
  const picture = (name: string, size: number, draw: (pen: CanvasRenderingContext2D) => void): void => {
    const canvas = document.createElement('canvas');
    canvas.width = canvas.height = size * 2;
    const pen = canvas.getContext('2d');
    if (!pen) return;
    pen.scale(2, 2);
    draw(pen);
    if (map.hasImage(name)) map.removeImage(name);
    map.addImage(name, pen.getImageData(0, 0, size * 2, size * 2), { pixelRatio: 2 });
  };
  picture('hatch', 8, (pen) => {
    pen.strokeStyle = token('--line-strong');
    pen.lineWidth = 1;
    for (const from of [-8, 0, 8]) {
      pen.moveTo(from, 8);
      pen.lineTo(from + 8, 0);
    }
    pen.stroke();
  });
  const mark = (light: string, colour: string, shape: (pen: CanvasRenderingContext2D) => void, hollow = false): void =>
    picture(`light-${light}`, 16, (pen) => {
      pen.beginPath();
      shape(pen);
      pen.lineWidth = hollow ? 2.5 : 1.5;
      pen.fillStyle = hollow ? token('--surface') : colour;
      pen.strokeStyle = hollow ? colour : token('--surface');
      pen.fill();
      pen.stroke();
    });
  const disc = (pen: CanvasRenderingContext2D): void => pen.arc(8, 8, 5.5, 0, 2 * Math.PI);
  mark('plain', token('--accent'), disc);
  mark('in-time', token('--good'), disc);
  mark('provisional', token('--ink-2'), disc, true);
  mark('late', token('--late'), (pen) => pen.rect(3, 3, 10, 10));
  mark('soon', token('--soon'), (pen) => {
    pen.moveTo(8, 2);
    pen.lineTo(14.5, 13.5);
    pen.lineTo(1.5, 13.5);
    pen.closePath();
  });
  mark('parked', token('--parked'), (pen) => {
    pen.rect(3.5, 3, 3.5, 10);
    pen.rect(9, 3, 3.5, 10);
  });
}
