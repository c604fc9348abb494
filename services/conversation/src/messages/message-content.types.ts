import { mediaKind, templateCategory, type MediaKind, type TemplateCategory } from '@fenster/contracts';
import { DateTime, enumOf, Micros } from '@fenster/graphql';
import { createUnionType, Directive, Field, Float, ID, Int, ObjectType } from 'type-graphql';

export const MediaKindEnum = enumOf(mediaKind.options, {
  name: 'MediaKind',
  description: 'VOICE was spoken into WhatsApp; AUDIO is a file like any other.',
});
export const TemplateCategoryEnum = enumOf(templateCategory.options, {
  name: 'TemplateCategory',
  description:
    'What a template is for: it decides the price and the consent that is needed. OTHER: what WhatsApp made up since.',
});
const ChoiceSourceEnum = enumOf(['BUTTON', 'LIST', 'TEMPLATE_BUTTON'], {
  name: 'ChoiceSource',
  description: 'What the customer chose from.',
});
export type ChoiceSource = keyof typeof ChoiceSourceEnum;
const NoticeEnum = enumOf(['NUMBER_CHANGED', 'USER_ID_CHANGED', 'IDENTITY_CHANGED', 'OTHER'], {
  name: 'Notice',
  description: 'IDENTITY_CHANGED: WhatsApp runs on another device of theirs, or was installed anew.',
});
export type Notice = keyof typeof NoticeEnum;

@ObjectType({ description: 'Words.' })
export class TextContent {
  @Field(() => String)
  body!: string;
}

@Directive('@key(fields: "id", resolvable: false)')
@ObjectType('Media')
export class MediaReference {
  @Field(() => ID)
  id!: string;
}

@ObjectType({ description: 'A file, as far as its sender described it.' })
export class MediaContent {
  @Field(() => MediaKindEnum)
  mediaKind!: MediaKind;

  @Field(() => MediaReference, {
    nullable: true,
    description: 'The file itself, whether it is here yet, and where. Null if there is none to be had.',
  })
  media!: MediaReference | null;

  @Field(() => String, { nullable: true })
  caption!: string | null;

  @Field(() => String, { nullable: true, description: 'As the sender called it; documents have one.' })
  fileName!: string | null;

  @Field(() => String, { nullable: true })
  mimeType!: string | null;

  @Field(() => String, { nullable: true, description: 'Of the file, in base64.' })
  sha256!: string | null;

  @Field(() => Boolean, { description: 'A sticker that moves.' })
  isAnimated!: boolean;
}

@ObjectType({ description: 'A place.' })
export class LocationContent {
  @Field(() => Float, { description: 'In degrees.' })
  latitude!: number;

  @Field(() => Float, { description: 'In degrees.' })
  longitude!: number;

  @Field(() => String, { nullable: true })
  name!: string | null;

  @Field(() => String, { nullable: true })
  address!: string | null;

  @Field(() => String, { nullable: true })
  url!: string | null;
}

@ObjectType({ description: 'Somebody from an address book.' })
export class ContactCard {
  @Field(() => String, { nullable: true })
  name!: string | null;

  @Field(() => String, { nullable: true })
  organization!: string | null;

  @Field(() => [String], { nullable: true, description: 'Null without the permission contact:read_phone.' })
  phones!: string[] | null;

  @Field(() => [String])
  emails!: string[];

  @Field(() => [String])
  urls!: string[];

  @Field(() => [String], { description: 'Each in one line.' })
  addresses!: string[];
}

@ObjectType({ description: 'People from the sender’s address book.' })
export class ContactsContent {
  @Field(() => [ContactCard])
  cards!: ContactCard[];
}

@ObjectType({ description: 'The customer tapped a button or a row of a list.' })
export class ChoiceContent {
  @Field(() => ChoiceSourceEnum)
  source!: ChoiceSource;

  @Field(() => String, { nullable: true, description: 'What the button or row was called by whoever sent it.' })
  choiceId!: string | null;

  @Field(() => String, { nullable: true, description: 'What the customer saw.' })
  title!: string | null;

  @Field(() => String, { nullable: true, description: 'Of a row.' })
  description!: string | null;
}

@ObjectType({ description: 'The customer filled in a form (WhatsApp Flow).' })
export class FlowContent {
  @Field(() => String, { nullable: true })
  flowName!: string | null;

  @Field(() => String, { nullable: true, description: 'What WhatsApp shows of the answer.' })
  summary!: string | null;

  @Field(() => String, { nullable: true, description: 'What was filled in, as JSON.' })
  responseJson!: string | null;
}

@ObjectType({ description: 'So many of a product.' })
export class OrderItem {
  @Field(() => String, { nullable: true, description: 'In the catalogue.' })
  productId!: string | null;

  @Field(() => Int, { nullable: true })
  quantity!: number | null;

  @Field(() => Micros, { nullable: true, description: 'Of one, in millionths of the currency.' })
  priceMicros!: number | null;

  @Field(() => String, { nullable: true, description: 'ISO 4217.' })
  currency!: string | null;
}

@ObjectType({ description: 'The customer ordered from the catalogue.' })
export class OrderContent {
  @Field(() => String, { nullable: true })
  catalogId!: string | null;

  @Field(() => String, { nullable: true, description: 'What the customer wrote along with it.' })
  note!: string | null;

  @Field(() => [OrderItem])
  items!: OrderItem[];
}

@ObjectType({ description: 'WhatsApp says something about the customer, who did not write it.' })
export class SystemContent {
  @Field(() => NoticeEnum)
  notice!: Notice;

  @Field(() => String, {
    nullable: true,
    description:
      'In the words of WhatsApp. Null without the permission contact:read_phone, because they tell phone numbers.',
  })
  words!: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'E.164; of NUMBER_CHANGED. Null without the permission contact:read_phone.',
  })
  newPhone!: string | null;
}

@ObjectType({
  description: 'Something that WhatsApp does not hand to programs, or that nobody here knows. Look at it in the app.',
})
export class UnsupportedContent {
  @Field(() => String, { nullable: true, description: 'What WhatsApp calls it, such as `poll_creation`.' })
  providerType!: string | null;

  @Field(() => String, { nullable: true, description: 'Why it cannot be shown, in words of WhatsApp.' })
  explanation!: string | null;
}

@ObjectType()
export class ReplyButton {
  @Field(() => String, { description: 'Comes back when it is tapped.' })
  id!: string;

  @Field(() => String)
  title!: string;
}

@ObjectType({ description: 'Words with buttons that answer; the tap comes as ChoiceContent.' })
export class ButtonsContent {
  @Field(() => String, { nullable: true })
  header!: string | null;

  @Field(() => MediaReference, { nullable: true, description: 'In place of words above the others.' })
  headerMedia!: MediaReference | null;

  @Field(() => String)
  body!: string;

  @Field(() => String, { nullable: true })
  footer!: string | null;

  @Field(() => [ReplyButton])
  buttons!: ReplyButton[];
}

@ObjectType()
export class ListRow {
  @Field(() => String, { description: 'Comes back when it is chosen.' })
  id!: string;

  @Field(() => String)
  title!: string;

  @Field(() => String, { nullable: true })
  description!: string | null;
}

@ObjectType()
export class ListSection {
  @Field(() => String, { nullable: true })
  title!: string | null;

  @Field(() => [ListRow])
  rows!: ListRow[];
}

@ObjectType({ description: 'Words with a list to choose one row from; the choice comes as ChoiceContent.' })
export class ListContent {
  @Field(() => String, { nullable: true })
  header!: string | null;

  @Field(() => String)
  body!: string;

  @Field(() => String, { nullable: true })
  footer!: string | null;

  @Field(() => String, { description: 'What opens the list.' })
  button!: string;

  @Field(() => [ListSection])
  sections!: ListSection[];
}

@ObjectType({ description: 'Words with a button that opens an address.' })
export class LinkContent {
  @Field(() => String, { nullable: true })
  header!: string | null;

  @Field(() => MediaReference, { nullable: true, description: 'In place of words above the others.' })
  headerMedia!: MediaReference | null;

  @Field(() => String)
  body!: string;

  @Field(() => String, { nullable: true })
  footer!: string | null;

  @Field(() => String, { description: 'On the button.' })
  label!: string;

  // Nullable like that of a location, or no selection could ask for both.
  @Field(() => String, { nullable: true, description: 'Never null.' })
  url!: string;
}

const RequestedEnum = enumOf(['LOCATION', 'CONTACT_INFO', 'ADDRESS'], {
  name: 'Requested',
  description: 'What a customer was asked for.',
});
export type Requested = keyof typeof RequestedEnum;

@ObjectType({ description: 'Words with a button by which the customer gives what they are asked for.' })
export class RequestContent {
  @Field(() => RequestedEnum)
  requested!: Requested;

  @Field(() => String)
  body!: string;
}

@ObjectType({ description: 'Words with a button that opens a form; what is filled in comes as FlowContent.' })
export class FlowInvitationContent {
  @Field(() => String, { nullable: true })
  header!: string | null;

  @Field(() => String)
  body!: string;

  @Field(() => String, { nullable: true })
  footer!: string | null;

  @Field(() => String, { description: 'As WhatsApp calls the flow.' })
  flowId!: string;

  @Field(() => String, { description: 'On the button.' })
  label!: string;
}

@ObjectType()
export class ProductSection {
  @Field(() => String, { nullable: true })
  title!: string | null;

  @Field(() => [String])
  productIds!: string[];
}

@ObjectType({ description: 'Products to choose from; what is ordered comes as OrderContent.' })
export class ProductsContent {
  @Field(() => String, { nullable: true })
  header!: string | null;

  // Never null, like that of other content: one selection can ask for all.
  @Field(() => String, { description: 'Empty if there are no words to it.' })
  body!: string;

  @Field(() => String, { nullable: true })
  footer!: string | null;

  @Field(() => String, { nullable: true, description: 'Null for the one that belongs to the number.' })
  catalogId!: string | null;

  @Field(() => [ProductSection], { description: 'None for all of the catalogue.' })
  sections!: ProductSection[];
}

@ObjectType({ description: 'With a button that opens an address.' })
export class CarouselCard {
  @Field(() => MediaKindEnum)
  mediaKind!: MediaKind;

  @Field(() => MediaReference)
  media!: MediaReference;

  @Field(() => String, { nullable: true })
  body!: string | null;

  @Field(() => String, { description: 'On the button.' })
  label!: string;

  @Field(() => String)
  url!: string;
}

@ObjectType({ description: 'Cards side by side.' })
export class CarouselContent {
  @Field(() => String)
  body!: string;

  @Field(() => [CarouselCard])
  cards!: CarouselCard[];
}

@Directive('@key(fields: "id", resolvable: false)')
@ObjectType('Template')
export class TemplateReference {
  @Field(() => ID)
  id!: string;
}

@ObjectType({
  description: 'A template that we sent. What it said, with everything in its place, is the text of the message.',
})
export class TemplateContent {
  @Field(() => ID, { description: 'As `template` has it.' })
  templateId!: string;

  @Field(() => String)
  templateName!: string;

  @Field(() => String)
  language!: string;

  @Field(() => TemplateCategoryEnum, { description: 'When it was sent. The provider may have changed it since.' })
  category!: TemplateCategory;

  @Field(() => [MediaReference], { description: 'The file above the words, or those of its cards.' })
  files!: MediaReference[];
}

const CONTENTS = [
  TemplateContent,
  TextContent,
  MediaContent,
  LocationContent,
  ContactsContent,
  ButtonsContent,
  ListContent,
  LinkContent,
  RequestContent,
  FlowInvitationContent,
  ProductsContent,
  CarouselContent,
  ChoiceContent,
  FlowContent,
  OrderContent,
  SystemContent,
  UnsupportedContent,
] as const;
export type Content = InstanceType<(typeof CONTENTS)[number]>;

export const MessageContent = createUnionType({
  name: 'MessageContent',
  description: 'What a message says. New kinds may come: have a default that shows `Message.text`.',
  types: () => CONTENTS,
  resolveType: (content) => content.constructor as (typeof CONTENTS)[number],
});

@ObjectType({ description: 'What a message said from then until its next version.' })
export class MessageVersion {
  @Field(() => DateTime)
  writtenAt!: Date;

  @Field(() => String, { nullable: true })
  text!: string | null;

  @Field(() => MessageContent)
  content!: Content;
}
