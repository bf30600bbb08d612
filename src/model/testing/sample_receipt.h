// A complete, believable receipt for tests: two attempts (a 429, then success), every optional group filled.
#pragma once

#include "model/receipt.h"

namespace kairos::model {

Receipt sample_receipt();

} // namespace kairos::model
