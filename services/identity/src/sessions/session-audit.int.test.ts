import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../../../test/support/eventually.js';
import { AuditEntry } from '../audit/audit-entry.entity.js';
import { IdentityUnderTest, PASSWORD } from '../testing/identity-under-test.js';
import { Session } from './session.entity.js';

const identity = new IdentityUnderTest();
beforeAll(() => identity.start());
afterAll(() => identity.stop());

const signIn = async (email: string, password: string, token?: string) =>
  (
    await identity.query(
      'mutation ($email: String!, $password: String!) { signIn(email: $email, password: $password) { ... on Session { refreshToken } } }',
      { variables: { email, password }, ...(token && { token }) },
    )
  ).data!.signIn as { refreshToken: string };
const renew = (refreshToken: string) =>
  identity.query('mutation ($token: String!) { renewSession(refreshToken: $token) { __typename } }', {
    variables: { token: refreshToken },
  });

describe('the audit log', () => {
  it('tells of sign-ins, refused ones, and of a session that a used token ended', async () => {
    const workspaceId = await identity.workspace();
    const member = await identity.member(workspaceId);
    await signIn(member.email, 'wrong horse 1');
    const { refreshToken } = await signIn(member.email, PASSWORD);
    await renew(refreshToken);
    await renew(refreshToken);
    const { id: sessionId } = await identity.database.system().findOneOrFail(Session, { memberId: member.id });
    await eventually(async () => {
      const entries = await identity.database.system().find(AuditEntry, { workspaceId });
      expect(entries).toHaveLength(3);
      expect(entries).toEqual(
        expect.arrayContaining([
          expect.objectContaining({ action: 'member.sign_in_refuse', actorId: 'anonymous', objectIds: [member.id] }),
          expect.objectContaining({ action: 'session.start', actorId: member.id, objectIds: [sessionId] }),
          expect.objectContaining({
            action: 'session.end',
            actorId: member.id,
            objectIds: [sessionId],
            changes: { reason: { before: null, after: 'refresh_token_reused' } },
          }),
        ]),
      );
      expect(JSON.stringify(entries)).not.toMatch(new RegExp(`horse|${member.email}|${refreshToken.slice(0, 20)}`));
    });
  });

  it('tells nothing of a login of another workspace that the sign-in was sent with', async () => {
    const workspaceId = await identity.workspace();
    const member = await identity.member(workspaceId);
    const stranger = await identity.member(await identity.workspace());
    const token = await identity.accessToken(stranger);
    await signIn(member.email, 'wrong horse 1', token);
    await signIn(member.email, PASSWORD, token);
    await eventually(async () => {
      const entries = await identity.database.system().find(AuditEntry, { workspaceId }, { orderBy: { seq: 'asc' } });
      expect(entries.map(({ action, actorId, sessionId }) => ({ action, actorId, sessionId }))).toEqual(
        expect.arrayContaining([
          { action: 'member.sign_in_refuse', actorId: 'anonymous', sessionId: null },
          { action: 'session.start', actorId: member.id, sessionId: null },
        ]),
      );
    });
  });
});
