// Builds what the program embeds into dist/: tabler.css from its SCSS, app.js and every other src/*.ts as an island (what
// they share is in src/parts/), and beside the map its style and its worker.
import { build, transform } from 'esbuild';
import { compile } from 'sass';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import path from 'node:path';

const here = path.dirname(fileURLToPath(import.meta.url));
const dist = path.join(here, 'dist');
const target = ['chrome90', 'firefox90', 'safari15'];
const maplibre = path.join(here, 'node_modules/maplibre-gl/dist');

await mkdir(dist, { recursive: true });
for (const name of await readdir(dist)) {
  if (name !== '.gitkeep') await rm(path.join(dist, name), { recursive: true });
}

// Deprecations inside Tabler are Tabler's to mend; our own file has no imports that could hide one.
const style = compile(path.join(here, 'src/tabler.scss'), { loadPaths: [path.join(here, 'node_modules')], quietDeps: true });
const small = await transform(style.css, { loader: 'css', minify: true, target, legalComments: 'none' });
await writeFile(path.join(dist, 'tabler.css'), small.code);

const islands = (await readdir(path.join(here, 'src'))).filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'));
await build({
  entryPoints: [
    ...islands.map((name) => ({ in: path.join(here, 'src', name), out: path.basename(name, '.ts') })),
    { in: path.join(maplibre, 'maplibre-gl.css'), out: 'map' },
    { in: path.join(maplibre, 'maplibre-gl-worker.mjs'), out: 'map-worker' },
  ],
  outdir: dist,
  bundle: true,
  format: 'esm',
  minify: true,
  target,
  legalComments: 'none',
  logLevel: 'warning',
});
