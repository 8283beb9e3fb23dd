import type { Commands, ErrorCode, HostError, HostEvent } from '../bindings/protocol';

/** Everything that the UI can ask of the program around it. */
export interface Host {
  invoke<K extends keyof Commands>(name: K, request: Commands[K][0]): Promise<Commands[K][1]>;
  /** Hears every event until the returned function is called. */
  listen(handler: (event: HostEvent) => void): () => void;
}

/** What `invoke` rejects with. */
export class HostFailure extends Error {
  readonly code: ErrorCode;
  readonly retryAfterS: number | null;

  constructor(error: HostError) {
    super(error.message);
    this.name = 'HostFailure';
    this.code = error.code;
    this.retryAfterS = error.retry_after_s;
  }

  /** Reads whatever a host threw. What is not one of its errors is a fault of the program. */
  static from(thrown: unknown): HostFailure {
    if (thrown instanceof HostFailure) return thrown;
    if (isHostError(thrown)) return new HostFailure(thrown);
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return new HostFailure({ code: 'client_failed', message, retry_after_s: null });
  }
}

function isHostError(value: unknown): value is HostError {
  return typeof value === 'object' && value !== null && 'code' in value && 'message' in value;
}
