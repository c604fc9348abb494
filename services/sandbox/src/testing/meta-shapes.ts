/**
 * JSON Schemas of what the product reads, derived by hand from Meta's published OpenAPI "business-messaging-api_v23.0.yaml"
 * (github facebook/openapi, MIT; the file itself is not part of this repository). Types, enums and required keys are that file's;
 * descriptions, examples and whatever nobody here reads are left out.
 *
 * Where it does not reach (it is older than today's WhatsApp, or silent), the tests say so by name:
 * - business-scoped user ids: there `from`, `wa_id`'s contact name and `recipient_id` are always required;
 * - the status `played`, `pricing.type`, a reaction that is taken back, a location without name and address;
 * - `context` demands `referred_product` even of a plain answer, which no real webhook has: left out here;
 * - all webhook fields but `messages` and groups, and pricing analytics;
 * - the status CONNECTED of a number: its list of numbers does not know it, its number node does;
 * - the business profile: there nested under `business_profile`, in Meta's guides (and SDKs) directly in `data[]`.
 */

const string = { type: 'string' };
const boolean = { type: 'boolean' };
const number = { type: 'number' };
const integer = { type: 'integer' };
const listOf = (items: object) => ({ type: 'array', items });
const object = (properties: Record<string, object>, required: readonly string[] = []) => ({
  type: 'object',
  properties,
  required,
});

const context = object({ from: string, id: string });
const referral = object(
  {
    source_url: string,
    source_id: string,
    source_type: { enum: ['ad', 'post'] },
    body: string,
    headline: string,
    media_type: { enum: ['image', 'video'] },
    image_url: string,
    video_url: string,
    thumbnail_url: string,
    ctwa_clid: string,
    welcome_message: object({ text: string }, ['text']),
  },
  ['source_url', 'source_id', 'source_type', 'body', 'headline', 'media_type', 'ctwa_clid'],
);
const webhookError = object(
  {
    code: integer,
    title: string,
    message: string,
    error_data: object({ details: string }, ['details']),
    href: string,
  },
  ['code', 'title', 'message', 'error_data'],
);
const media = { mime_type: string, sha256: string, id: string };
const mediaKeys = ['mime_type', 'sha256', 'id'];

const message = (type: string, properties: Record<string, object>, required: readonly string[] = [type]) =>
  object({ from: string, id: string, timestamp: string, type: { const: type }, context, ...properties }, [
    'from',
    'id',
    'timestamp',
    'type',
    ...required,
  ]);

const messages = {
  oneOf: [
    message('text', { text: object({ body: string }, ['body']), referral }),
    message('reaction', { reaction: object({ message_id: string, emoji: string }, ['message_id', 'emoji']) }),
    message('audio', { audio: object({ ...media, voice: boolean }, [...mediaKeys, 'voice']) }),
    message('document', { document: object({ ...media, filename: string }, [...mediaKeys, 'filename']) }),
    message('image', { image: object({ ...media, caption: string }, mediaKeys) }),
    message('sticker', { sticker: object({ ...media, animated: boolean }, [...mediaKeys, 'animated']) }),
    message('video', { video: object({ ...media, caption: string }, mediaKeys) }),
    message('location', {
      location: object({ address: string, latitude: number, longitude: number, name: string, url: string }, [
        'address',
        'latitude',
        'longitude',
        'name',
      ]),
    }),
    message('contacts', {
      contacts: listOf(
        object({
          name: object({ formatted_name: string, first_name: string, last_name: string }, ['formatted_name']),
          phones: listOf(object({ phone: string, wa_id: string, type: string })),
          emails: listOf(object({ email: string, type: string })),
        }),
      ),
    }),
    message('unsupported', { errors: listOf(webhookError) }, ['errors']),
    message('button', { button: object({ payload: string, text: string }, ['payload', 'text']) }, [
      'context',
      'button',
    ]),
    message(
      'interactive',
      {
        interactive: object(
          {
            type: { enum: ['list_reply', 'button_reply'] },
            list_reply: object({ id: string, title: string, description: string }, ['id', 'title', 'description']),
            button_reply: object({ id: string, title: string }, ['id', 'title']),
          },
          ['type'],
        ),
      },
      ['context', 'interactive'],
    ),
    message('order', {
      order: object(
        {
          catalog_id: string,
          text: string,
          product_items: listOf(
            object({ product_retailer_id: string, quantity: integer, item_price: number, currency: string }, [
              'product_retailer_id',
              'quantity',
              'item_price',
              'currency',
            ]),
          ),
        },
        ['catalog_id', 'text', 'product_items'],
      ),
    }),
  ],
};
const systemMessage = message('system', {
  system: object({ body: string, wa_id: string, type: { const: 'user_changed_number' } }, ['body', 'type']),
});

const metadata = object({ display_phone_number: string, phone_number_id: string }, [
  'display_phone_number',
  'phone_number_id',
]);
const head = { messaging_product: string, metadata };
const headKeys = ['messaging_product', 'metadata'];
const contact = object({ profile: object({ name: string }, ['name']), wa_id: string }, ['profile']);
const status = object(
  {
    id: string,
    status: { enum: ['sent', 'delivered', 'read', 'failed'] },
    timestamp: string,
    recipient_id: string,
    conversation: object({ id: string, expiration_timestamp: string, origin: object({ type: string }) }),
    pricing: object({ billable: boolean, pricing_model: { enum: ['CBP', 'PMP'] }, category: string }),
    errors: listOf(webhookError),
  },
  ['id', 'status', 'timestamp', 'recipient_id'],
);

/** `WebhookPayload` */
export const webhook = object(
  {
    object: string,
    entry: listOf(
      object(
        {
          id: string,
          changes: listOf(
            object(
              {
                field: { const: 'messages' },
                value: {
                  oneOf: [
                    object({ ...head, contacts: listOf(contact), messages: listOf(messages) }, [
                      ...headKeys,
                      'contacts',
                      'messages',
                    ]),
                    {
                      ...object({ ...head, messages: listOf(systemMessage) }, [...headKeys, 'messages']),
                      not: { required: ['contacts'] },
                    },
                    object({ ...head, statuses: listOf(status) }, [...headKeys, 'statuses']),
                  ],
                },
              },
              ['value', 'field'],
            ),
          ),
        },
        ['id', 'changes'],
      ),
    ),
  },
  ['object', 'entry'],
);

const template = object({
  id: string,
  name: string,
  language: string,
  category: string,
  status: string,
  components: listOf(
    object({ type: string, text: string, format: string, buttons: listOf(object({ type: string, text: string })) }),
  ),
});

/** Answers, by what was asked. All keys that have a type there; a few are demanded here because the product needs them. */
export const answers = {
  sent: object(
    {
      messaging_product: string,
      contacts: listOf(object({ input: string, wa_id: string })),
      messages: listOf(
        object({ id: string, message_status: { enum: ['accepted', 'held_for_quality_assessment', 'paused'] } }),
      ),
    },
    ['messages'],
  ),
  success: object({ success: boolean }, ['success']),
  refused: object({ error: object({ message: string, type: string, code: integer }, ['message', 'type', 'code']) }, [
    'error',
  ]),
  uploaded: object({ id: string }, ['id']),
  media: object(
    { file_size: string, id: string, messaging_product: string, mime_type: string, sha256: string, url: string },
    ['url', 'id'],
  ),
  templates: object(
    { data: listOf(template), paging: object({ cursors: object({ after: string, before: string }) }) },
    ['data'],
  ),
  template,
  templateCreated: object({ id: string, status: string, category: string }, ['id']),
  numbers: object(
    {
      data: listOf(
        object(
          {
            id: string,
            display_phone_number: string,
            verified_name: string,
            status: string,
            quality_rating: { enum: ['GREEN', 'YELLOW', 'RED', 'NA', 'UNKNOWN'] },
            messaging_limit_tier: {
              enum: ['TIER_50', 'TIER_250', 'TIER_1K', 'TIER_10K', 'TIER_100K', 'TIER_UNLIMITED'],
            },
          },
          ['id', 'display_phone_number', 'status'],
        ),
      ),
    },
    ['data'],
  ),
  number: object({
    id: string,
    display_phone_number: string,
    verified_name: string,
    quality_rating: { enum: ['GREEN', 'YELLOW', 'RED', 'NA'] },
    code_verification_status: { enum: ['VERIFIED', 'UNVERIFIED'] },
    name_status: { enum: ['APPROVED', 'AVAILABLE_WITHOUT_REVIEW', 'DECLINED', 'EXPIRED', 'PENDING_REVIEW', 'NONE'] },
  }),
  apps: object(
    {
      data: listOf(
        object(
          {
            whatsapp_business_api_data: object({ id: string, link: string, name: string }),
            override_callback_uri: string,
          },
          ['whatsapp_business_api_data'],
        ),
      ),
    },
    ['data'],
  ),
  settings: object(
    {
      calling: object({ status: { enum: ['enabled', 'disabled'] } }, ['status']),
      storage_configuration: object(
        { status: { enum: ['default', 'in_country_storage_enabled'] }, data_localization_region: string },
        ['status'],
      ),
    },
    ['calling', 'storage_configuration'],
  ),
};
export type AnswerName = keyof typeof answers;

/** The same schema in Meta's file, to compare with it: `META_OPENAPI=<file> vitest run services/sandbox/src/meta-openapi.test.ts`. */
export const IN_META_FILE: Partial<Record<AnswerName, readonly [path: string, method: string] | string>> = {
  sent: 'MessageResponsePayload',
  success: 'MarkMessageResponsePayload',
  refused: 'ErrorResponse',
  uploaded: ['/{Version}/{Phone-Number-ID}/media', 'post'],
  media: ['/{Version}/{Media-ID}', 'get'],
  templates: ['/{Version}/{WABA-ID}/message_templates', 'get'],
  template: ['/{Version}/{TEMPLATE_ID}', 'get'],
  templateCreated: ['/{Version}/{WABA-ID}/message_templates', 'post'],
  numbers: ['/{Version}/{WABA-ID}/phone_numbers', 'get'],
  number: 'PhoneNumberInfo',
  apps: ['/{Version}/{WABA-ID}/subscribed_apps', 'get'],
  settings: 'PhoneNumberSettingsResponse',
};
