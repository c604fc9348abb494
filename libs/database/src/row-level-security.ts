/** A table of tenant data: row-level security for requests, everything for the event path. */
export function tenantTable(service: string, table: string): string[] {
  const tenant = `workspace_id = nullif(current_setting('app.workspace_id', true), '')::uuid`;
  return [
    `alter table "${table}" enable row level security`,
    // For its owner as well, who has rights through these policies like everybody else.
    `alter table "${table}" force row level security`,
    `create policy tenant on "${table}" to "${service}_app" using (${tenant}) with check (${tenant})`,
    `create policy system on "${table}" to "${service}_system" using (true) with check (true)`,
    `grant select, insert, update, delete on "${table}" to "${service}_app", "${service}_system"`,
  ];
}

/** A table of the event path that no request ever touches. */
export function systemTable(service: string, table: string): string[] {
  return [`grant select, insert, update, delete on "${table}" to "${service}_system"`];
}
