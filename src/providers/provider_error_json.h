// Reading an error object that is parsed already. Internal to providers: it includes simdjson.
#pragma once

#include "providers/json.h"
#include "providers/provider_error.h"

namespace kairos::providers {

/// `document` holds the error ({"error":{…}}, {"type":"error","error":{…}}) or is it; status 0: not known.
ProviderError read_error_json(Json document, int http_status);

} // namespace kairos::providers
