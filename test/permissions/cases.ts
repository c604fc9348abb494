import { encodeCursor, encodePage } from '@fenster/graphql';
import type { MemberName, Right } from './rules.js';
import { canary, oldId, type Place } from './world.js';

type Variables = Record<string, unknown>;

interface QueryCase {
  /** Valid for those of this workspace who may ask. */
  variables?(place: Place): Variables;
  /** Other variables that somebody may try with objects of this workspace. */
  attempts?(place: Place): Variables[];
}

interface MutationCase {
  /** Whose it is: of those with a right, of everybody for what is their own, or of whoever knows a secret. */
  needs: Right | 'own' | 'secret';
  /** What works for `by`. Asked once, at the end; whoever may not is refused all the time before. */
  variables(place: Place): Variables;
  /** Who shows that it works; else the owner. */
  by?: MemberName;
  /** What does not work for anybody, where `variables` would. */
  refused?(place: Place): Variables;
  /** Positions whose ids nobody checks, because another service knows them: what is put there grants nothing. */
  unchecked?: readonly string[];
}

const key = () => canary('key');
const aPage = { at: new Date(), id: oldId() };

/**
 * One case for every root field. How to write one: give variables with which the field works for somebody of the
 * workspace who may, built from the objects of the place (`world.ts` makes them; a new kind of object is inserted
 * there). Each `ID` among the arguments is then replaced by ids of objects of all kinds, without another word.
 * A mutation says also who it is for. A query without arguments is `{}`.
 */
export const QUERIES: Readonly<Record<string, QueryCase>> = {
  'Query.apiKeys': { attempts: ({ keys }) => [{ after: encodePage({ ...aPage, id: keys.unused.id }), first: 100 }] },
  'Query.auditLog': {
    attempts: ({ members, conversations }) => [
      { first: 100, after: encodePage(aPage) },
      { first: 100, filter: { actorId: members.owner.id } },
      { first: 100, filter: { objectType: 'contact', objectId: conversations.ofTeamAssigned.contactId } },
      { first: 100, filter: { action: 'member.remove', from: new Date(0).toISOString() } },
    ],
  },
  'Query.channel': { variables: ({ channels }) => ({ id: channels[0]!.id }) },
  'Query.channels': {},
  'Query.charges': {
    variables: ({ conversations }) => ({ conversationId: conversations.ofTeamAssigned.id }),
    attempts: ({ conversations: { ofTeamOpen } }) => [
      { conversationId: ofTeamOpen.id, first: 100, after: oldId() },
      { conversationId: ofTeamOpen.id, after: ofTeamOpen.id },
      { conversationId: ofTeamOpen.id, first: 1_000_000 },
    ],
  },
  'Query.contact': { variables: ({ conversations }) => ({ id: conversations.ofTeamAssigned.contactId }) },
  'Query.contacts': {
    attempts: ({ conversations }) => [
      { after: encodePage(aPage) },
      { after: encodePage({ ...aPage, id: conversations.ofTeamAssigned.contactId }), first: 100 },
      { after: conversations.ofTeamAssigned.contactId },
    ],
  },
  'Query.conversation': { variables: ({ conversations }) => ({ id: conversations.ofTeamAssigned.id }) },
  'Query.conversations': {
    attempts: ({ conversations }) => [
      { after: encodePage(aPage) },
      { after: encodePage({ ...aPage, id: conversations.ofTeamAssigned.id }), first: 100 },
      { after: conversations.ofTeamAssigned.id },
    ],
  },
  'Query.deadLetters': { attempts: ({ deadLetterId }) => [{ after: deadLetterId }, { after: oldId(), first: 100 }] },
  'Query.me': {},
  'Query.members': {},
  'Query.myPermissions': {},
  'Query.oidcIssuer': {},
  'Query.roles': {},
  'Query.sessions': {},
  'Query.team': { variables: ({ teams }) => ({ id: teams.team.id }) },
  'Query.teams': {},
  'Query.workspace': {},
};

export const SUBSCRIPTIONS: Readonly<Record<string, QueryCase>> = {
  'Subscription.inboxEvents': {
    variables: () => ({ after: encodeCursor(0) }),
    attempts: ({ conversations }) => [
      {},
      { after: encodeCursor(0), conversationId: conversations.ofTeamAssigned.id },
      { after: encodeCursor(1_000_000) },
    ],
  },
};

const NEW_PASSWORD = 'another horse 2';

/** In the order in which they are shown to work: what is needed by one must not be gone by another. */
export const MUTATIONS: Readonly<Record<string, MutationCase>> = {
  'Mutation.updateWorkspace': { needs: 'workspace:manage', variables: () => ({ name: canary('workspace') }) },
  'Mutation.updateProfile': { needs: 'own', variables: () => ({ name: canary('name') }) },
  'Mutation.createTeam': {
    needs: 'team:manage',
    variables: ({ members, channels }) => ({
      name: canary('team'),
      memberIds: [members.agentOfTeam.id],
      channelIds: [channels[0]!.id],
      idempotencyKey: key(),
    }),
    unchecked: ['channelIds'],
  },
  'Mutation.renameTeam': {
    needs: 'team:manage',
    variables: ({ teams }) => ({ id: teams.emptyTeam.id, name: canary('team') }),
  },
  'Mutation.setTeamMembers': {
    needs: 'team:manage',
    variables: ({ teams, members }) => ({ id: teams.emptyTeam.id, memberIds: [members.colleague.id] }),
  },
  'Mutation.setTeamChannels': {
    needs: 'team:manage',
    variables: ({ teams, channels }) => ({ id: teams.emptyTeam.id, channelIds: [channels[2]!.id] }),
    unchecked: ['channelIds'],
  },
  'Mutation.deleteTeam': { needs: 'team:manage', variables: ({ teams }) => ({ id: teams.emptyTeam.id }) },
  'Mutation.createRole': {
    needs: 'role:manage',
    variables: () => ({ name: canary('role'), permissions: ['TEAM_READ'], idempotencyKey: key() }),
  },
  'Mutation.inviteMember': {
    needs: 'member:manage',
    variables: ({ roles }) => ({
      email: `${canary('new').replace(' ', '-')}@example.test`,
      name: canary('new'),
      role: roles.nothing.id,
      idempotencyKey: key(),
    }),
  },
  'Mutation.changeMemberRole': {
    needs: 'member:manage',
    variables: ({ members, roles }) => ({ memberId: members.colleague.id, role: roles.nothing.id }),
  },
  'Mutation.updateRole': {
    needs: 'role:manage',
    variables: ({ roles }) => ({ id: roles.unused.id, name: canary('role'), permissions: [] }),
  },
  'Mutation.deleteRole': { needs: 'role:manage', variables: ({ roles }) => ({ id: roles.unused.id }) },
  'Mutation.createApiKey': {
    needs: 'api_key:manage',
    variables: () => ({
      input: {
        name: canary('key'),
        permissions: ['TEAM_READ'],
        actions: [{ action: 'MESSAGE_SEND' }],
        expiresAt: new Date(Date.now() + 3_600_000).toISOString(),
        idempotencyKey: key(),
      },
    }),
  },
  'Mutation.revokeApiKey': { needs: 'api_key:manage', variables: ({ keys }) => ({ id: keys.unused.id }) },
  'Mutation.setOidcIssuer': {
    needs: 'workspace:manage',
    variables: ({ issuer }) => ({ input: { issuer: issuer.url, audience: issuer.audience } }),
  },
  'Mutation.signInWithOidc': {
    needs: 'secret',
    variables: ({ issuer }) => ({ idToken: issuer.idToken }),
    refused: ({ issuer }) => ({ idToken: `${issuer.idToken}x` }),
  },
  'Mutation.removeOidcIssuer': { needs: 'workspace:manage', variables: () => ({}) },
  'Mutation.sendMessage': {
    needs: 'message:send',
    variables: ({ conversations }) => ({
      input: { conversationId: conversations.ofTeamAssigned.id, text: canary('reply'), idempotencyKey: key() },
    }),
  },
  'Mutation.signIn': {
    needs: 'secret',
    variables: ({ members }) => ({ email: members.agentOfTeam.email, password: 'correct horse 1' }),
    refused: ({ members }) => ({ email: members.colleague.email, password: 'wrong horse 1' }),
  },
  'Mutation.renewSession': {
    needs: 'secret',
    variables: ({ refreshToken }) => ({ refreshToken }),
    refused: ({ refreshToken }) => ({ refreshToken: `${refreshToken}x` }),
  },
  'Mutation.acceptInvitation': {
    needs: 'secret',
    variables: (place) => ({ token: place.invitationToken, password: NEW_PASSWORD }),
    refused: (place) => ({ token: place.members.invited.id, password: NEW_PASSWORD }),
  },
  'Mutation.changePassword': {
    needs: 'own',
    by: 'agentOfTeam',
    variables: () => ({ oldPassword: 'correct horse 1', newPassword: NEW_PASSWORD }),
  },
  'Mutation.endSession': {
    needs: 'own',
    by: 'finance',
    variables: ({ sessions }) => ({ id: sessions.finance }),
  },
  'Mutation.signOut': { needs: 'own', by: 'privacyOfficer', variables: () => ({}) },
  'Mutation.endAllSessions': {
    needs: 'own',
    by: 'agentWithoutTeam',
    variables: ({ members }) => ({ memberId: members.agentWithoutTeam.id }),
  },
  'Mutation.removeMember': { needs: 'member:manage', variables: ({ members }) => ({ memberId: members.colleague.id }) },
};
