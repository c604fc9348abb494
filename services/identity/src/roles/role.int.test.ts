import { newId } from '@fenster/runtime';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { IdentityUnderTest, type SignInMember } from '../testing/identity-under-test.js';

const REFUSAL = '... on UserError { code message } ... on BeyondYourRights { missing }';
const ROLE = `... on Role { id name isBuiltIn permissions memberCount mayGrant }`;
const CREATE = `mutation ($name: String!, $permissions: [Permission!]!, $key: ID!) {
  createRole(name: $name, permissions: $permissions, idempotencyKey: $key) { __typename ${ROLE} ${REFUSAL} }
}`;
const UPDATE = `mutation ($id: ID!, $name: String, $permissions: [Permission!]) {
  updateRole(id: $id, name: $name, permissions: $permissions) { __typename ${ROLE} ${REFUSAL} }
}`;
const DELETE = `mutation ($id: ID!) {
  deleteRole(id: $id) { __typename ... on Deleted { id } ... on RoleInUse { memberCount } ${REFUSAL} }
}`;
const LIST = '{ roles { id name isBuiltIn permissions memberCount mayGrant } }';

interface Role {
  __typename: string;
  id: string;
  name: string;
  permissions: string[];
  memberCount: number;
  mayGrant: boolean;
}

const identity = new IdentityUnderTest();
let workspaceId: string;
let token: string;

beforeAll(() => identity.start());
afterAll(() => identity.stop());
beforeEach(async () => {
  workspaceId = await identity.workspace();
  token = await identity.accessToken(await identity.member(workspaceId, 'admin'));
});

const create = (variables: Record<string, unknown> = {}, as = token) =>
  identity.ask<Role>(as, CREATE, { name: 'Reader', permissions: ['MESSAGE_READ'], key: newId(), ...variables });
const claimsOf = async (member: SignInMember) => decodeJwt(await identity.accessToken(member));

describe('the roles', () => {
  it('are the built-in ones and those of the workspace, with what one may give', async () => {
    await create({ name: 'Reader', permissions: ['MESSAGE_READ', 'CONVERSATION_READ', 'MESSAGE_READ'] });
    const roles = await identity.ask<Role[]>(token, LIST);
    expect(roles.map(({ id, memberCount, mayGrant }) => [id, memberCount, mayGrant])).toEqual([
      ['owner', 0, false],
      ['admin', 1, true],
      ['supervisor', 0, true],
      ['agent', 0, true],
      ['finance', 0, true],
      ['privacy_officer', 0, true],
      // For programs.
      ['bot', 0, false],
      [expect.any(String), 0, true],
    ]);
    expect(roles.at(-1)).toMatchObject({
      name: 'Reader',
      isBuiltIn: false,
      permissions: ['CONVERSATION_READ', 'MESSAGE_READ'],
    });
  });

  it('of another workspace are unknown', async () => {
    const role = await create();
    const stranger = await identity.member(await identity.workspace(), 'owner');
    const theirs = await identity.accessToken(stranger);
    expect((await identity.ask<Role[]>(theirs, LIST)).map((each) => each.id)).not.toContain(role.id);
    const missing = await identity.ask(theirs, UPDATE, { id: newId(), name: 'Mine' });
    expect(missing).toMatchObject({ code: 'NOT_FOUND' });
    expect(await identity.ask(theirs, UPDATE, { id: role.id, name: 'Mine' })).toEqual(missing);
    expect(await identity.ask(theirs, DELETE, { id: role.id })).toEqual(missing);
  });

  it('let one ask what one may do', async () => {
    const reader = await create();
    const member = await identity.member(workspaceId, reader.id);
    expect(await identity.ask(await identity.accessToken(member), '{ myPermissions }')).toEqual(['MESSAGE_READ']);
  });
});

describe('a role of the workspace', () => {
  it('is made once per key', async () => {
    const [first, second] = await Promise.all([create({ key: 'k' }), create({ key: 'k' })]);
    expect(second).toEqual(first);
    expect(await create({ key: 'k', permissions: [] })).toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
  });

  it.each([
    ['of the workspace', 'rEADER'],
    ['of a built-in role', 'privacy OFFICER'],
    ['that is the key of a built-in role', 'privacy_officer'],
  ])('cannot have the name %s', async (_, name) => {
    await create();
    expect(await create({ name })).toMatchObject({ code: 'NAME_TAKEN' });
  });

  it('grants its permissions, and from the next change on others, for all who have it', async () => {
    const role = await create();
    const [anna, bert] = [
      await identity.member(workspaceId, role.id, 'Anna'),
      await identity.member(workspaceId, role.id, 'Bert'),
    ];
    expect(await claimsOf(anna)).toMatchObject({ role: role.id, perms: ['message:read'] });
    const changed = await identity.ask<Role>(token, UPDATE, { id: role.id, permissions: ['COST_READ'] });
    expect(changed).toMatchObject({ name: 'Reader', permissions: ['COST_READ'], memberCount: 2 });
    expect((await claimsOf(anna))['perms']).toEqual(['cost:read']);
    const announced = await identity.announced(workspaceId);
    expect(announced.map(({ data }) => data)).toEqual(
      [anna.id, bert.id].toSorted().map((memberId) => ({ memberId, reason: 'role_permissions' })),
    );
  });

  it('changes its name without any effect on rights', async () => {
    const role = await create();
    await identity.member(workspaceId, role.id);
    expect(await identity.ask(token, UPDATE, { id: role.id, name: 'READER' })).toMatchObject({ name: 'READER' });
    expect(await identity.announced(workspaceId)).toEqual([]);
  });

  it('cannot be deleted while members have it', async () => {
    const role = await create();
    const anna = await identity.member(workspaceId, role.id);
    expect(await identity.ask(token, DELETE, { id: role.id })).toMatchObject({
      __typename: 'RoleInUse',
      memberCount: 1,
      message: expect.stringContaining('another one first'),
    });
    const em = identity.database.system();
    await em.execute(`update member set role = 'agent' where id = ?`, [anna.id]);
    expect(await identity.ask(token, DELETE, { id: role.id })).toMatchObject({ __typename: 'Deleted', id: role.id });
    expect(await identity.ask(token, DELETE, { id: role.id })).toMatchObject({ code: 'NOT_FOUND' });
  });

  it('without permissions lets nobody do anything', async () => {
    const role = await create({ permissions: [] });
    const member = await identity.accessToken(await identity.member(workspaceId, role.id));
    for (const query of ['{ workspace { id } }', '{ members { id } }']) {
      const { errors } = await identity.query(query, { token: member });
      expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
    }
  });

  it.each(['owner', 'agent', 'bot'])('is none of the built-in ones: %s cannot be changed', async (id) => {
    expect(await identity.ask(token, UPDATE, { id, permissions: [] })).toMatchObject({ code: 'NOT_FOUND' });
    expect(await identity.ask(token, DELETE, { id })).toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('nobody', () => {
  it('makes, changes or deletes a role with rights that they lack', async () => {
    const refusal = { __typename: 'BeyondYourRights', missing: ['WORKSPACE_MANAGE'] };
    expect(await create({ permissions: ['MESSAGE_READ', 'WORKSPACE_MANAGE'] })).toMatchObject(refusal);
    const small = await create();
    expect(await identity.ask(token, UPDATE, { id: small.id, permissions: ['WORKSPACE_MANAGE'] })).toMatchObject(
      refusal,
    );
    const owner = await identity.accessToken(await identity.member(workspaceId, 'owner'));
    const great = await create({ name: 'Great', permissions: ['WORKSPACE_MANAGE'] }, owner);
    expect(await identity.ask(token, UPDATE, { id: great.id, permissions: [] })).toMatchObject(refusal);
    expect(await identity.ask(token, DELETE, { id: great.id })).toMatchObject(refusal);
  });

  it('gives what a token says that was taken from them since', async () => {
    const rights = ['ROLE_MANAGE', 'COST_READ', 'MESSAGE_READ'];
    const role = await create({ name: 'Warden', permissions: rights });
    const warden = await identity.accessToken(await identity.member(workspaceId, role.id));
    await identity.ask(token, UPDATE, { id: role.id, permissions: ['ROLE_MANAGE', 'MESSAGE_READ'] });
    expect(await create({ name: 'A', permissions: ['COST_READ'] }, warden)).toMatchObject({ missing: ['COST_READ'] });
    await identity.ask(token, UPDATE, { id: role.id, permissions: ['MESSAGE_READ'] });
    const variables = { name: 'B', permissions: [], key: newId() };
    const { errors } = await identity.query(CREATE, { token: warden, variables });
    expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
  });
});
