// Replaced by `npm run schema` from docs/openapi.json.
export interface paths {
  '/api/v1/receipts': { get: { parameters: { query?: Record<string, string> }; responses: { 200: { content: { 'application/json': unknown } } } } };
}
