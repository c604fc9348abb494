import { claimant } from './claim.js';
import { directories, type Environment } from './data-dir.js';
import type { DatabaseName } from './services.js';
import { loadSecrets, loadSettings, type LocalSecrets, type LocalSettings } from './settings.js';

/** Where the parts of the local deployment are that runs now. */
export interface Running {
  ports: LocalSettings['ports'];
  secrets: LocalSecrets;
  databaseUrl(service: DatabaseName): string;
}

/** @throws Error if none runs here; `otherwise` says what to do then. */
export function running(env: Environment, otherwise: string): Running {
  const { data } = directories(env);
  if (!claimant(data)) throw new Error(`Fenster does not run here. ${otherwise}`);
  const { ports } = loadSettings(env);
  const secrets = loadSecrets(data);
  return {
    ports,
    secrets,
    databaseUrl: (service) =>
      `postgres://${service}:${secrets.databasePassword}@127.0.0.1:${ports.postgres}/${service}`,
  };
}
