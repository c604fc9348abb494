import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** One `deb` entry of the machine's package sources. */
export interface PackageSource {
  readonly uris: readonly string[];
  readonly suites: readonly string[];
  readonly components: readonly string[];
  /** Fields that say how the archive is trusted, in deb822 spelling; they go wherever the address goes. */
  readonly trust: Readonly<Record<string, string>>;
}

export interface Release {
  /** Code names of this system and of the one that it is derived from. */
  readonly codenames: readonly string[];
  /** Has its own archive next to Debian's, without Debian's suites. */
  readonly isUbuntu: boolean;
}

// From sources.list(5). Anything that ties an entry to its suite or architecture stays behind.
const TRUST_FIELDS = new Map(
  ['Signed-By', 'Trusted', 'Check-Valid-Until', 'Check-Date', 'Date-Max-Future', 'Allow-Insecure', 'Allow-Weak'].map(
    (name) => [name.toLowerCase(), name],
  ),
);
const ROLLING = ['stable', 'testing', 'unstable', 'sid'];

/** One-line format: `deb [option=value ...] uri suite [component ...]`. */
export function parseSourcesList(text: string): PackageSource[] {
  return text.split('\n').flatMap((line) => {
    const entry = /^\s*deb\s+(?:\[([^\]]*)\]\s*)?(\S+)\s+(\S+)([^#]*)/.exec(line);
    if (!entry) return [];
    const [, options = '', uri = '', suite = '', components = ''] = entry;
    const fields = words(options).flatMap((option) => {
      const [, name = '', value = ''] = /^([^=]+?)[+-]?=(.*)$/.exec(option) ?? [];
      return [[name.toLowerCase(), value] as const];
    });
    return source([uri], [suite], words(components), new Map(fields), ',');
  });
}

/** The deb822 format of `*.sources` files. */
export function parseDeb822Sources(text: string): PackageSource[] {
  const withoutComments = text
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .join('\n');
  return withoutComments.split(/\n[ \t]*\n/).flatMap((paragraph) => {
    const fields = parseParagraph(paragraph);
    const list = (name: string) => words(fields.get(name) ?? '');
    const isEnabled = !/^(no|false|0|off|without)$/i.test(fields.get('enabled') ?? 'yes');
    if (!isEnabled || !list('types').includes('deb')) return [];
    return source(list('uris'), list('suites'), list('components'), fields);
  });
}

/** In the order in which apt reads them, without files that apt would ignore. */
export async function readPackageSources(folder = '/etc/apt'): Promise<PackageSource[]> {
  const parts = join(folder, 'sources.list.d');
  const names = (await readdir(parts).catch(() => []))
    .filter((name) => /^[\w.-]+\.(list|sources)$/.test(name))
    .toSorted();
  const files = [join(folder, 'sources.list'), ...names.map((name) => join(parts, name))];
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => '')));
  return texts.flatMap((text, index) =>
    files[index]?.endsWith('.sources') ? parseDeb822Sources(text) : parseSourcesList(text),
  );
}

/** @param text content of os-release(5) */
export function parseRelease(text: string): Release {
  const field = (name: string) => new RegExp(`^${name}=["']?([^"'\\n]*)`, 'm').exec(text)?.[1] ?? '';
  const codenames = ['VERSION_CODENAME', 'UBUNTU_CODENAME', 'DEBIAN_CODENAME'].map(field).filter(Boolean);
  return { codenames: [...new Set(codenames)], isUbuntu: [field('ID'), ...words(field('ID_LIKE'))].includes('ubuntu') };
}

/**
 * Sets of sources in which to look for a package, best first: the preferred suite at each address that the machine's own
 * Debian entries name, then the machine's own suite as it is configured. No address but the machine's own is ever used.
 */
export function candidateSources(
  sources: readonly PackageSource[],
  release: Release,
  preferredSuite: string,
): PackageSource[][] {
  const base = sources.filter(
    (entry) =>
      entry.components.includes('main') &&
      entry.suites.some((suite) => [...release.codenames, ...ROLLING].includes(suite)),
  );
  const preferred = release.isUbuntu
    ? []
    : base.flatMap(({ uris, trust }) =>
        uris.map((uri) => [{ uris: [uri], suites: [preferredSuite], components: ['main'], trust }]),
      );
  const own = base.map((entry) =>
    release.isUbuntu ? { ...entry, components: [...new Set([...entry.components, 'universe'])] } : entry,
  );
  const candidates = own.length > 0 ? [...preferred, own] : preferred;
  return [...new Map(candidates.map((candidate) => [formatSources(candidate, ''), candidate])).values()];
}

/** deb822 text for a `*.sources` file of our own. */
export function formatSources(sources: readonly PackageSource[], architecture: string): string {
  return sources
    .map(({ uris, suites, components, trust }) =>
      [
        'Types: deb',
        `URIs: ${uris.join(' ')}`,
        `Suites: ${suites.join(' ')}`,
        `Components: ${components.join(' ')}`,
        ...(architecture ? [`Architectures: ${architecture}`] : []),
        ...Object.entries(trust).map(([name, value]) => `${name}:${value.startsWith('\n') ? '' : ' '}${value}`),
        '',
      ].join('\n'),
    )
    .join('\n');
}

function source(
  uris: readonly string[],
  suites: readonly string[],
  components: readonly string[],
  fields: ReadonlyMap<string, string>,
  separator?: string,
): PackageSource[] {
  const reachable = uris.filter((uri) => !uri.startsWith('cdrom:'));
  if (reachable.length === 0) return [];
  const trust = [...TRUST_FIELDS].flatMap(([key, name]) => {
    const value = fields.get(key);
    return value === undefined ? [] : [[name, separator ? value.replaceAll(separator, ' ') : value]];
  });
  return [{ uris: reachable, suites, components, trust: Object.fromEntries(trust) }];
}

/** A value that begins on its own line (an embedded key) keeps its line breaks. */
function parseParagraph(paragraph: string): Map<string, string> {
  const fields = new Map<string, string>();
  let current: string | undefined;
  for (const line of paragraph.split('\n')) {
    if (/^[ \t]/.test(line) && current !== undefined) {
      fields.set(current, `${fields.get(current)}\n${line}`);
      continue;
    }
    const [, name, value = ''] = /^([^:\s]+):[ \t]*(.*?)\s*$/.exec(line) ?? [];
    current = name?.toLowerCase();
    if (current !== undefined) fields.set(current, value);
  }
  return fields;
}

function words(text: string): string[] {
  return text.split(/\s+/).filter(Boolean);
}
