// Enters into package-lock.json what npm leaves out: packages for other platforms that the registry in use does not serve.
//
// npm 11.16 to 12.0 writes no entry for an optional package that it cannot load, and then `npm ci` refuses that very
// lockfile ("Missing: @swc/core-darwin-arm64@ from lock file", npm/cli issue 9846). An entry with its version, system and
// processor is enough: `npm ci` passes it over where it does not fit, and fetches it where it does.
// npm calls this after every change of node_modules (the script "dependencies"). It must run on any Node, without packages.
import { readFileSync, writeFileSync } from 'node:fs';

const path = new URL('../package-lock.json', import.meta.url);
const before = readFileSync(path, 'utf8');
const lockfile = JSON.parse(before);
const packages = lockfile.packages;

for (const [location, meta] of Object.entries(packages)) {
  for (const [name, range] of Object.entries(meta.optionalDependencies ?? {})) {
    const version = range.replace(/^[\^~]/, '');
    if (!/^\d+\.\d+\.\d+/.test(version) || isLocked(location, name, range, version)) continue;
    const place = packages[`node_modules/${name}`] ? `${location}/node_modules/${name}` : `node_modules/${name}`;
    const { cpu, libc, os } = platformOf(name);
    // In npm's own order, and without what is undefined once it is JSON.
    packages[place] = { version, cpu, dev: meta.dev, libc, optional: true, os };
  }
}

lockfile.packages = Object.fromEntries(Object.entries(packages).sort(([a], [b]) => a.localeCompare(b, 'en')));
const after = `${JSON.stringify(lockfile, null, 2)}\n`;
if (after !== before) writeFileSync(path, after);

/** Whether Node would find a fitting one from there: in the package's own folder, or in one above. */
function isLocked(location, name, range, version) {
  const folders = [location];
  while (folders[0].includes('node_modules/'))
    folders.unshift(folders[0].slice(0, folders[0].lastIndexOf('node_modules/') - 1));
  const places = [...folders.toReversed(), ''].map((folder) =>
    folder ? `${folder}/node_modules/${name}` : `node_modules/${name}`,
  );
  const nearest = places.map((place) => packages[place]).find((found) => found !== undefined);
  return nearest !== undefined && (range !== version || nearest.version === version);
}

/** From a name such as `@swc/core-linux-arm64-musl`. */
function platformOf(name) {
  const words = name.split(/[/-]/);
  const oneOf = (...known) => {
    const word = words.find((candidate) => known.includes(candidate));
    return word && [word];
  };
  const os = oneOf(
    'aix',
    'android',
    'darwin',
    'freebsd',
    'linux',
    'netbsd',
    'openbsd',
    'openharmony',
    'sunos',
    'win32',
  );
  const cpu = oneOf('arm', 'arm64', 'ia32', 'loong64', 'ppc64', 'riscv64', 's390x', 'wasm32', 'x64');
  const libc = os?.[0] === 'linux' && words.includes('gnu') ? ['glibc'] : oneOf('musl');
  return { cpu, libc, os };
}
