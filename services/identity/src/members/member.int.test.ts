import { accessibleWhere, allows, defineAbility } from '@fenster/auth';
import { newId } from '@fenster/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { actorWith } from '../../../../test/support/actor.js';
import { defineRules } from '../ability.js';
import { Session } from '../sessions/session.entity.js';
import { IdentityUnderTest, type SignInMember } from '../testing/identity-under-test.js';
import { Workspace } from '../workspaces/workspace.entity.js';
import { Member } from './member.entity.js';
import { permissionsOf } from '../roles/built-in-role.js';
import { CustomRole } from '../roles/role.entity.js';
import { Team, TeamChannel, TeamMember } from '../teams/team.entity.js';

const REFERENCES = /* GraphQL */ `
  query ($representations: [_Any!]!) {
    _entities(representations: $representations) {
      __typename
      ... on Member {
        id
        name
        role
        email
      }
      ... on Workspace {
        id
        name
      }
    }
  }
`;

const identity = new IdentityUnderTest();
let ours: string;
let theirs: string;
let agent: SignInMember;
let finance: SignInMember;
let stranger: SignInMember;

beforeAll(async () => {
  await identity.start();
  ours = await identity.workspace();
  theirs = await identity.workspace();
  agent = await identity.member(ours, 'agent', 'Anna Berg');
  finance = await identity.member(ours, 'finance', 'Frida Lorenz');
  stranger = await identity.member(theirs, 'owner', 'Stefan Fremd');
});
afterAll(() => identity.stop());

const memberReference = (id: string) => ({ __typename: 'Member', id });
const workspaceReference = (id: string) => ({ __typename: 'Workspace', id });

async function resolve(member: SignInMember, representations: object[]): Promise<unknown> {
  const { data } = await identity.query(REFERENCES, {
    token: await identity.accessToken(member),
    variables: { representations },
  });
  return data!._entities;
}

describe('me', () => {
  it('is the member of the token, address included, whatever the role', async () => {
    const { data } = await identity.query('{ me { id name role email } }', {
      token: await identity.accessToken(finance),
    });
    expect(data).toEqual({ me: { id: finance.id, name: 'Frida Lorenz', role: 'finance', email: finance.email } });
  });

  it('is nobody once the member is gone', async () => {
    const gone = await identity.member(ours);
    const token = await identity.accessToken(gone);
    await identity.database.system().execute('delete from session where member_id = ?', [gone.id]);
    await identity.database.system().execute('delete from member where id = ?', [gone.id]);
    const { data, errors } = await identity.query('{ me { id } }', { token });
    expect(data).toBeNull();
    expect(errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
  });
});

describe('members', () => {
  it('are those of the own workspace, by name', async () => {
    const { data } = await identity.query('{ members { id name email } }', {
      token: await identity.accessToken(agent),
    });
    expect(data!.members).toEqual([
      { id: agent.id, name: 'Anna Berg', email: agent.email },
      { id: finance.id, name: 'Frida Lorenz', email: finance.email },
    ]);
  });

  it('are not listed for a role without the permission', async () => {
    const { data, errors } = await identity.query('{ members { id } }', { token: await identity.accessToken(finance) });
    expect(data).toBeNull();
    expect(errors).toMatchObject([{ message: 'Your role does not allow this.', extensions: { code: 'FORBIDDEN' } }]);
  });
});

describe('the workspace', () => {
  it('gets another name from an owner, and from nobody else', async () => {
    const query = `mutation ($name: String!) {
      updateWorkspace(name: $name) { ... on Workspace { id name } ... on InvalidInput { code field } }
    }`;
    const [owner, admin] = [await identity.member(ours, 'owner'), await identity.member(ours, 'admin')];
    const rename = async (member: SignInMember, name: string) =>
      identity.query(query, { token: await identity.accessToken(member), variables: { name } });
    expect((await rename(admin, 'Mine')).errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
    expect((await rename(owner, '')).data).toEqual({ updateWorkspace: { code: 'INVALID_INPUT', field: 'name' } });
    const name = `Workspace ${ours}`;
    expect((await rename(owner, ` ${name} `)).data).toEqual({ updateWorkspace: { id: ours, name } });
    await identity.database.system().nativeDelete(Session, { memberId: [owner.id, admin.id] });
    await identity.database.system().nativeDelete(Member, { id: [owner.id, admin.id] });
  });

  it('is the own one', async () => {
    const { data } = await identity.query('{ workspace { id name } }', { token: await identity.accessToken(agent) });
    expect(data).toEqual({ workspace: { id: ours, name: `Workspace ${ours}` } });
  });
});

describe('a reference', () => {
  it('to a colleague is answered for everybody, the address only for those who may read members', async () => {
    const known = { __typename: 'Member', id: agent.id, name: 'Anna Berg', role: 'agent' };
    expect(await resolve(finance, [memberReference(agent.id)])).toEqual([{ ...known, email: null }]);
    expect(await resolve(agent, [memberReference(finance.id)])).toMatchObject([{ email: finance.email }]);
  });

  it('to somebody of another workspace reads like one to nobody', async () => {
    const nobody = '019d0000-0000-7000-8000-00000000dead';
    const representations = [stranger.id, nobody, 'not an id', agent.id].map(memberReference);
    expect(await resolve(agent, representations)).toEqual([
      null,
      null,
      null,
      expect.objectContaining({ id: agent.id }),
    ]);
  });

  it('to a workspace is answered for the own one alone', async () => {
    expect(await resolve(agent, [theirs, 'not an id', ours].map(workspaceReference))).toEqual([
      null,
      null,
      { __typename: 'Workspace', id: ours, name: `Workspace ${ours}` },
    ]);
  });

  it('is not answered without a token', async () => {
    const { data, errors } = await identity.query(REFERENCES, {
      variables: { representations: [memberReference(agent.id)] },
    });
    expect(data).toEqual({ _entities: [null] });
    expect(errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
  });
});

describe('the rules', () => {
  it('show nothing of another workspace when row-level security is out of the way', async () => {
    const actor = actorWith({ id: agent.id, workspaceId: ours, permissions: permissionsOf('owner') });
    const ability = defineAbility(actor, defineRules);
    const system = identity.database.system();
    const members = await system.find(Member, accessibleWhere(ability, 'read', 'Member'));
    expect(members.map((member) => member.id)).toEqual(expect.arrayContaining([agent.id, finance.id]));
    expect(members.every((member) => member.workspaceId === ours)).toBe(true);
    expect(await system.find(Workspace, accessibleWhere(ability, 'read', 'Workspace'))).toMatchObject([
      { workspaceId: ours },
    ]);
    expect(allows(ability, 'read_email', 'Member', stranger)).toBe(false);
  });
});

describe('row-level security', () => {
  it('shows nothing of another workspace when the query has no filter of its own', async () => {
    const em = identity.database.forTenant(ours);
    expect((await em.find(Member, {})).every((member) => member.workspaceId === ours)).toBe(true);
    expect(await em.find(Member, { id: stranger.id })).toEqual([]);
    expect(await em.find(Workspace, {})).toMatchObject([{ workspaceId: ours }]);
    expect(await em.execute('select 1 from session where workspace_id = ?', [theirs])).toEqual([]);
  });

  it.each(['workspace', 'member', 'session', 'team', 'team_member', 'team_channel', 'role', 'channel'])(
    'shows no row of %s without a workspace',
    async (table) => {
      await identity.accessToken(agent);
      const em = identity.database.system();
      const [id, at] = [newId(), { workspaceId: ours, createdAt: identity.now }];
      em.create(Team, { ...at, id, name: id });
      em.create(CustomRole, { ...at, id, name: id, permissions: [] });
      await em.flush();
      await em.insert(TeamMember, { workspaceId: ours, teamId: id, memberId: agent.id });
      await em.insert(TeamChannel, { workspaceId: ours, teamId: id, channelId: await identity.channel(ours) });
      expect(await identity.database.system().execute(`select 1 from "${table}"`)).not.toEqual([]);
      expect(await identity.database.forTenant('').execute(`select 1 from "${table}"`)).toEqual([]);
    },
  );

  it('keeps signing keys from requests altogether', async () => {
    await expect(identity.database.forTenant(ours).execute('select 1 from signing_key')).rejects.toThrow(
      'permission denied',
    );
  });

  it('lets nobody write into another workspace', async () => {
    const em = identity.database.forTenant(ours);
    await expect(em.execute('update member set workspace_id = ? where id = ?', [theirs, agent.id])).rejects.toThrow(
      'row-level security',
    );
    await em.execute(`update member set role = 'agent' where id = ?`, [stranger.id]);
    await em.execute('delete from workspace where workspace_id = ?', [theirs]);
    const system = identity.database.system();
    expect(await system.count(Workspace, { workspaceId: theirs })).toBe(1);
    expect(await system.findOneOrFail(Member, { id: stranger.id })).toMatchObject({
      role: 'owner',
      workspaceId: theirs,
    });
  });
});
