import pg from 'pg';

const NAME = /^[a-z][a-z0-9_]{0,50}$/;

export interface ProvisionOptions {
  /** Login of an administrator who may create roles and databases. */
  adminUrl: string;
  service: string;
  password: string;
  /** Another name than the service's, for tests. */
  database?: string;
}

/**
 * Creates, if missing, a service's database and its three roles: the owner who logs in, and the two that its
 * pools take on. `<service>_app` owns nothing and cannot bypass row-level security. Returns the service's DATABASE_URL.
 */
export async function provisionDatabase(options: ProvisionOptions): Promise<string> {
  const { adminUrl, service, password, database = service } = options;
  for (const name of [service, database]) {
    if (!NAME.test(name)) throw new Error(`${name} is not a plain database name.`);
  }
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    // Roles belong to the cluster: two provisions at once would both find them missing.
    await client.query(`select pg_advisory_lock(hashtext('fenster provision'))`);
    await createRole(client, service, `login password ${client.escapeLiteral(password)}`);
    for (const role of [`${service}_app`, `${service}_system`]) {
      await createRole(client, role, 'nologin nobypassrls');
      await client.query(`grant "${role}" to "${service}"`);
    }
    const { rowCount } = await client.query('select from pg_database where datname = $1', [database]);
    if (rowCount === 0) await client.query(`create database "${database}" owner "${service}"`);
  } finally {
    await client.end();
  }
  const url = new URL(adminUrl);
  url.username = service;
  url.password = password;
  url.pathname = `/${database}`;
  return url.toString();
}

async function createRole(client: pg.Client, role: string, attributes: string): Promise<void> {
  const { rowCount } = await client.query('select from pg_roles where rolname = $1', [role]);
  await client.query(`${rowCount === 0 ? 'create' : 'alter'} role "${role}" ${attributes}`);
}
