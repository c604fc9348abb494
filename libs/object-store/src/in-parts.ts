/** The same bytes in pieces that are all of this size, but for the last one. */
export async function* inParts(content: AsyncIterable<Buffer>, size: number): AsyncGenerator<Buffer, undefined> {
  let waiting: Buffer[] = [];
  let length = 0;
  for await (let bytes of content) {
    while (length + bytes.length >= size) {
      const missing = size - length;
      yield Buffer.concat([...waiting, bytes.subarray(0, missing)], size);
      bytes = bytes.subarray(missing);
      waiting = [];
      length = 0;
    }
    if (bytes.length === 0) continue;
    waiting.push(bytes);
    length += bytes.length;
  }
  if (length > 0) yield Buffer.concat(waiting, length);
  return undefined;
}
