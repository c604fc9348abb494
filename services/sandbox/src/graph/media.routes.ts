import { sendJson } from '@fenster/runtime';
import { readForm, type FormFile } from '../http/http.js';
import type { Media } from '../media.js';
import { baseType, kindOf, LARGEST_MEDIA_BYTES, largestOf, MIME_TYPES } from '../rules/media-limits.js';
import { myNumber, type GraphContext } from './context.js';
import { graphError, parameterError, refuse, unknownObject } from './graph-error.js';

/** `POST /{number}/media` */
export async function uploadMedia(context: GraphContext, numberId: string): Promise<void> {
  const number = myNumber(context, numberId);
  const form = await readForm(context.request, LARGEST_MEDIA_BYTES + 1_048_576);
  if (!form) refuse(parameterError('The body must be multipart/form-data.'));
  // Meta takes parameters from the query too.
  if ((form.fields.get('messaging_product') ?? context.query.get('messaging_product')) !== 'whatsapp') {
    refuse(parameterError('The parameter messaging_product is required.'));
  }
  const file = form.files.get('file') ?? refuse(parameterError('The parameter file is required.'));
  const mimeType = checkFile(file, form.fields.get('type'));
  const media = context.world.media.add(
    { phoneNumberId: number.phoneNumberId, mimeType, fileName: file.name, bytes: file.bytes },
    'uploaded',
  );
  sendJson(context.response, 200, { id: media.id });
}

function checkFile(file: FormFile, declared: string | undefined): string {
  // `type` may be a whole MIME type or, as some clients send it, only its first part.
  const mimeType = declared?.includes('/') ? declared : file.type;
  const kind = kindOf(mimeType);
  if (!kind) {
    return refuse(
      parameterError(
        `Param file must be a file with one of the following types: ${MIME_TYPES.join(', ')}. Received file of type '${baseType(mimeType)}'.`,
      ),
    );
  }
  if (file.bytes.length === 0) refuse(graphError(131053, 'The file is empty.'));
  const limit = largestOf(kind, file.bytes);
  if (file.bytes.length > limit) {
    refuse(graphError(131053, `A file of type ${baseType(mimeType)} may have ${limit} bytes.`));
  }
  return mimeType;
}

/** The media of a number that the token belongs to; undefined for what is no media at all. */
export function myMedia(context: GraphContext, id: string): Media | undefined {
  const { world, token, query, method } = context;
  const media = world.media.get(id);
  if (!media) return undefined;
  const number = world.numbers.get(media.phoneNumberId);
  const asked = query.get('phone_number_id');
  const isMine = number?.accessToken === token && (asked === null || asked === media.phoneNumberId);
  return isMine ? media : refuse(unknownObject(id, method.toLowerCase()));
}

/** `GET /{media}` */
export function describeMedia({ world, response, origin }: GraphContext, media: Media): void {
  sendJson(response, 200, {
    messaging_product: 'whatsapp',
    url: `${origin}${world.media.linkTo(media)}`,
    mime_type: media.mimeType,
    sha256: Buffer.from(media.sha256, 'base64').toString('hex'),
    file_size: String(media.bytes.length),
    id: media.id,
  });
}

/** `DELETE /{media}` */
export function deleteMedia({ world, response }: GraphContext, media: Media): void {
  world.media.delete(media.id);
  sendJson(response, 200, { success: true });
}

/** What the links lead to. It asks for the token too, and knows nothing after five minutes. */
export function downloadMedia({ world, response, query, token }: GraphContext): void {
  const media = world.media.follow(query);
  if (!media || world.numbers.get(media.phoneNumberId)?.accessToken !== token) {
    response.writeHead(404, { 'content-type': 'text/plain' }).end('Not Found');
    return;
  }
  response
    .writeHead(200, {
      'content-type': media.mimeType,
      'content-length': media.bytes.length,
      'content-disposition': 'attachment',
    })
    .end(media.bytes);
}
