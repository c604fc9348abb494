import { memberAccessChanged } from '@fenster/contracts';
import { readLog } from '@fenster/database';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { IdentityUnderTest } from '../testing/identity-under-test.js';

const CHANGE_ROLE = `mutation ($id: ID!, $role: ID!) {
  changeMemberRole(memberId: $id, role: $role) { ... on Member { id } }
}`;
const ROUNDS = 8;

const identity = new IdentityUnderTest();
beforeAll(() => identity.start());
afterAll(() => identity.stop());

describe('a token', () => {
  it('with rights of before a change is never dated after it, and with those of after never before, however they meet', async () => {
    // A millisecond passes whenever somebody looks at the clock, so that dates tell the order.
    let ticks = Date.parse('2026-11-21T10:00:00Z');
    vi.spyOn(identity, 'now', 'get').mockImplementation(() => new Date((ticks += 1)));
    const workspaceId = await identity.workspace();
    const anna = await identity.member(workspaceId, 'agent');
    const owner = await identity.accessToken(await identity.member(workspaceId, 'owner'));

    let before = 'agent';
    for (let round = 0; round < ROUNDS; round += 1) {
      const after = before === 'agent' ? 'finance' : 'agent';
      const [, ...tokens] = await Promise.all([
        identity.ask(owner, CHANGE_ROLE, { id: anna.id, role: after }),
        ...Array.from({ length: 4 }, () => identity.accessToken(anna)),
      ]);
      const log = await readLog(identity.database.forTenant(workspaceId), 0, 100);
      const changedAt = Date.parse(log.findLast(({ name }) => name === memberAccessChanged.name)!.occurredAt);
      for (const claims of tokens.map((token) => decodeJwt(token))) {
        const issuedAt = Math.round(claims.iat! * 1_000);
        expect([claims['role'], issuedAt > changedAt]).toEqual(issuedAt > changedAt ? [after, true] : [before, false]);
      }
      before = after;
    }
  });
});
