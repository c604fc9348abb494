import { accessibleWhere, allows } from '@fenster/auth';
import {
  templateLanguage,
  type TemplateButton,
  type TemplateDefinition,
  type TemplateHeader as Header,
  type TemplateWords,
} from '@fenster/contracts';
import { array, sql } from '@fenster/database';
import {
  asResult,
  Authorized,
  checkPageSize,
  decodePage,
  olderThan,
  pageOf,
  type BatchLoad,
  type GraphQLContext,
} from '@fenster/graphql';
import { isId } from '@fenster/runtime';
import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import { abilityOf } from '../ability.js';
import type { Channel } from '../channels/channel.entity.js';
import { channelsById } from '../channels/channel.resolver.js';
import { ChannelType } from '../channels/channel.types.js';
import type { ChannelsContext } from '../context.js';
import { BUTTON_KINDS, variablesOf } from './template-definition.rule.js';
import { createTemplate, deleteTemplate, editTemplate, syncTemplates } from './template.commands.js';
import { TemplateEntity } from './template.entity.js';
import {
  AnnouncedCategory,
  CreateTemplateInput,
  CreateTemplateResult,
  DeleteTemplateResult,
  EditTemplateInput,
  EditTemplateResult,
  SyncTemplatesResult,
  TemplateBodyType,
  TemplateFilter,
  TemplatePage,
  TemplateRejectionType,
  TemplateType,
  type TemplateButtonType,
  type TemplateHeader,
  type TemplateWordsType,
} from './template.types.js';

@Resolver(() => TemplateType)
export class TemplateResolver {
  @Authorized('channel:read')
  @Query(() => TemplatePage, { description: 'The message templates of your channels, the newest first.' })
  async templates(
    @Ctx() ctx: GraphQLContext,
    @Arg('first', () => Int, { defaultValue: 50 }) first: number,
    @Arg('after', () => String, { nullable: true, description: 'The `nextPage` of the page before.' }) after?: string,
    @Arg('filter', () => TemplateFilter, { nullable: true }) filter?: TemplateFilter,
  ): Promise<TemplatePage> {
    const size = checkPageSize(first);
    const position = after == null ? undefined : decodePage(after, 'after');
    const wanted = await conditionsOf(ctx, filter ?? {});
    const rows = await ctx.em.find(
      TemplateEntity,
      { $and: [accessibleWhere(abilityOf(ctx), 'read', 'Template'), olderThan('createdAt', position), ...wanted] },
      { orderBy: { createdAt: 'desc', id: 'desc' }, limit: size + 1 },
    );
    return pageOf(rows, size, ({ createdAt: at, id }) => ({ at, id }));
  }

  @Authorized('channel:read')
  @Query(() => TemplateType, { nullable: true, description: 'Null if it does not exist or you may not see it.' })
  template(@Ctx() ctx: GraphQLContext, @Arg('id', () => ID) id: string): Promise<TemplateEntity | undefined> {
    return ctx.loader(templatesById).load(id);
  }

  @Authorized('channel:read', 'template:manage')
  @Mutation(() => CreateTemplateResult, {
    description:
      'Submits a template to the provider for review; its status tells what becomes of it. The same once more changes nothing.',
  })
  createTemplate(@Ctx() ctx: ChannelsContext, @Arg('input', () => CreateTemplateInput) input: CreateTemplateInput) {
    return asResult(createTemplate(ctx, input));
  }

  @Authorized('channel:read', 'template:manage')
  @Mutation(() => EditTemplateResult, {
    description:
      'Submits other words in place of those there are, for another review. WhatsApp takes one change of an APPROVED template in 24 hours, and ten in 30 days.',
  })
  editTemplate(@Ctx() ctx: ChannelsContext, @Arg('input', () => EditTemplateInput) input: EditTemplateInput) {
    return asResult(editTemplate(ctx, input));
  }

  @Authorized('channel:read', 'template:manage')
  @Mutation(() => DeleteTemplateResult, {
    description:
      'Deletes it at the provider, in this language; it stays to be seen as DELETED. Messages keep their words.',
  })
  deleteTemplate(@Ctx() ctx: ChannelsContext, @Arg('id', () => ID) id: string) {
    return asResult(deleteTemplate(ctx, id));
  }

  @Authorized('channel:read', 'template:manage')
  @Mutation(() => SyncTemplatesResult, {
    description:
      'Reads the templates of the channel’s account from the provider now. Fenster does so by itself: when a channel is connected, when a webhook leaves questions, and daily.',
  })
  syncTemplates(@Ctx() ctx: ChannelsContext, @Arg('channelId', () => ID) channelId: string) {
    return asResult(syncTemplates(ctx, channelId));
  }

  @FieldResolver(() => TemplateBodyType, { nullable: true, description: 'Null until it was read from the provider.' })
  content(@Root() { definition }: TemplateEntity): TemplateBodyType | null {
    return definition ? contentOf(definition) : null;
  }

  @FieldResolver(() => TemplateRejectionType, {
    nullable: true,
    description: 'Of REJECTED, where the provider says why.',
  })
  rejection(@Root() { rejection }: TemplateEntity): TemplateRejectionType | null {
    return rejection ? { reason: rejection.reason, advice: rejection.advice ?? null } : null;
  }

  @FieldResolver(() => AnnouncedCategory, { nullable: true, description: 'What it will be for, where that is told.' })
  announcedCategory(@Root() { announcedCategory: category, announcedFor }: TemplateEntity): AnnouncedCategory | null {
    return category ? { category, effectiveAt: announcedFor ?? null } : null;
  }

  @FieldResolver(() => [ChannelType], { description: 'Those that can send it.' })
  async channels(@Root() { accountId }: TemplateEntity, @Ctx() ctx: GraphQLContext): Promise<Channel[]> {
    return (await ctx.loader(channelsByAccount).load(accountId)) ?? [];
  }
}

async function conditionsOf(ctx: GraphQLContext, filter: TemplateFilter): Promise<Record<string, unknown>[]> {
  const { channelId, status, category, language, name } = filter;
  const accountId = channelId == null ? undefined : await accountOf(ctx, channelId);
  return [
    status ? { status: { $in: status } } : { status: { $ne: 'DELETED' } },
    ...(accountId === undefined ? [] : [{ accountId }]),
    ...(category ? [{ category: { $in: category } }] : []),
    ...(language == null ? [] : [{ language: templateLanguage(language) }]),
    ...(name == null ? [] : [{ name: { $like: `%${name.replaceAll(/[\\%_]/g, String.raw`\$&`)}%` } }]),
  ];
}

/** Of a channel that the actor may not see, an account that has nothing. */
async function accountOf(ctx: GraphQLContext, channelId: string): Promise<string> {
  const channel = await ctx.loader(channelsById).load(channelId);
  if (!channel) return '';
  const { workspaceId } = ctx.requireActor();
  const [row] = await ctx.database.readForTenant(
    workspaceId,
    sql<{
      account: string | null;
    }>`select account from channel where workspace_id = ${workspaceId} and id = ${channel.id}`,
  );
  return row?.account ?? '';
}

const channelsByAccount: BatchLoad<string, Channel[]> = async (ctx, accountIds) => {
  const context: GraphQLContext = ctx;
  const { workspaceId } = ctx.requireActor();
  const rows = await ctx.database.readForTenant(
    workspaceId,
    sql<{ id: string; account: string }>`
      select id, account from channel
      where workspace_id = ${workspaceId} and account = any(${array('text', accountIds)}) order by created_at, id
    `,
  );
  const channels = await Promise.all(rows.map(({ id }) => context.loader(channelsById).load(id)));
  const found = new Map<string, Channel[]>();
  rows.forEach(({ account }, index) => {
    const channel = channels[index];
    if (channel) found.set(account, [...(found.get(account) ?? []), channel]);
  });
  return found;
};

/** Those of the templates that the actor may see. */
const templatesById: BatchLoad<string, TemplateEntity> = async (ctx, ids) => {
  const context: GraphQLContext = ctx;
  const ability = abilityOf(context);
  const rows = await context.em.find(TemplateEntity, { id: { $in: ids.filter(isId) } });
  return new Map(rows.filter((row) => allows(ability, 'read', 'Template', row)).map((row) => [row.id, row]));
};

/** How other subgraphs' references to a template are answered. */
export function resolveTemplate(reference: { id: string }, ctx: GraphQLContext): Promise<TemplateEntity | undefined> {
  return ctx.loader(templatesById).load(reference.id);
}

function contentOf(definition: TemplateDefinition): TemplateBodyType {
  const { header, body, footer, buttons, cards = [], limitedTimeOffer, unknownParts } = definition;
  return {
    header: header ? headerOf(header) : null,
    body: wordsOf(body),
    footer: footer ?? null,
    buttons: buttons.map(buttonOf),
    cards: cards.map((card) => ({
      header: card.header ? headerOf(card.header) : null,
      body: card.body ? wordsOf(card.body) : null,
      buttons: card.buttons.map(buttonOf),
    })),
    limitedTimeOffer: limitedTimeOffer ?? null,
    unknownParts,
  };
}

function headerOf(header: Header): TemplateHeader {
  return {
    words: header.kind === 'text' ? wordsOf(header) : null,
    mediaKind: header.kind === 'media' ? header.mediaKind : null,
    isLocation: header.kind === 'location',
  };
}

function wordsOf({ text, examples }: TemplateWords): TemplateWordsType {
  const known = new Map(examples.map(({ name, value }) => [name, value]));
  return { text, variables: variablesOf(text).map((name) => ({ name, example: known.get(name) ?? null })) };
}

function buttonOf(button: TemplateButton): TemplateButtonType {
  return {
    kind: BUTTON_KINDS[button.kind],
    text: button.text ?? null,
    value: needsOf(button),
    url: button.kind === 'url' ? button.url : null,
    phone: button.kind === 'phone' ? button.phone : null,
    example: button.kind === 'url' || button.kind === 'copyCode' ? (button.example ?? null) : null,
    flowId: button.kind === 'flow' ? (button.flowId ?? null) : null,
    otpType: button.kind === 'otp' ? button.otpType : null,
  };
}

function needsOf(button: TemplateButton): TemplateButtonType['value'] {
  switch (button.kind) {
    case 'url':
      return variablesOf(button.url).length > 0 ? 'REQUIRED' : 'NONE';
    case 'copyCode':
      return 'REQUIRED';
    // That of a one-time password is the code of the body.
    case 'otp':
    case 'quickReply':
    case 'flow':
    case 'catalog':
      return 'OPTIONAL';
    default:
      return 'NONE';
  }
}
