import { errorReply, type HttpConnection, type HttpRequest, jsonReply, textReply } from '../http/index.ts';

/** What a session with SnapStart answers beyond the others (runtime.md, 1.5). */
export interface RestoreRole {
  /** The process that ran Init waits for each restore; a restored one goes on at once. */
  readonly kind: 'snapshot' | 'restored';
  /** What `Authorization` must be for credentials: a variable, and so the same in all that were restored. */
  readonly authorizationToken: string;
  /** New ones at each call. */
  readonly credentials: () => ContainerCredentials;
}

/** As SDKs expect them of a container's credentials endpoint. */
export interface ContainerCredentials {
  readonly AccessKeyId: string;
  readonly SecretAccessKey: string;
  readonly Token: string;
  /** ISO 8601. */
  readonly Expiration: string;
}

interface RestoreSession {
  /** Answers the refusal where the move must not happen. */
  tryMove(event: 'restore-next' | 'restore' | 'restore-error', connection: HttpConnection): boolean;
  awaited(): void;
  restoring(): void;
  failed(request: HttpRequest): void;
}

const GO_ON = textReply(200, 'text/plain', '');
const ACCEPTED = jsonReply(202, { status: 'OK' });
const NO_AUTHORIZATION = errorReply(
  403,
  'InvalidAuthorization',
  'The authorization token is not the right one',
);

/** The calls of the Runtime API that exist with SnapStart alone. */
export class RestoreApi {
  readonly #role: RestoreRole;
  readonly #session: RestoreSession;
  #waiting: HttpConnection | undefined;
  #letNext = false;

  constructor(role: RestoreRole, session: RestoreSession) {
    this.#role = role;
    this.#session = session;
  }

  handle(
    call: 'restore-next' | 'restore-error' | 'credentials',
    request: HttpRequest,
    connection: HttpConnection,
  ): void {
    if (call === 'credentials') return this.#credentials(request, connection);
    if (call === 'restore-next') return this.#next(connection);
    if (!this.#session.tryMove('restore-error', connection)) return;
    connection.reply([ACCEPTED]);
    this.#session.failed(request);
  }

  /** Answers the question that waits, or the next one. */
  letOne(): void {
    const connection = this.#waiting;
    this.#waiting = undefined;
    this.#letNext = connection === undefined;
    connection?.reply([GO_ON]);
  }

  disconnected(connection: HttpConnection): void {
    if (this.#waiting === connection) this.#waiting = undefined;
  }

  #next(connection: HttpConnection): void {
    if (!this.#session.tryMove('restore-next', connection)) return;
    if (this.#role.kind === 'restored') {
      if (!this.#session.tryMove('restore', connection)) return;
      connection.reply([GO_ON]);
      return this.#session.restoring();
    }
    this.#waiting = connection;
    if (this.#letNext) this.letOne();
    else this.#session.awaited();
  }

  #credentials({ head }: HttpRequest, connection: HttpConnection): void {
    const allowed = head.headers.get('authorization') === this.#role.authorizationToken;
    connection.reply([allowed ? jsonReply(200, this.#role.credentials()) : NO_AUTHORIZATION]);
  }
}
