import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Environment } from './data-dir.js';
import { LocalSetupError } from './errors.js';

const run = promisify(execFile);
const VERSION = '2.11.8';
const DOWNLOAD_PATIENCE_MS = 120_000;

/**
 * SHA-256 of `nats-server-v2.11.8-<platform>.tar.gz`. All four from the release's checksum file as recorded by two public
 * repositories independent of each other; the two of Linux also stand in the vendor's own Docker image.
 */
const PINNED: Readonly<Record<string, string>> = {
  'linux-amd64': '397a6deffb5533e160de0cca322bc3dcaec7fb7282d66a3dfa87a9c183152ad1',
  'linux-arm64': 'b08936cb1dc0ae7086137bda14c352df64397c4af45ed2b392705c19585aeb84',
  'darwin-amd64': '002c943c1ed39c55cc5e024debfc02685111fcb2b1cbd887aad39ac977037477',
  'darwin-arm64': '23e0c5354c2da385708946a21900c944fcb9a3bbfd02aae27a4ae750dea0b682',
};
const ARCHITECTURES: Readonly<Record<string, string>> = {
  x64: 'amd64',
  arm64: 'arm64',
  arm: 'arm7',
  ia32: '386',
  ppc64: 'ppc64le',
  s390x: 's390x',
};

/**
 * Calls `use` with a folder that holds the vendor's unpacked release archive. `NATS_ARCHIVE_URL` and `NATS_ARCHIVE_SHA256`
 * name another archive, for a platform without a pinned hash or a mirror; an archive without a known hash is refused.
 * @throws LocalSetupError
 */
export async function withVendorArchive<T>(
  options: { env: Environment; log: (line: string) => void },
  use: (folder: string) => Promise<T>,
): Promise<T> {
  const { env, log } = options;
  const platform = `${process.platform}-${ARCHITECTURES[process.arch] ?? process.arch}`;
  const ownUrl = env['NATS_ARCHIVE_URL'];
  const url =
    ownUrl ||
    `https://github.com/nats-io/nats-server/releases/download/v${VERSION}/nats-server-v${VERSION}-${platform}.tar.gz`;
  // A pinned hash is that of one archive: for another address only the hash given with it counts.
  const expected = (env['NATS_ARCHIVE_SHA256'] || (ownUrl ? undefined : PINNED[platform]))?.toLowerCase();
  if (expected === undefined) {
    throw new LocalSetupError(
      ownUrl
        ? 'NATS_ARCHIVE_URL needs NATS_ARCHIVE_SHA256 beside it'
        : `no SHA-256 is known for ${platform} (NATS_ARCHIVE_SHA256 can name it)`,
    );
  }

  log("Fetching nats-server from its vendor's release archive (once) …");
  const content = await download(url);
  const actual = createHash('sha256').update(content).digest('hex');
  if (actual !== expected) throw new LocalSetupError(`the archive has SHA-256 ${actual}, expected ${expected}`);
  const folder = await mkdtemp(join(tmpdir(), 'fenster-nats-'));
  try {
    await writeFile(join(folder, 'archive.tar.gz'), content);
    await run('tar', ['-xzf', 'archive.tar.gz'], { cwd: folder });
    await rm(join(folder, 'archive.tar.gz'));
    const [top = ''] = await readdir(folder);
    return await use(join(folder, top));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function download(url: string): Promise<Uint8Array> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(DOWNLOAD_PATIENCE_MS) });
    if (!response.ok) throw new LocalSetupError(`the download was answered with status ${response.status}`);
    return new Uint8Array(await response.arrayBuffer());
  } catch (error) {
    if (error instanceof LocalSetupError) throw error;
    const { cause } = error as { cause?: { code?: string } };
    throw new LocalSetupError(`the download failed (${cause?.code ?? (error as Error).name})`);
  }
}
