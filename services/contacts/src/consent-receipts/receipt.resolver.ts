import { DocumentLanguageEnum, type DocumentLanguage } from '@fenster/documents';
import { asResult, Authorized, enumOf } from '@fenster/graphql';
import { Arg, Ctx, FieldResolver, Mutation, Resolver, Root } from 'type-graphql';
import type { FoundContact } from '../contacts/contact.queries.js';
import { ContactType } from '../contacts/contact.types.js';
import type { ContactsContext } from '../context.js';
import { issueReceipt } from './receipt.commands.js';
import type { StoredReceipt } from './receipt.entity.js';
import { listReceipts } from './receipt.queries.js';
import { RECEIPT_FORMATS, type ReceiptFormat } from './receipt.route.js';
import { ConsentReceiptType, IssueConsentReceiptInput, IssueConsentReceiptResult } from './receipt.types.js';

const ReceiptFormatEnum = enumOf(RECEIPT_FORMATS, { name: 'ConsentReceiptFormat' });

@Resolver(() => ConsentReceiptType)
export class ConsentReceiptResolver {
  @Authorized('consent:read')
  @Mutation(() => IssueConsentReceiptResult, {
    description:
      'A receipt for the person: of the address to which messages go, and of all that was said of its consent until now. With nothing new it is the one that there is.',
  })
  issueConsentReceipt(
    @Ctx() ctx: ContactsContext,
    @Arg('input', () => IssueConsentReceiptInput) input: IssueConsentReceiptInput,
  ) {
    return asResult(issueReceipt(ctx, input));
  }

  @FieldResolver(() => String, {
    description:
      'For the person: whoever has it sees the receipt, whether it is genuine, and whether the consent is still in force. Nobody has to sign in, so hand it to them alone.',
  })
  url(
    @Root() { id }: StoredReceipt,
    @Ctx() ctx: ContactsContext,
    @Arg('language', () => DocumentLanguageEnum, {
      nullable: true,
      description: 'That of the text they read unless given.',
    })
    language?: DocumentLanguage | null,
    @Arg('format', () => ReceiptFormatEnum, { nullable: true, description: 'HTML unless given.' })
    format?: ReceiptFormat | null,
  ): string {
    return ctx.app.receiptUrl(id, { language, format });
  }
}

@Resolver(() => ContactType)
export class ContactReceiptsResolver {
  @FieldResolver(() => [ConsentReceiptType], {
    nullable: true,
    description: 'Receipts that were given out, the latest first; at most 100. Null if you may not see them.',
  })
  consentReceipts(@Root() contact: FoundContact, @Ctx() ctx: ContactsContext): Promise<StoredReceipt[] | null> {
    return listReceipts(ctx, contact.contactId);
  }
}
