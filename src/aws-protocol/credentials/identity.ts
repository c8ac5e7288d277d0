/** Who a set of credentials stands for. */
export interface Identity {
  /** 12 digits. */
  readonly account: string;
  /** `arn:aws:iam::A:root`, `arn:aws:sts::A:assumed-role/R/S`. */
  readonly arn: string;
  readonly userId: string;
}

export function rootIdentity(account: string): Identity {
  return { account, arn: `arn:aws:iam::${account}:root`, userId: account };
}
