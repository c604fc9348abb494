import {
  DocumentFormatEnum,
  DocumentLanguageEnum,
  type DocumentFormat,
  type DocumentLanguage,
} from '@fenster/documents';
import { Authorized } from '@fenster/graphql';
import { Arg, Ctx, Query, Resolver } from 'type-graphql';
import type { ContactsContext } from '../context.js';

@Resolver()
export class ProcessingRecordResolver {
  @Authorized('retention:manage')
  @Query(() => String, {
    description:
      'Where the record of processing activities (GDPR Art. 30) is shown, with the flows of data: who is responsible, what is processed for what, where it is stored, who processes it, when it is erased. It is made of what is configured at that moment. Whoever has the address sees it, for half an hour.',
  })
  processingRecordUrl(
    @Ctx() ctx: ContactsContext,
    @Arg('language', () => DocumentLanguageEnum, { nullable: true, description: 'German unless given.' })
    language?: DocumentLanguage | null,
    @Arg('format', () => DocumentFormatEnum, { nullable: true, description: 'HTML unless given.' })
    format?: DocumentFormat | null,
  ): string {
    const { workspaceId } = ctx.requireActor();
    return ctx.app.processingRecordUrl({ workspaceId, now: ctx.now() }, { language, format });
  }
}
