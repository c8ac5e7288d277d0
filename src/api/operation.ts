import type { Scope } from '../model/index.ts';

/** Who calls, as far as the credentials tell. */
export interface Caller {
  readonly account: string;
  /** `arn:aws:iam::A:root`, `arn:aws:sts::A:assumed-role/R/S`, … */
  readonly arn: string;
  readonly userId: string;
}

/** One AWS call: its scope comes from the signature's credential scope. */
export interface CallContext extends Scope {
  readonly requestId: string;
  readonly caller: Caller;
  /**
   * Whether the request came out of an execution environment: such a caller never reaches the host's file system,
   * whatever credentials it shows.
   */
  readonly origin: 'host' | 'environment';
  /** Whether the caller proved to be who it says it is (`--auth keys`). */
  readonly verified: boolean;
  /** `http://host:port` by which the caller reached Hearth: presigned and download addresses start with it. */
  readonly baseUrl: string;
}

/**
 * Members (dotted paths of the input shape) that do not take effect, with the reason. A refused member is answered 501
 * naming operation and member; a stored one is kept ahead of its effect. CONFORMANCE.md is generated from these.
 */
export interface MemberStatus {
  /** Refused when this says so for the value given; the sentence tells the user what to do instead. */
  readonly refused?: Readonly<
    Record<string, { readonly when?: (value: unknown) => boolean; readonly hint: string }>
  >;
  readonly stored?: Readonly<Record<string, string>>;
}

/** One AWS operation: parse and validation happen before it (from the service model), rendering after it. */
export interface Operation<Services, Input, Output> {
  readonly name: string;
  readonly members?: MemberStatus;
  run(services: Services, input: Input, context: CallContext): Promise<Output> | Output;
}

/** An input type of the SDK whose named members are there, since validation went before. */
export type Validated<Input, Member extends keyof Input> = Input & {
  readonly [Name in Member]-?: NonNullable<Input[Name]>;
};
