/** A table of tenant data: row-level security for requests, everything for the event path. */
export function tenantTable(service: string, table: string): string[] {
  return [
    ...isolate(service, table, `using (${TENANT}) with check (${TENANT})`),
    `grant select, insert, update, delete on "${table}" to "${service}_app", "${service}_system"`,
  ];
}

/** A table of tenant data in which nobody may change or remove a row: all read, the event path or requests too append. */
export function appendOnlyTenantTable(
  service: string,
  table: string,
  { requestsAppend = false }: { requestsAppend?: boolean } = {},
): string[] {
  return [
    ...isolate(service, table, requestsAppend ? `using (${TENANT}) with check (${TENANT})` : `using (${TENANT})`),
    `grant select${requestsAppend ? ', insert' : ''} on "${table}" to "${service}_app"`,
    `grant select, insert on "${table}" to "${service}_system"`,
  ];
}

/** Makes what {@link refusingChanges} calls. Once in a database. */
export const REFUSE_CHANGE = `create function refuse_change() returns trigger language plpgsql as $$
       begin
         raise exception '% is append-only', tg_table_name using errcode = 'insufficient_privilege';
       end
     $$`;

/** Grants do not bind the owner, so a trigger refuses as well, also for replicas. */
export function refusingChanges(table: string, changes = 'update or delete or truncate'): string[] {
  return [
    `create trigger append_only before ${changes} on "${table}"
       for each statement execute function refuse_change()`,
    `alter table "${table}" enable always trigger append_only`,
  ];
}

/** {@link appendOnlyTenantTable}, in which the owner changes nothing either: {@link refusingChanges}. */
export function immutableTenantTable(
  service: string,
  table: string,
  options?: Parameters<typeof appendOnlyTenantTable>[2],
): string[] {
  return [...appendOnlyTenantTable(service, table, options), ...refusingChanges(table)];
}

const TENANT = `workspace_id = nullif(current_setting('app.workspace_id', true), '')::uuid`;

function isolate(service: string, table: string, tenantPolicy: string): string[] {
  return [
    `alter table "${table}" enable row level security`,
    `create policy tenant on "${table}" to "${service}_app" ${tenantPolicy}`,
    `create policy system on "${table}" to "${service}_system" using (true) with check (true)`,
  ];
}

/** A table of the event path that no request ever touches. */
export function systemTable(service: string, table: string): string[] {
  return [`grant select, insert, update, delete on "${table}" to "${service}_system"`];
}
