/**
 * What JSON-RPC itself has against a request: https://www.jsonrpc.org/specification, section 5.1. This file has no imports:
 * the client library shares it.
 */
export const PARSE_ERROR = -32700;
export const INVALID_REQUEST = -32600;
export const METHOD_NOT_FOUND = -32601;
export const INVALID_PARAMS = -32602;
export const INTERNAL_ERROR = -32603;
