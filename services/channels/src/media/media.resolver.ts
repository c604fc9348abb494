import { allows } from '@fenster/auth';
import { array, sql } from '@fenster/database';
import { asResult, AuthorizedAction, type BatchLoad, type GraphQLContext } from '@fenster/graphql';
import { isId } from '@fenster/runtime';
import { objectToken, stableExpiry, type ObjectGrant } from '@fenster/object-store';
import { Arg, Ctx, FieldResolver, Mutation, Resolver, Root } from 'type-graphql';
import { abilityOf } from '../ability.js';
import type { ChannelsApp, ChannelsContext } from '../context.js';
import type { Media } from './media.row.js';
import { CreateMediaUploadInput, CreateMediaUploadResult, MediaType, type MediaUpload } from './media.types.js';
import { createMediaUpload } from './upload-media.commands.js';

@Resolver(() => MediaType)
export class MediaResolver {
  @AuthorizedAction('message:send')
  @Mutation(() => CreateMediaUploadResult, {
    description:
      'Announces a file that you want to send. WhatsApp’s limits are checked here, and again while the bytes come. A file that is not used in a message within 30 days is deleted.',
  })
  createMediaUpload(
    @Ctx() ctx: ChannelsContext,
    @Arg('input', () => CreateMediaUploadInput) input: CreateMediaUploadInput,
  ) {
    return asResult(announced(ctx, input));
  }

  @FieldResolver(() => String, {
    nullable: true,
    description:
      'Where it can be downloaded by whoever has the URL, for some minutes; ask again then. Null until it is READY, and without the permission message:read.',
  })
  downloadUrl(@Root() media: Media, @Ctx() ctx: ChannelsContext): string | null {
    if (media.state !== 'READY' || !allows(abilityOf(ctx), 'read', 'Media', media)) return null;
    const { workspaceId, id } = media;
    const expiresAt = stableExpiry(ctx.now(), ctx.app.mediaUrlMinutes);
    return urlOf(ctx.app, { purpose: 'media download', workspaceId, id, expiresAt });
  }
}

async function announced(ctx: ChannelsContext, input: CreateMediaUploadInput): Promise<MediaUpload> {
  const { media, expiresAt } = await createMediaUpload(ctx, input);
  const { workspaceId, id } = media;
  return { media, expiresAt, url: urlOf(ctx.app, { purpose: 'media upload', workspaceId, id, expiresAt }) };
}

function urlOf({ secretKey, mediaUrl }: Pick<ChannelsApp, 'secretKey' | 'mediaUrl'>, grant: ObjectGrant): string {
  return `${mediaUrl()}?token=${objectToken(secretKey, grant)}`;
}

/**
 * How references of other subgraphs are answered, and the only way to a file: who may read a message hands out the ids of
 * its files to those who may read it.
 */
export async function resolveMedia(reference: { id: string }, ctx: GraphQLContext): Promise<Media | undefined> {
  return ctx.loader(mediaById).load(reference.id);
}

const mediaById: BatchLoad<string, Media> = async (ctx, ids) => {
  const { workspaceId } = ctx.requireActor();
  const rows = await ctx.database.readForTenant(
    workspaceId,
    sql<Media>`/* prepared */
      select workspace_id as "workspaceId", id, kind, state, failure, mime_type as "mimeType",
        size_bytes::float8 as "sizeBytes", file_name as "fileName"
      from media where workspace_id = ${workspaceId} and id = any(${array('uuid', ids.filter(isId))})
    `,
  );
  const ability = abilityOf(ctx);
  return new Map(rows.filter((row) => allows(ability, 'read', 'Media', row)).map((row) => [row.id, row]));
};
