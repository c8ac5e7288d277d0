/** Quotas of IAM (user guide, "IAM and AWS STS quotas"). Sizes count characters without white space. */
export const quotas = {
  trustPolicyCharacters: 2_048,
  managedPolicyCharacters: 6_144,
  inlinePoliciesCharacters: 10_240,
  policiesPerRole: 10,
  versionsPerPolicy: 5,
  tags: 50,
  roles: 1_000,
  managedPolicies: 1_500,
  pageItems: 100,
} as const;
