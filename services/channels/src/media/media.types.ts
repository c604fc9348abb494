import {
  DateTime,
  enumOf,
  Forbidden,
  IdempotencyConflict,
  InvalidInput,
  NotFound,
  registerUserError,
  resultUnion,
  UserError,
} from '@fenster/graphql';
import { Directive, Field, Float, ID, InputType, Int, ObjectType } from 'type-graphql';
import { MEDIA_FAILURES, MEDIA_STATES, type MediaFailure, type MediaState } from './media.row.js';

const MediaStateEnum = enumOf(MEDIA_STATES, {
  name: 'MediaState',
  description:
    'PENDING: not here yet. FETCHING: on its way. READY: here. FAILED: cannot be had. INFECTED: had a virus, and was not kept. GONE: the provider does not have it any more.',
});
const MediaFailureEnum = enumOf(MEDIA_FAILURES, {
  name: 'MediaFailureReason',
  description:
    'NOT_SCANNED: for days the virus scanner had no verdict. UNREACHABLE: for days the provider could not be reached, or did not let it go.',
});

@Directive('@key(fields: "id")')
@ObjectType('Media', { description: 'A file that came with a message, or was uploaded to be sent with one.' })
export class MediaType {
  @Field(() => ID)
  id!: string;

  @Field(() => MediaStateEnum)
  state!: MediaState;

  @Field(() => MediaFailureEnum, { nullable: true, description: 'Why it will not be here.' })
  failure!: MediaFailure | null;

  @Field(() => String, { nullable: true, description: 'As its sender says; what browsers are told of it.' })
  mimeType!: string | null;

  @Field(() => Float, { nullable: true, description: 'Null until it is here.' })
  sizeBytes!: number | null;

  @Field(() => String, { nullable: true, description: 'As its sender called it; documents have one.' })
  fileName!: string | null;
}

@InputType()
export class CreateMediaUploadInput {
  @Field(() => ID, { description: 'The one that it will be sent over; you need to see it.' })
  channelId!: string;

  @Field(() => String, {
    description:
      'image/jpeg, image/png (5 MB); image/webp, a sticker (100 KB, if it moves 500 KB); video/mp4, video/3gpp (16 MB); audio/aac, audio/amr, audio/mpeg, audio/mp4, audio/ogg with Opus (16 MB); text/plain, application/pdf, Microsoft Office (100 MB). A MB is 1,048,576 bytes.',
  })
  mimeType!: string;

  @Field(() => Int, { description: 'Of the whole file.' })
  sizeBytes!: number;

  @Field(() => String, {
    nullable: true,
    description: 'At most 240 characters. Customers see it with documents.',
  })
  fileName?: string | null;

  @Field(() => String, {
    description: 'Of your choice, 1 to 200 characters: the same key with the same input announces one file.',
  })
  idempotencyKey!: string;
}

@ObjectType({ description: 'A file that is announced.' })
export class MediaUpload {
  @Field(() => MediaType, { description: 'Messages refer to it by its `id`, once it is READY.' })
  media!: MediaType;

  @Field(() => String, {
    description:
      'PUT the bytes there, without a token: it is in the URL. Answers 201 when the file is READY, else what is wrong as `{code, message}`: 413 TOO_LARGE, 422 WRONG_SIZE, WRONG_TYPE or INFECTED, 409 UNDER_WAY or ALREADY_UPLOADED, 503. After anything but 201, ALREADY_UPLOADED and INFECTED you may try again.',
  })
  url!: string;

  @Field(() => DateTime, { description: 'By then the upload has to begin.' })
  expiresAt!: Date;
}

@ObjectType({ implements: UserError, description: 'WhatsApp takes no files of this type.' })
export class MediaTypeNotAllowed extends UserError {
  @Field(() => [String])
  allowedTypes!: string[];
}

@ObjectType({ implements: UserError, description: 'WhatsApp takes no files of this type that are so large.' })
export class MediaTooLarge extends UserError {
  @Field(() => Int)
  maxBytes!: number;
}

registerUserError(MediaTypeNotAllowed, 'MEDIA_TYPE_NOT_ALLOWED');
registerUserError(MediaTooLarge, 'MEDIA_TOO_LARGE');

export const CreateMediaUploadResult = resultUnion('CreateMediaUploadResult', MediaUpload, [
  InvalidInput,
  NotFound,
  IdempotencyConflict,
  MediaTypeNotAllowed,
  MediaTooLarge,
  Forbidden,
]);
