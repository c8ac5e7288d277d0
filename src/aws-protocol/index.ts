export { accessKeyId } from './credentials/access-key-id.ts';
export { type Identity, rootIdentity } from './credentials/identity.ts';
export { longLivedSecret } from './credentials/long-lived-secret.ts';
export { readMasterKey } from './credentials/master-key.ts';
export {
  type IssuedCredentials,
  type Session,
  SessionCredentials,
  type SessionRequest,
} from './credentials/session-credentials.ts';
export { encodeEvent, type EventMessage } from './event-stream/encode-message.ts';
export { loadServiceModel, type ServiceModel, type ServiceName } from './model/service-model.ts';
export type { OperationModel, Protocol, StructureShape } from './model/shapes.ts';
export type { WireRequest } from './request/http-request.ts';
export { diagnoseJson } from './request/diagnose-json.ts';
export { type ParsedStructure, parseJsonStructure } from './request/parse-json-value.ts';
export { parseJsonBody } from './request/parse-json-body.ts';
export { formParameters, parseQueryInput } from './request/parse-query-protocol.ts';
export { parseRestJson } from './request/parse-rest-json.ts';
export { renderError } from './response/render-error.ts';
export { renderJson, renderRestJson } from './response/render-json.ts';
export { renderEc2, renderQuery } from './response/render-query.ts';
export type { WireResponse } from './response/wire-response.ts';
export { createRestRouter, type RestMatch, type RestRouter } from './routing/rest-router.ts';
export { AuthError, type AuthFault, authErrorFor } from './sigv4/auth-error.ts';
export { type CredentialScope, parseClaim, parseCredential, type SignatureClaim } from './sigv4/claim.ts';
export { SignatureVerifier } from './sigv4/verifier.ts';
export { validateInput } from './validation/validate.ts';
