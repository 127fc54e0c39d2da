/** Variables as each platform sets them. The values that are secrets contain `hush`. */
export const PLATFORMS = {
  EC2: {},
  ECS: { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: "/v2/credentials/hush-0f1e2d3c" },
  "EKS Pod Identity": {
    AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://169.254.170.23/v1/credentials",
    AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE:
      "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount/eks-pod-identity-token",
  },
  IRSA: {
    AWS_WEB_IDENTITY_TOKEN_FILE: "/var/run/secrets/eks.amazonaws.com/serviceaccount/token",
    AWS_ROLE_ARN: "arn:aws:iam::111122223333:role/pods/Reader",
  },
  Lambda: {
    AWS_LAMBDA_FUNCTION_NAME: "collector",
    AWS_ACCESS_KEY_ID: "ASIAIOSFODNN7EXAMPLE",
    AWS_SECRET_ACCESS_KEY: "hush/FEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    AWS_SESSION_TOKEN: "hush+token=",
  },
} as const satisfies Record<string, Record<string, string>>;

/** What a person who works with AWS has in the environment. */
export const PERSON = {
  AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE",
  AWS_SECRET_ACCESS_KEY: "hush/FEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
  AWS_PROFILE: "work",
} as const;
