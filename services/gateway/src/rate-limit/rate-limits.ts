import { GraphQLError } from 'graphql';
import { TokenBucket } from 'limiter';
import { LRUCache } from 'lru-cache';
import type { Actor } from '@fenster/auth';
import { networkOf } from '@fenster/runtime';

export interface RateLimitOptions {
  /** Requests in a window. A bucket holds so many and fills evenly, so all of them may come at once. */
  perMember: number;
  perWorkspace: number;
  /** Of those who are not signed in, and of sockets before they are. */
  perAddress: number;
  windowSeconds: number;
}

export class RateLimitedError extends GraphQLError {
  readonly retryAfterSeconds: number;

  constructor(policy: string, retryAfterSeconds: number) {
    super(`Too many requests: try again in ${retryAfterSeconds} s.`, {
      extensions: { code: 'RATE_LIMITED', retryAfterSeconds, policy },
    });
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

interface Policy {
  readonly name: string;
  readonly bucket: TokenBucket;
}

/** Buckets that are remembered. Whoever comes back after so many others begins with a full one. */
const REMEMBERED_BUCKETS = 50_000;

/**
 * How many requests this process takes of whom. Each member and each API key has a bucket that draws from that of the workspace, and is
 * smaller: nobody uses up what is there for all. A request that is refused takes nothing.
 */
export class RateLimits {
  readonly #options: RateLimitOptions;
  readonly #members = bucketCache();
  readonly #workspaces = bucketCache();
  readonly #networks = bucketCache();

  constructor(options: RateLimitOptions) {
    this.#options = options;
  }

  ofActor({ kind, id, workspaceId }: Pick<Actor, 'kind' | 'id' | 'workspaceId'>): Budget {
    const { perMember, perWorkspace } = this.#options;
    const workspace = this.#bucket(this.#workspaces, workspaceId, perWorkspace);
    const own = this.#bucket(this.#members, `${workspaceId} ${kind} ${id}`, perMember, workspace);
    return new Budget([
      { name: kind, bucket: own },
      { name: 'workspace', bucket: workspace },
    ]);
  }

  /** Whose address nobody knows share one budget. */
  ofAddress(address: string | undefined): Budget {
    const network = address === undefined ? 'unknown' : networkOf(address);
    const bucket = this.#bucket(this.#networks, network, this.#options.perAddress);
    return new Budget([{ name: 'address', bucket }]);
  }

  #bucket(cache: LRUCache<string, TokenBucket>, key: string, size: number, parentBucket?: TokenBucket): TokenBucket {
    let bucket = cache.get(key);
    if (!bucket) {
      const interval = this.#options.windowSeconds * 1_000;
      bucket = new TokenBucket({ bucketSize: size, tokensPerInterval: size, interval, parentBucket });
      bucket.content = size;
      cache.set(key, bucket);
    }
    return bucket;
  }
}

/** What a request is counted against: the narrowest policy first, each drawing from the next. */
export class Budget {
  readonly #policies: readonly Policy[];

  constructor(policies: readonly Policy[]) {
    this.#policies = policies;
  }

  /** Counts one request, unless there are none left. */
  take(): RateLimitedError | undefined {
    const [{ bucket }] = this.#policies as [Policy];
    if (bucket.tryRemoveTokens(1)) return undefined;
    const { name } = this.#policies.find((policy) => policy.bucket.content < 1)!;
    return new RateLimitedError(name, Math.ceil(bucket.getWaitTime(1) / 1_000));
  }

  /** Counts one request while the work lasts. @throws RateLimitedError, at once, instead of beginning it. */
  during<T>(work: () => Promise<T>): Promise<T> {
    const limited = this.take();
    if (limited) throw limited;
    return work().finally(() => this.giveBack());
  }

  /** One that has been counted does not count after all. */
  giveBack(): void {
    for (const { bucket } of this.#policies) bucket.content = Math.min(bucket.bucketSize, bucket.content + 1);
  }

  /** draft-ietf-httpapi-ratelimit-headers-10: `q` requests in `w` seconds; `r` are left, and in `t` seconds all are there again. */
  headers(): Record<'ratelimit-policy' | 'ratelimit', string> {
    const policies: string[] = [];
    const states: string[] = [];
    for (const { name, bucket } of this.#policies) {
      bucket.drip();
      const { bucketSize, content, interval } = bucket;
      const windowSeconds = interval / 1_000;
      policies.push(`"${name}";q=${bucketSize};w=${windowSeconds}`);
      const untilFull = Math.ceil(((bucketSize - content) / bucketSize) * windowSeconds);
      states.push(`"${name}";r=${Math.floor(content)};t=${untilFull}`);
    }
    return { 'ratelimit-policy': policies.join(', '), ratelimit: states.join(', ') };
  }
}

function bucketCache(): LRUCache<string, TokenBucket> {
  return new LRUCache({ max: REMEMBERED_BUCKETS });
}
