import { describe, expect, it } from 'vitest';
import {
  candidateSources,
  formatSources,
  parseDeb822Sources,
  parseRelease,
  parseSourcesList,
  type PackageSource,
} from './package-sources.js';

const keyring = '/usr/share/keyrings/example-archive-keyring.gpg';

describe('one-line package sources', () => {
  it('reads address, suite and components', () => {
    const [source, ...rest] = parseSourcesList('deb http://archive.test/debian bookworm main contrib');
    expect(source).toEqual({
      uris: ['http://archive.test/debian'],
      suites: ['bookworm'],
      components: ['main', 'contrib'],
      trust: {},
    });
    expect(rest).toEqual([]);
  });

  it('keeps the keyring of an entry with options in brackets and leaves its architecture behind', () => {
    const [source] = parseSourcesList(
      `deb [ arch=amd64,arm64 signed-by=${keyring} ] http://archive.test/debian bookworm main # ours`,
    );
    expect(source?.trust).toEqual({ 'Signed-By': keyring });
    expect(source?.components).toEqual(['main']);
  });

  it('reads several keyrings, trust and date checks', () => {
    const [source] = parseSourcesList(
      'deb [signed-by=/a.gpg,/b.gpg trusted=yes check-valid-until=no] http://archive.test/debian bookworm main',
    );
    expect(source?.trust).toEqual({ 'Signed-By': '/a.gpg /b.gpg', Trusted: 'yes', 'Check-Valid-Until': 'no' });
  });

  it('passes over comments, sources, discs and empty lines', () => {
    const text = [
      '# deb http://archive.test/debian bookworm main',
      'deb-src http://archive.test/debian bookworm main',
      'deb cdrom:[Debian GNU/Linux 12 _Bookworm_]/ bookworm main',
      '',
    ].join('\n');
    expect(parseSourcesList(text)).toEqual([]);
  });
});

describe('deb822 package sources', () => {
  it('reads several paragraphs with comments between them', () => {
    const sources = parseDeb822Sources(`Types: deb deb-src
# a snapshot would be here
URIs: http://archive.test/debian http://mirror.test/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: ${keyring}

Types: deb
URIs: http://archive.test/debian-security
Suites: bookworm-security
Components: main
`);
    expect(sources).toEqual([
      {
        uris: ['http://archive.test/debian', 'http://mirror.test/debian'],
        suites: ['bookworm', 'bookworm-updates'],
        components: ['main'],
        trust: { 'Signed-By': keyring },
      },
      { uris: ['http://archive.test/debian-security'], suites: ['bookworm-security'], components: ['main'], trust: {} },
    ]);
  });

  it('passes over disabled entries and entries of source packages', () => {
    const entry = 'URIs: http://archive.test/debian\nSuites: bookworm\nComponents: main\n';
    expect(parseDeb822Sources(`Types: deb\nEnabled: no\n${entry}\nTypes: deb-src\n${entry}`)).toEqual([]);
  });

  it('keeps an embedded key with its line breaks', () => {
    const key = [
      ' -----BEGIN PGP PUBLIC KEY BLOCK-----',
      ' .',
      ' mQINBGPL',
      ' -----END PGP PUBLIC KEY BLOCK-----',
    ].join('\n');
    const text = `types: deb\nuris: http://archive.test/debian\nsuites: bookworm\ncomponents: main\nsigned-by:\n${key}\n`;
    const sources = parseDeb822Sources(text);
    expect(sources[0]?.trust['Signed-By']).toBe(`\n${key}`);
    expect(parseDeb822Sources(formatSources(sources, 'amd64'))).toEqual(sources);
  });
});

describe('where to look for a package', () => {
  const debian = parseRelease('ID=debian\nVERSION_CODENAME=bookworm\n');
  const ubuntu = parseRelease('ID=ubuntu\nID_LIKE=debian\nVERSION_CODENAME=noble\nUBUNTU_CODENAME=noble\n');
  const archive: PackageSource = {
    uris: ['http://archive.test/debian'],
    suites: ['bookworm', 'bookworm-updates'],
    components: ['main'],
    trust: { 'Signed-By': keyring },
  };
  const thirdParty: PackageSource = {
    uris: ['http://tools.test/apt'],
    suites: ['tools-bookworm'],
    components: ['main'],
    trust: {},
  };

  it('prefers the other suite at the address and with the keyring of the machine’s own entry, then takes the own suite', () => {
    const [preferred, own, ...rest] = candidateSources([thirdParty, archive], debian, 'trixie');
    expect(preferred).toEqual([{ ...archive, suites: ['trixie'] }]);
    expect(own).toEqual([archive]);
    expect(rest).toEqual([]);
  });

  it('looks only once where the own suite is the preferred one', () => {
    const trixie = { ...archive, suites: ['trixie'] };
    expect(candidateSources([trixie], parseRelease('ID=debian\nVERSION_CODENAME=trixie\n'), 'trixie')).toEqual([
      [trixie],
    ]);
  });

  it('takes the own suite with universe on Ubuntu, whose archive has no suite of Debian', () => {
    const noble = { ...archive, suites: ['noble', 'noble-updates'] };
    expect(candidateSources([noble], ubuntu, 'trixie')).toEqual([[{ ...noble, components: ['main', 'universe'] }]]);
  });

  it('has no place to look when the machine names no archive of its own system', () => {
    expect(candidateSources([thirdParty], debian, 'trixie')).toEqual([]);
  });
});
