import { readBody, sendJson } from '@fenster/runtime';
import { LARGEST_MEDIA_BYTES } from '../rules/media-limits.js';
import { requireToken, type GraphContext } from './context.js';
import { parameterError, refuse } from './graph-error.js';

/** `POST /{app}/uploads?file_length=&file_type=&file_name=` */
export function startUpload(context: GraphContext): void {
  requireToken(context);
  const { query, world, response } = context;
  const size = Number(query.get('file_length'));
  const mimeType = query.get('file_type');
  if (!Number.isInteger(size) || size < 1 || size > LARGEST_MEDIA_BYTES)
    refuse(parameterError('Param file_length is not valid.'));
  if (
    mimeType === null ||
    !['image/jpeg', 'image/jpg', 'image/png', 'video/mp4', 'application/pdf'].includes(mimeType)
  ) {
    return refuse(parameterError('Param file_type is not valid.'));
  }
  sendJson(response, 200, { id: world.uploads.start({ mimeType, size }) });
}

/** `POST /upload:…`, with `file_offset` in the head and bytes in the body */
export async function continueUpload(context: GraphContext, id: string): Promise<void> {
  requireToken(context);
  const { request, world, response } = context;
  const offset = Number(request.headers['file_offset'] ?? 0);
  const bytes = await readBody(request, LARGEST_MEDIA_BYTES);
  const state = world.uploads.append(id, offset, bytes) ?? refuse(parameterError('The upload session is not valid.'));
  sendJson(response, 200, 'handle' in state ? { h: state.handle } : { id, file_offset: state.offset });
}

/** `GET /upload:…` */
export function describeUpload(context: GraphContext, id: string): void {
  requireToken(context);
  const offset = context.world.uploads.offsetOf(id) ?? refuse(parameterError('The upload session is not valid.'));
  sendJson(context.response, 200, { id, file_offset: offset });
}
