// The options of a client: what they are, and their defaults.

/** Times in ms, sizes in bytes. */
export interface ConnectOptions {
  /** How long connecting may take, retries included. Default 5000. */
  readonly timeout?: number;
  /**
   * What is tried again until `timeout`: `'busy'`, a daemon that has more clients waiting than it can queue;
   * `'refused'`, also a socket on which nobody listens, since a daemon may be about to replace it; `'absent'`, also
   * a path without a socket, for a daemon that was just told to start. Default `'refused'`.
   */
  readonly retry?: 'busy' | 'refused' | 'absent';
  /** How long an answer may take; 0 for ever. Default 30,000. */
  readonly requestTimeout?: number;
  /** Largest payload either way. Default 10 MiB. */
  readonly maxMessageSize?: number;
  /**
   * Events that have come and not been taken, in bytes; past it nothing is read, so that the daemon waits or drops.
   * Only while a request waits for its answer does reading go on, and the oldest events go. Default 1 MiB.
   */
  readonly eventBuffer?: number;
  /** Gives up connecting. */
  readonly signal?: AbortSignal;
}

export interface RequestOptions {
  /** In ms; 0 for ever. Default: the connection's `requestTimeout`. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
}
