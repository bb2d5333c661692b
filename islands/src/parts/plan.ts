// What the server says about a map: `ui::map::Map` in crates/ui/src/map.rs, in its attribute `data-map`.

export interface Tiles {
  set: 'divisions' | 'grids' | 'cases';
  url: string;
  from: number;
  to: number;
}

export interface Shade {
  /** From 1; without one the place is hatched. */
  class?: number;
  text: string;
  href?: string;
}

export interface Shading {
  set: 'divisions' | 'grids';
  /** The beginning of the tokens' names: `seq` or `div`. */
  colours: string;
  places: Record<string, Shade>;
}

export interface MapPoint {
  lon: number;
  lat: number;
  n: number;
  light?: string;
  text: string;
  href?: string;
}

export interface Plan {
  bounds?: [number, number, number, number];
  tiles: Tiles[];
  shading?: Shading;
  marked?: string[];
  points?: MapPoint[];
  /** Names of the fields that a press on the map sets. */
  pin?: { lon: string; lat: string };
  base?: { url: string; attribution: string };
  words: Record<string, string>;
}

export function planOf(element: HTMLElement): Plan {
  return JSON.parse(element.dataset.map ?? '{"tiles":[],"words":{}}') as Plan;
}

/** The box around everything the plan names; the whole country when it names nothing. */
export function boundsOf(plan: Plan): [number, number, number, number] {
  if (plan.bounds) return plan.bounds;
  const points = plan.points ?? [];
  if (points.length === 0) return [73, 18, 135, 54];
  const lons = points.map(({ lon }) => lon);
  const lats = points.map(({ lat }) => lat);
  return [Math.min(...lons), Math.min(...lats), Math.max(...lons), Math.max(...lats)];
}
