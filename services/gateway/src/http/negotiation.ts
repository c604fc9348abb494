export const GRAPHQL_RESPONSE = 'application/graphql-response+json';
export const JSON_RESPONSE = 'application/json';
export type ResponseType = typeof GRAPHQL_RESPONSE | typeof JSON_RESPONSE;

interface MediaRange {
  type: string;
  quality: number;
}

/**
 * The media type of the answer (GraphQL over HTTP, "Legacy watershed": whoever does not say gets application/json).
 * Undefined: the client accepts neither.
 */
export function negotiate(accept: string | undefined): ResponseType | undefined {
  if (accept === undefined || accept.trim() === '') return JSON_RESPONSE;
  const ranges = parseAccept(accept);
  const quality = (type: ResponseType) => ranges.find((range) => range.type === type)?.quality;
  const wildcard = Math.max(
    0,
    ...ranges.filter(({ type }) => type === '*/*' || type === 'application/*').map((range) => range.quality),
  );
  const modern = quality(GRAPHQL_RESPONSE) ?? 0;
  const legacy = quality(JSON_RESPONSE) ?? wildcard;
  if (modern === 0 && legacy === 0) return undefined;
  return modern >= legacy ? GRAPHQL_RESPONSE : JSON_RESPONSE;
}

export function acceptsHtml(accept: string | undefined): boolean {
  return accept !== undefined && parseAccept(accept).some(({ type, quality }) => type === 'text/html' && quality > 0);
}

function parseAccept(accept: string): MediaRange[] {
  return accept
    .toLowerCase()
    .split(',')
    .map((range) => {
      const [type = '', ...parameters] = range.split(';').map((part) => part.trim());
      const weight = parameters.find((parameter) => parameter.startsWith('q='));
      const charset = parameters.find((parameter) => parameter.startsWith('charset='));
      const isReadable = charset === undefined || /^charset="?utf-?8"?$/.test(charset);
      return { type, quality: isReadable ? Number(weight?.slice(2) ?? 1) || 0 : 0 };
    });
}
