/** Whether the text stands in `Message` or `message` on the wire: AWS is not of one mind (observed.md, 4.1). */
type MessageKey = 'Message' | 'message';

interface AwsErrorShape {
  readonly code: string;
  readonly status: number;
  readonly messageKey: MessageKey;
  /** The `Type` member of Lambda's envelope; absent on framework errors. */
  readonly type?: 'User' | 'Service';
}

/**
 * The catalogue: every error that Hearth answers, by AWS exception name. A caller's or the platform's fault; a
 * function's own failure is data in a successful invoke, never one of these.
 */
const catalogue = {
  AccessDeniedException: { status: 403, messageKey: 'Message' },
  CodeSigningConfigNotFoundException: { status: 404, messageKey: 'Message', type: 'User' },
  CodeStorageExceededException: { status: 400, messageKey: 'message', type: 'User' },
  EFSMountFailureException: { status: 403, messageKey: 'Message', type: 'User' },
  InvalidParameterValueException: { status: 400, messageKey: 'message', type: 'User' },
  InvalidRequestContentException: { status: 400, messageKey: 'message', type: 'User' },
  InvalidRuntimeException: { status: 502, messageKey: 'Message', type: 'User' },
  NotImplemented: { status: 501, messageKey: 'message', type: 'User' },
  PolicyLengthExceededException: { status: 400, messageKey: 'message', type: 'User' },
  PreconditionFailedException: { status: 412, messageKey: 'message', type: 'User' },
  ProvisionedConcurrencyConfigNotFoundException: { status: 404, messageKey: 'message', type: 'User' },
  RequestEntityTooLargeException: { status: 413, messageKey: 'message' },
  ResourceConflictException: { status: 409, messageKey: 'message', type: 'User' },
  ResourceNotFoundException: { status: 404, messageKey: 'Message', type: 'User' },
  S3FilesMountFailureException: { status: 403, messageKey: 'Message', type: 'User' },
  SerializationException: { status: 400, messageKey: 'message' },
  ServiceException: { status: 500, messageKey: 'Message', type: 'Service' },
  SnapStartException: { status: 400, messageKey: 'Message', type: 'User' },
  SnapStartNotReadyException: { status: 409, messageKey: 'Message', type: 'User' },
  SnapStartTimeoutException: { status: 408, messageKey: 'Message', type: 'User' },
  TooManyRequestsException: { status: 429, messageKey: 'message', type: 'User' },
  UnsupportedMediaTypeException: { status: 415, messageKey: 'message', type: 'User' },
  ValidationException: { status: 400, messageKey: 'message' },
} as const satisfies Record<string, Omit<AwsErrorShape, 'code'>>;

export type AwsErrorCode = keyof typeof catalogue;

interface AwsErrorOptions {
  /** Members beside the message, such as `Reason`. */
  readonly members?: Readonly<Record<string, unknown>>;
  /** Overrides the catalogue's: some messages come without `Type`, or under the other key. */
  readonly type?: 'User' | 'Service' | 'none';
  readonly messageKey?: MessageKey;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/** An error of the AWS API: thrown by features, rendered by the protocol that the request came in by. */
export class AwsError extends Error implements AwsErrorShape {
  override readonly name = 'AwsError';
  readonly code: string;
  readonly status: number;
  readonly messageKey: MessageKey;
  readonly type?: 'User' | 'Service';
  readonly members: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(shape: AwsErrorShape, message: string, options: AwsErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = shape.code;
    this.status = shape.status;
    this.messageKey = options.messageKey ?? shape.messageKey;
    const type = options.type ?? shape.type;
    if (type !== undefined && type !== 'none') this.type = type;
    this.members = options.members ?? {};
    this.headers = options.headers ?? {};
  }
}

/** An error of Lambda's catalogue. */
export function awsError(code: AwsErrorCode, message: string, options?: AwsErrorOptions): AwsError {
  return new AwsError({ code, ...catalogue[code] }, message, options);
}

/** An error of another service, which names its own code and status (`NoSuchEntity` 404 of IAM, …). */
export function serviceError(code: string, status: number, message: string): AwsError {
  return new AwsError({ code, status, messageKey: 'message' }, message);
}

/** 501: a setting or operation that Hearth does not have is refused by name, never accepted and ignored. */
export function notImplemented(operation: string, member?: string, hint?: string): AwsError {
  const what = member === undefined ? operation : `${operation}: ${member}`;
  return awsError('NotImplemented', `Hearth does not implement ${what}.${hint ? ` ${hint}` : ''}`);
}
