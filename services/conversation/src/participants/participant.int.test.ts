import { channelMessageReceived, conversationParticipantsChanged } from '@fenster/contracts';
import { newId } from '@fenster/runtime';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Activity } from '../activities/activity.entity.js';
import { assigning } from '../assignments/assignment.commands.js';
import type { ConversationContext } from '../context.js';
import { requestChange, type ConversationChange } from '../conversations/change-conversation.js';
import { Conversation } from '../conversations/conversation.entity.js';
import { Member } from '../directory/directory.entity.js';
import { addNote } from '../notes/note.commands.js';
import { createTestConversation, customerMessage, type TestConversation } from '../testing/conversation.js';
import { requestContext } from '../testing/request-context.js';
import { addingParticipants, following, removingParticipants, unfollowing } from './participant.commands.js';
import { Participant } from './participant.entity.js';
import { participantsOfConversations } from './participant.queries.js';

let conversation: TestConversation;
let workspaceId: string;
let ada: ConversationContext;
let id: string;
const [bert, cleo, gone] = [newId(), newId(), newId()];

beforeAll(async () => {
  conversation = await createTestConversation();
});
afterAll(() => conversation.close());
beforeEach(async () => {
  workspaceId = newId();
  ada = requestContext(conversation.database, { workspaceId });
  await conversation.receive(workspaceId, channelMessageReceived, customerMessage(conversation.channelId));
  id = (await em().findOneOrFail(Conversation, { workspaceId })).id;
  const common = { workspaceId, name: 'x', permissions: ['conversation:read', 'conversation:read_all'] };
  const members = [adaId(), bert, cleo].map((memberId) => ({ ...common, id: memberId, status: 'ACTIVE' as const }));
  await em().insertMany(Member, [...members, { ...common, id: gone, status: 'REMOVED' }]);
});

const em = () => conversation.database.forTenant(workspaceId);
const adaId = () => ada.requireActor().id;
const change = (prepare: () => ConversationChange) => requestChange(ada, id, prepare);
const participants = async () =>
  (await em().find(Participant, {}, { orderBy: { addedAt: 'asc', memberId: 'asc' } })).map((each) => [
    each.memberId,
    each.cause,
  ]);
const told = async () =>
  (await conversation.logOf(workspaceId))
    .filter(({ name }) => name === conversationParticipantsChanged.name)
    .map(({ data }) => data);

describe('participants', () => {
  it('are added and removed with who did it, and told', async () => {
    await change(() => addingParticipants({ memberIds: [bert] }));
    await change(() => addingParticipants({ memberIds: [bert, cleo] }));
    await change(() => removingParticipants({ memberIds: [bert, newId()] }));
    expect(await em().find(Participant, {})).toMatchObject([
      { memberId: cleo, cause: 'ADDED', addedByKind: 'member', addedById: adaId() },
    ]);
    expect(await told()).toMatchObject([
      { conversationId: id, added: [bert], removed: [] },
      { conversationId: id, added: [cleo], removed: [] },
      { conversationId: id, added: [], removed: [bert] },
    ]);
    expect(await em().find(Activity, {}, { orderBy: { id: 'asc' } })).toMatchObject([
      { kind: 'PARTICIPANT', before: null, after: bert },
      { kind: 'PARTICIPANT', before: null, after: cleo },
      { kind: 'PARTICIPANT', before: bert, after: null },
    ]);
  });

  it('follow by themselves, once, until they do so no longer', async () => {
    await change(() => following(ada.requireActor()));
    await change(() => following(ada.requireActor()));
    expect(await participants()).toEqual([[adaId(), 'FOLLOWED']]);
    await change(() => unfollowing(ada.requireActor()));
    await change(() => unfollowing(ada.requireActor()));
    expect(await participants()).toEqual([]);
    expect(await told()).toHaveLength(2);
  });

  it('are those who were assigned or mentioned, for the cause that was first', async () => {
    await change(() => assigning({ memberId: bert }));
    await addNote(ada, {
      conversationId: id,
      text: 'Schau mal',
      mentionedMemberIds: [bert, cleo],
      idempotencyKey: 'n',
    });
    await change(() => assigning({ memberId: cleo }));
    expect(await participants()).toEqual([
      [bert, 'ASSIGNED'],
      [cleo, 'MENTIONED'],
    ]);
  });

  it('are members: neither programs, nor strangers, nor who was removed', async () => {
    for (const memberId of [newId(), gone]) {
      await expect(change(() => addingParticipants({ memberIds: [bert, memberId] }))).rejects.toMatchObject({
        code: 'NOT_FOUND',
        field: 'memberIds',
      });
    }
    for (const memberIds of [[], ['x'], Array.from({ length: 51 }, newId)]) {
      await expect(change(() => addingParticipants({ memberIds }))).rejects.toMatchObject({
        code: 'INVALID_INPUT',
        field: 'memberIds',
      });
    }
    const program = requestContext(conversation.database, { workspaceId, kind: 'api_key' });
    await expect(requestChange(program, id, () => following(program.requireActor()))).rejects.toMatchObject({
      code: 'FORBIDDEN',
    });
    expect(await participants()).toEqual([]);
    expect(await told()).toEqual([]);
  });

  it('are shown without those who were removed since', async () => {
    await change(() => addingParticipants({ memberIds: [bert, cleo] }));
    await em().nativeUpdate(Member, { id: bert }, { status: 'REMOVED' });
    const shown = await participantsOfConversations(ada as never, [id]);
    expect(shown.get(id)).toMatchObject([{ member: { id: cleo }, addedBy: { kind: 'member' } }]);
  });

  it('are at most fifty, of those that people add', async () => {
    const common = { workspaceId, name: 'x', permissions: [], status: 'ACTIVE' as const };
    const many = Array.from({ length: 50 }, newId);
    await em().insertMany(
      Member,
      many.map((memberId) => ({ ...common, id: memberId })),
    );
    await change(() => addingParticipants({ memberIds: many }));
    await expect(change(() => addingParticipants({ memberIds: [bert] }))).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      field: 'memberIds',
    });
  });
});
