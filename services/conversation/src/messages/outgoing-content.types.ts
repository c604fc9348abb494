import { type MediaKind, TEMPLATE_FILL_LIMITS } from '@fenster/contracts';
import { DateTime } from '@fenster/graphql';
import { Field, Float, ID, InputType, Int } from 'type-graphql';
import { MediaKindEnum } from './message-content.types.js';
import { LIMITS } from './outgoing-content.rule.js';

const atMost = (count: number, what = 'characters') => `At most ${count.toLocaleString('en')} ${what}.`;

@InputType({ description: 'Words.' })
export class TextContentInput {
  @Field(() => String, { description: atMost(LIMITS.text) })
  body!: string;

  @Field(() => Boolean, {
    nullable: true,
    description: 'Whether WhatsApp shows what the first address in it leads to.',
  })
  previewUrl?: boolean | null;
}

@InputType()
class FileInput {
  @Field(() => ID, {
    description: 'Of createMediaUpload, once it is READY: a file that you uploaded, for this channel.',
  })
  mediaId!: string;

  @Field(() => String, {
    nullable: true,
    description: `Of DOCUMENT: as the customer sees it. ${atMost(LIMITS.fileName)}`,
  })
  fileName?: string | null;
}

@InputType({ description: 'A file.' })
export class MediaContentInput extends FileInput {
  @Field(() => MediaKindEnum, {
    description: 'What it is to the customer; it has to fit the file. VOICE is for audio/ogg.',
  })
  mediaKind!: MediaKind;

  @Field(() => String, { nullable: true, description: `Of IMAGE, VIDEO and DOCUMENT. ${atMost(LIMITS.caption)}` })
  caption?: string | null;
}

@InputType()
export class HeaderMediaInput extends FileInput {
  @Field(() => MediaKindEnum, { description: 'IMAGE, VIDEO or DOCUMENT.' })
  mediaKind!: MediaKind;
}

@InputType()
export class CardMediaInput {
  @Field(() => ID, { description: 'Of createMediaUpload, once it is READY.' })
  mediaId!: string;

  @Field(() => MediaKindEnum, { description: 'IMAGE or VIDEO, the same on all cards.' })
  mediaKind!: MediaKind;
}

@InputType({ description: 'A place.' })
export class LocationContentInput {
  @Field(() => Float, { description: `In degrees, from -${LIMITS.latitude} to ${LIMITS.latitude}.` })
  latitude!: number;

  @Field(() => Float, { description: `In degrees, from -${LIMITS.longitude} to ${LIMITS.longitude}.` })
  longitude!: number;

  @Field(() => String, { nullable: true, description: atMost(LIMITS.placeName) })
  name?: string | null;

  @Field(() => String, { nullable: true, description: atMost(LIMITS.placeName) })
  address?: string | null;
}

@InputType()
export class ContactPhoneInput {
  @Field(() => String)
  phone!: string;

  @Field(() => String, { nullable: true, description: 'Such as `Work`.' })
  type?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'The digits under which WhatsApp knows them: then the customer can write to them with one tap.',
  })
  whatsAppId?: string | null;
}

@InputType()
export class ContactEmailInput {
  @Field(() => String)
  email!: string;

  @Field(() => String, { nullable: true })
  type?: string | null;
}

@InputType()
export class ContactUrlInput {
  @Field(() => String, { description: atMost(LIMITS.url) })
  url!: string;

  @Field(() => String, { nullable: true })
  type?: string | null;
}

@InputType()
export class ContactAddressInput {
  @Field(() => String, { nullable: true })
  street?: string | null;

  @Field(() => String, { nullable: true })
  city?: string | null;

  @Field(() => String, { nullable: true })
  state?: string | null;

  @Field(() => String, { nullable: true })
  zip?: string | null;

  @Field(() => String, { nullable: true })
  country?: string | null;

  @Field(() => String, { nullable: true })
  countryCode?: string | null;

  @Field(() => String, { nullable: true })
  type?: string | null;
}

@InputType({
  description: `Somebody from an address book. Each text has at most ${LIMITS.contactField} characters, each list at most ${LIMITS.contactEntries} entries.`,
})
export class ContactCardInput {
  @Field(() => String, { description: 'As it is shown.' })
  name!: string;

  @Field(() => String, { nullable: true })
  firstName?: string | null;

  @Field(() => String, { nullable: true })
  lastName?: string | null;

  @Field(() => String, { nullable: true })
  middleName?: string | null;

  @Field(() => String, { nullable: true })
  prefix?: string | null;

  @Field(() => String, { nullable: true })
  suffix?: string | null;

  @Field(() => String, { nullable: true, description: 'Such as 1999-01-23.' })
  birthday?: string | null;

  @Field(() => String, { nullable: true })
  organization?: string | null;

  @Field(() => String, { nullable: true })
  department?: string | null;

  @Field(() => String, { nullable: true })
  jobTitle?: string | null;

  @Field(() => [ContactPhoneInput], { nullable: true })
  phones?: ContactPhoneInput[] | null;

  @Field(() => [ContactEmailInput], { nullable: true })
  emails?: ContactEmailInput[] | null;

  @Field(() => [ContactUrlInput], { nullable: true })
  urls?: ContactUrlInput[] | null;

  @Field(() => [ContactAddressInput], { nullable: true })
  addresses?: ContactAddressInput[] | null;
}

@InputType()
export class ContactsContentInput {
  @Field(() => [ContactCardInput], { description: `1 to ${LIMITS.contacts}.` })
  cards!: ContactCardInput[];
}

@InputType({ description: 'What stands above the words: exactly one of these.' })
export class MessageHeaderInput {
  @Field(() => String, { nullable: true, description: atMost(LIMITS.header) })
  text?: string | null;

  @Field(() => HeaderMediaInput, { nullable: true })
  media?: HeaderMediaInput | null;
}

/** What most interactive messages have. */
@InputType()
class BodyInput {
  @Field(() => String, { description: atMost(LIMITS.body) })
  body!: string;
}

@InputType()
class FramedInput extends BodyInput {
  @Field(() => String, { nullable: true, description: atMost(LIMITS.footer) })
  footer?: string | null;
}

@InputType()
export class ReplyButtonInput {
  @Field(() => String, { description: `Comes back when it is tapped. ${atMost(LIMITS.buttonId)}` })
  id!: string;

  @Field(() => String, { description: atMost(LIMITS.buttonTitle) })
  title!: string;
}

@InputType({ description: 'Words with buttons that answer.' })
export class ButtonsContentInput extends FramedInput {
  @Field(() => MessageHeaderInput, { nullable: true })
  header?: MessageHeaderInput | null;

  @Field(() => [ReplyButtonInput], {
    description: `1 to ${LIMITS.buttons}; no two of them with the same id or title.`,
  })
  buttons!: ReplyButtonInput[];
}

@InputType()
export class ListRowInput {
  @Field(() => String, { description: `Comes back when it is chosen. ${atMost(LIMITS.rowId)}` })
  id!: string;

  @Field(() => String, { description: atMost(LIMITS.rowTitle) })
  title!: string;

  @Field(() => String, { nullable: true, description: atMost(LIMITS.rowDescription) })
  description?: string | null;
}

@InputType()
export class ListSectionInput {
  @Field(() => String, {
    nullable: true,
    description: `${atMost(LIMITS.sectionTitle)} Needed where there are several.`,
  })
  title?: string | null;

  @Field(() => [ListRowInput], { description: 'At least 1.' })
  rows!: ListRowInput[];
}

@InputType({ description: 'Words with a list to choose one row from.' })
export class ListContentInput {
  @Field(() => String, { nullable: true, description: atMost(LIMITS.header) })
  header?: string | null;

  @Field(() => String, { description: atMost(LIMITS.listBody) })
  body!: string;

  @Field(() => String, { nullable: true, description: atMost(LIMITS.footer) })
  footer?: string | null;

  @Field(() => String, { description: `What opens the list. ${atMost(LIMITS.label)}` })
  button!: string;

  @Field(() => [ListSectionInput], {
    description: `1 to ${LIMITS.sections}, with ${LIMITS.rows} rows in all at most; no two of them with the same id.`,
  })
  sections!: ListSectionInput[];
}

@InputType({ description: 'Words with a button that opens an address.' })
export class LinkContentInput extends FramedInput {
  @Field(() => MessageHeaderInput, { nullable: true })
  header?: MessageHeaderInput | null;

  @Field(() => String, { description: `On the button. ${atMost(LIMITS.label)}` })
  label!: string;

  @Field(() => String, { description: `http or https. ${atMost(LIMITS.url)}` })
  url!: string;
}

@InputType({ description: 'Asks where the customer is: the answer is a location.' })
export class LocationRequestContentInput extends BodyInput {}

@InputType({ description: 'Asks for the phone number of somebody who is known without one: the answer is a contact.' })
export class ContactInfoRequestContentInput extends BodyInput {}

@InputType({ description: 'Asks for a postal address, which WhatsApp offers in India only.' })
export class AddressRequestContentInput extends BodyInput {
  @Field(() => String, { description: 'ISO 3166-1 alpha-2.' })
  country!: string;
}

@InputType({ description: 'Words with a button that opens a form (WhatsApp Flow).' })
export class FlowInvitationContentInput extends FramedInput {
  @Field(() => String, { nullable: true, description: atMost(LIMITS.header) })
  header?: string | null;

  @Field(() => String, { description: 'As WhatsApp calls the flow.' })
  flowId!: string;

  @Field(() => String, { description: `On the button, without emoji. ${atMost(LIMITS.label)}` })
  label!: string;

  @Field(() => String, { nullable: true, description: `Comes back with the answer. ${atMost(LIMITS.providerId)}` })
  token?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Where it begins; without one the endpoint of the flow decides.',
  })
  screen?: string | null;

  @Field(() => String, {
    nullable: true,
    description: `For that screen: a JSON object. ${atMost(LIMITS.flowData, 'bytes')}`,
  })
  dataJson?: string | null;

  @Field(() => Boolean, { nullable: true, description: 'The flow is not published yet, and you test it.' })
  isDraft?: boolean | null;
}

@InputType({ description: 'One product of a catalogue.' })
export class ProductContentInput {
  @Field(() => String, { nullable: true, description: atMost(LIMITS.body) })
  body?: string | null;

  @Field(() => String, { nullable: true, description: atMost(LIMITS.footer) })
  footer?: string | null;

  @Field(() => String)
  catalogId!: string;

  @Field(() => String)
  productId!: string;
}

@InputType()
export class ProductSectionInput {
  @Field(() => String, { description: atMost(LIMITS.sectionTitle) })
  title!: string;

  @Field(() => [String], { description: 'At least 1.' })
  productIds!: string[];
}

@InputType({ description: 'Several products of a catalogue.' })
export class ProductsContentInput extends FramedInput {
  @Field(() => String, { description: atMost(LIMITS.header) })
  header!: string;

  @Field(() => String)
  catalogId!: string;

  @Field(() => [ProductSectionInput], {
    description: `1 to ${LIMITS.sections}, with ${LIMITS.products} products in all at most.`,
  })
  sections!: ProductSectionInput[];
}

@InputType({ description: 'All of the catalogue that belongs to the number.' })
export class CatalogContentInput extends FramedInput {
  @Field(() => String, { nullable: true, description: 'Whose picture is shown; else that of the first.' })
  thumbnailProductId?: string | null;
}

@InputType({ description: 'Products side by side.' })
export class ProductCarouselContentInput extends BodyInput {
  @Field(() => String)
  catalogId!: string;

  @Field(() => [String], { description: `${LIMITS.minCards} to ${LIMITS.maxCards}.` })
  productIds!: string[];
}

@InputType()
export class CarouselCardInput {
  @Field(() => CardMediaInput)
  media!: CardMediaInput;

  @Field(() => String, {
    nullable: true,
    description: `${atMost(LIMITS.cardBody)} ${atMost(LIMITS.cardLineBreaks, 'line breaks')}`,
  })
  body?: string | null;

  @Field(() => String, { description: `On the button. ${atMost(LIMITS.label)}` })
  label!: string;

  @Field(() => String, { description: `http or https. ${atMost(LIMITS.url)}` })
  url!: string;
}

@InputType({ description: 'Cards side by side, each with a button that opens an address.' })
export class CarouselContentInput extends BodyInput {
  @Field(() => [CarouselCardInput], { description: `${LIMITS.minCards} to ${LIMITS.maxCards}.` })
  cards!: CarouselCardInput[];
}

@InputType({ description: 'What stands in place of one variable.' })
export class TemplateParameterInput {
  @Field(() => String, { nullable: true, description: 'Of the variable, where those of the template have names.' })
  name?: string | null;

  @Field(() => String, { description: 'No line breaks, no tabs, at most 4 spaces in a row.' })
  text!: string;
}

@InputType({ description: 'What stands above the words, as the template has it: exactly one of these.' })
export class TemplateHeaderInput {
  @Field(() => [TemplateParameterInput], { nullable: true, description: 'Of a header with words.' })
  parameters?: TemplateParameterInput[] | null;

  @Field(() => HeaderMediaInput, { nullable: true })
  media?: HeaderMediaInput | null;

  @Field(() => LocationContentInput, { nullable: true, description: 'With name and address.' })
  location?: LocationContentInput | null;
}

@InputType({ description: 'What a button needs at this send.' })
export class TemplateButtonValueInput {
  @Field(() => Int, { description: 'Its place among the buttons of the template, from 0.' })
  index!: number;

  @Field(() => String, {
    description: `The end of an address (${TEMPLATE_FILL_LIMITS.url} characters), the code to copy (${TEMPLATE_FILL_LIMITS.code}), what comes back when a quick reply is tapped (${TEMPLATE_FILL_LIMITS.payload}), the token of a form (${TEMPLATE_FILL_LIMITS.flowToken}), the product whose picture is shown.`,
  })
  value!: string;

  @Field(() => String, { nullable: true, description: 'For the first screen of a form: a JSON object.' })
  dataJson?: string | null;
}

@InputType()
export class TemplateCardInput {
  @Field(() => CardMediaInput, { nullable: true })
  media?: CardMediaInput | null;

  @Field(() => [TemplateParameterInput], { nullable: true })
  body?: TemplateParameterInput[] | null;

  @Field(() => [TemplateButtonValueInput], { nullable: true })
  buttons?: TemplateButtonValueInput[] | null;
}

@InputType({
  description:
    'A template that is approved, with everything in its place. It may be sent outside the service window, too.',
})
export class TemplateContentInput {
  @Field(() => ID, { nullable: true, description: 'This, or name and language.' })
  templateId?: string | null;

  @Field(() => String, { nullable: true })
  name?: string | null;

  @Field(() => String, { nullable: true, description: 'Such as `de` or `en_US`; `en-US` is the same.' })
  language?: string | null;

  @Field(() => TemplateHeaderInput, { nullable: true })
  header?: TemplateHeaderInput | null;

  @Field(() => [TemplateParameterInput], {
    nullable: true,
    description: 'In the order of the variables, or by their names. Of a one-time password the code.',
  })
  body?: TemplateParameterInput[] | null;

  @Field(() => [TemplateButtonValueInput], { nullable: true })
  buttons?: TemplateButtonValueInput[] | null;

  @Field(() => [TemplateCardInput], { nullable: true, description: 'As many as the template has, in its order.' })
  cards?: TemplateCardInput[] | null;

  @Field(() => DateTime, { nullable: true, description: 'Of a limited-time offer that counts down.' })
  offerEndsAt?: Date | null;
}

@InputType({ description: 'Exactly one of these.' })
export class MessageContentInput {
  @Field(() => TextContentInput, { nullable: true })
  text?: TextContentInput | null;

  @Field(() => MediaContentInput, { nullable: true })
  media?: MediaContentInput | null;

  @Field(() => LocationContentInput, { nullable: true })
  location?: LocationContentInput | null;

  @Field(() => ContactsContentInput, { nullable: true })
  contacts?: ContactsContentInput | null;

  @Field(() => ButtonsContentInput, { nullable: true })
  buttons?: ButtonsContentInput | null;

  @Field(() => ListContentInput, { nullable: true })
  list?: ListContentInput | null;

  @Field(() => LinkContentInput, { nullable: true })
  link?: LinkContentInput | null;

  @Field(() => LocationRequestContentInput, { nullable: true })
  locationRequest?: LocationRequestContentInput | null;

  @Field(() => ContactInfoRequestContentInput, { nullable: true })
  contactInfoRequest?: ContactInfoRequestContentInput | null;

  @Field(() => AddressRequestContentInput, { nullable: true })
  addressRequest?: AddressRequestContentInput | null;

  @Field(() => FlowInvitationContentInput, { nullable: true })
  flow?: FlowInvitationContentInput | null;

  @Field(() => ProductContentInput, { nullable: true })
  product?: ProductContentInput | null;

  @Field(() => ProductsContentInput, { nullable: true })
  products?: ProductsContentInput | null;

  @Field(() => CatalogContentInput, { nullable: true })
  catalog?: CatalogContentInput | null;

  @Field(() => ProductCarouselContentInput, { nullable: true })
  productCarousel?: ProductCarouselContentInput | null;

  @Field(() => CarouselContentInput, { nullable: true })
  carousel?: CarouselContentInput | null;

  @Field(() => TemplateContentInput, { nullable: true })
  template?: TemplateContentInput | null;
}
