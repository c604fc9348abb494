import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { AlreadyRunningError } from './claim.js';
import { directories } from './data-dir.js';
import { killAfterReport } from './killed-run.support.js';
import {
  resolveNatsServer,
  startNats,
  startNatsServer,
  stopOrphanedNats,
  type NatsServerOptions,
} from './nats-server.js';
import { freePort, PortTakenError } from './ports.js';
import { identifyProcess } from './server-process.js';

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'fenster-nats-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function script(file: string, body: string): void {
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, `#!/bin/sh\n${body}\n`);
  chmodSync(file, 0o755);
}

const natsServer = (version: string) => `echo "nats-server: v${version}"`;

describe('finding nats-server', () => {
  let folder: string;
  let path: string;
  let cacheDir: string;
  beforeEach(() => {
    folder = temporaryFolder();
    path = join(folder, 'path');
    cacheDir = join(folder, 'cache');
    mkdirSync(path);
  });

  const platform = `${process.platform}-${process.arch}`;
  const cached = (version: string) => join(cacheDir, 'nats-server', `${version}-${platform}`, 'nats-server');
  /** Only our own folder is searched, so that what this machine has installed does not matter. */
  const resolve = (env: Record<string, string> = {}) =>
    resolveNatsServer({ cacheDir, env: { PATH: path, ...env }, systemFolders: [] });
  /** A Debian whose archive has the given version; each call of apt-get is written down. */
  const fakeDebian = (version: string) => {
    script(join(path, 'dpkg'), 'echo amd64');
    script(
      join(path, 'apt-get'),
      `echo "$@" >> ${folder}/apt.log\ncase "$*" in *download*) : > nats-server.deb;; esac`.replace(
        ': >',
        '/bin/echo >',
      ),
    );
    const unpack = `/bin/mkdir -p "$3/usr/sbin" && printf '#!/bin/sh\\necho nats-server: v${version}\\n' > "$3/usr/sbin/nats-server" && /bin/chmod 755 "$3/usr/sbin/nats-server"`;
    script(join(path, 'dpkg-deb'), unpack);
  };
  const aptCalls = () =>
    existsSync(join(folder, 'apt.log')) ? readFileSync(join(folder, 'apt.log'), 'utf8').trim().split('\n') : [];

  it('takes the one on PATH before the one in the cache', async () => {
    script(join(path, 'nats-server'), natsServer('2.10.1'));
    script(cached('2.11.0'), natsServer('2.11.0'));
    expect(await resolve()).toEqual({ path: join(path, 'nats-server'), version: '2.10.1' });
  });

  it('passes over one on PATH that is too old or does not run', async () => {
    script(join(path, 'nats-server'), natsServer('2.9.9'));
    script(cached('2.11.0'), 'exit 1');
    script(cached('2.9.10'), natsServer('2.9.10'));
    expect(await resolve()).toEqual({ path: cached('2.9.10'), version: '2.9.10' });
  });

  it('takes the newest in the cache, without asking Debian', async () => {
    fakeDebian('2.12.0');
    script(cached('2.9.10'), natsServer('2.9.10'));
    script(cached('2.10.27'), natsServer('2.10.27'));
    expect((await resolve()).version).toBe('2.10.27');
    expect(aptCalls()).toEqual([]);
  });

  it.runIf(process.platform === 'linux' && existsSync('/etc/apt'))(
    'fetches Debian’s package into the cache, once',
    async () => {
      fakeDebian('2.10.27');
      expect(await resolve()).toEqual({ path: cached('2.10.27'), version: '2.10.27' });
      const calls = aptCalls();
      expect(calls.map((call) => call.split(' ').slice(3).join(' '))).toEqual(['update', 'download nats-server']);
      await resolve();
      expect(aptCalls()).toEqual(calls);
      expect(readdirSync(join(cacheDir, 'nats-server'))).toEqual([`2.10.27-${platform}`]);
    },
  );

  it.runIf(process.platform === 'linux' && existsSync('/etc/apt'))('can be asked twice at the same time', async () => {
    fakeDebian('2.10.27');
    const found = await Promise.all([resolve(), resolve(), resolve()]);
    expect(new Set(found.map((program) => program.path))).toEqual(new Set([cached('2.10.27')]));
    expect(readdirSync(join(cacheDir, 'nats-server'))).toEqual([`2.10.27-${platform}`]);
  });

  describe('from an archive', () => {
    let url: string;
    let sha256: string;
    beforeEach(async () => {
      script(join(folder, 'nats-server-v2.12.0', 'nats-server'), natsServer('2.12.0'));
      execFileSync('tar', ['-czf', 'archive.tar.gz', 'nats-server-v2.12.0'], { cwd: folder });
      const archive = readFileSync(join(folder, 'archive.tar.gz'));
      sha256 = createHash('sha256').update(archive).digest('hex');
      const server = createHttpServer((_request, response) => void response.end(archive)).listen(0, '127.0.0.1');
      await once(server, 'listening');
      onTestFinished(() => void server.close());
      url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/archive.tar.gz`;
    });

    it('is the last resort, and needs the right hash', async () => {
      expect(await resolve({ NATS_ARCHIVE_URL: url, NATS_ARCHIVE_SHA256: sha256 })).toEqual({
        path: cached('2.12.0'),
        version: '2.12.0',
      });
    });

    it('is refused with another hash, and nothing is kept', async () => {
      const wrong = sha256.replace(/^./, (digit) => (digit === '0' ? '1' : '0'));
      await expect(resolve({ NATS_ARCHIVE_URL: url, NATS_ARCHIVE_SHA256: wrong })).rejects.toThrow(
        `SHA-256 ${sha256}, expected ${wrong}`,
      );
      expect(existsSync(cached('2.12.0'))).toBe(false);
    });

    it('is refused without a hash, and the error says what to do', async () => {
      const refusal = resolve({ NATS_ARCHIVE_URL: url });
      for (const hint of [
        'NATS_ARCHIVE_SHA256',
        'NATS_URL',
        'apt install nats-server',
        'this is not a Debian or Ubuntu system',
      ]) {
        await expect(refusal).rejects.toThrow(hint);
      }
    });
  });
});

describe('nats-server', () => {
  let program: string;
  let dataDir: string;
  beforeAll(async () => {
    program = (await resolveNatsServer({ cacheDir: directories(process.env).cache, env: process.env })).path;
  });
  beforeEach(() => {
    dataDir = join(temporaryFolder(), 'nats');
    onTestFinished(() => stopOrphanedNats(dataDir));
  });

  const start = async (options: Partial<NatsServerOptions> = {}) => {
    const nats = await startNatsServer({ path: program, dataDir, port: await freePort(), ...options });
    onTestFinished(nats.stop);
    return nats;
  };
  const withConnection = async <T>(url: string, use: (connection: NatsConnection) => Promise<T>): Promise<T> => {
    const connection = await connect({ servers: url });
    try {
      return await use(connection);
    } finally {
      await connection.close();
    }
  };
  const countMessages = (url: string) =>
    withConnection(
      url,
      async (connection) => (await (await jetstreamManager(connection)).streams.info('KEPT')).state.messages,
    );

  it('keeps its streams over a restart and takes payloads of 8 MB', async () => {
    const first = await start();
    await withConnection(first.url, async (connection) => {
      expect(connection.info?.max_payload).toBe(8 * 1024 * 1024);
      await (await jetstreamManager(connection)).streams.add({ name: 'KEPT', subjects: ['kept'] });
      await jetstream(connection).publish('kept', 'once');
    });
    await first.stop();
    expect(identifyProcess(first.pid)).toBeUndefined();
    const second = await start();
    expect(await countMessages(second.url)).toBe(1);
  });

  it('stops the orphan of a killed run, then starts', async () => {
    const orphan = await killAfterReport<number>(`
      const port = await local.freePort();
      const nats = await local.startNatsServer({ path: ${JSON.stringify(program)}, dataDir: ${JSON.stringify(dataDir)}, port });
      report(nats.pid);
    `);
    expect(identifyProcess(orphan)).toBeDefined();
    await start();
    expect(identifyProcess(orphan)).toBeUndefined();
  });

  it('leaves a process alone that merely has the pid of an earlier server', async () => {
    mkdirSync(dataDir, { recursive: true });
    writeFileSync(join(dataDir, 'nats.pid'), String(process.pid));
    await expect(start()).resolves.toBeDefined();
  });

  it('refuses a second instance on the same folder', async () => {
    await start();
    await expect(start()).rejects.toThrow(AlreadyRunningError);
  });

  it('names a taken port and its variable, and lets the folder go', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const refusal = start({ port: (server.address() as AddressInfo).port });
    await expect(refusal).rejects.toThrow(PortTakenError);
    await expect(refusal).rejects.toThrow(/nats-server.*FENSTER_NATS_PORT/);
    await expect(start()).resolves.toBeDefined();
  });

  it('starts nothing and stops nothing when NATS_URL names a server', async () => {
    const own = await start();
    const cacheDir = join(dataDir, 'no-cache');
    const other = join(dataDir, 'other');
    const nats = await startNats({ cacheDir, dataDir: other, port: 1, env: { NATS_URL: own.url } });
    expect(nats).toMatchObject({ url: own.url });
    expect(nats.pid).toBeUndefined();
    await nats.stop();
    expect(existsSync(other)).toBe(false);
    expect(identifyProcess(own.pid)).toBeDefined();
  });

  it('says that nothing answers where NATS_URL points to, without its password', async () => {
    const port = await freePort();
    const refusal = startNats({
      cacheDir: dataDir,
      dataDir,
      port: 1,
      env: { NATS_URL: `nats://me:hidden@127.0.0.1:${port}` },
    });
    await expect(refusal).rejects.toThrow(`127.0.0.1:${port}, where no NATS server answers`);
    await expect(refusal).rejects.not.toThrow('hidden');
  });
});
